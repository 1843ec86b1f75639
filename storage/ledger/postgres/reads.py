"""The reading side: a bounded pool of threads, a connection each. In threads a query costs half of what it
costs in the event loop, where each wait for the server is a trip through the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import psycopg

from storage.errors import Unavailable
from storage.ledger.postgres.connecting import Connection, Target, connect, database_errors
from storage.ledger.postgres.queries import Queries
from storage.ledger.relational.engine import Values
from storage.ledger.relational.rows import Row

T = TypeVar("T")


class PostgresReaders:
    """`Readers` over PostgreSQL."""

    def __init__(self, target: Target, queries: Queries, *, connections: int) -> None:
        self._target = target
        self._queries = queries
        self._local = threading.local()
        self._connections: set[Connection] = set()
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="ledger-reader")
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
        """Returns what `work` makes of the rows of a named query. It runs in a thread."""
        return await self._in_thread(lambda: work(iter(self._query(name, values))))

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
        """Text that no store can keep is found nowhere; a number that there cannot be is a `ValueError`.

        Asks once more, over a new connection, when the one at hand turns out to be gone.
        """
        query = self._queries[name]
        text, places = query.text, query.places(values)
        try:
            with database_errors():
                connection = self._connection()
                try:
                    return connection.execute(text, places).fetchall()
                except psycopg.OperationalError:
                    if not connection.closed:
                        raise
                    return self._connection().execute(text, places).fetchall()
        except UnicodeEncodeError:
            return []
        except Unavailable as exc:
            if not isinstance(cause := exc.__cause__, psycopg.DataError):
                raise
            if cause.sqlstate in (None, psycopg.errors.UntranslatableCharacter.sqlstate):
                return []
            raise ValueError(f"the ledger cannot look for this: {cause}") from cause

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None or connection.closed:
            if connection is not None:
                self._connections.discard(connection)
            connection = self._local.connection = connect(self._target, read_only=True)
            self._connections.add(connection)
        return connection
