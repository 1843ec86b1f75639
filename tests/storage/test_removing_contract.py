"""Removing blobs in two steps, over every archive."""

from __future__ import annotations

import pytest

from storage.archive.removing import RemovingArchive
from storage.errors import NotFound
from tests.storage.blobs import digest_of, read, stream
from tests.storage.conftest import ArchiveUnderTest

CONTENT, OTHER = b"an original", b"another one"
DIGEST = digest_of(CONTENT)


@pytest.fixture
async def removing(under_test: ArchiveUnderTest) -> RemovingArchive:
    archive = under_test.archive
    await archive.put(DIGEST, stream(CONTENT))
    await archive.put(digest_of(OTHER), stream(OTHER))
    return archive


async def seen(archive: RemovingArchive) -> dict[str, bool]:
    """What lies in the archive, and whether it is hidden."""
    return {one.digest: one.hidden async for one in archive.stored()}


async def test_what_is_hidden_is_not_read_and_can_be_shown_again(removing: RemovingArchive) -> None:
    since = await removing.hide(DIGEST)
    assert since is not None
    assert since.tzinfo is not None
    assert await removing.hide(DIGEST) == since
    with pytest.raises(NotFound):
        await removing.size(DIGEST)
    with pytest.raises(NotFound):
        await read(removing, DIGEST)
    assert await seen(removing) == {DIGEST: True, digest_of(OTHER): False}
    await removing.show(DIGEST)
    await removing.show(DIGEST)
    assert await read(removing, DIGEST) == CONTENT
    assert await seen(removing) == {DIGEST: False, digest_of(OTHER): False}


async def test_what_is_destroyed_is_gone_and_nothing_else_is(removing: RemovingArchive) -> None:
    await removing.hide(DIGEST)
    await removing.destroy(DIGEST)
    await removing.destroy(DIGEST)
    await removing.show(DIGEST)
    with pytest.raises(NotFound):
        await removing.size(DIGEST)
    assert await removing.hide(DIGEST) is None
    assert await seen(removing) == {digest_of(OTHER): False}
    assert await read(removing, digest_of(OTHER)) == OTHER
    await removing.put(DIGEST, stream(CONTENT))
    assert await read(removing, DIGEST) == CONTENT


async def test_who_gives_the_same_bytes_meanwhile_keeps_them(removing: RemovingArchive) -> None:
    before = await removing.hide(DIGEST)
    await removing.put(DIGEST, stream(CONTENT))
    await removing.destroy(DIGEST)
    assert await read(removing, DIGEST) == CONTENT
    after = await removing.hide(DIGEST)
    assert before is not None
    assert after is not None
    assert after > before
    await removing.put(DIGEST, stream(CONTENT))
    await removing.show(DIGEST)
    assert await read(removing, DIGEST) == CONTENT
    await removing.hide(DIGEST)
    await removing.destroy(DIGEST)
    assert await removing.hide(DIGEST) is None


async def test_what_is_not_seen_is_not_destroyed_by_mistake(removing: RemovingArchive) -> None:
    await removing.destroy(DIGEST)
    assert await read(removing, DIGEST) == CONTENT
    assert await removing.hide(digest_of(b"never given")) is None
