"""Uploads in progress, as segments that any node can go on from. Blocking, like `bucket`.

    uploads/<hash of the owner>/<digest>/<start>-<size>-<random>    a segment: bytes from `start` on
    uploads/<hash of the owner>/<digest>/finished                   this owner's upload became a blob; empty

What is held is the chain of segments from byte 0 on: at each place the longest one that begins there. A
segment is written once, under a name that no other writer uses, so nothing that was written is ever written
over, and a crash leaves the chain as it was or longer. A chain goes on from its last segment; when that is
too small to be a part in the middle (S3 asks for 5 MiB), it is read back and written again with what follows.

Within one process one append has an upload in hand. Two nodes may append to one upload at once, since S3 has
no lock: each then writes segments of its own, and the hash at the end judges whatever chain came of it.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from storage.archive.names import owner_room
from storage.archive.s3.bucket import LEAST_PART_BYTES, PART_BYTES, Bucket, Version
from storage.archive.s3.placing import blob_key, compose, joined, place
from storage.errors import DigestMismatch, NotFound, OffsetMismatch

UPLOADS = "uploads/"
_FINISHED = "finished"

_IDLE_HASHES = 1024
"""Uploads whose running hash is kept between two appends; one pushed out is read and hashed again."""


@dataclass(slots=True, kw_only=True)
class Upload:
    """An upload that an append has in hand."""

    room: str
    """The prefix of its keys."""
    held: int
    """Bytes in its chain."""
    keys: tuple[str, ...] = ()
    """The chain."""
    tail: Version | None = None
    """Its last segment, if it is to be written again with what follows."""
    tail_content: bytes = b""
    hash: Any = None
    """Of all bytes held, where all passed through this process; else None."""
    dropped: bool = False
    """Discarded by another call meanwhile."""
    broken: bool = False
    """A segment may be missing at the end: nothing may be added behind it."""


@dataclass(frozen=True, slots=True)
class _Hashed:
    """The hash of a chain, for as long as the chain is this one."""

    keys: tuple[str, ...]
    hash: Any = field(repr=False)


def chain(found: Iterable[Version]) -> list[Version]:
    """Returns the segments that make up what is held of one upload, in their order."""
    longest: dict[int, Version] = {}
    for one in found:
        start = _start(one)
        if start is not None and (start not in longest or one.size > longest[start].size):
            longest[start] = one
    held: list[Version] = []
    position = 0
    while position in longest:
        held.append(longest[position])
        position += held[-1].size
        if held[-1].size == 0:
            break
    return held


def _start(one: Version) -> int | None:
    """Returns where a segment begins; None for what is no segment, or not of the size that it was given."""
    start, _, rest = one.key.rpartition("/")[2].partition("-")
    if one.marker or not rest or int(rest.partition("-")[0], 16) != one.size:
        return None
    return int(start, 16)


def _size(held: Sequence[Version]) -> int:
    return sum(one.size for one in held)


def parts(held: Sequence[Version]) -> list[list[Version]]:
    """Groups a chain into parts that S3 takes: small segments in the middle go together with what follows."""
    groups: list[list[Version]] = [[]]
    for one in held:
        if _size(groups[-1]) >= LEAST_PART_BYTES:
            groups.append([])
        groups[-1].append(one)
    return groups


class Staging:
    """The uploads in one bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._lock = threading.Lock()
        self._in_hand: dict[str, Upload] = {}
        self._hashes: OrderedDict[str, _Hashed] = OrderedDict()

    def uploaded(self, owner: str, digest: str) -> int:
        """Returns how many bytes are held, 0 when there is no upload."""
        return _size(self._chain(_room(owner, digest)))

    def begin(self, owner: str, digest: str, offset: int) -> Upload:
        """Takes an upload for one append at `offset`; the caller ends it with `end`."""
        upload = Upload(room=_room(owner, digest), held=0)
        self._take(upload)
        try:
            if offset == 0:
                self._drop(upload.room)
                upload.hash = hashlib.sha256()
            else:
                self._go_on(upload, offset)
        except BaseException:
            self._let_go(upload)
            raise
        return upload

    def _go_on(self, upload: Upload, offset: int) -> None:
        held = self._chain(upload.room)
        if _size(held) != offset:
            raise OffsetMismatch(_size(held))
        upload.held, upload.keys = offset, tuple(one.key for one in held)
        with self._lock:
            hashed = self._hashes.get(upload.room)
        if hashed is not None and hashed.keys == upload.keys:
            upload.hash = hashed.hash.copy()
        if held[-1].size < LEAST_PART_BYTES:
            upload.tail, upload.tail_content = held[-1], joined(self._bucket, held[-1:])

    def write(self, upload: Upload, content: bytes) -> None:
        """Adds a segment, together with the one before it where that is too small to stand alone."""
        if upload.dropped:
            raise OffsetMismatch(0)
        whole = upload.tail_content + content
        start = upload.held - len(upload.tail_content)
        key = f"{upload.room}{start:013x}-{len(whole):x}-{secrets.token_hex(8)}"
        upload.broken = True
        self._bucket.put(key, whole)
        upload.broken = False
        if upload.hash is not None:
            upload.hash.update(content)
        before = upload.keys[:-1] if upload.tail else upload.keys
        upload.keys, upload.held = (*before, key), start + len(whole)
        tail, upload.tail, upload.tail_content = upload.tail, None, b""
        if tail is not None:
            self._bucket.remove([tail])

    def end(self, upload: Upload) -> int:
        """Lets go of an upload and returns the bytes held. Raises `OffsetMismatch` when it was discarded
        meanwhile, here or by another node."""
        try:
            if upload.dropped:
                self._drop(upload.room)
                raise OffsetMismatch(0)
            if upload.broken:
                return upload.held  # told by the write that failed
            held = self._chain(upload.room)
            if _size(held) != upload.held:
                raise OffsetMismatch(_size(held))
            if upload.hash is not None and tuple(one.key for one in held) == upload.keys:
                self._remember(upload.room, _Hashed(upload.keys, upload.hash))
            return upload.held
        finally:
            self._let_go(upload)

    def finish(self, owner: str, digest: str) -> int:
        """Turns an upload into a blob and returns its size.

        1. hash     what is held: from memory where every byte passed here, else it is read
        2. place    the blob, unless it stands already. A crash up to here leaves the upload: once more
        3. mark     that this owner's upload became a blob
        4. drop     the segments. A crash here leaves them: once more, and the blob stands
        """
        room = _room(owner, digest)
        upload = Upload(room=room, held=0)
        self._take(upload)
        try:
            found = list(self._bucket.versions(room))
            held = chain(found)
            if not held:
                return self._kept(digest, found)
            size = self._place(digest, room, held)  # 1, 2
            self._bucket.put(room + _FINISHED, b"")  # 3
            self._remove(found)  # 4
            return size
        finally:
            self._let_go(upload)

    def _place(self, digest: str, room: str, held: Sequence[Version]) -> int:
        size = _size(held)
        try:
            if size <= PART_BYTES:
                return place(self._bucket, digest, joined(self._bucket, held))
            if self._digest(room, held) != digest:
                raise DigestMismatch(digest)
        except DigestMismatch:
            self._drop(room)
            raise
        if self._bucket.size(blob_key(digest)) != size:
            compose(self._bucket, digest, parts(held))
        return size

    def _digest(self, room: str, held: Sequence[Version]) -> str:
        with self._lock:
            hashed = self._hashes.get(room)
        if hashed is not None and hashed.keys == tuple(one.key for one in held):
            return str(hashed.hash.hexdigest())
        read = hashlib.sha256()
        for one in held:
            read.update(joined(self._bucket, [one]))
        return read.hexdigest()

    def _kept(self, digest: str, found: Sequence[Version]) -> int:
        finished = any(one.key.endswith(f"/{_FINISHED}") and not one.marker for one in found)
        size = self._bucket.size(blob_key(digest)) if finished else None
        if size is None:
            raise NotFound(digest)
        return size

    def discard(self, owner: str, digest: str) -> None:
        """Drops what is held of an upload."""
        room = _room(owner, digest)
        with self._lock:
            if (upload := self._in_hand.get(room)) is not None:
                upload.dropped = True
        self._drop(room)

    def unfinished(self, owner: str) -> dict[str, int]:
        """Returns what is held of each upload of an owner, by digest."""
        return {
            room.rstrip("/").rpartition("/")[2]: _size(chain(found))
            for room, found in self._rooms(f"{UPLOADS}{owner_room(owner)}/")
            if any(_start(one) is not None for one in found)
        }

    def expire(self, before: datetime) -> int:
        """Drops uploads and memories of finished ones that were last written before that time, and returns
        how many uploads."""
        dropped = 0
        for room, found in self._rooms(UPLOADS):
            with self._lock:
                busy = room in self._in_hand
            if not busy and max(one.modified for one in found) < before:
                self._remove(found)
                dropped += any(_start(one) is not None for one in found)
        return dropped

    def _rooms(self, prefix: str) -> Iterator[tuple[str, list[Version]]]:
        """Yields each upload's room under `prefix` with all that is in it, one at a time."""
        listed = self._bucket.versions(prefix)
        for room, found in groupby(listed, key=lambda one: one.key.rpartition("/")[0] + "/"):
            yield room, list(found)

    def _chain(self, room: str) -> list[Version]:
        return chain(self._bucket.versions(room))

    def _drop(self, room: str) -> None:
        self._remove(list(self._bucket.versions(room)))

    def _remove(self, found: Sequence[Version]) -> None:
        """Removes versions in the order of their keys: the first segment first, so that what a crash leaves
        is no chain."""
        if found:
            self._bucket.remove(found)

    def _take(self, upload: Upload) -> None:
        with self._lock:
            other = self._in_hand.setdefault(upload.room, upload)
        if other is not upload:
            raise OffsetMismatch(other.held)

    def _let_go(self, upload: Upload) -> None:
        with self._lock:
            del self._in_hand[upload.room]

    def _remember(self, room: str, hashed: _Hashed) -> None:
        with self._lock:
            self._hashes.pop(room, None)
            self._hashes[room] = hashed
            if len(self._hashes) > _IDLE_HASHES:
                self._hashes.popitem(last=False)


def _room(owner: str, digest: str) -> str:
    return f"{UPLOADS}{owner_room(owner)}/{digest}/"
