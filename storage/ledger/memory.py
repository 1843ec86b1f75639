"""A ledger in memory, for tests: the same promise, kept more strictly than any database keeps it.

One event loop, no `await` inside an effect, so each effect is a transaction. The loop gets a turn before and
after every effect: callers interleave, and a cancelled caller may or may not have had its effect, as with a
real store.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields
from secrets import token_bytes
from typing import TypeVar

from storage.errors import Changed, Conflict, DocumentIdTaken, NotFound, StatementTaken
from storage.ledger.pages import Page, delivery_bytes, event_bytes, item_bytes, page, record_bytes
from storage.ledger.records import (
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
    Record,
    Refusal,
    Statement,
)
from storage.ledger.registry import Agency
from storage.ledger.wellformed import (
    check_agency,
    check_commit,
    check_holding,
    check_move,
    check_page,
    check_refusal,
)

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class _Dispatch:
    cursor: int
    kept: Kept
    deliveries: dict[str, Delivery]
    """In recipient order."""
    events: list[Event] = field(default_factory=list)
    records: list[tuple[int, Record]] = field(default_factory=list)
    """Each with its place: one more than its leaf."""

    def counts(self) -> dict[str, int]:
        return dict(Counter(delivery.state for delivery in self.deliveries.values()))


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
        self._secrets: dict[str, bytes] = {}
        self._agencies: dict[str, Agency] = {}
        self._version = 0

    # The writes.

    async def commit(
        self,
        entry: Entry,
        recipients: Sequence[str],
        evidence: Sequence[Evidence],
        events: Sequence[NewEvent],
    ) -> Kept:
        check_commit(entry, recipients, evidence, events)
        await asyncio.sleep(0)
        if entry.dispatch_id not in self._dispatches:
            self._commit(entry, recipients, tuple(evidence), events)
        await asyncio.sleep(0)
        return self._dispatches[entry.dispatch_id].kept

    def _commit(
        self,
        entry: Entry,
        recipients: Sequence[str],
        evidence: tuple[Evidence, ...],
        events: Sequence[NewEvent],
    ) -> None:
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
                for recipient in recipients
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
        if statement is not None:
            self._refuse_strange(statement)
        if statement is not None and move.recipient_id in self._moves.get(statement.statement_id, {}):
            return Moved(delivery=current, evidence=self._moves[statement.statement_id][move.recipient_id][1])
        if current.version != move.expected_version:
            raise Conflict(current)
        self._refuse_known(move.evidence)
        if statement is not None:
            if statement.statement_id not in self._moves:
                place = self._add_leaf("statement", statement.statement_id, statement.content)
                dispatch.records.append((place, statement))
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
        check_holding(owner, digest, size)
        await asyncio.sleep(0)
        self._holdings.setdefault((owner, digest), size)
        await asyncio.sleep(0)

    def _record(self, dispatch: _Dispatch, evidence: Sequence[Evidence], events: Sequence[NewEvent]) -> None:
        for one in evidence:
            place = self._add_leaf("evidence", one.evidence_id, one.content)
            dispatch.records.append((place, one))
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

    def _refuse_strange(self, statement: Statement) -> None:
        for dispatch_id, _ in self._moves.get(statement.statement_id, {}).values():
            if dispatch_id != statement.dispatch_id:
                raise StatementTaken(dispatch_id)

    def _add_leaf(self, kind: str, content_id: str, content: bytes) -> int:
        leaf_hash = hashlib.sha256(b"\0" + content).digest()
        self._leaves.append(Leaf(index=len(self._leaves), hash=leaf_hash, kind=kind, content_id=content_id))
        self._content_ids.add((kind, content_id))
        return len(self._leaves)

    # The reads.

    async def kept(self, dispatch_id: str) -> Kept:
        await asyncio.sleep(0)
        if dispatch_id not in self._dispatches:
            raise NotFound(dispatch_id)
        return self._dispatches[dispatch_id].kept

    async def entry(self, dispatch_id: str) -> Entry:
        return (await self.kept(dispatch_id)).entry

    async def delivery(self, dispatch_id: str, recipient_id: str) -> Delivery:
        await asyncio.sleep(0)
        dispatch = self._dispatches.get(dispatch_id)
        if dispatch is None or recipient_id not in dispatch.deliveries:
            raise NotFound(f"{dispatch_id} to {recipient_id}")
        return dispatch.deliveries[recipient_id]

    async def counts(self, dispatch_id: str) -> dict[str, int]:
        await asyncio.sleep(0)
        dispatch = self._dispatches.get(dispatch_id)
        return dispatch.counts() if dispatch else {}

    async def deliveries(
        self, dispatch_id: str, *, after: int = 0, limit: int, states: Collection[str] = ()
    ) -> Page[Delivery]:
        await asyncio.sleep(0)
        dispatch = self._dispatches.get(dispatch_id)
        found = (
            (place, delivery)
            for place, delivery in enumerate(dispatch.deliveries.values() if dispatch else (), start=1)
            if not states or delivery.state in states
        )
        return _page(found, delivery_bytes, after=after, limit=limit)

    async def moved(self, statement_id: str) -> Moved | None:
        await asyncio.sleep(0)
        moves = self._moves.get(statement_id, {})
        for dispatch_id, _ in moves.values():
            deliveries = self._dispatches[dispatch_id].deliveries
            first = next(recipient_id for recipient_id in deliveries if recipient_id in moves)
            return Moved(delivery=deliveries[first], evidence=moves[first][1])
        return None

    async def history(
        self, dispatch_id: str, *, recipient_id: str | None = None, after: int = 0, limit: int
    ) -> Page[Event]:
        await asyncio.sleep(0)
        dispatch = self._dispatches.get(dispatch_id)
        seen = [
            event
            for event in (dispatch.events if dispatch else ())
            if recipient_id is None or event.recipient_id in ("", recipient_id)
        ]
        return _page(enumerate(seen, start=1), event_bytes, after=after, limit=limit)

    async def records(
        self,
        dispatch_id: str,
        *,
        recipient_id: str | None = None,
        events: Collection[str] = (),
        after: int = 0,
        limit: int,
    ) -> Page[Record]:
        await asyncio.sleep(0)
        dispatch = self._dispatches.get(dispatch_id)
        found = (
            (place, record)
            for place, record in (dispatch.records if dispatch else ())
            if _speaks(record, recipient_id) and (not events or _is_of(record, events))
        )
        return _page(found, record_bytes, after=after, limit=limit)

    async def inbox(
        self, recipient_id: str, *, after: int = 0, limit: int, states: Collection[str] = ()
    ) -> Page[InboxItem]:
        await asyncio.sleep(0)
        found = (
            (
                dispatch.cursor,
                InboxItem(cursor=dispatch.cursor, entry=dispatch.kept.entry, delivery=delivery),
            )
            for dispatch in self._dispatches.values()
            if (delivery := dispatch.deliveries.get(recipient_id)) is not None
            and (not states or delivery.state in states)
        )
        return _page(found, item_bytes, after=after, limit=limit)

    async def outbox(self, sender_id: str, *, after: int = 0, limit: int) -> Page[OutboxItem]:
        await asyncio.sleep(0)
        found = (
            (
                dispatch.cursor,
                OutboxItem(cursor=dispatch.cursor, entry=dispatch.kept.entry, counts=dispatch.counts()),
            )
            for dispatch in self._dispatches.values()
            if dispatch.kept.entry.sender_id == sender_id
        )
        return _page(found, item_bytes, after=after, limit=limit)

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

    async def secret(self, name: str) -> bytes:
        await asyncio.sleep(0)
        return self._secrets.setdefault(name, token_bytes(32))

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


def _page(found: Iterable[tuple[int, T]], size: Callable[[T], int], *, after: int, limit: int) -> Page[T]:
    check_page(after, limit)
    return page(((place, item) for place, item in found if place > after), size, after=after, limit=limit)


def _speaks(record: Record, recipient_id: str | None) -> bool:
    """Tells whether a record is about a recipient or about all, or its own statement; None sees all."""
    if recipient_id is None:
        return True
    if isinstance(record, Evidence):
        return record.recipient_id in ("", recipient_id)
    return record.agency_id == recipient_id


def _is_of(record: Record, events: Collection[str]) -> bool:
    return isinstance(record, Evidence) and record.event in events
