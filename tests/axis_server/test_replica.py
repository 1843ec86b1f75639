"""An archive in two places, as `[archive.replica]` sets it up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from axis.v1 import inbox_pb2, inbox_pb2_grpc, submission_pb2, submission_pb2_grpc
from axis_server.settings import SettingsError, load
from tests.axis_server.served import Served, served

REPLICA = '[ledger] => [archive.replica]\npath = "second"\n\n[scrub]\nbytes_per_second = 0\n\n[ledger]'


def ran(axis: Served, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "axis_server", *words, "--config", str(axis.config)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def copies(axis: Served, digest: str) -> dict[str, Path]:
    base = axis.config.parent
    return {path.relative_to(base).parts[0]: path for path in base.rglob(digest)}


async def submitted(axis: Served) -> submission_pb2.SubmitResponse:
    async with axis.ministry.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        package = axis.ministry.letter("H90")
        answer: submission_pb2.SubmitResponse = await stub.Submit(
            submission_pb2.SubmitRequest(package=package)
        )
        return answer


async def test_what_is_accepted_lies_in_both_and_one_that_lost_it_is_mended_from_the_other(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, settings=[REPLICA]) as axis:
        answer = await submitted(axis)
        digest = answer.dispatch.parts[0].sha256
        there = copies(axis, digest)
        assert set(there) == {"archive", "second"}
        original = there["second"].read_bytes()
        for lost in ("archive", "second"):
            there[lost].unlink()
            async with axis.ministry.channel(axis.address) as channel:
                stub = inbox_pb2_grpc.InboxServiceStub(channel)
                request = inbox_pb2.FetchPartRequest(dispatch_id=answer.dispatch.dispatch_id)
                got = b"".join([one.chunk async for one in stub.FetchPart(request)])
            assert got == original
            mended = ran(axis, "scrub")
            assert mended.returncode == 0, mended.stdout + mended.stderr
            assert copies(axis, digest)[lost].read_bytes() == original


async def test_what_neither_has_any_more_is_damage(tmp_path: Path) -> None:
    async with served(tmp_path, settings=[REPLICA]) as axis:
        answer = await submitted(axis)
    digest = answer.dispatch.parts[0].sha256
    for path in copies(axis, digest).values():
        path.unlink()
    damaged = ran(axis, "scrub")
    assert damaged.returncode == 1
    assert digest in damaged.stdout


async def test_a_replica_that_is_the_archive_itself_or_has_no_bucket_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        text = axis.config.read_text(encoding="utf-8")
    kept = load(axis.config).archive.path
    for section, said in (
        (f'path = "{kept}"', "the replica is the archive itself"),
        ('kind = "s3"', 'kind "s3" needs `endpoint`'),
        ('bukket = "x"', "did you mean `bucket`?"),
    ):
        axis.config.write_text(f"{text}\n[archive.replica]\n{section}\n", encoding="utf-8")
        with pytest.raises(SettingsError, match=said.replace("?", r"\?")):
            load(axis.config)
    axis.config.write_text(f'{text}\n[archive.replica]\npath = "{axis.config}/x"\n', encoding="utf-8")
    refused = ran(axis, "check-config")
    assert refused.returncode == 1
    assert "`archive.replica.path`" in refused.stderr + refused.stdout
    assert "`archive.replica.kind`" in ran(axis, "check-store", "--replica").stderr
