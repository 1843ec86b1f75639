"""Group commit: many waiting callers, one transaction, one flush.

One thread owns the writing connection. It takes what waits, up to a bound, and walks this road:

    1. BEGIN IMMEDIATE     the write lock, against other processes too: until 4 nobody else numbers anything
    2. each caller's work  what one meets is rolled back and told to it alone
    3. the log's tree      the nodes that the new leaves complete
    4. COMMIT              one flush for all. A crash before it leaves nothing of them, after it everything
    5. answer              every caller's future, with one call into its event loop

When the store itself fails, at any step, the whole transaction is rolled back and every caller is told so.

Step 2 first tries all of them in one savepoint, where the rows that they add wait and are written by few
statements (each statement is a hop out of the interpreter's lock and back). When anyone fails who has
written, each is done again, in a savepoint of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, TypeVar

from storage.batching import Batches, Failed
from storage.ledger.relational.engine import Counted
from storage.ledger.relational.rows import Row
from storage.ledger.relational.texts import Queries
from storage.ledger.sqlite.database import database_errors, repeated
from storage.ledger.sqlite.tree import grown
from storage.ledger.tree import Edge

T = TypeVar("T")

_BATCH_CALLERS = 256
_BATCH_WEIGHT = 10_000
"""Bounds of one transaction, in callers and in rows, so that nobody waits long behind others."""

_ROWS_AT_ONCE = 64
"""Rows of one statement at most; fewer go in powers of two, so that prepared statements are used again."""

_OPERATION_ERRORS = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,  # a number beyond 63 bits
)
"""What is raised about one caller's values, not about the store."""


class _Entangled(Exception):
    """A caller's work failed after it had written among others'."""


