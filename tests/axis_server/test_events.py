"""Following along: every event, in order, for those who see it, from any place on, and as it comes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from axis_server.caller import Caller
from axis_server.errors import Declined
from axis_server.knowing import events as module
from axis_server.knowing.events import EVERYTHING, Looks, Reached, Side, Wanted
from axis_server.limits.turns import Turns
from storage.ledger.base import Ledger
from storage.ledger.pages import Page
from storage.ledger.records import Event, Move, NewEvent, StreamItem
from tests.axis_server.houses import House
from tests.axis_server.world import World

SOON = 5.0
"""Seconds in which what is expected comes, on a machine however slow."""


async def read(world: World, caller: Caller, after: int = 0, limit: int = 0) -> list[StreamItem]:
    """All events behind a place, page by page."""
    found: list[StreamItem] = []
    more = True
    while more:
        page = await world.events.page(caller, after, limit)
        found += page.items
        after, more = page.next, page.more
    return found


@asynccontextmanager
async def watching(
    world: World, caller: Caller, after: int = 0, wanted: Wanted = EVERYTHING, *, from_now: bool = False
) -> AsyncIterator[AsyncGenerator[StreamItem | Reached, None]]:
    async def one_by_one() -> AsyncGenerator[StreamItem | Reached, None]:
        async for news in watch:
            if isinstance(news, Reached):
                yield news
                continue
            for item in news:
                yield item

    async with (
        aclosing(world.events.watch(caller, after, wanted, from_now=from_now)) as watch,
        aclosing(one_by_one()) as items,
    ):
        yield items


async def coming(watch: AsyncGenerator[StreamItem | Reached, None]) -> StreamItem:
    """The next event; where the watch says how far it has come is passed over."""
    async with asyncio.timeout(SOON):
        async for news in watch:
            if isinstance(news, StreamItem):
                return news
    raise AssertionError("the watch ended")


async def a_small_history(world: World) -> None:
    """Three documents to two recipients, one of which answers."""
    entries = [await world.sent(world.province, world.department, document_id=f"d{n}") for n in range(3)]
    for entry in entries[:2]:
        await world.report(world.province, entry, "01")
    await world.report(world.province, entries[0], "03")
    await world.report(world.province, entries[1], "02", "sai thẩm quyền")


def keys(items: list[StreamItem]) -> list[tuple[str, int]]:
    return [(item.event.dispatch_id, item.event.sequence) for item in items]


# The stream.


async def test_the_stream_is_every_history_that_the_agency_sees_each_in_its_order(world: World) -> None:
    await a_small_history(world)
    for reader in (world.ministry, world.province, world.department):
        by_dispatch: dict[str, list[Event]] = defaultdict(list)
        for item in await read(world, reader.caller()):
            by_dispatch[item.event.dispatch_id].append(item.event)
        assert len(by_dispatch) == 3
        for dispatch_id, told in by_dispatch.items():
            history = await world.records.events(reader.caller(), dispatch_id, 0, 0)
            assert told == list(history.items)
            assert [event.sequence for event in told] == list(range(1, len(told) + 1))


async def test_a_replay_from_any_place_gives_the_same_events_in_the_same_order(world: World) -> None:
    await a_small_history(world)
    whole = await read(world, world.ministry.caller())
    places = [0, *(item.event.cursor for item in whole)]
    assert places == sorted(set(places))
    for number, place in enumerate(places):
        assert await read(world, world.ministry.caller(), place) == whole[number:]
        assert await read(world, world.ministry.caller(), place, limit=2) == whole[number:]


async def test_the_stream_goes_on_behind_what_was_read(world: World) -> None:
    entry = await world.sent(world.province)
    page = await world.events.page(world.province.caller(), 0, 0)
    assert (page.more, page.next) == (False, page.items[-1].event.cursor)
    await world.report(world.province, entry, "01")
    assert [item.event.kind for item in await read(world, world.province.caller(), page.next)][-1:] == [
        "ContentHandover"
    ]


async def test_an_event_comes_with_what_its_dispatch_is_about(world: World) -> None:
    entry = await world.sent(world.province)
    for item in await read(world, world.province.caller()):
        assert item.entry == replace(entry, parts=())


async def test_nobody_is_told_what_others_did(world: World) -> None:
    await a_small_history(world)
    assert await read(world, world.stranger.caller()) == []
    for item in await read(world, world.department.caller()):
        assert item.event.recipient_id in ("", world.department.id)
        assert item.event.actor_id != world.province.id


@pytest.mark.parametrize("role", ["system", "clerk", "archivist"])
async def test_everyone_who_reads_documents_follows(world: World, role: str) -> None:
    await world.sent(world.province)
    assert await read(world, world.province.caller(role))


async def test_an_operator_and_a_suspended_agency_follow_nothing(world: World) -> None:
    await world.sent(world.province)
    suspended = world.suspend(world.province).caller()
    for caller, code in (
        (world.ministry.caller("operator"), "ROLE_FORBIDDEN"),
        (suspended, "AGENCY_SUSPENDED"),
    ):
        with pytest.raises(Declined) as declined:
            await world.events.page(caller, 0, 0)
        assert declined.value.code == code
        async with watching(world, caller) as watch:
            with pytest.raises(Declined) as declined:
                await anext(watch)
        assert declined.value.code == code


# Filters.


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(kinds=frozenset({"ContentHandover", "ConsignmentRejection"})), 3),
        (Wanted(min_priority=1), 0),
        (Wanted(side=Side.RECEIVED), 0),
    ],
)
async def test_a_filter_leaves_out_what_is_not_wanted_and_the_place_moves_past_it(
    world: World, wanted: Wanted, expected: int
) -> None:
    await a_small_history(world)
    caller = world.ministry.caller()
    whole = await read(world, caller)
    page = await world.events.page(caller, 0, 0, wanted)
    assert list(page.items) == [item for item in whole if wanted.lets(item, world.ministry.id)]
    assert len(page.items) == expected
    assert (page.next, page.more) == (whole[-1].event.cursor, False)


async def test_filters_narrow_each_other(world: World) -> None:
    await a_small_history(world)
    caller = world.province.caller()
    whole = await read(world, caller)
    one = whole[0].event.dispatch_id
    wanted = Wanted(kinds=frozenset({"ContentHandover"}), dispatch_id=one, side=Side.RECEIVED)
    (item,) = (await world.events.page(caller, 0, 0, wanted)).items
    assert (item.event.kind, item.event.dispatch_id) == ("ContentHandover", one)


async def test_a_filtered_page_holds_as_many_as_were_asked_for(world: World) -> None:
    await a_small_history(world)
    wanted = Wanted(kinds=frozenset({"ContentHandover", "ConsignmentAcceptance"}))
    found, after, more = [], 0, True
    while more:
        page = await world.events.page(world.ministry.caller(), after, 1, wanted)
        assert len(page.items) <= 1
        found += page.items
        after, more = page.next, page.more
    assert [item.event.kind for item in found] == [
        "ContentHandover",
        "ContentHandover",
        "ConsignmentAcceptance",
    ]


async def test_a_page_passes_over_only_so_much_and_says_that_there_is_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_small_history(world)
    monkeypatch.setattr(module, "PAGE_ITEMS_MOST", 1)
    monkeypatch.setattr(module, "PASSED_OVER_MOST", 2)
    wanted = Wanted(kinds=frozenset({"ConsignmentRejection"}))
    page = await world.events.page(world.ministry.caller(), 0, 0, wanted)
    whole = await read(world, world.ministry.caller())
    assert (page.items, page.more, page.next) == ((), True, whole[2].event.cursor)


def test_a_filter_names_only_so_many_kinds() -> None:
    with pytest.raises(Declined) as declined:
        Wanted(kinds=frozenset(map(str, range(101))))
    assert declined.value.code == "INVALID_ARGUMENT"


# The watch.


async def test_a_watch_gives_what_was_missed_and_then_what_comes(world: World) -> None:
    entry = await world.sent(world.province)
    missed = await read(world, world.province.caller())
    async with watching(world, world.province.caller()) as watch:
        assert await anext(watch) == Reached(place=0)
        assert [await coming(watch) for _ in missed] == missed
        waiting = asyncio.ensure_future(coming(watch))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await world.report(world.province, entry, "01")
        assert (await waiting).event.cursor > missed[-1].event.cursor


async def test_a_watch_from_now_gives_only_what_comes(world: World) -> None:
    await a_small_history(world)
    whole = await read(world, world.ministry.caller())
    async with watching(world, world.ministry.caller(), from_now=True) as watch:
        assert await anext(watch) == Reached(place=whole[-1].event.cursor)
        await world.sent(world.province, document_id="later")
        assert (await coming(watch)).entry.document_id == "later"


async def test_a_watch_begins_behind_a_place_or_now(world: World) -> None:
    async with watching(world, world.ministry.caller(), 3, from_now=True) as watch:
        with pytest.raises(Declined) as declined:
            await anext(watch)
    assert declined.value.code == "INVALID_ARGUMENT"


async def test_a_stream_cut_anywhere_goes_on_behind_the_last_event_that_was_processed(world: World) -> None:
    """At least once: what was given but not processed is given again, and nothing is left out."""
    await a_small_history(world)
    whole = await read(world, world.ministry.caller())
    given: list[StreamItem] = []
    after = 0
    while len(set(keys(given))) < len(whole):
        async with watching(world, world.ministry.caller(), after) as watch:
            processed = await coming(watch)
            given.append(processed)
            after = processed.event.cursor
            if processed != whole[-1]:
                given.append(await coming(watch))  # cut before it was processed
    assert list(dict.fromkeys(keys(given))) == keys(whole)
    assert len(given) > len(whole)


async def test_a_watch_that_is_idle_says_how_far_it_has_come(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    await a_small_history(world)
    whole = await read(world, world.ministry.caller())
    nothing = Wanted(kinds=frozenset({"none such"}))
    async with watching(world, world.ministry.caller(), 0, nothing) as watch, asyncio.timeout(SOON):
        assert await anext(watch) == Reached(place=0)
        for _ in range(2):
            assert await anext(watch) == Reached(place=whole[-1].event.cursor)


async def test_what_another_process_committed_is_found_without_a_hint(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    entry = await world.sent(world.province)
    whole = await read(world, world.province.caller())
    async with watching(world, world.province.caller(), whole[-1].event.cursor) as watch:
        await anext(watch)
        waiting = asyncio.ensure_future(coming(watch))
        await asyncio.sleep(0.01)
        standing = await world.ledger.delivery(entry.dispatch_id, world.province.id)
        await world.ledger.advance(
            [
                Move(
                    dispatch_id=entry.dispatch_id,
                    recipient_id=world.province.id,
                    expected_version=standing.version,
                    state="fetched",
                    at=world.now,
                    due=standing.due,
                    events=(NewEvent(kind="seen", at=world.now, recipient_id=world.province.id),),
                )
            ]
        )
        assert (await waiting).event.kind == "seen"


async def test_a_reader_that_stands_still_holds_nothing_up_and_misses_nothing(world: World) -> None:
    async with (
        watching(world, world.ministry.caller()) as slow,
        watching(world, world.ministry.caller()) as quick,
    ):
        for watch in (slow, quick):
            await anext(watch)
        await world.sent(world.province, document_id="first")
        first = [await coming(watch) for watch in (slow, quick)]
        assert first[0] == first[1]
        for number in range(5):
            await world.sent(world.province, document_id=f"d{number}")
        whole = await read(world, world.ministry.caller())
        assert [await coming(quick) for _ in whole[1:]] == whole[1:]
        assert [await coming(slow) for _ in whole[1:]] == whole[1:]


async def test_who_may_not_watch_any_more_is_told_in_mid_stream(world: World) -> None:
    async with watching(world, world.province.caller()) as watch:
        await anext(watch)
        waiting = asyncio.ensure_future(coming(watch))
        await asyncio.sleep(0.01)
        world.suspend(world.province)
        world.changes.notify([world.province.id])
        with pytest.raises(Declined) as declined:
            await waiting
    assert declined.value.code == "AGENCY_SUSPENDED"


async def test_of_two_hundred_watchers_each_sees_every_event_of_its_agency_once_and_in_order(
    world: World,
) -> None:
    houses: list[House] = [world.ministry, world.province, world.department, world.stranger]
    heard: list[list[StreamItem]] = [[] for _ in range(200)]

    async def follow(number: int) -> None:
        async with watching(world, houses[number % 4].caller()) as watch:
            async for news in watch:
                if isinstance(news, StreamItem):
                    heard[number].append(news)

    following = [asyncio.create_task(follow(number)) for number in range(200)]
    await a_small_history(world)
    whole = [await read(world, one.caller()) for one in houses]
    async with asyncio.timeout(4 * SOON):
        while any(len(one) < len(whole[number % 4]) for number, one in enumerate(heard)):
            await asyncio.sleep(0.01)
    for task in following:
        task.cancel()
    await asyncio.wait(following)
    assert all(one == whole[number % 4] for number, one in enumerate(heard))
    assert [len(one) > 0 for one in whole] == [True, True, True, False]


class CountingLedger:
    """Counts how often a stream is read, and can be made to fail."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.reads = 0
        self.failures = 0

    async def stream(self, agency_id: str, *, after: int = 0, limit: int) -> Page[StreamItem]:
        self.reads += 1
        if self.failures:
            self.failures -= 1
            raise ConnectionError("gone")
        return await self._ledger.stream(agency_id, after=after, limit=limit)


