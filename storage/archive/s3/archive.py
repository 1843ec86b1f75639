"""The archive's promise over a bucket: the event loop's side."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Self

from storage.archive.base import CHUNK_BYTES
from storage.archive.names import checked_digest
from storage.archive.removing import Stored
from storage.archive.s3 import removing
from storage.archive.s3.bucket import PART_BYTES, Bucket, Target
from storage.archive.s3.calls import Patience
from storage.archive.s3.locking import Lock, S3Retention, checked_bucket
from storage.archive.s3.placing import Parts, abandon, blob_key, place
from storage.archive.s3.staging import Staging, Upload
from storage.errors import Corrupt, NotFound, OffsetMismatch, StoreFull, Unavailable
from storage.threads import OneAhead, Threads, settled

_LISTED = 500
"""Blobs that are looked at before others get their turn."""
_BOUNDLESS = 1 << 62
"""What `free` answers: S3 does not tell. A store that is full says so when it is written to."""


class S3Archive:
    """Keeps blobs as objects of a bucket, for any number of nodes. Open it with `open`, close it with
    `aclose`.

    A request holds a thread and a connection for as long as the store takes, never for as long as a sender or
    a reader does. A stream keeps a few parts in memory.
    """

    def __init__(self, bucket: Bucket, threads: Threads, retention: S3Retention) -> None:
        self.bucket = bucket
        self.threads = threads
        """For blocking work on the bucket."""
        self.retention = retention
        """After-commit retention of this bucket's blobs."""
        self._staging = Staging(bucket)

    @classmethod
    async def open(cls, target: Target, *, lock: Lock, patience: Patience | None = None) -> Self:
        """Opens the bucket after looking whether it is one to keep originals in. Raises `Misconfigured`,
        `Unavailable`."""
        bucket = Bucket(target, patience=patience)
        threads = Threads(target.connections, name="archive")
        try:
            await threads.run(checked_bucket, bucket, lock)
        except BaseException:
            await threads.aclose()
            bucket.close()
            raise
        return cls(bucket, threads, S3Retention(bucket, threads, lock))

    async def aclose(self) -> None:
        """Waits for requests under way and closes the connections."""
        await self.threads.aclose()
        self.bucket.close()

    async def put(self, digest: str, source: AsyncIterable[bytes]) -> int:
        checked_digest(digest)
        blocks = _blocks(source)
        first = await anext(blocks, b"")
        if len(first) < PART_BYTES:
            return await self.threads.run(place, self.bucket, digest, first)
        present = await self.threads.run(self.bucket.size, blob_key(digest))
        if present is not None:
            return present
        parts = await self.threads.run(Parts, self.bucket, digest)
        sending = OneAhead(self.threads)
        try:
            await sending.do(parts.send, first)
            async for block in blocks:
                await sending.do(parts.send, block)
            await sending.done()
            return await self.threads.run(parts.keep)
        except BaseException:
            await sending.settle()
            with suppress(Unavailable):  # what stays is seen by nobody, and swept
                await self.threads.run(parts.abort)
            raise

    async def get(self, digest: str, *, offset: int = 0) -> AsyncIterator[bytes]:
        checked_digest(digest)
        if offset < 0:
            raise ValueError("an offset is not negative")
        key = blob_key(digest)
        piece = await self.threads.run(self.bucket.read, key, 0)
        if piece is None:
            raise NotFound(digest)
        size, position, hashing = piece.total, 0, hashlib.sha256()
        if offset > size:
            raise OffsetMismatch(size)
        while True:
            start, position = position, position + len(piece.content)
            ahead = None
            if position < size:
                ahead = asyncio.create_task(self.threads.run(self.bucket.read, key, position))
            try:
                await self.threads.run(hashing.update, piece.content)
                if ahead is None and hashing.hexdigest() != digest:
                    raise Corrupt(digest)
                for at in range(max(start, offset), position, CHUNK_BYTES):
                    yield piece.content[at - start : at - start + CHUNK_BYTES]
                if ahead is None:
                    return
                following = await ahead
            finally:
                if ahead is not None:
                    await settled(ahead)
            if following is None or following.total != size:
                raise Corrupt(digest, "it changed while it was read")
            piece = following

    async def size(self, digest: str) -> int:
        size = await self.threads.run(self.bucket.size, blob_key(checked_digest(digest)))
        if size is None:
            raise NotFound(digest)
        return size

    async def uploaded(self, owner: str, digest: str) -> int:
        return await self.threads.run(self._staging.uploaded, owner, checked_digest(digest))

    async def append(self, owner: str, digest: str, offset: int, source: AsyncIterable[bytes]) -> int:
        upload = await self._begin(owner, checked_digest(digest), offset)
        try:
            try:
                await self._take(upload, source)
            finally:
                held = await self.threads.run(self._staging.end, upload)
        except StoreFull:
            await self.discard(owner, digest)
            raise
        return held

    async def _begin(self, owner: str, digest: str, offset: int) -> Upload:
        """Takes the upload; lets go of it at once when the caller was cancelled meanwhile."""
        beginning = asyncio.ensure_future(self.threads.run(self._staging.begin, owner, digest, offset))
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            await settled(beginning)
            if not beginning.exception():
                with suppress(OffsetMismatch, Unavailable):
                    await self.threads.run(self._staging.end, beginning.result())
            raise

    async def _take(self, upload: Upload, source: AsyncIterable[bytes]) -> None:
        """Adds the segments of `source`, the last one also when it breaks off."""
        waiting = bytearray()
        writing = OneAhead(self.threads)
        try:
            async for chunk in source:
                waiting += chunk
                if len(waiting) >= PART_BYTES:
                    block, waiting = bytes(waiting), bytearray()
                    await writing.do(self._staging.write, upload, block)
            await writing.done()
        finally:
            await writing.settle()
            if not upload.broken and (waiting or not upload.keys):
                await self.threads.run(self._staging.write, upload, bytes(waiting))

    async def finish(self, owner: str, digest: str) -> int:
        return await self.threads.run(self._staging.finish, owner, checked_digest(digest))

    async def discard(self, owner: str, digest: str) -> None:
        await self.threads.run(self._staging.discard, owner, checked_digest(digest))

    async def unfinished(self, owner: str) -> dict[str, int]:
        return await self.threads.run(self._staging.unfinished, owner)

    async def expire(self, before: datetime) -> int:
        await self.threads.run(abandon, self.bucket, before)
        return await self.threads.run(self._staging.expire, before)

    async def hide(self, digest: str) -> datetime | None:
        return await self.threads.run(removing.hide, self.bucket, checked_digest(digest))

    async def show(self, digest: str) -> None:
        await self.threads.run(removing.show, self.bucket, checked_digest(digest))

    async def destroy(self, digest: str) -> None:
        await self.threads.run(removing.destroy, self.bucket, checked_digest(digest))

    async def stored(self) -> AsyncIterator[Stored]:
        lying = removing.stored(self.bucket)
        while found := await self.threads.run(lambda: list(islice(lying, _LISTED))):
            for one in found:
                yield one

    async def free(self) -> int:
        return _BOUNDLESS

    async def probe(self) -> None:
        await self.threads.run(_probe, self.bucket)


def _probe(bucket: Bucket) -> None:
    key, content = f"probe/{secrets.token_hex(16)}", secrets.token_bytes(64)
    bucket.put(key, content)
    try:
        piece = bucket.read(key, 0)
        if piece is None or piece.content != content:
            raise Unavailable("the S3 store does not give back what was written")
    finally:
        bucket.remove(list(bucket.versions(key)))


async def _blocks(source: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Joins chunks into blocks of at least one part; only the last block is smaller."""
    waiting = bytearray()
    async for chunk in source:
        waiting += chunk
        if len(waiting) >= PART_BYTES:
            block, waiting = bytes(waiting), bytearray()
            yield block
    if waiting:
        yield bytes(waiting)
