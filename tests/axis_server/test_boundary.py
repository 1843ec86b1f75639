"""The boundary over real mutual TLS: who gets in, what an error says, what leaks."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from axis.v1 import (
    directory_pb2,
    directory_pb2_grpc,
    inbox_pb2,
    inbox_pb2_grpc,
    records_pb2,
    records_pb2_grpc,
    submission_pb2,
    submission_pb2_grpc,
    types_pb2,
)
from axis_server.app import running
from axis_server.ledgers import opened_ledger
from axis_server.material import MaterialError
from axis_server.operation import registry
from axis_server.settings import Secrets
from signing.evidence import EventId, read
from signing.trust import TrustStore
from signing.verdict import Sound
from signing.verify import verify
from tests.axis_server.packages import detached
from tests.axis_server.served import Office, Served, Told, prepared, served, sha256_of, told
from tests.pki import authority


async def whoami(office: Office, axis: Served) -> directory_pb2.WhoAmIResponse:
    async with office.channel(axis.address) as channel:
        return await directory_pb2_grpc.DirectoryServiceStub(channel).WhoAmI(directory_pb2.WhoAmIRequest())


async def submit(office: Office, axis: Served, package: bytes) -> submission_pb2.SubmitResponse:
    async with office.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        return await stub.Submit(submission_pb2.SubmitRequest(package=package))


async def fetched(office: Office, axis: Served, dispatch_id: str, number: int, offset: int = 0) -> bytes:
    request = inbox_pb2.FetchPartRequest(dispatch_id=dispatch_id, number=number, offset=offset)
    async with office.channel(axis.address) as channel:
        stream = inbox_pb2_grpc.InboxServiceStub(channel).FetchPart(request)
        return b"".join([message.chunk async for message in stream])


async def uploaded(office: Office, axis: Served, content: bytes) -> submission_pb2.UploadResponse:
    async def messages() -> AsyncIterator[submission_pb2.UploadRequest]:
        header = submission_pb2.UploadHeader(sha256=sha256_of(content), size=len(content))
        yield submission_pb2.UploadRequest(header=header)
        for start in range(0, len(content), 1 << 20):
            yield submission_pb2.UploadRequest(chunk=content[start : start + (1 << 20)])

    async with office.channel(axis.address) as channel:
        return await submission_pb2_grpc.SubmissionServiceStub(channel).Upload(messages())


async def test_a_registered_certificate_is_told_who_it_is(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        answer = await whoami(axis.ministry, axis)
    assert answer.agency.agency_id == "G22"
    assert answer.role == directory_pb2.ROLE_SYSTEM
    assert answer.axis_id == "AXIS.TEST"
    assert answer.max_message_bytes == 16 << 20
    certificate = x509.load_pem_x509_certificate(answer.axis_certificates[0].encode())
    own = x509.load_pem_x509_certificate(axis.settings.evidence.certificate.read_bytes())
    assert certificate == own


async def test_a_strangers_certificate_is_refused_by_every_service(tmp_path: Path) -> None:
    async with served(tmp_path) as axis, axis.stranger.channel(axis.address) as channel:
        calls = (
            directory_pb2_grpc.DirectoryServiceStub(channel).WhoAmI(directory_pb2.WhoAmIRequest()),
            submission_pb2_grpc.SubmissionServiceStub(channel).Submit(
                submission_pb2.SubmitRequest(package=axis.ministry.letter("H90"))
            ),
            inbox_pb2_grpc.InboxServiceStub(channel).ListInbox(inbox_pb2.ListInboxRequest()),
            records_pb2_grpc.RecordServiceStub(channel).ListOutbox(records_pb2.ListOutboxRequest()),
        )
        for call in calls:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            assert told(caught.value).reason == "STRANGER"
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in inbox_pb2_grpc.InboxServiceStub(channel).WatchInbox(inbox_pb2.WatchInboxRequest()):
                pytest.fail("a stranger watches an inbox")
        assert told(caught.value).reason == "STRANGER"


async def test_without_a_certificate_of_the_configured_authority_the_handshake_fails(tmp_path: Path) -> None:
    other = authority("Another CA").issue_tls("G22", server=False)
    async with served(tmp_path) as axis:
        ca = (axis.ministry.profile / "ca.pem").read_bytes()
        for credentials in (
            grpc.ssl_channel_credentials(ca),
            grpc.ssl_channel_credentials(ca, other.key_pem(), other.certificate_pem),
        ):
            async with grpc.aio.secure_channel(str(axis.address), credentials) as channel:
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await directory_pb2_grpc.DirectoryServiceStub(channel).WhoAmI(
                        directory_pb2.WhoAmIRequest()
                    )
                assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_an_agency_suspended_by_another_process_is_soon_refused_and_let_in_again(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as axis, opened_ledger(axis.settings) as ledger:
        await registry.suspend(ledger, "G22")
        error = await eventually_refused(axis)
        assert (error.code, error.reason) == (grpc.StatusCode.PERMISSION_DENIED, "AGENCY_SUSPENDED")
        assert (await whoami(axis.province, axis)).agency.agency_id == "H90"
        await registry.resume(ledger, "G22")
        for _ in range(200):
            try:
                assert (await whoami(axis.ministry, axis)).agency.active
                return
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.05)
        pytest.fail("the agency stayed suspended")


async def eventually_refused(axis: Served) -> Told:
    for _ in range(200):
        try:
            await whoami(axis.ministry, axis)
        except grpc.aio.AioRpcError as error:
            return told(error)
        await asyncio.sleep(0.05)
    pytest.fail("the agency was never refused")


async def test_a_document_goes_through_and_every_byte_comes_out_as_it_went_in(tmp_path: Path) -> None:
    attachment = bytes(range(256)) * 10_000
    async with served(tmp_path) as axis:
        assert (await uploaded(axis.ministry, axis, attachment)).complete
        package = axis.ministry.letter(
            "H90",
            references={"cid:210": sha256_of(attachment)},
            attachments=(detached("210", "map.bin"),),
        )
        sent = await submit(axis.ministry, axis, package)
        again = await submit(axis.ministry, axis, package)
        assert [one.event for one in sent.evidence] == ["SubmissionAcceptance", "ContentConsignment"]
        assert [one.content for one in again.evidence] == [one.content for one in sent.evidence]
        dispatch_id = sent.dispatch.dispatch_id
        async with axis.province.channel(axis.address) as channel:
            watch = inbox_pb2_grpc.InboxServiceStub(channel).WatchInbox(inbox_pb2.WatchInboxRequest())
            assert (await anext(aiter(watch))).item.dispatch == sent.dispatch
        assert await fetched(axis.province, axis, dispatch_id, 0) == package
        assert await fetched(axis.province, axis, dispatch_id, 1) == attachment
        assert await fetched(axis.province, axis, dispatch_id, 1, offset=2_000_001) == attachment[2_000_001:]
        assert await fetched(axis.ministry, axis, dispatch_id, 1) == attachment


async def test_another_agencys_document_looks_like_one_that_never_was(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        sent = await submit(axis.ministry, axis, axis.ministry.letter("H90"))
        answers = []
        async with axis.neighbour.channel(axis.address) as channel:
            records = records_pb2_grpc.RecordServiceStub(channel)
            inbox = inbox_pb2_grpc.InboxServiceStub(channel)
            for dispatch_id in (sent.dispatch.dispatch_id, "a" * 26):
                seen = []
                for call in (
                    records.GetStatus(records_pb2.GetStatusRequest(dispatch_id=dispatch_id)),
                    records.ListDeliveries(records_pb2.ListDeliveriesRequest(dispatch_id=dispatch_id)),
                    records.ListEvents(records_pb2.ListEventsRequest(dispatch_id=dispatch_id)),
                    records.ListEvidence(records_pb2.ListEvidenceRequest(dispatch_id=dispatch_id)),
                    inbox.Report(inbox_pb2.ReportRequest(dispatch_id=dispatch_id, statement=b"<x/>")),
                    anext(aiter(inbox.FetchPart(inbox_pb2.FetchPartRequest(dispatch_id=dispatch_id)))),
                ):
                    with pytest.raises(grpc.aio.AioRpcError) as caught:
                        await call
                    error = told(caught.value)
                    assert error.code is grpc.StatusCode.NOT_FOUND
                    seen.append((error.code, error.facts, error.sentences, caught.value.details()))
                answers.append(seen)
            assert answers[0] == answers[1]
            assert not (await inbox.ListInbox(inbox_pb2.ListInboxRequest())).items
            assert not (await records.ListOutbox(records_pb2.ListOutboxRequest())).items


async def test_a_refusal_brings_its_reason_in_two_languages_and_signed_evidence(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        package = axis.ministry.letter("H90").replace(b"V/v", b"V/x", 1)
        refused = []
        for _ in range(2):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await submit(axis.ministry, axis, package)
            refused.append(told(caught.value))
        first, second = refused
        assert first.code is grpc.StatusCode.INVALID_ARGUMENT
        assert first.reason == "DIGEST_MISMATCH"
        assert set(first.sentences) == {"en", "vi"}
        assert len(first.next_steps) == 2 and all(first.next_steps)
        assert not first.retry
        assert first.evidence == second.evidence
        assert first.request_id != second.request_id
        assert first.size < 64 << 10
        trust = TrustStore.load(axis.settings.trust.anchors)
        verdict = verify(first.evidence, trust=trust, at=datetime.now(UTC))
        assert isinstance(verdict, Sound), verdict
        record = read(verdict)
        assert record.event is EventId.SUBMISSION_REJECTION
        assert [part.sha256 for part in record.parts] == [sha256_of(package)]
        assert [reason.code for reason in record.reasons] == ["DIGEST_MISMATCH"]


async def test_a_package_above_the_limit_is_refused_with_a_reason(
    tmp_path: Path,
) -> None:
    limits = ('# [limits]\n# message_bytes = "16 MiB" => [limits]\nmessage_bytes = "1 MiB"',)
    async with served(tmp_path, settings=limits) as axis:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await submit(axis.ministry, axis, b" " * ((1 << 20) + 1))
        assert told(caught.value).reason == "PACKAGE_TOO_LARGE"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await submit(axis.ministry, axis, b" " * (4 << 20))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await whoami(axis.ministry, axis)).max_message_bytes == 1 << 20


async def test_bytes_damaged_in_the_archive_end_a_stream_in_its_middle_with_data_loss(tmp_path: Path) -> None:
    attachment = bytes(3 << 20)
    async with served(tmp_path) as axis:
        await uploaded(axis.ministry, axis, attachment)
        references = {"cid:210": sha256_of(attachment)}
        package = axis.ministry.letter(
            "H90", references=references, attachments=(detached("210", "zero.bin"),)
        )
        sent = await submit(axis.ministry, axis, package)
        damage(axis.settings.archive.path, sha256_of(attachment))
        request = inbox_pb2.FetchPartRequest(dispatch_id=sent.dispatch.dispatch_id, number=1)
        received = 0
        async with axis.province.channel(axis.address) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                async for message in inbox_pb2_grpc.InboxServiceStub(channel).FetchPart(request):
                    received += len(message.chunk)
        assert 0 < received < len(attachment)
        assert told(caught.value).reason == "CORRUPT"
        assert caught.value.code() is grpc.StatusCode.DATA_LOSS


def damage(archive: Path, digest: str) -> None:
    """Flips the last byte of a blob on disk."""
    (blob,) = (path for path in archive.rglob("*") if path.is_file() and path.name.endswith(digest[4:]))
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.chmod(0o600)
    blob.write_bytes(content)


async def test_an_upload_that_says_nothing_useful_is_refused_with_a_reason(tmp_path: Path) -> None:
    header, message = submission_pb2.UploadHeader, submission_pb2.UploadRequest
    wrong = (
        ([], "INVALID_ARGUMENT"),
        ([message(chunk=b"x")], "INVALID_ARGUMENT"),
        ([message(header=header(sha256="x", size=1))], "INVALID_ARGUMENT"),
        (
            [submission_pb2.UploadRequest(header=header(sha256="0" * 64, size=2**64 - 1))],
            "ATTACHMENT_TOO_LARGE",
        ),
        (
            [submission_pb2.UploadRequest(header=header(sha256="0" * 64, size=4), chunk=b"xx")] * 2,
            "INVALID_ARGUMENT",
        ),
        (
            [submission_pb2.UploadRequest(header=header(sha256="0" * 64, size=4), chunk=b"xx")],
            "STREAM_TRUNCATED",
        ),
        (
            [submission_pb2.UploadRequest(header=header(sha256="1" * 64, size=2), chunk=b"xx")],
            "DIGEST_MISMATCH",
        ),
    )
    async with served(tmp_path) as axis, axis.ministry.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        for messages, reason in wrong:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.Upload(iter(messages))
            assert told(caught.value).reason == reason, messages
        state = await stub.QueryUpload(submission_pb2.QueryUploadRequest(sha256="0" * 64))
        assert (state.offset, state.complete) == (2, False)


@pytest.mark.parametrize("sent", [None, 0, 4])
async def test_an_upload_that_pauses_too_long_loses_its_place_and_is_told_where_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: int | None
) -> None:
    monkeypatch.setattr("axis_server.boundary.submission.IDLE_SECONDS", 1.0)
    content = b"some bytes"
    header = submission_pb2.UploadHeader(sha256=sha256_of(content), size=len(content))

    async def stalled() -> AsyncIterator[submission_pb2.UploadRequest]:
        if sent is not None:
            yield submission_pb2.UploadRequest(header=header)
            yield submission_pb2.UploadRequest(chunk=content[:sent])
        await asyncio.Event().wait()

    async with served(tmp_path) as axis, axis.ministry.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Upload(stalled())
        error = told(caught.value)
        assert (error.reason, error.facts, error.retry) == (
            "STREAM_TRUNCATED",
            {"offset": str(sent or 0)},
            True,
        )
        state = await stub.QueryUpload(submission_pb2.QueryUploadRequest(sha256=header.sha256))
        assert state.offset == (sent or 0)


async def test_numbers_that_no_store_could_hold_are_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as axis, axis.ministry.channel(axis.address) as channel:
        inbox = inbox_pb2_grpc.InboxServiceStub(channel)
        for request in (
            inbox.ListInbox(inbox_pb2.ListInboxRequest(states=[77])),  # type: ignore[list-item]
            inbox.ListInbox(inbox_pb2.ListInboxRequest(states=[types_pb2.DELIVERY_STATE_ACCEPTED] * 10)),
            anext(aiter(inbox.FetchPart(inbox_pb2.FetchPartRequest(offset=2**64 - 1)))),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await request
            assert told(caught.value).reason == "INVALID_ARGUMENT"


async def test_reflection_lists_every_service(tmp_path: Path) -> None:
    async with served(tmp_path) as axis, axis.neighbour.channel(axis.address) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        question = reflection_pb2.ServerReflectionRequest(list_services="")
        async for answer in stub.ServerReflectionInfo(iter([question])):
            names = {one.name for one in answer.list_services_response.service}
    assert names == {
        "axis.v1.SubmissionService",
        "axis.v1.InboxService",
        "axis.v1.RecordService",
        "axis.v1.DirectoryService",
        "axis.v1.EventService",
        "axis.v1.LogService",
        "axis.v1.OverviewService",
        "axis.v1.ArchiveService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }


async def test_the_lamp_is_red_while_the_ledger_cannot_be_written(tmp_path: Path) -> None:
    probing = ("# workers = 2 => probe_seconds = 0.05\n# workers = 2",)
    async with served(tmp_path, settings=probing) as axis, axis.ministry.channel(axis.address) as channel:
        lamp = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        lights = aiter(lamp)
        assert (await anext(lights)).status == health_pb2.HealthCheckResponse.SERVING
        ledger = sqlite3.connect(axis.settings.ledger.path, isolation_level=None)
        ledger.execute("ALTER TABLE counters RENAME TO hidden")
        assert (await anext(lights)).status == health_pb2.HealthCheckResponse.NOT_SERVING
        ledger.execute("ALTER TABLE hidden RENAME TO counters")
        ledger.close()
        assert (await anext(lights)).status == health_pb2.HealthCheckResponse.SERVING
        await submit(axis.ministry, axis, axis.ministry.letter("H90"))


async def test_a_watch_ends_at_once_when_the_axis_stops(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as axis:
        channel = axis.province.channel(axis.address)
        watch = inbox_pb2_grpc.InboxServiceStub(channel).WatchInbox(inbox_pb2.WatchInboxRequest())
        waiting = asyncio.ensure_future(anext(aiter(watch)))
        await submit(axis.ministry, axis, axis.ministry.letter("H90"))
        await waiting
        waiting = asyncio.ensure_future(anext(aiter(watch)))
        lights = aiter(health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest()))
        assert (await anext(lights)).status == health_pb2.HealthCheckResponse.SERVING
        stopping = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - stopping < axis.settings.server.shutdown_grace_seconds
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await waiting
    error = told(caught.value)
    assert (error.code, error.reason, error.retry) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN", True)
    await channel.close()


async def test_watches_are_bounded_for_each_agency_and_in_all_and_take_no_place_of_a_call(
    tmp_path: Path,
) -> None:
    few = ("# workers = 2 => concurrent_calls = 2\nwatches = 3\nwatches_per_agency = 2\n# workers = 2",)
    async with (
        served(tmp_path, settings=few) as axis,
        axis.province.channel(axis.address) as channel,
        axis.neighbour.channel(axis.address) as neighbours,
    ):
        await submit(axis.ministry, axis, axis.ministry.letter("H90", "K99"))
        stub, other = inbox_pb2_grpc.InboxServiceStub(channel), inbox_pb2_grpc.InboxServiceStub(neighbours)
        watches = [await opened_watch(stub) for _ in range(2)]
        error = await refused_watch(stub)
        assert (error.reason, error.facts, error.retry) == ("TOO_MANY_WATCHES", {"limit": "2"}, True)
        watches.append(await opened_watch(other))
        assert (await refused_watch(other)).facts == {"limit": "3"}
        health = health_pb2_grpc.HealthStub(neighbours)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await anext(aiter(health.Watch(health_pb2.HealthCheckRequest())))
        assert told(caught.value).reason == "TOO_MANY_WATCHES"
        assert (await health.Check(health_pb2.HealthCheckRequest())).status == 1
        await submit(axis.ministry, axis, axis.ministry.letter("H90", number=2))
        watches.pop().cancel()
        watches.append(await opened_watch(other))  # its place is free again
        for watch in watches:
            watch.cancel()


async def test_what_is_more_than_all_places_together_is_turned_away_by_grpc_itself(tmp_path: Path) -> None:
    few = ("# workers = 2 => concurrent_calls = 1\nwatches = 1\n# workers = 2",)
    stalled = asyncio.Event()

    async def silent() -> AsyncIterator[submission_pb2.UploadRequest]:
        await stalled.wait()
        yield submission_pb2.UploadRequest()

    async with served(tmp_path, settings=few) as axis, axis.province.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        uploads = {asyncio.ensure_future(ended(stub.Upload(silent()))) for _ in range(4)}
        turned_away: set[asyncio.Future[grpc.StatusCode]] = set()
        while len(turned_away) < 2:
            found, uploads = await asyncio.wait(uploads, return_when=asyncio.FIRST_COMPLETED)
            turned_away |= found
        assert [one.result() for one in turned_away] == [grpc.StatusCode.RESOURCE_EXHAUSTED] * 2
        stalled.set()
        assert await asyncio.gather(*uploads) == [grpc.StatusCode.INVALID_ARGUMENT] * 2


async def ended(call: Any) -> grpc.StatusCode:
    """Returns how a call ends that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code()


