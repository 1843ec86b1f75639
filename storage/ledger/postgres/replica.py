"""Reading from a standby what bears to be a little late: counts and searches.

What a standby lacks is judged by the primary's log of writes and by this process's own clock: neither an idle
primary, nor clocks that differ, nor a standby that has lost its primary is mistaken. Nobody waits for a
standby that is down: looking after it goes on beside the reads, which the primary answers meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from storage.errors import Unavailable
from storage.ledger.postgres.connecting import Target
from storage.ledger.postgres.queries import Queries
from storage.ledger.postgres.reads import PostgresReaders
from storage.ledger.relational.engine import Readers, Values
from storage.ledger.relational.rows import Row

T = TypeVar("T")

LOOK_SECONDS = 0.5
"""Between two looks at how far the standby has come."""
_LOOKS = 240
"""So many positions of the primary are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A standby that answers for the primary."""

    target: Target
    seconds: float
    """What it lacks is at most so old; else it is passed over."""
    passed_over: Callable[[], None]
    """Called each time."""
    clock: Callable[[], float]
    """Seconds of any beginning that never run backwards."""


class ReplicaReaders(Readers):
    """`Readers` that see every write of more than some seconds ago. `aclose` leaves the primary's alone."""

    def __init__(self, replica: Replica, queries: Queries, primary: Readers, *, connections: int) -> None:
        self._replica = replica
        self._standby = PostgresReaders(replica.target, queries, connections=connections)
        self._primary = primary
        self._positions: deque[tuple[float, int]] = deque(maxlen=_LOOKS)
        self._current_to: float | None = None
        """The standby has everything that was written until then; None while it does not answer."""
        self._looked_at: float | None = None
        self._looking: asyncio.Task[None] | None = None

    async def one(self, name: str, *values: object) -> Row | None:
        return await self._ask(lambda readers: readers.one(name, *values))

    async def all(self, name: str, values: Values) -> list[Row]:
        return await self._ask(lambda readers: readers.all(name, values))

    async def several(self, *asked: tuple[str, Values]) -> list[list[Row]]:
        return await self._ask(lambda readers: readers.several(*asked))

    async def walk(self, name: str, values: Values, work: Callable[[Iterator[Row]], T]) -> T:
        return await self._ask(lambda readers: readers.walk(name, values, work))

    async def aclose(self) -> None:
        if self._looking is not None:
            await self._looking
        await self._standby.aclose()

    async def _ask(self, asking: Callable[[Readers], Awaitable[T]]) -> T:
        self._look_after()
        now = self._replica.clock()
        if self._current_to is not None and now - self._current_to <= self._replica.seconds:
            try:
                return await asking(self._standby)
            except Unavailable:
                self._current_to = None
        self._replica.passed_over()
        return await asking(self._primary)

    def _look_after(self) -> None:
        """Begins to look how far the standby has come, unless that was done just now."""
        now = self._replica.clock()
        looks = self._looking is not None and not self._looking.done()
        if not looks and (self._looked_at is None or now - self._looked_at >= LOOK_SECONDS):
            self._looked_at = now
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        try:
            before = self._replica.clock()
            written = await self._primary.one("written")
        except Unavailable:
            return  # what the standby has is no older for that
        try:
            replayed = await self._standby.one("replayed")
        except Unavailable:
            replayed = None
        if written is None or replayed is None or replayed[0] is None:
            self._current_to = None
            return
        if self._positions and written[0] < self._positions[-1][1]:
            self._positions.clear()  # another primary
        self._positions.append((before, written[0]))
        self._current_to = max(
            (at for at, position in self._positions if position <= replayed[0]), default=None
        )
