"""Volumes and their chains, in memory."""

from __future__ import annotations

import asyncio

from storage.errors import NotFound
from storage.ledger.memory.inventory import MemoryInventory
from storage.ledger.records import Evidence
from storage.ledger.renewals import Block, Covered, Volume, check_volume


class MemoryRenewals(MemoryInventory):
    """`Renewals` in memory."""

    async def covered(self, *, start: int, limit: int) -> tuple[Covered, ...]:
        files = self._files()
        ids = {leaf.index: leaf.content_id for leaf in self._state.leaves}
        return tuple(
            Covered(index=one.index, content=one.content, files=files.get(ids[one.index], ()))
            for one in await self.logged(start=start, limit=limit)
        )

    def _files(self) -> dict[str, tuple[str, ...]]:
        """By the first evidence of each dispatch that was not disposed of."""
        found = {}
        for dispatch_id, dispatched in self._state.dispatches.items():
            told = [one.evidence_id for _, one in dispatched.records if isinstance(one, Evidence)]
            if told and dispatch_id not in self._state.disposed:
                parts = [part.sha256 for part in dispatched.kept.entry.parts if not part.inline]
                found[told[0]] = tuple(dict.fromkeys(parts))
        return found

    async def volumes(self) -> tuple[Volume, ...]:
        await asyncio.sleep(0)
        return tuple(self._state.volumes)

    async def keep_volume(self, volume: Volume, block: Block | None = None) -> None:
        await asyncio.sleep(0)
        kept = self._state.volumes
        is_kept = 0 < volume.number <= len(kept)
        last = kept[volume.number - 1] if is_kept else (kept[-1] if kept else None)
        check_volume(volume, last, block)
        if is_kept:
            kept[volume.number - 1] = volume
        else:
            kept.append(volume)
        if block is not None:
            key = (volume.number, len(volume.chains) - 1, volume.last.blocks - 1)
            self._state.volume_blocks[key] = block
        await asyncio.sleep(0)

    async def block(self, volume: int, chain: int, number: int) -> Block:
        await asyncio.sleep(0)
        found = self._state.volume_blocks.get((volume, chain, number))
        if found is None:
            raise NotFound(f"block {number} of chain {chain} of volume {volume}")
        return found

    async def roots(self, volume: int, chain: int) -> tuple[bytes, ...]:
        await asyncio.sleep(0)
        found = sorted(self._state.volume_blocks.items())
        return tuple(block.root for key, block in found if key[:2] == (volume, chain))
