"""The program as it is run: ready, logged, stopped by a signal without losing anything."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio
import pytest
from click.testing import CliRunner

from axis.v1 import directory_pb2, directory_pb2_grpc, submission_pb2, submission_pb2_grpc
from axis_server.cli import main
from tests.axis_server.process import started
from tests.axis_server.served import prepared, sha256_of, told

TRY_LATER = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
"""How gRPC tells that a call was not begun (CANCELLED: the server stops), or that its answer was lost."""
CONTENT = b"0123456789" * 1000


class HeldUpload:
    """An upload that stays in flight until it is let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()

    async def messages(self) -> AsyncIterator[submission_pb2.UploadRequest]:
        header = submission_pb2.UploadHeader(sha256=sha256_of(CONTENT), size=len(CONTENT))
        yield submission_pb2.UploadRequest(header=header, chunk=CONTENT[:100])
        self.begun.set()
        await self.let_go.wait()
        yield submission_pb2.UploadRequest(chunk=CONTENT[100:])


async def test_sigterm_lets_a_call_in_flight_end_takes_no_new_one_and_exits_with_0(tmp_path: Path) -> None:
    ready = await prepared(tmp_path)
    async with started(ready.config) as axis, ready.ministry.channel(axis.address) as channel:
        held = HeldUpload()
        upload = submission_pb2_grpc.SubmissionServiceStub(channel).Upload(held.messages())
        await held.begun.wait()
        await directory_pb2_grpc.DirectoryServiceStub(channel).WhoAmI(directory_pb2.WhoAmIRequest())
        axis.process.send_signal(signal.SIGTERM)
        while not any("axis.stopping" in line for line in axis.log):
            await asyncio.sleep(0.02)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async with ready.province.channel(axis.address) as other:
                stub = directory_pb2_grpc.DirectoryServiceStub(other)
                await stub.WhoAmI(directory_pb2.WhoAmIRequest(), timeout=30)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        held.let_go.set()
        answer = await upload
        assert answer.complete
        assert await axis.ended() == 0
        assert "axis.stopped" in axis.log[-1]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_what_was_answered_before_a_stop_is_there_after_it_and_the_rest_can_be_sent_again(
    tmp_path: Path, stop: signal.Signals
) -> None:
    ready = await prepared(tmp_path)
    packages = [ready.ministry.letter("H90", number=number) for number in range(40)]
    answered: dict[int, list[bytes]] = {}

    async def submit(channel: grpc.aio.Channel, number: int) -> list[bytes]:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        answer = await stub.Submit(submission_pb2.SubmitRequest(package=packages[number]), timeout=60)
        return [one.content for one in answer.evidence]

    async with started(ready.config) as axis, ready.ministry.channel(axis.address) as channel:
        calls = {number: asyncio.ensure_future(submit(channel, number)) for number in range(len(packages))}
        await asyncio.wait(calls.values(), return_when=asyncio.FIRST_COMPLETED)
        axis.process.send_signal(stop)
        for number, call in calls.items():
            try:
                answered[number] = await call
            except grpc.aio.AioRpcError as error:
                assert error.code() in TRY_LATER, error
        assert await axis.ended() == (-9 if stop is signal.SIGKILL else 0)
    assert answered
    async with started(ready.config) as axis, ready.ministry.channel(axis.address) as channel:
        for number in range(len(packages)):
            evidence = await submit(channel, number)
            assert evidence == answered.get(number, evidence)


async def test_every_call_leaves_one_event_and_no_event_holds_what_was_sent(tmp_path: Path) -> None:
    ready = await prepared(tmp_path)
    async with started(ready.config) as axis:
        async with ready.ministry.channel(axis.address) as channel:
            stub = submission_pb2_grpc.SubmissionServiceStub(channel)
            package = ready.ministry.letter("H90", subject="tuyệt đối không ghi lại")
            await stub.Submit(submission_pb2.SubmitRequest(package=package))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.Submit(submission_pb2.SubmitRequest(package=b"<secret>do not log</secret>"))
        axis.process.send_signal(signal.SIGTERM)
        assert await axis.ended() == 0
    events = [json.loads(line) for line in axis.log]
    sound, refused = (event for event in events if event["event"] == "rpc.finished")
    assert sound["method"] == refused["method"] == "SubmissionService/Submit"
    assert sound["agency"] == "G22"
    assert (sound["code"], sound["reason"]) == ("OK", None)
    assert sound["received"] > len(package)
    assert sound["ms"] > 0
    error = told(caught.value)
    assert (refused["code"], refused["reason"]) == (error.code.name, error.reason)
    assert refused["request_id"] == error.request_id
    written = "".join(axis.log)
    assert "tuyệt đối" not in written
    assert "do not log" not in written
    assert "BEGIN" not in written


async def test_an_agency_registered_while_the_axis_runs_may_soon_call(tmp_path: Path) -> None:
    ready = await prepared(tmp_path)
    async with started(ready.config) as axis:
        line = ["agency", "add", "L01", "--name", "Mới", "--issue", str(tmp_path / "late")]
        result = await asyncio.to_thread(CliRunner().invoke, main, [*line, "--config", str(ready.config)])
        assert result.exit_code == 0, result.output
        newcomer = type(ready.ministry)(id="L01", profile=tmp_path / "late")
        async with newcomer.channel(axis.address) as channel:
            stub = directory_pb2_grpc.DirectoryServiceStub(channel)
            for _ in range(200):
                try:
                    answer = await stub.WhoAmI(directory_pb2.WhoAmIRequest())
                    break
                except grpc.aio.AioRpcError as error:
                    assert told(error).reason == "STRANGER"
                    await asyncio.sleep(0.05)
        assert answer.agency.name == "Mới"
