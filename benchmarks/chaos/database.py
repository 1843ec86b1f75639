"""PostgreSQL as a ministry runs it: a primary, a synchronous standby, and what can happen to both.

    pair = Pair(room, network)
    pair.begin()                     # db1 is primary, nothing is committed that db2 does not hold
    pair.crash(); pair.recover()     # kill -9 of every process at once
    pair.fail_over()                 # the primary dies, is fenced, and the standby takes over
    pair.rebuild()                   # the old one is copied anew and follows

Each server's data lie on a small disk of its own. Commands run as `postgres`.
"""

from __future__ import annotations

import os
import pwd
import secrets
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from benchmarks.chaos.network import Host, Network
from benchmarks.chaos.sealing_off import small_disk
from tests.storage.postgres import command

PORT = 5432
DISK_MEBIBYTES = 768
PATIENCE = 60.0
"""Seconds for anything that a server must do."""
_SETTINGS = (
    *("-c", "unix_socket_directories=", "-c", "listen_addresses=*"),
    *("-c", "shared_buffers=64MB", "-c", "max_connections=200"),
    *("-c", "max_wal_size=128MB", "-c", "wal_keep_size=128MB", "-c", "wal_sender_timeout=5s"),
    *("-c", "wal_receiver_timeout=5s", "-c", "wal_retrieve_retry_interval=500ms", "-c", "hot_standby=on"),
)


class NotInTime(Exception):
    """An engine did not do what it must within `PATIENCE`; the run means nothing."""


def until(done: Callable[[], bool], what: str) -> None:
    """Waits until something is so. Raises `NotInTime`."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise NotInTime(what)
        time.sleep(0.1)


@dataclass(slots=True)
class Server:
    """One PostgreSQL."""

    room: Path
    host: Host
    password: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.room / "disk" / "data"

    def make(self) -> None:
        """Makes an empty cluster that lets the other one follow."""
        passwords = self.room / "password"
        passwords.write_text(self.password)
        options = ("-U", "axis", "--pwfile", str(passwords), "-A", "scram-sha-256", "-E", "UTF8")
        self._run("initdb", "-D", str(self.data), *options, "--locale", "C.UTF-8", "--no-sync")
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write("host all,replication all 10.77.0.0/24 scram-sha-256\n")

    def copy(self, primary: Server) -> None:
        """Copies another server, to follow it."""
        subprocess.run(["rm", "-rf", str(self.data)], check=True)
        source = f"host={primary.host.address} port={PORT} user=axis application_name={self.host.name}"
        self._run("pg_basebackup", "-D", str(self.data), "-R", "-X", "stream", "-c", "fast", "-d", source)

    def start(self) -> None:
        """Starts it; returns at once."""
        with (self.room / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *self.host.inside,
                    *_AS_OWNER,
                    command("postgres") or "postgres",
                    *("-D", str(self.data), "-p", str(PORT), *_SETTINGS),
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.room,
            )

    def answers(self) -> bool:
        """Tells whether it takes connections; starts it anew when it has ended by itself."""
        if self.process is None or self.process.poll() is not None:
            self.start()
        try:
            self.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def kill(self) -> None:
        """Kills every process at once, as when the power fails."""
        if self.process is None:
            return
        mother = self.process.pid
        self.process.send_signal(signal.SIGSTOP)
        for pid in (*_children(mother), mother):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        self.process = None

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Runs a statement as the owner of everything."""
        where = f"host={self.host.address} port={PORT} dbname=postgres user=axis connect_timeout=3"
        with psycopg.connect(where, password=self.password, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self.host.inside, *_AS_OWNER, command(name) or name, *arguments],
            cwd=self.room,
            capture_output=True,
            text=True,
            env=os.environ | {"PGPASSWORD": self.password},
            check=False,
        )
        if done.returncode != 0:
            raise NotInTime(f"{name}: {done.stderr}")


_AS_OWNER = ("setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups")


def _children(mother: int) -> list[int]:
    found = Path(f"/proc/{mother}/task/{mother}/children").read_text()
    return [int(pid) for pid in found.split()]


@dataclass(slots=True)
class Pair:
    """A primary and its standby."""

    room: Path
    network: Network
    names: tuple[str, str] = ("db1", "db2")
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    primary: Server = field(init=False)
    standby: Server = field(init=False)

    def __post_init__(self) -> None:
        self.primary, self.standby = map(self._server, self.names)

    @property
    def dsn(self) -> str:
        """Names both; who connects finds the primary."""
        hosts = ",".join(self.network.hosts[name].address for name in self.names)
        return f"host={hosts} port={PORT} dbname=postgres user=axis"

    def begin(self) -> None:
        self.primary.make()
        until(self.primary.answers, "the primary starts")
        self._follow()

    def crash(self) -> None:
        """Kills the primary, whose standby stays as it is."""
        self.primary.kill()

    def recover(self) -> None:
        """Starts the primary again, and waits until the standby follows."""
        until(self.primary.answers, "the primary recovers")
        until(self.in_step, "the standby follows again")

    def in_step(self) -> bool:
        """Tells whether nothing is committed that the standby does not hold."""
        rows = self.primary.execute(
            "SELECT sync_state = 'sync' AND flush_lsn >= pg_current_wal_flush_lsn() - 8000000"
            " FROM pg_stat_replication WHERE state = 'streaming'"
        )
        return any(row[0] for row in rows)

    def fail_over(self) -> None:
        """Kills and fences the primary, and has the standby take over: it alone then, waiting for nobody."""
        until(self.in_step, "the standby is in step")
        for line in self.network.lines_of(self.primary.host.name):
            line.cut = True
        self.primary.kill()
        self.standby.execute("SELECT pg_promote()")
        self.primary, self.standby = self.standby, self.primary

    def rebuild(self) -> None:
        """Makes the old primary the standby of the new one."""
        for line in self.network.lines_of(self.standby.host.name):
            line.cut = False
        self._follow()

    def fill(self) -> None:
        """Leaves no room on the primary's disk."""
        ballast = self.primary.room / "disk" / "ballast"
        with ballast.open("wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
                    file.flush()
            except OSError:
                pass  # it is full: that is what was wanted

    def clear(self) -> None:
        """Takes the ballast away, and starts what ended for want of room."""
        for name in self.names:
            (self.room / name / "disk" / "ballast").unlink(missing_ok=True)
        self.recover()

    def _follow(self) -> None:
        """The copy is taken before the setting is made: once promoted, it waits for nobody until another one
        follows it."""
        self.standby.copy(self.primary)
        until(self.standby.answers, "the standby starts")
        self.primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.primary.execute("SELECT pg_reload_conf()")
        until(self.in_step, "the standby follows")

    def _server(self, name: str) -> Server:
        room = self.room / name
        small_disk(room / "disk", DISK_MEBIBYTES)
        owner = pwd.getpwnam("postgres")
        for each in (room, room / "disk"):
            os.chown(each, owner.pw_uid, owner.pw_gid)
        return Server(room, self.network.hosts[name], self.password)
