"""Group commit: many waiting callers, one transaction, one flush.

One thread owns the writing connection. It takes what waits, up to a bound, and walks this road:

    1. BEGIN IMMEDIATE     the write lock, against other processes too: until 4 nobody else numbers anything
    2. each caller's work  what one meets is rolled back and told to it alone
    3. the log's tree      the nodes that the new leaves complete
    4. COMMIT              one flush for all. A crash before it leaves nothing of them, after it everything
    5. answer              every caller's future, with one call into its event loop

When the store itself fails, at any step, the whole transaction is rolled back and every caller is told so.
Rows wait and are written by few statements (`relational.grouping`), for each statement is a hop out of the
interpreter's lock and back.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from storage.ledger.relational.grouping import GroupTransaction, GroupWriter, Work
from storage.ledger.relational.rows import Row
from storage.ledger.relational.texts import Queries
from storage.ledger.sqlite.database import database_errors, repeated
from storage.ledger.sqlite.tree import grown
from storage.ledger.tree import Edge

_ROWS_AT_ONCE = 64
"""Rows of one statement at most; fewer go in powers of two, so that prepared statements are used again."""

_TOLD_MOST = 1_000
"""Of many more transactions than there are between two looks for what others committed."""


class Transaction(GroupTransaction):
    """The open transaction of one batch, and the numbers it gives next."""

    value_errors = (
        sqlite3.IntegrityError,
        sqlite3.DataError,
        sqlite3.InterfaceError,
        sqlite3.ProgrammingError,
        OverflowError,  # a number beyond 63 bits
    )
    driver_errors = (sqlite3.Error,)

    def __init__(self, connection: sqlite3.Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries
        super().__init__(self._execute("heads", ()).fetchone() or (0, 0, 0, -1))

    def add_leaf(self, kind: str, leaf_hash: bytes) -> int:
        self.leaf += 1
        self.run_many("add_leaf", [(self.leaf, kind, leaf_hash)])
        return self.leaf

    def tell(self, agency_ids: Iterable[str]) -> None:
        """Tells nobody: other processes look for themselves (`hints`)."""

    def _execute(self, name: str, values: Sequence[object]) -> sqlite3.Cursor:
        return self._connection.execute(self._queries[name], values)

    def _control(self, statement: str) -> None:
        self._connection.execute(statement)

    def _write(self, waiting: Mapping[str, Sequence[Row]]) -> None:
        for name, rows in waiting.items():
            if " VALUES " not in self._queries[name]:
                self._connection.executemany(self._queries[name], rows)
                continue
            start = 0
            while count := min(len(rows) - start, _ROWS_AT_ONCE):
                count = 1 << (count.bit_length() - 1)
                some = rows[start : start + count]
                self._connection.execute(
                    repeated(self._queries[name], count), tuple(chain.from_iterable(some))
                )
                start += count

    def _written(self) -> int:
        return self._connection.total_changes


class SqliteWriter(GroupWriter):
    """The writing thread. Owns `connection` and closes it at the end."""

    def __init__(self, connection: sqlite3.Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries
        self._edge = Edge()
        self.told: deque[tuple[int, int]] = deque(maxlen=_TOLD_MOST)
        """The last event before each of the last transactions, and its own last one."""
        super().__init__(closing=connection.close)

    def _commit(self, works: Sequence[Work]) -> list[Any]:
        with database_errors():
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                transaction = Transaction(self._connection, self._queries)
                before = transaction.event
                outcomes = transaction.together(works)
                edge = grown(self._connection, self._queries, self._edge)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        self._edge = edge
        if transaction.event > before:
            self.told.append((before, transaction.event))
        return outcomes
