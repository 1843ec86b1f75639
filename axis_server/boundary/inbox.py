"""`InboxService`: see what waits, take it, answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TypeVar, cast

from axis.v1 import inbox_pb2, inbox_pb2_grpc
from axis_server.boundary import translate
from axis_server.boundary.identity import Context, current_caller
from axis_server.boundary.translate import cursor
from axis_server.exchange import Exchange
from axis_server.inbox import Inbox

T = TypeVar("T")


class InboxServicer(inbox_pb2_grpc.InboxServiceServicer):
    """Translates; `Inbox` and `Exchange` decide."""

    def __init__(self, *, inbox: Inbox, exchange: Exchange) -> None:
        self._inbox = inbox
        self._exchange = exchange

    async def ListInbox(
        self, request: inbox_pb2.ListInboxRequest, context: Context
    ) -> inbox_pb2.ListInboxResponse:
        states = translate.named_states(request.states)
        page = await self._inbox.page(current_caller(), cursor(request.after), request.page_size, states)
        return inbox_pb2.ListInboxResponse(
            items=[translate.inbox_item(item) for item in page.items], next=page.next, more=page.more
        )

    async def WatchInbox(
        self, request: inbox_pb2.WatchInboxRequest, context: Context
    ) -> AsyncIterator[inbox_pb2.WatchInboxResponse]:
        async with _closing(self._inbox.watch(current_caller(), cursor(request.after))) as items:
            async for item in items:
                yield inbox_pb2.WatchInboxResponse(item=translate.inbox_item(item))

    async def FetchPart(
        self, request: inbox_pb2.FetchPartRequest, context: Context
    ) -> AsyncIterator[inbox_pb2.FetchPartResponse]:
        source = await self._inbox.fetch(
            current_caller(), request.dispatch_id, request.number, cursor(request.offset)
        )
        async with _closing(source) as chunks:
            async for chunk in chunks:
                yield inbox_pb2.FetchPartResponse(chunk=chunk)

    async def Report(self, request: inbox_pb2.ReportRequest, context: Context) -> inbox_pb2.ReportResponse:
        moved = await self._exchange.report(current_caller(), request.dispatch_id, request.statement)
        return inbox_pb2.ReportResponse(
            delivery=translate.delivery(moved.delivery),
            evidence=[translate.evidence(one) for one in moved.evidence],
        )


def _closing(source: AsyncIterator[T]) -> aclosing[AsyncGenerator[T, None]]:
    """Ends a use case's generator with the call, not when memory is next tidied."""
    return aclosing(cast("AsyncGenerator[T, None]", source))
