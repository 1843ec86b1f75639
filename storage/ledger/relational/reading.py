"""Reading in a bounded pool of threads, a connection each, as far as the engines are alike."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

from storage.errors import Unavailable
from storage.ledger.relational.engine import Values
from storage.ledger.relational.rows import Row

T = TypeVar("T")


class Closable(Protocol):
    """A connection."""

    def close(self) -> object:
        """Ends it."""
        ...


C = TypeVar("C", bound=Closable)


class ThreadedReaders(ABC, Generic[C]):
    """`Readers`; an engine adds how it connects and asks."""

    def __init__(self, *, threads: int) -> None:
        self._local = threading.local()
        self._connections: set[C] = set()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="ledger-reader")
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

    def _connection(self) -> C:
        """The thread's own connection, made anew when it is gone."""
        connection: C | None = getattr(self._local, "connection", None)
        if connection is None or self._gone(connection):
            if connection is not None:
                self._connections.discard(connection)
            connection = self._local.connection = self._connect()
            self._connections.add(connection)
        return connection

    @abstractmethod
    def _connect(self) -> C:
        """Opens a connection that only reads."""

    def _gone(self, connection: C) -> bool:
        """Whether a connection has ended by itself."""
        return False

    @abstractmethod
    def _query(self, name: str, values: Values) -> list[Row]:
        """Runs a named query in a thread."""

    def _walk(self, name: str, values: Values, work: Callable[[Iterator[Row]], T]) -> T:
        """The same, for one who need not take every row."""
        return work(iter(self._query(name, values)))
