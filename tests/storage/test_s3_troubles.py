"""An S3 store that is slow, lost, half there, or set up wrongly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from minio.commonconfig import GOVERNANCE
from minio.objectlockconfig import DAYS, ObjectLockConfig
from minio.versioningconfig import SUSPENDED, VersioningConfig

from storage.archive.s3 import Lock, Patience, S3Archive, Target
from storage.archive.s3.bucket import PART_BYTES
from storage.errors import Misconfigured, StoreFull, Unavailable
from tests.conftest import ON_CEPH
from tests.storage.blobs import content_of, digest_of, read, stream
from tests.storage.ceph import Ceph
from tests.storage.troubled import Door, Trouble

pytestmark = ON_CEPH
ALICE = "G22.01"
AT_ONCE = Patience(tries=4, sleep=lambda seconds: None)
CONTENT = content_of(PART_BYTES + 100)
DIGEST = digest_of(CONTENT)


@pytest.fixture
def door(ceph: Ceph) -> Iterator[Door]:
    with Door.before(ceph.endpoint) as door:
        yield door


@pytest.fixture
async def archive(ceph: Ceph, door: Door) -> AsyncIterator[S3Archive]:
    target = replace(ceph.bucket(), endpoint=door.endpoint, connections=6)
    archive = await S3Archive.open(target, lock=Lock.GOVERNANCE, patience=AT_ONCE)
    yield archive
    door.heal()
    await archive.aclose()


@pytest.mark.parametrize(
    ("method", "trouble"),
    [
        *((method, Trouble.BUSY) for method in ("GET", "PUT", "POST", "HEAD", "DELETE")),
        *((method, Trouble.LOST) for method in ("GET", "PUT", "POST", "HEAD", "DELETE")),
        *((method, Trouble.HALF) for method in ("GET", "POST")),
        ("GET", Trouble.NOT_S3),
    ],
)
async def test_a_trouble_that_passes_is_noticed_by_nobody(
    archive: S3Archive, door: Door, method: str, trouble: Trouble
) -> None:
    door.trouble(method, "", trouble, times=3)
    small = content_of(1000, seed=1)
    assert await archive.put(digest_of(small), stream(small)) == 1000
    assert await archive.put(DIGEST, stream(CONTENT, 1 << 20)) == len(CONTENT)
    assert await read(archive, DIGEST) == CONTENT
    await archive.append(ALICE, DIGEST, 0, stream(CONTENT, 1 << 20))
    assert await archive.finish(ALICE, DIGEST) == len(CONTENT)
    await archive.discard(ALICE, DIGEST)
    await archive.probe()
    names = [one.key for one in archive.bucket.versions("")]
    assert sorted(set(names)) == sorted(f"blobs/{one}" for one in (DIGEST, digest_of(small)))


@pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.LOST, Trouble.GONE])
async def test_a_store_that_stays_away_is_unavailable_and_the_same_call_succeeds_later(
    archive: S3Archive, door: Door, trouble: Trouble
) -> None:
    await archive.append(ALICE, DIGEST, 0, stream(CONTENT, 1 << 20))
    for method in ("GET", "PUT", "POST", "HEAD", "DELETE"):
        door.trouble(method, "", trouble, times=-1)
    for call in (
        archive.put(DIGEST, stream(CONTENT, 1 << 20)),
        archive.put(digest_of(b"x"), stream(b"x")),
        archive.size(DIGEST),
        archive.finish(ALICE, DIGEST),
        archive.uploaded(ALICE, DIGEST),
        archive.append(ALICE, DIGEST, 1, stream(b"x")),
        archive.discard("other", DIGEST),
        archive.probe(),
        read(archive, DIGEST),
    ):
        with pytest.raises(Unavailable):
            await call
    door.heal()
    assert await archive.finish(ALICE, DIGEST) == len(CONTENT)
    assert await read(archive, DIGEST) == CONTENT


async def test_requests_are_given_up_after_a_stated_number_of_tries(archive: S3Archive, door: Door) -> None:
    door.trouble("HEAD", DIGEST, Trouble.BUSY, times=-1)
    with pytest.raises(Unavailable):
        await archive.size(DIGEST)
    assert sum(DIGEST in one for one in door.requests) == AT_ONCE.tries


async def test_waits_between_tries_grow(door: Door, ceph: Ceph) -> None:
    waits: list[float] = []
    patience = Patience(tries=5, first_wait=0.1, sleep=waits.append, chance=lambda: 1.0)
    archive = await S3Archive.open(
        replace(ceph.bucket(), endpoint=door.endpoint), lock=Lock.OFF, patience=patience
    )
    door.trouble("HEAD", DIGEST, Trouble.BUSY, times=-1)
    with pytest.raises(Unavailable):
        await archive.size(DIGEST)
    await archive.aclose()
    assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8])


async def test_a_segment_that_failed_is_never_followed_by_another(archive: S3Archive, door: Door) -> None:
    content = content_of(3 * PART_BYTES)
    digest = digest_of(content)

    async def failing() -> AsyncIterator[bytes]:
        for number, chunk in enumerate(
            [content[at : at + (1 << 20)] for at in range(0, len(content), 1 << 20)]
        ):
            if number == 9:
                door.trouble("PUT", "uploads/", Trouble.LOST, times=-1)
            if number == 18:
                door.heal()
            yield chunk

    with pytest.raises(Unavailable):
        await archive.append(ALICE, digest, 0, failing())
    door.heal()
    held = await archive.uploaded(ALICE, digest)
    assert await archive.append(ALICE, digest, held, stream(content[held:], 1 << 20)) == len(content)
    assert await archive.finish(ALICE, digest) == len(content)
    assert await read(archive, digest) == content


@pytest.mark.parametrize("method", ["PUT", "POST", "HEAD", "GET"])
async def test_finishing_again_after_any_request_of_it_failed_is_a_success(
    archive: S3Archive, door: Door, method: str
) -> None:
    await archive.append(ALICE, DIGEST, 0, stream(CONTENT, 1 << 20))
    for number in range(4):
        door.trouble(method, "", Trouble.LOST, times=number * AT_ONCE.tries + 2)
        try:
            assert await archive.finish(ALICE, DIGEST) == len(CONTENT)
        except Unavailable:
            door.heal()
    door.heal()
    assert await archive.finish(ALICE, DIGEST) == len(CONTENT)
    assert await read(archive, DIGEST) == CONTENT


async def test_many_calls_share_a_stated_number_of_connections(archive: S3Archive, door: Door) -> None:
    contents = [content_of(500, seed) for seed in range(40)]
    await asyncio.gather(*(archive.put(digest_of(one), stream(one)) for one in contents))
    assert door.most_at_once <= 6


async def test_a_reader_that_stops_holds_no_connection(archive: S3Archive, door: Door) -> None:
    await archive.put(DIGEST, stream(CONTENT, 1 << 20))
    stopped = [archive.get(DIGEST) for _ in range(7)]
    for one in stopped:
        assert await anext(one)
    assert await archive.size(DIGEST) == len(CONTENT)
    for one in stopped:
        await one.aclose()  # type: ignore[attr-defined]


async def test_rights_taken_away_are_told_and_may_come_back(archive: S3Archive, door: Door) -> None:
    door.trouble("PUT", "blobs/", Trouble.REFUSED, times=1)
    with pytest.raises(Misconfigured, match="access key may not"):
        await archive.put(digest_of(b"x"), stream(b"x"))
    assert await archive.put(digest_of(b"x"), stream(b"x")) == 1


async def test_a_full_store_keeps_nothing_and_gives_an_uploads_room_back(
    archive: S3Archive, door: Door
) -> None:
    door.trouble("PUT", "blobs/", Trouble.FULL, times=1)
    with pytest.raises(StoreFull):
        await archive.put(digest_of(b"x"), stream(b"x"))
    door.trouble("PUT", "partNumber=2", Trouble.FULL, times=1)
    with pytest.raises(StoreFull):
        await archive.put(DIGEST, stream(CONTENT, 1 << 20))

    async def filling() -> AsyncIterator[bytes]:
        async for chunk in stream(CONTENT, 1 << 20):
            yield chunk
        door.trouble("PUT", "uploads/", Trouble.FULL, times=1)

    with pytest.raises(StoreFull):
        await archive.append(ALICE, DIGEST, 0, filling())
    assert [*archive.bucket.versions(""), *archive.bucket.unfinished("")] == []


async def test_over_tls_the_store_is_trusted_through_its_authority_alone(ceph: Ceph) -> None:
    target = replace(ceph.bucket(), endpoint=ceph.tls_endpoint)
    archive = await S3Archive.open(replace(target, ca=ceph.ca), lock=Lock.GOVERNANCE)
    assert await archive.put(DIGEST, stream(CONTENT, 1 << 20)) == len(CONTENT)
    assert await read(archive, DIGEST) == CONTENT
    await archive.append(ALICE, DIGEST, 0, stream(CONTENT, 1 << 20))
    assert await archive.finish(ALICE, DIGEST) == len(CONTENT)
    await archive.aclose()
    assert "SSLError" in await refused(target)


# What must stop the start.


async def refused(target: Target, lock: Lock = Lock.GOVERNANCE) -> str:
    with pytest.raises(Unavailable) as raised:
        await S3Archive.open(target, lock=lock, patience=AT_ONCE)
    assert target.secret_key not in str(raised.value) + repr(target)
    return str(raised.value)


async def test_a_wrong_setting_stops_the_start_with_what_to_set_right(ceph: Ceph) -> None:
    right = ceph.bucket()
    assert "does not know the access key" in await refused(replace(right, access_key="nobody"))
    assert "secret key does not belong" in await refused(replace(right, secret_key="wrong"))
    assert "bucket is not there: create it" in await refused(replace(right, bucket="no-such-bucket"))
    assert "is no endpoint: write" in await refused(replace(right, endpoint="s3.example.vn"))
    assert "correct the S3 settings" in await refused(replace(right, endpoint="https://s3.example.vn:99999"))
    assert "does not serve" in await refused(replace(right, endpoint="http://127.0.0.1:1"))
    assert "does not serve" in await refused(
        replace(right, endpoint=right.endpoint.replace("http:", "https:"))
    )


async def test_a_bucket_that_is_not_fit_for_originals_stops_the_start(ceph: Ceph) -> None:
    plain = ceph.bucket(lock=False)
    assert "no object lock: create another one" in await refused(plain)
    await (await S3Archive.open(plain, lock=Lock.OFF)).aclose()
    ceph.client.set_bucket_versioning(plain.bucket, VersioningConfig(SUSPENDED))
    assert "versioning of bucket" in await refused(plain, Lock.OFF)
    locking = ceph.bucket()
    ceph.client.set_object_lock_config(locking.bucket, ObjectLockConfig(GOVERNANCE, 1, DAYS))
    assert "locks everything written to it by default" in await refused(locking)


async def test_what_answers_and_is_no_s3_store_is_told_apart(door: Door, ceph: Ceph) -> None:
    door.trouble("GET", "", Trouble.NOT_S3, times=-1)
    assert "HTTP 502" in await refused(replace(ceph.bucket(), endpoint=door.endpoint))
