"""A damaged archive raises an alarm that names the file to restore, to the operator alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import grpc.aio
import pytest
import structlog

from axis.v1 import inbox_pb2, inbox_pb2_grpc, submission_pb2, submission_pb2_grpc
from tests.axis_server.served import ANYWHERE, served, sha256_of, told
from tests.axis_server.test_metrics import scraped


def spoiled(path: Path) -> None:
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[:-1] + b"?")


@pytest.mark.parametrize("damage", [spoiled, Path.unlink], ids=["changed", "gone"])
async def test_a_damaged_file_is_named_in_the_log_and_counted_and_its_caller_learns_no_digest(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    async with served(tmp_path, metrics=ANYWHERE) as axis:
        package = axis.ministry.letter("H90")
        sha256 = sha256_of(package)
        async with axis.ministry.channel(axis.address) as channel:
            stub = submission_pb2_grpc.SubmissionServiceStub(channel)
            sent = await stub.Submit(submission_pb2.SubmitRequest(package=package))
        file = axis.settings.archive.path / sha256[:2] / sha256[2:4] / sha256
        damage(file)
        with structlog.testing.capture_logs() as log:
            async with axis.province.channel(axis.address) as channel:
                request = inbox_pb2.FetchPartRequest(dispatch_id=sent.dispatch.dispatch_id, number=0)
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    async for _ in inbox_pb2_grpc.InboxServiceStub(channel).FetchPart(request):
                        pass
        found = await asyncio.to_thread(scraped, f"http://{axis.metrics_address}/metrics")
    (alarm,) = [event for event in log if event["event"] == "archive.corrupt"]
    assert (alarm["log_level"], alarm["digest"]) == ("error", sha256)
    assert found["axis_archive_corrupt_total", ()] == 1
    assert told(caught.value).reason == "CORRUPT"
    assert sha256 not in repr((caught.value.details(), caught.value.trailing_metadata()))
