"""Removing what no dispatch names, for an operator's command.

A blob that a crash left, or that its sender never submitted, is an orphan. It is removed in two sweeps, so
that a dispatch accepted while the first one runs loses nothing:

1. An orphan older than the stated age is hidden behind a delete marker, which removes nothing. A `put` of the
   same bytes from then on finds no blob and writes them again. The ledger is asked once more: what it has
   come to know in between is shown again.
2. A later sweep finds the marker older than the stated age. If the ledger still does not know the blob, its
   versions are removed, the marker last; if it does, the marker is.

What is locked stays, whatever the ledger says: the store refuses to remove it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby, islice

from storage.archive.names import is_digest
from storage.archive.s3.archive import S3Archive
from storage.archive.s3.bucket import Bucket, Version
from storage.archive.s3.placing import BLOBS

Known = Callable[[Collection[str]], Awaitable[Collection[str]]]
"""Tells which of some digests the ledger names: as a part, a statement, evidence, or held for an owner."""

_PAGE = 500
"""How many digests the ledger is asked about at once; all that is kept in memory."""


@dataclass(slots=True, kw_only=True)
class Swept:
    """What a sweep did. The sizes are bytes."""

    hidden: int = 0
    """Orphans hidden: the next sweep after the stated age removes them."""
    removed: int = 0
    """Orphans removed for good."""
    removed_bytes: int = 0
    shown: int = 0
    """Blobs that the ledger has come to know, shown again."""
    locked: int = 0
    """Orphans that the store keeps because they are locked."""
    aborted: int = 0
    """Multipart uploads that nobody completed."""

    def __iadd__(self, other: Swept) -> Swept:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))
        return self


async def sweep(archive: S3Archive, known: Known, *, older_than: datetime, page: int = _PAGE) -> Swept:
    """Sweeps the blobs and the multipart uploads that are older than `older_than` (aware). Raises
    `Unavailable`; what was done until then stands, and sweeping again is right.

    `older_than` must lie further back than any submission takes from its first byte to its commit. Abandoned
    uploads of agencies are `Archive.expire`'s.
    """
    swept = Swept()
    bucket, run = archive.bucket, archive.threads.run
    candidates = _candidates(bucket, older_than)
    while blobs := await run(lambda: dict(islice(candidates, page))):
        found = set(await known(blobs.keys()))
        for digest, versions in blobs.items():
            if versions[0].marker:
                swept += await run(_end, bucket, versions, digest in found)
        orphans = [digest for digest in blobs.keys() - found if not blobs[digest][0].marker]
        locked = {one for one in orphans if await archive.retention.locks(one, older_than)}
        swept.locked += len(locked)
        swept.hidden += await _hide(archive, known, [one for one in orphans if one not in locked])
    swept.aborted = await run(_abort, bucket, older_than)
    return swept


async def _hide(archive: S3Archive, known: Known, orphans: Sequence[str]) -> int:
    """Hides orphans, and shows again those that the ledger has come to know meanwhile; returns how many stay
    hidden."""
    for digest in orphans:
        await archive.threads.run(archive.bucket.hide, BLOBS + digest)
    late = set(await known(orphans)) if orphans else set()
    for digest in late:
        await archive.threads.run(_show, archive.bucket, BLOBS + digest)
    return len(orphans) - len(late)


def _candidates(bucket: Bucket, older_than: datetime) -> Iterator[tuple[str, list[Version]]]:
    """Yields blobs of which no version is younger, each with its versions, the newest first."""
    for key, found in groupby(bucket.versions(BLOBS), key=lambda one: one.key):
        versions = sorted(found, key=lambda one: (one.latest, one.modified), reverse=True)
        if is_digest(key.removeprefix(BLOBS)) and versions[0].modified < older_than:
            yield key.removeprefix(BLOBS), versions


def _end(bucket: Bucket, versions: Sequence[Version], known: bool) -> Swept:
    """Ends what an earlier sweep began with a blob. Its newest version is a delete marker."""
    if known:
        _show(bucket, versions[0].key)
        return Swept(shown=1)
    blobs = [one for one in versions if not one.marker]
    kept = [one for one in blobs if not bucket.remove_one(one)]
    if kept:
        return Swept(locked=1)
    for marker in (one for one in versions if one.marker):
        bucket.remove_one(marker)
    return Swept(removed=bool(blobs), removed_bytes=sum(one.size for one in blobs))


def _show(bucket: Bucket, key: str) -> None:
    """Removes the delete markers before the newest version."""
    for one in list(bucket.versions(key)):
        if one.key == key and one.marker:
            bucket.remove_one(one)


def _abort(bucket: Bucket, older_than: datetime) -> int:
    aborted = 0
    for one in list(bucket.unfinished(BLOBS)):
        if one.begun < older_than:
            bucket.abort(one.key, one.id)
            aborted += 1
    return aborted
