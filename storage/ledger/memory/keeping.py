"""How long dispatches are kept, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from storage.errors import DecidedSince, Disposed, NotFound
from storage.ledger.keeping import (
    LIFT,
    TERM,
    Decision,
    Disposal,
    check_decision,
    check_disposal,
    decision_bytes,
    disposal_bytes,
    in_force,
)
from storage.ledger.memory.state import Facet, paged
from storage.ledger.pages import Page
from storage.ledger.records import Evidence


class MemoryKeeping(Facet):
    """`Keeping` in memory."""

    async def decide(self, decision: Decision, statement: Evidence) -> Decision:
        await asyncio.sleep(0)
        check_decision(decision, statement)
        state = self._state
        state.dispatched(decision.dispatch_id)
        order_id = state.disposed.get(decision.dispatch_id)
        if order_id is not None and (decision.kind == TERM or state.disposals[order_id].begun_at is not None):
            raise Disposed(order_id)
        of_it = [one for one in state.decisions if one.dispatch_id == decision.dispatch_id]
        if decision.kind == LIFT and decision.hold_id not in {one.evidence_id for one in in_force(of_it)}:
            raise NotFound(decision.hold_id)
        self._attest(statement)
        kept = replace(decision, number=len(state.decisions) + 1)
        state.decisions.append(kept)
        await asyncio.sleep(0)
        return kept

    async def decisions(self, dispatch_ids: Collection[str]) -> tuple[Decision, ...]:
        await asyncio.sleep(0)
        wanted = set(dispatch_ids)
        return tuple(one for one in self._state.decisions if one.dispatch_id in wanted)

    async def decisions_after(self, *, after: int = 0, limit: int) -> Page[Decision]:
        await asyncio.sleep(0)
        found = ((one.number, one) for one in self._state.decisions)
        return paged(found, decision_bytes, after=after, limit=limit)

    async def filed(self, agency_id: str, record: str) -> tuple[str, ...]:
        await asyncio.sleep(0)
        found = [one for one in self._state.decisions if record and one.record == record]
        return tuple(sorted({one.dispatch_id for one in found if one.agency_id == agency_id}))

    async def holds(self, *, after: int = 0, limit: int) -> Page[Decision]:
        await asyncio.sleep(0)
        held = ((one.number, one) for one in in_force(self._state.decisions))
        return paged(held, decision_bytes, after=after, limit=limit)

    async def decided(self) -> int:
        await asyncio.sleep(0)
        return len(self._state.decisions)

    async def dispose(
        self, disposal: Disposal, order: Evidence, approvals: Sequence[Evidence] = (), *, decided: int
    ) -> Disposal:
        await asyncio.sleep(0)
        check_disposal(disposal, order, approvals)
        state = self._state
        if (kept := state.disposals.get(disposal.order_id)) is not None:
            return kept
        dispatched = [state.dispatched(one) for one in disposal.dispatches]
        for one in disposal.dispatches:
            if one in state.disposed:
                raise Disposed(state.disposed[one])
        self._refuse_decided(decided)
        for sealed in (order, *approvals):
            self._attest(sealed)
        state.disposed |= dict.fromkeys(disposal.dispatches, disposal.order_id)
        for of in dispatched:
            for part in of.kept.entry.parts:
                state.holdings.pop((of.sender_id, part.sha256), None)
        kept = replace(disposal, number=len(state.disposals) + 1)
        state.disposals[disposal.order_id] = kept
        await asyncio.sleep(0)
        return kept

    async def disposal(self, order_id: str) -> Disposal:
        await asyncio.sleep(0)
        if order_id not in self._state.disposals:
            raise NotFound(order_id)
        return self._state.disposals[order_id]

    async def disposals(self, *, after: int = 0, limit: int) -> Page[Disposal]:
        await asyncio.sleep(0)
        found = ((one.number, one) for one in self._state.disposals.values())
        return paged(found, disposal_bytes, after=after, limit=limit)

    async def unended(self) -> tuple[Disposal, ...]:
        await asyncio.sleep(0)
        return tuple(one for one in self._state.disposals.values() if one.ended_at is None)

    async def disposed(self, dispatch_ids: Collection[str]) -> dict[str, str]:
        await asyncio.sleep(0)
        return {one: self._state.disposed[one] for one in dispatch_ids if one in self._state.disposed}

    async def note_waiting(self, order_id: str, waiting: str) -> None:
        kept = await self.disposal(order_id)
        self._state.disposals[order_id] = replace(kept, waiting=waiting)

    async def watch(self, order_id: str, mark: str, seconds: int) -> int:
        kept = await self.disposal(order_id)
        counts = max(kept.watched, seconds) if self._state.marks.get(order_id, "") == mark else 0
        self._state.marks[order_id] = mark
        self._state.disposals[order_id] = replace(kept, watched=counts)
        return counts

    async def begin_destruction(self, order_id: str, at: datetime, *, decided: int) -> Disposal:
        kept = await self.disposal(order_id)
        if kept.begun_at is None:
            self._refuse_decided(decided)
            kept = replace(kept, begun_at=at)
            self._state.disposals[order_id] = kept
        return kept

    async def end_disposal(self, order_id: str, at: datetime, evidence: Evidence) -> Disposal:
        kept = await self.disposal(order_id)
        if kept.ended_at is None:
            self._attest(evidence)
            kept = replace(kept, waiting="", ended_at=at, evidence_id=evidence.evidence_id)
            self._state.disposals[order_id] = kept
        return kept

    async def submitted(self, digests: Collection[str]) -> frozenset[str]:
        await asyncio.sleep(0)
        return frozenset(digests) & self._submitted()

    async def unhold(self, digests: Collection[str]) -> None:
        await asyncio.sleep(0)
        unwanted = set(digests) - self._submitted()
        for key in [key for key in self._state.holdings if key[1] in unwanted]:
            del self._state.holdings[key]

    def _submitted(self) -> set[str]:
        state = self._state
        kept = [one.kept.entry for id, one in state.dispatches.items() if id not in state.disposed]
        return {part.sha256 for entry in kept for part in entry.parts}

    async def attested(self, evidence_id: str) -> Evidence:
        await asyncio.sleep(0)
        for one in self._state.attested:
            if one.evidence_id == evidence_id:
                return one
        raise NotFound(evidence_id)

    def _refuse_decided(self, decided: int) -> None:
        if (last := len(self._state.decisions)) != decided:
            raise DecidedSince(f"there are {last} decisions")

    def _attest(self, evidence: Evidence) -> None:
        self._state.refuse_known([evidence])
        self._state.attested.append(evidence)
        self._state.add_leaf("evidence", evidence.evidence_id, evidence.content)
