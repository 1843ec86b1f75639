"""Looking agencies and groups up: who is found, in which order, and what changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axis_server.addressing.directory_watch import DirectoryWatch
from axis_server.addressing.lookup import Lookup, Sought
from axis_server.caller import Caller
from axis_server.errors import Declined
from axis_server.limits.turns import Turns
from storage.ledger.memory import MemoryLedger
from storage.ledger.pages import Page
from storage.ledger.registry import Agency, Certificate, Group, Registered

AT = datetime(2026, 3, 2, 5, tzinfo=UTC)
T = TypeVar("T")


def certificate(name: str) -> Certificate:
    return Certificate(sha256=name.ljust(64, "0"), pem="", role="system", may_connect=True, may_seal=True)


def office(agency_id: str, name: str, **facts: Any) -> Agency:
    return Agency(agency_id=agency_id, name=name, certificates=(certificate(agency_id),), **facts)


KEPT: tuple[Registered, ...] = (
    office("H05", "UBND tỉnh Bắc Ninh", category="province"),
    office("H21", "UBND tỉnh Đồng Nai", category="province"),
    office("H99", "UBND tỉnh Tạm Dừng", category="province", active=False),
    Agency(agency_id="H05.01", name="Sở Nội vụ", parent_id="H05"),
    Agency(agency_id="H05.01.01", name="Phòng Nội vụ", parent_id="H05.01"),
    Agency(agency_id="H05.02", name="Sở Tài chính", parent_id="H05", until=AT),
    Group(group_id="ALL", name="Tất cả", categories=("province",)),
    Group(group_id="OLD", name="Đã bỏ", active=False),
    Group(group_id="MINE", name="Riêng", owner_id="H05", members=("H05.01.01", "ALL")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A directory with who looks into it."""

    ledger: MemoryLedger
    watch: DirectoryWatch
    lookup: Lookup

    def caller(self, agency_id: str = "H05") -> Caller:
        agency = self.watch.view().resolve(agency_id)
        assert agency is not None
        return Caller(agency=agency, certificate=agency.certificates[0])

    async def search(self, query: str = "", **sought: Any) -> list[str]:
        wanted = Sought(query=query, **sought)
        found = await everything(lambda after: self.lookup.search(self.caller(), wanted, after, 2))
        return [agency.agency_id for agency in found]


async def everything(read: Callable[[int], Awaitable[Page[T]]]) -> list[T]:
    """Every item of a list, page by page."""
    items: list[T] = []
    after, more = 0, True
    while more:
        page = await read(after)
        assert len(items) < 100
        items += page.items
        after, more = page.next, page.more
    return items


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    ledger = MemoryLedger()
    for one in KEPT:
        await ledger.register(one, replacing=None)
    watch = DirectoryWatch(ledger)
    await watch.refresh()
    with ThreadPoolExecutor(1) as workers:
        lookup = Lookup(directory=ledger, view=watch.view, clock=lambda: AT, workers=workers, turns=Turns(1))
        yield Desk(ledger=ledger, watch=watch, lookup=lookup)


async def test_without_a_query_all_in_force_are_listed_by_identifier(desk: Desk) -> None:
    assert await desk.search() == ["H05", "H05.01", "H05.01.01", "H21"]


async def test_those_not_in_force_are_listed_where_they_are_asked_for(desk: Desk) -> None:
    assert await desk.search(inactive=True) == ["H05", "H05.01", "H05.01.01", "H05.02", "H21", "H99"]
    assert await desk.search("tam dung") == []
    assert await desk.search("tam dung", inactive=True) == ["H99"]


async def test_a_query_and_filters_narrow_each_other(desk: Desk) -> None:
    assert await desk.search("noi vu") == ["H05.01", "H05.01.01"]
    assert await desk.search("so noi vu", below_id="h05") == ["H05.01"]
    assert await desk.search("noi vu", below_id="H21") == []
    assert await desk.search("tinh", category=" Province") == ["H05", "H21"]


async def test_the_hierarchy_is_walked_by_level_or_whole(desk: Desk) -> None:
    assert await desk.search(below_id="H05") == ["H05.01", "H05.01.01"]
    assert await desk.search(below_id="H05", direct=True) == ["H05.01"]
    assert await desk.search(below_id="H05", direct=True, inactive=True) == ["H05.01", "H05.02"]


async def test_nobody_stands_below_an_agency_that_is_not_there(desk: Desk) -> None:
    for absent in ("X", "ALL", "MINE"):
        with pytest.raises(Declined) as declined:
            await desk.search(below_id=absent)
        assert declined.value.code == "NOT_FOUND"


@pytest.mark.parametrize("sought", [{"query": "x" * 201}, {"category": "x" * 101}, {"below_id": "x" * 101}])
def test_what_is_longer_than_anything_is_refused(sought: dict[str, str]) -> None:
    with pytest.raises(Declined) as declined:
        Sought(**sought)  # type: ignore[arg-type]
    assert declined.value.code == "INVALID_ARGUMENT"


