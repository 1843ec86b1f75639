"""Check over the wire: findings with sentences in two languages, and the thread of a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest

from axis.v1 import records_pb2, records_pb2_grpc, submission_pb2, submission_pb2_grpc
from edxml.model import Bussiness
from tests.axis_server.packages import detached
from tests.axis_server.served import Office, Served, served, sha256_of, told

LARGE = b"large attachment " * 1000


async def check(office: Office, axis: Served, **request: Any) -> submission_pb2.CheckResponse:
    async with office.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        return await stub.Check(submission_pb2.CheckRequest(**request))


async def submit(office: Office, axis: Served, package: bytes) -> submission_pb2.SubmitResponse:
    async with office.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        return await stub.Submit(submission_pb2.SubmitRequest(package=package))


async def status(office: Office, axis: Served, dispatch_id: str) -> records_pb2.GetStatusResponse:
    async with office.channel(axis.address) as channel:
        stub = records_pb2_grpc.RecordServiceStub(channel)
        return await stub.GetStatus(records_pb2.GetStatusRequest(dispatch_id=dispatch_id))


async def test_what_would_be_accepted_is_told_as_it_would_become(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        unsigned = {"attachments": (detached("1", "lớn.bin"),), "subject": "á" * 501}
        package = axis.ministry.letter("H90", "K99", references={"cid:1": sha256_of(LARGE)}, **unsigned)
        blob = submission_pb2.Blob(sha256=sha256_of(LARGE), size=len(LARGE))
        answer = await check(axis.ministry, axis, package=package, to_upload=[blob])
        outbox = await listed(axis)
    assert not answer.HasField("refusal")
    assert (list(answer.recipient_ids), answer.recipient_count) == (["H90", "K99"], 2)
    assert [part.size for part in answer.dispatch.parts] == [len(package), len(LARGE)]
    accepted = answer.dispatch.accepted_at.ToDatetime()
    assert accepted < answer.handover_by.ToDatetime() <= answer.answer_by.ToDatetime()
    long = next(one for one in answer.warnings if one.code == "FIELD_TOO_LONG")
    assert all((long.english, long.vietnamese, long.next_step, long.next_step_vietnamese, long.detail))
    assert not answer.already_accepted
    assert outbox == []


async def listed(axis: Served) -> list[records_pb2.OutboxItem]:
    async with axis.ministry.channel(axis.address) as channel:
        stub = records_pb2_grpc.RecordServiceStub(channel)
        return list((await stub.ListOutbox(records_pb2.ListOutboxRequest())).items)


async def test_what_would_be_refused_is_told_as_submit_tells_it(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        package = axis.ministry.letter("H90", "X1")
        finding = (await check(axis.ministry, axis, package=package)).refusal
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await submit(axis.ministry, axis, package)
    refusal = told(caught.value)
    assert (finding.code, dict(finding.facts)) == (refusal.reason, refusal.facts)
    assert refusal.sentences["en"].startswith(finding.english.removesuffix("."))
    assert refusal.sentences["vi"].startswith(finding.vietnamese.removesuffix("."))
    assert refusal.next_steps == (finding.next_step, finding.next_step_vietnamese)
    assert (finding.detail, finding.retryable) == ("X1", False)


async def test_what_was_accepted_says_so(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        package = axis.ministry.letter("H90")
        kept = await submit(axis.ministry, axis, package)
        answer = await check(axis.ministry, axis, package=package)
    assert answer.already_accepted
    assert answer.dispatch == kept.dispatch


@pytest.mark.parametrize(
    "request_of",
    [
        {},
        {"package": b"x", "to_upload": [{"sha256": "x", "size": 1}]},
        {"package": b"x", "to_upload": [{"sha256": "0" * 64, "size": 2**64 - 1}]},
        {"package": b"x", "to_upload": [{"sha256": "0" * 64, "size": size} for size in (1, 2)]},
    ],
    ids=["nothing to check", "no digest", "a size that there is not", "one blob of two sizes"],
)
async def test_a_wrong_request_is_refused_itself(tmp_path: Path, request_of: dict[str, Any]) -> None:
    async with served(tmp_path) as axis:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await check(axis.ministry, axis, **request_of)
    assert told(caught.value).reason == "INVALID_ARGUMENT"


async def test_the_thread_is_shown_to_those_who_are_party_of_it(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        first = (await submit(axis.ministry, axis, axis.ministry.letter("H90", "K99"))).dispatch
        recall = axis.ministry.letter("H90", bussiness=Bussiness(doc_type="1", reason="Sai số liệu"))
        second = (await submit(axis.ministry, axis, recall)).dispatch
        seen = [await status(one, axis, first.dispatch_id) for one in (axis.ministry, axis.province)]
        unseen = await status(axis.neighbour, axis, first.dispatch_id)
        back = await status(axis.province, axis, second.dispatch_id)
    for answer in seen:
        assert [(one.dispatch_id, one.kind, one.later) for one in answer.links] == [
            (second.dispatch_id, 1, True)
        ]
    assert list(unseen.links) == []
    assert [(one.dispatch_id, one.kind, one.later) for one in back.links] == [(first.dispatch_id, 0, False)]
