"""What goes on beside the calls, each for ever: a list of works, begun together and ended together.

    async with going_on([Work("directory", partial(watch.follow, 1.0)), ...]) as tasks:
        ...

None of them ends by itself; one that does takes the axis with it, because without it the axis misleads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple


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
