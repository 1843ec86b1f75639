"""Who receives."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis_server.addressing.directory import DirectoryView
from axis_server.addressing.routing import NAMED_AT_MOST, Resolved, members, reached, resolve
from axis_server.errors import Declined
from storage.ledger.records import Recipient
from storage.ledger.registry import Agency, Certificate, Group

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


# Units and groups.

ROOM = DirectoryView.of(
    [
        office("G90", "Bộ Mẫu", category="Ministry"),
        office("H05", "Tỉnh Năm", category="province"),
        office("H06", "Tỉnh Sáu", category="province"),
        office("H07", "Tỉnh Bảy", category="province", active=False),
        Agency(agency_id="H05.01", name="Sở Một", parent_id="H05", category="province"),
        Agency(agency_id="H07.01", name="Sở của tỉnh tạm dừng", parent_id="H07"),
        Agency(agency_id="K01", name="Không có hệ thống"),
        office("L01", "Mới", since=AT + timedelta(days=1)),
        Group(group_id="PROVINCES", name="Các tỉnh", categories=("Province ",)),
        Group(
            group_id="ALL",
            name="Tất cả",
            members=("h06", "PROVINCES", "MINE", "H05.01"),
            categories=("ministry",),
        ),
        Group(group_id="MINE", name="Của Bộ", owner_id="G90", members=("K01", "H06", "ABSENT", "L01", "OFF")),
        Group(group_id="OFF", name="Đã bỏ", active=False, members=("H05",)),
        Group(group_id="RING", name="", members=("RANG", "H05")),
        Group(group_id="RANG", name="", members=("RING", "H06")),
        Group(group_id="EMPTY", name="", members=("H07",)),
    ]
)


def in_room(*identifiers: str, sender_id: str = "G90", limit: int = 100, at: datetime = AT) -> Resolved:
    return resolve(identifiers, ROOM, sender_id=sender_id, at=at, limit=limit)


def declined_in_room(*identifiers: str, **asked: Any) -> Declined:
    with pytest.raises(Declined) as declined:
        in_room(*identifiers, **asked)
    return declined.value


def members_of(found: Resolved) -> list[str]:
    return [one.agency_id for one in found.recipients]


def test_a_unit_without_systems_receives_in_the_mailbox_above() -> None:
    found = in_room("H05.01", "H06")
    assert found.recipients == (
        Recipient(agency_id="H05.01", mailbox_id="H05"),
        Recipient(agency_id="H06", mailbox_id="H06"),
    )
    assert found.names == {"H05.01": "Sở Một", "H06": "Tỉnh Sáu"}
    assert [one.name for one in found.agencies] == list(found.names.values())
    assert found.warnings == ()


def test_an_agency_that_nobody_has_a_system_for_cannot_be_addressed() -> None:
    declined = declined_in_room("H05", "K01")
    assert (declined.code, declined.detail) == ("UNKNOWN_RECIPIENT", "K01 (has no system)")


def test_a_unit_below_a_suspended_mailbox_is_suspended_with_it() -> None:
    assert declined_in_room("H07.01").code == "SUSPENDED_RECIPIENT"


@pytest.mark.parametrize(("days", "reached"), [(0, False), (1, True)])
def test_an_agency_can_be_addressed_from_its_first_day(days: int, reached: bool) -> None:
    at = AT + timedelta(days=days)
    if reached:
        assert members_of(in_room("L01", at=at)) == ["L01"]
    else:
        assert declined_in_room("L01", at=at).code == "SUSPENDED_RECIPIENT"


def test_a_category_means_agencies_and_not_their_units_and_leaves_suspended_ones_out_with_a_warning() -> None:
    found = in_room("provinces")
    assert members_of(found) == ["H05", "H06"]
    assert found.warnings == ("RECIPIENT_LEFT_OUT: H07, of group PROVINCES",)


def test_nested_groups_keep_their_place_and_everyone_is_named_once() -> None:
    found = in_room("H05.01", "ALL", "H05")
    assert members_of(found) == ["H05.01", "H06", "H05", "G90"]
    assert found.warnings == ("RECIPIENT_LEFT_OUT: H07, K01, ABSENT, L01 and 1 more, of group ALL",)


def test_groups_that_hold_each_other_end() -> None:
    assert members_of(in_room("RING")) == ["H06", "H05"]
    assert members_of(in_room("RANG")) == ["H05", "H06"]


def test_a_group_of_another_agency_is_unknown_and_passed_over_where_it_is_nested() -> None:
    assert members_of(in_room("MINE")) == ["H06"]
    declined, absent = declined_in_room("MINE", sender_id="H05"), declined_in_room("NONE", sender_id="H05")
    assert declined.detail.replace("MINE", "NONE") == absent.detail
    assert (declined.code, declined.facts["count"]) == (absent.code, absent.facts["count"])
    found = in_room("ALL", sender_id="H05")
    assert members_of(found) == ["H06", "H05", "H05.01", "G90"]
    assert found.warnings == ("RECIPIENT_LEFT_OUT: H07, of group ALL",)


def test_a_suspended_group_is_refused_by_name_and_left_out_where_it_is_nested() -> None:
    declined = declined_in_room("OFF")
    assert (declined.code, declined.facts["recipient"]) == ("SUSPENDED_RECIPIENT", "OFF")
    assert "OFF" in list(members(ROOM.group("MINE"), ROOM, seen_by="G90"))  # type: ignore[arg-type]


def test_an_agency_named_by_itself_is_refused_though_a_group_would_leave_it_out() -> None:
    assert declined_in_room("PROVINCES", "H07").code == "SUSPENDED_RECIPIENT"


def test_a_group_that_reaches_nobody_is_no_recipient() -> None:
    assert declined_in_room("EMPTY").code == "NO_RECIPIENT"


def test_the_limit_counts_whom_groups_reach() -> None:
    assert declined_in_room("PROVINCES", limit=1).code == "TOO_MANY_RECIPIENTS"
    assert len(in_room("PROVINCES", limit=2).recipients) == 2


def test_a_group_named_without_end_is_gone_through_once() -> None:
    found = in_room(*["PROVINCES", "provinces", " Provinces "] * 1000)
    assert found == in_room("PROVINCES")
    assert len(found.warnings) == 1


@given(st.lists(st.sampled_from(["ALL", "MINE", "RING", "RANG", "PROVINCES"]), min_size=1, max_size=4))
def test_what_a_group_is_said_to_reach_is_what_a_submission_freezes(names: list[str]) -> None:
    view = ROOM
    frozen = members_of(in_room(*names))
    said = [one for name in names for one in reached(view.group(name), view, seen_by="G90", at=AT)]  # type: ignore[arg-type]
    assert frozen == list(dict.fromkeys(said))
