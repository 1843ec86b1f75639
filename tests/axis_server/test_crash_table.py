"""The crash table: whatever store call fails, before or after its effect, and whenever the caller hangs up or
the process dies, sending again leaves one entry, one set of deliveries, one evidence for each event, and gets
the same bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor, Future
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from axis_server.errors import Declined
from axis_server.limits.tasks import OwnedTasks
from storage.archive.base import Archive
from storage.archive.files import FilesArchive
from storage.archive.memory import MemoryArchive
from storage.errors import Unavailable
from storage.faults import Faults, FaultyArchive, FaultyLedger, When
from storage.ledger.base import Ledger
from storage.ledger.memory import MemoryLedger
from storage.ledger.postgres import PostgresLedger
from storage.ledger.records import Evidence
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.conftest import Kind
from tests.axis_server.houses import Pki
from tests.axis_server.packages import detached, document, inline
from tests.axis_server.world import World
from tests.storage import whole
from tests.storage.postgres import Postgres

LARGE = b"large attachment " * 1000

Act = Callable[[World], Awaitable[Any]]
"""What an agency does, as often as it must; returns the answer."""


class InPlace(Executor):
    """Runs work at once, so that a walk takes the same turns of the loop each time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 an executor hands every error to its future
            future.set_exception(error)
        return future


# The roads.


async def submission(world: World) -> Act:
    sha256 = await world.uploaded(world.ministry, LARGE)
    unsigned = document(to=["H90", "H91.01"], attachments=(inline("1", "a.pdf"), detached("2", "b.bin")))
    package = world.sealed(world.ministry, unsigned, {"2": sha256})
    return lambda world: world.intake.submit(world.ministry.caller(), package)


async def submission_of_an_upload(world: World) -> Act:
    package = world.sealed(world.ministry, document(to=["H90", "H91.01"]))
    sha256 = await world.uploaded(world.ministry, package)
    return lambda world: world.intake.submit_uploaded(world.ministry.caller(), sha256)


def statement_of(code: str) -> Callable[[World], Awaitable[Act]]:
    async def prepare(world: World) -> Act:
        entry = await world.sent(world.province, world.department)
        for earlier in {"01": (), "02": ("01",), "03": ("01",), "05": ("01", "03")}[code]:
            await world.report(world.province, entry, earlier)
        statement = (
            world.arrived(world.province, entry)
            if code == "01"
            else world.statement(world.province, entry, code, "Lý do")
        )
        return lambda world: world.exchange.report(world.province.caller(), entry.dispatch_id, statement)

    return prepare


ROADS = {
    "submission": submission,
    "submission of an upload": submission_of_an_upload,
    "hand-over": statement_of("01"),
    "refusal": statement_of("02"),
    "acceptance": statement_of("03"),
    "processing": statement_of("05"),
}
CALLS = {
    "submission": ["ledger.holder", "ledger.held", "archive.put", "ledger.commit"],
    "submission of an upload": [
        "ledger.kept",
        "ledger.held",
        "archive.get",
        "ledger.holder",
        "archive.size",
        "ledger.commit",
    ],
}
REPORT_CALLS = ["ledger.deliveries", "ledger.entry", "ledger.moved", "ledger.delivery", "ledger.advance"]


@asynccontextmanager
async def stores(kind: Kind, path: Path) -> AsyncIterator[tuple[Archive, Ledger]]:
    if kind == "memory":
        yield MemoryArchive(), MemoryLedger()
        return
    async with AsyncExitStack() as stack:
        archive = FilesArchive(path / "archive", threads=2)
        stack.push_async_callback(archive.aclose)
        ledger: SqliteLedger | PostgresLedger
        if isinstance(kind, Postgres):
            ledger = await PostgresLedger.open(stack.enter_context(kind.emptied()), reads=2)
        else:
            ledger = await SqliteLedger.open(path / "ledger.sqlite3")
        stack.push_async_callback(ledger.aclose)
        yield archive, ledger


