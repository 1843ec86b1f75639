"""Who receives."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from axis_server.directory import DirectoryView
from axis_server.errors import Declined
from axis_server.routing import NAMED_AT_MOST, Resolved, resolve
from storage.ledger.registry import Agency, Certificate

AT = datetime(2026, 3, 2, 5, tzinfo=UTC)
SYSTEM = Certificate(sha256="aa" * 32, pem="", role="system", may_connect=True, may_seal=True)


def office(agency_id: str, name: str = "", *aliases: str, **facts: Any) -> Agency:
    """An agency with a system of its own."""
    certificate = replace(SYSTEM, sha256=hashlib.sha256(agency_id.encode()).hexdigest())
    return Agency(agency_id=agency_id, name=name, aliases=aliases, certificates=(certificate,), **facts)


VIEW = DirectoryView.of(
    [
        office("G90", "Bộ Mẫu", "000.00.00.G90"),
        office("H90", "UBND tỉnh Ví Dụ", "000.00.00.H90", "Sở Ví Dụ"),
        office("H91.01", "Sở Nội vụ"),
        office("H92", "Tạm dừng", active=False),
    ]
)


def resolved(
    identifiers: Iterable[str], view: DirectoryView = VIEW, *, limit: int = 100, at: datetime = AT
) -> Resolved:
    return resolve(identifiers, view, sender_id="G90", at=at, limit=limit)


def ids(*identifiers: str, limit: int = 100) -> list[str]:
    return [one.agency_id for one in resolved(identifiers, limit=limit).recipients]


def refusal(*identifiers: str, limit: int = 100) -> Declined:
    with pytest.raises(Declined) as declined:
        resolved(identifiers, limit=limit)
    return declined.value


def test_recipients_keep_the_order_of_the_package() -> None:
    assert ids("H91.01", "H90") == ["H91.01", "H90"]


def test_old_and_new_identifier_of_one_agency_are_one_recipient() -> None:
    assert ids("000.00.00.H90", "H91.01", "H90") == ["H90", "H91.01"]


@pytest.mark.parametrize("written", [" h90 ", "H90\n", "sở Ví dụ", "So\u031b\u0309 vi\u0301 Du\u0323"])
def test_spelling_does_not_change_the_recipient(written: str) -> None:
    assert ids(written) == ["H90"]


def test_an_office_may_address_itself() -> None:
    assert ids("G90", "H90") == ["G90", "H90"]


def test_an_unknown_recipient_refuses_all_and_is_named() -> None:
    declined = refusal("H90", "X1", "X2", "x1")
    assert declined.code == "UNKNOWN_RECIPIENT"
    assert declined.facts == {"recipient": "X1, X2", "count": "2"}


def test_two_thousand_recipients_with_one_wrong_refuse_all() -> None:
    view = DirectoryView.of(office(f"H{n}") for n in range(2000))
    identifiers = [f"H{n}" for n in range(2000)]
    assert len(resolved(identifiers, view, limit=2000).recipients) == 2000
    identifiers[1234] = "H9999"
    with pytest.raises(Declined) as declined:
        resolved(identifiers, view, limit=2000)
    assert (declined.value.code, declined.value.facts["recipient"]) == ("UNKNOWN_RECIPIENT", "H9999")


def test_a_refusal_names_a_bounded_number_of_bounded_identifiers_and_counts_all() -> None:
    declined = refusal(*(f"X{n}".ljust(5000, "x") for n in range(90)))
    assert declined.facts["count"] == "90"
    assert declined.detail.endswith(f"and {90 - NAMED_AT_MOST} more")
    assert len(declined.detail) < 2000


def test_an_empty_identifier_is_unknown() -> None:
    assert refusal("").code == "UNKNOWN_RECIPIENT"


def test_a_suspended_recipient_refuses_all_and_is_named() -> None:
    declined = refusal("H90", "H92")
    assert (declined.code, declined.facts["recipient"]) == ("SUSPENDED_RECIPIENT", "H92")


def test_a_package_without_recipient_is_refused() -> None:
    assert refusal().code == "NO_RECIPIENT"


def test_the_limit_counts_agencies_and_not_their_names() -> None:
    assert ids("H90", "000.00.00.H90", "H91.01", limit=2) == ["H90", "H91.01"]
    assert refusal("G90", "H90", "H91.01", limit=2).code == "TOO_MANY_RECIPIENTS"
