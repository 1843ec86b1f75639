"""`Removing` over a bucket: a delete marker hides, and removing every version behind it destroys.
Blocking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from storage.archive.names import is_digest
from storage.archive.removing import Stored
from storage.archive.s3.bucket import Bucket, Version
from storage.archive.s3.locking import locked_until
from storage.archive.s3.placing import BLOBS, blob_key
from storage.errors import Locked


def hide(bucket: Bucket, digest: str) -> datetime | None:
    """See `Removing.hide`."""
    versions = _versions(bucket, digest)
    if versions and not versions[0].marker:
        bucket.hide(blob_key(digest))
        versions = _versions(bucket, digest)
    return versions[0].modified if versions else None


def show(bucket: Bucket, digest: str) -> None:
    """See `Removing.show`."""
    versions = _versions(bucket, digest)
    if any(not one.marker for one in versions):
        for one in versions:
            if one.marker:
                bucket.remove_one(one)


def destroy(bucket: Bucket, digest: str) -> None:
    """See `Removing.destroy`. The markers go last: until then nobody sees a version that stays."""
    versions = _versions(bucket, digest)
    first = next((number for number, one in enumerate(versions) if one.marker), len(versions))
    hidden = versions[first:]
    kept = [one for one in hidden if not one.marker and not bucket.remove_one(one)]
    if kept:
        raise Locked(digest, locked_until(bucket, kept[0]))
    for one in hidden:
        if one.marker:
            bucket.remove_one(one)


def stored(bucket: Bucket) -> Iterator[Stored]:
    """See `Removing.stored`."""
    for key, found in groupby(bucket.versions(BLOBS), key=lambda one: one.key):
        digest, versions = key.removeprefix(BLOBS), _newest_first(list(found))
        if is_digest(digest):
            yield Stored(
                digest=digest,
                size=sum(one.size for one in versions if not one.marker),
                since=versions[0].modified,
                hidden=versions[0].marker,
            )


def _versions(bucket: Bucket, digest: str) -> list[Version]:
    key = blob_key(digest)
    return _newest_first([one for one in bucket.versions(key) if one.key == key])


def _newest_first(versions: Sequence[Version]) -> list[Version]:
    return sorted(versions, key=lambda one: (one.latest, one.modified), reverse=True)