@asynccontextmanager
async def fresh_world(kind: Kind, path: Path, pki: Pki, workers: Executor) -> AsyncIterator[World]:
    path.mkdir()
    async with stores(kind, path) as (archive, ledger):
        yield World(archive=archive, ledger=ledger, pki=pki, workers=workers)


def shaken(world: World, faults: Faults) -> World:
    """The same stores, through faults: the process that is about to fail."""
    return World(
        archive=FaultyArchive(world.archive, faults),
        ledger=FaultyLedger(world.ledger, faults),
        pki=world.pki,
        workers=world.workers,
    )


def says_no(call: str, road: str) -> bool:
    """Tells whether the call only finds out that a submission is new."""
    return call == "ledger.kept" and road in CALLS


async def assert_whole(world: World, answer: Any) -> None:
    """One entry, one set of deliveries, one evidence for each event, one leaf for each document signed."""
    (item,) = (await world.records.outbox(world.ministry.caller(), 0, 0)).items
    deliveries = await whole.deliveries(world.ledger, item.entry.dispatch_id)
    assert [one.recipient_id for one in deliveries] == [world.province.id, world.department.id]
    assert sum(item.counts.values()) == len(deliveries)
    for reader in (world.province, world.department):
        assert [one.entry for one in (await world.inbox.page(reader.caller(), 0, 0)).items] == [item.entry]
    events = await whole.history(world.ledger, item.entry.dispatch_id)
    evidence = await whole.evidence(world.ledger, item.entry.dispatch_id)
    statements = await whole.statements(world.ledger, item.entry.dispatch_id)
    assert [event.evidence_id for event in events] == [one.evidence_id for one in evidence]
    assert [event.statement_id for event in events if event.statement_id] == [
        one.statement_id for one in statements
    ]
    assert len({(event.kind, event.recipient_id, event.status_code) for event in events}) == len(events)
    leaves = await world.ledger.leaves(start=0, limit=100)
    signed = [one.content for one in evidence] + [one.content for one in statements]
    assert sorted(leaf.hash for leaf in leaves) == sorted(leaf_hash(content) for content in signed)
    assert set(answer.evidence) <= set(evidence)


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\0" + content).digest()


# A store call fails.


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
@pytest.mark.parametrize("road", ROADS)
async def test_any_store_call_may_fail_and_sending_again_is_right(
    road: str, when: When, kind: Kind, pki: Pki, workers: Executor, tmp_path: Path
) -> None:
    calls = CALLS.get(road, REPORT_CALLS)
    for number in range(len(calls)):
        async with fresh_world(kind, tmp_path / str(number), pki, workers) as world:
            act = await ROADS[road](world)
            faults = Faults(number, when)
            if says_no(calls[number], road) and when is When.AFTER:
                await act(
                    shaken(world, faults)
                )  # a call that says "not kept yet" has no effect to fail after
            else:
                with pytest.raises(Unavailable):
                    await act(shaken(world, faults))
                assert faults.calls == calls[: number + 1]
            answer = await act(world)
            await assert_whole(world, answer)
            assert await act(world) == answer


@pytest.mark.parametrize("road", ROADS)
async def test_the_table_names_every_store_call(road: str, world: World) -> None:
    act = await ROADS[road](world)
    faults = Faults()
    await act(shaken(world, faults))
    assert faults.calls == CALLS.get(road, REPORT_CALLS)


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
async def test_a_refusal_whose_keeping_failed_is_given_again_with_one_evidence(
    when: When, kind: Kind, pki: Pki, workers: Executor, tmp_path: Path
) -> None:
    async with fresh_world(kind, tmp_path / "stores", pki, workers) as world:
        package = world.sealed(world.ministry, document(to=["H90", "X1"]))
        with pytest.raises(Unavailable):
            await shaken(world, Faults(1, when)).intake.submit(world.ministry.caller(), package)
        given: list[Evidence | None] = []
        for _ in range(2):
            with pytest.raises(Declined) as declined:
                await world.intake.submit(world.ministry.caller(), package)
            assert declined.value.code == "UNKNOWN_RECIPIENT"
            given.append(declined.value.evidence)
        assert given[0] == given[1]
        assert given[0] is not None
        (leaf,) = await world.ledger.leaves(start=0, limit=10)
        assert leaf.hash == leaf_hash(given[0].content)


