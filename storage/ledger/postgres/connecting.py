"""Where the database is, how a connection to it is made, and what PostgreSQL's errors mean to a caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import BytesBinaryDumper

from storage.errors import Misconfigured, NotALedger, StoreFull, Unavailable

OLDEST = 15
"""The oldest major version of PostgreSQL that this was made for."""

CONNECT_SECONDS = 5
"""How long to wait for a connection: a server that is there answers at once, and one call may try two."""
LOCK_MS = 15_000
"""How long to wait for another node's transaction. Longer than `IDLE_MS`, so that who waits behind a node
that hangs is served."""
IDLE_MS = 10_000
"""How long a transaction may do nothing before the server ends it: a node that hangs, or was cut off, holds
the lock of all. A node that is only slow asks many times a second."""
STATEMENT_MS = 60_000
"""How long one statement may take: counting a month of all agencies takes seconds, and nobody waits
longer."""
_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""A server that vanished without a word is given up after some 20 s (the last number is in milliseconds)."""

Connection = psycopg.Connection[tuple[Any, ...]]


class Fence:
    """Keeps one process away from a primary that another has taken over from.

    A standby that is promoted begins a new timeline. Whoever has written on it never again believes a server
    of an older one, though it says that it takes writes.
    """

    def __init__(self) -> None:
        self._timeline = 0

    def passes(self, timeline: int | None) -> bool:
        """Whether a server may be used; a standby, which has None, follows whom it is told to."""
        if timeline is None:
            return True
        self._timeline = max(self._timeline, timeline)
        return timeline == self._timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which ledger, and how to reach it."""

    dsn: str
    """As libpq takes it, `host=… dbname=… user=…` or a URI; without a password."""
    password: str | None = field(default=None, repr=False)
    schema: str = "axis"
    """The schema in that database that is the ledger's own."""


@contextmanager
def database_errors() -> Iterator[None]:
    """Translates what PostgreSQL says about the store into what a caller of the ledger acts on."""
    try:
        yield
    except (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory) as exc:
        raise StoreFull(f"the ledger answers {_name(exc)}") from exc
    except psycopg.Error as exc:
        raise Unavailable(f"the ledger answers {_name(exc)}") from exc


def _name(exc: psycopg.Error) -> str:
    return f"{type(exc).__name__} ({exc.sqlstate})" if exc.sqlstate else type(exc).__name__


def conninfo(target: Target) -> str:
    """Returns what libpq takes. Raises `Misconfigured`."""
    try:
        given = conninfo_to_dict(target.dsn)
    except psycopg.Error as exc:
        raise Misconfigured("`dsn` is not understood: write it as `host=… port=… dbname=… user=…`") from exc
    if "password" in given:
        raise Misconfigured(
            "`dsn` holds a password: set AXIS_LEDGER_PASSWORD in the environment, or `password_file`, instead"
        )
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,47}", target.schema) is None:
        raise Misconfigured("`database_schema` is not a name: write small letters, digits and `_`")
    chosen: dict[str, Any] = {"application_name": "axis", "connect_timeout": CONNECT_SECONDS, **_ALIVE}
    if "," in str(given.get("host", "")):
        chosen["target_session_attrs"] = "read-write"
    if target.password is not None:
        chosen["password"] = target.password
    return make_conninfo("", **{**chosen, **given})


_SET = """
SELECT
    set_config('search_path', $1, false),
    set_config('client_encoding', 'UTF8', false),
    set_config('statement_timeout', $2, false),
    set_config('lock_timeout', $3, false),
    set_config('idle_in_transaction_session_timeout', $4, false),
    set_config('default_transaction_read_only', $5, false),
    set_config('default_transaction_isolation', 'read committed', false)
"""

TIMELINE = """
SELECT CASE WHEN pg_is_in_recovery() THEN NULL
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint
END
"""
"""Asks a server for the timeline that it writes; null for a standby."""


