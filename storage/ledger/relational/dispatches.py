"""Sealed packages that the axis took, and those it refused, over SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from storage.errors import DocumentIdTaken, NotFound
from storage.ledger.records import (
    Asking,
    Entry,
    Evidence,
    Joining,
    Kept,
    Link,
    NewDispatch,
    Recipient,
    Refusal,
)
from storage.ledger.relational.engine import Transaction
from storage.ledger.relational.facet import Facet
from storage.ledger.relational.noting import Noting
from storage.ledger.relational.rows import (
    dispatch_row,
    entry_from,
    evidence_from,
    microseconds,
    moment,
    part_row,
    question_row,
    to_json,
)
from storage.ledger.tree import leaf_hash
from storage.ledger.wellformed import check_commit, check_refusal

JOINED = 0
"""The version noted with evidence of those who joined a dispatch later: that of no move."""


class RelationalDispatches(Facet):
    """`Dispatches` over SQL."""

    async def commit(self, new: NewDispatch) -> Kept:
        check_commit(new)
        asked = sum(len(ask.recipients) for ask in new.asks)
        joined = sum(len(join.recipients) for join in new.joins)
        weight = 10 + 4 * (len(new.recipients) + asked + joined)
        return await self._writer.write(lambda t: commit(t, new), weight=weight)

    async def refuse(self, refusal: Refusal) -> Evidence:
        check_refusal(refusal)
        return await self._writer.write(lambda t: refuse(t, refusal))

    async def kept(self, dispatch_id: str) -> Kept:
        entries, evidence = await self._readers.several(
            ("entry", (dispatch_id,)), ("committed_evidence", (dispatch_id,))
        )
        if not entries:
            raise NotFound(dispatch_id)
        return Kept(entry=entry_from(entries[0]), evidence=tuple(map(evidence_from, evidence)))

    async def entry(self, dispatch_id: str) -> Entry:
        row = await self._readers.one("entry", dispatch_id)
        if row is None:
            raise NotFound(dispatch_id)
        return entry_from(row)

    async def holder(self, sender_id: str, document_id: str) -> str | None:
        row = await self._readers.one("find_document", sender_id, document_id)
        return row[0] if row else None

    async def thread(self, sender_id: str, document_id: str) -> tuple[Entry, ...]:
        newest = await self._readers.all("thread", (sender_id, document_id))
        return tuple(map(entry_from, reversed(newest)))

    async def links(self, dispatch_id: str) -> tuple[Link, ...]:
        newest = await self._readers.all("links", {"dispatch_id": dispatch_id})
        return tuple(
            Link(dispatch_id=name, kind=kind, later=bool(later)) for name, kind, later in reversed(newest)
        )

    async def alike(self, sender_id: str, code_number: str, code_notation: str) -> tuple[str, ...]:
        asked = {"sender_id": sender_id, "number": code_number, "notation": code_notation}
        return tuple(name for (name,) in await self._readers.all("alike", asked))


@dataclass(frozen=True, slots=True)
class _Dispatch:
    """What is needed to write about a dispatch, and what its deliveries repeat of it."""

    position: int
    sender_id: str
    accepted_at: int
    """Microseconds."""
    priority: int


def commit(transaction: Transaction, new: NewDispatch) -> Kept:
    """`Dispatches.commit`."""
    entry = new.entry
    position = transaction.dispatch + 1
    if not transaction.run_ahead("add_dispatch", *dispatch_row(position, entry)):
        return _kept(transaction, entry)
    transaction.dispatch = position
    earlier = _earlier(transaction, new)
    transaction.run_many("add_part", [part_row(position, part) for part in entry.parts])
    mailboxes = {one.agency_id: one.mailbox_id for one in new.recipients}
    this = _Dispatch(position, entry.sender_id, microseconds(entry.accepted_at), entry.priority)
    deadlines = (entry.accepted_at, new.handover_by, new.answer_by)
    _deliver(transaction, this, new.recipients, *deadlines)
    transaction.run_many(
        "add_holding",
        [(entry.sender_id, part.sha256, part.size) for part in entry.parts if not part.inline],
    )
    noting = Noting(transaction, position, entry.sender_id, mailboxes=mailboxes, new=True)
    noting.evidence(new.evidence)
    noting.events(new.events)
    transaction.run_many("add_judged_by", [(position, digest) for digest in dict.fromkeys(new.judged_by)])
    transaction.run_many("add_link", [(position, earlier[name].position) for name in new.about])
    for ask in new.asks:
        _ask(transaction, earlier[ask.dispatch_id], ask)
    for join in new.joins:
        _join(transaction, earlier[join.dispatch_id], join)
    return Kept(entry=entry, evidence=new.evidence)


def refuse(transaction: Transaction, refusal: Refusal) -> Evidence:
    """`Dispatches.refuse`."""
    key = (refusal.sender_id, refusal.sha256, refusal.reason)
    kept = transaction.one("find_refusal", *key)
    if kept is not None:
        return evidence_from(kept)
    one = refusal.evidence
    leaf = transaction.add_leaf("evidence", leaf_hash(one.content))
    at = microseconds(one.issued_at)
    of_none = (None, one.recipient_id, "", one.event, at, None, None, one.content)
    transaction.run_many("add_evidence", [(leaf, one.evidence_id, *of_none)])
    transaction.run("add_refusal", *key, one.dispatch_id, leaf)
    return one


def _kept(transaction: Transaction, entry: Entry) -> Kept:
    """Returns what the first commit kept, or raises for the dispatch that holds the document id."""
    row = transaction.one("entry", entry.dispatch_id)
    if row is None:
        holder = transaction.one("find_document", entry.sender_id, entry.document_id)
        assert holder is not None
        raise DocumentIdTaken(holder[0])
    evidence = transaction.all("committed_evidence", entry.dispatch_id)
    return Kept(entry=entry_from(row), evidence=tuple(map(evidence_from, evidence)))


def _earlier(transaction: Transaction, new: NewDispatch) -> dict[str, _Dispatch]:
    """The dispatches that a new one is about, asks about or adds to. Raises `NotFound`."""
    found: dict[str, _Dispatch] = {}
    names = (*new.about, *(ask.dispatch_id for ask in new.asks), *(join.dispatch_id for join in new.joins))
    for name in names:
        if name not in found:
            row = transaction.one("find_dispatch", name)
            if row is None:
                raise NotFound(name)
            found[name] = _Dispatch(*row)
    return found


def _deliver(
    transaction: Transaction,
    to: _Dispatch,
    recipients: Sequence[Recipient],
    at: datetime,
    handover_by: datetime,
    answer_by: datetime,
) -> None:
    times = (microseconds(at), microseconds(handover_by), microseconds(answer_by), microseconds(handover_by))
    repeated = (to.position, to.sender_id, to.accepted_at)
    first = transaction.delivery + 1
    transaction.delivery += len(recipients)
    transaction.run_many(
        "add_delivery",
        [
            (place, *repeated, one.agency_id, one.mailbox_id, to.priority, *times)
            for place, one in enumerate(recipients, start=first)
        ],
    )


def _ask(transaction: Transaction, earlier: _Dispatch, ask: Asking) -> None:
    asked = transaction.all(
        "ask",
        earlier.position,
        to_json(ask.recipients),
        to_json(sorted(ask.states)),
        *question_row(ask.question),
    )
    mailboxes: dict[str, str] = {name: mailbox for name, mailbox, _ in asked}
    times = {name: max(ask.event.at, moment(updated)) for name, _, updated in asked}
    noting = Noting(transaction, earlier.position, earlier.sender_id, mailboxes=mailboxes)
    reached = [name for name in ask.recipients if name in times]
    noting.events([replace(ask.event, recipient_id=name, at=times[name]) for name in reached])


def _join(transaction: Transaction, earlier: _Dispatch, join: Joining) -> None:
    names = to_json([one.agency_id for one in join.recipients])
    known: dict[str, str] = dict(transaction.all("mailboxes", earlier.position, names))
    joined = [one for one in join.recipients if one.agency_id not in known]
    if not joined:
        return
    deadlines = (join.at, join.handover_by, join.answer_by)
    _deliver(transaction, earlier, joined, *deadlines)
    mailboxes = {one.agency_id: one.mailbox_id for one in joined}
    noting = Noting(transaction, earlier.position, earlier.sender_id, mailboxes=mailboxes)
    noting.evidence(join.evidence, version=JOINED)
    noting.events([replace(join.event, recipient_id=one.agency_id) for one in joined])
