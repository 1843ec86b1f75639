"""Bringing a ledger's schema up to date while other nodes serve.

A migration only adds: tables, columns with a default, indexes. What a node of the version before reads and
writes stays as it is until no such node runs any more, views with their columns too.
"""

from __future__ import annotations

from storage.errors import SchemaTooNew
from storage.ledger.postgres.connecting import (
    Connection,
    Target,
    check_kind,
    check_server,
    connect,
    database_errors,
)
from storage.ledger.relational import texts
from storage.ledger.relational.texts import Schema

_ALTER_MS = 5_000
"""How long a change may wait for a table: who comes after it waits as long, so it rather fails and is tried
again."""


def load_migrations() -> list[str]:
    """Reads `migrations/*.sql` in order."""
    return texts.load_migrations(__package__)


def look(target: Target) -> Schema:
    """Says which schema a ledger has, and changes nothing. Raises `SchemaTooNew`, `NotALedger`,
    `Unavailable`."""
    connection = connect(target, read_only=True)
    try:
        check_server(connection)
        found, known = check_kind(connection, target.schema), len(load_migrations())
    finally:
        connection.close()
    if found > known:
        raise SchemaTooNew(found, known)
    return Schema(found=found, known=known)


def prepare(target: Target) -> None:
    """Makes the schema if absent and brings it up to date, in one transaction: of two nodes that start at
    once the second waits, and finds nothing to do.

    Raises `SchemaTooNew`, `NotALedger`, `Misconfigured`, having changed nothing.
    """
    migrations = load_migrations()
    connection = connect(target)
    try:
        check_server(connection)
        with database_errors(), connection.transaction():
            connection.execute("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('axis ' || $1, 0))", (target.schema,)
            )
            found = check_kind(connection, target.schema)
            if found > len(migrations):
                raise SchemaTooNew(found, len(migrations))
            if found < len(migrations):
                _migrate(connection, target.schema, found, migrations)
    finally:
        connection.close()


def _migrate(connection: Connection, schema: str, found: int, migrations: list[str]) -> None:
    connection.execute(f"SET LOCAL lock_timeout = {_ALTER_MS}")
    if found == 0:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        connection.execute(
            "CREATE TABLE schema_versions ("
            "version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
        )
    else:
        # What every writer takes first: without it, a writer that waits for a table holds what is asked next.
        connection.execute("LOCK TABLE heads IN ACCESS EXCLUSIVE MODE")
    for version, script in enumerate(migrations[found:], start=found + 1):
        connection.execute(script)
        connection.execute("INSERT INTO schema_versions (version) VALUES ($1)", (version,))
