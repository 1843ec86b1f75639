"""Every error becomes a status in one place: what was meant comes through, the rest stays inside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
import structlog
from google.rpc import error_details_pb2, status_pb2

from axis.v1 import directory_pb2, directory_pb2_grpc, errors_pb2, inbox_pb2, inbox_pb2_grpc
from axis_server.addressing.directory import DirectoryView
from axis_server.admitting.admission import Admission
from axis_server.attest import Attestor
from axis_server.boundary.errors import MOST_STATUS, failure_of
from axis_server.boundary.interceptor import Boundary
from axis_server.boundary.watches import Watches
from axis_server.errors import Declined
from axis_server.ledgers import opened_ledger
from axis_server.limits.held_back import HeldBack
from axis_server.limits.shares import Shares
from axis_server.material import tls_material
from axis_server.metrics import Metrics
from axis_server.reasons import ANSWERS, RETRYABLE_STATUSES
from axis_server.settings import Address
from signing.evidence import Party
from signing.keys import MemorySigner
from signing.policy import DEFAULT_POLICY
from signing.trust import TrustStore
from storage.errors import Corrupt, StoreFull, Unavailable
from storage.ledger.records import Evidence
from tests.axis_server.houses import Pki
from tests.axis_server.served import Prepared, prepared, told
from tests.pki import AT

SECRET = "password=hunter2 at /srv/axis/ledger.sqlite3"


def details(status: bytes, kind: Any) -> list[Any]:
    found = []
    for packed in status_pb2.Status.FromString(status).details:
        message = kind()
        if packed.Unpack(message):
            found.append(message)
    return found


@pytest.mark.parametrize("code", sorted(ANSWERS))
def test_every_code_has_a_status_two_sentences_two_next_steps_and_says_whether_to_retry(code: str) -> None:
    failure = failure_of(Declined(code, "the detail", facts={"offset": "7"}), "request-1")
    assert failure.reason == code
    assert failure.foreseen
    assert failure.status is grpc.StatusCode[ANSWERS[code].status]
    (info,) = details(failure.details, error_details_pb2.ErrorInfo)
    assert (info.reason, info.domain, dict(info.metadata)) == (code, "national-axis", {"offset": "7"})
    sentences = {
        one.locale: one.message for one in details(failure.details, error_details_pb2.LocalizedMessage)
    }
    assert sentences == {
        "en": f"{ANSWERS[code].english} (the detail)",
        "vi": f"{ANSWERS[code].vietnamese} (the detail)",
    }
    (steps,) = details(failure.details, error_details_pb2.Help)
    assert [link.description for link in steps.links] == [
        ANSWERS[code].next_step,
        ANSWERS[code].next_step_vietnamese,
    ]
    retries = details(failure.details, error_details_pb2.RetryInfo)
    assert bool(retries) is (failure.status.name in RETRYABLE_STATUSES)


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (StoreFull(SECRET), "STORE_FULL"),
        (Unavailable(SECRET), "STORE_UNAVAILABLE"),
        (Corrupt(SECRET), "CORRUPT"),
        (RuntimeError(SECRET), "INTERNAL"),
        (KeyError(SECRET), "INTERNAL"),
        (Declined("NO_SUCH_CODE", SECRET), "INTERNAL"),
    ],
)
def test_what_a_store_or_a_defect_says_stays_inside(raised: Exception, code: str) -> None:
    failure = failure_of(raised, "request-1")
    assert failure.reason == code
    assert failure.foreseen is (code != "INTERNAL")
    assert b"hunter2" not in failure.details
    assert "hunter2" not in failure.message
    assert failure.status is grpc.StatusCode[ANSWERS[code].status]


def test_a_detail_of_any_length_keeps_the_status_small_and_is_cut_between_characters() -> None:
    for letter in ("x", "ế", "\U00020000"):
        declined = Declined("NOT_EDXML", letter * 100_000, facts={"recipient": letter * 100_000})
        failure = failure_of(declined, "request-1")
        assert len(failure.details) < 2000
        (info,) = details(failure.details, error_details_pb2.ErrorInfo)
        assert set(info.metadata["recipient"]) == {letter}
        assert 190 <= len(info.metadata["recipient"].encode()) <= 200
        assert failure.message.isascii()
        sentences = details(failure.details, error_details_pb2.LocalizedMessage)
        assert all(letter * 40 in one.message for one in sentences)


def rejection(content: bytes) -> Evidence:
    return Evidence(
        evidence_id="e", dispatch_id="d", event="SubmissionRejection", issued_at=AT, content=content
    )


@pytest.mark.parametrize("key", ["p256", "rsa2048"])
def test_the_usual_signed_refusal_fits_however_long_its_detail(key: str, pki: Pki) -> None:
    axis = pki.root.issue("Test Axis", key=key)
    issuer = Party(agency_id="axis.test", name="Trục thử nghiệm")
    signer = MemorySigner(axis.key, axis.certificate, axis.chain)  # type: ignore[arg-type]
    declined = Declined("UNKNOWN_RECIPIENT", "ế" * 5000, facts={"recipient": "ế" * 5000, "count": "20"})
    declined.evidence = Attestor(
        issuer=issuer, signer=lambda: signer, new_id=lambda: "e" * 36
    ).submission_rejected(
        dispatch_id="d" * 64,
        sender=pki.ministry.agency,
        sha256="0" * 64,
        at=AT,
        code=declined.code,
        detail=declined.detail,
    )
    failure = failure_of(declined, "r" * 36)
    (refusal,) = details(failure.details, errors_pb2.Refusal)
    assert refusal.evidence.content == declined.evidence.content
    assert len(failure.details) <= MOST_STATUS


def test_evidence_that_does_not_fit_is_left_out_and_the_refusal_stands() -> None:
    declined = Declined("NOT_EDXML", evidence=rejection(bytes(MOST_STATUS)))
    failure = failure_of(declined, "request-1")
    assert details(failure.details, errors_pb2.Refusal) == []
    assert len(failure.details) < 2000
    assert failure.reason == "NOT_EDXML"


class Failing(directory_pb2_grpc.DirectoryServiceServicer, inbox_pb2_grpc.InboxServiceServicer):
    """Services with a defect, and one that is a generator which fails in its middle."""

    async def WhoAmI(self, request: Any, context: Any) -> Any:
        raise RuntimeError(SECRET)

    async def FetchPart(self, request: Any, context: Any) -> AsyncIterator[inbox_pb2.FetchPartResponse]:
        yield inbox_pb2.FetchPartResponse(chunk=b"first")
        raise RuntimeError(SECRET)


async def failing_server(ready: Prepared, metrics: Metrics) -> tuple[grpc.aio.Server, Address]:
    async with opened_ledger(ready.settings) as ledger:
        view = DirectoryView.of(await ledger.agencies())
    watches = Watches(most=9, most_each=9)
    clients = TrustStore.load(ready.settings.tls.client_ca)
    admission = Admission(
        directory=lambda: view,
        trust=lambda: clients,
        policy=DEFAULT_POLICY,
        clock=lambda: datetime.now(UTC),
    )
    boundary = Boundary(
        admission=admission,
        metrics=metrics,
        new_id=lambda: "request-1",
        watches=watches,
        shares=Shares(calls=9, rates={}, clock=lambda: datetime.now(UTC)),
        held_back=HeldBack(clock=lambda: datetime.now(UTC), metrics=metrics),
    )
    server = grpc.aio.server(interceptors=[boundary])
    directory_pb2_grpc.add_DirectoryServiceServicer_to_server(Failing(), server)
    inbox_pb2_grpc.add_InboxServiceServicer_to_server(Failing(), server)
    tls = tls_material(ready.settings.tls, None)
    credentials = grpc.ssl_server_credentials(
        [(tls.private_key, tls.certificate_chain)], tls.client_ca, require_client_auth=True
    )
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    return server, Address("127.0.0.1", port)


async def test_a_defect_shows_an_error_id_to_the_caller_and_its_cause_to_the_log(tmp_path: Path) -> None:
    ready, metrics = await prepared(tmp_path), Metrics.make()
    server, address = await failing_server(ready, metrics)
    async with ready.ministry.channel(address) as channel:
        with structlog.testing.capture_logs() as events:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await directory_pb2_grpc.DirectoryServiceStub(channel).WhoAmI(directory_pb2.WhoAmIRequest())
            await server.stop(None)
    error = told(caught.value)
    assert (error.code, error.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert error.facts == {"error_id": "request-1"}
    assert error.retry  # a retry walks the same road
    assert "hunter2" not in str(caught.value.trailing_metadata())
    (defect,) = (event for event in events if event["event"] == "rpc.failed")
    assert defect["error_id"] == "request-1"
    assert SECRET in repr(defect["exc_info"])
    (finished,) = (event for event in events if event["event"] == "rpc.finished")
    assert (finished["code"], finished["reason"]) == ("INTERNAL", "INTERNAL")


async def test_an_error_in_the_middle_of_a_stream_is_translated_like_any_other(tmp_path: Path) -> None:
    ready, metrics = await prepared(tmp_path), Metrics.make()
    server, address = await failing_server(ready, metrics)
    received = []
    async with ready.ministry.channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            stream = inbox_pb2_grpc.InboxServiceStub(channel).FetchPart(inbox_pb2.FetchPartRequest())
            async for message in stream:
                received.append(message.chunk)
    await server.stop(None)
    assert received == [b"first"]
    assert told(caught.value).reason == "INTERNAL"
    sample = {"method": "InboxService/FetchPart", "code": "INTERNAL"}
    assert metrics.registry.get_sample_value("axis_calls_total", sample) == 1
    assert metrics.registry.get_sample_value("axis_calls_open") == 0
