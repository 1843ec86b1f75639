"""The backends that a contract suite runs over: one more line here is one more backend under every claim."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from storage.archive.base import Archive
from storage.archive.files import FilesArchive
from storage.archive.memory import MemoryArchive
from storage.archive.removing import RemovingArchive
from storage.archive.replicated import ReplicatedArchive
from storage.archive.s3 import Lock, S3Archive
from storage.ledger.memory import MemoryLedger
from storage.ledger.postgres import PostgresLedger
from storage.ledger.sqlite import SqliteLedger
from tests.conftest import ON_CEPH, ON_POSTGRES
from tests.storage.ceph import Ceph
from tests.storage.places import Place
from tests.storage.postgres import Postgres


@dataclass(frozen=True, kw_only=True)
class ArchiveUnderTest:
    archive: RemovingArchive
    tamper: Callable[[str, bytes], None]
    """Replaces the stored bytes of a digest behind the archive's back."""


Factory = Callable[[pytest.FixtureRequest, Path], AbstractAsyncContextManager[ArchiveUnderTest]]


@asynccontextmanager
async def _memory_archive(request: pytest.FixtureRequest, room: Path) -> AsyncIterator[ArchiveUnderTest]:
    archive = MemoryArchive()
    yield ArchiveUnderTest(archive=archive, tamper=archive.blobs.__setitem__)


@asynccontextmanager
async def _files_archive(request: pytest.FixtureRequest, room: Path) -> AsyncIterator[ArchiveUnderTest]:
    archive = FilesArchive(room / "archive")

    def tamper(digest: str, content: bytes) -> None:
        path = room / "archive" / digest[:2] / digest[2:4] / digest
        path.chmod(0o640)
        path.write_bytes(content)

    yield ArchiveUnderTest(archive=archive, tamper=tamper)
    await archive.aclose()


@asynccontextmanager
async def _replicated_archive(request: pytest.FixtureRequest, room: Path) -> AsyncIterator[ArchiveUnderTest]:
    primary, replica = MemoryArchive(), MemoryArchive()

    def tamper(digest: str, content: bytes) -> None:
        primary.blobs[digest] = replica.blobs[digest] = content

    yield ArchiveUnderTest(archive=ReplicatedArchive(primary, replica), tamper=tamper)


@asynccontextmanager
async def _s3_archive(request: pytest.FixtureRequest, room: Path) -> AsyncIterator[ArchiveUnderTest]:
    ceph: Ceph = request.getfixturevalue("ceph")
    target = ceph.bucket()
    archive = await S3Archive.open(target, lock=Lock.GOVERNANCE)

    def tamper(digest: str, content: bytes) -> None:
        ceph.client.put_object(target.bucket, f"blobs/{digest}", BytesIO(content), len(content))

    yield ArchiveUnderTest(archive=archive, tamper=tamper)
    await archive.aclose()


Opened = MemoryLedger | SqliteLedger | PostgresLedger
LedgerFactory = Callable[[pytest.FixtureRequest, Path], AbstractAsyncContextManager[Opened]]


@asynccontextmanager
async def _memory_ledger(request: pytest.FixtureRequest, room: Path) -> AsyncIterator[MemoryLedger]:
    yield MemoryLedger()


@asynccontextmanager
async def _sqlite_ledger(request: pytest.FixtureRequest, room: Path) -> AsyncIterator[SqliteLedger]:
    ledger = await SqliteLedger.open(room / "ledger.sqlite3")
    yield ledger
    await ledger.aclose()


@asynccontextmanager
async def _postgres_ledger(request: pytest.FixtureRequest, room: Path) -> AsyncIterator[PostgresLedger]:
    server: Postgres = request.getfixturevalue("postgres")
    with server.emptied() as target:
        ledger = await PostgresLedger.open(target)
        yield ledger
        await ledger.aclose()


ARCHIVES: dict[str, Factory] = {
    "memory": _memory_archive,
    "files": _files_archive,
    "replicated": _replicated_archive,
    "s3": _s3_archive,
}
ENGINE_OF = {"s3": ON_CEPH, "postgres": ON_POSTGRES}
LEDGERS: dict[str, LedgerFactory] = {
    "memory": _memory_ledger,
    "sqlite": _sqlite_ledger,
    "postgres": _postgres_ledger,
}


@pytest.fixture(params=[pytest.param(name, marks=ENGINE_OF.get(name, ())) for name in ARCHIVES])
async def under_test(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ArchiveUnderTest]:
    async with ARCHIVES[request.param](request, tmp_path) as one:
        yield one


@pytest.fixture
def archive(under_test: ArchiveUnderTest) -> Archive:
    return under_test.archive


@pytest.fixture(params=[pytest.param(name, marks=ENGINE_OF.get(name, ())) for name in LEDGERS])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opened]:
    async with LEDGERS[request.param](request, tmp_path) as one:
        yield one


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=ENGINE_OF.get(name, ())) for name in LEDGERS if name != "memory"],
)
def open_another(request: pytest.FixtureRequest) -> Callable[[Path], AbstractAsyncContextManager[Opened]]:
    """Opens a ledger to be compared with one in memory, in a room of its own each time."""
    return lambda room: LEDGERS[request.param](request, room)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=ON_POSTGRES)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where a ledger may be that several processes share."""
    if request.param == "sqlite":
        yield tmp_path / "ledger.sqlite3"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.emptied() as target:
            yield target


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 4 MiB. Needs the right to mount one."""
    room = tmp_path / "tiny"
    room.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(room)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("no right to mount a tiny file system")
    yield room
    subprocess.run(["umount", "--lazy", str(room)], check=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a SQLite ledger is or may be."""
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
async def sqlite(path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = await SqliteLedger.open(path)
    yield ledger
    await ledger.aclose()
