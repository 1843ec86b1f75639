"""The deadline engine: every delivery that nobody takes up ends once, whatever fails and however many nodes
look."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from axis_server.addressing.directory import DirectoryView
from axis_server.delivering.expiring import BATCH, PATIENCE, Expiring
from axis_server.lifecycle import TERMINAL
from storage.archive.memory import MemoryArchive
from storage.errors import Unavailable
from storage.faults import Faults, FaultyLedger, When
from storage.ledger.memory import MemoryLedger
from storage.ledger.records import Entry
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.houses import Pki, receiving
from tests.axis_server.packages import document
from tests.axis_server.process import ENVIRONMENT, ROOT
from tests.axis_server.process import PATIENCE as PROCESS_SECONDS
from tests.axis_server.world import World
from tests.storage import whole


async def ended(world: World, entry: Entry) -> Counter[tuple[str, str]]:
    """How many endings of which kind each recipient has."""
    found = await whole.evidence(world.ledger, entry.dispatch_id)
    return Counter((one.recipient_id, one.event) for one in found if one.event in TERMINAL)


async def sent_to_many(world: World, count: int) -> Entry:
    names = [f"L{number}" for number in range(count)]
    world.view = DirectoryView.of([*(one.agency for one in world.houses), *map(receiving, names)])
    return await world.sent(*(replace(world.province, agency=receiving(name)) for name in names))


def metric(world: World, name: str, **labels: str) -> float:
    return world.metrics.registry.get_sample_value(name, labels) or 0.0


# In turn, sender by sender.


async def test_one_senders_thousands_do_not_delay_the_ending_of_anothers(world: World) -> None:
    many = await sent_to_many(world, 3 * BATCH)
    world.now += timedelta(hours=1)
    package = world.sealed(world.province, document(to=["G90"], sender="H90"))
    one = (await world.intake.submit(world.province.caller(), package)).entry
    world.now += timedelta(days=30)
    assert await world.expiring.sweep()
    assert len(await ended(world, one)) == 1
    assert (await ended(world, many)).total() == BATCH - 1


# What ends, and when.


@pytest.mark.parametrize("fetched", [False, True])
async def test_what_nobody_proves_to_hold_ends_at_its_hand_over_deadline(world: World, fetched: bool) -> None:
    entry = await world.sent(world.province, world.department)
    if fetched:
        await world.inbox.fetch(world.province.caller(), entry.dispatch_id, 0)
    await world.report(world.department, entry, "02", "Không đúng thẩm quyền")
    deadline = (await world.ledger.delivery(entry.dispatch_id, "H90")).handover_by
    world.now = deadline - timedelta(microseconds=1)
    await world.expiring.sweep()
    assert ("H90", "ContentHandoverFailure") not in await ended(world, entry)
    world.now = deadline
    await world.expiring.sweep()
    assert await ended(world, entry) == {
        ("H90", "ContentHandoverFailure"): 1,
        ("H91.01", "ConsignmentRejection"): 1,
    }
    delivery = await world.ledger.delivery(entry.dispatch_id, "H90")
    assert (delivery.state, delivery.reason, delivery.due) == ("expired", "NOT_HANDED_OVER_IN_TIME", None)
    evidence = (await whole.evidence(world.ledger, entry.dispatch_id))[-1]
    said = world.said(evidence)
    assert [(one.code, one.details) for one in said.reasons] == [
        ("NOT_HANDED_OVER_IN_TIME", deadline.isoformat())
    ]
    event = (await whole.history(world.ledger, entry.dispatch_id))[-1]
    assert (event.kind, event.recipient_id, event.actor_id) == ("ContentHandoverFailure", "H90", "")
    assert event.evidence_id == evidence.evidence_id


async def test_each_ending_is_counted_by_its_kind_and_told_in_the_log_by_ids_alone(world: World) -> None:
    entry = await world.sent(world.province, world.department)
    await world.report(world.department, entry, "01")
    world.now = (await world.ledger.delivery(entry.dispatch_id, "H91.01")).answer_by
    with capture_logs() as logs:
        await world.expiring.sweep()
        await world.expiring.sweep()
    told = [line for line in logs if line["event"] == "deadlines.passed"]
    assert sorted((one["kind"], one["recipient_id"], one["state"]) for one in told) == [
        ("answer", "H91.01", "handed_over"),
        ("handover", "H90", "consigned"),
    ]
    names = {"event", "log_level", "kind", "dispatch_id", "recipient_id", "state"}
    assert {frozenset(one) for one in told} == {frozenset(names)}
    for kind in ("answer", "handover"):
        assert metric(world, "axis_deadlines_passed_total", kind=kind) == 1


async def test_what_nobody_answers_ends_at_its_answer_deadline(world: World) -> None:
    entry = await world.sent(world.province)
    await world.report(world.province, entry, "01")
    delivery = await world.ledger.delivery(entry.dispatch_id, "H90")
    world.now = delivery.handover_by
    assert not await world.expiring.sweep()
    assert await ended(world, entry) == {}
    world.now = delivery.answer_by
    await world.expiring.sweep()
    assert await ended(world, entry) == {("H90", "AcceptanceRejectionExpiry"): 1}
    assert metric(world, "axis_deadlines_passed_total", kind="answer") == 1


async def test_what_was_answered_never_expires(world: World) -> None:
    entry = await world.sent(world.province)
    for code in ("01", "03"):
        await world.report(world.province, entry, code)
    world.now += timedelta(days=3650)
    await world.expiring.sweep()
    assert await ended(world, entry) == {("H90", "ConsignmentAcceptance"): 1}


async def test_sender_and_recipient_who_watch_are_told(world: World) -> None:
    await world.sent(world.province)
    world.now += timedelta(days=30)
    async with world.changes.subscribe("G90") as sender, world.changes.subscribe("H90") as recipient:
        await world.expiring.sweep()
        assert await sender.wait(0.01)
        assert await recipient.wait(0.01)


async def test_what_expired_can_still_be_read_and_not_answered(world: World) -> None:
    entry = await world.sent(world.province)
    world.now += timedelta(days=30)
    await world.expiring.sweep()
    await world.inbox.fetch(world.province.caller(), entry.dispatch_id, 0)
    assert (await world.ledger.delivery(entry.dispatch_id, "H90")).state == "expired"


# Many, and failures.


async def test_many_end_in_bounded_batches_and_the_oldest_overdue_is_shown(world: World) -> None:
    entry = await sent_to_many(world, BATCH + 5)
    deadline = (await world.ledger.delivery(entry.dispatch_id, "L0")).handover_by
    world.now = deadline + timedelta(minutes=10)
    assert await world.expiring.sweep()
    assert (await ended(world, entry)).total() == BATCH
    assert metric(world, "axis_deadlines_overdue_seconds") == 600
    assert not await world.expiring.sweep()
    assert set((await ended(world, entry)).values()) == {1}
    assert (await ended(world, entry)).total() == BATCH + 5
    assert not await world.expiring.sweep()
    assert metric(world, "axis_deadlines_overdue_seconds") == 0
    assert metric(world, "axis_deadlines_passed_total", kind="handover") == BATCH + 5


class OneBrokenLedger:
    """A ledger in which one delivery cannot be moved."""

    def __init__(self, ledger: object, broken: str) -> None:
        self._ledger = ledger
        self._broken = broken

    def __getattr__(self, verb: str) -> object:
        return getattr(self._ledger, verb)

    async def advance(self, moves: tuple[object, ...]) -> object:
        if any(move.recipient_id == self._broken for move in moves):  # type: ignore[attr-defined]
            raise ValueError("it cannot be written")
        return await self._ledger.advance(moves)  # type: ignore[attr-defined]


async def test_one_that_fails_hinders_no_other_and_is_tried_again(world: World) -> None:
    entry = await sent_to_many(world, BATCH + 1)
    world.now += timedelta(days=30)
    sound = world.ledger
    world.ledger = OneBrokenLedger(sound, "L0")  # type: ignore[assignment]
    expiring = world.expiring
    with capture_logs() as logged:
        while await expiring.sweep():
            pass
        assert not await expiring.sweep()
    failed = [line for line in logged if line["event"] != "deadlines.passed"]
    assert [(line["event"], line["recipient_id"]) for line in failed] == [("deadlines.failed", "L0")]
    assert metric(world, "axis_deadlines_failed_total") == 1
    assert (await ended(world, entry)).total() == BATCH
    world.now += PATIENCE
    with capture_logs() as logged:
        await expiring.sweep()
    assert [line["event"] for line in logged] == ["deadlines.failed"]
    world.ledger = sound
    await world.expiring.sweep()
    assert (await ended(world, entry)).total() == BATCH + 1


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
@pytest.mark.parametrize("call", range(3))
async def test_a_store_that_fails_at_any_call_leaves_it_due_or_ended_once(
    world: World, call: int, when: When
) -> None:
    entry = await world.sent(world.province)
    world.now += timedelta(days=30)
    sound, faults = world.ledger, Faults(call, when)
    world.ledger = FaultyLedger(sound, faults)
    with pytest.raises(Unavailable):
        await world.expiring.sweep()
    assert faults.calls == ["ledger.due", "ledger.entry", "ledger.advance"][: call + 1]
    world.ledger = sound
    await world.expiring.sweep()
    assert await ended(world, entry) == {("H90", "ContentHandoverFailure"): 1}


async def test_following_goes_on_after_trouble(world: World) -> None:
    entry = await world.sent(world.province)
    world.now += timedelta(days=30)
    sound = world.ledger
    world.ledger = FaultyLedger(sound, Faults(0, When.BEFORE))
    expiring, world.ledger = world.expiring, sound
    with capture_logs() as logged:
        following = asyncio.ensure_future(expiring.follow(0.001))
        async with asyncio.timeout(20):
            while not await ended(world, entry):
                await asyncio.sleep(0.001)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert logged[0]["event"] == "deadlines.unavailable"  # once; how it went on is told later
    assert [line["event"] for line in logged[1:]] in ([], ["deadlines.passed"])


# Several nodes.


async def test_two_engines_over_one_ledger_end_each_delivery_once(world: World) -> None:
    entry = await sent_to_many(world, 100)
    world.now += timedelta(days=30)
    nodes = [world.expiring, world.expiring]

    async def work(node: Expiring) -> None:
        while await node.sweep():
            pass

    await asyncio.gather(*map(work, nodes))
    assert set((await ended(world, entry)).values()) == {1}
    assert (await ended(world, entry)).total() == 100
    assert metric(world, "axis_deadlines_passed_total", kind="handover") == 100


async def test_an_answer_and_the_deadline_at_once_leave_one_ending(world: World) -> None:
    entry = await world.sent(world.province)
    await world.report(world.province, entry, "01")
    statement = world.statement(world.province, entry, "03")
    delivery = await world.ledger.delivery(entry.dispatch_id, "H90")
    ahead = replace_clock(world, delivery.answer_by)
    await asyncio.gather(
        world.exchange.report(world.province.caller(), entry.dispatch_id, statement),
        ahead.sweep(),
        return_exceptions=True,
    )
    assert (await ended(world, entry)).total() == 1


def replace_clock(world: World, now: datetime) -> Expiring:
    """An engine on a node whose clock is ahead."""
    return Expiring(ledger=world.ledger, mover=world._mover, clock=lambda: now, metrics=world.metrics)


async def child(world: World, path: Path, ledger: Path) -> asyncio.subprocess.Process:
    key, certificate = path / "key.pem", path / "certificate.pem"
    key.write_bytes(world.pki.axis.key_pem())
    certificate.write_bytes(world.pki.axis.certificate_pem)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.axis_server.expiring_child"),
        *(str(ledger), str(key), str(certificate), world.now.isoformat()),
        stdout=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
        cwd=ROOT,
    )


async def test_processes_over_one_file_end_each_delivery_once_though_one_is_killed(
    pki: Pki, workers: Executor, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.sqlite3"
    ledger = await SqliteLedger.open(path)
    world = World(archive=MemoryArchive(), ledger=ledger, pki=pki, workers=workers)
    entry = await sent_to_many(world, 300)
    world.now += timedelta(days=30)
    nodes = [await child(world, tmp_path, path) for _ in range(3)]
    async with asyncio.timeout(PROCESS_SECONDS):
        for node in nodes:
            assert node.stdout is not None
            assert await node.stdout.readline() == b"begins\n"
        while not await ended(world, entry):
            await asyncio.sleep(0.01)
        nodes[0].kill()
        for node in nodes:
            await node.wait()
        reported = [int((await node.stdout.read()).decode() or 0) for node in nodes[1:] if node.stdout]
    assert [node.returncode for node in nodes[1:]] == [0, 0]
    endings = await ended(world, entry)
    assert len(endings) == endings.total() == 300
    assert sum(reported) <= 300
    for event in await whole.history(world.ledger, entry.dispatch_id):
        assert event.kind in ("SubmissionAcceptance", "ContentConsignment", "ContentHandoverFailure")
    await ledger.aclose()


async def test_a_restart_finds_what_fell_due_meanwhile(pki: Pki, workers: Executor, tmp_path: Path) -> None:
    ledger = await SqliteLedger.open(tmp_path / "ledger.sqlite3")
    world = World(archive=MemoryArchive(), ledger=ledger, pki=pki, workers=workers)
    entry = await world.sent(world.province)
    await ledger.aclose()
    world.ledger = again = await SqliteLedger.open(tmp_path / "ledger.sqlite3")
    world.now += timedelta(days=30)
    await world.expiring.sweep()
    assert await ended(world, entry) == {("H90", "ContentHandoverFailure"): 1}
    await again.aclose()


async def test_nothing_is_due_in_an_empty_ledger(pki: Pki, workers: Executor) -> None:
    world = World(archive=MemoryArchive(), ledger=MemoryLedger(), pki=pki, workers=workers)
    assert not await world.expiring.sweep()
