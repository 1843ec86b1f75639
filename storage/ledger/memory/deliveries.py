"""Where each recipient's copy stands, in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from storage.errors import Conflict, NotFound, StatementTaken
from storage.ledger.memory.state import Facet, State, paged, refuse_strangers
from storage.ledger.pages import Page, delivery_bytes
from storage.ledger.records import Delivery, Move, Moved, Statement
from storage.ledger.wellformed import check_moves, check_statement


class MemoryDeliveries(Facet):
    """`Deliveries` in memory."""

    async def advance(self, moves: Sequence[Move]) -> Moved:
        moves = tuple(moves)
        check_moves(moves)
        await asyncio.sleep(0)
        moved = _advance(self._state, moves)
        await asyncio.sleep(0)
        return moved

    async def echo(self, statement: Statement, *, as_of: str) -> Moved:
        check_statement(statement)
        await asyncio.sleep(0)
        moved = _echo(self._state, statement, as_of)
        await asyncio.sleep(0)
        return moved

    async def delivery(self, dispatch_id: str, recipient_id: str) -> Delivery:
        await asyncio.sleep(0)
        return self._state.delivery(dispatch_id, recipient_id)

    async def deliveries(
        self,
        dispatch_id: str,
        *,
        viewer: str | None = None,
        after: int = 0,
        limit: int,
        states: Collection[str] = (),
    ) -> Page[Delivery]:
        await asyncio.sleep(0)
        dispatched = self._state.dispatches.get(dispatch_id)
        found = (
            (place, dispatched.deliveries[recipient_id])
            for recipient_id, place in (dispatched.places.items() if dispatched else ())
            if dispatched is not None
            and dispatched.sees(viewer, recipient_id)
            and (not states or dispatched.deliveries[recipient_id].state in states)
        )
        return paged(found, delivery_bytes, after=after, limit=limit)

    async def counts(self, dispatch_id: str, *, viewer: str | None = None) -> dict[str, int]:
        await asyncio.sleep(0)
        dispatched = self._state.dispatches.get(dispatch_id)
        if dispatched is None:
            return {}
        seen = (one for name, one in dispatched.deliveries.items() if dispatched.sees(viewer, name))
        return dict(Counter(one.state for one in seen))

    async def moved(self, statement_id: str, *, of: str | None = None) -> Moved | None:
        await asyncio.sleep(0)
        for key, evidence in self._state.moves.get(statement_id, {}).items():
            if of in (None, key[0]):
                return Moved(delivery=self._state.delivery(*key), evidence=evidence)
        return None

    async def due(self, *, at: datetime, limit: int) -> tuple[Delivery, ...]:
        await asyncio.sleep(0)
        waiting = sorted(
            (delivery.due, place, self._state.dispatches[key[0]].kept.entry.sender_id, delivery)
            for place, key in enumerate(self._state.deliveries)
            if (delivery := self._state.delivery(*key)).due is not None and delivery.due <= at
        )
        given: Counter[str] = Counter()
        in_turn = []
        for due, place, sender_id, delivery in waiting:
            given[sender_id] += 1
            in_turn.append((given[sender_id], due, place, delivery))
        return tuple(delivery for *_, delivery in sorted(in_turn)[: max(0, limit)])


def _advance(state: State, moves: Sequence[Move]) -> Moved:
    current = [state.delivery(move.dispatch_id, move.recipient_id) for move in moves]
    statement = moves[0].statement
    if statement is not None:
        _refuse_strange(state, statement)
        left = state.moves.get(statement.statement_id, {})
        if (first := (moves[0].dispatch_id, moves[0].recipient_id)) in left:
            return Moved(delivery=current[0], evidence=left[first])
    for move, delivery in zip(moves, current, strict=True):
        if delivery.version != move.expected_version:
            raise Conflict(delivery)
    if statement is not None:
        left = state.moves.get(statement.statement_id, {})
        if any((move.dispatch_id, move.recipient_id) in left for move in moves):
            raise ValueError("a statement moves a delivery once")
    state.refuse_known(one for move in moves for one in move.evidence)
    for move in moves:
        recipients = state.dispatches[move.dispatch_id].deliveries
        refuse_strangers(recipients, [*move.evidence, *move.events])
    if statement is not None and statement.statement_id not in state.statements:
        refuse_strangers(state.dispatches[statement.dispatch_id].deliveries, [statement])
        _keep(state, statement)
    for move, delivery in zip(moves, current, strict=True):
        _move(state, move, delivery)
    return Moved(
        delivery=state.delivery(moves[0].dispatch_id, moves[0].recipient_id), evidence=moves[0].evidence
    )


def _echo(state: State, statement: Statement, as_of: str) -> Moved:
    delivery = state.delivery(*(named := (statement.dispatch_id, statement.recipient_id)))
    _refuse_strange(state, statement)
    if statement.statement_id not in state.statements:
        first = state.moves.get(as_of, {})
        if named not in first:
            raise NotFound(as_of)
        _keep(state, statement)
        state.moves[statement.statement_id] = {named: first[named]} | first
    left = state.moves[statement.statement_id]
    if named not in left:
        raise NotFound(statement.statement_id)
    return Moved(delivery=delivery, evidence=left[named])


def _keep(state: State, statement: Statement) -> None:
    state.statements[statement.statement_id] = statement
    place = state.add_leaf("statement", statement.statement_id, statement.content)
    state.dispatches[statement.dispatch_id].records.append((place, statement))


def _refuse_strange(state: State, statement: Statement) -> None:
    kept = state.statements.get(statement.statement_id)
    if kept is not None and kept.dispatch_id != statement.dispatch_id:
        raise StatementTaken(kept.dispatch_id)
    state.dispatched(statement.dispatch_id)


def _move(state: State, move: Move, current: Delivery) -> None:
    dispatched = state.dispatches[move.dispatch_id]
    if move.statement is not None:
        left = state.moves.setdefault(move.statement.statement_id, {})
        left[move.dispatch_id, move.recipient_id] = move.evidence
    dispatched.deliveries[move.recipient_id] = replace(
        current,
        state=move.state,
        version=current.version + 1,
        updated_at=move.at,
        due=move.due,
        reason=move.reason,
        question=move.question,
    )
    state.note(dispatched, move.evidence, move.events)
