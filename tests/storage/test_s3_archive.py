"""What the S3 archive promises beyond the contract: large blobs in parts, several nodes, crashes, nothing
left behind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from storage.archive.s3 import Lock, S3Archive, Target
from storage.archive.s3.bucket import LEAST_PART_BYTES, PART_BYTES
from storage.errors import DigestMismatch, OffsetMismatch
from tests.conftest import ON_CEPH
from tests.storage.blobs import Cut, content_of, cut_stream, digest_of, read, stream
from tests.storage.ceph import Ceph

pytestmark = ON_CEPH
ALICE = "G22.01"
CHUNK = 1 << 20


@pytest.fixture
def target(ceph: Ceph) -> Target:
    return ceph.bucket()


@pytest.fixture
async def archive(target: Target) -> AsyncIterator[S3Archive]:
    archive = await S3Archive.open(target, lock=Lock.GOVERNANCE)
    yield archive
    await archive.aclose()


@pytest.fixture
async def other_node(target: Target) -> AsyncIterator[S3Archive]:
    archive = await S3Archive.open(target, lock=Lock.GOVERNANCE)
    yield archive
    await archive.aclose()


def left(archive: S3Archive) -> list[str]:
    """Returns everything in the bucket, every version and every unfinished part."""
    bucket = archive.bucket
    return [one.key for one in bucket.versions("")] + [one.key for one in bucket.unfinished("")]


@pytest.mark.parametrize("size", [PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 17])
async def test_a_blob_around_the_size_of_a_part_is_put_and_got(archive: S3Archive, size: int) -> None:
    content = content_of(size)
    digest = digest_of(content)
    assert await archive.put(digest, stream(content, CHUNK)) == size
    assert await archive.size(digest) == size
    for offset in {0, size // 2, min(size, PART_BYTES), size - 1, size}:
        assert await read(archive, digest, offset) == content[offset:]
    assert await archive.put(digest, stream(content, CHUNK)) == size
    assert left(archive) == [f"blobs/{digest}"]


async def test_a_large_blob_under_a_wrong_name_leaves_nothing(archive: S3Archive) -> None:
    content = content_of(2 * PART_BYTES + 1)
    with pytest.raises(DigestMismatch):
        await archive.put(digest_of(b"other"), stream(content, CHUNK))
    with pytest.raises(Cut):
        await archive.put(digest_of(content), cut_stream(content, CHUNK))
    assert left(archive) == []


async def test_a_cancelled_put_leaves_nothing(archive: S3Archive) -> None:
    content = content_of(PART_BYTES + 1)
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        async for chunk in stream(content, CHUNK):
            yield chunk
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(archive.put(digest_of(content), endless()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left(archive) == []


@pytest.mark.parametrize(
    "ends",
    [
        (PART_BYTES + 3, 2 * PART_BYTES + 5),
        (10, 20, LEAST_PART_BYTES - 1, LEAST_PART_BYTES + 7, 3 * PART_BYTES),
        (LEAST_PART_BYTES, LEAST_PART_BYTES + 1, 2 * PART_BYTES + 1),
    ],
)
@pytest.mark.parametrize("nodes", [1, 2])
async def test_a_large_upload_goes_on_at_any_node(
    archive: S3Archive, other_node: S3Archive, ends: tuple[int, ...], nodes: int
) -> None:
    content, held = content_of(ends[-1]), 0
    digest = digest_of(content)
    for number, end in enumerate(ends):
        node = (archive, other_node)[number % nodes]
        assert await node.uploaded(ALICE, digest) == held
        held = await node.append(ALICE, digest, held, stream(content[held:end], CHUNK))
        assert held == end
    assert await other_node.finish(ALICE, digest) == len(content)
    assert await read(archive, digest) == content
    assert await archive.finish(ALICE, digest) == len(content)
    assert {key.rpartition("/")[2] for key in left(archive)} == {digest, "finished"}
    await archive.discard(ALICE, digest)
    assert left(archive) == [f"blobs/{digest}"]


async def test_two_nodes_appending_at_once_never_make_a_wrong_blob(
    archive: S3Archive, other_node: S3Archive
) -> None:
    right = content_of(PART_BYTES + 2 * CHUNK)
    wrong = content_of(PART_BYTES + CHUNK, seed=1)
    digest = digest_of(right)

    async def slow(content: bytes) -> AsyncIterator[bytes]:
        async for chunk in stream(content, CHUNK):
            yield chunk
            await asyncio.sleep(0)

    for node, content in ((archive, right), (other_node, wrong)):
        with suppress(OffsetMismatch):
            await node.append(ALICE, digest, 0, slow(content[:CHUNK]))
    await asyncio.gather(
        archive.append(ALICE, digest, CHUNK, slow(right[CHUNK:])),
        other_node.append(ALICE, digest, CHUNK, slow(wrong[CHUNK:])),
        return_exceptions=True,
    )
    with pytest.raises(DigestMismatch):
        await archive.finish(ALICE, digest)
    assert left(archive) == []
    await archive.append(ALICE, digest, 0, slow(right))
    assert await archive.finish(ALICE, digest) == len(right)
    assert await read(other_node, digest) == right


async def test_a_node_that_is_killed_leaves_an_upload_that_another_goes_on_with(
    archive: S3Archive, target: Target
) -> None:
    content = content_of(2 * PART_BYTES + 12345)
    digest = digest_of(content)
    place = (target.endpoint, target.bucket, target.access_key, target.secret_key)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.storage.s3_appending_child", *place, ALICE, digest),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write(content)
    child.stdin.close()
    assert await child.stdout.readline() == b"handed over\n"
    child.kill()
    await child.wait()
    held = await archive.uploaded(ALICE, digest)
    assert held >= PART_BYTES
    assert await archive.append(ALICE, digest, held, stream(content[held:], CHUNK)) == len(content)
    assert await archive.finish(ALICE, digest) == len(content)
    assert await read(archive, digest) == content


async def test_what_a_discard_at_another_node_dropped_is_not_gone_on_with(
    archive: S3Archive, other_node: S3Archive
) -> None:
    content = content_of(3 * PART_BYTES)
    digest = digest_of(content)

    async def discarded() -> AsyncIterator[bytes]:
        async for chunk in stream(content[: 2 * PART_BYTES], CHUNK):
            yield chunk
        await other_node.discard(ALICE, digest)
        async for chunk in stream(content[2 * PART_BYTES :], CHUNK):
            yield chunk

    with pytest.raises(OffsetMismatch) as raised:
        await archive.append(ALICE, digest, 0, discarded())
    assert raised.value.offset == 0
    assert await archive.uploaded(ALICE, digest) == 0
    assert await archive.append(ALICE, digest, 0, stream(content, CHUNK)) == len(content)
    assert await archive.finish(ALICE, digest) == len(content)


async def test_a_byte_at_a_time_makes_no_more_than_one_small_segment(archive: S3Archive) -> None:
    content = content_of(20)
    digest = digest_of(content)
    for at in range(20):
        await archive.append(ALICE, digest, at, stream(content[at : at + 1]))
    assert len(left(archive)) == 1
    assert await archive.finish(ALICE, digest) == 20


async def test_keys_tell_nobody_whose_upload_it_is(archive: S3Archive) -> None:
    await archive.append(ALICE, digest_of(b"abc"), 0, stream(b"abc"))
    assert ALICE not in "".join(left(archive))


async def test_a_probe_leaves_nothing(archive: S3Archive) -> None:
    await archive.probe()
    assert left(archive) == []


async def test_a_stream_keeps_a_few_parts_in_memory_whatever_its_size(archive: S3Archive) -> None:
    async def endless(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // CHUNK):
            yield bytes(CHUNK)

    size = 8 * PART_BYTES
    digest = digest_of(bytes(size))
    tracemalloc.start()
    try:
        await archive.put(digest, endless(size))
        await archive.append(ALICE, digest, 0, endless(size))
        await archive.finish(ALICE, digest)
        async for _ in archive.get(digest):
            pass
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 6 * PART_BYTES
