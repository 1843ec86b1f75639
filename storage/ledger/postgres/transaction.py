"""The open transaction of one batch: what the facets' work is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import psycopg

from storage.batching import Failed
from storage.ledger.postgres.arrays import columns
from storage.ledger.postgres.connecting import Connection
from storage.ledger.postgres.queries import Queries
from storage.ledger.relational.engine import Counted
from storage.ledger.relational.rows import Row

T = TypeVar("T")

_OPERATION_ERRORS = (
    psycopg.IntegrityError,
    psycopg.DataError,
    psycopg.errors.ProgramLimitExceeded,  # a key too long for an index
    UnicodeEncodeError,
)
"""What is raised about one caller's values, not about the store."""


class _Entangled(Exception):
    """A caller's work failed after it had written among others'."""


class Transaction:
    """Runs the work of many callers, and gives numbers; `heads` are the highest given before."""

    def __init__(self, connection: Connection, queries: Queries, heads: tuple[int, ...]) -> None:
        self._connection = connection
        self._queries = queries
        self._waiting: dict[str, list[Row]] = {}
        self._written = 0
        self._first_leaf = heads[3] + 1
        self._told: set[str] = set()
        self._hashes: list[bytes] = []
        self.counted: dict[int, Counted] = {}
        self.dispatch: int
        self.delivery: int
        self.event: int
        self.leaf: int
        self.heads = heads

    @property
    def heads(self) -> tuple[int, ...]:
        """The highest numbers given so far."""
        return self.dispatch, self.delivery, self.event, self.leaf

    @heads.setter
    def heads(self, heads: tuple[int, ...]) -> None:
        self.dispatch, self.delivery, self.event, self.leaf = heads

    @property
    def hashes(self) -> Sequence[bytes]:
        """Those of the leaves that were added."""
        return self._hashes

    @property
    def told(self) -> frozenset[str]:
        """Agencies for which there may be something new."""
        return frozenset(self._told)

    def one(self, name: str, *values: object) -> Row | None:
        """Returns the first row of a named query, or None."""
        self._write_waiting()
        return self.one_ahead(name, *values)

    def one_ahead(self, name: str, *values: object) -> Row | None:
        """The same, ahead of the rows that wait: for what is not among them."""
        return self._execute(name, values).fetchone()

    def all(self, name: str, *values: object) -> list[Row]:
        """Returns the rows of a named query."""
        self._write_waiting()
        return self.all_ahead(name, *values)

    def all_ahead(self, name: str, *values: object) -> list[Row]:
        """The same, ahead of the rows that wait."""
        return self._execute(name, values).fetchall()

    def run(self, name: str, *values: object) -> int:
        """Runs a named statement and returns how many rows it changed."""
        self._write_waiting()
        return self.run_ahead(name, *values)

    def run_ahead(self, name: str, *values: object) -> int:
        """The same, ahead of the rows that wait: for a statement that touches no table of theirs."""
        return self._execute(name, values).rowcount

    def run_many(self, name: str, rows: Iterable[Row]) -> None:
        """Runs a named INSERT for each row, together with others' and before anything is read."""
        self._waiting.setdefault(name, []).extend(rows)

    def add_leaf(self, kind: str, leaf_hash: bytes, *, ahead: bool = False) -> int:
        """Adds the next leaf to the log and returns its index. Nothing here refers to it, so it always
        waits."""
        self.leaf += 1
        self._hashes.append(leaf_hash)
        self.run_many("add_leaf", [(self.leaf, kind, leaf_hash)])
        return self.leaf

    def tell(self, agency_ids: Iterable[str]) -> None:
        """Has other nodes hear that there may be something new for these agencies, once it is committed."""
        self._told.update(agency_ids)

    def together(self, works: Sequence[Callable[[Transaction], T]]) -> list[T | Failed]:
        """Does the work of many callers and returns the outcome of each.

        First all of them in one savepoint; when anyone fails who has written, each again in one of its own.
        """
        heads = self.heads
        if len(works) > 1:
            self._connection.execute("SAVEPOINT callers")
            try:
                outcomes = [self._among_others(work) for work in works]
                self._write_waiting()
            except (_Entangled, *_OPERATION_ERRORS):
                self._undo("callers", heads)
            else:
                return outcomes
        return [self._alone(work) for work in works]

    def _among_others(self, work: Callable[[Transaction], T]) -> T | Failed:
        before = self._mark()
        try:
            return work(self)
        except psycopg.Error:
            raise
        except Exception as exc:
            if self._mark() != before:
                raise _Entangled from exc
            return Failed(exc)

    def _alone(self, work: Callable[[Transaction], T]) -> T | Failed:
        """Does one caller's work; when it fails, nothing of it stays. `ValueError` for impossible values."""
        heads = self.heads
        self._connection.execute("SAVEPOINT caller")
        try:
            result = work(self)
            self._write_waiting()
        except _OPERATION_ERRORS as exc:
            self._undo("caller", heads)
            impossible = ValueError(f"the ledger cannot keep this: {type(exc).__name__}")
            impossible.__cause__ = exc
            return Failed(impossible)
        except psycopg.Error:
            raise
        except Exception as exc:  # noqa: BLE001 - handed to the caller whose work raised it
            self._undo("caller", heads)
            return Failed(exc)
        self._connection.execute("RELEASE caller")
        return result

    def _execute(self, name: str, values: Sequence[object]) -> psycopg.Cursor[Row]:
        cursor = self._connection.execute(self._queries[name].text, values)
        if cursor.statusmessage is not None and not cursor.statusmessage.startswith("SELECT"):
            self._written += cursor.rowcount
        return cursor

    def _write_waiting(self) -> None:
        """Writes what waits, with one wait for the server.

        Nothing is prepared inside a pipeline: the driver would take for prepared what came after a failure.
        """
        waiting, self._waiting = self._waiting, {}
        filled = {name: rows for name, rows in waiting.items() if rows}
        if not filled:
            return
        with self._connection.pipeline():
            for name, rows in filled.items():
                self._connection.execute(self._queries[name].text, columns(rows), prepare=False)

    def _mark(self) -> tuple[int, ...]:
        """Differs after anything was written or numbered."""
        return self._written, sum(map(len, self._waiting.values())), *self.heads

    def _undo(self, savepoint: str, heads: tuple[int, ...]) -> None:
        self._waiting, self.counted = {}, {}
        self._connection.execute(f"ROLLBACK TO {savepoint}")
        self.heads = heads
        del self._hashes[heads[3] + 1 - self._first_leaf :]
