"""Trust that is renewed while the axis runs."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc.aio
import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from axis.v1 import submission_pb2, submission_pb2_grpc
from axis_server.admitting.trust import TrustWatch
from axis_server.settings import TrustSettings
from signing.policy import DEFAULT_POLICY
from signing.trust import Chain, TrustError
from signing.verdict import Reason, Refused
from tests.axis_server.process import Running, started
from tests.axis_server.served import Office, prepared, told
from tests.pki import AT, Authority, Identity, authority

ROOT = authority()
OFFICE = ROOT.issue("Office")


def crl_pem(root: Authority, *revoked: Identity | x509.Certificate, at: datetime = AT) -> bytes:
    made = root.crl(
        revoked,
        this_update=at - timedelta(hours=1),
        next_update=at + timedelta(days=7),
        revoked_at=at - timedelta(days=1),
    )
    return made.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def settings(tmp_path: Path) -> TrustSettings:
    (tmp_path / "root.pem").write_bytes(ROOT.certificate_pem)
    (tmp_path / "root.crl").write_bytes(crl_pem(ROOT))
    return TrustSettings(anchors=[tmp_path / "root.pem"], crls=[tmp_path / "root.crl"])


def judged(watch: TrustWatch) -> object:
    return watch.store().judge(OFFICE.certificate, at=AT, policy=DEFAULT_POLICY)


async def test_a_new_list_holds_from_the_next_refresh_on(settings: TrustSettings) -> None:
    shown: list[bool] = []
    watch = TrustWatch(settings, show=shown.append)
    assert isinstance(judged(watch), Chain)
    settings.crls[0].write_bytes(crl_pem(ROOT, OFFICE))
    await watch.refresh()
    verdict = judged(watch)
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.CERTIFICATE_REVOKED
    assert shown == [True, True]


async def test_files_that_did_not_change_are_not_read_again_unless_asked(settings: TrustSettings) -> None:
    watch = TrustWatch(settings, show=lambda current: None)
    before = watch.store()
    await watch.refresh()
    assert watch.store() is before
    await watch.refresh(always=True)
    assert watch.store() is not before


@pytest.mark.parametrize("name", ["crls", "anchors"])
@pytest.mark.parametrize(
    "spoil",
    [Path.unlink, lambda path: path.write_text("garbage"), lambda path: os.truncate(path, 100)],
    ids=["gone", "garbage", "half written"],
)
async def test_a_broken_file_leaves_the_old_trust_in_force_and_is_an_alarm(
    settings: TrustSettings, name: str, spoil: Callable[[Path], object]
) -> None:
    shown: list[bool] = []
    watch = TrustWatch(settings, show=shown.append)
    before = watch.store()
    (path,) = getattr(settings, name)
    sound = path.read_bytes()
    spoil(path)
    with structlog.testing.capture_logs() as told_to_the_log:
        await watch.refresh()
        await watch.refresh()
    assert watch.store() is before
    assert shown == [True, False]
    (alarm,) = told_to_the_log
    assert (alarm["event"], alarm["log_level"]) == ("trust.unusable", "critical")
    assert str(path) in alarm["detail"]
    path.unlink(missing_ok=True)
    path.write_bytes(sound)
    await watch.refresh()
    assert watch.store() is not before
    assert shown == [True, False, True]


def test_an_axis_does_not_start_with_trust_that_cannot_be_read(settings: TrustSettings) -> None:
    settings.crls[0].unlink()
    with pytest.raises(TrustError):
        TrustWatch(settings, show=lambda current: None)


async def test_a_running_axis_refuses_a_signer_from_the_moment_its_revocation_is_known(
    tmp_path: Path,
) -> None:
    ready = await prepared(tmp_path)
    base, now = ready.config.parent / "ca", datetime.now(UTC)
    key = serialization.load_pem_private_key((base / "ca.key").read_bytes(), None)
    ca = Authority(certificate=x509.load_pem_x509_certificate((base / "ca.pem").read_bytes()), key=key)  # type: ignore[arg-type]
    signer = x509.load_pem_x509_certificate((ready.ministry.profile / "system.pem").read_bytes())
    async with started(ready.config) as axis:
        await submit(axis, ready.ministry, 1)
        (base / "ca.crl").write_text("garbage")
        await logged(axis, "trust.unusable")
        await submit(axis, ready.ministry, 2)
        (base / "ca.crl").write_bytes(crl_pem(ca, signer, at=now))
        await logged(axis, "trust.loaded")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await submit(axis, ready.ministry, 3)
        assert told(caught.value).reason == "CERTIFICATE_REVOKED"
        axis.process.send_signal(signal.SIGHUP)
        await logged(axis, "trust.loaded", times=2)
        axis.process.send_signal(signal.SIGTERM)
        assert await axis.ended() == 0


async def submit(axis: Running, office: Office, number: int) -> None:
    async with office.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        await stub.Submit(submission_pb2.SubmitRequest(package=office.letter("H90", number=number)))


async def logged(axis: Running, event: str, *, times: int = 1) -> None:
    async with asyncio.timeout(60):
        while sum(event in line for line in axis.log) < times:
            await asyncio.sleep(0.02)
