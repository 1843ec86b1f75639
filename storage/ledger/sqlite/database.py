"""Opening the file: connections, named queries, migrations, and what SQLite's errors mean to a caller."""

from __future__ import annotations

import functools
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from storage.errors import NotALedger, SchemaTooNew, StoreFull, Unavailable
from storage.ledger.relational import texts
from storage.ledger.relational.texts import Queries, Schema

APPLICATION_ID = 0x41584953
"""`AXIS`, in the file's header: tells a ledger from any other SQLite file."""

BUSY_SECONDS = 10.0
"""How long to wait for another process's transaction: many group commits, far less than a caller's
deadline."""

_CACHE_KIB = 32_000
"""Page cache of a connection. Indexes by digest are touched all over: with SQLite's 2 MiB, commits halve."""


def load_queries() -> Queries:
    """Reads `sql/*.sql`."""
    return texts.load_queries(__package__)


@functools.lru_cache(maxsize=256)
def repeated(insert: str, rows: int) -> str:
    """Returns an INSERT of one row of VALUES as one of `rows` rows."""
    return re.sub(r"VALUES (\([^()]*\))", lambda one: f"VALUES {', '.join([one[1]] * rows)}", insert)


@contextmanager
def database_errors() -> Iterator[None]:
    """Translates what SQLite says about the store into what a caller of the ledger acts on."""
    try:
        yield
    except sqlite3.Error as exc:
        name = getattr(exc, "sqlite_errorname", type(exc).__name__)
        if name == "SQLITE_NOTADB":
            raise NotALedger("the file is no SQLite database") from exc
        raise (StoreFull if name == "SQLITE_FULL" else Unavailable)(f"the ledger answers {name}") from exc


def connect(
    path: Path, *, read_only: bool = False, beside: tuple[str, Path] | None = None
) -> sqlite3.Connection:
    """Opens one connection, to be used by one thread at a time. Transactions are begun and ended
    explicitly. `beside` is another file and the name under which queries find it."""
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute(f"PRAGMA query_only = {int(read_only)}")
        if beside is not None:
            name, file = beside
            connection.execute(f"ATTACH ? AS {name}", (str(file),))
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def look(path: Path) -> Schema:
    """Says which schema a file has. Writes nothing, and no file beside it either.

    Raises `SchemaTooNew`, `NotALedger`, `Unavailable`.
    """
    known = len(load_migrations())
    if not path.exists():
        return Schema(found=0, known=known)
    with database_errors():
        connection = sqlite3.connect(_read_only(path), uri=True, timeout=BUSY_SECONDS)
        try:
            _check_kind(connection)
            (found,) = connection.execute("PRAGMA user_version").fetchone()
        finally:
            connection.close()
    if found > known:
        raise SchemaTooNew(found, known)
    return Schema(found=found, known=known)


def _read_only(path: Path) -> str:
    """Where no log lies beside the file nobody has it open, and SQLite need not make one to read it."""
    logged = path.with_name(f"{path.name}-wal").exists()
    return f"{path.absolute().as_uri()}?mode=ro{'' if logged else '&immutable=1'}"


def prepare(path: Path) -> None:
    """Makes the file if absent, readable by its owner alone, and brings its schema up to date.

    Raises `SchemaTooNew` or `NotALedger`, having changed nothing.
    """
    with database_errors():
        try:
            path.touch(mode=0o600)
            connection = connect(path)
        except OSError as exc:
            raise Unavailable(f"the ledger's file cannot be made: {exc.strerror}") from exc
        try:
            _check_kind(connection)
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            _migrate(connection)
        finally:
            connection.close()


def _check_kind(connection: sqlite3.Connection) -> None:
    # In this order: tables and mark appear together, so whoever sees the tables sees the mark too.
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if application_id != APPLICATION_ID and (application_id != 0 or tables != 0):
        raise NotALedger("the SQLite file belongs to another application")


def _migrate(connection: sqlite3.Connection) -> None:
    """Runs the migrations that the file lacks, in one transaction that takes the write lock first.

    Two processes that open at once: the second waits for the lock and then finds nothing to do. A crash
    leaves the schema as it was, since SQLite's schema changes, `user_version` and `application_id` are
    transactional.
    """
    migrations = load_migrations()
    connection.execute("BEGIN IMMEDIATE")
    try:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found > len(migrations):
            raise SchemaTooNew(found, len(migrations))
        for script in migrations[found:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def load_migrations() -> list[str]:
    """Reads `migrations/*.sql` in order."""
    return texts.load_migrations(__package__)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
