"""Messages of `axis.v1` to the SDK's nouns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from cryptography import x509
from google.protobuf.timestamp_pb2 import Timestamp

from axis.v1 import directory_pb2, inbox_pb2, records_pb2, submission_pb2, types_pb2
from axis_client import model
from axis_client.errors import EvidenceError, explain

_STATES = {
    types_pb2.DELIVERY_STATE_CONSIGNED: model.State.CONSIGNED,
    types_pb2.DELIVERY_STATE_FETCHED: model.State.FETCHED,
    types_pb2.DELIVERY_STATE_HANDED_OVER: model.State.HANDED_OVER,
    types_pb2.DELIVERY_STATE_ACCEPTED: model.State.ACCEPTED,
    types_pb2.DELIVERY_STATE_REFUSED: model.State.REFUSED,
    types_pb2.DELIVERY_STATE_IN_PROCESS: model.State.IN_PROCESS,
    types_pb2.DELIVERY_STATE_DONE: model.State.DONE,
    types_pb2.DELIVERY_STATE_EXPIRED: model.State.EXPIRED,
    types_pb2.DELIVERY_STATE_TAKEN_BACK: model.State.TAKEN_BACK,
}
_QUESTIONS = {
    types_pb2.QUESTION_KIND_RECALL: model.QuestionKind.RECALL,
    types_pb2.QUESTION_KIND_REMOVAL: model.QuestionKind.REMOVAL,
    types_pb2.QUESTION_KIND_REPLACEMENT: model.QuestionKind.REPLACEMENT,
}
STATE_NUMBERS = {state: number for number, state in _STATES.items()}


def state_numbers(states: Iterable[model.State]) -> list[types_pb2.DeliveryState.ValueType]:
    return [STATE_NUMBERS[state] for state in states]


def time(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def agency(message: directory_pb2.Agency) -> model.Agency:
    return model.Agency(
        agency_id=message.agency_id,
        name=message.name,
        aliases=tuple(message.aliases),
        active=message.active,
        parent_id=message.parent_id,
        category=message.category,
        capabilities=model.Capabilities(
            attachment_bytes=message.capabilities.attachment_bytes, kinds=tuple(message.capabilities.kinds)
        ),
        since=time(message.since) if message.HasField("since") else None,
        until=time(message.until) if message.HasField("until") else None,
        mailbox_id=message.mailbox_id,
    )


def group(message: directory_pb2.Group) -> model.Group:
    return model.Group(
        group_id=message.group_id,
        name=message.name,
        owner_id=message.owner_id,
        members=tuple(message.members),
        categories=tuple(message.categories),
        active=message.active,
    )


def directory_entry(message: directory_pb2.DirectoryEntry) -> model.DirectoryEntry | None:
    """Returns None for an entry of a sort that only a later version knows."""
    match message.WhichOneof("entry"):
        case "agency":
            return agency(message.agency)
        case "group":
            return group(message.group)
        case "gone_group_id":
            return model.GroupGone(group_id=message.gone_group_id)
        case _:
            return None


def me(message: directory_pb2.WhoAmIResponse) -> model.Me:
    try:
        certificates = tuple(
            x509.load_pem_x509_certificate(pem.encode()) for pem in message.axis_certificates
        )
    except ValueError as exc:
        raise explain(EvidenceError, "EVIDENCE_ISSUER", "its certificate cannot be read") from exc
    return model.Me(
        agency=agency(message.agency),
        role=directory_pb2.Role.Name(message.role).removeprefix("ROLE_").lower(),
        certificate_sha256=message.certificate_sha256,
        axis_id=message.axis_id,
        axis_certificates=certificates,
        max_message_bytes=message.max_message_bytes,
        max_attachment_bytes=message.max_attachment_bytes,
    )


def part(message: types_pb2.Part) -> model.Part:
    return model.Part(
        number=message.number,
        identifier=message.identifier,
        name=message.name,
        content_type=message.content_type,
        sha256=message.sha256,
        size=message.size,
        inline=message.inline,
    )


def dispatch(message: types_pb2.Dispatch) -> model.Dispatch:
    return model.Dispatch(
        dispatch_id=message.dispatch_id,
        sender_id=message.sender_id,
        sender_name=message.sender_name,
        document_id=message.document_id,
        kind=message.kind,
        code_number=message.code_number,
        code_notation=message.code_notation,
        subject=message.subject,
        priority=message.priority,
        promulgation_date=message.promulgation_date,
        due_date=message.due_date,
        accepted_at=time(message.accepted_at),
        parts=tuple(part(entry) for entry in message.parts),
    )


def delivery(message: types_pb2.Delivery) -> model.Delivery:
    return model.Delivery(
        dispatch_id=message.dispatch_id,
        recipient_id=message.recipient_id,
        state=_STATES.get(message.state, model.State.UNKNOWN),
        version=message.version,
        updated_at=time(message.updated_at),
        handover_by=time(message.handover_by),
        answer_by=time(message.answer_by),
        mailbox_id=message.mailbox_id,
        reason=message.reason,
        question=question(message.question) if message.HasField("question") else None,
    )


def question(message: types_pb2.Question) -> model.Question:
    return model.Question(
        kind=_QUESTIONS.get(message.kind, model.QuestionKind.UNKNOWN),
        asked_by_dispatch_id=message.asked_by_dispatch_id,
        asked_by_statement_id=message.asked_by_statement_id,
        reason=message.reason,
        asked_at=time(message.asked_at),
        until=time(message.until),
    )


def link(message: types_pb2.Link) -> model.Link:
    return model.Link(dispatch_id=message.dispatch_id, kind=message.kind, later=message.later)


def counts(messages: Iterable[types_pb2.StateCount]) -> dict[model.State, int]:
    """Counts by state; states that this version does not know are one."""
    found: Counter[model.State] = Counter()
    for message in messages:
        found[_STATES.get(message.state, model.State.UNKNOWN)] += message.count
    return dict(found)


def evidence(message: types_pb2.Evidence) -> model.Evidence:
    return model.Evidence(
        evidence_id=message.evidence_id,
        dispatch_id=message.dispatch_id,
        event=message.event,
        recipient_id=message.recipient_id,
        issued_at=time(message.issued_at),
        content=message.content,
    )


def statement(message: types_pb2.Statement) -> model.Statement:
    return model.Statement(
        statement_id=message.statement_id,
        dispatch_id=message.dispatch_id,
        agency_id=message.agency_id,
        status_code=message.status_code,
        received_at=time(message.received_at),
        content=message.content,
    )


def record(message: types_pb2.Record) -> model.Evidence | model.Statement | None:
    """Returns None for a record of a kind that only a later version knows."""
    match message.WhichOneof("record"):
        case "evidence":
            return evidence(message.evidence)
        case "statement":
            return statement(message.statement)
        case _:
            return None


def event(message: types_pb2.Event) -> model.Event:
    return model.Event(
        sequence=message.sequence,
        kind=message.kind,
        at=time(message.at),
        recipient_id=message.recipient_id,
        actor_id=message.actor_id,
        status_code=message.status_code,
        reason=message.reason,
        evidence_id=message.evidence_id,
        statement_id=message.statement_id,
        delegate_id=message.delegate_id,
        related_dispatch_id=message.related_dispatch_id,
        dispatch_id=message.dispatch_id,
    )


def inbox_item(message: inbox_pb2.InboxItem) -> model.InboxItem:
    return model.InboxItem(
        cursor=message.cursor, dispatch=dispatch(message.dispatch), delivery=delivery(message.delivery)
    )


def outbox_item(message: records_pb2.OutboxItem) -> model.OutboxItem:
    return model.OutboxItem(
        cursor=message.cursor,
        dispatch=dispatch(message.dispatch),
        counts=counts(message.counts),
    )


def status(message: records_pb2.GetStatusResponse) -> model.Status:
    return model.Status(
        dispatch=dispatch(message.dispatch),
        counts=counts(message.counts),
        delivery=delivery(message.delivery) if message.HasField("delivery") else None,
        links=tuple(link(entry) for entry in message.links),
        disposal_id=message.disposal_id,
    )


def submitted(message: submission_pb2.SubmitResponse) -> model.Submitted:
    return model.Submitted(
        dispatch=dispatch(message.dispatch),
        evidence=tuple(evidence(entry) for entry in message.evidence),
        warnings=tuple(message.warnings),
    )


def reported(message: inbox_pb2.ReportResponse) -> model.Reported:
    return model.Reported(
        delivery=delivery(message.delivery), evidence=tuple(evidence(entry) for entry in message.evidence)
    )
