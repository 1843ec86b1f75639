"""`axis-server renew` as an operator runs it, with a real authority (`openssl ts`); `GetArchiveRecord`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from axis.v1 import log_pb2, log_pb2_grpc, submission_pb2, submission_pb2_grpc
from axis_server.app import running
from axis_server.settings import Secrets
from signing.renewal import Proven, content, read_record, verify_record
from tests.axis_server.served import Served, prepared, served
from tests.axis_server.test_stamping import ASKED_FOR, tsa_at
from tests.signing.timestamps.stage import root, trust


async def renew(axis: Served, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "axis_server", "renew", *flags, "--config", str(axis.config)]
    return await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=120, check=False
    )


async def test_an_operator_covers_renews_and_hashes_anew_and_whoever_asks_gets_the_record(
    tmp_path: Path,
) -> None:
    anchor = tmp_path / "tsa-root.pem"
    anchor.write_bytes(root().certificate.public_bytes(Encoding.PEM))
    with tsa_at(tmp_path / "tsa") as (tsa, there):
        table = f'[[timestamps]]\nname = "tsa"\nurl = "{there.url}"\nanchors = ["{anchor}"]'
        off = "[ledger] => [scrub]\nbytes_per_second = 0\n\n[renewal]\nbytes_per_second = 0\n\n[ledger]"
        async with (
            served(tmp_path, settings=[f"{ASKED_FOR} => {table}", off]) as axis,
            axis.ministry.channel(axis.address) as channel,
        ):
            package = axis.ministry.letter("H90")
            sent = await submission_pb2_grpc.SubmissionServiceStub(channel).Submit(
                submission_pb2.SubmitRequest(package=package)
            )
            stub = log_pb2_grpc.LogServiceStub(channel)
            asked = log_pb2.GetArchiveRecordRequest(content_id=sent.evidence[0].evidence_id)
            with pytest.raises(grpc.aio.AioRpcError) as absent:
                await stub.GetArchiveRecord(asked)
            assert absent.value.code() is grpc.StatusCode.NOT_FOUND

            assert "Nothing is in a volume yet" in (await renew(axis, "status")).stdout
            would = await renew(axis, "cover", "--dry-run")
            assert "would be: volume 1: leaves 0 to" in would.stdout, would.stderr
            assert "Nothing is in a volume yet" in (await renew(axis, "status")).stdout
            before = datetime.now(UTC)
            for flags in (("cover",), ("timestamp", "--all"), ("hash-tree", "--to", "sha512")):
                done = await renew(axis, *flags)
                assert done.returncode == 0, done.stderr
            shown = await renew(axis, "status")
            assert shown.returncode == 0, shown.stdout + shown.stderr
            assert "sha256 (2 time-stamps), sha512 (1 time-stamps)" in shown.stdout
            assert "ends 2044-01-01" in shown.stdout

            der = (await stub.GetArchiveRecord(asked)).record
            verdict = verify_record(
                der,
                [content(sent.evidence[0].content), content(package)],
                trust=trust(),
                at=datetime.now(UTC),
                not_before=before,
            )
            assert isinstance(verdict, Proven), verdict
            assert len(read_record(der).chains) == 2

            tsa.down = True
            failed = await renew(axis, "timestamp", "--all")
            assert failed.returncode == 1
            assert "No time-stamp: tsa: status 503" in failed.stderr


async def test_without_an_authority_a_sentence_says_so(tmp_path: Path) -> None:
    ready = await prepared(tmp_path)
    async with running(ready.settings, Secrets()):
        pass
    command = [sys.executable, "-m", "axis_server", "renew", "cover", "--config", str(ready.config)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "No [[timestamps]] is configured" in done.stderr
