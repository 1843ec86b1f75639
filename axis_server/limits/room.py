"""Room on the archive's disk, promised to uploads before they begin.

async with room.promised(size) as promise:
    ...
    promise.keep(len(chunk))
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storage.archive.base import Archive
from storage.errors import StoreFull


class Room:
    """What the archive can still take, less what uploads under way were promised, less a reserve.

    The reserve is for packages, statements and the ledger: what is small goes on when large things no longer
    fit. Uploads of other processes are seen as they are written, not when they begin.
    """

    def __init__(self, archive: Archive, *, reserve_bytes: int) -> None:
        self._archive = archive
        self._reserve_bytes = reserve_bytes
        self._promises: set[Promise] = set()

    @asynccontextmanager
    async def promised(self, size: int) -> AsyncIterator[Promise]:
        """Promises room for `size` bytes until the block ends. Raises `StoreFull` when there is none."""
        free = await self._archive.free()
        if size + sum(one.left for one in self._promises) + self._reserve_bytes > free:
            raise StoreFull(f"no room for {size} bytes beside the reserve")
        promise = Promise(size)
        self._promises.add(promise)
        try:
            yield promise
        finally:
            self._promises.discard(promise)


class Promise:
    """Room for `left` bytes that are still to come."""

    def __init__(self, size: int) -> None:
        self.left = size

    def keep(self, size: int) -> None:
        """Notes that `size` bytes came: the disk itself knows of them from now on."""
        self.left -= size
