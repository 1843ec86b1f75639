"""Retention, legal hold and what nobody completed, over a real S3 store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from storage.archive.retention import Retention
from storage.archive.s3 import Lock, S3Archive, Target
from storage.archive.s3.bucket import PART_BYTES, Version
from storage.errors import Misconfigured, NotFound
from tests.conftest import ON_CEPH
from tests.storage.blobs import digest_of, read, stream
from tests.storage.ceph import Ceph

pytestmark = ON_CEPH
CONTENT = b"an original"
DIGEST = digest_of(CONTENT)
DAY = timedelta(days=1)


@pytest.fixture
def target(ceph: Ceph) -> Target:
    return ceph.bucket()


@pytest.fixture
def lock() -> Lock:
    return Lock.GOVERNANCE


@pytest.fixture
async def archive(target: Target, lock: Lock) -> AsyncIterator[S3Archive]:
    archive = await S3Archive.open(target, lock=lock)
    await archive.put(DIGEST, stream(CONTENT))
    yield archive
    await archive.aclose()


@pytest.fixture
def retention(archive: S3Archive) -> Retention:
    return archive.retention


def versions(archive: S3Archive, prefix: str = "blobs/") -> list[Version]:
    return list(archive.bucket.versions(prefix))


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("lock", [Lock.GOVERNANCE, Lock.COMPLIANCE])
async def test_what_is_retained_cannot_be_removed_until_then(
    archive: S3Archive, retention: Retention
) -> None:
    until = now() + DAY
    await retention.retain(DIGEST, until)
    kept = await retention.kept(DIGEST)
    assert kept.until is not None and until <= kept.until <= until + timedelta(seconds=1)
    assert not kept.held
    assert not archive.bucket.remove_one(versions(archive)[0])
    assert await read(archive, DIGEST) == CONTENT


@pytest.mark.parametrize("lock", [Lock.GOVERNANCE, Lock.COMPLIANCE])
async def test_retention_grows_and_never_shrinks(retention: Retention) -> None:
    await retention.retain(DIGEST, now() + 2 * DAY)
    long = (await retention.kept(DIGEST)).until
    await retention.retain(DIGEST, now() + DAY)
    assert (await retention.kept(DIGEST)).until == long
    await retention.retain(DIGEST, now() + 3 * DAY)
    longer = (await retention.kept(DIGEST)).until
    assert longer is not None and long is not None and longer > long


async def test_a_held_blob_cannot_be_removed_until_the_hold_is_lifted(
    archive: S3Archive, retention: Retention
) -> None:
    for _ in range(2):
        await retention.hold(DIGEST, True)
    assert (await retention.kept(DIGEST)).held
    assert not archive.bucket.remove_one(versions(archive)[0])
    for _ in range(2):
        await retention.hold(DIGEST, False)
    assert not (await retention.kept(DIGEST)).held
    assert archive.bucket.remove_one(versions(archive)[0])


async def test_the_same_digest_again_leaves_the_lock(archive: S3Archive, retention: Retention) -> None:
    await retention.retain(DIGEST, now() + DAY)
    assert await archive.put(DIGEST, stream(CONTENT)) == len(CONTENT)
    assert len(versions(archive)) == 1
    assert (await retention.kept(DIGEST)).until


async def test_an_absent_blob_cannot_be_retained(retention: Retention) -> None:
    absent = digest_of(b"absent")
    for call in (
        retention.retain(absent, now() + DAY),
        retention.hold(absent, True),
        retention.hold(absent, False),
        retention.kept(absent),
    ):
        with pytest.raises(NotFound):
            await call


async def test_where_locking_is_off_it_says_so(ceph: Ceph) -> None:
    archive = await S3Archive.open(ceph.bucket(lock=False), lock=Lock.OFF)
    await archive.put(DIGEST, stream(CONTENT))
    with pytest.raises(Misconfigured, match="not locked here"):
        await archive.retention.retain(DIGEST, now() + DAY)
    await archive.aclose()


async def test_multipart_uploads_that_nobody_completed_are_dropped(archive: S3Archive) -> None:
    bucket, key = archive.bucket, f"blobs/{digest_of(b'large')}"
    bucket.part(key, bucket.begin(key), 1, bytes(PART_BYTES))
    await archive.expire(now() - DAY)
    assert len(list(bucket.unfinished(""))) == 1
    assert await archive.expire(now() + DAY) == 0
    assert list(bucket.unfinished("")) == []
    assert await read(archive, DIGEST) == CONTENT
