"""How often and how long a call is tried again: back-off with jitter, bounded, its clock given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from axis_client.errors import TryLater

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
"""Waits so many seconds: `asyncio.sleep`, or a test's own."""
Random = Callable[[], float]
"""Returns a number in [0, 1): `random.random`, or a test's own."""
Waiting = Callable[[TryLater, float], object]
"""Is told why a call is tried again, and in how many seconds."""


def untold(_: TryLater, __: float) -> None:
    """For those whom nobody watches waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Attempts in all, and the pauses between them."""

    attempts: int = 8
    """The default outlasts a restart of the axis: about a minute in all."""
    first: float = 0.5
    """Seconds before the second attempt; doubles from then on."""
    longest: float = 20.0
    """Seconds that no pause exceeds, unless the axis asks for more."""
    most: float = 120.0
    """Seconds that the axis may ask for; where it asks for more, the caller is told at once how long."""

    def pause(self, failures: int, random: float, asked: float | None) -> float:
        """Returns the seconds to wait after so many failures: half of it fixed, half of it by chance, so that
        clients that failed together do not return together; never less than the axis asks, and for the same
        reason up to a quarter more."""
        backoff = min(self.longest, self.first * 2.0 ** (failures - 1))
        return max(backoff * (0.5 + 0.5 * random), (asked or 0.0) * (1.0 + 0.25 * random))


@dataclass(frozen=True, slots=True, kw_only=True)
class Persistence:
    """Tries again as `patience` says, for as long as a call raises `TryLater`."""

    patience: Patience
    sleep: Sleep
    random: Random
    waiting: Waiting = untold

    async def __call__(
        self, act: Callable[[], Awaitable[T]], progress: Callable[[], object] = lambda: None
    ) -> T:
        """Returns what `act` returns. Only attempts that left `progress` where it was count as failures in a
        row: a transfer that is cut every minute but moves on ends all the same. Raises the last
        `TryLater`."""
        failures, mark = 0, progress()
        while True:
            try:
                return await act()
            except TryLater as error:
                now = progress()
                failures, mark = (failures + 1, now) if now == mark else (1, now)
                if failures >= self.patience.attempts or (error.retry_after or 0.0) > self.patience.most:
                    raise
                seconds = self.patience.pause(failures, self.random(), error.retry_after)
                self.waiting(error, seconds)
                await self.sleep(seconds)
