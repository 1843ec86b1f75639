"""Lists over the wire: pages that follow each other, and cursors that are nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from axis.v1 import (
    inbox_pb2,
    inbox_pb2_grpc,
    records_pb2,
    records_pb2_grpc,
    submission_pb2,
    submission_pb2_grpc,
    types_pb2,
)
from axis_server.boundary import translate
from storage.ledger.records import Delivery
from tests.axis_server.served import Office, Served, served, told
from tests.storage.records import at


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An agency's open channel."""

    submission: Any
    inbox: Any
    records: Any


@asynccontextmanager
async def desk(office: Office, axis: Served) -> AsyncIterator[Desk]:
    async with office.channel(axis.address) as channel:
        yield Desk(
            submission=submission_pb2_grpc.SubmissionServiceStub(channel),
            inbox=inbox_pb2_grpc.InboxServiceStub(channel),
            records=records_pb2_grpc.RecordServiceStub(channel),
        )


async def sent(axis: Served, at_desk: Desk, count: int) -> list[str]:
    packages = [axis.ministry.letter("H90", number=number) for number in range(1, count + 1)]
    answers = [
        await at_desk.submission.Submit(submission_pb2.SubmitRequest(package=package)) for package in packages
    ]
    return [answer.dispatch.dispatch_id for answer in answers]


async def every(call: Any, request: Any, name: str) -> list[Any]:
    """All items, one a page."""
    found, request.page_size, more = [], 1, True
    while more:
        page = await call(request)
        found += getattr(page, name)
        more, before = page.more, request.after
        assert page.next != before or not more
        request.after = page.next
    last = await call(request)
    assert (list(getattr(last, name)), last.next, last.more) == ([], request.after, False)
    return found


async def test_every_list_is_read_whole_one_item_a_page(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as axis,
        desk(axis.ministry, axis) as ours,
        desk(axis.province, axis) as theirs,
    ):
        ids = await sent(axis, ours, 3)
        outbox = await every(ours.records.ListOutbox, records_pb2.ListOutboxRequest(), "items")
        inbox = await every(theirs.inbox.ListInbox, inbox_pb2.ListInboxRequest(), "items")
        assert [item.dispatch.dispatch_id for item in outbox] == ids
        assert [item.dispatch.dispatch_id for item in inbox] == ids
        assert [[(one.state, one.count) for one in item.counts] for item in outbox] == [
            [(types_pb2.DELIVERY_STATE_CONSIGNED, 1)]
        ] * 3
        name = ids[1]
        for by in (ours, theirs):
            deliveries = records_pb2.ListDeliveriesRequest(dispatch_id=name)
            (delivery,) = await every(by.records.ListDeliveries, deliveries, "deliveries")
            assert delivery.recipient_id == "H90"
            events = records_pb2.ListEventsRequest(dispatch_id=name)
            history = await every(by.records.ListEvents, events, "events")
            assert [event.sequence for event in history] == [1, 2]
            evidence = records_pb2.ListEvidenceRequest(dispatch_id=name)
            records = await every(by.records.ListEvidence, evidence, "records")
            assert [record.evidence.evidence_id for record in records] == [one.evidence_id for one in history]


async def test_an_items_cursor_goes_on_behind_it_in_list_and_watch_alike(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as axis,
        desk(axis.ministry, axis) as ours,
        desk(axis.province, axis) as theirs,
    ):
        ids = await sent(axis, ours, 3)
        inbox = await theirs.inbox.ListInbox(inbox_pb2.ListInboxRequest())
        after = inbox.items[0].cursor
        rest = await theirs.inbox.ListInbox(inbox_pb2.ListInboxRequest(after=after))
        assert [item.dispatch.dispatch_id for item in rest.items] == ids[1:]
        watch = aiter(theirs.inbox.WatchInbox(inbox_pb2.WatchInboxRequest(after=after)))
        assert [await anext(watch) for _ in range(2)] == [
            inbox_pb2.WatchInboxResponse(item=item) for item in rest.items
        ]
        outbox = await ours.records.ListOutbox(records_pb2.ListOutboxRequest())
        request = records_pb2.ListOutboxRequest(after=outbox.items[1].cursor)
        (last,) = (await ours.records.ListOutbox(request)).items
        assert last.dispatch.dispatch_id == ids[2]


