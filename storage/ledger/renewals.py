"""Proving what is kept beyond the algorithms of its time (RFC 4998): volumes of the log, and their chains.

A volume is a run of leaves that are proven together: each leaf with what it is the leaf of, and with the
files of a dispatch where it is the first that speaks of it. A chain is a hash tree over them, by one
algorithm, and the time-stamps over that. The tree is kept in blocks of `BLOCK` leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from storage.ledger.wellformed import SIZE_MOST, check_times

BLOCK = 256
"""Leaves of a block."""
LEAVES_MOST = 1 << 20
"""Of a volume, so that the roots of its blocks are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A leaf of the log with all that is kept of it."""

    index: int
    content: bytes | None
    """Of the evidence or statement; None where it is gone."""
    files: tuple[str, ...] = ()
    """SHA-256 of archived files: those of a dispatch, with its first evidence, unless it was disposed of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStamp:
    """A time-stamp of a chain: over the tree, or over the one before."""

    authority: str
    token: bytes
    at: datetime
    ends_at: datetime
    """By when it must be renewed, as far as was known when it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeChain:
    """One hash tree, and its time-stamps once it is complete."""

    digest: str
    """Name of its hash algorithm, such as `sha256`."""
    begun_at: datetime
    blocks: int = 0
    """How many are made. A crash loses what came after the last."""
    bytes: int = 0
    """That were read for it."""
    troubled: int = 0
    """Leaves and files that were to be in it and could not be read."""
    stamps: tuple[ChainStamp, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A run of leaves that are proven together."""

    number: int
    """From 1."""
    start: int
    end: int
    """The first leaf behind it."""
    chains: tuple[TreeChain, ...]

    @property
    def blocks(self) -> int:
        """Of a whole tree."""
        return -(-(self.end - self.start) // BLOCK)

    @property
    def last(self) -> TreeChain:
        return self.chains[-1]

    @property
    def is_growing(self) -> bool:
        """The last tree is not complete."""
        return self.last.blocks < self.blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of a tree."""

    root: bytes
    """Over the block; empty when nothing is in it."""
    groups: bytes
    """What each of its leaves has in the tree, as the maker writes it."""


class Renewals(Protocol):
    """Volumes, as far as they have come. Every method raises `Unavailable` when the store cannot serve."""

    async def covered(self, *, start: int, limit: int) -> tuple[Covered, ...]:
        """Returns leaves of the log from index `start` on, with what is kept of each."""
        ...

    async def volumes(self) -> tuple[Volume, ...]:
        """Returns all volumes, in order."""
        ...

    async def keep_volume(self, volume: Volume, block: Block | None = None) -> None:
        """Keeps a new volume, or the next step of one in the place of what was kept of it: one block more, a
        time-stamp more over a whole tree, or a new chain behind one that has a time-stamp. Raises
        `ValueError` for anything else: somebody else has gone further."""
        ...

    async def block(self, volume: int, chain: int, number: int) -> Block:
        """Returns a block of a chain, both counted from 0. Raises `NotFound`."""
        ...

    async def roots(self, volume: int, chain: int) -> tuple[bytes, ...]:
        """Returns the roots of a chain's blocks, in order."""
        ...


def check_volume(volume: Volume, last: Volume | None, block: Block | None) -> None:
    """Raises `ValueError` when a volume could not follow on what is kept: `last` is the volume itself where
    it is kept, else the one before it."""
    check_times([chain.begun_at for chain in volume.chains])
    check_times([time for chain in volume.chains for one in chain.stamps for time in (one.at, one.ends_at)])
    if volume.end > SIZE_MOST or not 0 < volume.end - volume.start <= LEAVES_MOST:
        raise ValueError(f"a volume has 1 to {LEAVES_MOST} leaves")
    if last is None or last.number != volume.number:
        number, start = (1, 0) if last is None else (last.number + 1, last.end)
        fresh = len(volume.chains) == 1 and _is_fresh(volume.last)
        if (volume.number, volume.start) != (number, start) or not fresh or block is not None:
            raise ValueError("a new volume begins where the last one ends, with an empty chain")
    elif not _is_next(volume, last, block):
        raise ValueError("the volume has gone further, or not so far")


def _is_fresh(chain: TreeChain) -> bool:
    return not (chain.blocks or chain.bytes or chain.troubled or chain.stamps)


def _is_next(volume: Volume, last: Volume, block: Block | None) -> bool:
    if (volume.start, volume.end) != (last.start, last.end):
        return False
    if len(volume.chains) > len(last.chains):
        new = volume.last
        known = {chain.digest for chain in last.chains}
        follows = volume.chains[:-1] == last.chains and bool(last.last.stamps) and new.digest not in known
        return follows and _is_fresh(new) and block is None
    if volume.chains[:-1] != last.chains[:-1]:
        return False
    now, then = volume.last, last.last
    if block is not None:
        grown = replace(then, blocks=then.blocks + 1, bytes=now.bytes, troubled=now.troubled)
        more = now.bytes >= then.bytes and now.troubled >= then.troubled
        return now == grown and last.is_growing and more
    return not last.is_growing and now == replace(then, stamps=(*then.stamps, *now.stamps[-1:]))
