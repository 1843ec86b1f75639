"""What goes on beside the calls, each for ever: a list of works, begun together and ended together.

    async with going_on([Work("directory", partial(watch.follow, 1.0)), ...]) as tasks:
        ...

None of them ends by itself; one that does takes the axis with it, because without it the axis misleads. Most
of them are `stepping`; who asks others leaves them alone for a `Pause` when they fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from storage.errors import Unavailable


class Work(NamedTuple):
    """One of them."""

    name: str
    """Its task's."""
    follow: Callable[[], Coroutine[Any, Any, None]]
    """Begins it; called once."""


@asynccontextmanager
async def going_on(works: Iterable[Work]) -> AsyncIterator[frozenset[asyncio.Task[None]]]:
    """Runs `works` until the block ends; then they are cancelled and waited for."""
    tasks = frozenset(asyncio.create_task(work.follow(), name=work.name) for work in works)
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def stepping(
    step: Callable[[], Awaitable[bool | None]],
    interval: float,
    *,
    away: Callable[..., object],
    patience: float | None = None,
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Does `step` for ever: at once again when it says that there is more, else after `interval` seconds.

    A store that does not answer is told to `away(detail=...)`, and tried again after `patience` seconds
    (`interval` where none is given).
    """
    while True:
        try:
            pause = 0.0 if await step() else interval
        except Unavailable as trouble:
            away(detail=str(trouble))
            pause = interval if patience is None else patience
        await rest(pause)


@dataclass(slots=True, kw_only=True)
class Pause:
    """How long somebody who failed is left alone: doubles with each failure in a row, up to `longest`
    seconds."""

    first: float
    longest: float
    failures: int = 0
    until: datetime | None = None

    def over(self, now: datetime) -> bool:
        """Whether it may be tried again."""
        return self.until is None or now >= self.until

    def begin(self, now: datetime) -> float:
        """Notes a failure and returns the seconds of rest."""
        seconds: float = min(self.longest, self.first * 2.0 ** min(self.failures, 30))
        self.failures += 1
        self.until = now + timedelta(seconds=seconds)
        return seconds

    def end(self) -> None:
        """Notes a success."""
        self.failures, self.until = 0, None
