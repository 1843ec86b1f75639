"""Acting in another agency's name, over real mutual TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from axis.v1 import (
    directory_pb2,
    directory_pb2_grpc,
    events_pb2,
    events_pb2_grpc,
    inbox_pb2,
    inbox_pb2_grpc,
    overview_pb2,
    overview_pb2_grpc,
    records_pb2,
    records_pb2_grpc,
    submission_pb2,
    submission_pb2_grpc,
)
from axis_server.boundary import leave
from axis_server.boundary.server import SERVED
from axis_server.caller import Caller
from axis_server.ledgers import opened_ledger
from axis_server.operation import registry
from signing.parser import parse
from storage.ledger.registry import Agency, Delegation
from tests.axis_server.served import Office, Served, Told, served, told

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def acting(agency_id: str) -> tuple[tuple[str, str], ...]:
    return (("axis-acting-for", agency_id),)


@asynccontextmanager
async def room(directory: Path) -> AsyncIterator[Served]:
    """`province` (H90) has a unit without systems, H90.01; `neighbour` (K99) may send for `ministry` (G22),
    receive for the agency P1, and was allowed both for P2 once."""
    async with served(directory) as axis:
        async with opened_ledger(axis.settings) as ledger:
            gone = datetime.now(UTC) - timedelta(minutes=1)
            await registry.add(ledger, Agency(agency_id="H90.01", name="Sở", parent_id="H90"))
            for agency_id in ("P1", "P2"):
                await registry.add(ledger, Agency(agency_id=agency_id, name="Không có hệ thống"))
            await registry.delegate(ledger, "G22", _leave(receive=False))
            await registry.delegate(ledger, "P1", _leave(send=False))
            await registry.delegate(ledger, "P2", _leave(until=gone))
        async with axis.neighbour.channel(axis.address) as channel:
            await eventually(lambda: whoami(channel, "P1"))
        yield axis


def _leave(*, send: bool = True, receive: bool = True, until: datetime | None = None) -> Delegation:
    return Delegation(agency_id="K99", may_send=send, may_receive=receive, since=LONG_AGO, until=until)


async def whoami(channel: grpc.aio.Channel, agency_id: str) -> directory_pb2.WhoAmIResponse:
    stub = directory_pb2_grpc.DirectoryServiceStub(channel)
    return await stub.WhoAmI(directory_pb2.WhoAmIRequest(), metadata=acting(agency_id))


async def eventually(call: Callable[[], Awaitable[Any]]) -> None:
    """Returns when a call succeeds: the axis looks at the directory every second."""
    for _ in range(200):
        try:
            await call()
        except grpc.aio.AioRpcError:
            await asyncio.sleep(0.05)
        else:
            return
    pytest.fail("the axis never saw the change")


async def refused(call: Awaitable[Any]) -> Told:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return told(caught.value)


async def submit(
    channel: grpc.aio.Channel, package: bytes, agency_id: str | None
) -> submission_pb2.SubmitResponse:
    stub = submission_pb2_grpc.SubmissionServiceStub(channel)
    metadata = acting(agency_id) if agency_id else None
    return await stub.Submit(submission_pb2.SubmitRequest(package=package), metadata=metadata)


def named_in(evidence: bytes, element: str) -> list[str]:
    """Identifiers in the elements of one name."""
    root = parse(evidence)
    space = "{http://uri.etsi.org/19522/v1#}"
    return [one.findtext(f"{space}Identifier") or "" for one in root.iter(f"{space}{element}")]


async def test_an_agency_sends_for_its_unit_without_systems_and_the_evidence_names_both(
    tmp_path: Path,
) -> None:
    async with room(tmp_path) as axis, axis.province.channel(axis.address) as channel:
        unit = Office(id="H90.01", profile=axis.province.profile)
        assert (await whoami(channel, "h90.01")).agency.agency_id == "H90.01"
        letter = unit.letter("G22")
        answer = await submit(channel, letter, "H90.01")
        assert answer.dispatch.sender_id == "H90.01"
        for evidence in answer.evidence:
            assert named_in(evidence.content, "SenderDetails") == ["H90.01"]
            assert named_in(evidence.content, "SenderDelegateDetails") == ["H90"]
        assert await submit(channel, letter, "H90.01") == answer


async def test_what_is_sent_to_a_unit_without_systems_stands_in_the_mailbox_above(tmp_path: Path) -> None:
    async with room(tmp_path) as axis:
        async with axis.ministry.channel(axis.address) as channel:
            await submit(channel, axis.ministry.letter("H90.01"), None)
        async with axis.province.channel(axis.address) as channel:
            inbox = await inbox_pb2_grpc.InboxServiceStub(channel).ListInbox(inbox_pb2.ListInboxRequest())
        assert [one.delivery.recipient_id for one in inbox.items] == ["H90.01"]


async def test_a_delegate_sends_with_its_own_seal_or_its_principals(tmp_path: Path) -> None:
    async with room(tmp_path) as axis, axis.neighbour.channel(axis.address) as channel:
        own_seal = Office(id="G22", profile=axis.neighbour.profile)
        for number, package in ((1, own_seal.letter("H90")), (2, axis.ministry.letter("H90", number=2))):
            answer = await submit(channel, package, "G22")
            assert answer.dispatch.sender_id == "G22", number
            assert named_in(answer.evidence[0].content, "SenderDelegateDetails") == ["K99"]


async def test_a_delegates_seal_is_believed_when_its_principal_sends_it(tmp_path: Path) -> None:
    async with room(tmp_path) as axis, axis.ministry.channel(axis.address) as channel:
        sealed = Office(id="G22", profile=axis.neighbour.profile).letter("H90")
        answer = await submit(channel, sealed, None)
        assert named_in(answer.evidence[0].content, "SenderDelegateDetails") == ["K99"]
        foreign = Office(id="G22", profile=axis.province.profile).letter("H90", number=2)
        assert (await refused(submit(channel, foreign, None))).reason == "SIGNER_MISMATCH"


async def test_who_has_no_leave_learns_nothing_about_an_agency(tmp_path: Path) -> None:
    async with room(tmp_path) as axis, axis.province.channel(axis.address) as channel:
        answers = [await refused(whoami(channel, name)) for name in ("G22", "P2", "NONE", "", "x" * 500)]
        assert {one.code for one in answers} == {grpc.StatusCode.PERMISSION_DENIED}
        assert len({(one.reason, str(one.facts), str(one.sentences), one.size) for one in answers}) == 1
        assert answers[0].reason == "NOT_DELEGATED"


async def test_leave_that_ran_out_is_none(tmp_path: Path) -> None:
    async with room(tmp_path) as axis, axis.neighbour.channel(axis.address) as channel:
        assert (await refused(whoami(channel, "P2"))).reason == "NOT_DELEGATED"


async def test_leave_to_send_shows_nothing_of_what_is_received(tmp_path: Path) -> None:
    async with room(tmp_path) as axis:
        async with axis.province.channel(axis.address) as channel:
            received = (await submit(channel, axis.province.letter("G22"), None)).dispatch.dispatch_id
        async with axis.neighbour.channel(axis.address) as channel:
            sent = (await submit(channel, axis.ministry.letter("H90"), "G22")).dispatch.dispatch_id
            inbox = inbox_pb2_grpc.InboxServiceStub(channel)
            records = records_pb2_grpc.RecordServiceStub(channel)
            events = events_pb2_grpc.EventServiceStub(channel)
            overview = overview_pb2_grpc.OverviewServiceStub(channel)
            me: dict[str, Any] = {"metadata": acting("G22")}
            outbox = await records.ListOutbox(records_pb2.ListOutboxRequest(), **me)
            assert [one.dispatch.dispatch_id for one in outbox.items] == [sent]
            await records.GetStatus(records_pb2.GetStatusRequest(dispatch_id=sent), **me)
            for call in (
                inbox.ListInbox(inbox_pb2.ListInboxRequest(), **me),
                inbox.TakeInbox(inbox_pb2.TakeInboxRequest(), **me),
                anext(aiter(inbox.WatchInbox(inbox_pb2.WatchInboxRequest(), **me))),
                events.ReadEvents(events_pb2.ReadEventsRequest(), **me),
                overview.GetAttention(overview_pb2.GetAttentionRequest(), **me),
            ):
                assert (await refused(call)).reason == "NOT_DELEGATED"
            for call in (
                records.GetStatus(records_pb2.GetStatusRequest(dispatch_id=received), **me),
                records.ListEvidence(records_pb2.ListEvidenceRequest(dispatch_id=received), **me),
                anext(aiter(inbox.FetchPart(inbox_pb2.FetchPartRequest(dispatch_id=received), **me))),
            ):
                assert (await refused(call)).reason == "NOT_FOUND"


async def test_leave_to_receive_is_none_to_send(tmp_path: Path) -> None:
    async with room(tmp_path) as axis:
        async with axis.ministry.channel(axis.address) as channel:
            await submit(channel, axis.ministry.letter("P1"), None)
        async with axis.neighbour.channel(axis.address) as channel:
            stub = inbox_pb2_grpc.InboxServiceStub(channel)
            inbox = await stub.ListInbox(inbox_pb2.ListInboxRequest(), metadata=acting("P1"))
            assert [one.delivery.recipient_id for one in inbox.items] == ["P1"]
            letter = Office(id="P1", profile=axis.neighbour.profile).letter("G22")
            assert (await refused(submit(channel, letter, "P1"))).reason == "NOT_DELEGATED"
            records = records_pb2_grpc.RecordServiceStub(channel)
            call = records.ListOutbox(records_pb2.ListOutboxRequest(), metadata=acting("P1"))
            assert (await refused(call)).reason == "NOT_DELEGATED"


async def test_leave_to_receive_does_not_tell_by_setting_aside_what_was_sent_to_whom(tmp_path: Path) -> None:
    async with room(tmp_path) as axis:
        async with opened_ledger(axis.settings) as ledger:
            await registry.delegate(ledger, "H90", _leave(send=False))
        async with axis.province.channel(axis.address) as channel:
            sent = (await submit(channel, axis.province.letter("G22"), None)).dispatch.dispatch_id
        async with axis.neighbour.channel(axis.address) as channel:
            await eventually(lambda: whoami(channel, "H90"))
            stub = events_pb2_grpc.EventServiceStub(channel)
            aside = events_pb2.SetAsideRequest(dispatch_id=sent, recipient_id="G22", reason="?")
            assert (await refused(stub.SetAside(aside, metadata=acting("H90")))).reason == "NOT_DELEGATED"
            again = events_pb2.TakeUpRequest(dispatch_id=sent, recipient_id="G22")
            assert (await refused(stub.TakeUp(again, metadata=acting("H90")))).reason == "NOT_DELEGATED"


async def test_a_watch_ends_when_the_leave_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("axis_server.delivering.inbox.POLL_SECONDS", 0.2)
    async with room(tmp_path) as axis, axis.neighbour.channel(axis.address) as channel:
        stub = inbox_pb2_grpc.InboxServiceStub(channel)
        watch = stub.WatchInbox(inbox_pb2.WatchInboxRequest(), metadata=acting("P1"))
        coming = asyncio.ensure_future(anext(aiter(watch)))
        await asyncio.sleep(0.3)
        assert not coming.done()
        async with opened_ledger(axis.settings) as ledger:
            await registry.undelegate(ledger, "P1", "K99")
        error = await asyncio.wait_for(refused(coming), 20)
        assert error.reason == "NOT_DELEGATED"


async def test_an_agency_may_name_itself_and_only_one_may_be_named(tmp_path: Path) -> None:
    async with room(tmp_path) as axis, axis.ministry.channel(axis.address) as channel:
        assert (await whoami(channel, " g22 ")).agency.agency_id == "G22"
        stub = directory_pb2_grpc.DirectoryServiceStub(channel)
        call = stub.WhoAmI(directory_pb2.WhoAmIRequest(), metadata=(*acting("G22"), *acting("H90")))
        assert (await refused(call)).reason == "INVALID_ARGUMENT"


async def test_nobody_acts_for_a_suspended_agency(tmp_path: Path) -> None:
    async with room(tmp_path) as axis, axis.neighbour.channel(axis.address) as channel:
        async with opened_ledger(axis.settings) as ledger:
            await registry.suspend(ledger, "P1")

        async def suspended() -> None:
            try:
                await whoami(channel, "P1")
            except grpc.aio.AioRpcError as error:
                assert told(error).reason == "AGENCY_SUSPENDED"
                return
            raise grpc.aio.AioRpcError(grpc.StatusCode.OK, grpc.aio.Metadata(), grpc.aio.Metadata())

        await eventually(suspended)


def test_every_method_has_its_place_among_those_that_a_delegate_may_call() -> None:
    listed = leave.SENDING | leave.RECEIVING | leave.EITHER
    assert sum(map(len, (leave.SENDING, leave.RECEIVING, leave.EITHER))) == len(listed)
    modules = (directory_pb2, events_pb2, inbox_pb2, overview_pb2, records_pb2, submission_pb2)
    served_methods = {
        f"{service.name}/{method.name}"
        for module in modules
        for service in module.DESCRIPTOR.services_by_name.values()
        if service.full_name in SERVED
        for method in service.methods
    }
    assert {one for one in listed if not one.startswith(("Health/", "ServerReflection/"))} <= served_methods
    both = served_methods - listed
    assert {one.split("/")[0] for one in both} == {"EventService", "OverviewService"}


def test_what_is_not_listed_needs_leave_for_both() -> None:
    agency = Agency(agency_id="G22", name="")
    whole: Any = {"agency": agency, "certificate": None}
    leave.check_leave(Caller(**whole), "EventService/ReadEvents")
    for part in ({"may_send": False}, {"may_receive": False}):
        with pytest.raises(Exception, match="NOT_DELEGATED"):
            leave.check_leave(Caller(**whole, **part), "FutureService/Unheard")
