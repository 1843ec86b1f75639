"""The first fetch: noted before a byte leaves, once, and not at all for what is asked back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from axis_server.addressing.directory import DirectoryView
from axis_server.errors import Declined
from edxml.model import Package, ResponseFor
from storage.errors import Unavailable
from storage.faults import Faults, FaultyArchive, FaultyLedger, When
from storage.ledger.records import Delivery, Entry
from storage.ledger.registry import Agency
from tests.axis_server.houses import House
from tests.axis_server.packages import revoke, status, update
from tests.axis_server.world import World, joined
from tests.storage import whole


async def fetch(world: World, by: House, entry: Entry, number: int = 0, role: str = "system") -> bytes:
    return await joined(await world.inbox.fetch(by.caller(role), entry.dispatch_id, number))


async def asked_back(world: World, entry: Entry, recipient: str = "H90") -> None:
    about = ResponseFor(organ_id=recipient, document_id=entry.document_id)
    unsigned = status(world.ministry, entry, "13", "Ban hành nhầm", response_for=about)
    statement = world.sealed(world.ministry, unsigned)
    await world.exchange.report(world.ministry.caller(), entry.dispatch_id, statement)


async def standing(world: World, entry: Entry, recipient: str = "H90") -> Delivery:
    return await world.ledger.delivery(entry.dispatch_id, recipient)


async def tracked(world: World, entry: Entry) -> list[str]:
    """Of which recipients the axis attested that they fetched."""
    found = await whole.evidence(world.ledger, entry.dispatch_id)
    return [one.recipient_id for one in found if one.event == "ContentAccessTracking"]


@pytest.mark.parametrize("role", ["system", "clerk", "archivist"])
async def test_the_first_fetch_is_attested_once(world: World, role: str) -> None:
    entry = await world.sent(world.province, world.department)
    world.now += timedelta(minutes=1)
    for number in (1, 0, 1):
        await fetch(world, world.province, entry, number, role)
    delivery = await standing(world, entry)
    assert (delivery.state, delivery.version, delivery.updated_at) == ("fetched", 2, world.now)
    assert delivery.due == delivery.handover_by
    assert await tracked(world, entry) == ["H90"]
    event = (await whole.history(world.ledger, entry.dispatch_id))[-1]
    assert (event.kind, event.actor_id, event.at) == ("ContentAccessTracking", "H90", world.now)
    said = world.said((await whole.evidence(world.ledger, entry.dispatch_id))[-1])
    assert (said.event, said.recipients[0].agency_id) == ("ContentAccessTracking", "H90")
    assert (await standing(world, entry, "H91.01")).state == "consigned"


async def test_many_first_fetches_at_once_are_one(world: World) -> None:
    entry = await world.sent(world.province)
    await asyncio.gather(*(fetch(world, world.province, entry, number % 2) for number in range(8)))
    assert await tracked(world, entry) == ["H90"]


async def test_the_sender_looks_at_its_own_letter_and_fetches_nothing(world: World) -> None:
    entry = await world.sent(world.province)
    await fetch(world, world.ministry, entry)
    assert (await standing(world, entry)).state == "consigned"
    assert await tracked(world, entry) == []


async def test_the_note_is_kept_before_the_first_byte_is_read(world: World) -> None:
    entry = await world.sent(world.province)
    faults = Faults()
    archive = FaultyArchive(world.archive, faults)
    ledger = FaultyLedger(world.ledger, faults)
    shaken = World(archive=archive, ledger=ledger, pki=world.pki, workers=world.workers)
    await fetch(shaken, world.province, entry)
    assert faults.calls.index("ledger.advance") < faults.calls.index("archive.get")


async def test_a_note_that_cannot_be_kept_keeps_the_bytes_back_and_the_next_fetch_is_right(
    world: World,
) -> None:
    entry = await world.sent(world.province)
    other = await world.sent(world.province, document_id="G90,2026/03/03,2/BM")
    sound, faults = world.ledger, Faults()
    world.ledger = FaultyLedger(sound, faults)
    await fetch(world, world.province, other)
    number = faults.calls.index("ledger.advance")
    for when in (When.BEFORE, When.AFTER):
        world.ledger = FaultyLedger(sound, Faults(number, when))
        with pytest.raises(Unavailable):
            await fetch(world, world.province, entry)
    world.ledger = sound
    await fetch(world, world.province, entry)
    assert await tracked(world, entry) == ["H90"]


async def test_what_is_asked_back_unfetched_is_withheld_until_it_is_answered(world: World) -> None:
    entry = await world.sent(world.province)
    await asked_back(world, entry)
    with pytest.raises(Declined) as declined:
        await fetch(world, world.province, entry)
    assert declined.value.code == "WITHHELD"
    assert await tracked(world, entry) == []
    assert await fetch(world, world.ministry, entry), "the sender's copy is its own"
    await world.report(world.province, entry, "16", "Đã phổ biến")
    await fetch(world, world.province, entry)
    assert (await standing(world, entry)).state == "fetched"


async def test_what_was_fetched_before_it_was_asked_back_can_still_be_read(world: World) -> None:
    entry = await world.sent(world.province)
    await fetch(world, world.province, entry)
    await asked_back(world, entry)
    await fetch(world, world.province, entry, 1)


async def test_what_was_taken_back_is_withheld_for_good(world: World) -> None:
    entry = await world.sent(world.province)
    await fetch(world, world.province, entry)
    await asked_back(world, entry)
    await world.report(world.province, entry, "15")
    with pytest.raises(Declined) as declined:
        await fetch(world, world.province, entry)
    assert declined.value.code == "WITHHELD"
    assert await fetch(world, world.ministry, entry), "the archive keeps the original"


async def test_what_is_fetched_after_its_deadline_expires_and_is_read(world: World) -> None:
    entry = await world.sent(world.province)
    world.now = (await standing(world, entry)).handover_by
    assert await fetch(world, world.province, entry)
    assert (await standing(world, entry)).state == "expired"
    assert await tracked(world, entry) == ["H90"]


async def test_what_was_refused_unread_is_read_later_and_that_is_attested_once(world: World) -> None:
    entry = await world.sent(world.province)
    await world.report(world.province, entry, "02", "Không đúng thẩm quyền")
    refused = await standing(world, entry)
    await asyncio.gather(*(fetch(world, world.province, entry, number % 2) for number in range(8)))
    await fetch(world, world.province, entry)
    assert await tracked(world, entry) == ["H90"]
    assert await standing(world, entry) == replace(refused, version=refused.version + 1)
    history = await whole.history(world.ledger, entry.dispatch_id)
    assert (history[-1].kind, history[-1].reason) == ("ContentAccessTracking", "")


async def test_what_was_fetched_before_it_ended_is_attested_no_second_time(world: World) -> None:
    entry = await world.sent(world.province)
    await fetch(world, world.province, entry)
    await world.report(world.province, entry, "02", "Không đúng thẩm quyền")
    refused = await standing(world, entry)
    await fetch(world, world.province, entry)
    assert await tracked(world, entry) == ["H90"]
    assert await standing(world, entry) == refused


@pytest.mark.parametrize("package", [revoke("H90"), update("H91.01", "H90", removed=("H90",)), update("H90")])
@pytest.mark.parametrize("after", [(), ("04",), ("06",)])
async def test_a_request_that_was_consented_to_unread_is_read_later_and_that_is_attested_once(
    world: World, package: Package, after: tuple[str, ...]
) -> None:
    await world.sent(world.province, world.department)
    sealed = world.sealed(world.ministry, package)
    entry = (await world.intake.submit(world.ministry.caller(), sealed)).entry
    for code in ("15", *after):
        await world.report(world.province, entry, code)
    stood = await standing(world, entry)
    assert await tracked(world, entry) == []
    await asyncio.gather(*(fetch(world, world.province, entry) for _ in range(4)))
    await fetch(world, world.province, entry)
    assert await tracked(world, entry) == ["H90"]
    assert await standing(world, entry) == replace(stood, version=stood.version + 1)


async def test_a_request_that_was_fetched_before_the_consent_is_attested_no_second_time(
    world: World,
) -> None:
    await world.sent(world.province)
    sealed = world.sealed(world.ministry, revoke("H90"))
    entry = (await world.intake.submit(world.ministry.caller(), sealed)).entry
    await fetch(world, world.province, entry)
    await world.report(world.province, entry, "15")
    stood = await standing(world, entry)
    await fetch(world, world.province, entry)
    assert await tracked(world, entry) == ["H90"]
    assert await standing(world, entry) == stood


@pytest.mark.parametrize("swept", [True, False])
async def test_what_expired_unfetched_while_it_was_asked_back_is_read(world: World, swept: bool) -> None:
    entry = await world.sent(world.province)
    world.now = (await standing(world, entry)).handover_by - timedelta(minutes=5)
    await asked_back(world, entry)
    world.now += timedelta(minutes=5)
    if swept:
        await world.expiring.sweep()
    await fetch(world, world.province, entry)
    assert (await standing(world, entry)).state == "expired"
    assert await tracked(world, entry) == ["H90"]


async def test_one_fetch_of_a_mailbox_is_noted_for_each_of_its_units_that_may_have_it(world: World) -> None:
    units = [Agency(agency_id=f"H90.{number:02}", name="", parent_id="H90") for number in range(70)]
    world.view = DirectoryView.of([*(one.agency for one in world.houses), *units])
    entry = await world.sent(
        *(replace(world.province, agency=unit) for unit in units), world.province, world.department
    )
    await asked_back(world, entry, "H90.03")
    await fetch(world, world.province, entry)
    others = {unit.agency_id for unit in units} - {"H90.03"}
    assert set(await tracked(world, entry)) == {*others, "H90"}
    assert (await standing(world, entry, "H90.03")).state == "consigned"
    assert (await standing(world, entry, "H91.01")).state == "consigned"
    events = [one for one in await whole.history(world.ledger, entry.dispatch_id) if one.recipient_id]
    of_unit = next(one for one in events if one.recipient_id == "H90.05")
    assert (of_unit.actor_id, of_unit.delegate_id) == ("H90.05", "H90")
    version = (await standing(world, entry, "H90.05")).version
    await fetch(world, world.province, entry, 1)
    assert (await standing(world, entry, "H90.05")).version == version
