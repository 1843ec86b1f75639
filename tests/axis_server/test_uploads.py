"""Uploads: streamed, resumable, and known to their owner alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axis_server.documents.judgement import digest
from axis_server.limits.expiry import expire
from axis_server.limits.quota import UploadLimits
from axis_server.sending.uploads import Uploads, UploadState
from storage.archive.base import CHUNK_BYTES
from storage.archive.memory import MemoryArchive
from storage.errors import Corrupt, NotFound, StoreFull, Unavailable
from storage.faults import Faults, FaultyArchive, FaultyLedger, When
from storage.ledger.memory import MemoryLedger
from tests.axis_server.houses import House, Pki
from tests.axis_server.world import LIMITS, World, chunks, declined

BLOB = bytes(range(256)) * 10_000
SHA256 = digest(BLOB)


async def upload(
    world: World,
    content: bytes = BLOB,
    *,
    by: House | None = None,
    role: str = "system",
    sha256: str = SHA256,
    size: int = len(BLOB),
    offset: int = 0,
) -> UploadState:
    caller = (by or world.ministry).caller(role)
    return await world.uploads.upload(caller, sha256, size, offset, chunks(content))


async def query(world: World, by: House | None = None) -> UploadState:
    return await world.uploads.query((by or world.ministry).caller(), SHA256)


async def test_a_whole_upload_is_held(world: World) -> None:
    assert await query(world) == UploadState(offset=0, complete=False)
    assert await upload(world) == UploadState(offset=len(BLOB), complete=True)
    assert await query(world) == UploadState(offset=len(BLOB), complete=True)


async def test_an_empty_file_can_be_uploaded(world: World) -> None:
    assert (await upload(world, b"", sha256=digest(b""), size=0)).complete


async def test_a_truncated_upload_says_where_to_go_on_and_goes_on(world: World) -> None:
    cut = await declined(upload(world, BLOB[:1_000_000]))
    assert (cut.code, cut.facts["offset"]) == ("STREAM_TRUNCATED", "1000000")
    assert await query(world) == UploadState(offset=1_000_000, complete=False)
    assert (await upload(world, BLOB[1_000_000:], offset=1_000_000)).complete


async def test_a_connection_that_breaks_in_mid_stream_can_be_resumed(world: World) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield BLOB[:100]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await world.uploads.upload(world.ministry.caller(), SHA256, len(BLOB), 0, broken())
    held = (await query(world)).offset
    assert (await upload(world, BLOB[held:], offset=held)).complete


async def test_going_on_at_the_wrong_place_names_the_right_one(world: World) -> None:
    await declined(upload(world, BLOB[:1000]))
    wrong = await declined(upload(world, BLOB[500:], offset=500))
    assert (wrong.code, wrong.facts["offset"]) == ("OFFSET_MISMATCH", "1000")


async def test_starting_anew_is_always_right(world: World) -> None:
    await declined(upload(world, b"x" * 1000))
    assert (await upload(world)).complete


@pytest.mark.parametrize("content", [b"x" * len(BLOB), BLOB + b"x"], ids=["other bytes", "one more byte"])
async def test_bytes_that_are_not_those_announced_are_dropped(world: World, content: bytes) -> None:
    assert (await declined(upload(world, content))).code == "DIGEST_MISMATCH"
    assert await query(world) == UploadState(offset=0, complete=False)
    assert isinstance(world.archive, MemoryArchive)
    assert not world.archive.blobs


@pytest.mark.parametrize(
    "sha256", ["", "0" * 63, "G" * 64, SHA256.upper(), "../../etc/passwd", SHA256 + "\n"]
)
async def test_a_digest_has_one_form(world: World, sha256: str) -> None:
    assert (await declined(upload(world, sha256=sha256))).code == "INVALID_ARGUMENT"
    assert (await declined(world.uploads.query(world.ministry.caller(), sha256))).code == "INVALID_ARGUMENT"


@pytest.mark.parametrize(("offset", "size"), [(-1, 10), (11, 10), (0, -1)])
async def test_an_offset_lies_within_the_blob(world: World, offset: int, size: int) -> None:
    assert (await declined(upload(world, offset=offset, size=size))).code == "INVALID_ARGUMENT"


async def test_a_blob_above_the_limit_is_refused_before_its_bytes(world: World) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("read")
        yield b""

    size = LIMITS.attachment_bytes + 1
    caller = world.ministry.caller()
    assert (
        await declined(world.uploads.upload(caller, SHA256, size, 0, unread()))
    ).code == "ATTACHMENT_TOO_LARGE"


async def test_a_chunk_above_the_limit_is_refused(world: World) -> None:
    source = chunks(BLOB, CHUNK_BYTES + 1)
    caller = world.ministry.caller()
    too_much = await declined(world.uploads.upload(caller, SHA256, len(BLOB), 0, source))
    assert too_much.code == "INVALID_ARGUMENT"


async def test_a_stream_without_end_is_cut_at_the_size_announced(world: World) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield bytes(1000)

    caller = world.ministry.caller()
    assert (
        await declined(world.uploads.upload(caller, SHA256, 5000, 0, endless()))
    ).code == "DIGEST_MISMATCH"
    assert taken == 6


async def test_what_another_agency_uploaded_saves_nobody_a_byte_and_is_not_told(world: World) -> None:
    await upload(world)
    assert await query(world, world.stranger) == UploadState(offset=0, complete=False)
    cut = await declined(upload(world, BLOB[:10], by=world.stranger))
    assert (cut.code, cut.facts["offset"]) == ("STREAM_TRUNCATED", "10")
    wrong = await declined(upload(world, b"x" * len(BLOB), by=world.stranger))
    assert wrong.code == "DIGEST_MISMATCH"
    assert await query(world) == UploadState(offset=len(BLOB), complete=True)


async def test_uploads_of_two_agencies_never_meet(world: World) -> None:
    await declined(upload(world, BLOB[:1000]))
    await declined(upload(world, BLOB[:10], by=world.stranger))
    assert (await query(world)).offset == 1000
    assert (await query(world, world.stranger)).offset == 10


async def test_the_agencys_clerk_resumes_what_its_system_began(world: World) -> None:
    await declined(upload(world, BLOB[:1000]))
    assert (await upload(world, BLOB[1000:], offset=1000, role="clerk")).complete


@pytest.mark.parametrize("role", ["archivist", "operator"])
async def test_who_may_only_look_cannot_upload(world: World, role: str) -> None:
    assert (await declined(upload(world, role=role))).code == "ROLE_FORBIDDEN"
    assert (await declined(world.uploads.query(world.ministry.caller(role), SHA256))).code == "ROLE_FORBIDDEN"


async def test_a_suspended_agency_cannot_upload(world: World) -> None:
    suspended = world.suspend(world.ministry)
    assert (await declined(upload(world, by=suspended))).code == "AGENCY_SUSPENDED"


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
async def test_an_upload_that_was_finished_and_not_noted_can_be_sent_again(world: World, when: When) -> None:
    ledger = world.ledger
    world.ledger = FaultyLedger(ledger, Faults(1, when))  # call 0 is `held`, call 1 is `hold`
    with pytest.raises(Unavailable):
        await upload(world)
    world.ledger = ledger
    state = await query(world)
    assert (await upload(world, BLOB[state.offset :], offset=state.offset)).complete


@pytest.mark.parametrize("kept", [0, 100])
async def test_a_blob_cut_short_on_disk_is_never_noted_as_held(world: World, kept: int) -> None:
    assert isinstance(world.archive, MemoryArchive)
    world.archive.blobs[SHA256] = BLOB[:kept]
    with pytest.raises(Corrupt):
        await upload(world)
    assert not (await query(world)).complete


async def test_nothing_is_left_of_an_upload_that_is_held(world: World) -> None:
    await upload(world)
    assert isinstance(world.archive, MemoryArchive)
    with pytest.raises(NotFound):
        await world.archive.finish(world.ministry.id, SHA256)


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
async def test_whichever_store_call_of_an_upload_fails_sending_again_completes_it(
    pki: Pki, workers: Executor, when: When
) -> None:
    calls = [
        "ledger.held",
        "archive.unfinished",
        "archive.free",
        "archive.append",
        "archive.finish",
        "ledger.hold",
        "archive.discard",
    ]
    for number in range(len(calls)):
        world = World(archive=MemoryArchive(), ledger=MemoryLedger(), pki=pki, workers=workers)
        archive, ledger, faults = world.archive, world.ledger, Faults(number, when)
        world.archive, world.ledger = FaultyArchive(archive, faults), FaultyLedger(ledger, faults)
        with pytest.raises(Unavailable):
            await upload(world)
        assert faults.calls == calls[: number + 1]
        world.archive, world.ledger = archive, ledger
        state = await query(world)
        assert (await upload(world, BLOB[state.offset :], offset=state.offset)).complete
        assert await ledger.held(world.ministry.id, [SHA256]) == {SHA256: len(BLOB)}
        assert isinstance(archive, MemoryArchive)
        assert archive.blobs == {SHA256: BLOB}
        assert not archive.uploads


async def test_an_upload_for_which_there_is_no_room_beside_the_reserve_is_refused_before_its_bytes(
    world: World,
) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("read")
        yield b""

    assert isinstance(world.archive, MemoryArchive)
    uploads = Uploads(
        archive=world.archive, ledger=world.ledger, limits=LIMITS, shares=world.shares, reserve_bytes=1000
    )
    world.archive.room = len(BLOB) + 999
    with pytest.raises(StoreFull):
        await uploads.upload(world.ministry.caller(), SHA256, len(BLOB), 0, unread())
    world.archive.room += 1
    assert (await uploads.upload(world.ministry.caller(), SHA256, len(BLOB), 0, chunks(BLOB))).complete


async def test_room_is_not_promised_to_two_uploads(world: World) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield BLOB[:1000]
        began.set()
        await go_on.wait()
        async for chunk in chunks(BLOB[1000:]):
            yield chunk

    assert isinstance(world.archive, MemoryArchive)
    began, go_on, uploads, other = asyncio.Event(), asyncio.Event(), world.uploads, b"x" * 1001
    world.archive.room = len(BLOB)
    first = asyncio.create_task(uploads.upload(world.ministry.caller(), SHA256, len(BLOB), 0, slow()))
    await began.wait()
    with pytest.raises(StoreFull):
        await uploads.upload(world.stranger.caller(), digest(other), 1001, 0, chunks(other))
    assert (
        await uploads.upload(world.stranger.caller(), digest(other[1:]), 1000, 0, chunks(other[1:]))
    ).complete
    go_on.set()
    assert (await first).complete
    assert (await uploads.upload(world.stranger.caller(), digest(other), 1001, 0, chunks(other))).complete


def uploads_within(world: World, count: int, size: int) -> Uploads:
    limits = replace(LIMITS, uploads=UploadLimits(count=count, bytes=size))
    return Uploads(archive=world.archive, ledger=world.ledger, limits=limits, shares=world.shares)


async def test_an_agency_leaves_so_many_uploads_unfinished_and_no_more(world: World) -> None:
    uploads, caller = uploads_within(world, 2, 1 << 30), world.ministry.caller()
    blobs = [bytes([number]) * 100 for number in range(3)]
    for blob in blobs[:2]:
        cut = await declined(uploads.upload(caller, digest(blob), 100, 0, chunks(blob[:50])))
        assert cut.code == "STREAM_TRUNCATED"
    refused = await declined(uploads.upload(caller, digest(blobs[2]), 100, 0, chunks(blobs[2])))
    assert (refused.code, refused.facts) == ("UPLOAD_QUOTA", {"count": "2", "bytes": "100"})
    other = world.province.caller()
    assert (await uploads.upload(other, digest(blobs[2]), 100, 0, chunks(blobs[2]))).complete
    assert (await uploads.upload(caller, digest(blobs[0]), 100, 50, chunks(blobs[0][50:]))).complete
    assert (await uploads.upload(caller, digest(blobs[2]), 100, 0, chunks(blobs[2]))).complete


async def test_what_is_announced_counts_before_it_comes(world: World) -> None:
    uploads, caller = uploads_within(world, 100, 1000), world.ministry.caller()
    begun, go = asyncio.Event(), asyncio.Event()
    first, second = bytes(600), b"x" * 600

    async def slow() -> AsyncIterator[bytes]:
        begun.set()
        await go.wait()
        yield first

    task = asyncio.create_task(uploads.upload(caller, digest(first), 600, 0, slow()))
    await begun.wait()
    assert (
        await declined(uploads.upload(caller, digest(second), 600, 0, chunks(second)))
    ).code == "UPLOAD_QUOTA"
    go.set()
    assert (await task).complete
    assert (await uploads.upload(caller, digest(second), 600, 0, chunks(second))).complete


async def test_abandoned_uploads_are_dropped_while_the_axis_runs(world: World) -> None:
    await declined(upload(world, BLOB[:1000]))
    expiring = asyncio.create_task(
        expire(
            world.archive,
            kept=timedelta(days=1),
            clock=lambda: datetime.now(UTC) + timedelta(days=2),
            interval=0.01,
        )
    )
    async with asyncio.timeout(10):
        while (await query(world)).offset:
            await asyncio.sleep(0)
    expiring.cancel()
