"""A ledger in memory, for tests: the same promise, kept more strictly than any database keeps it.

One event loop, no `await` inside an effect, so each effect is a transaction. The loop gets a turn before and
after every effect: callers interleave, and a cancelled caller may or may not have had its effect, as with a
real store.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields

from storage.errors import Changed, Conflict, DocumentIdTaken, NotFound
from storage.ledger.base import (
    Agency,
    Delivery,
    Entry,
    Event,
    Evidence,
    InboxItem,
    Kept,
    Leaf,
    Move,
    Moved,
    NewEvent,
    OutboxItem,
    Refusal,
    Statement,
)
from storage.ledger.wellformed import check_agency, check_commit, check_move, check_refusal


@dataclass(slots=True, kw_only=True)
class _Dispatch:
    cursor: int
    kept: Kept
    deliveries: dict[str, Delivery]
    events: list[Event] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)


class MemoryLedger:
    """Keeps a ledger and a directory in dictionaries."""

    def __init__(self) -> None:
        self._dispatches: dict[str, _Dispatch] = {}
        self._documents: dict[tuple[str, str], str] = {}
        self._moves: dict[str, dict[str, tuple[str, tuple[Evidence, ...]]]] = {}
        """Statement id to the recipients it moved: dispatch and the evidence issued with the move."""
        self._refusals: dict[tuple[str, str, str], Evidence] = {}
        self._holdings: dict[tuple[str, str], int] = {}
        self._leaves: list[Leaf] = []
        self._content_ids: set[tuple[str, str]] = set()
        self._event_count = 0
        self._agencies: dict[str, Agency] = {}
        self._version = 0

    # The writes.

    async def commit(self, entry: Entry, evidence: Sequence[Evidence], events: Sequence[NewEvent]) -> Kept:
        check_commit(entry, evidence, events)
        await asyncio.sleep(0)
        if entry.dispatch_id not in self._dispatches:
            self._commit(entry, tuple(evidence), events)
        await asyncio.sleep(0)
        return self._dispatches[entry.dispatch_id].kept

    def _commit(self, entry: Entry, evidence: tuple[Evidence, ...], events: Sequence[NewEvent]) -> None:
        document = (entry.sender_id, entry.document_id)
        is_new_document = entry.kind == 0 and entry.document_id != ""
        if is_new_document and document in self._documents:
            raise DocumentIdTaken(self._documents[document])
        self._refuse_known(evidence)
        if is_new_document:
            self._documents[document] = entry.dispatch_id
        dispatch = _Dispatch(
            cursor=len(self._dispatches) + 1,
            kept=Kept(entry=entry, evidence=evidence),
            deliveries={
                recipient: Delivery(
                    dispatch_id=entry.dispatch_id,
                    recipient_id=recipient,
                    state="consigned",
                    version=1,
                    updated_at=entry.accepted_at,
                )
                for recipient in entry.recipients
            },
        )
        self._dispatches[entry.dispatch_id] = dispatch
        for part in entry.parts:
            if not part.inline:
                self._holdings.setdefault((entry.sender_id, part.sha256), part.size)
        self._record(dispatch, evidence, events)

    async def advance(self, move: Move) -> Moved:
        check_move(move)
        await asyncio.sleep(0)
        moved = self._advance(move)
        await asyncio.sleep(0)
        return moved

    def _advance(self, move: Move) -> Moved:
        dispatch = self._dispatches.get(move.dispatch_id)
        if dispatch is None or move.recipient_id not in dispatch.deliveries:
            raise NotFound(f"{move.dispatch_id} to {move.recipient_id}")
        current = dispatch.deliveries[move.recipient_id]
        statement = move.statement
        if statement is not None and move.recipient_id in self._moves.get(statement.statement_id, {}):
            return Moved(delivery=current, evidence=self._moves[statement.statement_id][move.recipient_id][1])
        if current.version != move.expected_version:
            raise Conflict(current)
        self._refuse_known(move.evidence)
        if statement is not None:
            if statement.statement_id not in self._moves:
                dispatch.statements.append(statement)
                self._add_leaf("statement", statement.statement_id, statement.content)
            moves = self._moves.setdefault(statement.statement_id, {})
            moves[move.recipient_id] = (move.dispatch_id, move.evidence)
        delivery = Delivery(
            dispatch_id=move.dispatch_id,
            recipient_id=move.recipient_id,
            state=move.state,
            version=current.version + 1,
            updated_at=move.at,
            reason=move.reason,
        )
        dispatch.deliveries[move.recipient_id] = delivery
        self._record(dispatch, move.evidence, move.events)
        return Moved(delivery=delivery, evidence=move.evidence)

    async def refuse(self, refusal: Refusal) -> Evidence:
        check_refusal(refusal)
        await asyncio.sleep(0)
        key = (refusal.sender_id, refusal.sha256, refusal.reason)
        if key not in self._refusals:
            self._refuse_known([refusal.evidence])
            self._refusals[key] = refusal.evidence
            self._add_leaf("evidence", refusal.evidence.evidence_id, refusal.evidence.content)
        await asyncio.sleep(0)
        return self._refusals[key]

    async def hold(self, owner: str, digest: str, size: int) -> None:
        await asyncio.sleep(0)
        self._holdings.setdefault((owner, digest), size)
        await asyncio.sleep(0)

    def _record(self, dispatch: _Dispatch, evidence: Sequence[Evidence], events: Sequence[NewEvent]) -> None:
        for one in evidence:
            dispatch.evidence.append(one)
            self._add_leaf("evidence", one.evidence_id, one.content)
        for event in events:
            self._event_count += 1
            dispatch.events.append(
                Event(
                    cursor=self._event_count,
                    dispatch_id=dispatch.kept.entry.dispatch_id,
                    sequence=len(dispatch.events) + 1,
                    **{one.name: getattr(event, one.name) for one in fields(NewEvent)},
                )
            )

    def _refuse_known(self, evidence: Sequence[Evidence]) -> None:
        ids = [("evidence", one.evidence_id) for one in evidence]
        if len(set(ids)) != len(ids) or not self._content_ids.isdisjoint(ids):
            raise ValueError("an evidence id names one evidence")

    def _add_leaf(self, kind: str, content_id: str, content: bytes) -> None:
        leaf_hash = hashlib.sha256(b"\0" + content).digest()
        self._leaves.append(Leaf(index=len(self._leaves), hash=leaf_hash, kind=kind, content_id=content_id))
        self._content_ids.add((kind, content_id))

    # The reads.

    async def kept(self, dispatch_id: str) -> Kept:
        await asyncio.sleep(0)
        if dispatch_id not in self._dispatches:
            raise NotFound(dispatch_id)
        return self._dispatches[dispatch_id].kept

    async def delivery(self, dispatch_id: str, recipient_id: str) -> Delivery:
        await asyncio.sleep(0)
        dispatch = self._dispatches.get(dispatch_id)
        if dispatch is None or recipient_id not in dispatch.deliveries:
            raise NotFound(f"{dispatch_id} to {recipient_id}")
        return dispatch.deliveries[recipient_id]

    async def deliveries(self, dispatch_id: str) -> tuple[Delivery, ...]:
        await asyncio.sleep(0)
        dispatch = self._dispatches.get(dispatch_id)
        return tuple(dispatch.deliveries.values()) if dispatch else ()

    async def moved(self, statement_id: str) -> Moved | None:
        await asyncio.sleep(0)
        moves = self._moves.get(statement_id, {})
        for dispatch_id, _ in moves.values():
            deliveries = self._dispatches[dispatch_id].deliveries
            first = next(recipient_id for recipient_id in deliveries if recipient_id in moves)
            return Moved(delivery=deliveries[first], evidence=moves[first][1])
        return None

    async def history(self, dispatch_id: str) -> tuple[Event, ...]:
        await asyncio.sleep(0)
        dispatch = self._dispatches.get(dispatch_id)
        return tuple(dispatch.events) if dispatch else ()

    async def evidence(self, dispatch_id: str) -> tuple[Evidence, ...]:
        await asyncio.sleep(0)
        dispatch = self._dispatches.get(dispatch_id)
        return tuple(dispatch.evidence) if dispatch else ()

    async def statements(self, dispatch_id: str) -> tuple[Statement, ...]:
        await asyncio.sleep(0)
        dispatch = self._dispatches.get(dispatch_id)
        return tuple(dispatch.statements) if dispatch else ()

    async def inbox(
        self, recipient_id: str, *, after: int, limit: int, states: Collection[str] = ()
    ) -> tuple[InboxItem, ...]:
        await asyncio.sleep(0)
        found = (
            InboxItem(cursor=dispatch.cursor, entry=dispatch.kept.entry, delivery=delivery)
            for dispatch in self._dispatches.values()
            if dispatch.cursor > after
            and (delivery := dispatch.deliveries.get(recipient_id)) is not None
            and (not states or delivery.state in states)
        )
        return tuple(item for item, _ in zip(found, range(max(0, limit)), strict=False))

    async def outbox(self, sender_id: str, *, after: int, limit: int) -> tuple[OutboxItem, ...]:
        await asyncio.sleep(0)
        found = (
            OutboxItem(
                cursor=dispatch.cursor,
                entry=dispatch.kept.entry,
                deliveries=tuple(dispatch.deliveries.values()),
            )
            for dispatch in self._dispatches.values()
            if dispatch.cursor > after and dispatch.kept.entry.sender_id == sender_id
        )
        return tuple(item for item, _ in zip(found, range(max(0, limit)), strict=False))

    async def held(self, owner: str, digests: Collection[str]) -> dict[str, int]:
        await asyncio.sleep(0)
        return {
            digest: self._holdings[owner, digest] for digest in digests if (owner, digest) in self._holdings
        }

    async def holder(self, sender_id: str, document_id: str) -> str | None:
        await asyncio.sleep(0)
        return self._documents.get((sender_id, document_id))

    async def leaves(self, *, start: int, limit: int) -> tuple[Leaf, ...]:
        await asyncio.sleep(0)
        return tuple(self._leaves[max(0, start) : max(0, start) + max(0, limit)])

    async def probe(self) -> None:
        await asyncio.sleep(0)

    # The directory.

    async def register(self, agency: Agency, *, replacing: Agency | None) -> None:
        check_agency(agency, replacing)
        await asyncio.sleep(0)
        if self._agencies.get(agency.agency_id) != replacing:
            raise Changed(agency.agency_id)
        taken_names = {agency.agency_id, *agency.aliases}
        taken_certificates = {certificate.sha256 for certificate in agency.certificates}
        for other in self._agencies.values():
            if other.agency_id == agency.agency_id:
                continue
            if taken_names & {other.agency_id, *other.aliases}:
                raise ValueError(f"an identifier of {agency.agency_id} belongs to {other.agency_id}")
            if taken_certificates & {certificate.sha256 for certificate in other.certificates}:
                raise ValueError(f"a certificate of {agency.agency_id} belongs to {other.agency_id}")
        self._agencies[agency.agency_id] = deepcopy(agency)
        self._version += 1

    async def agencies(self) -> tuple[Agency, ...]:
        await asyncio.sleep(0)
        return tuple(deepcopy(self._agencies[agency_id]) for agency_id in sorted(self._agencies))

    async def version(self) -> int:
        await asyncio.sleep(0)
        return self._version
