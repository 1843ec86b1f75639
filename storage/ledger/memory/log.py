"""The log, the blobs that owners delivered, and what processes share, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from secrets import token_bytes

from storage.ledger.memory.state import Facet
from storage.ledger.records import Leaf
from storage.ledger.wellformed import check_holding


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

    async def secret(self, name: str) -> bytes:
        await asyncio.sleep(0)
        return self._state.secrets.setdefault(name, token_bytes(32))

    async def probe(self) -> None:
        await asyncio.sleep(0)
