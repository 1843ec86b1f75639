"""One archive over two: a primary, and a replica in another region or store.

**Durable** means both: `put` and `finish` return when primary and replica have each acknowledged the blob, so
the loss of either loses nothing that was acknowledged. The price is that neither may be away: a blob that
reached only the primary is answered `Unavailable`, and the same call later completes the pair.

Reading needs one of the two. It falls back before the first chunk; a reader whose stream breaks later comes
again, and what was found corrupt in the primary is then read from the replica. Uploads in progress are the
primary's alone: nobody has been promised anything of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime
from enum import StrEnum
from typing import cast

from storage.archive.base import Archive
from storage.archive.removing import RemovingArchive, Stored
from storage.archive.retention import Kept, Retention
from storage.errors import Corrupt, NotFound, StorageError, Unavailable

_DOUBTED = 4096
"""How many blobs found corrupt in the primary are remembered."""


class Repaired(StrEnum):
    """What a repair found and did."""

    SOUND = "sound"
    """Both hold the blob, and it hashes to its name in both."""
    REPLICA = "replica"
    """The replica lacked it, and has it now."""
    PRIMARY = "primary"
    """The primary lacked it, and has it now."""


class ReplicatedArchive:
    """Keeps every blob in two archives; whoever opened them closes them."""

    def __init__(self, primary: RemovingArchive, replica: RemovingArchive) -> None:
        self._primary = primary
        self._replica = replica
        self._doubted: OrderedDict[str, None] = OrderedDict()

    async def put(self, digest: str, source: AsyncIterable[bytes]) -> int:
        size = await self._primary.put(digest, source)
        return await self._copied(digest, size)

    async def _copied(self, digest: str, size: int) -> int:
        """Has the replica hold what the primary holds. Raises `Corrupt` when the two differ in size."""
        try:
            there = await self._replica.size(digest)
        except NotFound:
            there = await self._replica.put(digest, self._primary.get(digest))
        if there != size:
            raise Corrupt(digest, f"it has {size} bytes in the primary and {there} in the replica")
        return size

    async def get(self, digest: str, *, offset: int = 0) -> AsyncIterator[bytes]:
        first, second = self._primary, self._replica
        if digest in self._doubted:
            first, second = second, first
        begun = False
        try:
            async with aclosing(_stream(first, digest, offset)) as chunks:
                async for chunk in chunks:
                    begun = True
                    yield chunk
            return
        except (NotFound, Corrupt, Unavailable) as exc:
            if isinstance(exc, Corrupt) and first is self._primary:
                self._doubt(digest)
            if begun:
                raise
            failure = exc
        try:
            async with aclosing(_stream(second, digest, offset)) as chunks:
                async for chunk in chunks:
                    begun = True
                    yield chunk
        except (NotFound, Corrupt, Unavailable) as exc:
            raise (exc if begun else _graver(failure, exc)) from failure

    def _doubt(self, digest: str) -> None:
        self._doubted[digest] = None
        if len(self._doubted) > _DOUBTED:
            self._doubted.popitem(last=False)

    async def size(self, digest: str) -> int:
        try:
            return await self._primary.size(digest)
        except (NotFound, Unavailable) as failure:
            try:
                return await self._replica.size(digest)
            except (NotFound, Unavailable) as exc:
                raise _graver(failure, exc) from failure

    async def repair(self, digest: str) -> Repaired:
        """Reads a blob in both archives to its end, and copies it to the one that lacks it.

        Raises `NotFound` when neither holds it, `Corrupt` naming the side that is damaged: an archive never
        writes over a blob, so its operator removes the damaged one first, and repairs again.
        """
        primary = await _sound(self._primary, digest, "primary")
        replica = await _sound(self._replica, digest, "replica")
        if not primary and not replica:
            raise NotFound(digest)
        if not replica:
            await self._replica.put(digest, self._primary.get(digest))
            return Repaired.REPLICA
        if not primary:
            await self._primary.put(digest, self._replica.get(digest))
        self._doubted.pop(digest, None)
        return Repaired.SOUND if primary else Repaired.PRIMARY

    async def hide(self, digest: str) -> datetime | None:
        """In both; hidden since the later one of the two was."""
        since = [await self._primary.hide(digest), await self._replica.hide(digest)]
        return max((one for one in since if one is not None), default=None)

    async def show(self, digest: str) -> None:
        await self._primary.show(digest)
        await self._replica.show(digest)

    async def destroy(self, digest: str) -> None:
        """In the replica first: what the primary lacks, a repair would bring back from there."""
        await self._replica.destroy(digest)
        await self._primary.destroy(digest)

    def stored(self) -> AsyncIterator[Stored]:
        """Those of the primary."""
        return self._primary.stored()

    async def uploaded(self, owner: str, digest: str) -> int:
        return await self._primary.uploaded(owner, digest)

    async def append(self, owner: str, digest: str, offset: int, source: AsyncIterable[bytes]) -> int:
        return await self._primary.append(owner, digest, offset, source)

    async def finish(self, owner: str, digest: str) -> int:
        return await self._copied(digest, await self._primary.finish(owner, digest))

    async def discard(self, owner: str, digest: str) -> None:
        await self._primary.discard(owner, digest)

    async def unfinished(self, owner: str) -> dict[str, int]:
        return await self._primary.unfinished(owner)

    async def expire(self, before: datetime) -> int:
        return await self._primary.expire(before)

    async def free(self) -> int:
        return min(await self._primary.free(), await self._replica.free())

    async def probe(self) -> None:
        await self._primary.probe()
        await self._replica.probe()


class RetentionInAll:
    """Locks blobs in each of several stores."""

    def __init__(self, stores: Sequence[Retention]) -> None:
        self._stores = tuple(stores)

    async def retain(self, digest: str, until: datetime) -> None:
        for store in self._stores:
            await store.retain(digest, until)

    async def hold(self, digest: str, on: bool) -> None:
        for store in self._stores:
            await store.hold(digest, on)

    async def kept(self, digest: str) -> Kept:
        """What keeps it in all of them: until the earliest time, and held where all hold it."""
        found = [await store.kept(digest) for store in self._stores]
        times = [one.until for one in found if one.until is not None]
        until = min(times) if len(times) == len(found) else None
        return Kept(until=until, held=all(one.held for one in found))


def _stream(archive: Archive, digest: str, offset: int) -> AsyncGenerator[bytes, None]:
    """Returns a blob's stream, which whoever stops in the middle must close."""
    return cast("AsyncGenerator[bytes, None]", archive.get(digest, offset=offset))


def _graver(one: StorageError, other: StorageError) -> StorageError:
    """Returns what to tell when both failed: damage before absence of an answer, and that before absence."""
    return next(
        exc for kind in (Corrupt, Unavailable, NotFound) for exc in (one, other) if isinstance(exc, kind)
    )


async def _sound(archive: Archive, digest: str, side: str) -> bool:
    """Reads a blob to its end; False when absent. Raises `Corrupt`."""
    try:
        async for _ in archive.get(digest):
            pass
    except NotFound:
        return False
    except Corrupt as exc:
        raise Corrupt(digest, f"it is damaged in the {side}: remove it there, then repair again") from exc
    return True
