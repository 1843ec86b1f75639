"""How records become rows and rows become records."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
    Record,
    Statement,
)
from storage.ledger.registry import Agency, Certificate

Row = tuple[Any, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(time: datetime) -> int:
    """Returns an aware time as whole microseconds since the epoch."""
    return (time - _EPOCH) // _MICROSECOND


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


def delivery_from(row: Sequence[Any]) -> Delivery:
    dispatch_id, recipient_id, state, version, updated_at, reason = row
    return Delivery(
        dispatch_id=dispatch_id,
        recipient_id=recipient_id,
        state=state,
        version=version,
        updated_at=moment(updated_at),
        reason=reason,
    )


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
    kind, *columns = row
    if kind == "evidence":
        return evidence_from(columns)
    statement_id, dispatch_id, status_code, received_at, content, agency_id = columns
    return Statement(
        statement_id=statement_id,
        dispatch_id=dispatch_id,
        agency_id=agency_id,
        status_code=status_code,
        received_at=moment(received_at),
        content=content,
    )


def event_from(row: Row) -> Event:
    (
        cursor,
        dispatch_id,
        sequence,
        kind,
        at,
        recipient_id,
        actor_id,
        status_code,
        reason,
        evidence_id,
        statement_id,
    ) = row
    return Event(
        cursor=cursor,
        dispatch_id=dispatch_id,
        sequence=sequence,
        kind=kind,
        at=moment(at),
        recipient_id=recipient_id,
        actor_id=actor_id,
        status_code=status_code,
        reason=reason,
        evidence_id=evidence_id,
        statement_id=statement_id,
    )


def inbox_item_from(recipient_id: str, row: Row) -> InboxItem:
    entry = entry_from(row)
    delivery = delivery_from((entry.dispatch_id, recipient_id, *row[ENTRY_COLUMNS:]))
    return InboxItem(cursor=row[0], entry=entry, delivery=delivery)


def outbox_item_from(row: Row) -> OutboxItem:
    entry = entry_from(row)
    return OutboxItem(cursor=row[0], entry=entry, counts=json.loads(row[ENTRY_COLUMNS]))


def leaf_from(row: Row) -> Leaf:
    index, leaf_hash, kind, content_id = row
    return Leaf(index=index, hash=leaf_hash, kind=kind, content_id=content_id)


def agency_from(row: Row) -> Agency:
    agency_id, name, active, attributes, aliases, certificates = row
    return Agency(
        agency_id=agency_id,
        name=name,
        aliases=tuple(json.loads(aliases)),
        certificates=tuple(
            Certificate(
                sha256=sha256,
                pem=pem,
                role=role,
                may_connect=bool(may_connect),
                may_seal=bool(may_seal),
            )
            for sha256, pem, role, may_connect, may_seal in json.loads(certificates)
        ),
        active=bool(active),
        attributes=json.loads(attributes),
    )
