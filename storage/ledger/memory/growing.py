"""Time-stamps over the seals of evidence, in memory."""

from __future__ import annotations

import asyncio
from datetime import datetime

from storage.errors import NotFound
from storage.ledger.growing import SealStamp, Turn, Ungrown, check_seal_stamp
from storage.ledger.memory.state import Facet
from storage.ledger.records import Evidence
from storage.ledger.wellformed import check_times


class MemoryGrowing(Facet):
    """`Growing` in memory."""

    async def grown_to(self) -> int:
        await asyncio.sleep(0)
        return self._state.grown_to

    async def to_grow(self, *, start: int, limit: int) -> tuple[Ungrown, ...]:
        await asyncio.sleep(0)
        known = self._evidence()
        found = (leaf for leaf in self._state.leaves[max(0, start) :] if leaf.content_id in known)
        return tuple(
            Ungrown(
                index=leaf.index,
                evidence_id=leaf.content_id,
                event=known[leaf.content_id].event,
                issued_at=known[leaf.content_id].issued_at,
                content=known[leaf.content_id].content,
            )
            for leaf, _ in zip(found, range(max(0, limit)), strict=False)
        )

    def _evidence(self) -> dict[str, Evidence]:
        records = [record for one in self._state.dispatches.values() for _, record in one.records]
        told = [record for record in records if isinstance(record, Evidence)]
        others = (*self._state.refusals.values(), *self._state.attested)
        return {one.evidence_id: one for one in (*told, *others)}

    async def take_turn(self, turn: Turn, *, now: datetime) -> bool:
        check_times([turn.until, now])
        await asyncio.sleep(0)
        last = self._state.turn
        if last is not None and last.holder != turn.holder and last.until > now:
            return False
        self._state.turn = turn
        await asyncio.sleep(0)
        return True

    async def keep_grown(self, start: int, stamp: SealStamp | None = None) -> None:
        check_seal_stamp(start, stamp)
        await asyncio.sleep(0)
        if stamp is not None:
            if stamp.evidence_id not in self._evidence():
                raise NotFound(stamp.evidence_id)
            self._state.seal_stamps.setdefault(stamp.evidence_id, stamp)
        self._state.grown_to = max(self._state.grown_to, start)
        await asyncio.sleep(0)

    async def seal_stamp(self, evidence_id: str) -> SealStamp:
        await asyncio.sleep(0)
        if evidence_id not in self._state.seal_stamps:
            raise NotFound(evidence_id)
        return self._state.seal_stamps[evidence_id]
