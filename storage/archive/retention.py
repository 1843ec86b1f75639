"""Keeping blobs from being removed, after the commit that made them originals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What keeps a blob."""

    until: datetime | None
    """Nobody removes it before then (aware); None when no time was set."""
    held: bool
    """A legal hold: nobody removes it until the hold is lifted."""


class Retention(Protocol):
    """Locks blobs of an archive. A blob is locked after the ledger's commit, never at `put`: else orphans
    would be locked too. Repeating a call is harmless.

    Every method raises `NotFound` when the blob is absent, and `Unavailable` when the store cannot serve, its
    child `Misconfigured` where the store is not set up to lock.
    """

    async def retain(self, digest: str, until: datetime) -> None:
        """Has the store refuse to remove the blob before `until` (aware). What is kept longer already stays
        so: retention grows and never shrinks."""
        ...

    async def hold(self, digest: str, on: bool) -> None:
        """Sets or lifts the legal hold, which holds beside and beyond any time."""
        ...

    async def kept(self, digest: str) -> Kept:
        """Tells what keeps the blob."""
        ...
