"""Time-stamps over the seals of evidence, from which its XAdES-B-T form grows: how far they have come.

The evidence itself, its leaf and its digest stay what they are. The time-stamps are made in the order of the
log, by one process at a time: whoever has the turn, until it ends or is given to another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storage.ledger.wellformed import SIZE_MOST, check_times

TOKEN_MOST = 1 << 20
"""Bytes of a time-stamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ungrown:
    """An evidence whose seal may be time-stamped."""

    index: int
    """Of its leaf."""
    evidence_id: str
    event: str
    issued_at: datetime
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SealStamp:
    """A time-stamp over the seal of one evidence."""

    evidence_id: str
    authority: str
    token: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Who makes time-stamps, and until when nobody else does."""

    holder: str
    until: datetime


class Growing(Protocol):
    """Time-stamps of evidence. Every method raises `Unavailable` when the store cannot serve."""

    async def grown_to(self) -> int:
        """Returns the index of the leaf at which the work goes on; 0 at the beginning."""
        ...

    async def to_grow(self, *, start: int, limit: int) -> tuple[Ungrown, ...]:
        """Returns evidence from leaf `start` on, in the order of the log."""
        ...

    async def take_turn(self, turn: Turn, *, now: datetime) -> bool:
        """Gives the turn to a holder, or lengthens it; False while another has it."""
        ...

    async def keep_grown(self, start: int, stamp: SealStamp | None = None) -> None:
        """Notes that everything before leaf `start` is done, with the time-stamp of an evidence: the first
        one stands, and the work never goes back. Raises `NotFound` when there is no such evidence."""
        ...

    async def seal_stamp(self, evidence_id: str) -> SealStamp:
        """Returns the time-stamp of an evidence. Raises `NotFound`."""
        ...


def check_seal_stamp(start: int, stamp: SealStamp | None) -> None:
    """Raises `ValueError` for what is no time-stamp, or no place in the log."""
    if not 0 <= start <= SIZE_MOST:
        raise ValueError("a place in the log has 63 bits")
    if stamp is not None:
        check_times([stamp.at])
        if not 0 < len(stamp.token) <= TOKEN_MOST:
            raise ValueError(f"a time-stamp has 1 to {TOKEN_MOST} bytes")
