"""A blob to its key. Blocking, like `bucket`.

A small blob is one request. A large one is a multipart upload, invisible until all of it was hashed and is
what its name says. A crash before that leaves an upload that nobody sees, which `abandon`
removes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from storage.archive.s3.bucket import MOST_PARTS, PART_BYTES, Bucket, Version
from storage.errors import Corrupt, DigestMismatch, StoreFull

BLOBS = "blobs/"


def blob_key(digest: str) -> str:
    """Returns the key of a blob."""
    return BLOBS + digest


def place(bucket: Bucket, digest: str, content: bytes) -> int:
    """Keeps a blob of at most one part and returns its size. Raises `DigestMismatch`, `Corrupt`."""
    if hashlib.sha256(content).hexdigest() != digest:
        raise DigestMismatch(digest)
    present = bucket.size(blob_key(digest))
    if present is None:
        bucket.put(blob_key(digest), content)
    elif present != len(content):
        raise Corrupt(digest)
    return len(content)


class Parts:
    """A large blob on its way, hashed as it grows. Ends with `keep` or `abort`."""

    def __init__(self, bucket: Bucket, digest: str) -> None:
        self._bucket = bucket
        self._digest = digest
        self._key = blob_key(digest)
        self._upload = bucket.begin(self._key)
        self._tags: list[str] = []
        self._size = 0
        self._hash = hashlib.sha256()

    def send(self, content: bytes) -> None:
        """Adds a part."""
        if len(self._tags) == MOST_PARTS:
            raise StoreFull(f"a blob has at most {MOST_PARTS} parts of {PART_BYTES} bytes")
        self._hash.update(content)
        self._tags.append(self._bucket.part(self._key, self._upload, len(self._tags) + 1, content))
        self._size += len(content)

    def keep(self) -> int:
        """Makes it a blob and returns its size. Raises `DigestMismatch`."""
        if self._hash.hexdigest() != self._digest:
            raise DigestMismatch(self._digest)
        self._bucket.complete(self._key, self._upload, self._tags, self._size)
        return self._size

    def abort(self) -> None:
        """Drops what was sent."""
        self._bucket.abort(self._key, self._upload)


def abandon(bucket: Bucket, before: datetime) -> None:
    """Drops multipart uploads begun before that time (aware): a node that was killed left them, and nobody
    sees them."""
    for one in list(bucket.unfinished(BLOBS)):
        if one.begun < before:
            bucket.abort(one.key, one.id)


def compose(bucket: Bucket, digest: str, groups: Sequence[Sequence[Version]]) -> None:
    """Makes a blob of objects that stand in the bucket; whoever calls has hashed them.

    Each group becomes one part: the store copies one that is large enough by itself, and smaller ones pass
    through here.
    """
    key = blob_key(digest)
    upload = bucket.begin(key)
    try:
        tags = []
        for number, group in enumerate(groups, start=1):
            if len(group) == 1:
                tags.append(bucket.copied_part(key, upload, number, group[0]))
            else:
                tags.append(bucket.part(key, upload, number, joined(bucket, group)))
        bucket.complete(key, upload, tags, sum(one.size for group in groups for one in group))
    except BaseException:
        bucket.abort(key, upload)
        raise


def joined(bucket: Bucket, objects: Sequence[Version]) -> bytes:
    """Reads objects of at most one part each, one behind the other. One that has gone meanwhile is missing in
    what is returned: the hash tells."""
    pieces = (bucket.read(one.key, 0, max(one.size, 1)) for one in objects)
    return b"".join(piece.content for piece in pieces if piece is not None)