async def test_many_watchers_at_one_place_are_one_read(world: World) -> None:
    await world.sent(world.province)
    ledger = CountingLedger(world.ledger)
    looks = Looks(ledger)  # type: ignore[arg-type]
    found = await asyncio.gather(*(looks.stream(world.ministry.id, 0) for _ in range(100)))
    assert ledger.reads == 1
    assert all(page is found[0] for page in found)
    await asyncio.gather(looks.stream(world.ministry.id, 0), looks.stream(world.ministry.id, 1))
    assert ledger.reads == 3


async def test_who_asks_while_a_read_is_under_way_is_not_given_what_it_found(world: World) -> None:
    ledger = CountingLedger(world.ledger)
    looks = Looks(ledger)  # type: ignore[arg-type]
    first = asyncio.ensure_future(looks.stream(world.ministry.id, 0))
    while not ledger.reads:
        await asyncio.sleep(0)
    await looks.stream(world.ministry.id, 0)
    assert ledger.reads == 2
    await first


async def test_one_who_fails_or_goes_away_takes_nobody_along(world: World) -> None:
    await world.sent(world.province)
    ledger = CountingLedger(world.ledger)
    looks = Looks(ledger)  # type: ignore[arg-type]
    ledger.failures = 1
    first, second = await asyncio.gather(
        looks.stream(world.ministry.id, 0), looks.stream(world.ministry.id, 0), return_exceptions=True
    )
    assert isinstance(first, ConnectionError)
    assert isinstance(second, Page)
    assert second.items
    tasks = [asyncio.ensure_future(looks.stream(world.ministry.id, 0)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[1].cancel()
    assert (await tasks[2]).items


async def test_a_search_of_the_stream_waits_its_turn_and_plain_reading_waits_for_nobody(world: World) -> None:
    await a_small_history(world)
    world.turns = Turns(1)
    events, caller = world.events, world.province.caller()
    async with world.turns.of("another agency"):
        searching = asyncio.create_task(events.page(caller, 0, 0, Wanted(kinds=frozenset({"no such"}))))
        assert (await events.page(caller, 0, 0)).items
        await asyncio.sleep(0.05)
        assert not searching.done()
    async with asyncio.timeout(SOON):
        assert (await searching).items == ()
