"""`OverviewService`: what needs attention, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence

from axis.v1 import events_pb2, overview_pb2, overview_pb2_grpc
from axis_server.boundary import translate
from axis_server.boundary.events import side
from axis_server.boundary.identity import Context, current_caller
from axis_server.caller import Caller
from axis_server.errors import Declined, Detail
from axis_server.knowing.attention import Attention, Window, side_of_concern
from axis_server.knowing.events import Side
from axis_server.knowing.statistics import Asked, Span, Statistics
from axis_server.reasons import Code
from storage.ledger import oversight

WHYS: dict[str, overview_pb2.Why.ValueType] = {
    "due_soon": overview_pb2.WHY_DUE_SOON,
    "question_open": overview_pb2.WHY_QUESTION_OPEN,
    "set_aside": overview_pb2.WHY_SET_ASIDE,
    "refused": overview_pb2.WHY_REFUSED,
    "expired": overview_pb2.WHY_EXPIRED,
    "question_refused": overview_pb2.WHY_QUESTION_REFUSED,
}
DIMENSIONS: dict[int, str] = {
    overview_pb2.DIMENSION_DAY: "day",
    overview_pb2.DIMENSION_MONTH: "month",
    overview_pb2.DIMENSION_AGENCY: "agency",
    overview_pb2.DIMENSION_PRIORITY: "priority",
    overview_pb2.DIMENSION_KIND: "kind",
}
SIDES = {
    None: events_pb2.SIDE_UNSPECIFIED,
    Side.SENT: events_pb2.SIDE_SENT,
    Side.RECEIVED: events_pb2.SIDE_RECEIVED,
}


class OverviewServicer(overview_pb2_grpc.OverviewServiceServicer):
    """Translates; `Attention` and `Statistics` decide."""

    def __init__(self, *, attention: Attention, statistics: Statistics) -> None:
        self._attention = attention
        self._statistics = statistics

    async def GetAttention(
        self, request: overview_pb2.GetAttentionRequest, context: Context
    ) -> overview_pb2.GetAttentionResponse:
        caller = current_caller()
        window = Window(soon_hours=request.soon_hours, past_days=request.past_days, shown=request.most)
        found = await self._attention.concerns(caller, window)
        return overview_pb2.GetAttentionResponse(
            concerns=[_concern(one, caller) for one in found.items],
            counts=[
                overview_pb2.WhyCount(why=number, count=found.counts[why])
                for why, number in WHYS.items()
                if found.counts.get(why)
            ],
        )

    async def Acknowledge(
        self, request: overview_pb2.AcknowledgeRequest, context: Context
    ) -> overview_pb2.AcknowledgeResponse:
        await self._attention.acknowledge(current_caller(), request.dispatch_id, request.recipient_id)
        return overview_pb2.AcknowledgeResponse()

    async def GetStatistics(
        self, request: overview_pb2.GetStatisticsRequest, context: Context
    ) -> overview_pb2.GetStatisticsResponse:
        asked = Asked(
            side=side(request.side),
            span=Span.read(request.first_day, request.last_day),
            by=_dimensions(request.by),
        )
        counted = await self._statistics.count(current_caller(), asked, request.agency_id)
        return overview_pb2.GetStatisticsResponse(
            tallies=[_tally(one) for one in counted.tallies], counted_at=translate.time(counted.at)
        )


def _concern(concern: oversight.Concern, caller: Caller) -> overview_pb2.Concern:
    return overview_pb2.Concern(
        why=WHYS[concern.why],
        about=translate.subject(concern.entry),
        delivery=translate.delivery(concern.delivery),
        side=SIDES[side_of_concern(concern, caller)],
        aside=translate.aside(concern.aside) if concern.aside is not None else None,
    )


def _tally(tally: oversight.Tally) -> overview_pb2.Tally:
    key = tally.key
    return overview_pb2.Tally(
        period=key.period,
        agency_id=key.agency_id,
        priority=key.priority if key.priority >= 0 else None,
        kind=key.kind if key.kind >= 0 else None,
        dispatches=tally.dispatches,
        deliveries=tally.deliveries,
        states=translate.counts(tally.states),
        on_time=tally.on_time,
        late=tally.late,
        done_on_time=tally.done_on_time,
        done_late=tally.done_late,
    )


def _dimensions(numbers: Sequence[int]) -> tuple[str, ...]:
    if len(numbers) > len(DIMENSIONS) or not DIMENSIONS.keys() >= set(numbers):
        raise Declined(
            Code.INVALID_ARGUMENT, Detail("`by` names each dimension once", "mỗi cách chia chỉ nêu một lần")
        )
    return tuple(DIMENSIONS[number] for number in numbers)
