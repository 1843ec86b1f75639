"""Who receives."""

from __future__ import annotations

import pytest

from axis_server.directory import DirectoryView
from axis_server.errors import Declined
from axis_server.routing import NAMED_AT_MOST, resolve
from storage.ledger.registry import Agency

VIEW = DirectoryView.of(
    [
        Agency(agency_id="G90", name="Bộ Mẫu", aliases=("000.00.00.G90",)),
        Agency(agency_id="H90", name="UBND tỉnh Ví Dụ", aliases=("000.00.00.H90", "Sở Ví Dụ")),
        Agency(agency_id="H91.01", name="Sở Nội vụ"),
        Agency(agency_id="H92", name="Tạm dừng", active=False),
    ]
)


def ids(*identifiers: str, limit: int = 100) -> list[str]:
    return [agency.agency_id for agency in resolve(identifiers, VIEW, limit=limit)]


def refusal(*identifiers: str, limit: int = 100) -> Declined:
    with pytest.raises(Declined) as declined:
        resolve(identifiers, VIEW, limit=limit)
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
    view = DirectoryView.of(Agency(agency_id=f"H{n}", name="") for n in range(2000))
    identifiers = [f"H{n}" for n in range(2000)]
    assert len(resolve(identifiers, view, limit=2000)) == 2000
    identifiers[1234] = "H9999"
    with pytest.raises(Declined) as declined:
        resolve(identifiers, view, limit=2000)
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
