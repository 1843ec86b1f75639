"""A bounded pool of threads for stores that block, seen from the event loop.

threads = Threads(16, name="archive")
size = await threads.run(shelf.size, digest)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from storage.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """Runs blocking work for one store. Close it with `aclose`."""

    def __init__(self, count: int, *, name: str) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._name = name
        self.closed = False

    async def aclose(self) -> None:
        """Takes no more work and waits for what is under way."""
        self.closed = True
        await asyncio.to_thread(self._pool.shutdown)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `work` in a thread and, when cancelled, waits for it first: nothing is closed under a
        writer."""
        if self.closed:
            raise Unavailable(f"the {self._name} is closed")
        running = asyncio.wrap_future(self._pool.submit(work, *args, **kwargs))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await settled(running)
            raise


class OneAhead:
    """Runs one piece of work after the other in threads while its owner prepares the next.

    What one raises is raised by the owner's next call here.
    """

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._running: asyncio.Task[object] | None = None

    async def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> None:
        """Begins `work` once the piece before it has ended."""
        await self.done()
        self._running = asyncio.create_task(self._threads.run(work, *args, **kwargs))

    async def done(self) -> None:
        """Waits for the piece under way."""
        running, self._running = self._running, None
        if running is not None:
            await running

    async def settle(self) -> None:
        """Waits for the piece under way, whatever becomes of it: for an owner that has failed already."""
        running, self._running = self._running, None
        if running is not None:
            await settled(running)


async def settled(running: asyncio.Future[T]) -> None:
    """Waits until `running` has ended, also when cancelled meanwhile; what it raised is told to nobody."""
    while not running.done():
        try:
            await asyncio.wait({running})
        except asyncio.CancelledError:
            continue
    if not running.cancelled():
        running.exception()
