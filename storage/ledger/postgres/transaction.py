"""The open transaction of one batch: what the facets' work is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import psycopg

from storage.ledger.postgres.arrays import columns
from storage.ledger.postgres.connecting import Connection
from storage.ledger.postgres.queries import Queries
from storage.ledger.relational.grouping import GroupTransaction
from storage.ledger.relational.rows import Row


class Transaction(GroupTransaction):
    """Runs the work of many callers, gives numbers, and gathers what is to be told once it is committed."""

    value_errors = (
        psycopg.IntegrityError,
        psycopg.DataError,
        psycopg.errors.ProgramLimitExceeded,  # a key too long for an index
        UnicodeEncodeError,
    )
    driver_errors = (psycopg.Error,)

    def __init__(self, connection: Connection, queries: Queries, heads: tuple[int, ...]) -> None:
        super().__init__(heads)
        self._connection = connection
        self._queries = queries
        self._changes = 0
        self._first_leaf = self.leaf + 1
        self._told: set[str] = set()
        self._hashes: list[bytes] = []

    @property
    def hashes(self) -> Sequence[bytes]:
        """Those of the leaves that were added."""
        return self._hashes

    @property
    def told(self) -> frozenset[str]:
        """Agencies for which there may be something new."""
        return frozenset(self._told)

    def add_leaf(self, kind: str, leaf_hash: bytes) -> int:
        self.leaf += 1
        self._hashes.append(leaf_hash)
        self.run_many("add_leaf", [(self.leaf, kind, leaf_hash)])
        return self.leaf

    def tell(self, agency_ids: Iterable[str]) -> None:
        self._told.update(agency_ids)

    def _execute(self, name: str, values: Sequence[object]) -> psycopg.Cursor[Row]:
        cursor = self._connection.execute(self._queries[name].text, values)
        if cursor.statusmessage is not None and not cursor.statusmessage.startswith("SELECT"):
            self._changes += cursor.rowcount
        return cursor

    def _control(self, statement: str) -> None:
        self._connection.execute(statement)

    def _write(self, waiting: Mapping[str, Sequence[Row]]) -> None:
        """Writes what waits, with one wait for the server.

        Nothing is prepared inside a pipeline: the driver would take for prepared what came after a failure.
        """
        with self._connection.pipeline():
            for name, rows in waiting.items():
                self._connection.execute(self._queries[name].text, columns(rows), prepare=False)

    def _written(self) -> int:
        return self._changes

    def _undo(self, savepoint: str, heads: tuple[int, ...]) -> None:
        super()._undo(savepoint, heads)
        del self._hashes[self.leaf + 1 - self._first_leaf :]
