"""The crash table of the life cycle: whatever store call fails while deliveries move, before or after its
effect, doing the same again leaves what would have been left without the failure.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from axis_server.lifecycle import TERMINAL
from edxml.model import Package, ResponseFor
from storage.errors import Unavailable
from storage.faults import Faults, When
from storage.ledger.records import Entry, Event
from tests.axis_server.conftest import Kind
from tests.axis_server.houses import Pki
from tests.axis_server.packages import replacement, revoke, status, update
from tests.axis_server.test_crash_table import fresh_world, leaf_hash, shaken
from tests.axis_server.world import World, joined
from tests.storage import whole

Act = Callable[[World], Awaitable[Any]]
WHY = "Ban hành nhầm số"


async def spoken(world: World, unsigned: Package) -> Entry:
    sealed = world.sealed(world.ministry, unsigned)
    return (await world.intake.submit(world.ministry.caller(), sealed)).entry


def taking_back(world: World, entry: Entry) -> bytes:
    about = ResponseFor(organ_id="H90", document_id=entry.document_id)
    return world.sealed(world.ministry, status(world.ministry, entry, "13", WHY, response_for=about))


async def first_fetch(world: World) -> Act:
    entry = await world.sent(world.province, world.department)

    async def act(world: World) -> bytes:
        return await joined(await world.inbox.fetch(world.province.caller(), entry.dispatch_id, 0))

    return act


async def take_back(world: World) -> Act:
    entry = await world.sent(world.province, world.department)
    statement = taking_back(world, entry)
    return lambda world: world.exchange.report(world.ministry.caller(), entry.dispatch_id, statement)


def answer_to_13(code: str) -> Callable[[World], Awaitable[Act]]:
    async def prepare(world: World) -> Act:
        entry = await world.sent(world.province)
        await world.report(world.province, entry, "01")
        await world.exchange.report(world.ministry.caller(), entry.dispatch_id, taking_back(world, entry))
        statement = world.statement(world.province, entry, code, WHY)
        return lambda world: world.exchange.report(world.province.caller(), entry.dispatch_id, statement)

    return prepare


def answer_to_package(unsigned: Callable[[], Package], code: str, *, names: str) -> Callable[..., Any]:
    async def prepare(world: World) -> Act:
        document = await world.sent(world.province)
        await world.inbox.fetch(world.province.caller(), document.dispatch_id, 0)
        package = await spoken(world, unsigned())
        if code == "03":
            await world.report(world.province, package, "01")
        named = package if names == "package" else document
        statement = world.statement(world.province, named, code, WHY)
        return lambda world: world.exchange.report(world.province.caller(), named.dispatch_id, statement)

    return prepare


async def ends_of_a_recall(world: World) -> Act:
    document = await world.sent(world.province)
    for code in ("01", "03"):
        await world.report(world.province, document, code)
    package = await spoken(world, revoke("H90"))
    world.now = (await world.ledger.delivery(package.dispatch_id, "H90")).handover_by

    async def act(world: World) -> None:
        await world.expiring.sweep()

    return act


ROADS: dict[str, Callable[[World], Awaitable[Act]]] = {
    "first fetch": first_fetch,
    "take back": take_back,
    "agreed to 13": answer_to_13("15"),
    "declined 13": answer_to_13("16"),
    "revoke agreed at the package": answer_to_package(lambda: revoke("H90"), "15", names="package"),
    "revoke agreed at the document": answer_to_package(lambda: revoke("H90"), "15", names="document"),
    "removal declined": answer_to_package(lambda: update("H90", removed=("H90",)), "16", names="document"),
    "replacement accepted": answer_to_package(lambda: replacement("H90"), "03", names="package"),
    "expiry of a recall": ends_of_a_recall,
}


async def left(world: World) -> list[object]:
    """All that stands in the ledger, but for names and bytes that are made anew each time."""
    seen: list[object] = []
    signed: list[bytes] = []
    outbox = await world.records.outbox(world.ministry.caller(), 0, 0)
    for item in outbox.items:
        name = item.entry.dispatch_id
        for one in await whole.deliveries(world.ledger, name):
            asked = one.question.kind if one.question else ""
            seen.append((item.entry.kind, one.recipient_id, one.state, one.version, asked, one.due))
        evidence = await whole.evidence(world.ledger, name)
        statements = await whole.statements(world.ledger, name)
        history = await whole.history(world.ledger, name)
        seen.append([_shape(event) for event in history])
        endings = [(one.recipient_id, name) for one in evidence if one.event in TERMINAL]
        assert len(endings) == len(set(endings))
        issued = {one.evidence_id for one in evidence}
        assert issued == {event.evidence_id for event in history if event.evidence_id}
        signed += [one.content for one in evidence]
        signed += [one.content for one in statements]
    leaves = await world.ledger.leaves(start=0, limit=1000)
    assert sorted(leaf.hash for leaf in leaves) == sorted(map(leaf_hash, signed))
    return seen


def _shape(event: Event) -> tuple[object, ...]:
    return (event.kind, event.recipient_id, event.actor_id, event.status_code, event.reason, event.sequence)


@pytest.mark.parametrize("road", ROADS)
async def test_any_store_call_may_fail_and_doing_it_again_leaves_the_same(
    road: str, kind: Kind, pki: Pki, workers: Executor, tmp_path: Path
) -> None:
    async with fresh_world(kind, tmp_path / "undisturbed", pki, workers) as world:
        act = await ROADS[road](world)
        faults = Faults()
        await act(within(world, faults))
        wanted, calls = await left(world), list(faults.calls)
    assert "ledger.advance" in calls
    for number, call in enumerate(calls):
        for when in (When.BEFORE, When.AFTER):
            if when is When.AFTER and call != "ledger.advance" and kind != "memory":
                continue  # what only reads has no effect to fail after
            async with fresh_world(kind, tmp_path / f"{number} {when}", pki, workers) as world:
                act = await ROADS[road](world)
                with pytest.raises(Unavailable):
                    await act(within(world, Faults(number, when)))
                answer = await act(world)
                assert await left(world) == wanted, (call, when)
                assert await act(world) == answer
                assert await left(world) == wanted


def within(world: World, faults: Faults) -> World:
    """The same stores and time, through faults: the process that is about to fail."""
    failing = shaken(world, faults)
    failing.now = world.now
    return failing
