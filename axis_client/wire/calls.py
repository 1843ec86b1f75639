"""One method for each RPC."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import grpc.aio

from axis.v1 import (
    directory_pb2,
    directory_pb2_grpc,
    inbox_pb2,
    inbox_pb2_grpc,
    records_pb2,
    records_pb2_grpc,
    submission_pb2,
    submission_pb2_grpc,
)
from axis.v1.types_pb2 import DeliveryState
from axis_client import model
from axis_client.profile import Profile
from axis_client.wire import convert
from axis_client.wire.channel import open_channel
from axis_client.wire.failures import translate

QUICK = 30.0
"""Seconds for a question: the axis answers from memory or one read."""
SLOW = 120.0
"""Seconds for what the axis verifies, archives and signs before it answers; a dispatch to 5,000 units too."""
TRANSFER = 3600.0
"""Seconds for one stream of bytes; a longer one is cut here and resumed."""
WATCH = 120.0
"""Seconds after which a watch is opened anew: a link may die without a word, and a watch is often silent."""


LARGEST_PAGE = 1000
"""Asked for where items are small, or the axis bounds a page by its bytes."""

T = TypeVar("T")

Page = tuple[tuple[T, ...], str, bool]
"""Items of a list, the cursor to go on from, and whether more stood behind them."""


class Wire:
    """An open connection. Every method raises `AxisError`, and none tries again."""

    def __init__(self, profile: Profile) -> None:
        """Must be called in the event loop that uses it."""
        self._channel = open_channel(profile)
        self._directory = directory_pb2_grpc.DirectoryServiceStub(self._channel)
        self._submission = submission_pb2_grpc.SubmissionServiceStub(self._channel)
        self._inbox = inbox_pb2_grpc.InboxServiceStub(self._channel)
        self._records = records_pb2_grpc.RecordServiceStub(self._channel)

    async def close(self) -> None:
        await self._channel.close(grace=None)

    async def whoami(self) -> model.Me:
        return convert.me(await _unary(self._directory.WhoAmI(directory_pb2.WhoAmIRequest(), timeout=QUICK)))

    async def agency(self, agency_id: str) -> model.Agency:
        request = directory_pb2.GetAgencyRequest(agency_id=agency_id)
        return convert.agency((await _unary(self._directory.GetAgency(request, timeout=QUICK))).agency)

    async def submit(self, package: bytes) -> model.Submitted:
        request = submission_pb2.SubmitRequest(package=package)
        return convert.submitted(await _unary(self._submission.Submit(request, timeout=SLOW)))

    async def submit_uploaded(self, sha256: str) -> model.Submitted:
        request = submission_pb2.SubmitRequest(package_sha256=sha256)
        return convert.submitted(await _unary(self._submission.Submit(request, timeout=SLOW)))

    async def query_upload(self, sha256: str) -> model.UploadState:
        request = submission_pb2.QueryUploadRequest(sha256=sha256)
        answer = await _unary(self._submission.QueryUpload(request, timeout=QUICK))
        return model.UploadState(offset=answer.offset, complete=answer.complete)

    async def upload(
        self, sha256: str, size: int, offset: int, chunks: AsyncIterator[bytes]
    ) -> model.UploadState:
        """Streams `chunks` (each at most 1 MiB), which start at `offset` of the blob."""

        async def messages() -> AsyncIterator[submission_pb2.UploadRequest]:
            header = submission_pb2.UploadHeader(sha256=sha256, size=size, offset=offset)
            yield submission_pb2.UploadRequest(header=header)
            async for chunk in chunks:
                yield submission_pb2.UploadRequest(chunk=chunk)

        answer = await _unary(self._submission.Upload(messages(), timeout=TRANSFER))
        return model.UploadState(offset=answer.offset, complete=answer.complete)

    async def inbox_page(self, after: str, size: int, states: Iterable[model.State]) -> Page[model.InboxItem]:
        request = inbox_pb2.ListInboxRequest(after=after, page_size=size, states=_numbers(states))
        answer = await _unary(self._inbox.ListInbox(request, timeout=QUICK))
        return tuple(convert.inbox_item(item) for item in answer.items), answer.next, answer.more

    async def watch_inbox(self, after: str) -> AsyncGenerator[model.InboxItem, None]:
        """Ends after `WATCH` seconds at the latest, as when the link is cut."""
        call = self._inbox.WatchInbox(inbox_pb2.WatchInboxRequest(after=after), timeout=WATCH)
        with _translated():
            try:
                async for message in call:
                    yield convert.inbox_item(message.item)
            finally:
                call.cancel()

    async def fetch_part(self, dispatch_id: str, number: int, offset: int) -> AsyncGenerator[bytes, None]:
        request = inbox_pb2.FetchPartRequest(dispatch_id=dispatch_id, number=number, offset=offset)
        call = self._inbox.FetchPart(request, timeout=TRANSFER)
        with _translated():
            try:
                async for message in call:
                    yield message.chunk
            finally:
                call.cancel()

    async def report(self, dispatch_id: str, statement: bytes) -> model.Reported:
        request = inbox_pb2.ReportRequest(dispatch_id=dispatch_id, statement=statement)
        return convert.reported(await _unary(self._inbox.Report(request, timeout=SLOW)))

    async def status(self, dispatch_id: str) -> model.Status:
        request = records_pb2.GetStatusRequest(dispatch_id=dispatch_id)
        return convert.status(await _unary(self._records.GetStatus(request, timeout=QUICK)))

    async def deliveries_page(
        self, dispatch_id: str, after: str, states: Iterable[model.State]
    ) -> Page[model.Delivery]:
        request = records_pb2.ListDeliveriesRequest(
            dispatch_id=dispatch_id, after=after, page_size=LARGEST_PAGE, states=_numbers(states)
        )
        answer = await _unary(self._records.ListDeliveries(request, timeout=QUICK))
        return tuple(convert.delivery(item) for item in answer.deliveries), answer.next, answer.more

    async def events_page(self, dispatch_id: str, after: str) -> Page[model.Event]:
        request = records_pb2.ListEventsRequest(dispatch_id=dispatch_id, after=after, page_size=LARGEST_PAGE)
        answer = await _unary(self._records.ListEvents(request, timeout=QUICK))
        return tuple(convert.event(item) for item in answer.events), answer.next, answer.more

    async def evidence_page(
        self, dispatch_id: str, after: str, events: Iterable[str], recipient_id: str
    ) -> Page[model.Evidence | model.Statement]:
        request = records_pb2.ListEvidenceRequest(
            dispatch_id=dispatch_id,
            after=after,
            page_size=LARGEST_PAGE,
            events=events,
            recipient_id=recipient_id,
        )
        answer = await _unary(self._records.ListEvidence(request, timeout=SLOW))
        records = (convert.record(item) for item in answer.records)
        return tuple(one for one in records if one is not None), answer.next, answer.more

    async def outbox_page(self, after: str, size: int) -> Page[model.OutboxItem]:
        request = records_pb2.ListOutboxRequest(after=after, page_size=size)
        answer = await _unary(self._records.ListOutbox(request, timeout=QUICK))
        return tuple(convert.outbox_item(item) for item in answer.items), answer.next, answer.more


def _numbers(states: Iterable[model.State]) -> list[DeliveryState.ValueType]:
    return [convert.STATE_NUMBERS[state] for state in states]


_Answer = TypeVar("_Answer")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except grpc.aio.AioRpcError as exc:
        raise translate(exc) from exc


async def _unary(call: Awaitable[_Answer]) -> _Answer:
    with _translated():
        return await call
