"""An archive in memory, for tests: the same promise, kept more strictly than any disk keeps it.

Buffers are never shared with a caller, arguments that a real store might let pass are refused, and the loop
gets a turn at every chunk, so that what can interleave does.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime

from storage.archive.base import CHUNK_BYTES
from storage.archive.names import checked_digest
from storage.archive.removing import Stored
from storage.errors import Corrupt, DigestMismatch, NotFound, OffsetMismatch


class MemoryArchive:
    """Keeps blobs in a dictionary.

    `blobs`, `uploads` and `room` (what `free` says) are open for tests that look at, or tamper with, what is
    kept.
    """

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.hidden: dict[str, tuple[datetime, bytes]] = {}
        self._written: dict[str, datetime] = {}
        self.room = 1 << 40
        self.uploads: dict[tuple[str, str], bytearray] = {}
        self._appending: set[tuple[str, str]] = set()
        self._finished: set[tuple[str, str]] = set()
        self._touched: dict[tuple[str, str], datetime] = {}

    async def put(self, digest: str, source: AsyncIterable[bytes]) -> int:
        checked_digest(digest)
        await asyncio.sleep(0)
        if digest not in self.blobs:
            content = bytearray()
            async for chunk in source:
                content += _checked_chunk(chunk)
                await asyncio.sleep(0)
            self._keep(digest, bytes(content))
        return len(self.blobs[digest])

    async def get(self, digest: str, *, offset: int = 0) -> AsyncIterator[bytes]:
        checked_digest(digest)
        if offset < 0:
            raise ValueError("an offset is not negative")
        await asyncio.sleep(0)
        if digest not in self.blobs:
            raise NotFound(digest)
        content = self.blobs[digest]
        if offset > len(content):
            raise OffsetMismatch(len(content))
        sound = hashlib.sha256(content).hexdigest() == digest
        for start in range(offset, len(content), CHUNK_BYTES):
            if not sound and start + CHUNK_BYTES >= len(content):
                break
            yield content[start : start + CHUNK_BYTES]
            await asyncio.sleep(0)
        if not sound:
            raise Corrupt(digest)

    async def size(self, digest: str) -> int:
        checked_digest(digest)
        await asyncio.sleep(0)
        if digest not in self.blobs:
            raise NotFound(digest)
        return len(self.blobs[digest])

    async def uploaded(self, owner: str, digest: str) -> int:
        checked_digest(digest)
        await asyncio.sleep(0)
        return len(self.uploads.get((owner, digest), b""))

    async def append(self, owner: str, digest: str, offset: int, source: AsyncIterable[bytes]) -> int:
        checked_digest(digest)
        await asyncio.sleep(0)
        key = (owner, digest)
        held = len(self.uploads.get(key, b""))
        if key in self._appending or offset not in (0, held):
            raise OffsetMismatch(held)
        self._appending.add(key)
        try:
            self._finished.discard(key)
            if offset == 0:
                self.uploads[key] = bytearray()
            upload = self.uploads[key]
            async for chunk in source:
                upload += _checked_chunk(chunk)
                await asyncio.sleep(0)
        finally:
            self._touched[key] = datetime.now(UTC)
            self._appending.discard(key)
        if self.uploads.get(key) is not upload:
            raise OffsetMismatch(0)
        return len(upload)

    async def finish(self, owner: str, digest: str) -> int:
        checked_digest(digest)
        await asyncio.sleep(0)
        key = (owner, digest)
        if key in self._appending:
            raise OffsetMismatch(len(self.uploads.get(key, b"")))
        if key in self.uploads:
            self._keep(digest, bytes(self.uploads.pop(key)))
            self._finished.add(key)
        elif key not in self._finished:
            raise NotFound(digest)
        return len(self.blobs[digest])

    async def discard(self, owner: str, digest: str) -> None:
        checked_digest(digest)
        await asyncio.sleep(0)
        self.uploads.pop((owner, digest), None)
        self._finished.discard((owner, digest))

    async def unfinished(self, owner: str) -> dict[str, int]:
        await asyncio.sleep(0)
        return {digest: len(held) for (of, digest), held in self.uploads.items() if of == owner}

    async def expire(self, before: datetime) -> int:
        await asyncio.sleep(0)
        old = [key for key in self.uploads if key not in self._appending and self._touched[key] < before]
        for key in old:
            del self.uploads[key]
        return len(old)

    async def free(self) -> int:
        await asyncio.sleep(0)
        return self.room

    async def probe(self) -> None:
        await asyncio.sleep(0)

    async def hide(self, digest: str) -> datetime | None:
        checked_digest(digest)
        await asyncio.sleep(0)
        if digest in self.blobs:
            self.hidden[digest] = datetime.now(UTC), self.blobs.pop(digest)
        return self.hidden[digest][0] if digest in self.hidden else None

    async def show(self, digest: str) -> None:
        checked_digest(digest)
        await asyncio.sleep(0)
        if digest in self.hidden:
            self.blobs.setdefault(digest, self.hidden.pop(digest)[1])

    async def destroy(self, digest: str) -> None:
        checked_digest(digest)
        await asyncio.sleep(0)
        self.hidden.pop(digest, None)

    async def stored(self) -> AsyncIterator[Stored]:
        for digest, content in list(self.blobs.items()):
            await asyncio.sleep(0)
            since = self._written.get(digest, datetime.now(UTC))
            yield Stored(digest=digest, size=len(content), since=since, hidden=False)
        for digest, (since, content) in list(self.hidden.items()):
            await asyncio.sleep(0)
            yield Stored(digest=digest, size=len(content), since=since, hidden=True)

    def _keep(self, digest: str, content: bytes) -> None:
        if hashlib.sha256(content).hexdigest() != digest:
            raise DigestMismatch(digest)
        if self.blobs.setdefault(digest, content) is content:
            self._written[digest] = datetime.now(UTC)


def _checked_chunk(chunk: bytes) -> bytes:
    if len(chunk) > CHUNK_BYTES:
        raise ValueError(f"a chunk has at most {CHUNK_BYTES} bytes")
    return chunk
