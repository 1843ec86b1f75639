"""Object lock: whether a bucket may keep originals, and retention of what it keeps."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from minio.error import S3Error
from minio.objectlockconfig import ObjectLockConfig
from minio.retention import Retention as Locked
from urllib3.response import BaseHTTPResponse

from storage.archive.names import checked_digest
from storage.archive.retention import Kept
from storage.archive.s3.bucket import Bucket, Target, Version
from storage.archive.s3.calls import Patience
from storage.archive.s3.placing import blob_key
from storage.errors import Misconfigured, NotFound
from storage.threads import Threads

T = TypeVar("T")

_UNLOCKED = frozenset({"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"})
"""What stores say of an object that nothing locks: Amazon's the first, Ceph's the second."""


class Lock(StrEnum):
    """How blobs are locked after the commit."""

    OFF = "off"
    GOVERNANCE = "governance"
    """Whoever has the right to bypass governance may shorten it."""
    COMPLIANCE = "compliance"
    """Nobody may, the operator of the store included."""


def checked_bucket(bucket: Bucket, lock: Lock) -> None:
    """Raises `Misconfigured` unless the bucket keeps every version and, if `lock` asks for it, locks them;
    the sentence says what to do."""
    fit_for_locking(bucket, lock)  # first: who lacks both needs another bucket, not a switch in this one
    versioned(bucket)


def look_at(target: Target, lock: Lock) -> None:
    """Looks at a bucket as `checked_bucket` does, without much patience, and changes nothing. Blocking."""
    bucket = Bucket(target, patience=Patience(tries=2))
    try:
        checked_bucket(bucket, lock)
    finally:
        bucket.close()


def versioned(bucket: Bucket) -> None:
    """Raises `Misconfigured` unless the bucket keeps every version."""
    versioning = bucket.request(lambda: bucket.client.get_bucket_versioning(bucket.name))
    if versioning.status != "Enabled":
        raise Misconfigured(f'versioning of bucket "{bucket.name}" is off: switch it on')


def fit_for_locking(bucket: Bucket, lock: Lock) -> None:
    """Raises `Misconfigured` unless versions can be locked, where they are to be, and are not by default."""
    config = _lock_config(bucket)
    if config is None and lock is not Lock.OFF:
        raise Misconfigured(
            f'bucket "{bucket.name}" has no object lock: create another one with object lock enabled, or say'
            " that blobs are not to be locked"
        )
    if config is not None and config.mode:
        raise Misconfigured(
            f'bucket "{bucket.name}" locks everything written to it by default ({config.mode}): remove that'
            " rule; the axis locks originals itself, and must remove what uploads leave"
        )


def _lock_config(bucket: Bucket) -> ObjectLockConfig | None:
    """Returns the bucket's lock configuration, None when it has no object lock."""
    try:
        return bucket.request(lambda: bucket.client.get_object_lock_config(bucket.name))
    except S3Error:
        return None


class S3Retention:
    """Retention by object lock on the current version of each blob."""

    def __init__(self, bucket: Bucket, threads: Threads, lock: Lock) -> None:
        self._bucket = bucket
        self._threads = threads
        self._lock = lock

    async def retain(self, digest: str, until: datetime) -> None:
        await self._threads.run(self._retain, checked_digest(digest), until)

    async def hold(self, digest: str, on: bool) -> None:
        await self._threads.run(self._hold, checked_digest(digest), on)

    async def kept(self, digest: str) -> Kept:
        return await self._threads.run(self._kept, checked_digest(digest))

    def _retain(self, digest: str, until: datetime) -> None:
        before = self._kept(digest).until
        until = until.replace(microsecond=0) + timedelta(seconds=until.microsecond > 0)
        if before is None or before < until:
            locked = Locked(self._lock.upper(), until)
            client, name, key = self._bucket.client, self._bucket.name, blob_key(digest)
            self._bucket.request(lambda: client.set_object_retention(name, key, locked))

    def _hold(self, digest: str, on: bool) -> None:
        self._kept(digest)
        client, name, key = self._bucket.client, self._bucket.name, blob_key(digest)
        switch = client.enable_object_legal_hold if on else client.disable_object_legal_hold
        self._bucket.request(lambda: switch(name, key))

    def _kept(self, digest: str) -> Kept:
        if self._lock is Lock.OFF:
            raise Misconfigured("blobs are not locked here: set the lock to governance or compliance")
        client, name, key = self._bucket.client, self._bucket.name, blob_key(digest)
        until = self._asked(
            digest, lambda: _until(client._execute("GET", name, key, query_params={"retention": ""}))
        )
        held = self._asked(digest, lambda: client.is_object_legal_hold_enabled(name, key))
        return Kept(until=until, held=bool(held))

    def _asked(self, digest: str, question: Callable[[], T]) -> T | None:
        try:
            return self._bucket.request(question)
        except S3Error as exc:
            if exc.code in _UNLOCKED:
                return None
            raise NotFound(digest) from exc


def locked_until(bucket: Bucket, version: Version) -> datetime | None:
    """Tells until when a version is retained; None where no time is set, as under a hold."""
    query = {"retention": "", "versionId": version.id or ""}
    try:
        return bucket.request(
            lambda: _until(bucket.client._execute("GET", bucket.name, version.key, query_params=dict(query)))
        )
    except S3Error:
        return None


def _until(answer: BaseHTTPResponse) -> datetime:
    """Reads until when an object is retained. Minio's own reader fails on Ceph's nanoseconds."""
    found = re.search(r"<RetainUntilDate>([^<]+)</RetainUntilDate>", answer.data.decode())
    if found is None:
        raise ValueError("an answer without RetainUntilDate")
    return datetime.fromisoformat(found[1])
