"""Records of the ledger and the directory to messages of `axis.v1`, and back where a caller names one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from axis.v1 import directory_pb2, events_pb2, inbox_pb2, records_pb2, types_pb2
from axis_server.caller import Role
from axis_server.errors import Declined, Detail
from axis_server.lifecycle import QuestionKind, State, asked_by_statement
from axis_server.reasons import Code
from storage.ledger import oversight, records

STATES: dict[str, types_pb2.DeliveryState.ValueType] = {
    State.CONSIGNED: types_pb2.DELIVERY_STATE_CONSIGNED,
    State.HANDED_OVER: types_pb2.DELIVERY_STATE_HANDED_OVER,
    State.ACCEPTED: types_pb2.DELIVERY_STATE_ACCEPTED,
    State.REFUSED: types_pb2.DELIVERY_STATE_REFUSED,
    State.IN_PROCESS: types_pb2.DELIVERY_STATE_IN_PROCESS,
    State.DONE: types_pb2.DELIVERY_STATE_DONE,
    State.FETCHED: types_pb2.DELIVERY_STATE_FETCHED,
    State.EXPIRED: types_pb2.DELIVERY_STATE_EXPIRED,
    State.TAKEN_BACK: types_pb2.DELIVERY_STATE_TAKEN_BACK,
}
QUESTIONS: dict[str, types_pb2.QuestionKind.ValueType] = {
    QuestionKind.RECALL: types_pb2.QUESTION_KIND_RECALL,
    QuestionKind.REMOVAL: types_pb2.QUESTION_KIND_REMOVAL,
    QuestionKind.REPLACEMENT: types_pb2.QUESTION_KIND_REPLACEMENT,
}
ROLES = {
    Role.SYSTEM: directory_pb2.ROLE_SYSTEM,
    Role.CLERK: directory_pb2.ROLE_CLERK,
    Role.ARCHIVIST: directory_pb2.ROLE_ARCHIVIST,
    Role.OPERATOR: directory_pb2.ROLE_OPERATOR,
}
MOST_OFFSET = (1 << 63) - 1
"""Stores count in signed 64 bits; the wire in unsigned."""
_NAMED_STATES: dict[int, str] = {number: name for name, number in STATES.items()}


def time(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def part(record: records.Part) -> types_pb2.Part:
    return types_pb2.Part(
        number=record.number,
        identifier=record.identifier,
        name=record.name,
        content_type=record.content_type,
        sha256=record.sha256,
        size=record.size,
        inline=record.inline,
    )


def dispatch(record: records.Entry) -> types_pb2.Dispatch:
    return types_pb2.Dispatch(
        dispatch_id=record.dispatch_id,
        sender_id=record.sender_id,
        sender_name=record.sender_name,
        document_id=record.document_id,
        kind=record.kind,
        code_number=record.code_number,
        code_notation=record.code_notation,
        subject=record.subject,
        priority=record.priority,
        promulgation_date=record.promulgation_date,
        due_date=record.due_date,
        accepted_at=time(record.accepted_at),
        parts=[part(one) for one in record.parts],
    )


def state(name: str) -> types_pb2.DeliveryState.ValueType:
    """Names a state; one that this version of the wire has no name for is UNSPECIFIED."""
    return STATES.get(name, types_pb2.DELIVERY_STATE_UNSPECIFIED)


def counts(by_state: Mapping[str, int]) -> list[types_pb2.StateCount]:
    """In the order of the wire's numbers; those without a name are one."""
    numbers: Counter[types_pb2.DeliveryState.ValueType] = Counter()
    for name, count in by_state.items():
        numbers[state(name)] += count
    return [types_pb2.StateCount(state=one, count=numbers[one]) for one in sorted(numbers)]


def delivery(record: records.Delivery) -> types_pb2.Delivery:
    return types_pb2.Delivery(
        dispatch_id=record.dispatch_id,
        recipient_id=record.recipient_id,
        state=state(record.state),
        version=record.version,
        updated_at=time(record.updated_at),
        reason=record.reason,
        mailbox_id=record.mailbox_id,
        handover_by=time(record.handover_by),
        answer_by=time(record.answer_by),
        question=None if record.question is None else question(record.question),
    )