async def refused_watch(stub: Any) -> Told:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await anext(aiter(stub.WatchInbox(inbox_pb2.WatchInboxRequest())))
    return told(caught.value)


async def opened_watch(stub: Any) -> Any:
    """Opens a watch that has shown its first delivery, as soon as there is a place for it."""
    for _ in range(200):
        watch = stub.WatchInbox(inbox_pb2.WatchInboxRequest())
        try:
            await anext(aiter(watch))
            return watch
        except grpc.aio.AioRpcError:
            await asyncio.sleep(0.05)
    return pytest.fail("there was never a place")


async def test_encrypted_keys_are_opened_by_passwords_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = await prepared(tmp_path)
    for path in (ready.settings.tls.key, ready.settings.evidence.key):
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        protection = serialization.BestAvailableEncryption(b"open sesame")
        pkcs8 = serialization.PrivateFormat.PKCS8
        path.write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, protection))
    with pytest.raises(MaterialError, match="is encrypted; set its password"):
        async with running(ready.settings, Secrets()):
            pytest.fail("it runs without the password")
    monkeypatch.setenv("AXIS_TLS_KEY_PASSWORD", "open sesame")
    monkeypatch.setenv("AXIS_EVIDENCE_KEY_PASSWORD", "open sesame")
    async with running(ready.settings, Secrets()) as axis, ready.ministry.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        answer = await stub.Submit(submission_pb2.SubmitRequest(package=ready.ministry.letter("H90")))
    assert len(answer.evidence) == 2
