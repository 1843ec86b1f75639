"""docs/operator.md: its commands are run as they stand, and it knows every event of the log."""

from __future__ import annotations

import ast
import asyncio
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import grpc.aio
import pytest

from axis.v1 import inbox_pb2, inbox_pb2_grpc, submission_pb2, submission_pb2_grpc
from axis_server.app import running
from axis_server.settings import Secrets
from tests.axis_server.served import Office, Served, served, sha256_of

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PAGE = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")


def events_of_the_code() -> set[str]:
    """Whatever a module with a log calls with a text of the form `noun.verb` first, or first behind what is
    to be called later: `partial(log.warning, "noun.verb")`."""
    return {
        argument.value
        for path in (ROOT / "axis_server").rglob("*.py")
        if "structlog.get_logger()" in (source := path.read_text(encoding="utf-8"))
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        for argument in call.args[: 2 if getattr(call.func, "id", "") == "partial" else 1]
        if isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and re.fullmatch(r"[a-z_]+\.[a-z_]+", argument.value)
    }


def commands(heading: str, number: int = 0) -> str:
    """The shell commands under a heading, as they stand."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[number]


async def run(script: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        ["bash", "-ec", script],
        cwd=directory,
        env={"PATH": f"{BIN}:/usr/bin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
    )


async def send(axis: Served, package: bytes) -> str:
    async with axis.ministry.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        return (await stub.Submit(submission_pb2.SubmitRequest(package=package))).dispatch.dispatch_id


async def fetch(office: Office, axis: Served, dispatch_id: str) -> bytes:
    request = inbox_pb2.FetchPartRequest(dispatch_id=dispatch_id, number=0)
    async with office.channel(axis.address) as channel:
        stream = inbox_pb2_grpc.InboxServiceStub(channel).FetchPart(request)
        return b"".join([message.chunk async for message in stream])


def test_every_event_of_the_log_is_told_and_no_other() -> None:
    told = set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", PAGE, re.MULTILINE))
    found = events_of_the_code()
    assert len(found) > 10
    assert told == found


async def test_a_damaged_or_missing_file_is_found_and_restored_from_a_backup_of_the_running_axis(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as axis:
        base = axis.config.parent
        package = axis.ministry.letter("H90")
        dispatch_id = await send(axis, package)
        for _ in range(2):
            done = await run(commands("Back up"), base)
            assert done.returncode == 0, done.stderr
        digest = sha256_of(package)
        file = base / "archive" / digest[:2] / digest[2:4] / digest
        sound = await run(commands("Restore a damaged file", 1), base)
        assert (sound.returncode, sound.stdout) == (0, "")
        file.chmod(0o640)
        file.write_bytes(b"damaged")
        found = await run(commands("Restore a damaged file", 1), base)
        assert found.returncode != 0
        assert digest in found.stdout
        for damage in (lambda: None, file.unlink):
            damage()
            with pytest.raises(grpc.aio.AioRpcError):
                await fetch(axis.province, axis, dispatch_id)
            script = commands("Restore a damaged file").replace("digest=...", f"digest={digest}")
            restored = await run(script, base)
            assert restored.returncode == 0, restored.stderr
            assert await fetch(axis.province, axis, dispatch_id) == package


async def test_a_restored_backup_serves_what_was_accepted_before_it(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        base = axis.config.parent
        package = axis.ministry.letter("H90")
        dispatch_id = await send(axis, package)
        done = await run(commands("Back up"), base)
        assert done.returncode == 0, done.stderr
        await send(axis, axis.ministry.letter("H90", number=2))
    drill = await run(commands("Back up", 1), base)
    assert drill.returncode == 0, drill.stderr
    for name in ("archive", "ledger"):
        shutil.rmtree(base / name)
        (base / "restored" / name).rename(base / name)
    async with running(axis.settings, Secrets()) as again:
        restored = replace(axis, address=again.address)
        assert await fetch(axis.province, restored, dispatch_id) == package


async def test_the_sweep_takes_old_uploads_alone(tmp_path: Path) -> None:
    staging = tmp_path / "archive" / "staging" / "room"
    staging.mkdir(parents=True)
    for name, age in (("old", "8 days ago"), ("new", "6 days ago")):
        subprocess.run(["touch", "-d", age, str(staging / name)], check=True)
    assert (await run(commands("Uploads"), tmp_path)).returncode == 0
    assert [path.name for path in staging.iterdir()] == ["new"]