async def test_groups_are_listed_to_those_who_may_address_them(desk: Desk) -> None:
    def ids(agency_id: str) -> list[str]:
        page = desk.lookup.groups(desk.caller(agency_id), 0, 0)
        assert not page.more
        return [group.group_id for group in page.items]

    assert ids("H05") == ["ALL", "MINE"]
    assert ids("H21") == ["ALL"]
    first = desk.lookup.groups(desk.caller(), 0, 1)
    assert first.more
    assert desk.lookup.groups(desk.caller(), first.next, 1).items[0].group_id == "MINE"


async def test_a_group_is_said_to_reach_those_in_force_once_and_in_order(desk: Desk) -> None:
    found = await everything(lambda after: desk.lookup.expand(desk.caller(), "mine", after, 1))
    assert found == ["H05.01.01", "H05", "H21"]


async def test_a_group_of_others_a_removed_and_an_absent_one_are_answered_alike(desk: Desk) -> None:
    answers = set()
    for name in ("MINE", "OLD", "NONE", "H05"):
        with pytest.raises(Declined) as declined:
            await desk.lookup.expand(desk.caller("H21"), name, 0, 0)
        answers.add((declined.value.code, declined.value.detail))
    assert len(answers) == 1


async def test_a_mailbox_is_told_as_it_is_now(desk: Desk) -> None:
    assert desk.lookup.mailbox(desk.lookup.agency("H05.01.01")) == "H05"
    assert desk.lookup.mailbox(desk.lookup.agency("H21")) == "H21"
    alone = Agency(agency_id="K1", name="")
    await desk.ledger.register(alone, replacing=None)
    await desk.watch.refresh()
    assert desk.lookup.mailbox(alone) == ""


async def test_a_sync_tells_what_changed_and_nothing_of_the_groups_of_others(desk: Desk) -> None:
    stranger = desk.caller("H21")
    whole = await desk.lookup.changed(stranger, 0, 0)
    assert list(whole.items) == [one for one in KEPT if getattr(one, "owner_id", "") == ""]
    mine = next(one for one in KEPT if isinstance(one, Group) and one.owner_id)
    await desk.ledger.register(replace(mine, name="anders"), replacing=mine)
    assert await desk.lookup.changed(stranger, whole.next, 0) == Page(items=(), next=whole.next, more=False)
    own = await desk.lookup.changed(desk.caller(), whole.next, 0)
    assert [one.name for one in own.items] == ["anders"]


NAMES = st.sampled_from(["A", "B", "C", "D", "E"])
CHANGES = st.lists(
    st.tuples(
        NAMES,
        st.sampled_from(["agency", "public", "own", "foreign"]),
        st.booleans(),
        st.text("xyz", max_size=2),
        st.booleans(),
    ),
    max_size=25,
)


@settings(deadline=timedelta(seconds=5), max_examples=60)
@given(CHANGES, st.integers(1, 4))
async def test_a_follower_who_syncs_now_and_then_knows_what_a_full_listing_tells(
    changes: list[tuple[str, str, bool, str, bool]], page_size: int
) -> None:
    ledger = MemoryLedger()
    watch = DirectoryWatch(ledger)
    me = Caller(agency=Agency(agency_id="ME", name=""), certificate=certificate("me"))
    kept: dict[str, Registered] = {}
    mirror: dict[str, Registered] = {}
    place = 0
    with ThreadPoolExecutor(1) as workers:
        lookup = Lookup(directory=ledger, view=watch.view, clock=lambda: AT, workers=workers, turns=Turns(1))

        async def sync(place: int) -> int:
            more = True
            while more:
                page = await lookup.changed(me, place, page_size)
                for one in page.items:
                    mirror[one.agency_id if isinstance(one, Agency) else one.group_id] = one
                place, more = page.next, page.more
            return place

        for name, sort, active, text, now in changes:
            before = kept.get(name)
            owner = {"public": "", "own": "ME", "foreign": "OTHER"}.get(sort, "")
            after: Registered = (
                Agency(agency_id=name, name=text, active=active)
                if sort == "agency"
                else Group(group_id=name, name=text, owner_id=owner, active=active)
            )
            if before is not None:  # what is registered keeps its sort and its owner
                after = replace(before, name=text, active=active)
            await ledger.register(after, replacing=before)
            kept[name] = after
            if now:
                place = await sync(place)
        await sync(place)
        shown = {
            name: one for name, one in kept.items() if isinstance(one, Agency) or one.owner_id in ("", "ME")
        }
        assert mirror == shown
        await watch.refresh()
        listed = await everything(lambda after: lookup.search(me, Sought(inactive=True), after, page_size))
        assert listed == sorted(
            (one for one in mirror.values() if isinstance(one, Agency)), key=lambda one: one.agency_id
        )
        groups = lookup.groups(me, 0, 0).items
        assert list(groups) == sorted(
            (one for one in mirror.values() if isinstance(one, Group) and one.active),
            key=lambda one: one.group_id,
        )
