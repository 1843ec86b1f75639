"""Receiving: pages, a live watch, and every byte of every part, for those it is meant for."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from axis_server.caller import Caller
from axis_server.documents.inline import InlineParts
from axis_server.documents.judgement import digest
from axis_server.errors import Declined
from storage.archive.base import CHUNK_BYTES
from storage.archive.memory import MemoryArchive
from storage.errors import Corrupt
from storage.faults import Faults, FaultyArchive
from storage.ledger.records import Entry
from tests.axis_server.houses import House
from tests.axis_server.packages import PDF, detached, document, inline
from tests.axis_server.world import LIMITS, World, joined

LARGE = b"large attachment " * 100_000


async def fetched(world: World, by: House, entry: Entry, number: int, offset: int = 0) -> bytes:
    return await joined(await world.inbox.fetch(by.caller(), entry.dispatch_id, number, offset))


async def fetch_declined(
    world: World, caller: Caller, dispatch_id: str, number: int = 0, offset: int = 0
) -> Declined:
    with pytest.raises(Declined) as declined:
        await world.inbox.fetch(caller, dispatch_id, number, offset)
    return declined.value


async def sent_with_all_kinds_of_parts(world: World) -> Entry:
    sha256 = await world.uploaded(world.ministry, LARGE)
    unsigned = document(
        attachments=(inline("209", "a.pdf"), detached("210", "b.bin"), inline("211", "c.txt", b""))
    )
    package = world.sealed(world.ministry, unsigned, {"210": sha256})
    return (await world.intake.submit(world.ministry.caller(), package)).entry


# The list.


async def test_pages_follow_the_order_of_commit(world: World) -> None:
    entries = [await world.sent(world.province, document_id=f"d{n}") for n in range(5)]
    seen: list[str] = []
    after, more = 0, True
    while more:
        page = await world.inbox.page(world.province.caller(), after, 2)
        seen += [item.entry.dispatch_id for item in page.items]
        after, more = page.next, page.more
    assert seen == [entry.dispatch_id for entry in entries]
    nothing = await world.inbox.page(world.province.caller(), after, 2)
    assert (nothing.items, nothing.next, nothing.more) == ((), after, False)


async def test_a_page_that_is_just_full_is_the_last(world: World) -> None:
    for n in range(2):
        await world.sent(world.province, document_id=f"d{n}")
    assert not (await world.inbox.page(world.province.caller(), 0, 2)).more


async def test_an_inbox_holds_its_own_deliveries_alone(world: World) -> None:
    entry = await world.sent(world.province, world.department)
    for reader in (world.province, world.department):
        (item,) = (await world.inbox.page(reader.caller(), 0, 0)).items
        assert (item.delivery.recipient_id, item.entry) == (reader.id, entry)
    for other in (world.ministry, world.stranger):
        assert (await world.inbox.page(other.caller(), 0, 0)).items == ()


async def test_a_page_can_ask_for_states(world: World) -> None:
    first, second = [await world.sent(world.province, document_id=f"d{n}") for n in range(2)]
    await world.report(world.province, first, "01")
    caller = world.province.caller()
    waiting = await world.inbox.page(caller, 0, 0, ["consigned"])
    assert [item.entry for item in waiting.items] == [second]
    assert len((await world.inbox.page(caller, 0, 0, ["consigned", "handed_over"])).items) == 2


@pytest.mark.parametrize(("after", "limit", "states"), [(0, -1, []), (0, 1, ["lost"])])
async def test_a_page_asked_for_wrongly_is_refused(
    world: World, after: int, limit: int, states: list[str]
) -> None:
    with pytest.raises(Declined) as declined:
        await world.inbox.page(world.province.caller(), after, limit, states)
    assert declined.value.code == "INVALID_ARGUMENT"


async def test_an_archivist_reads_and_an_operator_does_not(world: World) -> None:
    entry = await world.sent(world.province)
    assert len((await world.inbox.page(world.province.caller("archivist"), 0, 0)).items) == 1
    with pytest.raises(Declined) as declined:
        await world.inbox.page(world.province.caller("operator"), 0, 0)
    assert declined.value.code == "ROLE_FORBIDDEN"
    operator = world.province.caller("operator")
    assert (await fetch_declined(world, operator, entry.dispatch_id)).code == "ROLE_FORBIDDEN"


async def test_a_suspended_agency_reads_nothing(world: World) -> None:
    entry = await world.sent(world.province)
    caller = world.suspend(world.province).caller()
    with pytest.raises(Declined) as declined:
        await world.inbox.page(caller, 0, 0)
    assert declined.value.code == "AGENCY_SUSPENDED"
    assert (await fetch_declined(world, caller, entry.dispatch_id)).code == "AGENCY_SUSPENDED"


# The watch.


async def test_a_watch_tells_what_waited_and_then_what_comes(world: World) -> None:
    first = await world.sent(world.province, document_id="d1")
    watch = world.inbox.watch(world.province.caller(), 0)
    assert (await anext(watch)).entry == first
    coming = asyncio.ensure_future(anext(watch))
    await asyncio.sleep(0)
    second = await world.sent(world.province, document_id="d2")
    assert (await asyncio.wait_for(coming, 5)).entry == second
    await watch.aclose()


async def test_a_watch_goes_on_from_a_cursor(world: World) -> None:
    entries = [await world.sent(world.province, document_id=f"d{n}") for n in range(150)]
    page = await world.inbox.page(world.province.caller(), 0, 3)
    watch = world.inbox.watch(world.province.caller(), page.next)
    assert [(await anext(watch)).entry for _ in range(147)] == entries[3:]
    await watch.aclose()


async def test_a_lost_hint_costs_only_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("axis_server.delivering.inbox.POLL_SECONDS", 0.01)
    watch = world.inbox.watch(world.province.caller(), 0)
    coming = asyncio.ensure_future(anext(watch))
    await asyncio.sleep(0)
    deaf = replace_changes(world)
    entry = await deaf.sent(world.province)
    assert (await asyncio.wait_for(coming, 5)).entry == entry
    await watch.aclose()


def replace_changes(world: World) -> World:
    """The same stores seen from another process, whose notices do not reach this one."""
    return World(archive=world.archive, ledger=world.ledger, pki=world.pki, workers=world.workers)


async def test_a_watcher_that_leaves_is_forgotten(world: World) -> None:
    await world.sent(world.province)
    watch = world.inbox.watch(world.province.caller(), 0)
    await anext(watch)
    assert world.changes._hints
    await watch.aclose()
    assert not world.changes._hints


async def test_notices_to_a_slow_watcher_do_not_pile_up(world: World) -> None:
    async with world.changes.subscribe("H90") as hint:
        for _ in range(1000):
            world.changes.notify(["H90"])
        assert await hint.wait(0.01)
        assert not await hint.wait(0.01)


async def test_a_watch_ends_when_its_agency_is_suspended(world: World) -> None:
    watch = world.inbox.watch(world.province.caller(), 0)
    coming = asyncio.ensure_future(anext(watch))
    await asyncio.sleep(0)
    world.suspend(world.province)
    world.changes.notify(["H90"])
    with pytest.raises(Declined) as declined:
        await asyncio.wait_for(coming, 5)
    assert declined.value.code == "AGENCY_SUSPENDED"


async def test_a_watch_ends_when_its_certificate_is_taken_from_the_directory(world: World) -> None:
    await world.sent(world.province)
    watch = world.inbox.watch(world.province.caller("clerk"), 0)
    await anext(watch)
    system = tuple(one for one in world.province.agency.certificates if one.role == "system")
    world.register(replace(world.province, agency=replace(world.province.agency, certificates=system)))
    world.changes.notify(["H90"])
    with pytest.raises(Declined) as declined:
        await asyncio.wait_for(anext(watch), 5)
    assert declined.value.code == "STRANGER"


async def test_an_operator_cannot_watch(world: World) -> None:
    with pytest.raises(Declined):
        await anext(world.inbox.watch(world.province.caller("operator"), 0))


# The bytes.


async def test_recipient_and_sender_get_every_part_byte_for_byte(world: World) -> None:
    entry = await sent_with_all_kinds_of_parts(world)
    for reader in (world.province, world.ministry):
        parts = [await fetched(world, reader, entry, part.number) for part in entry.parts]
        assert [digest(content) for content in parts] == [part.sha256 for part in entry.parts]
        assert parts[1:] == [PDF, LARGE, b""]


@pytest.mark.parametrize("number", [0, 1, 2])
async def test_a_part_can_be_fetched_from_any_offset(world: World, number: int) -> None:
    entry = await sent_with_all_kinds_of_parts(world)
    whole = await fetched(world, world.province, entry, number)
    for offset in (1, len(whole) // 2, len(whole) - 1, len(whole)):
        assert await fetched(world, world.province, entry, number, offset) == whole[offset:]
    past = await fetch_declined(world, world.province.caller(), entry.dispatch_id, number, len(whole) + 1)
    assert (past.code, past.facts["offset"]) == ("OFFSET_MISMATCH", str(len(whole)))


async def test_a_large_inline_part_comes_in_bounded_chunks(world: World) -> None:
    content = bytes(CHUNK_BYTES + 1)
    unsigned = document(attachments=(inline("1", "a.bin", content),))
    intake = world.intake_within(replace(LIMITS, package_bytes=8 << 20))
    kept = await intake.submit(world.ministry.caller(), world.sealed(world.ministry, unsigned))
    stream = await world.inbox.fetch(world.province.caller(), kept.entry.dispatch_id, 1, 0)
    assert [len(chunk) async for chunk in stream] == [CHUNK_BYTES, 1]


@pytest.mark.parametrize("number", [-1, 4, 10**9])
async def test_there_is_no_other_part(world: World, number: int) -> None:
    entry = await sent_with_all_kinds_of_parts(world)
    declined = await fetch_declined(world, world.province.caller(), entry.dispatch_id, number)
    assert declined.code == "NOT_FOUND"


async def test_anothers_dispatch_and_none_at_all_look_the_same(world: World) -> None:
    entry = await world.sent(world.province)
    for reader in (world.stranger, world.department):
        foreign = await fetch_declined(world, reader.caller(), entry.dispatch_id)
        absent = await fetch_declined(world, reader.caller(), "a" * 26)
        assert (foreign.code, foreign.detail, foreign.facts) == (absent.code, absent.detail, absent.facts)
        assert foreign.code == "NOT_FOUND"


async def test_a_fetch_ends_when_its_agency_is_suspended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("axis_server.delivering.inbox.ADMITTED_BYTES", CHUNK_BYTES)
    entry = await sent_with_all_kinds_of_parts(world)
    taking = await world.inbox.fetch(world.province.caller(), entry.dispatch_id, 2)
    first = await anext(taking)
    assert len(first) < len(LARGE)
    world.suspend(world.province)
    with pytest.raises(Declined, match="AGENCY_SUSPENDED"):
        await joined(taking)


async def test_damaged_bytes_are_an_alarm_and_never_complete(world: World) -> None:
    entry = await sent_with_all_kinds_of_parts(world)
    assert isinstance(world.archive, MemoryArchive)
    for sha256, content in world.archive.blobs.items():
        world.archive.blobs[sha256] = content[:-1] + b"?"
    for number in (0, 1, 2):
        received = b""
        with pytest.raises(Corrupt):
            async for chunk in await world.inbox.fetch(world.province.caller(), entry.dispatch_id, number, 0):
                received += chunk
        assert len(received) < entry.parts[number].size


async def test_an_inline_part_that_decodes_to_other_bytes_than_were_accepted_is_an_alarm(
    world: World,
) -> None:
    entry = await world.sent(world.province)
    original, part = entry.parts
    inline_parts = InlineParts(archive=world.archive, workers=world.workers)
    with pytest.raises(Corrupt):
        await inline_parts.content(original, replace(part, sha256=digest(b"other")), "H90")
    assert await inline_parts.content(original, part, "H90") == PDF


async def test_one_decoding_serves_all_parts_of_a_package_and_all_who_fetch_them(world: World) -> None:
    contents = [bytes([number]) * 1000 for number in range(5)]
    attachments = tuple(inline(str(n), f"{n}.bin", content) for n, content in enumerate(contents))
    entry = await world.sent(world.province, attachments=attachments)
    faults = Faults()
    world.archive = FaultyArchive(world.archive, faults)
    inbox = world.inbox

    async def fetch(number: int, offset: int) -> bytes:
        return await joined(await inbox.fetch(world.province.caller(), entry.dispatch_id, number, offset))

    asked = [(number, offset) for number in range(1, 6) for offset in (0, 500)] * 2
    answers = await asyncio.gather(*(fetch(*one) for one in asked))
    assert answers == [contents[number - 1][offset:] for number, offset in asked]
    assert faults.calls == ["archive.get"]


async def test_what_is_remembered_of_decoded_parts_is_bounded(world: World) -> None:
    entries = [
        await world.sent(
            world.province,
            document_id=f"G90,2026,{number}",
            attachments=(inline("1", "a.bin", bytes([number]) * 1000),),
        )
        for number in range(4)
    ]
    faults = Faults()
    archive = FaultyArchive(world.archive, faults)
    inline_parts = InlineParts(archive=archive, workers=world.workers, remembered_bytes=2500)
    for number in (0, 1, 0, 2, 0, 1):  # 1 is pushed out by 2, because 0 was used since
        assert await inline_parts.content(*entries[number].parts, "H90") == bytes([number]) * 1000
    assert faults.calls == ["archive.get"] * 4
    greedy = InlineParts(archive=archive, workers=world.workers, remembered_bytes=10)
    assert await greedy.content(*entries[3].parts, "H90") == bytes([3]) * 1000


async def test_bytes_that_the_archive_lost_are_an_alarm(world: World) -> None:
    entry = await world.sent(world.province)
    assert isinstance(world.archive, MemoryArchive)
    world.archive.blobs.clear()
    with pytest.raises(Corrupt):
        await fetched(world, world.province, entry, 0)


async def test_a_slow_agency_holds_a_few_decoded_parts_and_holds_up_itself_alone(world: World) -> None:
    entry = await world.sent(world.province, world.department)
    inline_parts = InlineParts(archive=world.archive, workers=world.workers)
    original, part = entry.parts
    taken, go = [], asyncio.Event()

    async def take(agency_id: str) -> None:
        async with inline_parts.taken(original, part, agency_id) as content:
            assert content == PDF
            taken.append(agency_id)
            await go.wait()

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        for agency_id in ["H90"] * 9 + ["H91.01"]:
            tasks.create_task(take(agency_id))
        while "H91.01" not in taken:
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        assert sorted(taken) == ["H90"] * 4 + ["H91.01"]
        go.set()
    assert len(taken) == 10
