"""Following along and overseeing over the wire: cursors, watches, queues, attention, statistics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from axis.v1 import (
    events_pb2,
    events_pb2_grpc,
    inbox_pb2,
    inbox_pb2_grpc,
    overview_pb2,
    overview_pb2_grpc,
    submission_pb2,
    submission_pb2_grpc,
    types_pb2,
)
from axis_server.caller import Role
from axis_server.ledgers import opened_ledger
from axis_server.operation import registry
from axis_server.operation.provision import issue_profile
from axis_server.operation.registry import Use, certificate_of
from tests.axis_server.served import Office, Served, Told, served, told

SOON = 20.0
"""Seconds in which what is expected comes, on a machine however slow."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An agency's open channel."""

    submission: Any
    inbox: Any
    events: Any
    overview: Any


@asynccontextmanager
async def desk(office: Office, axis: Served) -> AsyncIterator[Desk]:
    async with office.channel(axis.address) as channel:
        yield Desk(
            submission=submission_pb2_grpc.SubmissionServiceStub(channel),
            inbox=inbox_pb2_grpc.InboxServiceStub(channel),
            events=events_pb2_grpc.EventServiceStub(channel),
            overview=overview_pb2_grpc.OverviewServiceStub(channel),
        )


@dataclass(frozen=True, kw_only=True)
class Open:
    """A running axis with the desks of three agencies."""

    axis: Served
    ministry: Desk
    province: Desk
    neighbour: Desk

    async def sent(self, number: int = 1) -> str:
        package = self.axis.ministry.letter("H90", number=number)
        answer = await self.ministry.submission.Submit(submission_pb2.SubmitRequest(package=package))
        dispatch_id: str = answer.dispatch.dispatch_id
        return dispatch_id


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Open]:
    async with (
        served(tmp_path) as axis,
        desk(axis.ministry, axis) as ministry,
        desk(axis.province, axis) as province,
        desk(axis.neighbour, axis) as neighbour,
    ):
        yield Open(axis=axis, ministry=ministry, province=province, neighbour=neighbour)


async def refused(call: Any) -> Told:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        if hasattr(call, "read"):
            await call.read()
        else:
            await call
    return told(caught.value)


async def read(at: Desk, **changes: Any) -> list[events_pb2.StreamEvent]:
    found: list[events_pb2.StreamEvent] = []
    request, more = events_pb2.ReadEventsRequest(page_size=2, **changes), True
    while more:
        page = await at.events.ReadEvents(request)
        found += page.events
        request.after, more = page.next, page.more
    return found


async def next_event(stream: Any) -> events_pb2.StreamEvent:
    async with asyncio.timeout(SOON):
        while True:
            news = await stream.read()
            if news.WhichOneof("news") == "event":
                event: events_pb2.StreamEvent = news.event
                return event


# Events.


async def test_events_are_read_page_by_page_and_again_from_any_cursor(world: Open) -> None:
    dispatches = [await world.sent(number) for number in range(3)]
    for at in (world.ministry, world.province):
        whole = await read(at)
        assert {one.event.dispatch_id for one in whole} == set(dispatches)
        assert whole[0].about.sender_id == "G22"
        assert whole[0].about.code_number == "7816"
        assert whole[0].about.subject == "V/v chuẩn bị số liệu"
        for number, one in enumerate(whole):
            assert await read(at, after=one.cursor) == whole[number + 1 :]
    assert await read(world.neighbour) == []


async def test_a_cursor_tells_nothing_and_is_good_for_its_agency_and_list_alone(world: Open) -> None:
    await world.sent()
    (cursor, *_) = [one.cursor for one in await read(world.ministry)]
    assert not cursor.isdigit()
    inbox = (await world.province.inbox.ListInbox(inbox_pb2.ListInboxRequest())).items[0].cursor
    for at, token in ((world.province, cursor), (world.province, inbox), (world.ministry, "AAAA")):
        request = events_pb2.ReadEventsRequest(after=token)
        assert (await refused(at.events.ReadEvents(request))).reason == "INVALID_ARGUMENT"
        watch = at.events.WatchEvents(events_pb2.WatchEventsRequest(after=token))
        assert (await refused(watch)).reason == "INVALID_ARGUMENT"


