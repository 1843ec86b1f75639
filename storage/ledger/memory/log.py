"""The log, the blobs that owners delivered, and what processes share, in memory."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from secrets import token_bytes

from storage.errors import NotFound
from storage.ledger.memory.state import Facet
from storage.ledger.records import Leaf, SignedCheckpoint, Stamp
from storage.ledger.tree import Node
from storage.ledger.wellformed import check_checkpoint, check_cosignature, check_holding, check_stamp


class MemoryHoldings(Facet):
    """`Holdings` in memory."""

    async def hold(self, owner: str, digest: str, size: int) -> None:
        check_holding(owner, digest, size)
        await asyncio.sleep(0)
        self._state.holdings.setdefault((owner, digest), size)
        await asyncio.sleep(0)

    async def held(self, owner: str, digests: Collection[str]) -> dict[str, int]:
        await asyncio.sleep(0)
        holdings = self._state.holdings
        return {digest: holdings[owner, digest] for digest in digests if (owner, digest) in holdings}


class MemoryLog(Facet):
    """`Log` in memory."""

    async def leaves(self, *, start: int, limit: int) -> tuple[Leaf, ...]:
        await asyncio.sleep(0)
        return tuple(self._state.leaves[max(0, start) : max(0, start) + max(0, limit)])

    async def leaf(self, content_id: str) -> Leaf:
        await asyncio.sleep(0)
        for leaf in self._state.leaves:
            if leaf.content_id == content_id:
                return leaf
        raise NotFound(content_id)

    async def size(self) -> int:
        await asyncio.sleep(0)
        return len(self._state.leaves)

    async def nodes(self, wanted: Sequence[Node]) -> tuple[bytes, ...]:
        await asyncio.sleep(0)
        hashes = [leaf.hash for leaf in self._state.leaves]
        return tuple(_node(hashes, level, index) for level, index in wanted)

    async def publish(self, checkpoint: SignedCheckpoint) -> SignedCheckpoint:
        check_checkpoint(checkpoint)
        await asyncio.sleep(0)
        kept = self._state.checkpoints
        if checkpoint.size > max(kept, default=-1):
            kept[checkpoint.size] = checkpoint
        newest = self._shown(max(kept))
        await asyncio.sleep(0)
        return newest

    async def checkpoint(self, *, over: int | None = None) -> SignedCheckpoint:
        await asyncio.sleep(0)
        sizes = [size for size in self._state.checkpoints if over is None or size >= over]
        if not sizes:
            raise NotFound("checkpoint")
        return self._shown(max(sizes) if over is None else min(sizes))

    async def cosign(self, size: int, witness: str, line: bytes) -> None:
        check_cosignature(size, witness, line)
        await asyncio.sleep(0)
        self._check_kept(size)
        self._state.cosignatures[size, witness] = line
        await asyncio.sleep(0)

    async def stamp(self, stamp: Stamp) -> None:
        check_stamp(stamp)
        await asyncio.sleep(0)
        self._check_kept(stamp.size)
        self._state.stamps.setdefault((stamp.size, stamp.authority), stamp)
        await asyncio.sleep(0)

    async def stamps(self, size: int) -> tuple[Stamp, ...]:
        await asyncio.sleep(0)
        return tuple(one for _, one in sorted(self._state.stamps.items()) if one.size == size)

    async def stamped(self, authority: str, *, over: int | None = None) -> int | None:
        await asyncio.sleep(0)
        sizes = [size for size, by in self._state.stamps if by == authority]
        if over is None:
            return max(sizes, default=None)
        return min((size for size in sizes if size >= over), default=None)

    def _shown(self, size: int) -> SignedCheckpoint:
        lines = [line for (of, _), line in sorted(self._state.cosignatures.items()) if of == size]
        return replace(self._state.checkpoints[size], cosignatures=tuple(lines))

    def _check_kept(self, size: int) -> None:
        if size not in self._state.checkpoints:
            raise NotFound(f"checkpoint of size {size}")

    async def secret(self, name: str) -> bytes:
        await asyncio.sleep(0)
        return self._state.secrets.setdefault(name, token_bytes(32))

    async def probe(self) -> None:
        await asyncio.sleep(0)


def _node(leaves: list[bytes], level: int, index: int) -> bytes:
    """Computes a node from the leaves, as the definition says (RFC 6962, section 2.1)."""
    if level < 0 or index < 0 or (index + 1) << level > len(leaves):
        raise NotFound(f"node {(level, index)} of the log")
    if level == 0:
        return leaves[index]
    left, right = (_node(leaves, level - 1, 2 * index + half) for half in (0, 1))
    return hashlib.sha256(b"\x01" + left + right).digest()
