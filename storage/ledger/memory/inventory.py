"""All that is kept, in memory."""

from __future__ import annotations

import asyncio

from storage.ledger.inventory import Logged
from storage.ledger.memory.state import Facet, paged
from storage.ledger.pages import Page, entry_bytes
from storage.ledger.records import Entry, Evidence


class MemoryInventory(Facet):
    """`Inventory` in memory."""

    async def logged(self, *, start: int, limit: int) -> tuple[Logged, ...]:
        await asyncio.sleep(0)
        dispatches = self._state.dispatches.values()
        records = [one for dispatched in dispatches for _, one in dispatched.records]
        told = [one for one in records if isinstance(one, Evidence)]
        told += [*self._state.refusals.values(), *self._state.attested]
        kept = {("evidence", one.evidence_id): one.content for one in told}
        kept |= {("statement", one.statement_id): one.content for one in self._state.statements.values()}
        return tuple(
            Logged(index=leaf.index, hash=leaf.hash, content=kept.get((leaf.kind, leaf.content_id)))
            for leaf in self._state.leaves[start : start + max(0, limit)]
        )

    async def entries(self, *, after: int = 0, limit: int) -> Page[Entry]:
        await asyncio.sleep(0)
        entries = [dispatched.kept.entry for dispatched in self._state.dispatches.values()]
        return paged(enumerate(entries, start=1), entry_bytes, after=after, limit=limit)