def connect(target: Target, *, read_only: bool = False, fence: Fence | None = None) -> Connection:
    """Opens one connection, to be used by one thread at a time. Transactions are begun and ended explicitly.

    Of several hosts one that `fence` keeps away from is passed over. Raises `Unavailable` with a sentence
    that says what to look at.
    """
    fence = fence or Fence()
    for known in conninfos(target):
        connection, timeline = _connected(known, target.schema, read_only)
        if fence.passes(timeline):
            return connection
        connection.close()
    raise Unavailable(
        f"the server takes writes on timeline {timeline}, and another took over from it since: shut it down,"
        " and make it a standby of the new primary"
    )


def conninfos(target: Target) -> Iterator[str]:
    """Yields what libpq takes: hosts in their order, then the same with each other host first. Raises
    `Misconfigured`."""
    given = conninfo_to_dict(conninfo(target))
    lists = {name: str(given[name]).split(",") for name in ("host", "hostaddr", "port") if name in given}
    for first in range(max(map(len, lists.values()), default=1)):
        turned: dict[str, Any] = {name: ",".join((*one[first:], *one[:first])) for name, one in lists.items()}
        yield make_conninfo("", **{**given, **turned})


def _connected(known: str, schema: str, read_only: bool) -> tuple[Connection, int | None]:
    """Opens a connection and returns it with the timeline that its server writes, None for a standby."""
    try:
        connection = psycopg.connect(
            known,
            autocommit=True,
            cursor_factory=psycopg.RawCursor,
            prepare_threshold=1,
            prepared_max=None,
        )
    except psycopg.Error as exc:
        raise Unavailable(
            f"PostgreSQL does not answer, or does not let us in ({_first_line(exc)}): see that it runs, and"
            " check `dsn` and the password"
        ) from exc
    try:
        adapt(connection)
        with database_errors():
            limits = map(str, (STATEMENT_MS, LOCK_MS, IDLE_MS))
            settings = (f'"{schema}"', *limits, "on" if read_only else "off")
            connection.execute(_SET, settings)
            row = connection.execute(TIMELINE).fetchone()
    except BaseException:
        connection.close()
        raise
    assert row is not None
    return connection, row[0]


def adapt(connection: Connection) -> None:
    """Has numbers and bytes go out as one type each, so that every statement is prepared once."""
    connection.adapters.register_dumper(int, Int8Dumper)
    connection.adapters.register_dumper(bytes, BytesBinaryDumper)


def _first_line(exc: psycopg.Error) -> str:
    return (str(exc).strip().splitlines() or [type(exc).__name__])[0].rstrip(" .")


_KEEPS = """
SELECT
    current_setting('server_version_num')::int / 10000, current_setting('server_encoding'),
    current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes'),
    pg_is_in_recovery()
"""


def check_server(connection: Connection) -> None:
    """Raises `Misconfigured` unless what the server says is committed is on its disk, and can be read
    back."""
    with database_errors():
        row = connection.execute(_KEEPS).fetchone()
    assert row is not None
    version, encoding, synchronous, fsync, full_pages, standby = row
    if version < OLDEST:
        raise Misconfigured(f"PostgreSQL is of version {version}: upgrade it to {OLDEST} or newer")
    if encoding != "UTF8":
        raise Misconfigured(f"the database is encoded in {encoding}: make one with ENCODING 'UTF8'")
    if standby:
        raise Misconfigured("the server is a standby: name the primary in `dsn`, or all, host=a,b")
    if synchronous not in ("on", "remote_apply"):
        raise Misconfigured(f"synchronous_commit is {synchronous}: set it to `on` for this user or server")
    for name, value in (("fsync", fsync), ("full_page_writes", full_pages)):
        if value != "on":
            raise Misconfigured(f"{name} is {value}: a crash would lose what was accepted; set it to `on`")


def check_kind(connection: Connection, schema: str) -> int:
    """Returns the version of the ledger in a schema; 0 when nothing is there. Raises `NotALedger`."""
    with database_errors():
        row = connection.execute(
            "SELECT to_regclass($1 || '.schema_versions') IS NOT NULL, EXISTS ("
            "SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace($1))",
            (schema,),
        ).fetchone()
        assert row is not None
        versioned, used = row
        if not versioned:
            if used:
                raise NotALedger(f"the schema {schema} belongs to another application")
            return 0
        found = connection.execute(f"SELECT max(version) FROM {schema}.schema_versions").fetchone()  # noqa: S608 - a name
    return int(found[0]) if found and found[0] is not None else 0
