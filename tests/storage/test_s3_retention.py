"""Retention, legal hold and sweeping over a real S3 store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta

import pytest

from storage.archive.retention import Retention
from storage.archive.s3 import Lock, S3Archive, Swept, Target, sweep
from storage.archive.s3.bucket import PART_BYTES, Version
from storage.errors import Misconfigured, NotFound
from tests.conftest import ON_CEPH
from tests.storage.blobs import content_of, digest_of, read, stream
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


# Sweeping.


class Ledger:
    """What the ledger names; `then` from the second question on."""

    def __init__(self, *digests: str, then: Collection[str] = ()) -> None:
        self.digests, self.then = set(digests), set(then)
        self.asked: list[set[str]] = []

    async def known(self, digests: Collection[str]) -> set[str]:
        self.asked.append(set(digests))
        found = self.digests & set(digests)
        self.digests |= self.then
        return found


async def swept(archive: S3Archive, ledger: Ledger, *, older_than: datetime) -> Swept:
    return await sweep(archive, ledger.known, older_than=older_than)


async def test_an_orphan_is_hidden_by_one_sweep_and_removed_by_the_next(archive: S3Archive) -> None:
    known = content_of(1000)
    await archive.put(digest_of(known), stream(known))
    ledger = Ledger(digest_of(known))
    assert await swept(archive, ledger, older_than=now() + DAY) == Swept(hidden=1)
    with pytest.raises(NotFound):
        await archive.size(DIGEST)
    assert await swept(archive, ledger, older_than=now() + DAY) == Swept(
        removed=1, removed_bytes=len(CONTENT)
    )
    assert [one.key for one in versions(archive)] == [f"blobs/{digest_of(known)}"]
    assert await swept(archive, ledger, older_than=now() + DAY) == Swept()
    assert await read(archive, digest_of(known)) == known


async def test_what_is_younger_than_the_stated_age_is_not_touched(archive: S3Archive) -> None:
    ledger = Ledger()
    assert await swept(archive, ledger, older_than=now() - DAY) == Swept()
    assert ledger.asked == []
    await swept(archive, ledger, older_than=now() + DAY)
    assert await swept(archive, ledger, older_than=now() - DAY) == Swept()
    assert len(versions(archive)) == 2


async def test_what_is_locked_is_not_touched(archive: S3Archive, retention: Retention) -> None:
    held = content_of(10)
    await archive.put(digest_of(held), stream(held))
    await retention.hold(digest_of(held), True)
    await retention.retain(DIGEST, now() + 2 * DAY)
    for _ in range(2):
        assert await swept(archive, Ledger(), older_than=now() + DAY) == Swept(locked=2)
    assert await read(archive, DIGEST) == CONTENT
    await retention.hold(digest_of(held), False)


async def test_a_lock_that_came_after_the_hiding_is_honoured(archive: S3Archive) -> None:
    await swept(archive, Ledger(), older_than=now() + DAY)
    version = next(one for one in versions(archive) if not one.marker)
    archive.bucket.client.enable_object_legal_hold(archive.bucket.name, version.key, version.id)
    assert await swept(archive, Ledger(), older_than=now() + DAY) == Swept(locked=1)
    assert any(not one.marker for one in versions(archive))
    archive.bucket.client.disable_object_legal_hold(archive.bucket.name, version.key, version.id)


async def test_a_dispatch_accepted_while_the_sweep_runs_loses_nothing(archive: S3Archive) -> None:
    ledger = Ledger(then=[DIGEST])
    assert await swept(archive, ledger, older_than=now() + DAY) == Swept(hidden=0)
    assert await read(archive, DIGEST) == CONTENT


async def test_a_dispatch_accepted_between_two_sweeps_loses_nothing(archive: S3Archive) -> None:
    await swept(archive, Ledger(), older_than=now() + DAY)
    assert await swept(archive, Ledger(DIGEST), older_than=now() + DAY) == Swept(shown=1)
    assert await read(archive, DIGEST) == CONTENT
    await swept(archive, Ledger(), older_than=now() + DAY)
    await archive.put(DIGEST, stream(CONTENT))
    assert await swept(archive, Ledger(DIGEST), older_than=now() + DAY) == Swept()
    assert await read(archive, DIGEST) == CONTENT


async def test_multipart_uploads_that_nobody_completed_are_aborted(archive: S3Archive) -> None:
    bucket, key = archive.bucket, f"blobs/{digest_of(b'large')}"
    bucket.part(key, bucket.begin(key), 1, bytes(PART_BYTES))
    assert await swept(archive, Ledger(DIGEST), older_than=now() - DAY) == Swept()
    assert await swept(archive, Ledger(DIGEST), older_than=now() + DAY) == Swept(aborted=1)
    assert list(bucket.unfinished("")) == []


async def test_more_blobs_than_fit_a_page_are_swept(archive: S3Archive, ceph: Ceph) -> None:
    contents = [content_of(8, seed) for seed in range(40)]
    for content in contents:
        await archive.put(digest_of(content), stream(content))
    known = {digest_of(content) for content in contents[:20]}
    total = await sweep(archive, Ledger(*known).known, older_than=now() + DAY, page=7)
    assert total == Swept(hidden=21)
    total = await sweep(archive, Ledger(*known).known, older_than=now() + DAY, page=7)
    assert total.removed == 21
    assert {one.key.removeprefix("blobs/") for one in versions(archive)} == known