# The process dies.


@pytest.mark.parametrize("when", [When.HANG_BEFORE, When.HANG_AFTER])
@pytest.mark.parametrize("road", ROADS)
async def test_the_process_may_die_at_any_store_call(
    road: str, when: When, pki: Pki, workers: Executor, tmp_path: Path
) -> None:
    for number, call in enumerate(CALLS.get(road, REPORT_CALLS)):
        if says_no(call, road) and when is When.HANG_AFTER:
            continue
        async with fresh_world("memory", tmp_path / str(number), pki, workers) as world:
            act = await ROADS[road](world)
            faults = Faults(number, when)
            dying = asyncio.all_tasks()
            walking = asyncio.ensure_future(act(shaken(world, faults)))
            await faults.hanging.wait()
            died = asyncio.all_tasks() - dying
            for task in died:
                task.cancel()
            await asyncio.gather(*died, return_exceptions=True)
            assert walking.cancelled()
            answer = await act(world)
            await assert_whole(world, answer)
            assert await act(world) == answer


# The caller hangs up.


@pytest.mark.parametrize("road", ROADS)
async def test_the_caller_may_hang_up_at_any_await(road: str, pki: Pki, tmp_path: Path) -> None:
    turns = 0
    while True:
        async with fresh_world("memory", tmp_path / str(turns), pki, InPlace()) as world:
            act = await ROADS[road](world)
            faults = Faults()
            walked = shaken(world, faults)
            walking = asyncio.ensure_future(act(walked))
            for _ in range(turns):
                await asyncio.sleep(0)
            if walking.done():
                break
            walking.cancel()
            with suppress(asyncio.CancelledError):
                await walking
            await walked.owned.drain()
            begun = {"archive.put", "archive.size", "ledger.advance"} & set(faults.calls)
            finished = {"ledger.commit", "ledger.advance"} & set(faults.calls)
            assert bool(begun) == bool(finished), "what has begun to be kept is kept"
            answer = await act(world)
            await assert_whole(world, answer)
            assert await act(world) == answer
        turns += 1
    assert turns > 10


# The same, many times at once.


@pytest.mark.parametrize("road", ROADS)
async def test_of_the_same_thing_sent_many_times_at_once_all_get_the_same_bytes(
    road: str, kind: Kind, pki: Pki, workers: Executor, tmp_path: Path
) -> None:
    async with fresh_world(kind, tmp_path / "stores", pki, workers) as world:
        act = await ROADS[road](world)
        answers = await asyncio.gather(*(act(world) for _ in range(8)))
        assert all(answer == answers[0] for answer in answers)
        await assert_whole(world, answers[0])


# Shutdown.


async def test_draining_waits_for_what_was_begun_and_takes_nothing_more() -> None:
    owned = OwnedTasks()
    gate = asyncio.Event()
    ended: list[str] = []

    async def work(name: str) -> str:
        await gate.wait()
        ended.append(name)
        return name

    caller = asyncio.ensure_future(owned.run(work("begun")))
    await asyncio.sleep(0)
    caller.cancel()
    draining = asyncio.ensure_future(owned.drain())
    await asyncio.sleep(0)
    assert not draining.done()
    with pytest.raises(Declined) as declined:
        await owned.run(work("late"))
    assert declined.value.code == "SHUTTING_DOWN"
    gate.set()
    await draining
    assert ended == ["begun"]


async def test_work_that_fails_after_its_caller_left_is_told_to_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr("axis_server.limits.tasks.log.warning", lambda event, **facts: told.append(facts))
    owned = OwnedTasks()
    gate = asyncio.Event()

    async def failing() -> None:
        await gate.wait()
        raise Unavailable("disk")

    caller = asyncio.ensure_future(owned.run(failing()))
    await asyncio.sleep(0)
    caller.cancel()
    with suppress(asyncio.CancelledError):
        await caller
    gate.set()
    await owned.drain()
    await asyncio.sleep(0)
    assert told == [{"error": "Unavailable('disk')"}]
