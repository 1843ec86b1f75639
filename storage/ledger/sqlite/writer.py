"""Group commit: many waiting callers, one transaction, one flush.

One thread owns the writing connection. It takes what waits, up to a bound, and walks this road:

    1. BEGIN IMMEDIATE     the write lock, against other processes too: until 3 nobody else numbers anything
    2. each caller's work  in a savepoint of its own: what it meets is rolled back and told to it alone
    3. COMMIT              one flush for all. A crash before it leaves nothing of them, after it everything
    4. answer              every caller's future, with one call into its event loop

When the store itself fails, at any step, the whole transaction is rolled back and every caller is told so.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from storage.errors import Unavailable
from storage.ledger.sqlite.database import Queries, database_errors
from storage.ledger.sqlite.rows import Row

T = TypeVar("T")

_BATCH_CALLERS = 256
_BATCH_WEIGHT = 10_000
"""Bounds of one transaction, in callers and in rows, so that nobody waits long behind others."""

_OPERATION_ERRORS = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)
"""What SQLite raises about one caller's values, not about the store."""


class Transaction:
    """The open transaction of one batch, and the numbers it gives next."""

    def __init__(self, connection: sqlite3.Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries
        self.dispatch: int
        self.event: int
        self.leaf: int
        self.dispatch, self.event, self.leaf = self.one("heads") or (0, 0, -1)

    def one(self, name: str, *values: object) -> Row | None:
        """Returns the first row of a named query, or None."""
        row: Row | None = self._connection.execute(self._queries[name], values).fetchone()
        return row

    def all(self, name: str, *values: object) -> list[Row]:
        """Returns the rows of a named query."""
        return self._connection.execute(self._queries[name], values).fetchall()

    def run(self, name: str, *values: object) -> int:
        """Runs a named statement and returns how many rows it changed."""
        return self._connection.execute(self._queries[name], values).rowcount

    def run_many(self, name: str, rows: Iterable[Row]) -> None:
        """Runs a named statement for each row."""
        self._connection.executemany(self._queries[name], rows)

    def savepoint(self, work: Callable[[Transaction], T]) -> T:
        """Does one caller's work; when it raises, nothing of it stays. Raises `ValueError` for impossible
        values."""
        heads = self.dispatch, self.event, self.leaf
        self._connection.execute("SAVEPOINT caller")
        try:
            result = work(self)
        except sqlite3.Error as exc:
            if not isinstance(exc, _OPERATION_ERRORS):
                raise
            self._undo(heads)
            raise ValueError(f"the ledger cannot keep this: {exc}") from exc
        except Exception:
            self._undo(heads)
            raise
        self._connection.execute("RELEASE caller")
        return result

    def _undo(self, heads: tuple[int, int, int]) -> None:
        self._connection.execute("ROLLBACK TO caller")
        self._connection.execute("RELEASE caller")
        self.dispatch, self.event, self.leaf = heads


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting(Generic[T]):
    work: Callable[[Transaction], T]
    weight: int
    future: asyncio.Future[T]
    loop: asyncio.AbstractEventLoop


_Outcome = tuple[_Waiting[Any], Any, BaseException | None]


class GroupWriter:
    """The writing thread. Owns `connection` and closes it at the end."""

    def __init__(self, connection: sqlite3.Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries
        self._queue: SimpleQueue[_Waiting[Any] | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Transaction], T], *, weight: int = 1) -> T:
        """Does `work` inside a transaction, together with others' work, and returns its result once it is
        durable.

        `weight` is about how many rows it writes. A cancelled caller's work may still be done.
        """
        if self._closed:
            raise Unavailable("the ledger is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Waiting(work=work, weight=weight, future=future, loop=loop))
        return await future

    async def aclose(self) -> None:
        """Commits what waits, then ends the thread and closes the connection."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            while batch := self._take():
                _answer(self._commit(batch))
        finally:
            self._connection.close()

    def _take(self) -> list[_Waiting[Any]]:
        """Waits for a first caller, then takes who else is there; empty at the end."""
        batch: list[_Waiting[Any]] = []
        weight = 0
        with suppress(Empty):
            while len(batch) < _BATCH_CALLERS and weight < _BATCH_WEIGHT:
                waiting = self._queue.get(block=not batch)
                if waiting is None:
                    if batch:
                        self._queue.put(None)
                    break
                batch.append(waiting)
                weight += waiting.weight
        return batch

    def _commit(self, batch: Sequence[_Waiting[Any]]) -> list[_Outcome]:
        try:
            with database_errors():
                try:
                    self._connection.execute("BEGIN IMMEDIATE")
                    transaction = Transaction(self._connection, self._queries)
                    outcomes = [_outcome(transaction, waiting) for waiting in batch]
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
        except Exception as exc:  # noqa: BLE001 - handed to every caller: nobody waits for ever
            return [(waiting, None, exc) for waiting in batch]
        return outcomes


def _outcome(transaction: Transaction, waiting: _Waiting[Any]) -> _Outcome:
    try:
        return waiting, transaction.savepoint(waiting.work), None
    except sqlite3.Error:
        raise
    except Exception as exc:  # noqa: BLE001 - handed to the caller whose work raised it
        return waiting, None, exc


def _answer(outcomes: Sequence[_Outcome]) -> None:
    """Resolves the futures, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
    for outcome in outcomes:
        by_loop.setdefault(outcome[0].loop, []).append(outcome)
    for loop, its_outcomes in by_loop.items():
        with suppress(RuntimeError):  # the loop has closed: nobody waits there any more
            loop.call_soon_threadsafe(_resolve, its_outcomes)


def _resolve(outcomes: Sequence[_Outcome]) -> None:
    for waiting, result, error in outcomes:
        if waiting.future.done():
            continue
        if error is None:
            waiting.future.set_result(result)
        else:
            waiting.future.set_exception(error)
