"""Destroying what an S3 store keeps locked: it refuses, and says until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage.archive.s3 import Lock, S3Archive
from storage.errors import Locked, NotFound
from tests.conftest import ON_CEPH
from tests.storage.blobs import digest_of, read, stream
from tests.storage.ceph import Ceph

pytestmark = ON_CEPH
CONTENT = b"an original"
DIGEST = digest_of(CONTENT)


@pytest.mark.parametrize("lock", [Lock.GOVERNANCE, Lock.COMPLIANCE])
async def test_what_is_retained_is_not_destroyed_before_its_time(ceph: Ceph, lock: Lock) -> None:
    archive = await S3Archive.open(ceph.bucket(), lock=lock)
    await archive.put(DIGEST, stream(CONTENT))
    until = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    await archive.retention.retain(DIGEST, until)
    await archive.hide(DIGEST)
    with pytest.raises(NotFound):
        await archive.size(DIGEST)
    with pytest.raises(Locked) as refused:
        await archive.destroy(DIGEST)
    assert refused.value.until == until
    await archive.show(DIGEST)
    assert await read(archive, DIGEST) == CONTENT
    await archive.aclose()


async def test_what_is_held_is_destroyed_once_the_hold_is_lifted(ceph: Ceph) -> None:
    archive = await S3Archive.open(ceph.bucket(), lock=Lock.COMPLIANCE)
    await archive.put(DIGEST, stream(CONTENT))
    await archive.retention.hold(DIGEST, True)
    await archive.hide(DIGEST)
    with pytest.raises(Locked) as refused:
        await archive.destroy(DIGEST)
    assert refused.value.until is None
    await archive.show(DIGEST)
    await archive.retention.hold(DIGEST, False)
    await archive.hide(DIGEST)
    await archive.destroy(DIGEST)
    assert [one async for one in archive.stored()] == []
    await archive.aclose()
