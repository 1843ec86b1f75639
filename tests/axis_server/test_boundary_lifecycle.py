"""The life cycle over the wire: asking, answering, withholding, and a deadline that passes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

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
from axis_server import app
from edxml.model import HEADER_PLACE, Bussiness, Organ, ResponseFor, Status
from edxml.writer import write
from signing.keys import load_pem
from signing.seal import seal
from tests.axis_server.served import Office, served, sha256_of, told


def statement(by: Office, about: str, document_id: str, code: str, reason: str = "") -> bytes:
    """A sealed status of an agency to another one."""
    unsigned = Status(
        sender=Organ(organ_id=by.id),
        response_for=ResponseFor(organ_id=about, document_id=document_id),
        status_code=code,
        description=reason,
        timestamp="2026/03/02 10:15:00",
    )
    signer = load_pem(by.profile / "system.key", by.profile / "system.pem")
    return seal(write(unsigned), signer=signer, at=datetime.now(UTC), place=HEADER_PLACE)


async def submitted(channel: grpc.aio.Channel, package: bytes) -> types_pb2.Dispatch:
    stub = submission_pb2_grpc.SubmissionServiceStub(channel)
    return (await stub.Submit(submission_pb2.SubmitRequest(package=package))).dispatch


async def reported(
    channel: grpc.aio.Channel, dispatch: types_pb2.Dispatch, content: bytes
) -> inbox_pb2.ReportResponse:
    request = inbox_pb2.ReportRequest(dispatch_id=dispatch.dispatch_id, statement=content)
    answer: inbox_pb2.ReportResponse = await inbox_pb2_grpc.InboxServiceStub(channel).Report(request)
    return answer


async def fetch(channel: grpc.aio.Channel, dispatch: types_pb2.Dispatch) -> bytes:
    request = inbox_pb2.FetchPartRequest(dispatch_id=dispatch.dispatch_id)
    stream = inbox_pb2_grpc.InboxServiceStub(channel).FetchPart(request)
    return b"".join([message.chunk async for message in stream])


async def standing(channel: grpc.aio.Channel, dispatch: types_pb2.Dispatch) -> types_pb2.Delivery:
    stub = records_pb2_grpc.RecordServiceStub(channel)
    page = await stub.ListDeliveries(records_pb2.ListDeliveriesRequest(dispatch_id=dispatch.dispatch_id))
    (delivery,) = page.deliveries
    return delivery


async def test_a_letter_is_asked_back_withheld_and_given_back_over_the_wire(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as axis,
        axis.ministry.channel(axis.address) as sender,
        axis.province.channel(axis.address) as recipient,
    ):
        dispatch = await submitted(sender, axis.ministry.letter("H90"))
        delivery = await standing(recipient, dispatch)
        accepted = dispatch.accepted_at.ToDatetime()
        assert accepted < delivery.handover_by.ToDatetime() <= delivery.answer_by.ToDatetime()
        assert (delivery.mailbox_id, delivery.HasField("question")) == ("H90", False)

        asking = statement(axis.ministry, "H90", dispatch.document_id, "13", "Ban hành nhầm")
        asked = (await reported(sender, dispatch, asking)).delivery.question
        assert (asked.kind, asked.reason) == (types_pb2.QUESTION_KIND_RECALL, "Ban hành nhầm")
        assert (asked.asked_by_statement_id, asked.asked_by_dispatch_id) == (sha256_of(asking), "")
        assert asked.asked_at.ToDatetime() < asked.until.ToDatetime()

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await fetch(recipient, dispatch)
        withheld = told(caught.value)
        assert (withheld.code.name, withheld.reason, withheld.retry) == (
            "FAILED_PRECONDITION",
            "WITHHELD",
            False,
        )
        refusing = statement(axis.province, "G22", dispatch.document_id, "02", "Không đúng")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await reported(recipient, dispatch, refusing)
        assert told(caught.value).reason == "QUESTION_OPEN"
        assert told(caught.value).facts["question"] == "recall"

        agreeing = statement(axis.province, "G22", dispatch.document_id, "15")
        answer = await reported(recipient, dispatch, agreeing)
        assert answer.delivery.state == types_pb2.DELIVERY_STATE_TAKEN_BACK
        assert [one.event for one in answer.evidence] == ["ConsignmentRejection"]
        assert (await reported(recipient, dispatch, agreeing)).evidence == answer.evidence
        assert await fetch(sender, dispatch), "the sender still has its original"


async def test_a_package_that_asks_is_named_in_the_question_and_in_the_history(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as axis,
        axis.ministry.channel(axis.address) as sender,
        axis.province.channel(axis.address) as recipient,
    ):
        dispatch = await submitted(sender, axis.ministry.letter("H90"))
        assert await fetch(recipient, dispatch)
        assert (await standing(sender, dispatch)).state == types_pb2.DELIVERY_STATE_FETCHED
        revoking = axis.ministry.letter("H90", bussiness=Bussiness(doc_type="1", reason="Sai số liệu"))
        package = await submitted(sender, revoking)
        question = (await standing(recipient, dispatch)).question
        assert (question.asked_by_dispatch_id, question.asked_by_statement_id) == (package.dispatch_id, "")
        refusing = statement(axis.province, "G22", dispatch.document_id, "16", "Đã thực hiện")
        await reported(recipient, dispatch, refusing)
        assert (await standing(sender, package)).state == types_pb2.DELIVERY_STATE_REFUSED
        assert not (await standing(sender, dispatch)).HasField("question")
        stub = records_pb2_grpc.RecordServiceStub(sender)
        history = await stub.ListEvents(records_pb2.ListEventsRequest(dispatch_id=dispatch.dispatch_id))
        assert [(one.kind, one.related_dispatch_id) for one in history.events][2:] == [
            ("ContentAccessTracking", ""),
            ("RecallRequested", package.dispatch_id),
            ("QuestionRefused", package.dispatch_id),
        ]


async def test_a_deadline_that_passes_while_the_axis_runs_ends_the_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "DEADLINE_SECONDS", 0.02)
    short = "[server] => [deadlines]\nhandover_hours = [1e-6, 1, 1, 1, 1]\n\n[server]"
    async with (
        served(tmp_path, settings=[short]) as axis,
        axis.ministry.channel(axis.address) as sender,
    ):
        dispatch = await submitted(sender, axis.ministry.letter("H90"))
        async with asyncio.timeout(60):
            while (ended := await standing(sender, dispatch)).state != types_pb2.DELIVERY_STATE_EXPIRED:
                await asyncio.sleep(0.02)
        assert ended.reason == "NOT_HANDED_OVER_IN_TIME"
        stub = records_pb2_grpc.RecordServiceStub(sender)
        request = records_pb2.ListEvidenceRequest(dispatch_id=dispatch.dispatch_id)
        found = [one.evidence.event for one in (await stub.ListEvidence(request)).records]
        assert found.count("ContentHandoverFailure") == 1
