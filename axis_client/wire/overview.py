"""Messages of events, queues, attention and statistics to the SDK's nouns, and its wishes to messages."""

from __future__ import annotations

from datetime import date

from axis.v1 import events_pb2, inbox_pb2, overview_pb2, submission_pb2, types_pb2
from axis_client.model import oversight
from axis_client.wire import convert

_SIDES = {
    events_pb2.SIDE_UNSPECIFIED: oversight.Side.ANY,
    events_pb2.SIDE_SENT: oversight.Side.SENT,
    events_pb2.SIDE_RECEIVED: oversight.Side.RECEIVED,
}
SIDE_NUMBERS = {side: number for number, side in _SIDES.items()}
_WHYS = {
    overview_pb2.WHY_DUE_SOON: oversight.Why.DUE_SOON,
    overview_pb2.WHY_QUESTION_OPEN: oversight.Why.QUESTION_OPEN,
    overview_pb2.WHY_SET_ASIDE: oversight.Why.SET_ASIDE,
    overview_pb2.WHY_REFUSED: oversight.Why.REFUSED,
    overview_pb2.WHY_EXPIRED: oversight.Why.EXPIRED,
    overview_pb2.WHY_QUESTION_REFUSED: oversight.Why.QUESTION_REFUSED,
}
DIMENSION_NUMBERS = {
    oversight.Dimension.DAY: overview_pb2.DIMENSION_DAY,
    oversight.Dimension.MONTH: overview_pb2.DIMENSION_MONTH,
    oversight.Dimension.AGENCY: overview_pb2.DIMENSION_AGENCY,
    oversight.Dimension.PRIORITY: overview_pb2.DIMENSION_PRIORITY,
    oversight.Dimension.KIND: overview_pb2.DIMENSION_KIND,
}


def event_filter(wanted: oversight.EventFilter) -> events_pb2.EventFilter:
    return events_pb2.EventFilter(
        kinds=wanted.kinds,
        dispatch_id=wanted.dispatch_id,
        min_priority=wanted.min_priority,
        side=SIDE_NUMBERS[wanted.side],
    )


def subject(message: events_pb2.Subject) -> oversight.Subject:
    return oversight.Subject(
        sender_id=message.sender_id,
        sender_name=message.sender_name,
        document_id=message.document_id,
        kind=message.kind,
        code_number=message.code_number,
        code_notation=message.code_notation,
        subject=message.subject,
        priority=message.priority,
    )


def stream_event(message: events_pb2.StreamEvent) -> oversight.StreamEvent:
    return oversight.StreamEvent(
        cursor=message.cursor, event=convert.event(message.event), about=subject(message.about)
    )


def news(message: events_pb2.WatchEventsResponse) -> tuple[oversight.StreamEvent | oversight.Reached, ...]:
    """Returns nothing for news of a kind that only a later version knows. An axis of the version before sends
    each event alone, though asked for them together."""
    match message.WhichOneof("news"):
        case "event":
            return (stream_event(message.event),)
        case "events":
            return tuple(map(stream_event, message.events.events))
        case "reached":
            return (oversight.Reached(cursor=message.reached),)
        case _:
            return ()


def aside(message: types_pb2.Aside) -> oversight.Aside:
    return oversight.Aside(
        dispatch_id=message.dispatch_id,
        recipient_id=message.recipient_id,
        sequence=message.sequence,
        reason=message.reason,
        at=convert.time(message.at),
    )


def taken(message: inbox_pb2.TakenItem) -> oversight.Taken:
    return oversight.Taken(
        item=convert.inbox_item(message.item),
        lease_token=message.lease_token,
        until=convert.time(message.until),
        attempts=message.attempts,
    )


def concern(message: overview_pb2.Concern) -> oversight.Concern:
    return oversight.Concern(
        why=_WHYS.get(message.why, oversight.Why.UNKNOWN),
        about=subject(message.about),
        delivery=convert.delivery(message.delivery),
        side=_SIDES.get(message.side, oversight.Side.ANY),
        aside=aside(message.aside) if message.HasField("aside") else None,
    )


def attention(message: overview_pb2.GetAttentionResponse) -> oversight.Attention:
    return oversight.Attention(
        concerns=tuple(concern(entry) for entry in message.concerns),
        counts={_WHYS.get(entry.why, oversight.Why.UNKNOWN): entry.count for entry in message.counts},
    )


def tally(message: overview_pb2.Tally) -> oversight.Tally:
    return oversight.Tally(
        period=message.period,
        agency_id=message.agency_id,
        priority=message.priority if message.HasField("priority") else None,
        kind=message.kind if message.HasField("kind") else None,
        dispatches=message.dispatches,
        deliveries=message.deliveries,
        states=convert.counts(message.states),
        on_time=message.on_time,
        late=message.late,
        done_on_time=message.done_on_time,
        done_late=message.done_late,
    )


def statistics(
    message: overview_pb2.GetStatisticsResponse, side: oversight.Side, first: date, last: date
) -> oversight.Statistics:
    return oversight.Statistics(
        side=side,
        first=first,
        last=last,
        tallies=tuple(tally(entry) for entry in message.tallies),
        counted_at=convert.time(message.counted_at),
    )


def finding(message: submission_pb2.Finding) -> oversight.Finding:
    return oversight.Finding(
        code=message.code,
        message=message.english,
        message_vi=message.vietnamese,
        hint=message.next_step,
        hint_vi=message.next_step_vietnamese,
        detail=message.detail,
        detail_vi=message.detail_vietnamese or message.detail,
        facts=dict(message.facts),
        retryable=message.retryable,
    )


def checked(message: submission_pb2.CheckResponse) -> oversight.Checked:
    return oversight.Checked(
        refusal=finding(message.refusal) if message.HasField("refusal") else None,
        warnings=tuple(finding(entry) for entry in message.warnings),
        dispatch=convert.dispatch(message.dispatch) if message.HasField("dispatch") else None,
        recipient_ids=tuple(message.recipient_ids),
        recipient_count=message.recipient_count,
        already_accepted=message.already_accepted,
        handover_by=convert.time(message.handover_by) if message.HasField("handover_by") else None,
        answer_by=convert.time(message.answer_by) if message.HasField("answer_by") else None,
    )
