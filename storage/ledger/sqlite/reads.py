"""The reading side: a small pool of threads, a connection each. No read waits for a writer, nor a writer for
a read."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from storage.errors import Unavailable
from storage.ledger.relational.engine import Values
from storage.ledger.relational.rows import Row
from storage.ledger.relational.texts import Queries
from storage.ledger.sqlite.database import connect, database_errors

T = TypeVar("T")

_THREADS = 4
"""Reads at once. They take the interpreter's lock for most of their time, so more would not be faster."""


class Readers:
    """Runs named queries. Each query sees every write that returned before it was asked."""

    def __init__(self, path: Path, queries: Queries, *, beside: tuple[str, Path] | None = None) -> None:
        """`beside` is another file that the queries read, and its name there."""
        self._path = path
        self._beside = beside
        self._queries = queries
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="ledger-reader")
        self._closed = False

    async def one(self, name: str, *values: object) -> Row | None:
        """Returns the first row of a named query, or None."""
        rows = await self.all(name, values)
        return rows[0] if rows else None

    async def all(self, name: str, values: Values) -> list[Row]:
        """Returns the rows of a named query."""
        return await self._in_thread(lambda: self._query(name, values))

    async def several(self, *asked: tuple[str, Values]) -> list[list[Row]]:
        """Returns the rows of each of several queries, with one hop into a thread."""
        return await self._in_thread(lambda: [self._query(name, values) for name, values in asked])

    async def walk(self, name: str, values: Values, work: Callable[[Iterator[Row]], T]) -> T:
        """Returns what `work` makes of the rows of a named query; those that it does not take are never
        read. It runs in a thread."""
        return await self._in_thread(lambda: self._walk(name, values, work))

    async def aclose(self) -> None:
        """Waits for reads under way, then closes the connections."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        while self._connections:
            self._connections.pop().close()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise Unavailable("the ledger is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _query(self, name: str, values: Values) -> list[Row]:
        with database_errors():
            return self._connection().execute(self._queries[name], values).fetchall()

    def _walk(self, name: str, values: Values, work: Callable[[Iterator[Row]], T]) -> T:
        with database_errors(), closing(self._connection().execute(self._queries[name], values)) as rows:
            return work(rows)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path, read_only=True, beside=self._beside)
            self._connections.append(connection)
        return connection
