"""The calls of `EventService` and `OverviewService`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from datetime import date
from functools import cached_property

from axis.v1 import events_pb2, events_pb2_grpc, overview_pb2, overview_pb2_grpc
from axis_client.model import oversight
from axis_client.wire import overview
from axis_client.wire.link import LARGEST_PAGE, SLOW, WATCH, Link, Page


class EventCalls(Link):
    @cached_property
    def _events(self) -> events_pb2_grpc.EventServiceAsyncStub:
        return events_pb2_grpc.EventServiceStub(self._channel)

    async def events_page(
        self, wanted: oversight.EventFilter, after: str, size: int
    ) -> Page[oversight.StreamEvent]:
        request = events_pb2.ReadEventsRequest(
            after=after, page_size=size, filter=overview.event_filter(wanted)
        )
        answer = await self._ask(self._events.ReadEvents, request)
        return tuple(map(overview.stream_event, answer.events)), answer.next, answer.more

    async def watch_events(
        self, wanted: oversight.EventFilter, after: str, *, from_now: bool
    ) -> AsyncGenerator[oversight.StreamEvent | oversight.Reached, None]:
        """Ends after `WATCH` seconds at the latest, as when the link is cut."""
        request = events_pb2.WatchEventsRequest(
            after=after, filter=overview.event_filter(wanted), from_now=from_now, together=True
        )
        async with aclosing(self._follow(self._events.WatchEvents, request, WATCH)) as messages:
            async for message in messages:
                for news in overview.news(message):
                    yield news

    async def set_aside(self, dispatch_id: str, recipient_id: str, sequence: int, reason: str) -> None:
        request = events_pb2.SetAsideRequest(
            dispatch_id=dispatch_id, recipient_id=recipient_id, sequence=sequence, reason=reason
        )
        await self._ask(self._events.SetAside, request)

    async def asides_page(self, after: str) -> Page[oversight.Aside]:
        request = events_pb2.ListAsideRequest(after=after, page_size=LARGEST_PAGE)
        answer = await self._ask(self._events.ListAside, request)
        return tuple(map(overview.aside, answer.items)), answer.next, answer.more

    async def take_up(self, dispatch_id: str, recipient_id: str, sequence: int) -> None:
        request = events_pb2.TakeUpRequest(
            dispatch_id=dispatch_id, recipient_id=recipient_id, sequence=sequence
        )
        await self._ask(self._events.TakeUp, request)


class OverviewCalls(Link):
    @cached_property
    def _overview(self) -> overview_pb2_grpc.OverviewServiceAsyncStub:
        return overview_pb2_grpc.OverviewServiceStub(self._channel)

    async def attention(self, soon_hours: int, past_days: int, most: int) -> oversight.Attention:
        request = overview_pb2.GetAttentionRequest(soon_hours=soon_hours, past_days=past_days, most=most)
        return overview.attention(await self._ask(self._overview.GetAttention, request))

    async def acknowledge(self, dispatch_id: str, recipient_id: str) -> None:
        request = overview_pb2.AcknowledgeRequest(dispatch_id=dispatch_id, recipient_id=recipient_id)
        await self._ask(self._overview.Acknowledge, request)

    async def statistics(
        self,
        side: oversight.Side,
        first: date,
        last: date,
        by: Iterable[oversight.Dimension],
        agency_id: str,
    ) -> oversight.Statistics:
        request = overview_pb2.GetStatisticsRequest(
            side=overview.SIDE_NUMBERS[side],
            first_day=first.isoformat(),
            last_day=last.isoformat(),
            by=[overview.DIMENSION_NUMBERS[one] for one in by],
            agency_id=agency_id,
        )
        answer = await self._ask(self._overview.GetStatistics, request, SLOW)
        return overview.statistics(answer, side, first, last)
