"""Group commit, as far as the engines are alike: whose work fails, fails alone.

`together` first does the work of all callers in one savepoint, where the rows that they add wait and are
written by few statements, at the latest before anything is read. When anyone fails who has written, each is
done again, in a savepoint of its own. How a transaction begins and ends is the engine's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from storage.batching import Batches, Failed
from storage.ledger.relational.engine import NOTHING, Counted, Foresight, Key, Transaction
from storage.ledger.relational.rows import Row, to_json

T = TypeVar("T")

_BATCH_CALLERS = 256
_BATCH_WEIGHT = 10_000
"""Bounds of one transaction, in callers and in rows, so that nobody waits long behind others."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one caller wants done."""

    do: Callable[[Transaction], Any]
    foresight: Foresight


class _Entangled(Exception):
    """A caller's work failed after it had written among others'."""


class Cursor(Protocol):
    """What a driver answers to a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    def fetchone(self) -> Row | None:
        """Returns the next row."""
        ...

    def fetchall(self) -> list[Row]:
        """Returns the rows that are left."""
        ...


class GroupTransaction(Transaction):
    """The open transaction of one batch; an engine adds how its driver runs statements."""

    value_errors: ClassVar[tuple[type[Exception], ...]]
    """What is raised about one caller's values, not about the store."""
    driver_errors: ClassVar[tuple[type[Exception], ...]]
    """All that the driver raises; what is not about values ends the batch."""

    def __init__(self, heads: Sequence[int]) -> None:
        """`heads` are the highest numbers given before."""
        self._waiting: dict[str, list[Row]] = {}
        self._foreseen: dict[tuple[str, Key], Row | None] = {}
        self.counted: dict[int, Counted] = {}
        self.touched: set[int | str] = set()
        self.dispatch: int
        self.delivery: int
        self.event: int
        self.leaf: int
        self.heads = tuple(heads)

    @property
    def heads(self) -> tuple[int, ...]:
        """The highest numbers given so far."""
        return self.dispatch, self.delivery, self.event, self.leaf

    @heads.setter
    def heads(self, heads: tuple[int, ...]) -> None:
        self.dispatch, self.delivery, self.event, self.leaf = heads

    @abstractmethod
    def _execute(self, name: str, values: Sequence[object]) -> Cursor:
        """Runs a named statement."""

    @abstractmethod
    def _control(self, statement: str) -> None:
        """Runs a statement about savepoints."""

    @abstractmethod
    def _write(self, waiting: Mapping[str, Sequence[Row]]) -> None:
        """Runs each named INSERT for its rows, of which there is at least one."""

    @abstractmethod
    def _written(self) -> int:
        """Differs after anything was written."""

    def one(self, name: str, *values: object) -> Row | None:
        self._write_waiting()
        return self.one_ahead(name, *values)

    def one_ahead(self, name: str, *values: object) -> Row | None:
        return self._execute(name, values).fetchone()

    def all(self, name: str, *values: object) -> list[Row]:
        self._write_waiting()
        return self.all_ahead(name, *values)

    def all_ahead(self, name: str, *values: object) -> list[Row]:
        return self._execute(name, values).fetchall()

    def run(self, name: str, *values: object) -> int:
        self._write_waiting()
        return self.run_ahead(name, *values)

    def run_ahead(self, name: str, *values: object) -> int:
        return self._execute(name, values).rowcount

    def run_many(self, name: str, rows: Iterable[Row]) -> None:
        self._waiting.setdefault(name, []).extend(rows)

    def look_up(self, name: str, key: Key, *, again: bool = False) -> Row | None:
        if again or (name, key) not in self._foreseen:
            row = self.one(name, to_json([key]))
            return None if row is None else row[1:]
        return self._foreseen[name, key]

    def _foresee(self, works: Iterable[Work]) -> None:
        """Looks up for all callers what they are going to ask for, with one query of each name."""
        wanted: dict[str, dict[Key, None]] = {}
        for work in works:
            for name, keys in work.foresight.items():
                wanted.setdefault(name, {}).update(dict.fromkeys(keys))
        for name, found in wanted.items():
            keys = list(found)
            self._foreseen |= {(name, key): None for key in keys}
            for number, *row in self.all_ahead(name, to_json(keys)):
                self._foreseen[name, keys[number]] = tuple(row)

    def together(self, works: Sequence[Work]) -> list[Any]:
        """Does the work of many callers and returns the outcome of each."""
        heads = self.heads
        if len(works) > 1:
            self._control("SAVEPOINT callers")
            try:
                self._foresee(works)
                outcomes = [self._among_others(work) for work in works]
                self._write_waiting()
            except _Entangled:
                self._undo("callers", heads)
            except self.value_errors:
                self._undo("callers", heads)
            else:
                return outcomes
        return [self._alone(work) for work in works]

    def _among_others(self, work: Work) -> Any:
        before = self._mark()
        try:
            return work.do(self)
        except self.value_errors:
            raise
        except self.driver_errors:
            raise
        except Exception as exc:
            if self._mark() != before:
                raise _Entangled from exc
            return Failed(exc)

    def _alone(self, work: Work) -> Any:
        """Does one caller's work; when it fails, nothing of it stays. `ValueError` for impossible values."""
        heads = self.heads
        self._control("SAVEPOINT caller")
        try:
            self._foresee([work])
            result = work.do(self)
            self._write_waiting()
        except self.value_errors as exc:
            self._undo("caller", heads)
            impossible = ValueError(f"the ledger cannot keep this: {type(exc).__name__}")
            impossible.__cause__ = exc
            return Failed(impossible)
        except self.driver_errors:
            raise
        except Exception as exc:  # noqa: BLE001 - handed to the caller whose work raised it
            self._undo("caller", heads)
            return Failed(exc)
        self._control("RELEASE caller")
        return result

    def _write_waiting(self) -> None:
        waiting, self._waiting = self._waiting, {}
        if filled := {name: rows for name, rows in waiting.items() if rows}:
            self._write(filled)

    def _mark(self) -> tuple[int, ...]:
        """Differs after anything was written or numbered."""
        return self._written(), sum(map(len, self._waiting.values())), *self.heads

    def _undo(self, savepoint: str, heads: tuple[int, ...]) -> None:
        self._waiting, self._foreseen, self.counted = {}, {}, {}
        self.touched.clear()
        self._control(f"ROLLBACK TO {savepoint}")
        self._control(f"RELEASE {savepoint}")
        self.heads = heads


class GroupWriter(ABC):
    """The writing thread; an engine adds `_commit`. `closing` is the last that the thread does."""

    def __init__(self, *, closing: Callable[[], None]) -> None:
        self._batches: Batches[Work, Any] = Batches(
            self._commit,
            name="the ledger",
            callers=_BATCH_CALLERS,
            weight=_BATCH_WEIGHT,
            closing=closing,
        )

    async def write(
        self, work: Callable[[Transaction], T], *, weight: int = 1, foresight: Foresight = NOTHING
    ) -> T:
        """`Writer.write`."""
        result: T = await self._batches.do(Work(work, foresight), weight=weight)
        return result

    async def aclose(self) -> None:
        """Commits what waits, then ends the thread."""
        await self._batches.aclose()

    @abstractmethod
    def _commit(self, works: Sequence[Work]) -> list[Any]:
        """Commits the work of many callers; returns the outcome of each."""