async def test_a_watch_says_where_it_begins_and_then_gives_what_comes(world: Open) -> None:
    await world.sent(1)
    watch = world.province.events.WatchEvents(events_pb2.WatchEventsRequest(from_now=True))
    async with asyncio.timeout(SOON):
        begins = await watch.read()
    whole = await read(world.province)
    assert (begins.WhichOneof("news"), begins.reached) == ("reached", whole[-1].cursor)
    dispatch_id = await world.sent(2)
    event = await next_event(watch)
    assert event.event.dispatch_id == dispatch_id
    assert await read(world.province, after=whole[-1].cursor) != []
    watch.cancel()


async def test_who_asks_for_events_together_gets_the_same_events_under_the_same_cursors(world: Open) -> None:
    for number in range(3):
        await world.sent(number)
    whole = await read(world.ministry)
    by_kind = [one for one in whole if one.event.kind == "ContentConsignment"]
    narrow = events_pb2.EventFilter(kinds=["ContentConsignment"])
    for wanted, expected in ((events_pb2.EventFilter(), whole), (narrow, by_kind)):
        for _ in range(2):  # what is made once is given to all, of this agency alone
            request = events_pb2.WatchEventsRequest(together=True, filter=wanted)
            watch = world.ministry.events.WatchEvents(request)
            async with asyncio.timeout(SOON):
                assert (await watch.read()).WhichOneof("news") == "reached"
                given = await watch.read()
            assert list(given.events.events) == expected
            watch.cancel()
    theirs = await read(world.province)
    assert [one.event.dispatch_id for one in theirs] == [one.event.dispatch_id for one in whole]
    watch = world.province.events.WatchEvents(events_pb2.WatchEventsRequest(together=True))
    async with asyncio.timeout(SOON):
        await watch.read()
        assert list((await watch.read()).events.events) == theirs
    assert not {one.cursor for one in theirs} & {one.cursor for one in whole}
    watch.cancel()


async def test_a_watch_of_an_empty_stream_begins_at_the_empty_cursor(world: Open) -> None:
    watch = world.neighbour.events.WatchEvents(events_pb2.WatchEventsRequest())
    async with asyncio.timeout(SOON):
        begins = await watch.read()
    assert (begins.WhichOneof("news"), begins.reached) == ("reached", "")
    watch.cancel()


async def test_a_watch_that_was_cut_goes_on_behind_the_last_event(world: Open) -> None:
    await world.sent(1)
    whole = await read(world.ministry)
    first = world.ministry.events.WatchEvents(events_pb2.WatchEventsRequest())
    one = await next_event(first)
    first.cancel()
    second = world.ministry.events.WatchEvents(events_pb2.WatchEventsRequest(after=one.cursor))
    assert [one, *[await next_event(second) for _ in whole[1:]]] == whole
    second.cancel()


async def test_filters_are_applied_and_the_cursor_moves_past_what_they_leave_out(world: Open) -> None:
    dispatches = [await world.sent(number) for number in range(2)]
    whole = await read(world.ministry)
    for chosen, expected in (
        (events_pb2.EventFilter(dispatch_id=dispatches[1]), {dispatches[1]}),
        (events_pb2.EventFilter(side=events_pb2.SIDE_SENT), set(dispatches)),
        (events_pb2.EventFilter(side=events_pb2.SIDE_RECEIVED), set()),
        (events_pb2.EventFilter(min_priority=1), set()),
        (events_pb2.EventFilter(kinds=["none such"]), set()),
    ):
        page = await world.ministry.events.ReadEvents(events_pb2.ReadEventsRequest(filter=chosen))
        assert {one.event.dispatch_id for one in page.events} == expected
        assert (page.next, page.more) == (whole[-1].cursor, False)
    strange = events_pb2.EventFilter(side=9)  # type: ignore[arg-type]
    request = events_pb2.ReadEventsRequest(filter=strange)
    assert (await refused(world.ministry.events.ReadEvents(request))).reason == "INVALID_ARGUMENT"


async def test_watches_of_events_have_the_places_of_watches(tmp_path: Path) -> None:
    few = ["[server]\n => [server]\nwatches_per_agency = 2\n"]
    async with served(tmp_path, settings=few) as axis, desk(axis.ministry, axis) as ministry:
        open_ones = [ministry.events.WatchEvents(events_pb2.WatchEventsRequest()) for _ in range(2)]
        for watch in open_ones:
            await watch.read()
        third = ministry.events.WatchEvents(events_pb2.WatchEventsRequest())
        assert (await refused(third)).reason == "TOO_MANY_WATCHES"
        for watch in open_ones:
            watch.cancel()


async def test_the_lamp_shines_for_the_services_of_following_and_overseeing(world: Open) -> None:
    async with world.axis.ministry.channel(world.axis.address) as channel:
        lamp = health_pb2_grpc.HealthStub(channel)
        for service in ("axis.v1.EventService", "axis.v1.OverviewService"):
            answer = await lamp.Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


