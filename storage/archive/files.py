"""An archive in a directory tree: one file per blob, durable when `put` returns.

Small blobs are placed many at once, by one thread; large ones stream through another a chunk at a time, so
memory stays the same for any size. Several processes may share the directory, which must be one local file
system with POSIX locks.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable
from datetime import datetime
from functools import partial
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from storage.archive.attic import Attic
from storage.archive.base import CHUNK_BYTES
from storage.archive.names import checked_digest
from storage.archive.placing import Blob, place_together
from storage.archive.removing import Stored
from storage.archive.shelf import Shelf, disk_errors
from storage.archive.staging import Staging
from storage.batching import Batches
from storage.errors import Corrupt, NotFound, OffsetMismatch, StoreFull
from storage.threads import Threads

P = ParamSpec("P")
T = TypeVar("T")


class _Closable(Protocol):
    def close(self) -> None: ...


Opened = TypeVar("Opened", bound=_Closable)

_THREADS = 16
"""How many file operations run at once. More than cores on purpose: they mostly wait for the disk to flush,
and file systems flush many files at the price of one."""

_LISTED = 500
"""Blobs that are looked at before others get their turn."""
_BATCH_BLOBS = 128
_BATCH_BYTES = 16 << 20
"""Bounds of what is placed at once, so that nobody waits long behind others."""


class FilesArchive:
    """Keeps blobs as files under `root`, which is made if absent. Close it with `aclose`."""

    def __init__(self, root: Path, *, threads: int = _THREADS) -> None:
        self._shelf = Shelf(root)
        self._staging = Staging(root, self._shelf)
        self._attic = Attic(root, self._shelf)
        self._threads = Threads(threads, name="archive")
        self._placing: Batches[Blob, int] = Batches(
            partial(place_together, self._shelf),
            name="the archive",
            callers=_BATCH_BLOBS,
            weight=_BATCH_BYTES,
        )

    async def aclose(self) -> None:
        """Waits for file operations under way and closes what is open."""
        if self._threads.closed:
            return
        await self._placing.aclose()
        await self._threads.aclose()
        self._staging.close()
        await asyncio.to_thread(self._shelf.close)

    async def put(self, digest: str, source: AsyncIterable[bytes]) -> int:
        checked_digest(digest)
        blocks = _blocks(source)
        first = await anext(blocks, b"")
        if len(first) < CHUNK_BYTES:
            return await self._placing.do(Blob(digest, first), weight=len(first))
        present = await self._in_thread(self._shelf.durable_size, digest)
        if present is not None:
            return present
        incoming = await self._open(self._shelf.incoming)
        try:
            await self._in_thread(incoming.write, first)
            async for block in blocks:
                await self._in_thread(incoming.write, block)
            return await self._in_thread(self._shelf.keep_incoming, digest, incoming)
        finally:
            await self._in_thread(incoming.close)

    async def get(self, digest: str, *, offset: int = 0) -> AsyncIterator[bytes]:
        checked_digest(digest)
        if offset < 0:
            raise ValueError("an offset is not negative")
        reading = await self._open(_Reading, self._shelf.path(digest), digest)
        try:
            if offset > reading.size:
                raise OffsetMismatch(reading.size)
            chunk = reading.first
            while True:
                wanted = chunk[max(0, offset - (reading.position - len(chunk))) :]
                if wanted:
                    yield wanted
                if reading.position >= reading.size:
                    return
                chunk = await self._in_thread(reading.next_chunk)
        finally:
            reading.close()

    async def size(self, digest: str) -> int:
        return await self._in_thread(self._shelf.size, checked_digest(digest))

    async def uploaded(self, owner: str, digest: str) -> int:
        return await self._in_thread(self._staging.uploaded, owner, checked_digest(digest))

    async def append(self, owner: str, digest: str, offset: int, source: AsyncIterable[bytes]) -> int:
        try:
            return await self._append(owner, digest, offset, source)
        except StoreFull:
            await self.discard(owner, digest)
            raise

    async def _append(self, owner: str, digest: str, offset: int, source: AsyncIterable[bytes]) -> int:
        upload = await self._open(self._staging.begin, owner, checked_digest(digest), offset)
        waiting = bytearray()
        try:
            async for chunk in source:
                waiting += chunk
                if len(waiting) >= CHUNK_BYTES:
                    block, waiting = waiting, bytearray()
                    await self._in_thread(upload.write, block)
        finally:
            try:
                await self._in_thread(upload.write, waiting)
            finally:
                held = await self._in_thread(self._staging.end, upload)
        return held

    async def finish(self, owner: str, digest: str) -> int:
        return await self._in_thread(self._staging.finish, owner, checked_digest(digest))

    async def discard(self, owner: str, digest: str) -> None:
        await self._in_thread(self._staging.discard, owner, checked_digest(digest))

    async def unfinished(self, owner: str) -> dict[str, int]:
        return await self._in_thread(self._staging.unfinished, owner)

    async def expire(self, before: datetime) -> int:
        return await self._in_thread(self._staging.expire, before.timestamp())

    async def hide(self, digest: str) -> datetime | None:
        return await self._in_thread(self._attic.hide, checked_digest(digest))

    async def show(self, digest: str) -> None:
        await self._in_thread(self._attic.show, checked_digest(digest))

    async def destroy(self, digest: str) -> None:
        await self._in_thread(self._attic.destroy, checked_digest(digest))

    async def stored(self) -> AsyncIterator[Stored]:
        lying = self._attic.stored()
        while found := await self._in_thread(lambda: list(islice(lying, _LISTED))):
            for one in found:
                yield one

    async def free(self) -> int:
        return await self._in_thread(self._shelf.free)

    async def probe(self) -> None:
        await self._in_thread(self._shelf.probe)

    async def _open(self, work: Callable[P, Opened], *args: P.args, **kwargs: P.kwargs) -> Opened:
        """Opens something in a thread; closes it at once when the caller was cancelled meanwhile."""
        opened: list[Opened] = []

        def open_and_note() -> Opened:
            opened.append(work(*args, **kwargs))
            return opened[0]

        try:
            return await self._in_thread(open_and_note)
        except asyncio.CancelledError:
            for one in opened:
                one.close()
            raise

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._threads.run(work, *args, **kwargs)


class _Reading:
    """A blob being read from its start, hashed on the way."""

    def __init__(self, path: Path, digest: str) -> None:
        with disk_errors():
            try:
                self._file = FileIO(path)
            except FileNotFoundError as exc:
                raise NotFound(digest) from exc
            self.size = os.fstat(self._file.fileno()).st_size
        self.position = 0
        self._digest = digest
        self._hash = hashlib.sha256()
        try:
            self.first = self.next_chunk()
        except BaseException:
            self.close()
            raise

    def next_chunk(self) -> bytes:
        """Returns the next chunk, empty at the end. Raises `Corrupt` in place of a last chunk of a wrong
        blob."""
        with disk_errors():
            chunk = self._file.read(CHUNK_BYTES)
        self._hash.update(chunk)
        self.position += len(chunk)
        at_end = not chunk or self.position >= self.size
        if at_end and self._hash.hexdigest() != self._digest:
            raise Corrupt(self._digest)
        return chunk

    def close(self) -> None:
        self._file.close()


async def _blocks(source: AsyncIterable[bytes]) -> AsyncIterator[bytes | bytearray]:
    """Joins chunks into blocks of at least `CHUNK_BYTES`; only the last block is smaller."""
    waiting = bytearray()
    async for chunk in source:
        waiting += chunk
        if len(waiting) >= CHUNK_BYTES:
            block, waiting = waiting, bytearray()
            yield block
    if waiting:
        yield waiting
