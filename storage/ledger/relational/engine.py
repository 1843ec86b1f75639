"""What an engine gives to the facets: a writer that commits in groups, and readers.

Every engine has queries of the same names, which take the same values and return the same columns. Values are
text, whole numbers, truth values, bytes and None; lists are passed as JSON arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol, TypeVar

from storage.ledger.relational.rows import Row

T = TypeVar("T")

Values = Sequence[object] | Mapping[str, object]

Key = tuple[str, ...]
"""What one row is looked up by."""
Foresight = Mapping[str, Sequence[Key]]
"""What a caller's work is going to look up: keys, by the name of the query."""
NOTHING: Foresight = MappingProxyType({})


@dataclass(slots=True)
class Counted:
    """How many events a dispatch has, those that wait included."""

    sequence: int
    """Of the last one."""
    ranks: dict[str, int] = field(default_factory=dict)
    """By mailbox ('' for all): of the last one about it, where it is known."""


class Transaction(Protocol):
    """The open transaction of one batch, and the numbers it gives next.

    Nobody else numbers or changes anything until it ends.
    """

    dispatch: int
    """The highest position given so far."""
    delivery: int
    """The highest place given so far."""
    event: int
    """The highest cursor given so far."""
    counted: dict[int, Counted]
    """By position: the events of dispatches that this transaction has written about, or is going to."""
    touched: set[int | str]
    """What this transaction has written about: positions of dispatches, ids of statements. What was foreseen
    of them is to be looked up again."""

    def look_up(self, name: str, key: Key, *, again: bool = False) -> Row | None:
        """Returns the row of a key, or None, by a query that takes many (a JSON array of keys) and gives the
        number of its key in front of each row. What was foreseen is there already; `again` asks anew."""
        ...

    def one(self, name: str, *values: object) -> Row | None:
        """Returns the first row of a named query, or None."""
        ...

    def one_ahead(self, name: str, *values: object) -> Row | None:
        """The same, ahead of the rows that wait: for what is not among them."""
        ...

    def all(self, name: str, *values: object) -> list[Row]:
        """Returns the rows of a named query."""
        ...

    def all_ahead(self, name: str, *values: object) -> list[Row]:
        """The same, ahead of the rows that wait."""
        ...

    def run(self, name: str, *values: object) -> int:
        """Runs a named statement and returns how many rows it changed."""
        ...

    def run_ahead(self, name: str, *values: object) -> int:
        """The same, ahead of the rows that wait: for a statement that touches no table of theirs."""
        ...

    def run_many(self, name: str, rows: Iterable[Row]) -> None:
        """Runs a named INSERT or UPDATE for each row, together with others' and before anything is read.

        Tables are filled in the order in which they were first named here.
        """
        ...

    def add_leaf(self, kind: str, leaf_hash: bytes) -> int:
        """Adds the next leaf to the log and returns its index."""
        ...

    def tell(self, agency_ids: Iterable[str]) -> None:
        """Has other nodes hear that there may be something new for these agencies, once it is committed,
        where the engine can (`Hints`)."""
        ...


class Writer(Protocol):
    """Commits many callers' work at once."""

    async def write(
        self, work: Callable[[Transaction], T], *, weight: int = 1, foresight: Foresight = NOTHING
    ) -> T:
        """Does `work` inside a transaction, together with others' work, and returns its result once it is
        durable.

        `work` may be done twice, the first time without effect. `weight` is about how many rows it writes;
        what it foresees to look up is read for all callers at once. A cancelled caller's work may still
        be done.
        """
        ...

    async def aclose(self) -> None:
        """Commits what waits, then lets go of what it holds."""
        ...


class Readers(Protocol):
    """Runs named queries. Each query sees every write that returned before it was asked."""

    async def one(self, name: str, *values: object) -> Row | None:
        """Returns the first row of a named query, or None."""
        ...

    async def all(self, name: str, values: Values) -> list[Row]:
        """Returns the rows of a named query."""
        ...

    async def several(self, *asked: tuple[str, Values]) -> list[list[Row]]:
        """Returns the rows of each of several queries, with one hop into a thread."""
        ...

    async def walk(self, name: str, values: Values, work: Callable[[Iterator[Row]], T]) -> T:
        """Returns what `work` makes of the rows of a named query; those that it does not take need not be
        read. It runs in a thread."""
        ...

    async def aclose(self) -> None:
        """Waits for reads under way, then lets go of what it holds."""
        ...
