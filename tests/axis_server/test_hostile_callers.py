"""Callers that ask for more than their share, or for nothing that can be read, over real mutual TLS."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from structlog.testing import capture_logs

from axis.v1 import directory_pb2, directory_pb2_grpc, inbox_pb2, inbox_pb2_grpc, submission_pb2
from axis.v1.submission_pb2_grpc import SubmissionServiceStub
from axis_server.caller import Role
from axis_server.ledgers import opened_ledger
from axis_server.operation import registry
from axis_server.operation.provision import issue_profile
from axis_server.operation.registry import Use, certificate_of
from tests.axis_server.packages import inline
from tests.axis_server.served import Office, Told, served, told

CHECK = health_pb2.HealthCheckRequest()
WHO = directory_pb2.WhoAmIRequest()


async def refused(call: grpc.aio.Call) -> Told:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call if hasattr(call, "__await__") else await anext(aiter(call))
    return told(caught.value)


async def test_an_identifier_too_long_to_be_one_is_an_invalid_argument(tmp_path: Path) -> None:
    async with served(tmp_path) as axis, axis.ministry.channel(axis.address) as channel:
        stub = directory_pb2_grpc.DirectoryServiceStub(channel)
        error = await refused(
            stub.GetAgency(directory_pb2.GetAgencyRequest(agency_id="\u0301\u0323" * 2_000_000))
        )
    assert error.reason == "INVALID_ARGUMENT"


async def test_health_and_reflection_are_closed_to_strangers_and_to_suspended_agencies(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as axis:
        async with opened_ledger(axis.settings) as ledger:
            await registry.suspend(ledger, axis.neighbour.id)
        await asyncio.sleep(1.5)  # the axis looks every second
        for office, code in ((axis.stranger, "STRANGER"), (axis.neighbour, "AGENCY_SUSPENDED")):
            async with office.channel(axis.address) as channel:
                health = health_pb2_grpc.HealthStub(channel)
                question = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
                reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
                for call in (
                    health.Check(CHECK),
                    health.Watch(CHECK),
                    reflection.ServerReflectionInfo(question),
                ):
                    assert (await refused(call)).reason == code


async def test_a_load_balancer_asks_after_health_with_an_operators_certificate(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        at, profile = datetime.now(UTC), tmp_path / "balancer"
        issued = issue_profile(
            tmp_path / "axis", profile, agency_id="G22", axis="unknown", role="operator", at=at
        )
        record = certificate_of(issued.certificate, role=Role.OPERATOR, use=Use.CONNECT, at=at)
        async with opened_ledger(axis.settings) as ledger:
            await registry.add_certificates(ledger, "G22", [record])
        await asyncio.sleep(1.5)
        for key in profile.glob("operator.*"):
            key.rename(profile / key.name.replace("operator", "system"))
        async with Office(id="G22", profile=profile).channel(axis.address) as channel:
            answer = await health_pb2_grpc.HealthStub(channel).Check(CHECK)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_an_agency_has_so_many_calls_open_and_takes_no_place_from_others(tmp_path: Path) -> None:
    go = asyncio.Event()

    async def silent() -> AsyncIterator[submission_pb2.UploadRequest]:
        await go.wait()
        yield submission_pb2.UploadRequest()

    few = ("# workers = 2 => calls_per_agency = 2\n# workers = 2",)
    async with (
        served(tmp_path, settings=few) as axis,
        axis.ministry.channel(axis.address) as channel,
        axis.ministry.channel(axis.address) as another,
        axis.province.channel(axis.address) as others,
    ):
        uploads = [SubmissionServiceStub(each).Upload(silent()) for each in (channel, another)]
        stub = directory_pb2_grpc.DirectoryServiceStub(channel)
        async with asyncio.timeout(20):
            while True:
                try:
                    await stub.WhoAmI(WHO)
                except grpc.aio.AioRpcError as caught:
                    error = told(caught)
                    break
        assert (error.reason, error.facts, error.retry) == ("TOO_MANY_CALLS", {"limit": "2"}, True)
        await directory_pb2_grpc.DirectoryServiceStub(others).WhoAmI(WHO)
        go.set()
        for upload in uploads:
            assert (await refused(upload)).reason == "INVALID_ARGUMENT"
        await stub.WhoAmI(WHO)


@pytest.mark.parametrize(
    "message", [b"\x0a\x02\xff\xfe", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x0a\x09x"]
)
async def test_bytes_that_are_no_message_are_an_invalid_argument(tmp_path: Path, message: bytes) -> None:
    async with served(tmp_path) as axis, axis.ministry.channel(axis.address) as channel:
        for call in (
            channel.unary_unary("/axis.v1.DirectoryService/GetAgency")(message),
            channel.unary_stream("/axis.v1.InboxService/FetchPart")(message),
            channel.stream_unary("/axis.v1.SubmissionService/Upload")(iter([message])),
        ):
            error = await refused(call)
            assert (error.reason, error.code) == ("INVALID_ARGUMENT", grpc.StatusCode.INVALID_ARGUMENT)


async def test_hanging_up_in_the_middle_of_a_part_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    large = inline("1", "bản đồ.bin", bytes(6 << 20))
    async with served(tmp_path) as axis:
        async with axis.ministry.channel(axis.address) as channel:
            request = submission_pb2.SubmitRequest(package=axis.ministry.letter("H90", attachments=(large,)))
            kept = await SubmissionServiceStub(channel).Submit(request)
        part = inbox_pb2.FetchPartRequest(dispatch_id=kept.dispatch.dispatch_id, number=1)
        with capture_logs() as logs, caplog.at_level(logging.ERROR):
            for number in range(30):
                channel = axis.ministry.channel(axis.address)
                call = inbox_pb2_grpc.InboxServiceStub(channel).FetchPart(part)
                await anext(aiter(call))
                await asyncio.sleep(number / 5000)
                await channel.close()
            async with asyncio.timeout(20):
                while sum(one["event"] == "rpc.finished" for one in logs) < 30:
                    await asyncio.sleep(0.01)
    assert {one["log_level"] for one in logs} == {"info"}
    assert "CANCELLED" in {one["code"] for one in logs} <= {"CANCELLED", "OK"}  # OK: all was on its way
    assert not caplog.records
