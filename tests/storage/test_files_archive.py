"""What only an archive on a disk can show: crashes, full disks, several processes."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from storage.archive.base import CHUNK_BYTES
from storage.archive.files import FilesArchive
from storage.errors import DigestMismatch, NotFound, StoreFull, Unavailable
from tests.storage.blobs import Cut, content_of, cut_stream, digest_of, read, stream

ALICE = "G22.01"


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[FilesArchive]:
    archive = FilesArchive(tmp_path / "archive")
    yield archive
    await archive.aclose()


def incoming(root: Path) -> list[Path]:
    return [path for path in (root / "incoming").rglob("*") if path.is_file()]


async def test_a_blob_stands_read_only_under_its_digest(files: FilesArchive, tmp_path: Path) -> None:
    content = content_of(100)
    digest = digest_of(content)
    await files.put(digest, stream(content))
    path = tmp_path / "archive" / digest[:2] / digest[2:4] / digest
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    await files.append(ALICE, digest_of(b"x"), 0, stream(b"x"))
    await files.finish(ALICE, digest_of(b"x"))
    uploaded = tmp_path / "archive" / digest_of(b"x")[:2] / digest_of(b"x")[2:4] / digest_of(b"x")
    assert stat.S_IMODE(uploaded.stat().st_mode) == 0o440


@pytest.mark.parametrize("by_upload", [False, True])
@pytest.mark.parametrize("size", [100, 2 * CHUNK_BYTES])
async def test_content_is_flushed_before_the_name_and_the_name_before_the_answer(
    files: FilesArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, by_upload: bool
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def noting_fsync(descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        steps.append(f"flush {path.relative_to(tmp_path) if path.is_dir() else 'content'}")
        fsync(descriptor)

    def noting_rename(path: Path, target: Path) -> Path:
        steps.append("name")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(Path, "rename", noting_rename)
    content = content_of(size)
    digest = digest_of(content)
    if by_upload:
        await files.append(ALICE, digest, 0, stream(content))
        await files.finish(ALICE, digest)
    else:
        await files.put(digest, stream(content))
    shelf, parent = f"flush archive/{digest[:2]}/{digest[2:4]}", f"flush archive/{digest[:2]}"
    assert steps == ["flush content", "flush archive", parent, "name", shelf]
    steps.clear()
    await files.put(digest, stream(content))
    assert steps == [shelf]  # another writer may have named it and not flushed the name yet


@pytest.mark.parametrize("by_upload", [False, True])
@pytest.mark.parametrize("size", [100, 2 * CHUNK_BYTES])
async def test_a_process_that_died_before_it_flushed_the_name_is_made_good_before_the_answer(
    files: FilesArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, by_upload: bool
) -> None:
    content = content_of(size)
    digest = digest_of(content)
    shelf = tmp_path / "archive" / digest[:2] / digest[2:4]
    fsync, flushed = os.fsync, []

    class Killed(BaseException):
        pass

    def dying_fsync(descriptor: int) -> None:
        if os.readlink(f"/proc/self/fd/{descriptor}") == str(shelf):
            raise Killed
        fsync(descriptor)

    def noting_fsync(descriptor: int) -> None:
        flushed.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", dying_fsync)
    if by_upload:
        await files.append(ALICE, digest, 0, stream(content))
    with pytest.raises(Killed):
        await (files.finish(ALICE, digest) if by_upload else files.put(digest, stream(content)))
    assert (shelf / digest).exists()
    monkeypatch.setattr(os, "fsync", noting_fsync)
    after = FilesArchive(tmp_path / "archive")
    assert await (after.finish(ALICE, digest) if by_upload else after.put(digest, stream(content))) == size
    await after.aclose()
    assert {str(shelf), str(shelf.parent), str(shelf.parent.parent)} <= set(flushed)


async def test_a_finished_upload_whose_blob_the_disk_forgot_is_not_found(
    files: FilesArchive, tmp_path: Path
) -> None:
    digest = digest_of(b"x")
    await files.append(ALICE, digest, 0, stream(b"x"))
    await files.finish(ALICE, digest)
    (tmp_path / "archive" / digest[:2] / digest[2:4] / digest).unlink()
    with pytest.raises(NotFound):
        await files.finish(ALICE, digest)
    assert await files.uploaded(ALICE, digest) == 0


async def test_an_upload_whose_flush_failed_begins_anew(
    files: FilesArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = content_of(3000)
    digest = digest_of(content)
    fsync, failing = os.fsync, [OSError(errno.EIO, "lost")]

    def failing_once(descriptor: int) -> None:
        if failing:
            raise failing.pop()
        fsync(descriptor)

    await files.append(ALICE, digest, 0, stream(content))
    monkeypatch.setattr(os, "fsync", failing_once)
    with pytest.raises(Unavailable, match="EIO"):
        await files.finish(ALICE, digest)
    with pytest.raises(NotFound):
        await files.finish(ALICE, digest)  # a second flush would succeed and vouch for nothing
    assert await files.uploaded(ALICE, digest) == 0
    await files.append(ALICE, digest, 0, stream(content))
    assert await files.finish(ALICE, digest) == 3000
    assert await read(files, digest) == content


@pytest.mark.parametrize("size", [100, 2 * CHUNK_BYTES])
async def test_nothing_is_left_of_a_put_that_failed(files: FilesArchive, tmp_path: Path, size: int) -> None:
    content = content_of(size)
    with pytest.raises(Cut):
        await files.put(digest_of(content), cut_stream(content))
    with pytest.raises(DigestMismatch):
        await files.put(digest_of(b""), stream(content))
    assert incoming(tmp_path / "archive") == []


async def test_files_of_dead_writers_are_removed_and_those_of_living_ones_stay(
    files: FilesArchive, tmp_path: Path
) -> None:
    root = tmp_path / "archive"
    (root / "incoming" / "dead").mkdir()
    (root / "incoming" / "dead" / "orphan").write_bytes(b"half a document")
    content = content_of(3 * CHUNK_BYTES)

    async def source() -> AsyncIterator[bytes]:
        yield content[:CHUNK_BYTES]
        yield content[CHUNK_BYTES : 2 * CHUNK_BYTES]
        assert len(incoming(root)) == 2
        await FilesArchive(root).aclose()
        (living,) = incoming(root)
        assert living.parent.name != "dead"
        yield content[2 * CHUNK_BYTES :]

    assert await files.put(digest_of(content), source()) == len(content)
    assert incoming(root) == []


async def test_an_upload_goes_on_after_its_process_was_killed(files: FilesArchive, tmp_path: Path) -> None:
    content = content_of(2 * CHUNK_BYTES + 99)
    digest = digest_of(content)
    command = [
        sys.executable,
        "-m",
        "tests.storage.appending_child",
        str(tmp_path / "archive"),
        ALICE,
        digest,
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write(content[: CHUNK_BYTES + 5])
        child.stdin.close()
        assert child.stdout.readline() == b"handed over\n"
        child.kill()
    held = await files.uploaded(ALICE, digest)
    assert held == CHUNK_BYTES + 5
    assert await files.append(ALICE, digest, held, stream(content[held:])) == len(content)
    assert await files.finish(ALICE, digest) == len(content)
    assert await read(files, digest) == content


@pytest.mark.parametrize("same_size", [False, True])
async def test_an_upload_restarted_by_another_process_is_judged_by_its_own_bytes(
    files: FilesArchive, tmp_path: Path, same_size: bool
) -> None:
    content = content_of(1000)
    wrong = content_of(1000 if same_size else 1001, seed=1)
    digest = digest_of(content)
    other = FilesArchive(tmp_path / "archive")
    await files.append(ALICE, digest, 0, stream(content))
    await other.append(ALICE, digest, 0, stream(wrong))
    with pytest.raises(DigestMismatch):
        await files.finish(ALICE, digest)
    await other.append(ALICE, digest, 0, stream(wrong[:400]))
    await files.append(ALICE, digest, 0, stream(content[:500]))
    await other.append(ALICE, digest, 500, stream(content[500:]))
    assert await files.finish(ALICE, digest) == 1000
    assert await read(other, digest) == content
    await other.aclose()


async def test_many_uploads_may_be_open_at_once(files: FilesArchive) -> None:
    contents = [content_of(50, seed) for seed in range(100)]
    for half in (slice(0, 20), slice(20, 50)):
        for one in contents:
            await files.append(ALICE, digest_of(one), half.start, stream(one[half]))
    for one in contents:
        assert await files.finish(ALICE, digest_of(one)) == 50
        assert await read(files, digest_of(one)) == one


async def test_two_processes_put_the_same_blobs_at_once(files: FilesArchive, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.storage.putting_child", str(tmp_path / "archive"), "60"]
    children = [subprocess.Popen(command) for _ in range(2)]
    assert [child.wait(timeout=60) for child in children] == [0, 0]
    for seed in range(60):
        content = content_of(100 * seed, seed)
        assert await read(files, digest_of(content)) == content
    assert incoming(tmp_path / "archive") == []


@pytest.mark.parametrize("size", [1 << 20, 8 << 20])
async def test_a_full_disk_is_said_and_leaves_nothing(tiny_disk: Path, size: int) -> None:
    archive = FilesArchive(tiny_disk / "archive")
    (tiny_disk / "ballast").write_bytes(bytes((3 << 20) + 65536))
    content = content_of(size)
    with pytest.raises(StoreFull):
        await archive.put(digest_of(content), stream(content))
    assert incoming(tiny_disk / "archive") == []
    with pytest.raises(StoreFull):
        await archive.append(ALICE, digest_of(content), 0, stream(content))
    assert await archive.uploaded(ALICE, digest_of(content)) == 0
    tiny = content[: 256 << 10]
    assert await archive.put(digest_of(tiny), stream(tiny)) == len(tiny)
    (tiny_disk / "ballast").unlink()
    small = content[: 1 << 20]
    assert await archive.put(digest_of(small), stream(small)) == len(small)
    assert await read(archive, digest_of(small)) == small
    await archive.aclose()


async def test_a_full_disk_fails_the_probe(tiny_disk: Path) -> None:
    archive = FilesArchive(tiny_disk / "archive")
    with pytest.raises(OSError, match="No space"), (tiny_disk / "ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(4096))
    with pytest.raises(StoreFull):
        await archive.probe()
    await archive.aclose()


async def test_a_broken_tree_is_unavailable_not_absent(files: FilesArchive, tmp_path: Path) -> None:
    content = content_of(10)
    digest = digest_of(content)
    (tmp_path / "archive" / digest[:2]).write_bytes(b"a file where a directory belongs")
    with pytest.raises(Unavailable):
        await files.put(digest, stream(content))
    with pytest.raises(Unavailable):
        await files.size(digest)
    with pytest.raises(Unavailable):
        await read(files, digest)
    assert incoming(tmp_path / "archive") == []


async def test_memory_does_not_grow_with_the_blob(files: FilesArchive) -> None:
    chunk = content_of(CHUNK_BYTES)
    count = 24
    digest = digest_of(chunk * count)

    async def source() -> AsyncIterator[bytes]:
        for _ in range(count):
            yield chunk

    tracemalloc.start()
    tracemalloc.clear_traces()
    try:
        await files.put(digest, source())
        await files.append(ALICE, digest, 0, source())
        await files.finish(ALICE, digest)
        async for _ in files.get(digest):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * CHUNK_BYTES


async def test_a_closed_archive_is_unavailable(files: FilesArchive) -> None:
    await files.aclose()
    with pytest.raises(Unavailable):
        await files.put(digest_of(b"x"), stream(b"x"))
    with pytest.raises(Unavailable):
        await files.probe()


async def test_giving_up_at_any_moment_leaves_no_file_open_and_no_upload_locked(
    files: FilesArchive, tmp_path: Path
) -> None:
    content = content_of(2 * CHUNK_BYTES)
    digest = digest_of(content)
    await files.put(digest, stream(content))
    await files.probe()
    open_before = len(os.listdir("/proc/self/fd"))
    for turns in range(60):
        for call in (
            files.put(digest_of(b"another"), stream(content)),
            files.append(ALICE, digest, 0, stream(content)),
            read(files, digest),
        ):
            task = asyncio.create_task(call)
            for _ in range(turns % 12):
                await asyncio.sleep(0)
            if turns >= 12:
                await asyncio.sleep(turns / 20_000)
            task.cancel()
            with suppress(asyncio.CancelledError, DigestMismatch):
                await task
    assert incoming(tmp_path / "archive") == []
    assert await files.append(ALICE, digest, 0, stream(content)) == len(content)
    assert await files.finish(ALICE, digest) == len(content)
    assert len(os.listdir("/proc/self/fd")) <= open_before


async def test_what_is_not_finished_is_nobodys_business_on_a_shared_machine(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        archive = FilesArchive(tmp_path)
        content = b"half of an upload"
        await archive.append("G22", digest_of(content), 0, stream(content))
        await archive.aclose()
    finally:
        os.umask(before)
    rooms = (tmp_path / "staging", tmp_path / "incoming")
    (upload,) = (path for path in rooms[0].rglob("*") if path.is_file())
    directories = [*rooms, *(path for room in rooms for path in room.rglob("*") if path.is_dir())]
    assert {path.stat().st_mode & 0o777 for path in directories} == {0o700}
    assert upload.stat().st_mode & 0o777 == 0o600
