"""What must hold of a record before it is kept, whatever keeps it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from storage.ledger.records import (
    Evidence,
    Move,
    NewDispatch,
    NewEvent,
    Question,
    Recipient,
    Refusal,
    SignedCheckpoint,
    Stamp,
    Statement,
)

SIZE_MOST = (1 << 63) - 1
"""Largest number that every store can note."""
LINKS_MOST = 100
"""Links of a dispatch in one direction."""


def check_commit(new: NewDispatch) -> None:
    """Raises `ValueError` when a dispatch could not be true as given."""
    entry = new.entry
    _require(bool(entry.dispatch_id), "a dispatch has an id")
    _require(
        [part.number for part in entry.parts] == list(range(len(entry.parts))), "parts are numbered from 0"
    )
    _require(bool(entry.parts), "a dispatch has its package as part 0")
    _require(max(abs(entry.kind), abs(entry.priority)) <= SIZE_MOST, "a code is a number of 63 bits")
    check_times([entry.accepted_at, new.handover_by, new.answer_by])
    check_text([entry.dispatch_id, entry.sender_id, entry.promulgation_date, entry.due_date])
    check_text([entry.document_id, entry.sender_name, entry.code_number, entry.code_notation, entry.subject])
    check_text(entry.warnings)
    for part in entry.parts:
        check_text([part.identifier, part.name, part.content_type])
        check_blob(part.sha256, part.size)
    _check_recipients(new.recipients)
    _check_leaves(entry.dispatch_id, new.evidence, new.events)
    earlier = (*new.about, *(ask.dispatch_id for ask in new.asks), *(join.dispatch_id for join in new.joins))
    _require(entry.dispatch_id not in earlier, "a dispatch speaks about earlier ones")
    _require(len(set(new.about)) == len(new.about), "a dispatch is about another one once")
    _require(len(new.about) <= LINKS_MOST, "a dispatch is about a hundred others at most")
    check_text(earlier)
    for ask in new.asks:
        _require(len(set(ask.recipients)) == len(ask.recipients), "a recipient is named once")
        check_text([*ask.recipients, *ask.states])
        _check_question(ask.question)
        _check_leaves(ask.dispatch_id, (), [ask.event])
    for join in new.joins:
        check_times([join.at, join.handover_by, join.answer_by])
        _check_recipients(join.recipients)
        _check_leaves(join.dispatch_id, join.evidence, [join.event])


def check_moves(moves: Sequence[Move]) -> None:
    """Raises `ValueError` when moves could not be true as given."""
    _require(bool(moves), "there is something to move")
    moved = {(move.dispatch_id, move.recipient_id) for move in moves}
    _require(len(moved) == len(moves), "a delivery is moved once")
    _require(len({move.statement for move in moves}) == 1, "moves of one act share its statement")
    for move in moves:
        _check_move(move)
    if (statement := moves[0].statement) is not None:
        check_statement(statement)


def check_statement(statement: Statement) -> None:
    """Raises `ValueError` when a statement could not be true as given."""
    _require(
        statement.statement_id == hashlib.sha256(statement.content).hexdigest(),
        "a statement is named by the SHA-256 of its content",
    )
    _require(bool(statement.recipient_id), "a statement speaks of a delivery")
    check_times([statement.received_at])
    check_text([statement.dispatch_id, statement.agency_id, statement.recipient_id, statement.status_code])


def _check_move(move: Move) -> None:
    _require(0 < move.expected_version < SIZE_MOST, "a version is a number of 63 bits")
    check_times([move.at] if move.due is None else [move.at, move.due])
    check_text([move.state, move.reason])
    if move.question is not None:
        _check_question(move.question)
    _check_leaves(move.dispatch_id, move.evidence, move.events)


def _check_recipients(recipients: Sequence[Recipient]) -> None:
    names = [recipient.agency_id for recipient in recipients]
    mailboxes = [recipient.mailbox_id for recipient in recipients]
    _require(len(set(names)) == len(names), "a recipient is named once")
    _require(all(names) and all(mailboxes), "a recipient has a name and a mailbox")
    check_text([*names, *mailboxes])


def _check_question(question: Question) -> None:
    check_times([question.asked_at, question.until])
    check_text([question.kind, question.by, question.reason])


def check_refusal(refusal: Refusal) -> None:
    """Raises `ValueError` when a refusal could not be true as given."""
    _check_leaves(refusal.evidence.dispatch_id, [refusal.evidence], [])


def check_holding(owner: str, digest: str, size: int) -> None:
    """Raises `ValueError` when a note of a blob could not be true as given."""
    check_text([owner])
    check_blob(digest, size)


def check_blob(digest: str, size: int) -> None:
    """Raises `ValueError` unless it is a SHA-256 in 64 lower-case hexadecimal digits and a number of
    bytes."""
    _require(re.fullmatch(r"[0-9a-f]{64}", digest) is not None, "a blob is named by its SHA-256")
    _require(0 <= size <= SIZE_MOST, "a blob has a size")


def check_page(after: int, limit: int) -> None:
    """Raises `ValueError` unless a page is asked for from a place that there can be, with room for an
    item."""
    _require(0 <= after <= SIZE_MOST, "a page begins at a place")
    _require(limit >= 1, "a page has room for an item")


def check_times(times: Iterable[datetime]) -> None:
    """Raises `ValueError` unless each time knows its zone."""
    for time in times:
        _require(time.tzinfo is not None, "a time knows its zone")


def check_text(texts: Iterable[str]) -> None:
    """Raises `ValueError` for text that not every store can give back as it was: U+0000 and lone
    surrogates."""
    joined = "".join(texts)
    _require("\0" not in joined, "text holds no U+0000")
    joined.encode()  # UnicodeEncodeError is a ValueError


def _check_leaves(dispatch_id: str, evidence: Sequence[Evidence], events: Sequence[NewEvent]) -> None:
    for one in evidence:
        _require(one.dispatch_id == dispatch_id, "evidence speaks of its own dispatch")
        check_times([one.issued_at])
        check_text([one.evidence_id, one.event, one.recipient_id])
    for event in events:
        check_times([event.at])
        check_text([event.kind, event.reason, event.recipient_id, event.actor_id, event.delegate_id])
        check_text([event.status_code, event.evidence_id, event.statement_id, event.related_id])


def _require(held: bool, rule: str) -> None:
    if not held:
        raise ValueError(rule)


def check_checkpoint(checkpoint: SignedCheckpoint) -> None:
    """Raises `ValueError` when a checkpoint could not be true as given."""
    check_times([checkpoint.at])
    _require(0 <= checkpoint.size <= SIZE_MOST, "a log has a size of 63 bits")
    _require(checkpoint.note.endswith(b"\n"), "a note ends with its last line")
    _require(not checkpoint.cosignatures, "cosignatures come one by one")


def check_cosignature(size: int, witness: str, line: bytes) -> None:
    """Raises `ValueError` when a cosignature could not be true as given."""
    check_text([witness])
    _require(0 <= size <= SIZE_MOST, "a log has a size of 63 bits")
    _require(line.endswith(b"\n") and line.count(b"\n") == 1, "a cosignature is one line")


def check_stamp(stamp: Stamp) -> None:
    """Raises `ValueError` when a time-stamp could not be true as given."""
    check_times([stamp.at])
    check_text([stamp.authority])
    _require(0 <= stamp.size <= SIZE_MOST, "a log has a size of 63 bits")