async def test_a_cursor_of_another_agency_list_or_dispatch_is_refused(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as axis,
        desk(axis.ministry, axis) as ours,
        desk(axis.province, axis) as theirs,
    ):
        first, second = await sent(axis, ours, 2)
        inbox = (await theirs.inbox.ListInbox(inbox_pb2.ListInboxRequest())).next
        outbox = (await ours.records.ListOutbox(records_pb2.ListOutboxRequest())).next
        request = records_pb2.ListEventsRequest(dispatch_id=first)
        ours_events = (await ours.records.ListEvents(request)).next
        theirs_events = (await theirs.records.ListEvents(request)).next
        assert len({inbox, outbox, ours_events, theirs_events}) == 4
        refused: list[Callable[[], Any]] = [
            lambda: ours.inbox.ListInbox(inbox_pb2.ListInboxRequest(after=inbox)),
            lambda: ours.inbox.ListInbox(inbox_pb2.ListInboxRequest(after=outbox)),
            lambda: theirs.records.ListOutbox(records_pb2.ListOutboxRequest(after=outbox)),
            lambda: anext(aiter(theirs.inbox.WatchInbox(inbox_pb2.WatchInboxRequest(after=outbox)))),
            lambda: ours.records.ListEvents(_events(first, theirs_events)),
            lambda: ours.records.ListEvents(_events(second, ours_events)),
            lambda: ours.records.ListEvidence(
                records_pb2.ListEvidenceRequest(dispatch_id=first, after=ours_events)
            ),
            lambda: ours.records.ListEvents(_events(first, "3")),
        ]
        for ask in refused:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await asyncio.wait_for(ask(), 10)
            assert told(caught.value).reason == "INVALID_ARGUMENT"
        assert not (await ours.records.ListEvents(_events(first, ours_events))).events


def _events(dispatch_id: str, after: str) -> records_pb2.ListEventsRequest:
    return records_pb2.ListEventsRequest(dispatch_id=dispatch_id, after=after)


async def test_cursors_live_on_when_the_axis_starts_again(tmp_path: Path) -> None:
    async with served(tmp_path / "axis") as axis, desk(axis.ministry, axis) as ours:
        await sent(axis, ours, 1)
        after = (await ours.records.ListOutbox(records_pb2.ListOutboxRequest())).next
        again = axis.settings
    from axis_server.app import running
    from axis_server.settings import Secrets

    async with running(again, Secrets()) as restarted, axis.ministry.channel(restarted.address) as channel:
        records = records_pb2_grpc.RecordServiceStub(channel)
        page = await records.ListOutbox(records_pb2.ListOutboxRequest(after=after))
    assert (list(page.items), page.next) == ([], after)


def test_a_state_that_this_wire_has_no_name_for_is_unspecified() -> None:
    delivery = Delivery(
        dispatch_id="d",
        recipient_id="H90",
        mailbox_id="H90",
        state="recalled",
        version=4,
        updated_at=at(0),
        handover_by=at(1),
        answer_by=at(2),
        due=None,
        reason="r",
    )
    assert translate.delivery(delivery).state == types_pb2.DELIVERY_STATE_UNSPECIFIED
    counted = translate.counts({"done": 2, "recalled": 1, "frozen": 3, "consigned": 1})
    assert [(one.state, one.count) for one in counted] == [
        (types_pb2.DELIVERY_STATE_UNSPECIFIED, 4),
        (types_pb2.DELIVERY_STATE_CONSIGNED, 1),
        (types_pb2.DELIVERY_STATE_DONE, 2),
    ]
