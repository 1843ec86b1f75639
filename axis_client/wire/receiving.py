"""The calls of `InboxService`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from datetime import datetime
from functools import cached_property

from axis.v1 import inbox_pb2, inbox_pb2_grpc
from axis_client import model
from axis_client.model import oversight
from axis_client.wire import convert, overview
from axis_client.wire.link import SLOW, TRANSFER, WATCH, Link, Page


class InboxCalls(Link):
    @cached_property
    def _inbox(self) -> inbox_pb2_grpc.InboxServiceAsyncStub:
        return inbox_pb2_grpc.InboxServiceStub(self._channel)

    async def inbox_page(self, after: str, size: int, states: Iterable[model.State]) -> Page[model.InboxItem]:
        request = inbox_pb2.ListInboxRequest(
            after=after, page_size=size, states=convert.state_numbers(states)
        )
        answer = await self._ask(self._inbox.ListInbox, request)
        return tuple(convert.inbox_item(item) for item in answer.items), answer.next, answer.more

    async def watch_inbox(self, after: str) -> AsyncGenerator[model.InboxItem, None]:
        """Ends after `WATCH` seconds at the latest, as when the link is cut."""
        request = inbox_pb2.WatchInboxRequest(after=after)
        async with aclosing(self._follow(self._inbox.WatchInbox, request, WATCH)) as messages:
            async for message in messages:
                yield convert.inbox_item(message.item)

    async def fetch_part(self, dispatch_id: str, number: int, offset: int) -> AsyncGenerator[bytes, None]:
        request = inbox_pb2.FetchPartRequest(dispatch_id=dispatch_id, number=number, offset=offset)
        async with aclosing(self._follow(self._inbox.FetchPart, request, TRANSFER)) as messages:
            async for message in messages:
                yield message.chunk

    async def report(self, dispatch_id: str, statement: bytes) -> model.Reported:
        request = inbox_pb2.ReportRequest(dispatch_id=dispatch_id, statement=statement)
        return convert.reported(await self._ask(self._inbox.Report, request, SLOW))

    async def take(self, most: int, lease_seconds: int) -> tuple[oversight.Taken, ...]:
        request = inbox_pb2.TakeInboxRequest(most=most, lease_seconds=lease_seconds)
        return tuple(map(overview.taken, (await self._ask(self._inbox.TakeInbox, request)).items))

    async def extend(self, taken: oversight.Taken, seconds: int) -> datetime:
        """Returns until when it is in hand now."""
        request = _settlement(taken)
        request.extend_seconds = seconds
        return convert.time((await self._ask(self._inbox.SettleInbox, request)).until)

    async def release(self, taken: oversight.Taken) -> None:
        request = _settlement(taken)
        request.release = True
        await self._ask(self._inbox.SettleInbox, request)

    async def set_taken_aside(self, taken: oversight.Taken, reason: str) -> None:
        request = _settlement(taken)
        request.set_aside_reason = reason
        await self._ask(self._inbox.SettleInbox, request)


def _settlement(taken: oversight.Taken) -> inbox_pb2.SettleInboxRequest:
    delivery = taken.item.delivery
    return inbox_pb2.SettleInboxRequest(
        dispatch_id=delivery.dispatch_id, recipient_id=delivery.recipient_id, lease_token=taken.lease_token
    )
