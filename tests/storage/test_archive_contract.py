"""The archive's promise, over every backend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from storage.archive.base import CHUNK_BYTES, Archive
from storage.errors import Corrupt, DigestMismatch, NotFound, OffsetMismatch
from tests.storage.blobs import Cut, chunks_of, content_of, cut_stream, digest_of, read, stream
from tests.storage.conftest import ArchiveUnderTest

SIZES = [0, 1, 1000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 17]
ALICE, BOB = "G22.01", "H37/../Đơn vị"


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_put_is_got_byte_for_byte(archive: Archive, size: int) -> None:
    content = content_of(size)
    assert await archive.put(digest_of(content), stream(content)) == size
    assert await archive.size(digest_of(content)) == size
    assert await read(archive, digest_of(content)) == content


async def test_chunks_are_never_larger_than_promised(archive: Archive) -> None:
    content = content_of(3 * CHUNK_BYTES + 5)
    await archive.put(digest_of(content), stream(content, CHUNK_BYTES))
    chunks = await chunks_of(archive.get(digest_of(content), offset=7))
    assert max(map(len, chunks)) <= CHUNK_BYTES
    assert all(type(chunk) is bytes for chunk in chunks)


@pytest.mark.parametrize("offset", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 9, 2 * CHUNK_BYTES + 3])
async def test_reading_begins_at_any_offset(archive: Archive, offset: int) -> None:
    content = content_of(2 * CHUNK_BYTES + 3)
    await archive.put(digest_of(content), stream(content))
    assert await read(archive, digest_of(content), offset) == content[offset:]


async def test_reading_past_the_end_tells_where_the_end_is(archive: Archive) -> None:
    content = content_of(10)
    await archive.put(digest_of(content), stream(content))
    with pytest.raises(OffsetMismatch) as raised:
        await read(archive, digest_of(content), 11)
    assert raised.value.offset == 10
    with pytest.raises(ValueError, match="negative"):
        await read(archive, digest_of(content), -1)


async def test_an_absent_blob_is_not_found(archive: Archive) -> None:
    absent = digest_of(b"absent")
    with pytest.raises(NotFound):
        await anext(archive.get(absent))
    with pytest.raises(NotFound):
        await archive.size(absent)


async def test_putting_again_is_a_success_that_changes_nothing(archive: Archive) -> None:
    for size in (100, 2 * CHUNK_BYTES):
        content = content_of(size)
        for _ in range(3):
            assert await archive.put(digest_of(content), stream(content)) == size
        assert await read(archive, digest_of(content)) == content


@pytest.mark.parametrize("size", [0, 100, 2 * CHUNK_BYTES])
async def test_bytes_under_a_wrong_name_are_refused_and_not_kept(archive: Archive, size: int) -> None:
    content, name = content_of(size), digest_of(b"something else")
    with pytest.raises(DigestMismatch):
        await archive.put(name, stream(content))
    for absent in (name, digest_of(content)):
        with pytest.raises(NotFound):
            await archive.size(absent)


@pytest.mark.parametrize("size", [100, 2 * CHUNK_BYTES])
async def test_a_source_that_breaks_leaves_nothing(archive: Archive, size: int) -> None:
    content = content_of(size)
    with pytest.raises(Cut):
        await archive.put(digest_of(content), cut_stream(content))
    with pytest.raises(NotFound):
        await archive.size(digest_of(content))
    assert await archive.put(digest_of(content), stream(content)) == size


async def test_many_puts_of_one_digest_at_once_all_succeed(archive: Archive) -> None:
    content = content_of(CHUNK_BYTES + 1)
    digest = digest_of(content)
    sizes = await asyncio.gather(*(archive.put(digest, stream(content)) for _ in range(8)))
    assert sizes == [len(content)] * 8
    assert await read(archive, digest) == content


@pytest.mark.parametrize(
    "name",
    ["", "0" * 63, "0" * 65, "A" * 64, "../" + "0" * 61, "0" * 63 + "\n", "0" * 63 + "/", "０" * 64],
)
async def test_nothing_but_a_digest_names_a_blob(archive: Archive, name: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        await archive.put(name, stream(b"x"))
    with pytest.raises(ValueError, match="hexadecimal"):
        await anext(archive.get(name))
    for call in (
        archive.size(name),
        archive.uploaded(ALICE, name),
        archive.append(ALICE, name, 0, stream(b"x")),
        archive.finish(ALICE, name),
        archive.discard(ALICE, name),
    ):
        with pytest.raises(ValueError, match="hexadecimal"):
            await call


@pytest.mark.parametrize("size", [1, 1000, CHUNK_BYTES, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 1])
@pytest.mark.parametrize("damage", ["first bit", "last bit", "shorter", "longer", "empty"])
async def test_a_tampered_blob_is_never_read_to_its_end(
    under_test: ArchiveUnderTest, size: int, damage: str
) -> None:
    archive, content = under_test.archive, content_of(size)
    await archive.put(digest_of(content), stream(content))
    wrong = {
        "first bit": bytes([content[0] ^ 1]) + content[1:],
        "last bit": content[:-1] + bytes([content[-1] ^ 1]),
        "shorter": content[:-1],
        "longer": content + b"!",
        "empty": b"",
    }[damage]
    under_test.tamper(digest_of(content), wrong)
    seen = b""
    with pytest.raises(Corrupt):
        async for chunk in archive.get(digest_of(content)):
            seen += chunk
    assert len(seen) < max(1, len(wrong))


async def test_damage_before_the_offset_is_seen_too(under_test: ArchiveUnderTest) -> None:
    content = content_of(2 * CHUNK_BYTES + 100)
    digest = digest_of(content)
    await under_test.archive.put(digest, stream(content))
    under_test.tamper(digest, bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(Corrupt):
        await read(under_test.archive, digest, 2 * CHUNK_BYTES)


@pytest.mark.parametrize("size", [1000, 2 * CHUNK_BYTES])
@pytest.mark.parametrize("left", [0, 500])
async def test_putting_onto_a_blob_cut_short_never_returns_the_size_that_was_given(
    under_test: ArchiveUnderTest, size: int, left: int
) -> None:
    content = content_of(size)
    await under_test.archive.put(digest_of(content), stream(content))
    under_test.tamper(digest_of(content), content[:left])
    with suppress(Corrupt):
        assert await under_test.archive.put(digest_of(content), stream(content)) == left


# Uploads.


async def test_an_upload_in_pieces_becomes_a_blob(archive: Archive) -> None:
    content = content_of(2 * CHUNK_BYTES + 300)
    digest, held = digest_of(content), 0
    for end in (1, 1000, CHUNK_BYTES + 5, len(content)):
        assert await archive.uploaded(ALICE, digest) == held
        held = await archive.append(ALICE, digest, held, stream(content[held:end]))
        assert held == end
    with pytest.raises(NotFound):
        await archive.size(digest)
    assert await archive.finish(ALICE, digest) == len(content)
    assert await read(archive, digest) == content
    assert await archive.uploaded(ALICE, digest) == 0


async def test_an_empty_upload_becomes_the_empty_blob(archive: Archive) -> None:
    assert await archive.append(ALICE, digest_of(b""), 0, stream(b"")) == 0
    assert await archive.finish(ALICE, digest_of(b"")) == 0
    assert await read(archive, digest_of(b"")) == b""


async def test_finishing_again_after_a_lost_reply_is_a_success(archive: Archive) -> None:
    content = content_of(500)
    await archive.append(ALICE, digest_of(content), 0, stream(content))
    for _ in range(3):
        assert await archive.finish(ALICE, digest_of(content)) == 500


async def test_what_came_before_a_break_is_kept_and_the_upload_goes_on_there(archive: Archive) -> None:
    content = content_of(CHUNK_BYTES + 5000)
    digest = digest_of(content)
    with pytest.raises(Cut):
        await archive.append(ALICE, digest, 0, cut_stream(content[: CHUNK_BYTES + 10], 1000))
    held = await archive.uploaded(ALICE, digest)
    assert 0 < held <= CHUNK_BYTES + 10
    assert await archive.append(ALICE, digest, held, stream(content[held:])) == len(content)
    assert await archive.finish(ALICE, digest) == len(content)
    assert await read(archive, digest) == content


@pytest.mark.parametrize("offset", [1, 99, 101, 10**12])
async def test_an_upload_goes_on_only_where_it_ended(archive: Archive, offset: int) -> None:
    content = content_of(200)
    digest = digest_of(content)
    with pytest.raises(OffsetMismatch) as raised:
        await archive.append(ALICE, digest, offset, stream(b"x"))
    assert raised.value.offset == 0
    await archive.append(ALICE, digest, 0, stream(content[:100]))
    with pytest.raises(OffsetMismatch) as raised:
        await archive.append(ALICE, digest, offset, stream(b"x"))
    assert raised.value.offset == 100
    await archive.append(ALICE, digest, 100, stream(content[100:]))
    assert await archive.finish(ALICE, digest) == 200


async def test_offset_zero_starts_anew(archive: Archive) -> None:
    content = content_of(300)
    digest = digest_of(content)
    await archive.append(ALICE, digest, 0, stream(content_of(300, seed=1)))
    assert await archive.append(ALICE, digest, 0, stream(content)) == 300
    assert await archive.finish(ALICE, digest) == 300
    assert await read(archive, digest) == content


async def test_a_wrong_upload_is_refused_and_dropped(archive: Archive) -> None:
    digest = digest_of(b"announced")
    await archive.append(ALICE, digest, 0, stream(b"delivered"))
    with pytest.raises(DigestMismatch):
        await archive.finish(ALICE, digest)
    assert await archive.uploaded(ALICE, digest) == 0
    with pytest.raises(NotFound):
        await archive.size(digest)
    with pytest.raises(NotFound):
        await archive.finish(ALICE, digest)


async def test_owners_never_meet(archive: Archive) -> None:
    content = content_of(1000)
    digest = digest_of(content)
    await archive.append(ALICE, digest, 0, stream(content))
    assert await archive.uploaded(BOB, digest) == 0
    with pytest.raises(OffsetMismatch) as raised:
        await archive.append(BOB, digest, 1000, stream(b""))
    assert raised.value.offset == 0
    await archive.discard(BOB, digest)
    await archive.finish(ALICE, digest)
    with pytest.raises(NotFound):
        await archive.finish(BOB, digest)  # the blob is there, and BOB does not learn it
    await archive.append(BOB, digest, 0, stream(content))
    assert await archive.finish(BOB, digest) == 1000


async def test_one_append_at_a_time(archive: Archive) -> None:
    content = content_of(2 * CHUNK_BYTES)
    digest = digest_of(content)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow():
        yield content[:CHUNK_BYTES]
        begun.set()
        await go_on.wait()
        yield content[CHUNK_BYTES:]

    first = asyncio.create_task(archive.append(ALICE, digest, 0, slow()))
    await begun.wait()
    for call in (
        archive.append(ALICE, digest, 0, stream(content)),
        archive.append(ALICE, digest, CHUNK_BYTES, stream(content)),
        archive.finish(ALICE, digest),
    ):
        with pytest.raises(OffsetMismatch):
            await call
    go_on.set()
    assert await first == len(content)
    assert await archive.finish(ALICE, digest) == len(content)
    assert await read(archive, digest) == content


async def test_a_discarded_upload_is_gone(archive: Archive) -> None:
    digest = digest_of(b"abc")
    await archive.discard(ALICE, digest)
    await archive.append(ALICE, digest, 0, stream(b"abc"))
    await archive.discard(ALICE, digest)
    assert await archive.uploaded(ALICE, digest) == 0
    with pytest.raises(NotFound):
        await archive.finish(ALICE, digest)


async def test_discarding_under_an_append_ends_it(archive: Archive) -> None:
    content = content_of(2 * CHUNK_BYTES)
    digest = digest_of(content)

    async def discarding():
        yield content[:CHUNK_BYTES]
        yield content[CHUNK_BYTES : CHUNK_BYTES + 10]
        await archive.discard(ALICE, digest)

    with pytest.raises(OffsetMismatch) as raised:
        await archive.append(ALICE, digest, 0, discarding())
    assert raised.value.offset == 0
    assert await archive.uploaded(ALICE, digest) == 0


async def test_a_cancelled_append_can_go_on(archive: Archive) -> None:
    content = content_of(CHUNK_BYTES + 7)
    digest = digest_of(content)
    begun = asyncio.Event()

    async def endless():
        yield content[:CHUNK_BYTES]
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(archive.append(ALICE, digest, 0, endless()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await archive.uploaded(ALICE, digest) == CHUNK_BYTES
    await archive.append(ALICE, digest, CHUNK_BYTES, stream(content[CHUNK_BYTES:]))
    assert await archive.finish(ALICE, digest) == len(content)


async def test_a_serving_archive_answers_its_probe(archive: Archive) -> None:
    await archive.probe()


async def test_an_owners_unfinished_uploads_are_its_own_and_end_with_finish_or_discard(
    archive: Archive,
) -> None:
    contents = [content_of(1000, seed) for seed in range(3)]
    for content in contents:
        await archive.append(ALICE, digest_of(content), 0, stream(content[:600]))
    await archive.append(BOB, digest_of(contents[0]), 0, stream(contents[0][:7]))
    assert await archive.unfinished(ALICE) == {digest_of(content): 600 for content in contents}
    assert await archive.unfinished(BOB) == {digest_of(contents[0]): 7}
    assert await archive.unfinished("nobody") == {}
    await archive.append(ALICE, digest_of(contents[0]), 600, stream(contents[0][600:]))
    await archive.finish(ALICE, digest_of(contents[0]))
    await archive.discard(ALICE, digest_of(contents[1]))
    assert await archive.unfinished(ALICE) == {digest_of(contents[2]): 600}


async def test_abandoned_uploads_expire_and_nothing_else_does(archive: Archive) -> None:
    content, other, begun = content_of(1000), content_of(1000, 1), asyncio.Event()

    async def held_up() -> AsyncIterator[bytes]:
        yield other[:10]
        begun.set()
        await asyncio.Event().wait()

    await archive.put(digest_of(content), stream(content))
    await archive.append(ALICE, digest_of(content), 0, stream(content[:600]))
    appending = asyncio.create_task(archive.append(BOB, digest_of(other), 0, held_up()))
    await begun.wait()
    now = datetime.now(UTC)
    assert await archive.expire(now - timedelta(hours=1)) == 0
    assert await archive.uploaded(ALICE, digest_of(content)) == 600
    assert await archive.expire(now + timedelta(hours=1)) == 1
    assert await archive.uploaded(ALICE, digest_of(content)) == 0
    assert await read(archive, digest_of(content)) == content
    appending.cancel()
    with suppress(asyncio.CancelledError):
        await appending
    assert await archive.uploaded(BOB, digest_of(other)) == 10
