"""`axis-server scrub` as an operator runs it."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from axis.v1 import submission_pb2, submission_pb2_grpc
from signing.statements import archive as archive_statement
from signing.trust import TrustStore
from signing.verdict import Sound
from signing.verify import verify
from tests.axis_server.served import Served, served


def scrubbed(axis: Served, *flags: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "axis_server", "scrub", *map(str, flags), "--config", str(axis.config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


async def test_an_operator_goes_through_everything_and_hears_of_damage(tmp_path: Path) -> None:
    async with served(tmp_path, settings=["[ledger] => [scrub]\nbytes_per_second = 0\n\n[ledger]"]) as axis:
        assert "Nothing was gone through yet" in scrubbed(axis, "--status").stderr
        async with axis.ministry.channel(axis.address) as channel:
            package = axis.ministry.letter("H90")
            stub = submission_pb2_grpc.SubmissionServiceStub(channel)
            answer = await stub.Submit(submission_pb2.SubmitRequest(package=package))
    whole = scrubbed(axis)
    assert whole.returncode == 0, whole.stderr
    assert "files   1," in whole.stdout
    log = re.search(r"(\d+) of (\d+) leaves", whole.stdout)
    assert log is not None
    assert int(log[1]) == int(log[2]) >= 2

    scrubbed(axis, "--statement", tmp_path / "statement.xml")
    trust = TrustStore.load([tmp_path / "axis" / "ca" / "ca.pem"], [])
    verdict = verify((tmp_path / "statement.xml").read_bytes(), trust=trust, at=datetime.now(UTC))
    assert isinstance(verdict, Sound), verdict
    assert archive_statement.read(verdict).is_whole

    digest = answer.dispatch.parts[0].sha256
    (path,) = (tmp_path / "axis").rglob(digest)
    path.unlink()
    damaged = scrubbed(axis)
    assert damaged.returncode == 1
    assert digest in damaged.stdout
    assert scrubbed(axis, "--status").returncode == 1
