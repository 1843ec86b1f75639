"""Answering about the log: checkpoints, proofs, tiles, and how its keys followed each other. Hashes tell
nothing, so every caller may ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import structlog

from axis_server.errors import Declined
from axis_server.reasons import Code
from axis_server.transparency.publisher import Publisher
from signing.log import (
    InclusionProof,
    Node,
    Succession,
    Tile,
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
    tile_content,
    write_proof,
)
from storage.errors import NotFound, Unavailable
from storage.ledger.base import Log
from storage.ledger.records import SignedCheckpoint, Stamp

log = structlog.get_logger()

CONTENT_ID_LONGEST = 128
"""Characters of an evidence or statement id; the axis's own have 36 and 64."""
COVERED_SECONDS = 10.0
"""How long a new leaf is waited for; a checkpoint follows within a second or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Where a leaf stands, and the file that proves it."""

    index: int
    proof: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """How one tree begins with another, and the checkpoint of the larger."""

    hashes: tuple[bytes, ...]
    checkpoint: SignedCheckpoint


class Proofs:
    """Gives proofs from the nodes that the ledger keeps: a few reads each, however long the log is."""

    def __init__(
        self,
        *,
        ledger: Log,
        publisher: Publisher,
        authorities: Collection[str] = (),
        successions: Callable[[], tuple[Succession, ...]] = tuple,
        covered_seconds: float = COVERED_SECONDS,
    ) -> None:
        """`authorities` are the names of those whose time-stamps are asked for; `successions` says how the
        log's keys followed each other."""
        self._ledger = ledger
        self._publisher = publisher
        self._authorities = authorities
        self.successions = successions
        self._covered_seconds = covered_seconds

    async def checkpoint(
        self, min_size: int = 0, *, stamped: bool = False
    ) -> tuple[SignedCheckpoint, tuple[Stamp, ...]]:
        """Returns the newest checkpoint, or the first one of at least `min_size` leaves, with its
        time-stamps; of those that bear one alone if `stamped`. Raises `Declined`: NOT_FOUND."""
        over = await self._stamped(min_size) if stamped else min_size
        try:
            found = await self._ledger.checkpoint(over=over or None)
        except NotFound as absent:
            raise Declined(Code.NOT_FOUND, "no checkpoint is that large yet") from absent
        return found, await self._ledger.stamps(found.size)

    async def _stamped(self, min_size: int) -> int:
        """Returns the size of the newest checkpoint that an authority stamped, or of the first one of at
        least `min_size` leaves. Raises `Declined`: NOT_FOUND."""
        found = [await self._ledger.stamped(name, over=min_size or None) for name in self._authorities]
        sizes = [size for size in found if size is not None]
        if not sizes:
            raise Declined(Code.NOT_FOUND, "no such checkpoint bears a time-stamp yet")
        return min(sizes) if min_size else max(sizes)

    async def inclusion(self, content_id: str, size: int = 0) -> Proven:
        """Proves that an evidence or statement stands in the log: under the checkpoint of `size` leaves, 0
        means the newest.

        Raises `Declined`: NOT_FOUND, INVALID_ARGUMENT, LOG_LAGS (not covered by a checkpoint yet)."""
        if len(content_id) > CONTENT_ID_LONGEST:
            raise Declined(Code.INVALID_ARGUMENT, f"an id has at most {CONTENT_ID_LONGEST} characters")
        try:
            leaf = await self._ledger.leaf(content_id)
        except NotFound as absent:
            raise Declined(Code.NOT_FOUND, "the log has no such leaf") from absent
        head = await self._covering(leaf.index, size)
        hashes = await self._nodes(inclusion_nodes(leaf.index, head.size))
        path = inclusion_proof(leaf.index, head.size, lambda _: hashes)
        proof = InclusionProof(index=leaf.index, path=path, checkpoint=head.content)
        return Proven(index=leaf.index, proof=write_proof(proof))

    async def _covering(self, index: int, size: int) -> SignedCheckpoint:
        if size:
            head, _ = await self.checkpoint(size)
            if head.size != size:
                raise Declined(Code.NOT_FOUND, f"no checkpoint of {size} leaves was signed")
            if index >= size:
                raise Declined(Code.INVALID_ARGUMENT, f"it is not among the first {size} leaves")
            return head
        try:
            return await self._publisher.covering(index, self._covered_seconds)
        except TimeoutError as late:
            raise Declined(Code.LOG_LAGS) from late

    async def consistency(self, old_size: int, new_size: int = 0) -> Continued:
        """Proves that a tree begins with an older one; `new_size` 0 means the newest checkpoint's. Raises
        `Declined`: INVALID_ARGUMENT, NOT_FOUND for a size that the log was never shown at."""
        head, _ = await self.checkpoint(new_size)
        if new_size and head.size != new_size:
            raise Declined(Code.NOT_FOUND, f"no checkpoint of {new_size} leaves was signed")
        if old_size > head.size:
            raise Declined(Code.INVALID_ARGUMENT, f"the newest checkpoint has {head.size} leaves")
        hashes = await self._nodes(consistency_nodes(old_size, head.size))
        proof = consistency_proof(old_size, head.size, lambda _: hashes)
        return Continued(hashes=proof, checkpoint=head)

    async def _nodes(self, wanted: Sequence[Node]) -> tuple[bytes, ...]:
        """Returns nodes under a checkpoint. Raises `Unavailable` when the ledger has lost one: an alarm."""
        try:
            return await self._ledger.nodes(wanted)
        except NotFound as lost:
            log.critical("log.broken", detail=f"the signed tree has a hole: {lost}")
            raise Unavailable("the ledger has lost a part of the log") from lost

    async def tile(self, tile: Tile) -> bytes:
        """Returns the hashes of a tile. Raises `Declined`: NOT_FOUND for what no checkpoint covers."""
        head, _ = await self.checkpoint()
        level, last = tile.nodes[-1]
        if (last + 1) << level > head.size:
            raise Declined(Code.NOT_FOUND, "no checkpoint covers this tile yet")
        hashes = await self._nodes(tile.nodes)
        return tile_content(tile, lambda _: hashes)
