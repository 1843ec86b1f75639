"""`EventService`: follow along, and set aside what cannot be processed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime

from axis.v1 import events_pb2, events_pb2_grpc
from axis_server.boundary import translate
from axis_server.boundary.identity import Context, current_caller
from axis_server.boundary.serialised import Serialised
from axis_server.cursors import Cursors
from axis_server.delivering.queue import Queue
from axis_server.errors import Declined
from axis_server.knowing.events import Events, Reached, Side, Wanted
from axis_server.metrics import Metrics
from axis_server.reasons import Code
from storage.ledger.records import StreamItem

STREAM, ASIDES = "stream", "asides"
"""The lists that cursors belong to."""
SHARED_MOST = 256
"""Messages that are kept for the others who watch: they come at the same moment."""
SIDES: dict[int, Side | None] = {
    events_pb2.SIDE_UNSPECIFIED: None,
    events_pb2.SIDE_SENT: Side.SENT,
    events_pb2.SIDE_RECEIVED: Side.RECEIVED,
}


class SharedMessages:
    """The messages of a stream, made once for all who watch for an agency: what they say depends on nothing
    else. The last `SHARED_MOST` are kept."""

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors
        self._made: OrderedDict[tuple[object, ...], Serialised] = OrderedDict()

    def message(self, agency_id: str, given: Sequence[StreamItem], *, together: bool) -> Serialised:
        """Returns a `WatchEventsResponse` with these events, at least one."""
        key = (agency_id, together, *[item.event.cursor for item in given])
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = Serialised(self._response(agency_id, given, together))
            if len(self._made) > SHARED_MOST:
                self._made.popitem(last=False)
        return made

    def _response(
        self, agency_id: str, given: Sequence[StreamItem], together: bool
    ) -> events_pb2.WatchEventsResponse:
        events = [
            translate.stream_event(item, self._cursors.token(item.event.cursor, STREAM, agency_id))
            for item in given
        ]
        if together:
            return events_pb2.WatchEventsResponse(events=events_pb2.StreamEvents(events=events))
        return events_pb2.WatchEventsResponse(event=events[0])


class EventServicer(events_pb2_grpc.EventServiceServicer):
    """Translates; `Events` and `Queue` decide."""

    def __init__(
        self,
        *,
        events: Events,
        queue: Queue,
        cursors: Cursors,
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._events = events
        self._queue = queue
        self._cursors = cursors
        self._metrics = metrics
        self._clock = clock
        self._shared = SharedMessages(cursors)

    async def ReadEvents(
        self, request: events_pb2.ReadEventsRequest, context: Context
    ) -> events_pb2.ReadEventsResponse:
        caller = current_caller()
        scope = (STREAM, caller.agency_id)
        after = self._cursors.place(request.after, *scope)
        page = await self._events.page(caller, after, request.page_size, wanted(request.filter))
        self._metrics.events_given.inc(len(page.items))
        return events_pb2.ReadEventsResponse(
            events=[
                translate.stream_event(item, self._cursors.token(item.event.cursor, *scope))
                for item in page.items
            ],
            next=self._cursors.token(page.next, *scope),
            more=page.more,
        )

    async def WatchEvents(  # type: ignore[override]  # what is serialised passes for its message
        self, request: events_pb2.WatchEventsRequest, context: Context
    ) -> AsyncIterator[events_pb2.WatchEventsResponse | Serialised]:
        caller, began = current_caller(), self._clock()
        scope = (STREAM, caller.agency_id)
        after = self._cursors.place(request.after, *scope)
        watch = self._events.watch(caller, after, wanted(request.filter), from_now=request.from_now)
        async with aclosing(watch) as found:
            async for news in found:
                if isinstance(news, Reached):
                    yield events_pb2.WatchEventsResponse(reached=self._cursors.token(news.place, *scope))
                    continue
                for some in (news,) if request.together else ((item,) for item in news):
                    yield self._shared.message(caller.agency_id, some, together=request.together)
                    self._measure(some, began)

    def _measure(self, given: Sequence[StreamItem], began: datetime) -> None:
        """Counts events that were sent; how late it was says nothing about one that is older than the
        watch."""
        self._metrics.events_given.inc(len(given))
        now = self._clock()
        for item in given:
            if item.event.at >= began:
                self._metrics.watch_lag.observe(max(0.0, (now - item.event.at).total_seconds()))

    async def SetAside(
        self, request: events_pb2.SetAsideRequest, context: Context
    ) -> events_pb2.SetAsideResponse:
        await self._queue.set_aside(
            current_caller(),
            dispatch_id=request.dispatch_id,
            recipient_id=request.recipient_id,
            sequence=request.sequence,
            reason=request.reason,
        )
        return events_pb2.SetAsideResponse()

    async def ListAside(
        self, request: events_pb2.ListAsideRequest, context: Context
    ) -> events_pb2.ListAsideResponse:
        caller = current_caller()
        scope = (ASIDES, caller.agency_id)
        page = await self._queue.asides(caller, self._cursors.place(request.after, *scope), request.page_size)
        return events_pb2.ListAsideResponse(
            items=[translate.aside(one) for one in page.items],
            next=self._cursors.token(page.next, *scope),
            more=page.more,
        )

    async def TakeUp(self, request: events_pb2.TakeUpRequest, context: Context) -> events_pb2.TakeUpResponse:
        await self._queue.take_up(
            current_caller(),
            dispatch_id=request.dispatch_id,
            recipient_id=request.recipient_id,
            sequence=request.sequence,
        )
        return events_pb2.TakeUpResponse()


def wanted(request: events_pb2.EventFilter) -> Wanted:
    """Reads a filter. Raises `Declined`."""
    return Wanted(
        kinds=frozenset(request.kinds),
        dispatch_id=request.dispatch_id,
        min_priority=request.min_priority,
        side=side(request.side),
    )


def side(number: int) -> Side | None:
    """Reads a side, None when none is named. Raises `Declined` for a number that names none."""
    if number not in SIDES:
        raise Declined(Code.INVALID_ARGUMENT, "`side` holds a number that is no side")
    return SIDES[number]
