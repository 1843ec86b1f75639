"""The nouns as JSON: what scripts read. Fields are added, never renamed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from axis_client.model import (
    Agency,
    Answered,
    Delivery,
    Dispatch,
    Event,
    FetchedFile,
    Group,
    InboxItem,
    Link,
    Logged,
    LogState,
    Me,
    OutboxItem,
    Proof,
    Question,
    Sent,
    State,
    Statement,
    Status,
)
from axis_client.model.finding import Facets, Found
from axis_client.model.oversight import (
    Aside,
    Attention,
    Checked,
    Concern,
    Finding,
    StreamEvent,
    Subject,
    Tally,
)
from signing.log import VerifiedCheckpoint
from signing.spelling import VIETNAM

Shape = dict[str, object]


def time(at: datetime) -> str:
    """ISO 8601 in Viet Nam time; as it stands where no calendar reaches that."""
    try:
        return at.astimezone(VIETNAM).isoformat()
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
        "mailbox_id": of.mailbox_id,
        "handover_by": time(of.handover_by),
        "answer_by": time(of.answer_by),
        "question": None if of.question is None else question(of.question),
    }


def question(of: Question) -> Shape:
    return {
        "kind": str(of.kind),
        "asked_by_dispatch_id": of.asked_by_dispatch_id,
        "asked_by_statement_id": of.asked_by_statement_id,
        "reason": of.reason,
        "asked_at": time(of.asked_at),
        "until": time(of.until),
    }


def link(of: Link) -> Shape:
    return {"dispatch_id": of.dispatch_id, "kind": of.kind, "later": of.later}


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


def found(of: Found) -> Shape:
    return {
        "cursor": of.cursor,
        "dispatch_id": of.dispatch.dispatch_id,
        "sent": of.sent,
        "disposal_id": of.disposal_id,
        "dispatch": {name: value for name, value in dispatch(of.dispatch).items() if name != "parts"},
        "counts": counts(of.counts),
    }


def facets(of: Facets) -> Shape:
    return {
        "total": of.total,
        "complete": of.complete,
        "years": dict(of.years),
        "senders": dict(of.senders),
        "kinds": {str(kind): count for kind, count in of.kinds.items()},
        "priorities": {str(priority): count for priority, count in of.priorities.items()},
    }


def status(of: Status, deliveries: Iterable[Delivery], events: Iterable[Event]) -> Shape:
    return {
        "dispatch_id": of.dispatch.dispatch_id,
        "dispatch": dispatch(of.dispatch),
        "counts": counts(of.counts),
        "links": [link(entry) for entry in of.links],
        "disposal_id": of.disposal_id,
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
        "delegate_id": of.delegate_id,
        "related_dispatch_id": of.related_dispatch_id,
    }


def proof(of: Proof) -> Shape:
    return {
        "evidence_id": of.evidence.evidence_id,
        "event": of.event,
        "recipient_id": of.evidence.recipient_id,
        "issued_at": time(of.evidence.issued_at),
        "sha256": hashlib.sha256(of.content).hexdigest(),
        "log": logged(of.logged),
    }


def logged(of: Logged | None) -> Shape | None:
    return None if of is None else logged_at(of.index, of.head)


def logged_at(index: int, head: VerifiedCheckpoint) -> Shape:
    witnesses = sorted({one.witness.name for one in head.cosignatures})
    at = head.checkpoint
    return {"origin": at.origin, "index": index, "size": at.size, "witnesses": witnesses}


def log_state(of: LogState) -> Shape:
    head = of.head.checkpoint
    return {
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "before": None if of.before is None else of.before.checkpoint.size,
        "cosignatures": [{"witness": one.witness.name, "at": one.at} for one in of.head.cosignatures],
        "quorum": of.policy.quorum,
        "stamps": [one.authority for one in of.stamps],
        "keys": [one.vkey for one in of.policy.keys],
    }


def statement(of: Statement) -> Shape:
    return {
        "statement_id": of.statement_id,
        "agency_id": of.agency_id,
        "status_code": of.status_code,
        "received_at": time(of.received_at),
        "log": logged(of.logged),
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
    return {
        "agency_id": of.agency_id,
        "name": of.name,
        "aliases": list(of.aliases),
        "active": of.active,
        "parent_id": of.parent_id,
        "category": of.category,
        "mailbox_id": of.mailbox_id,
        "attachment_bytes": of.capabilities.attachment_bytes,
        "kinds": list(of.capabilities.kinds),
        "since": None if of.since is None else time(of.since),
        "until": None if of.until is None else time(of.until),
    }


def group(of: Group) -> Shape:
    return {
        "group_id": of.group_id,
        "name": of.name,
        "owner_id": of.owner_id,
        "members": list(of.members),
        "categories": list(of.categories),
        "active": of.active,
    }


def me(of: Me) -> Shape:
    return {
        **agency(of.agency),
        "role": of.role,
        "certificate_sha256": of.certificate_sha256,
        "axis_id": of.axis_id,
        "max_message_bytes": of.max_message_bytes,
        "max_attachment_bytes": of.max_attachment_bytes,
    }


def subject(of: Subject) -> Shape:
    return {
        "sender_id": of.sender_id,
        "sender_name": of.sender_name,
        "document_id": of.document_id,
        "kind": of.kind,
        "number": "/".join(part for part in (of.code_number, of.code_notation) if part),
        "subject": of.subject,
        "priority": of.priority,
    }


def stream_event(of: StreamEvent) -> Shape:
    return {
        "cursor": of.cursor,
        "dispatch_id": of.event.dispatch_id,
        **event(of.event),
        "about": subject(of.about),
    }


def aside(of: Aside) -> Shape:
    return {
        "dispatch_id": of.dispatch_id,
        "recipient_id": of.recipient_id,
        "sequence": of.sequence,
        "reason": of.reason,
        "at": time(of.at),
    }


def concern(of: Concern) -> Shape:
    return {
        "why": str(of.why),
        "side": str(of.side),
        "dispatch_id": of.delivery.dispatch_id,
        "recipient_id": of.delivery.recipient_id,
        "about": subject(of.about),
        "delivery": delivery(of.delivery),
        "aside": None if of.aside is None else aside(of.aside),
    }


def attention(of: Attention) -> Shape:
    return {
        "counts": {str(why): count for why, count in of.counts.items()},
        "concerns": [concern(entry) for entry in of.concerns],
    }


def tally(of: Tally) -> Shape:
    return {
        "period": of.period,
        "agency_id": of.agency_id,
        "priority": of.priority,
        "kind": of.kind,
        "dispatches": of.dispatches,
        "deliveries": of.deliveries,
        **{str(state): of.states.get(state, 0) for state in State if state is not State.UNKNOWN},
        "on_time": of.on_time,
        "late": of.late,
        "done_on_time": of.done_on_time,
        "done_late": of.done_late,
    }


def finding(of: Finding) -> Shape:
    return {
        "code": of.code,
        "message": of.message,
        "message_vi": of.message_vi,
        "hint": of.hint,
        "hint_vi": of.hint_vi,
        "detail": of.detail,
        "detail_vi": of.detail_vi,
        "facts": dict(of.facts),
        "retryable": of.retryable,
    }


def checked(of: Checked) -> Shape:
    return {
        "accepted": of.refusal is None,
        "refusal": None if of.refusal is None else finding(of.refusal),
        "warnings": [finding(entry) for entry in of.warnings],
        "already_accepted": of.already_accepted,
        "recipients": list(of.recipient_ids),
        "recipient_count": of.recipient_count,
        "handover_by": None if of.handover_by is None else time(of.handover_by),
        "answer_by": None if of.answer_by is None else time(of.answer_by),
        "dispatch": None if of.dispatch is None else dispatch(of.dispatch),
    }