def question(record: records.Question) -> types_pb2.Question:
    stated = asked_by_statement(record)
    return types_pb2.Question(
        kind=QUESTIONS.get(record.kind, types_pb2.QUESTION_KIND_UNSPECIFIED),
        asked_by_dispatch_id="" if stated else record.by,
        asked_by_statement_id=record.by if stated else "",
        reason=record.reason,
        asked_at=time(record.asked_at),
        until=time(record.until),
    )


def link(record: records.Link) -> types_pb2.Link:
    return types_pb2.Link(dispatch_id=record.dispatch_id, kind=record.kind, later=record.later)


def evidence(record: records.Evidence) -> types_pb2.Evidence:
    return types_pb2.Evidence(
        evidence_id=record.evidence_id,
        dispatch_id=record.dispatch_id,
        event=record.event,
        recipient_id=record.recipient_id,
        issued_at=time(record.issued_at),
        content=record.content,
    )


def statement(record: records.Statement) -> types_pb2.Statement:
    return types_pb2.Statement(
        statement_id=record.statement_id,
        dispatch_id=record.dispatch_id,
        agency_id=record.agency_id,
        status_code=record.status_code,
        received_at=time(record.received_at),
        content=record.content,
    )


def event(record: records.Event) -> types_pb2.Event:
    return types_pb2.Event(
        dispatch_id=record.dispatch_id,
        sequence=record.sequence,
        kind=record.kind,
        recipient_id=record.recipient_id,
        actor_id=record.actor_id,
        at=time(record.at),
        status_code=record.status_code,
        reason=record.reason,
        evidence_id=record.evidence_id,
        statement_id=record.statement_id,
        delegate_id=record.delegate_id,
        related_dispatch_id=record.related_id,
    )


def record(of: records.Record) -> types_pb2.Record:
    if isinstance(of, records.Evidence):
        return types_pb2.Record(evidence=evidence(of))
    return types_pb2.Record(statement=statement(of))


def inbox_item(record: records.InboxItem, cursor: str) -> inbox_pb2.InboxItem:
    return inbox_pb2.InboxItem(
        cursor=cursor, dispatch=dispatch(record.entry), delivery=delivery(record.delivery)
    )


def outbox_item(record: records.OutboxItem, cursor: str) -> records_pb2.OutboxItem:
    return records_pb2.OutboxItem(
        cursor=cursor, dispatch=dispatch(record.entry), counts=counts(record.counts)
    )


def taken_item(leased: oversight.Leased, cursor: str) -> inbox_pb2.TakenItem:
    return inbox_pb2.TakenItem(
        item=inbox_item(leased.item, cursor),
        lease_token=leased.lease.token,
        until=time(leased.lease.until),
        attempts=leased.lease.attempts,
    )


def subject(record: records.Entry) -> events_pb2.Subject:
    return events_pb2.Subject(
        sender_id=record.sender_id,
        sender_name=record.sender_name,
        document_id=record.document_id,
        kind=record.kind,
        code_number=record.code_number,
        code_notation=record.code_notation,
        subject=record.subject,
        priority=record.priority,
    )


def stream_event(item: records.StreamItem, cursor: str) -> events_pb2.StreamEvent:
    return events_pb2.StreamEvent(cursor=cursor, event=event(item.event), about=subject(item.entry))


def aside(record: oversight.Aside) -> types_pb2.Aside:
    return types_pb2.Aside(
        dispatch_id=record.dispatch_id,
        recipient_id=record.recipient_id,
        sequence=record.sequence,
        reason=record.reason,
        at=time(record.at),
    )


def named_states(numbers: Sequence[int]) -> tuple[str, ...]:
    """Reads the states that a caller names. Raises `Declined` for a number that names none, and for more
    states than there are."""
    if len(numbers) > len(STATES):
        raise Declined(
            Code.INVALID_ARGUMENT,
            Detail(
                f"`states` holds more than the {len(STATES)} states there are",
                f"nêu nhiều hơn {len(STATES)} trạng thái",
            ),
        )
    try:
        return tuple(str(_NAMED_STATES[number]) for number in numbers)
    except KeyError as exc:
        raise Declined(
            Code.INVALID_ARGUMENT,
            Detail("`states` holds a number that is no delivery state", "có số không phải trạng thái nào"),
        ) from exc


def offset(number: int) -> int:
    """Reads an offset. Raises `Declined` for one that no store could hold."""
    if number > MOST_OFFSET:
        raise Declined(Code.INVALID_ARGUMENT, "an offset is out of range")
    return number
