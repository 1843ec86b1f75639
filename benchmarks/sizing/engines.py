"""The stores of a mode: started, named in the configuration, and weighed as an operator would."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.sizing import processes
from benchmarks.sizing.processes import Traffic
from tests.storage import ceph as ceph_parts
from tests.storage import postgres as postgres_parts
from tests.storage.ceph import Ceph
from tests.storage.postgres import Postgres

SCHEMA = "axis"
LOG_TABLES = ("leaves", "nodes", "checkpoints", "cosignatures", "stamps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """Bytes on disk, after a checkpoint."""

    ledger: int
    """Without the log and the catalogue."""
    log: int
    catalogue: int
    archive: int
    """What the files hold; a file system gives each whole blocks."""
    blocks: int
    """What the files take of the disk; for S3 the same as `archive`, the store's own overhead is its own."""
    files: int


class Engines(Protocol):
    """The stores of a mode."""

    secrets: Mapping[str, str]
    """Environment variables."""

    def sections(self, schema: str) -> str:
        """What the configuration says of them; a ledger of its own in a database has a schema of its own."""
        ...

    def weigh(self, base: Path) -> Weight: ...
    def database(self) -> list[int]:
        """Processes of the database."""
        ...

    def store(self) -> list[int]:
        """Processes of the archive's store."""
        ...

    def wal_bytes(self) -> int:
        """What the database has written to its log so far."""
        ...

    def database_traffic(self) -> Traffic: ...
    def store_traffic(self) -> Traffic: ...


@dataclass(frozen=True, slots=True)
class Embedded:
    """SQLite and files: processes of their own there are none."""

    secrets: Mapping[str, str] = field(default_factory=dict)

    def sections(self, schema: str) -> str:
        return ""

    def weigh(self, base: Path) -> Weight:
        ledger = base / "ledger" / "ledger.sqlite3"
        catalogue = ledger.with_name(ledger.name + "-catalogue")
        for path in (ledger, catalogue):
            with sqlite3.connect(path, timeout=30) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
        files = [path.stat() for path in (base / "archive").rglob("*") if path.is_file()]
        log = self._log_bytes(ledger)
        return Weight(
            ledger=ledger.stat().st_size - log,
            log=log,
            catalogue=catalogue.stat().st_size,
            archive=sum(one.st_size for one in files),
            blocks=sum(512 * one.st_blocks for one in files),
            files=len(files),
        )

    def _log_bytes(self, ledger: Path) -> int:
        marks = ",".join("?" * len(LOG_TABLES))
        with sqlite3.connect(ledger) as connection:
            (size,) = connection.execute(
                "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = TRUE AND name IN"
                f" (SELECT name FROM sqlite_schema WHERE tbl_name IN ({marks}))",
                LOG_TABLES,
            ).fetchone()
        connection.close()
        return int(size)

    def database(self) -> list[int]:
        return []

    def store(self) -> list[int]:
        return []

    def wal_bytes(self) -> int:
        return 0

    def database_traffic(self) -> Traffic:
        return Traffic(received=0, sent=0)

    def store_traffic(self) -> Traffic:
        return Traffic(received=0, sent=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """PostgreSQL, and a bucket of Ceph's Object Gateway."""

    server: Postgres
    ceph: Ceph
    bucket: str
    secrets: Mapping[str, str]

    def sections(self, schema: str) -> str:
        ledger = {"kind": "postgres", "dsn": self.server.dsn, "database_schema": schema}
        archive = {
            "kind": "s3",
            "endpoint": self.ceph.endpoint,
            "bucket": self.bucket,
            "access_key": self.ceph.access_key,
        }
        return _section("ledger", ledger) + _section("archive", archive)

    def weigh(self, base: Path) -> Weight:
        self.server.execute("CHECKPOINT")
        self.server.execute("VACUUM")
        rows = self.server.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
            " WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r'",
            SCHEMA,
        )
        sizes = {str(name): int(size) for name, size in rows}
        log = sum(size for name, size in sizes.items() if name in LOG_TABLES)
        catalogue = sum(size for name, size in sizes.items() if name.startswith("catalogue"))
        objects = self.ceph.client.list_objects(self.bucket, recursive=True, include_version=True)
        held = [int(one.size or 0) for one in objects]
        return Weight(
            ledger=sum(sizes.values()) - log - catalogue,
            log=log,
            catalogue=catalogue,
            archive=sum(held),
            blocks=sum(held),
            files=len(held),
        )

    def database(self) -> list[int]:
        return processes.named("postgres")

    def store(self) -> list[int]:
        return processes.named("ceph-mon", "ceph-osd", "radosgw")

    def wal_bytes(self) -> int:
        ((written,),) = self.server.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
        return int(written)

    def database_traffic(self) -> Traffic:
        return processes.traffic(self.server.port)

    def store_traffic(self) -> Traffic:
        return processes.traffic(self.ceph.s3_port)


def lacking(mode: str) -> list[str]:
    """Names the commands that a mode needs and this machine lacks."""
    wanted = ("ss",) if mode == "embedded" else ("ss", *postgres_parts.COMMANDS, *ceph_parts.COMMANDS)
    return sorted(name for name in wanted if not (shutil.which(name) or postgres_parts.command(name)))


@contextmanager
def started(mode: str) -> Iterator[Engines]:
    """Starts the stores of a mode, and stops them at the end."""
    if mode == "embedded":
        yield Embedded()
        return
    with ExitStack() as stack:
        rooms = [
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=name, ignore_cleanup_errors=True)))
            for name in ("pg-", "ceph-")
        ]
        server = stack.enter_context(Postgres.started(rooms[0]))
        ceph = stack.enter_context(Ceph.started(rooms[1]))
        bucket = ceph.bucket()
        yield Shared(
            server=server,
            ceph=ceph,
            bucket=bucket.bucket,
            secrets={
                "AXIS_LEDGER_PASSWORD": server.password,
                "AXIS_ARCHIVE_SECRET_KEY": bucket.secret_key,
            },
        )


def _section(name: str, values: Mapping[str, str]) -> str:
    return f"\n[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