# Queues.


async def test_what_is_taken_is_settled_by_its_token(world: Open) -> None:
    dispatch_id = await world.sent()
    (taken,) = (await world.province.inbox.TakeInbox(inbox_pb2.TakeInboxRequest(most=5))).items
    (listed,) = (await world.province.inbox.ListInbox(inbox_pb2.ListInboxRequest())).items
    assert taken.item == listed
    assert taken.attempts == 1
    assert taken.until.ToDatetime(UTC) > datetime.now(UTC) + timedelta(seconds=200)
    assert not (await world.province.inbox.TakeInbox(inbox_pb2.TakeInboxRequest())).items

    def settle(**settlement: Any) -> inbox_pb2.SettleInboxRequest:
        return inbox_pb2.SettleInboxRequest(
            dispatch_id=dispatch_id, recipient_id="H90", lease_token=taken.lease_token, **settlement
        )

    longer = await world.province.inbox.SettleInbox(settle(extend_seconds=3600))
    assert longer.until.ToDatetime(UTC) > taken.until.ToDatetime(UTC)
    for nothing in (settle(), settle(release=False), settle(extend_seconds=0)):
        assert (await refused(world.province.inbox.SettleInbox(nothing))).reason == "INVALID_ARGUMENT"
    for thief in (world.ministry, world.neighbour):
        assert (await refused(thief.inbox.SettleInbox(settle(release=True)))).reason == "LEASE_LOST"
    released = await world.province.inbox.SettleInbox(settle(release=True))
    assert not released.HasField("until")
    lost = await refused(world.province.inbox.SettleInbox(settle(release=True)))
    assert (lost.code, lost.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "LEASE_LOST")
    assert set(lost.sentences) == {"en", "vi"}
    assert not lost.retry


async def test_what_is_set_aside_is_listed_and_taken_up_again(world: Open) -> None:
    dispatch_id = await world.sent()
    (taken,) = (await world.province.inbox.TakeInbox(inbox_pb2.TakeInboxRequest())).items
    await world.province.inbox.SettleInbox(
        inbox_pb2.SettleInboxRequest(
            dispatch_id=dispatch_id,
            recipient_id="H90",
            lease_token=taken.lease_token,
            set_aside_reason="không mở được",
        )
    )
    await world.province.events.SetAside(
        events_pb2.SetAsideRequest(dispatch_id=dispatch_id, sequence=1, reason="sự kiện lạ")
    )
    page = await world.province.events.ListAside(events_pb2.ListAsideRequest(page_size=1))
    rest = await world.province.events.ListAside(events_pb2.ListAsideRequest(after=page.next))
    assert page.more
    assert [(one.sequence, one.reason) for one in (*page.items, *rest.items)] == [
        (0, "không mở được"),
        (1, "sự kiện lạ"),
    ]
    assert (
        await refused(world.ministry.events.ListAside(events_pb2.ListAsideRequest(after=page.next)))
    ).reason
    assert not (await world.ministry.events.ListAside(events_pb2.ListAsideRequest())).items
    assert not (await world.province.inbox.TakeInbox(inbox_pb2.TakeInboxRequest())).items
    await world.province.events.TakeUp(events_pb2.TakeUpRequest(dispatch_id=dispatch_id, recipient_id="H90"))
    (again,) = (await world.province.inbox.TakeInbox(inbox_pb2.TakeInboxRequest())).items
    assert again.attempts == 2
    stranger = world.neighbour.events.SetAside(
        events_pb2.SetAsideRequest(dispatch_id=dispatch_id, sequence=1, reason="x")
    )
    assert (await refused(stranger)).reason == "NOT_FOUND"


# Overview.


async def operator_of(world: Open, room: Path) -> Office:
    """Gives the neighbour a certificate of the operator."""
    at = datetime.now(UTC)
    issued = issue_profile(
        world.axis.config.parent, room / "operator", agency_id="K99", axis="x", role=Role.OPERATOR, at=at
    )
    record = certificate_of(issued.certificate, role=Role.OPERATOR, use=Use.CONNECT, at=at)
    async with opened_ledger(world.axis.settings) as ledger:
        await registry.add_certificates(ledger, "K99", (record,))
    for kind in ("key", "pem"):
        (room / "operator" / f"operator.{kind}").rename(room / "operator" / f"system.{kind}")
    return Office(id="K99", profile=room / "operator")


