"""A list of agencies in a file: what it makes of the directory, and what is wrong with it, line by line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis_server.addressing.directory import DirectoryView
from axis_server.operation.rollcall import Plan, plan
from storage.ledger.memory import MemoryLedger
from storage.ledger.registry import Agency, Capabilities, Certificate, Delegation, Group

SYSTEM = Certificate(sha256="aa" * 32, pem="", role="system", may_connect=True, may_seal=True)
KEPT = Agency(
    agency_id="H05",
    name="UBND tỉnh",
    aliases=("000.00.00.H05",),
    category="province",
    certificates=(SYSTEM,),
    active=False,
    delegations=(
        Delegation(agency_id="G1", may_send=True, may_receive=True, since=datetime(2026, 1, 1, tzinfo=UTC)),
    ),
)
VIEW = DirectoryView.of(
    [KEPT, Agency(agency_id="H05.09", name="Sở", parent_id="H05"), Group(group_id="ALL", name="Tất cả")]
)


def planned(*lines: str, view: DirectoryView = VIEW) -> Plan:
    return plan([f"{line}\n" for line in lines], view)


def made(found: Plan) -> list[list[Agency]]:
    assert found.problems == ()
    return [[one.agency for one in wave] for wave in found.waves]


def test_lines_become_agencies_behind_their_parents_wherever_they_stand() -> None:
    found = planned(
        "id,name,aliases,parent,category,accepts_up_to,accepts_kinds,since,until",
        'h06.01.02,"Phòng ""A"", B",,H06.01,,,,,',
        "H06.01,Sở,000.01.00.H06 | X.1,h06,,50MB,0 3,2026-03-01,2027-01-01T08:00+07:00",
        "H06,Tỉnh,,, Province ,,,,",
        "H05.09.01,Phòng,,H05.09,,,,,",
    )
    [province, below_kept], [department], [office] = made(found)
    assert province == Agency(agency_id="H06", name="Tỉnh", category="province")
    assert below_kept == Agency(agency_id="H05.09.01", name="Phòng", parent_id="H05.09")
    assert department == Agency(
        agency_id="H06.01",
        name="Sở",
        aliases=("000.01.00.H06", "X.1"),
        parent_id="H06",
        capabilities=Capabilities(attachment_bytes=50_000_000, kinds=frozenset({0, 3})),
        since=datetime(2026, 2, 28, 17, tzinfo=UTC),
        until=datetime(2027, 1, 1, 1, tzinfo=UTC),
    )
    assert office == Agency(agency_id="H06.01.02", name='Phòng "A", B', parent_id="H06.01")


def test_what_is_kept_is_updated_by_the_columns_there_are() -> None:
    ((one,),) = made(planned("id,name", "000.00.00.h05,Tỉnh mới"))
    assert one == replace(KEPT, name="Tỉnh mới")
    ((one,),) = made(planned("id,name,aliases,category", "H05,UBND tỉnh,,"))
    assert one == replace(KEPT, aliases=(), category="")


def test_what_stays_as_it_is_is_counted_and_not_written() -> None:
    found = planned("id,name,category", "H05,UBND tỉnh,province", "H05.09,Sở,")
    assert (found.waves, found.unchanged, found.problems) == ((), 2, ())


def test_spreadsheets_mark_the_beginning_part_by_semicolons_and_leave_empty_lines() -> None:
    ((one,),) = made(planned("\ufeffID;Name", "H06;Tỉnh", ";", ""))
    assert one == Agency(agency_id="H06", name="Tỉnh")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ((), "line 1: there is no column `id`"),
        (("id,aliases",), "line 1: there is no column `name`"),
        (("id,name,colour",), "line 1: `colour` is no column"),
        (("id,name,Name",), "line 1: `name` is no column, or there twice"),
        (("id,name", "H06"), "line 2: 1 cells, and 2 columns."),
        (("id,name", "H 06,Tỉnh"), 'line 2: "H 06" cannot be an agency identifier'),
        (("id,name", "H06, "), "line 2: a name is one line of 1 to 500 characters."),
        (("id,name", f"H06,{'x' * 501}"), "line 2: a name is one line of 1 to 500 characters."),
        (("id,name", "H06,A", "h06,B"), "line 3: H06 stands in line 2 already."),
        (("id,name", "H05,A", "000.00.00.H05,B"), "line 3: H05 stands in line 2 already."),
        (("id,name", "ALL,A"), "line 2: ALL is a group."),
        (("id,name,aliases", "H06,A,H05.09"), "line 2: H05.09 belongs to H05.09."),
        (("id,name,aliases", "H06,A,ALL"), "line 2: ALL belongs to ALL."),
        (("id,name,aliases", "H06,A,X", "H07,B,x"), "line 3: X belongs to H06."),
        (("id,name,aliases", "H06,A,", "H07,B,H06"), "line 3: H06 belongs to H06."),
        (("id,name,parent", "H06,A,H07"), "line 2: H07, above it, is neither registered nor in the file."),
        (("id,name,parent", "H06,A,ALL"), "line 2: ALL, above it, is neither registered nor in the file."),
        (("id,name,parent", "H06,A,H06"), "line 2: H06 would stand below itself."),
        (("id,name,parent", "H06,A,H07", "H07,B,H06"), "line 3: H07 would stand below itself."),
        (("id,name,parent", "H05,A,H05.09"), "line 2: H05 would stand below itself."),
        (("id,name,since", "H06,A,soon"), 'line 2: "soon" is no time'),
        (
            ("id,name,since,until", "H06,A,2026-03-01,2026-03-01"),
            "line 2: the end (until) does not come after",
        ),
        (("id,name,accepts_up_to", "H06,A,5 pages"), 'line 2: "5 pages" is no size'),
        (("id,name,accepts_kinds", "H06,A,0 7"), 'line 2: "0 7" does not name kinds'),
        (("id,name", 'H06,"A'), "unexpected end of data"),
    ],
)
def test_every_mistake_is_told_with_its_line(lines: tuple[str, ...], problem: str) -> None:
    problems = planned(*lines).problems
    assert any(problem in told for told in problems), problems


def test_all_mistakes_are_told_at_once() -> None:
    found = planned("id,name,parent", "H06,A,NOBODY", "H 7,B,", "H05,C,H05.09", "H08,,")
    assert sorted(problem.split(":")[0] for problem in found.problems) == [
        "line 2",
        "line 3",
        "line 4",
        "line 5",
    ]


TREES = st.lists(
    st.tuples(st.sampled_from("ABCDEF"), st.sampled_from(["", *"ABCDEF"])),
    max_size=6,
    unique_by=lambda row: row[0],
)


@given(TREES, TREES)
async def test_a_plan_without_mistakes_can_be_registered_as_it_stands(
    kept: list[tuple[str, str]], file: list[tuple[str, str]]
) -> None:
    """Whatever moves above or below whatever else, on the way too."""
    ledger = MemoryLedger()
    for rows in (kept, file):
        lines = [f"{name},{name},{parent}" for name, parent in rows]
        found = planned("id,name,parent", *lines, view=DirectoryView.of(await ledger.agencies()))
        if found.problems:
            return
        for wave in found.waves:
            for one in wave:
                await ledger.register(one.agency, replacing=one.kept)
        after = {agency.agency_id: agency.parent_id for agency in await ledger.agencies()}
        assert after.items() >= dict(rows).items()
