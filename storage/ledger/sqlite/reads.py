"""The reading side: a small pool of threads, a connection each. No read waits for a writer, nor a writer for
a read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from storage.ledger.relational.engine import Values
from storage.ledger.relational.reading import ThreadedReaders
from storage.ledger.relational.rows import Row
from storage.ledger.relational.texts import Queries
from storage.ledger.sqlite.database import connect, database_errors

T = TypeVar("T")

_THREADS = 4
"""Reads at once. They take the interpreter's lock for most of their time, so more would not be faster."""


class Readers(ThreadedReaders[sqlite3.Connection]):
    """Runs named queries. Each query sees every write that returned before it was asked."""

    def __init__(self, path: Path, queries: Queries, *, beside: tuple[str, Path] | None = None) -> None:
        """`beside` is another file that the queries read, and its name there."""
        super().__init__(threads=_THREADS)
        self._path = path
        self._beside = beside
        self._queries = queries

    def _connect(self) -> sqlite3.Connection:
        return connect(self._path, read_only=True, beside=self._beside)

    def _query(self, name: str, values: Values) -> list[Row]:
        with database_errors():
            return self._connection().execute(self._queries[name], values).fetchall()

    def _walk(self, name: str, values: Values, work: Callable[[Iterator[Row]], T]) -> T:
        """Rows that `work` does not take are never read."""
        with database_errors(), closing(self._connection().execute(self._queries[name], values)) as rows:
            return work(rows)
