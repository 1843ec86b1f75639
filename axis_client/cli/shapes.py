"""The nouns as JSON: what scripts read. Fields are added, never renamed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from axis_client.answering import VIET_NAM
from axis_client.model import (
    Agency,
    Answered,
    Delivery,
    Dispatch,
    Event,
    FetchedFile,
    InboxItem,
    Me,
    OutboxItem,
    Proof,
    Sent,
    State,
    Statement,
    Status,
)

Shape = dict[str, object]


def time(at: datetime) -> str:
    """ISO 8601 in Viet Nam time; as it stands where no calendar reaches that."""
    try:
        return at.astimezone(VIET_NAM).isoformat()
    except OverflowError:
        return at.isoformat()


def number(dispatch: Dispatch) -> str:
    return "/".join(part for part in (dispatch.code_number, dispatch.code_notation) if part)


def dispatch(of: Dispatch) -> Shape:
    return {
        "dispatch_id": of.dispatch_id,
        "sender_id": of.sender_id,
        "sender_name": of.sender_name,
        "document_id": of.document_id,
        "kind": of.kind,
        "number": number(of),
        "subject": of.subject,
        "priority": of.priority,
        "promulgation_date": of.promulgation_date,
        "due_date": of.due_date,
        "accepted_at": time(of.accepted_at),
        "parts": [
            {
                "number": part.number,
                "identifier": part.identifier,
                "name": part.name,
                "content_type": part.content_type,
                "sha256": part.sha256,
                "size": part.size,
                "inline": part.inline,
            }
            for part in of.parts
        ],
    }


def delivery(of: Delivery) -> Shape:
    return {
        "dispatch_id": of.dispatch_id,
        "recipient_id": of.recipient_id,
        "state": str(of.state),
        "version": of.version,
        "updated_at": time(of.updated_at),
        "reason": of.reason,
    }


def inbox_item(of: InboxItem) -> Shape:
    return {
        "cursor": of.cursor,
        "dispatch_id": of.dispatch.dispatch_id,
        "state": str(of.delivery.state),
        "dispatch": dispatch(of.dispatch),
        "delivery": delivery(of.delivery),
    }


def outbox_item(of: OutboxItem) -> Shape:
    return {
        "cursor": of.cursor,
        "dispatch_id": of.dispatch.dispatch_id,
        "dispatch": dispatch(of.dispatch),
        "counts": counts(of.counts),
    }


def status(of: Status, deliveries: Iterable[Delivery], events: Iterable[Event]) -> Shape:
    return {
        "dispatch_id": of.dispatch.dispatch_id,
        "dispatch": dispatch(of.dispatch),
        "counts": counts(of.counts),
        "deliveries": [delivery(entry) for entry in deliveries],
        "events": [event(entry) for entry in events],
    }


def counts(of: Mapping[State, int]) -> Shape:
    return {str(state): count for state, count in of.items()}


def event(of: Event) -> Shape:
    return {
        "sequence": of.sequence,
        "kind": of.kind,
        "at": time(of.at),
        "recipient_id": of.recipient_id,
        "actor_id": of.actor_id,
        "status_code": of.status_code,
        "reason": of.reason,
        "evidence_id": of.evidence_id,
        "statement_id": of.statement_id,
    }


def proof(of: Proof) -> Shape:
    return {
        "evidence_id": of.evidence.evidence_id,
        "event": of.event,
        "recipient_id": of.evidence.recipient_id,
        "issued_at": time(of.evidence.issued_at),
        "sha256": hashlib.sha256(of.content).hexdigest(),
    }


def statement(of: Statement) -> Shape:
    return {
        "statement_id": of.statement_id,
        "agency_id": of.agency_id,
        "status_code": of.status_code,
        "received_at": time(of.received_at),
    }


def sent(of: Sent) -> Shape:
    return {
        "dispatch_id": of.dispatch.dispatch_id,
        "dispatch": dispatch(of.dispatch),
        "recipients": list(of.recipients),
        "evidence": [proof(entry) for entry in of.evidence],
        "warnings": list(of.warnings),
    }


def answered(of: Answered) -> Shape:
    return {
        "dispatch_id": of.delivery.dispatch_id,
        "state": str(of.delivery.state),
        "delivery": delivery(of.delivery),
        "evidence": [proof(entry) for entry in of.evidence],
        "files": [] if of.fetched is None else [file(entry) for entry in of.fetched.files],
    }


def file(of: FetchedFile) -> Shape:
    return {
        "path": str(of.path),
        "sha256": of.sha256,
        "size": of.size,
        "part": of.part,
        "unwrapped": of.unwrapped,
    }


def agency(of: Agency) -> Shape:
    return {"agency_id": of.agency_id, "name": of.name, "aliases": list(of.aliases), "active": of.active}


def me(of: Me) -> Shape:
    return {
        **agency(of.agency),
        "role": of.role,
        "certificate_sha256": of.certificate_sha256,
        "axis_id": of.axis_id,
        "max_message_bytes": of.max_message_bytes,
        "max_attachment_bytes": of.max_attachment_bytes,
    }