async def once_admitted(call: Callable[[], Any]) -> Any:
    """What a call answers once the running axis knows the caller's new certificate."""
    async with asyncio.timeout(SOON):
        while True:
            try:
                return await call()
            except grpc.aio.AioRpcError as error:
                assert told(error).reason == "STRANGER"
                await asyncio.sleep(0.05)


async def test_attention_names_what_is_due_for_both_sides_and_bare_for_the_operator(
    world: Open, tmp_path: Path
) -> None:
    dispatch_id = await world.sent()
    request = overview_pb2.GetAttentionRequest(soon_hours=24 * 300)
    for at, side in ((world.ministry, events_pb2.SIDE_SENT), (world.province, events_pb2.SIDE_RECEIVED)):
        answer = await at.overview.GetAttention(request)
        (one,) = answer.concerns
        assert (one.why, one.side) == (overview_pb2.WHY_DUE_SOON, side)
        assert (one.delivery.dispatch_id, one.delivery.recipient_id) == (dispatch_id, "H90")
        assert one.about.subject == "V/v chuẩn bị số liệu"
        assert list(answer.counts) == [overview_pb2.WhyCount(why=overview_pb2.WHY_DUE_SOON, count=1)]
    assert not (await world.neighbour.overview.GetAttention(request)).concerns
    async with desk(await operator_of(world, tmp_path), world.axis) as operator:
        (bare,) = (await once_admitted(lambda: operator.overview.GetAttention(request))).concerns
        assert (bare.delivery.dispatch_id, bare.about.sender_id) == (dispatch_id, "G22")
        assert bare.side == events_pb2.SIDE_UNSPECIFIED
        assert "7816" not in str(bare)
        assert not bare.about.subject
        counted = await operator.overview.GetStatistics(this_year(agency_id="G22", side=events_pb2.SIDE_SENT))
        assert [one.deliveries for one in counted.tallies] == [1]
        listed = operator.events.ReadEvents(events_pb2.ReadEventsRequest())
        assert (await refused(listed)).reason == "ROLE_FORBIDDEN"


def this_year(**changes: Any) -> overview_pb2.GetStatisticsRequest:
    year = datetime.now(UTC).year
    return overview_pb2.GetStatisticsRequest(
        first_day=f"{year - 1}-01-01", last_day=f"{year + 1}-12-31", **changes
    )


async def test_both_sides_acknowledge_and_others_find_nothing_there(world: Open) -> None:
    dispatch_id = await world.sent()
    request = overview_pb2.AcknowledgeRequest(dispatch_id=dispatch_id, recipient_id="H90")
    for at in (world.ministry, world.province):
        await at.overview.Acknowledge(request)
    assert (await refused(world.neighbour.overview.Acknowledge(request))).reason == "NOT_FOUND"


async def test_statistics_are_counted_by_what_is_asked(world: Open) -> None:
    for number in range(2):
        await world.sent(number)
    by = [overview_pb2.DIMENSION_MONTH, overview_pb2.DIMENSION_AGENCY, overview_pb2.DIMENSION_KIND]
    sent = await world.ministry.overview.GetStatistics(this_year(side=events_pb2.SIDE_SENT, by=by))
    (one,) = sent.tallies
    assert (one.agency_id, one.kind, one.HasField("priority")) == ("H90", 0, False)
    assert one.HasField("kind")
    assert len(one.period) == len("2026-03")
    assert (one.dispatches, one.deliveries) == (2, 2)
    assert list(one.states) == [types_pb2.StateCount(state=types_pb2.DELIVERY_STATE_CONSIGNED, count=2)]
    assert sent.counted_at.ToDatetime(UTC) <= datetime.now(UTC)
    (whole,) = (await world.province.overview.GetStatistics(this_year(side=events_pb2.SIDE_RECEIVED))).tallies
    assert (whole.period, whole.agency_id, whole.HasField("kind")) == ("", "", False)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"side": 7},
        {"side": events_pb2.SIDE_SENT, "by": [0]},
        {"side": events_pb2.SIDE_SENT, "by": [overview_pb2.DIMENSION_DAY, overview_pb2.DIMENSION_MONTH]},
        {"side": events_pb2.SIDE_SENT, "by": [overview_pb2.DIMENSION_DAY] * 100_000},
    ],
)
async def test_statistics_asked_for_wrongly_are_refused(world: Open, wrong: dict[str, Any]) -> None:
    asked = this_year(**wrong)
    assert (await refused(world.ministry.overview.GetStatistics(asked))).reason == "INVALID_ARGUMENT"
