"""A partition of `contents` for each month, made ahead of time by whichever node comes first.

Months are those of UTC: they part tables, and mean nothing to anybody else. Whoever makes one is alone in
writing, as every writer is, and takes over what lies in no month yet: there is never a moment without a place
for a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from storage.ledger.months import STRAYS_MOST, Months
from storage.ledger.postgres.connecting import Connection, Fence, Target, connect, database_errors
from storage.ledger.relational.rows import microseconds

AHEAD = 3
"""Months that are made before they begin: for so long nobody need look after it."""
_LOCK_MS = 2_000
"""How long to wait for a table that somebody reads: who comes after waits too, so it rather tries again."""

_THERE = """
SELECT left(c.relname, length('contents_yyyy_mm'))
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'contents'::regclass
"""
_STRAYS = "SELECT count(*) FROM (SELECT 1 FROM contents_other LIMIT $1) AS strays"
_TAKE_OVER = "WITH theirs AS (DELETE FROM contents_other WHERE at >= $1 AND at < $2 RETURNING *)"


def make_months(target: Target, fence: Fence, at: datetime) -> Months:
    """`Monthly.make_months`. The month before is made too: clocks differ, and its last rows may come late."""
    connection = connect(target, fence=fence)
    try:
        with database_errors():
            wanted = list(_months(at))
            if missing := [month for month in wanted if _name(month) not in _there(connection)]:
                with connection.transaction():
                    connection.execute(f"SET LOCAL lock_timeout = {_LOCK_MS}")
                    connection.execute("SELECT FROM heads FOR UPDATE")
                    there = _there(connection)
                    for month in missing:
                        if _name(month) not in there:
                            _make(connection, month)
            ahead = sum(_name(month) in _there(connection) for month in wanted[2:])
            row = connection.execute(_STRAYS, (STRAYS_MOST,)).fetchone()
        return Months(ahead=ahead, strays=row[0] if row else 0)
    finally:
        connection.close()


def _months(at: datetime) -> Iterator[datetime]:
    """The month before, this one, and those ahead."""
    at = at.astimezone(UTC)
    for number in range(12 * at.year + at.month - 2, 12 * at.year + at.month + AHEAD):
        yield _first_of(number)


def _first_of(number: int) -> datetime:
    """`number` counts months from the year 0 on."""
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def _name(month: datetime) -> str:
    return f"contents_{month:%Y_%m}"


def _there(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute(_THERE)}


def _make(connection: Connection, month: datetime) -> None:
    first = microseconds(month)
    end = microseconds(_first_of(12 * month.year + month.month))
    name = _name(month)
    connection.execute(f"CREATE TABLE {name} (LIKE contents INCLUDING ALL)")
    connection.execute(f"{_TAKE_OVER} INSERT INTO {name} SELECT * FROM theirs", (first, end))  # noqa: S608 - a name of ours
    connection.execute(f"ALTER TABLE contents ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({end})")
