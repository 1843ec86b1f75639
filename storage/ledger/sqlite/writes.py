"""What the ledger's writing verbs do inside a transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from storage.errors import Conflict, DocumentIdTaken, NotFound, StatementTaken
from storage.ledger.records import Delivery, Entry, Evidence, Kept, Move, Moved, NewEvent, Refusal, Statement
from storage.ledger.sqlite.rows import (
    Row,
    delivery_from,
    dispatch_row,
    entry_from,
    evidence_from,
    microseconds,
    part_row,
)
from storage.ledger.sqlite.writer import Transaction


def commit(
    transaction: Transaction,
    entry: Entry,
    recipients: Sequence[str],
    evidence: tuple[Evidence, ...],
    events: Sequence[NewEvent],
) -> Kept:
    """`Ledger.commit`."""
    position = transaction.dispatch + 1
    if not transaction.run_ahead("add_dispatch", *dispatch_row(position, entry)):
        return _kept(transaction, entry)
    transaction.dispatch = position
    at = microseconds(entry.accepted_at)
    transaction.run_many("add_part", [part_row(position, part) for part in entry.parts])
    transaction.run_many(
        "add_delivery",
        [(recipient, position, ordinal, at) for ordinal, recipient in enumerate(recipients)],
    )
    transaction.run_many(
        "add_holding",
        [(entry.sender_id, part.sha256, part.size) for part in entry.parts if not part.inline],
    )
    _add_evidence(transaction, position, evidence)
    _add_events(transaction, position, 0, events)
    return Kept(entry=entry, evidence=evidence)


def _kept(transaction: Transaction, entry: Entry) -> Kept:
    """Returns what the first commit kept, or raises for the dispatch that holds the document id."""
    row = transaction.one("entry", entry.dispatch_id)
    if row is None:
        holder = transaction.one("find_document", entry.sender_id, entry.document_id)
        assert holder is not None
        raise DocumentIdTaken(holder[0])
    evidence = transaction.all("committed_evidence", entry.dispatch_id)
    return Kept(entry=entry_from(row), evidence=tuple(map(evidence_from, evidence)))


def advance(transaction: Transaction, move: Move) -> Moved:
    """`Ledger.advance`."""
    row = transaction.one("find_delivery", move.dispatch_id, move.recipient_id)
    if row is None:
        raise NotFound(f"{move.dispatch_id} to {move.recipient_id}")
    position, current = row[0], delivery_from(row[1:])
    leaf: int | None = None
    if move.statement is not None:
        leaf = _leaf_of(transaction, move.statement)
        earlier = transaction.one("find_move", leaf, move.recipient_id)
        if earlier is not None:
            evidence = transaction.all("moved_evidence", move.dispatch_id, move.recipient_id, earlier[0])
            return Moved(delivery=current, evidence=tuple(map(evidence_from, evidence)))
    values = (move.state, microseconds(move.at), move.reason, move.recipient_id, position)
    if not transaction.run("move_delivery", *values, move.expected_version):
        raise Conflict(current)
    version = move.expected_version + 1
    if move.statement is not None:
        if leaf is None:
            leaf = _add_statement(transaction, position, move.statement)
        transaction.run("add_move", leaf, move.recipient_id, position, version)
    _add_evidence(transaction, position, move.evidence, moved=move.recipient_id, version=version)
    sequence = transaction.one("last_sequence", position)
    _add_events(transaction, position, sequence[0] if sequence else 0, move.events)
    delivery = Delivery(
        dispatch_id=move.dispatch_id,
        recipient_id=move.recipient_id,
        state=move.state,
        version=version,
        updated_at=move.at,
        reason=move.reason,
    )
    return Moved(delivery=delivery, evidence=move.evidence)


def refuse(transaction: Transaction, refusal: Refusal) -> Evidence:
    """`Ledger.refuse`."""
    key = (refusal.sender_id, refusal.sha256, refusal.reason)
    kept = transaction.one("find_refusal", *key)
    if kept is not None:
        return evidence_from(kept)
    _add_evidence(transaction, None, (refusal.evidence,))
    transaction.run("add_refusal", *key, refusal.evidence.dispatch_id, transaction.leaf)
    return refusal.evidence


def hold(transaction: Transaction, owner: str, digest: str, size: int) -> None:
    """`Ledger.hold`."""
    transaction.run("add_holding", owner, digest, size)


def secret(transaction: Transaction, name: str, made: bytes) -> Row:
    """`Ledger.secret`: keeps `made` unless there is one, and returns a row with the one that is kept."""
    transaction.run("add_secret", name, made)
    row = transaction.one("secret", name)
    assert row is not None
    return row


def probe(transaction: Transaction) -> int:
    """Counts this probe and returns how many there were."""
    row = transaction.one("count", "probe")
    assert row is not None
    count: int = row[0]
    return count


def _add_leaf(transaction: Transaction, kind: str, content: bytes) -> int:
    """Adds the next leaf (RFC 6962, section 2.1) and returns its index."""
    leaf = transaction.leaf = transaction.leaf + 1
    transaction.run_many("add_leaf", [(leaf, kind, hashlib.sha256(b"\0" + content).digest())])
    return leaf


def _add_evidence(
    transaction: Transaction,
    position: int | None,
    evidence: Sequence[Evidence],
    *,
    moved: str | None = None,
    version: int | None = None,
) -> None:
    rows = [
        (
            _add_leaf(transaction, "evidence", one.content),
            one.evidence_id,
            position,
            one.recipient_id,
            one.event,
            microseconds(one.issued_at),
            moved,
            version,
            one.content,
        )
        for one in evidence
    ]
    transaction.run_many("add_evidence", rows)


def _leaf_of(transaction: Transaction, statement: Statement) -> int | None:
    """Returns the leaf of a statement that is kept for this dispatch, None when it is not kept at all."""
    row = transaction.one("find_statement", statement.statement_id)
    if row is None:
        return None
    leaf, dispatch_id = row
    if dispatch_id != statement.dispatch_id:
        raise StatementTaken(dispatch_id)
    found: int = leaf
    return found


def _add_statement(transaction: Transaction, position: int, statement: Statement) -> int:
    leaf = _add_leaf(transaction, "statement", statement.content)
    transaction.run(
        "add_statement",
        leaf,
        statement.statement_id,
        position,
        statement.agency_id,
        statement.status_code,
        microseconds(statement.received_at),
        statement.content,
    )
    return leaf


def _add_events(transaction: Transaction, position: int, sequence: int, events: Sequence[NewEvent]) -> None:
    rows = []
    for event in events:
        transaction.event += 1
        sequence += 1
        rows.append(
            (
                transaction.event,
                position,
                sequence,
                event.kind,
                microseconds(event.at),
                event.recipient_id,
                event.actor_id,
                event.status_code,
                event.reason,
                event.evidence_id,
                event.statement_id,
            )
        )
    transaction.run_many("add_event", rows)