class Transaction:
    """The open transaction of one batch, and the numbers it gives next."""

    def __init__(self, connection: sqlite3.Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries
        self._waiting: dict[str, list[Row]] = {}
        self.counted: dict[int, Counted] = {}
        """By position: the events of the dispatches that this transaction has written about."""
        self.dispatch: int
        self.delivery: int
        self.event: int
        self.leaf: int
        self._heads = self.one("heads") or (0, 0, 0, -1)

    @property
    def _heads(self) -> tuple[int, ...]:
        """The highest numbers given so far."""
        return self.dispatch, self.delivery, self.event, self.leaf

    @_heads.setter
    def _heads(self, heads: tuple[int, ...]) -> None:
        self.dispatch, self.delivery, self.event, self.leaf = heads

    def one(self, name: str, *values: object) -> Row | None:
        """Returns the first row of a named query, or None."""
        self._write_waiting()
        return self.one_ahead(name, *values)

    def one_ahead(self, name: str, *values: object) -> Row | None:
        """The same, ahead of the rows that wait: for what is not among them."""
        row: Row | None = self._connection.execute(self._queries[name], values).fetchone()
        return row

    def all(self, name: str, *values: object) -> list[Row]:
        """Returns the rows of a named query."""
        self._write_waiting()
        return self.all_ahead(name, *values)

    def all_ahead(self, name: str, *values: object) -> list[Row]:
        """The same, ahead of the rows that wait."""
        return self._connection.execute(self._queries[name], values).fetchall()

    def run(self, name: str, *values: object) -> int:
        """Runs a named statement and returns how many rows it changed."""
        self._write_waiting()
        return self.run_ahead(name, *values)

    def run_ahead(self, name: str, *values: object) -> int:
        """The same, ahead of the rows that wait: for a statement that touches no table of theirs."""
        return self._connection.execute(self._queries[name], values).rowcount

    def run_many(self, name: str, rows: Iterable[Row]) -> None:
        """Runs a named INSERT for each row, together with others' and before anything is read.

        Tables are filled in the order in which they were first named here.
        """
        self._waiting.setdefault(name, []).extend(rows)

    def add_leaf(self, kind: str, leaf_hash: bytes, *, ahead: bool = False) -> int:
        """Adds the next leaf to the log and returns its index; `ahead` of the rows that wait."""
        self.leaf += 1
        row = (self.leaf, kind, leaf_hash)
        if ahead:
            self.run_ahead("add_leaf", *row)
        else:
            self.run_many("add_leaf", [row])
        return self.leaf

    def tell(self, agency_ids: Iterable[str]) -> None:
        """Tells nobody: other processes look for themselves (`hints`)."""

    def together(self, works: Sequence[Callable[[Transaction], T]]) -> list[T | Failed]:
        """Does the work of many callers and returns the outcome of each."""
        heads = self._heads
        if len(works) > 1:
            self._connection.execute("SAVEPOINT callers")
            try:
                outcomes = [self._among_others(work) for work in works]
                self._write_waiting()
            except (_Entangled, *_OPERATION_ERRORS):
                self._undo("callers", heads)
            else:
                self._connection.execute("RELEASE callers")
                return outcomes
        return [self._alone(work) for work in works]

    def _among_others(self, work: Callable[[Transaction], T]) -> T | Failed:
        before = self._mark()
        try:
            return work(self)
        except (sqlite3.Error, OverflowError):
            raise
        except Exception as exc:
            if self._mark() != before:
                raise _Entangled from exc
            return Failed(exc)

    def _alone(self, work: Callable[[Transaction], T]) -> T | Failed:
        """Does one caller's work; when it fails, nothing of it stays. `ValueError` for impossible values."""
        heads = self._heads
        self._connection.execute("SAVEPOINT caller")
        try:
            result = work(self)
            self._write_waiting()
        except (sqlite3.Error, OverflowError) as exc:
            if not isinstance(exc, _OPERATION_ERRORS):
                raise
            self._undo("caller", heads)
            impossible = ValueError(f"the ledger cannot keep this: {exc}")
            impossible.__cause__ = exc
            return Failed(impossible)
        except Exception as exc:  # noqa: BLE001 - handed to the caller whose work raised it
            self._undo("caller", heads)
            return Failed(exc)
        self._connection.execute("RELEASE caller")
        return result

    def _write_waiting(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        for name, rows in waiting.items():
            start = 0
            while count := min(len(rows) - start, _ROWS_AT_ONCE):
                count = 1 << (count.bit_length() - 1)
                some = rows[start : start + count]
                self._connection.execute(
                    repeated(self._queries[name], count), tuple(chain.from_iterable(some))
                )
                start += count

    def _mark(self) -> tuple[int, ...]:
        """Differs after anything was written or numbered."""
        waiting = sum(map(len, self._waiting.values()))
        return self._connection.total_changes, waiting, *self._heads

    def _undo(self, savepoint: str, heads: tuple[int, ...]) -> None:
        self._waiting, self.counted = {}, {}
        self._connection.execute(f"ROLLBACK TO {savepoint}")
        self._connection.execute(f"RELEASE {savepoint}")
        self._heads = heads


class GroupWriter:
    """The writing thread. Owns `connection` and closes it at the end."""

    def __init__(self, connection: sqlite3.Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries
        self._edge = Edge()
        self._batches: Batches[Callable[[Transaction], Any], Any] = Batches(
            self._commit,
            name="the ledger",
            callers=_BATCH_CALLERS,
            weight=_BATCH_WEIGHT,
            closing=connection.close,
        )

    async def write(self, work: Callable[[Transaction], T], *, weight: int = 1) -> T:
        """Does `work` inside a transaction, together with others' work, and returns its result once it is
        durable.

        `work` may be done twice, the first time without effect. `weight` is about how many rows it writes. A
        cancelled caller's work may still be done.
        """
        result: T = await self._batches.do(work, weight=weight)
        return result

    async def aclose(self) -> None:
        """Commits what waits, then ends the thread and closes the connection."""
        await self._batches.aclose()

    def _commit(self, works: Sequence[Callable[[Transaction], Any]]) -> list[Any]:
        with database_errors():
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                outcomes = Transaction(self._connection, self._queries).together(works)
                edge = grown(self._connection, self._queries, self._edge)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        self._edge = edge
        return outcomes
