"""A disk that is really full, under an axis that really runs."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc.aio
import pytest

from axis.v1 import submission_pb2, submission_pb2_grpc
from axis_server.ledgers import opened_ledger
from axis_server.operation import registry
from tests.axis_server.served import Office, Served, served, sha256_of, told

LARGE = bytes(8 << 20)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 6 MiB. Needs the right to mount one."""
    room = tmp_path / "small"
    room.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(room)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("no right to mount a small file system")
    yield room
    subprocess.run(["umount", "--lazy", str(room)], check=True)


def reserve(size: str) -> list[str]:
    return [f'path = "archive" => path = "archive"\nreserve_bytes = "{size}"']


async def upload_fails(office: Office, axis: Served, content: bytes = LARGE) -> str:
    """Announces more than the disk holds and sends `content`; returns the reason of the refusal."""

    async def messages() -> AsyncIterator[submission_pb2.UploadRequest]:
        header = submission_pb2.UploadHeader(sha256=sha256_of(LARGE), size=len(LARGE))
        yield submission_pb2.UploadRequest(header=header)
        for start in range(0, len(content), 1 << 20):
            yield submission_pb2.UploadRequest(chunk=content[start : start + (1 << 20)])
        await answered.wait()

    answered = asyncio.Event()

    async with office.channel(axis.address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await submission_pb2_grpc.SubmissionServiceStub(channel).Upload(messages())
        answered.set()
    return told(caught.value).reason


async def submit(office: Office, axis: Served, package: bytes) -> submission_pb2.SubmitResponse:
    async with office.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        return await stub.Submit(submission_pb2.SubmitRequest(package=package))


async def test_an_upload_that_fills_the_disk_gives_its_room_back_and_another_agencys_letter_is_accepted(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plenty(archive: object) -> int:
        return 1 << 40

    # Another program takes the room that was there when the upload was announced.
    monkeypatch.setattr("storage.archive.files.FilesArchive.free", plenty)
    async with served(small_disk, settings=reserve("0 B")) as axis:
        assert await upload_fails(axis.ministry, axis) == "STORE_FULL"
        assert not [one for one in (small_disk / "axis/archive/staging").rglob("*") if one.is_file()]
        assert (await submit(axis.province, axis, axis.province.letter("G22"))).evidence
        async with opened_ledger(axis.settings) as ledger:
            await registry.suspend(ledger, "G22")


async def test_an_upload_that_would_eat_the_reserve_is_refused_before_its_first_byte(
    small_disk: Path,
) -> None:
    async with served(small_disk, settings=reserve("1 MiB")) as axis:
        assert await upload_fails(axis.ministry, axis, content=b"") == "STORE_FULL"
        assert not list((small_disk / "axis/archive/staging").rglob("*"))
        assert (await submit(axis.province, axis, axis.province.letter("G22"))).evidence
