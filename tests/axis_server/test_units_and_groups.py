"""Units below agencies, groups, and who may act for whom, in one view of the directory."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis_server.addressing.directory import DirectoryView, in_force
from storage.ledger.registry import Agency, Certificate, Delegation, Group

AT = datetime(2026, 3, 2, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def certificate(sha256: str) -> Certificate:
    return Certificate(sha256=sha256, pem="", role="system", may_connect=True, may_seal=True)


def office(agency_id: str, parent_id: str = "", **facts: Any) -> Agency:
    """An agency with a system of its own."""
    sha256 = hashlib.sha256(agency_id.encode()).hexdigest()
    kept = (certificate(sha256),)
    return Agency(agency_id=agency_id, name=agency_id, parent_id=parent_id, certificates=kept, **facts)


def unit(agency_id: str, parent_id: str, **facts: Any) -> Agency:
    """A unit without systems."""
    return Agency(agency_id=agency_id, name=agency_id, parent_id=parent_id, **facts)


def leave(
    agency_id: str, *, send: bool = True, receive: bool = True, until: datetime | None = None
) -> Delegation:
    return Delegation(agency_id=agency_id, may_send=send, may_receive=receive, since=AT, until=until)


def test_the_mailbox_of_a_unit_is_the_nearest_agency_above_that_has_a_system() -> None:
    view = DirectoryView.of(
        [office("H05"), unit("H05.01", "H05"), unit("H05.01.07", "H05.01"), office("H05.02", "h05")]
    )
    assert view.mailbox("H05.01.07", AT) == view.mailbox("H05.01", AT) == view.mailbox("H05", AT) == "H05"
    assert view.mailbox("H05.02", AT) == "H05.02"
    assert view.mailbox("H06", AT) is None


def test_nobody_has_the_mailbox_of_an_agency_without_any_system() -> None:
    view = DirectoryView.of([unit("X", ""), unit("X.1", "X"), unit("Y.1", "ABSENT")])
    assert [view.mailbox(one, AT) for one in ("X", "X.1", "Y.1")] == [None, None, None]


def test_a_unit_has_its_own_mailbox_from_when_it_has_a_system() -> None:
    view = DirectoryView.of([office("H05"), unit("H05.01", "H05"), unit("H05.01.01", "H05.01")])
    view = view.changed([office("H05.01", "H05")])
    assert view.mailbox("H05.01", AT) == view.mailbox("H05.01.01", AT) == "H05.01"


def test_an_agency_that_a_provider_receives_for_has_its_own_mailbox_while_that_lasts() -> None:
    client = unit("H05.01", "H05", delegations=(leave("P1", until=AT + DAY), leave("P2", receive=False)))
    view = DirectoryView.of([office("H05"), client, office("P1"), office("P2")])
    assert view.mailbox("H05.01", AT) == "H05.01"
    assert view.mailbox("H05.01", AT + DAY) == view.mailbox("H05.01", AT - DAY) == "H05"
    suspended = view.changed([office("P1", active=False)])
    assert suspended.mailbox("H05.01", AT) == "H05"


def test_circles_that_the_store_should_not_hold_end() -> None:
    view = DirectoryView.of([unit("A", "B"), unit("B", "C"), unit("C", "A"), unit("S", "S")])
    assert view.mailbox("A", AT) is view.mailbox("S", AT) is None
    a = view.resolve("A")
    assert a is not None
    assert [one.agency_id for one in view.above(a)] == ["B", "C"]
    assert view.below(a) == {"B", "C"}


def test_units_stand_below_an_agency_by_any_of_its_names() -> None:
    province = replace(office("H05"), aliases=("000.00.00.H05",))
    view = DirectoryView.of(
        [province, unit("H05.01", "000.00.00.h05"), unit("H05.02", "H05"), unit("H05.01.01", "H05.01")]
    )
    assert view.below(province) == {"H05.01", "H05.02", "H05.01.01"}
    assert view.below(province, direct=True) == {"H05.01", "H05.02"}
    moved = view.changed([unit("H05.01", "")])
    assert moved.below(province) == {"H05.02"}


@pytest.mark.parametrize(
    ("leave_given", "at", "expected"),
    [
        (leave("P1"), AT, (True, True)),
        (leave("P1", receive=False), AT, (True, False)),
        (leave("P1", send=False), AT, (False, True)),
        (leave("p1 "), AT, (True, True)),
        (leave("P2"), AT, (False, False)),
        (leave("P1"), AT - timedelta(seconds=1), (False, False)),
        (leave("P1", until=AT + DAY), AT + DAY - timedelta(seconds=1), (True, True)),
        (leave("P1", until=AT + DAY), AT + DAY, (False, False)),
    ],
)
def test_a_delegate_may_what_it_was_given_while_it_lasts(
    leave_given: Delegation, at: datetime, expected: tuple[bool, bool]
) -> None:
    provider = office("P1")
    view = DirectoryView.of([office("H05", delegations=(leave_given,)), provider, office("P2")])
    may = tuple(view.acts_for(provider, "H05", at, sending=sending) for sending in (True, False))
    assert may == expected


def test_a_delegation_does_not_pass_on() -> None:
    first, second = office("P1", delegations=(leave("P2"),)), office("P2")
    view = DirectoryView.of([office("H05", delegations=(leave("P1"),)), first, second])
    assert not view.acts_for(second, "H05", AT, sending=True)


def test_an_agency_above_acts_for_its_units_without_systems_and_for_no_others() -> None:
    top, middle = office("H05"), office("H05.01", "H05")
    view = DirectoryView.of(
        [
            top,
            middle,
            unit("H05.02", "H05"),
            unit("H05.01.01", "H05.01"),
            office("H06"),
            unit("H06.01", "H06"),
        ]
    )

    def may(actor: Agency, target: str) -> bool:
        return view.acts_for(actor, target, AT, sending=True) and view.acts_for(
            actor, target, AT, sending=False
        )

    assert may(top, "H05.02")
    assert may(middle, "H05.01.01")
    for actor, target in ((top, "H05.01"), (top, "H05.01.01"), (middle, "H05"), (top, "H06.01"), (top, "NO")):
        assert not may(actor, target)


@pytest.mark.parametrize(
    ("moment", "expected"), [(-1, False), (0, True), (86_399, True), (86_400, False)], ids=str
)
def test_an_agency_is_in_force_within_its_dates(moment: int, expected: bool) -> None:
    at = AT + timedelta(seconds=moment)
    assert in_force(unit("H05", "", since=AT, until=AT + DAY), at) is expected
    assert not in_force(unit("H05", "", since=AT, until=AT + DAY, active=False), at)


def test_a_group_is_shown_to_its_owner_and_everybodys_to_all() -> None:
    view = DirectoryView.of([Group(group_id="ALL", name=""), Group(group_id="OWN", name="", owner_id="H05")])
    assert view.group("all", seen_by="H06") is not None
    assert view.group("own", seen_by="h05") is not None
    assert view.group("OWN", seen_by="H06") is None
    assert [one.group_id for one in view.groups(seen_by="H05")] == ["ALL", "OWN"]
    assert [one.group_id for one in view.groups(seen_by="H06")] == ["ALL"]
    assert view.resolve("ALL") is None


def test_a_group_and_an_agency_of_one_name_are_nobody() -> None:
    view = DirectoryView.of([office("G90"), Group(group_id="g90", name="")])
    assert view.resolve("G90") is view.group("G90") is None
    assert view.conflicts == ("G90 and g90 share the identifier G90",)


IDS = ("A", "B", "C", "D")
ENTRIES = st.one_of(
    st.builds(
        lambda own, alias, parent, category, sealed: Agency(
            agency_id=own,
            name=own,
            aliases=(alias,) if alias else (),
            parent_id=parent,
            category=category,
            certificates=(certificate(sealed * 32),) if sealed else (),
        ),
        st.sampled_from(IDS),
        st.sampled_from(("", "a", "x", "y")),
        st.sampled_from(("", *IDS)),
        st.sampled_from(("", "m", "p")),
        st.sampled_from(("", "aa", "bb")),
    ),
    st.builds(
        lambda own, owner: Group(group_id=own, name="", owner_id=owner),
        st.sampled_from(("A", "X", "G")),
        st.sampled_from(("", "A")),
    ),
)


@given(st.lists(st.lists(ENTRIES, max_size=3), max_size=6))
def test_a_view_changed_step_by_step_is_the_view_made_at_once(steps: list[list[Agency | Group]]) -> None:
    view, kept = DirectoryView(), dict[str, Agency | Group]()
    for step in steps:
        view = view.changed(step)
        kept |= {one.agency_id if isinstance(one, Agency) else one.group_id: one for one in step}
    whole = DirectoryView.of(kept.values())
    assert {one.split(" share ")[1] for one in view.conflicts} == {
        one.split(" share ")[1] for one in whole.conflicts
    }
    for name in (*IDS, "X", "Y", "G"):
        assert view.resolve(name) == whole.resolve(name)
        assert view.group(name) == whole.group(name)
        assert view.mailbox(name, AT) == whole.mailbox(name, AT)
        agency = whole.resolve(name)
        if agency is not None:
            assert view.below(agency) == whole.below(agency)
    for category in ("m", "p"):
        assert view.in_category(category) == whole.in_category(category)
    for sha256 in ("aa" * 32, "bb" * 32):
        assert view.caller(sha256) == whole.caller(sha256)
