"""`InboxService`: see what waits, take it, answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TypeVar, cast

from axis.v1 import inbox_pb2, inbox_pb2_grpc
from axis_server.boundary import translate
from axis_server.boundary.identity import Context, current_caller
from axis_server.cursors import Cursors
from axis_server.delivering.exchange import Exchange
from axis_server.delivering.inbox import Inbox
from axis_server.delivering.queue import Held, Queue
from axis_server.errors import Declined
from axis_server.reasons import Code

T = TypeVar("T")

INBOX = "inbox"
"""The list that a cursor of an inbox or a watch belongs to."""


class InboxServicer(inbox_pb2_grpc.InboxServiceServicer):
    """Translates; `Inbox`, `Queue` and `Exchange` decide."""

    def __init__(self, *, inbox: Inbox, queue: Queue, exchange: Exchange, cursors: Cursors) -> None:
        self._inbox = inbox
        self._queue = queue
        self._exchange = exchange
        self._cursors = cursors

    async def ListInbox(
        self, request: inbox_pb2.ListInboxRequest, context: Context
    ) -> inbox_pb2.ListInboxResponse:
        caller = current_caller()
        scope = (INBOX, caller.agency_id)
        after = self._cursors.place(request.after, *scope)
        states = translate.named_states(request.states)
        page = await self._inbox.page(caller, after, request.page_size, states)
        return inbox_pb2.ListInboxResponse(
            items=[
                translate.inbox_item(item, self._cursors.token(item.cursor, *scope)) for item in page.items
            ],
            next=self._cursors.token(page.next, *scope),
            more=page.more,
        )

    async def WatchInbox(
        self, request: inbox_pb2.WatchInboxRequest, context: Context
    ) -> AsyncIterator[inbox_pb2.WatchInboxResponse]:
        caller = current_caller()
        scope = (INBOX, caller.agency_id)
        after = self._cursors.place(request.after, *scope)
        async with _closing(self._inbox.watch(caller, after)) as items:
            async for item in items:
                token = self._cursors.token(item.cursor, *scope)
                yield inbox_pb2.WatchInboxResponse(item=translate.inbox_item(item, token))

    async def FetchPart(
        self, request: inbox_pb2.FetchPartRequest, context: Context
    ) -> AsyncIterator[inbox_pb2.FetchPartResponse]:
        source = await self._inbox.fetch(
            current_caller(), request.dispatch_id, request.number, translate.offset(request.offset)
        )
        async with _closing(source) as chunks:
            async for chunk in chunks:
                yield inbox_pb2.FetchPartResponse(chunk=chunk)

    async def TakeInbox(
        self, request: inbox_pb2.TakeInboxRequest, context: Context
    ) -> inbox_pb2.TakeInboxResponse:
        caller = current_caller()
        scope = (INBOX, caller.agency_id)
        taken = await self._queue.take(caller, most=request.most, seconds=request.lease_seconds)
        return inbox_pb2.TakeInboxResponse(
            items=[translate.taken_item(one, self._cursors.token(one.item.cursor, *scope)) for one in taken]
        )

    async def SettleInbox(
        self, request: inbox_pb2.SettleInboxRequest, context: Context
    ) -> inbox_pb2.SettleInboxResponse:
        caller = current_caller()
        held = Held(
            dispatch_id=request.dispatch_id,
            recipient_id=request.recipient_id,
            token=request.lease_token,
        )
        match request.WhichOneof("settlement"):
            case "extend_seconds":
                until = await self._queue.extend(caller, held, request.extend_seconds)
                return inbox_pb2.SettleInboxResponse(until=translate.time(until))
            case "release" if request.release:
                await self._queue.release(caller, held)
            case "set_aside_reason":
                await self._queue.park(caller, held, request.set_aside_reason)
            case _:
                raise Declined(Code.INVALID_ARGUMENT, "name a settlement: extend, release or set aside")
        return inbox_pb2.SettleInboxResponse()

    async def Report(self, request: inbox_pb2.ReportRequest, context: Context) -> inbox_pb2.ReportResponse:
        moved = await self._exchange.report(current_caller(), request.dispatch_id, request.statement)
        return inbox_pb2.ReportResponse(
            delivery=translate.delivery(moved.delivery),
            evidence=[translate.evidence(one) for one in moved.evidence],
        )


def _closing(source: AsyncIterator[T]) -> aclosing[AsyncGenerator[T, None]]:
    """Ends a use case's generator with the call, not when memory is next tidied."""
    return aclosing(cast("AsyncGenerator[T, None]", source))
