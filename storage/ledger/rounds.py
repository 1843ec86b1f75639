"""Going through everything that is kept, again and again: how far a round has come."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storage.ledger.records import Evidence
from storage.ledger.wellformed import SIZE_MOST, check_times


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How far one going-through has come. A crash loses what came after it was kept last."""

    number: int
    """From 1."""
    started_at: datetime
    size: int
    """Leaves of the log that it goes through: those under the checkpoint that it began with."""
    blobs_after: int = 0
    """Place in `Inventory.entries`."""
    leaves_after: int = 0
    """Leaves gone through."""
    blobs: int = 0
    """Blobs gone through, the same one once for each part that it is."""
    bytes: int = 0
    leaves: int = 0
    repaired: int = 0
    troubles: tuple[str, ...] = ()
    """What was lost or altered and is not mended: a digest, or the id of an evidence or a statement."""
    troubled: int = 0
    """How many of these there are, also those that `troubles` has no room for."""
    ended_at: datetime | None = None
    statement_id: str = ""
    """The evidence by which the axis says how it ended."""


class Rounds(Protocol):
    """How far rounds have come, and what is named at all. Every method raises `Unavailable` when the store
    cannot serve."""

    async def known(self, digests: Collection[str]) -> frozenset[str]:
        """Returns those of `digests` that something names: a part of a dispatch that was not disposed of, or
        a blob that an owner delivered."""
        ...

    async def round(self) -> Round | None:
        """Returns the last round, going on or ended; None when there never was one."""
        ...

    async def keep_round(self, round: Round, statement: Evidence | None = None) -> None:
        """Keeps how far a round has come, in the place of what was kept of it; with its ending, the statement
        and its leaf in the same transaction. Raises `ValueError` for a round that is neither the last one
        going on, as far as that has come or further, nor the one behind the last that ended."""
        ...


def check_round(round: Round, last: Round | None) -> None:
    """Raises `ValueError` when a round could not follow on what is kept."""
    check_times([time for time in (round.started_at, round.ended_at) if time is not None])
    if max(round.bytes, round.blobs_after, round.leaves_after) > SIZE_MOST:
        raise ValueError("a count has 63 bits")
    if last is not None and last.ended_at is None:
        if round.number != last.number or _place(round) < _place(last):
            raise ValueError("the round that is going on has come further")
    elif round.number != (1 if last is None else last.number + 1):
        raise ValueError("one round follows on the other")


def _place(round: Round) -> tuple[int, int]:
    return round.leaves_after, round.blobs_after
