"""A real PostgreSQL for the tests.

    with Postgres.started(room) as postgres:
        target = postgres.ledger()          # a schema of its own in one database
        postgres.crash()
        postgres.start()

        with postgres.standby(another_room) as standby:     # streams, and is waited for at each commit
            postgres.crash()
            standby.promote()
            Postgres.either(target, postgres, standby)      # the ledger at whichever of them is the primary

It runs as whoever runs the tests, or as `postgres` where that is root, which it refuses; it listens on a
socket in `room` and on loopback, asks for a password, keeps everything in `room`, and ends with the process
that started it, however that ends.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from storage.ledger.postgres import Target

COMMANDS = ("initdb", "postgres", "pg_basebackup", "setpriv")
_START_SECONDS = 30.0


def command(name: str) -> str | None:
    """Returns where a command of PostgreSQL is. Debian keeps them apart, a folder for each version."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(versions[0]) if versions else shutil.which(name)


@dataclass(kw_only=True)
class Postgres:
    """A server that can be crashed and started again."""

    room: Path
    port: int
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    _process: subprocess.Popen[bytes] | None = None
    _lent: list[Target] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        """Without the password."""
        return f"host=127.0.0.1 port={self.port} dbname=postgres user=axis"

    def target(self, schema: str) -> Target:
        return Target(dsn=self.dsn, password=self.password, schema=schema)

    def ledger(self) -> Target:
        """Names a ledger that nobody has used."""
        return self.target(f"axis_{secrets.token_hex(8)}")

    @contextmanager
    def emptied(self) -> Iterator[Target]:
        """Lends a ledger in which nothing is kept: making the tables anew takes far longer than emptying
        them."""
        target = self._lent.pop() if self._lent else self.ledger()
        yield target
        schema = target.schema
        with psycopg.connect(
            self.dsn, password=self.password, options=f"-c search_path={schema}"
        ) as connection:
            kept = ("heads", "counters", "catalogued", "schema_versions")
            rows = connection.execute(
                "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = to_regnamespace(%s)"
                " AND relkind = 'r' AND relname <> ALL (%s) ORDER BY oid DESC",
                (schema, list(kept)),
            )
            emptying = [
                f"DELETE FROM {table}" for (table,) in rows
            ]  # what refers to others was made after them
            connection.execute("; ".join(emptying))  # type: ignore[arg-type]
            connection.execute("UPDATE heads SET dispatch = 0, delivery = 0, event = 0, leaf = -1")
            connection.execute("UPDATE counters SET value = 0")
            connection.execute("UPDATE catalogued SET place = 0, accepted_at = NULL")
        self._lent.append(target)

    def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Runs a statement as the owner of everything, and returns its rows."""
        with psycopg.connect(self.dsn, password=self.password, autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    @classmethod
    @contextmanager
    def started(cls, room: Path) -> Iterator[Postgres]:
        """Makes a server in `room`, an empty folder with a short name, and stops it at the end."""
        server = cls(room=room, port=_free_port())
        _give_to_owner(room)
        (room / "password").write_text(server.password)
        subprocess.run(
            [
                *server._as_owner(),
                command("initdb") or "initdb",
                *("-D", str(room / "data"), "-U", "axis", "--pwfile", str(room / "password")),
                *("-A", "scram-sha-256", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            cwd=room,
        )
        with (room / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host replication axis 127.0.0.1/32 scram-sha-256\n")
        server.start()
        try:
            yield server
        finally:
            server.crash()

    @contextmanager
    def standby(self, room: Path, *, synchronous: bool = True) -> Iterator[Postgres]:
        """Makes a streaming standby of this server in `room`, an empty folder with a short name, and stops it
        at the end. Where it is `synchronous`, nothing is committed from here on that it does not have on its
        disk."""
        other = replace(self, room=room, port=_free_port(), _process=None, _lent=[])
        _give_to_owner(room)
        name = f"standby_{other.port}"
        subprocess.run(
            [
                *self._as_owner(),
                command("pg_basebackup") or "pg_basebackup",
                *("-d", f"{self.dsn} application_name={name}", "-D", str(room / "data")),
                *("-X", "stream", "-c", "fast", "--write-recovery-conf", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            cwd=room,
            env={**os.environ, "PGPASSWORD": self.password},
        )
        other.start()
        try:
            if synchronous:
                self.wait_for(name)
            yield other
        finally:
            other.crash()

    def wait_for(self, standby: str) -> None:
        """Has each commit wait for a standby, '' for none, and returns once that holds."""
        self.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
        self.execute("SELECT pg_reload_conf()")
        self.until(
            "SELECT count(*) = %s FROM pg_stat_replication WHERE sync_state = 'sync'", int(bool(standby))
        )

    def promote(self) -> None:
        """Makes a standby the primary, and returns once it takes writes. It waits for nobody."""
        self.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        self.execute("SELECT pg_reload_conf()")
        self.execute("SELECT pg_promote()")
        self.until("SELECT NOT pg_is_in_recovery()")

    def until(self, statement: str, *values: object) -> None:
        """Returns once a statement answers true."""
        end = time.monotonic() + _START_SECONDS
        while self.execute(statement, *values) != [(True,)]:
            if time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL did not come so far: {statement}")
            time.sleep(0.02)

    @staticmethod
    def either(target: Target, *servers: Postgres) -> Target:
        """Names a ledger at whichever of some servers is the primary."""
        hosts = ",".join("127.0.0.1" for _ in servers)
        ports = ",".join(str(one.port) for one in servers)
        return replace(target, dsn=f"host={hosts} port={ports} dbname=postgres user=axis")

    def start(self) -> None:
        """Starts the server and returns when it takes connections."""
        with (self.room / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._as_owner(),
                    command("postgres") or "postgres",
                    *("-D", str(self.room / "data"), "-p", str(self.port), "-k", str(self.room)),
                    *(
                        "-c",
                        "listen_addresses=127.0.0.1",
                        "-c",
                        "shared_buffers=64MB",
                        "-c",
                        "max_connections=200",
                    ),
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.room,
            )
        end = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < end:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(
            f"PostgreSQL did not start:\n{(self.room / 'log').read_text(errors='replace')[-3000:]}"
        )

    def crash(self) -> None:
        """Ends every process of the server at once, as a crash does: no checkpoint, no farewell."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=_START_SECONDS)
            self._process = None

    def _as_owner(self) -> list[str]:
        owner = ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.getuid() == 0 else []
        return ["setpriv", *owner, "--pdeathsig", "QUIT"]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _give_to_owner(room: Path) -> None:
    if os.getuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(room, owner.pw_uid, owner.pw_gid)
