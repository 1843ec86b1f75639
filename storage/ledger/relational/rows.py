"""How records become rows and rows become records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.ledger.records import (
    Delivery,
    Entry,
    Event,
    Evidence,
    InboxItem,
    Leaf,
    OutboxItem,
    Part,
    Question,
    Record,
    SignedCheckpoint,
    Stamp,
    Statement,
    StreamItem,
)

Row = tuple[Any, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(time: datetime) -> int:
    """Returns an aware time as whole microseconds since the epoch."""
    return (time - _EPOCH) // _MICROSECOND


def maybe_microseconds(time: datetime | None) -> int | None:
    """The same of a time that may be missing."""
    return None if time is None else microseconds(time)


def moment(count: int) -> datetime:
    """Returns the time of `microseconds`, in UTC."""
    return _EPOCH + timedelta(microseconds=count)


def to_json(value: object) -> str:
    """Returns compact JSON with text as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def dispatch_row(position: int, entry: Entry) -> Row:
    return (
        position,
        entry.dispatch_id,
        entry.sender_id,
        entry.sender_name,
        entry.document_id,
        entry.kind,
        entry.code_number,
        entry.code_notation,
        entry.subject,
        entry.priority,
        entry.promulgation_date,
        entry.due_date,
        microseconds(entry.accepted_at),
        to_json(entry.warnings),
    )


ENTRY_COLUMNS = 15
"""How many columns of a row the view `entries` fills."""


def entry_from(row: Row) -> Entry:
    """Reads an entry from the first `ENTRY_COLUMNS` columns of a row."""
    (
        _position,
        dispatch_id,
        sender_id,
        sender_name,
        document_id,
        kind,
        code_number,
        code_notation,
        subject,
        priority,
        promulgation_date,
        due_date,
        accepted_at,
        warnings,
        parts,
    ) = row[:ENTRY_COLUMNS]
    return Entry(
        dispatch_id=dispatch_id,
        sender_id=sender_id,
        sender_name=sender_name,
        document_id=document_id,
        kind=kind,
        code_number=code_number,
        code_notation=code_notation,
        subject=subject,
        priority=priority,
        promulgation_date=promulgation_date,
        due_date=due_date,
        accepted_at=moment(accepted_at),
        parts=tuple(part_from(part) for part in json.loads(parts)),
        warnings=tuple(json.loads(warnings)),
    )


def part_row(position: int, part: Part) -> Row:
    return (
        position,
        part.number,
        part.identifier,
        part.name,
        part.content_type,
        part.sha256,
        part.size,
        part.inline,
    )


def part_from(row: Sequence[Any]) -> Part:
    number, identifier, name, content_type, sha256, size, inline = row
    return Part(
        number=number,
        identifier=identifier,
        name=name,
        content_type=content_type,
        sha256=sha256,
        size=size,
        inline=bool(inline),
    )


DELIVERY_COLUMNS = 17
"""How many columns of a row the view `standing` fills."""


def delivery_from(row: Row) -> Delivery:
    """Reads a delivery from the first `DELIVERY_COLUMNS` columns of a row."""
    (
        dispatch_id,
        recipient_id,
        mailbox_id,
        state,
        version,
        updated_at,
        handover_by,
        answer_by,
        due,
        reason,
        *question,
        _place,
        _dispatch,
    ) = row[:DELIVERY_COLUMNS]
    return Delivery(
        dispatch_id=dispatch_id,
        recipient_id=recipient_id,
        mailbox_id=mailbox_id,
        state=state,
        version=version,
        updated_at=moment(updated_at),
        handover_by=moment(handover_by),
        answer_by=moment(answer_by),
        due=None if due is None else moment(due),
        reason=reason,
        question=_question_from(*question),
    )


def place_from(row: Row) -> tuple[int, int]:
    """Reads, from a row that begins with a delivery, its place and the position of its dispatch."""
    place, position = row[DELIVERY_COLUMNS - 2 : DELIVERY_COLUMNS]
    return place, position


def question_row(question: Question | None) -> Row:
    if question is None:
        return (None,) * 5
    return (
        question.kind,
        question.by,
        question.reason,
        microseconds(question.asked_at),
        microseconds(question.until),
    )


def _question_from(kind: str | None, by: str, reason: str, asked_at: int, until: int) -> Question | None:
    if kind is None:
        return None
    return Question(kind=kind, by=by, reason=reason, asked_at=moment(asked_at), until=moment(until))


def evidence_from(row: Sequence[Any]) -> Evidence:
    evidence_id, dispatch_id, event, issued_at, content, recipient_id = row
    return Evidence(
        evidence_id=evidence_id,
        dispatch_id=dispatch_id,
        event=event,
        issued_at=moment(issued_at),
        content=content,
        recipient_id=recipient_id,
    )


def record_from(row: Row) -> Record:
    """Reads a row of the queries on records: which of the two it is, then its columns."""
    kind, *columns, agency_id = row
    if kind == "evidence":
        return evidence_from(columns)
    statement_id, dispatch_id, status_code, received_at, content, recipient_id = columns
    return Statement(
        statement_id=statement_id,
        dispatch_id=dispatch_id,
        agency_id=agency_id,
        recipient_id=recipient_id,
        status_code=status_code,
        received_at=moment(received_at),
        content=content,
    )


EVENT_COLUMNS = 13
"""How many columns of a row of the queries on events are the event's."""


def event_from(row: Row) -> Event:
    """Reads an event from the first `EVENT_COLUMNS` columns of a row."""
    (
        cursor,
        dispatch_id,
        sequence,
        kind,
        at,
        recipient_id,
        actor_id,
        delegate_id,
        status_code,
        reason,
        evidence_id,
        statement_id,
        related_id,
    ) = row[:EVENT_COLUMNS]
    return Event(
        cursor=cursor,
        dispatch_id=dispatch_id,
        sequence=sequence,
        kind=kind,
        at=moment(at),
        recipient_id=recipient_id,
        actor_id=actor_id,
        delegate_id=delegate_id,
        status_code=status_code,
        reason=reason,
        evidence_id=evidence_id,
        statement_id=statement_id,
        related_id=related_id,
    )


def stream_item_from(row: Row) -> StreamItem:
    return StreamItem(event=event_from(row), entry=entry_from(row[EVENT_COLUMNS:]))


def inbox_item_from(row: Row) -> InboxItem:
    place, _position = place_from(row)
    return InboxItem(cursor=place, entry=entry_from(row[DELIVERY_COLUMNS:]), delivery=delivery_from(row))


def outbox_item_from(row: Row) -> OutboxItem:
    entry = entry_from(row)
    return OutboxItem(cursor=row[0], entry=entry, counts=json.loads(row[ENTRY_COLUMNS]))


def leaf_from(row: Row) -> Leaf:
    index, leaf_hash, kind, content_id = row
    return Leaf(index=index, hash=leaf_hash, kind=kind, content_id=content_id)


def checkpoint_from(row: Row, cosignatures: Iterable[bytes]) -> SignedCheckpoint:
    size, note, at = row
    return SignedCheckpoint(size=size, note=note, at=moment(at), cosignatures=tuple(cosignatures))


def stamp_from(size: int, row: Row) -> Stamp:
    authority, token, at = row
    return Stamp(size=size, authority=authority, token=token, at=moment(at))
