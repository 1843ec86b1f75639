"""Removing blobs for good, in two steps, so that nobody loses what he has just given.

    since = await archive.hide(digest)          # nobody reads it; who gives the same bytes writes them anew
    ...                                         # long enough for every submission under way to end
    if digest in await ledger.known([digest]):
        await archive.show(digest)              # one of them names it
    else:
        await archive.destroy(digest)

With a single step, a `put` that found the blob standing would lose it to who asked the ledger just before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storage.archive.base import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A blob as it lies in the archive."""

    digest: str
    size: int
    since: datetime
    """When it was written; of a hidden one, when it was hidden."""
    hidden: bool


class Removing(Protocol):
    """Removes blobs of an archive. Repeating a call is harmless, and so is a crash in it.

    Every method raises `Unavailable` when the store cannot serve.
    """

    async def hide(self, digest: str) -> datetime | None:
        """Hides a blob, and returns since when it is hidden, wholly; None when there is nothing of it, seen
        or hidden. From then on `get` raises `NotFound`, and a `put` of the same bytes writes them anew, which
        is then seen again."""
        ...

    async def show(self, digest: str) -> None:
        """Lets a hidden blob be seen again; changes nothing when there is none, or another one is seen."""
        ...

    async def destroy(self, digest: str) -> None:
        """Removes what is hidden of a blob, for good, with every version of it. What is seen stays. Raises
        `Locked` when the store keeps it."""
        ...

    def stored(self) -> AsyncIterator[Stored]:
        """Yields every blob, those hidden too; what comes or goes meanwhile may be among them or not."""
        ...


class RemovingArchive(Archive, Removing, Protocol):
    """An archive of which blobs can be removed."""
