"""Work that has an owner: what must end once it has begun, and what would hold up the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from functools import partial
from typing import Any, ParamSpec, TypeVar

import structlog

from axis_server.errors import Declined
from axis_server.reasons import Code

log = structlog.get_logger()

T = TypeVar("T")
P = ParamSpec("P")


async def in_worker(
    workers: Executor | None, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Runs a function that computes for long in `workers` (the loop's own threads when None) and returns its
    result."""
    return await asyncio.get_running_loop().run_in_executor(workers, partial(function, *args, **kwargs))


class OwnedTasks:
    """Owns the work that a caller's hanging up must not cut in two, and waits for it at shutdown."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._draining = False

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Returns what `work` returns, or raises what it raises. When the caller is cancelled, `work` goes
        on.

        Raises `Declined` (SHUTTING_DOWN) without starting `work` once `drain` has begun.
        """
        if self._draining:
            work.close()
            raise Declined(Code.SHUTTING_DOWN)
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_tell_unattended_failure)
            raise

    async def drain(self) -> None:
        """Takes no more work and returns when all that was begun has ended, however it ended."""
        self._draining = True
        while self._tasks:
            await asyncio.wait(self._tasks)


def _tell_unattended_failure(task: asyncio.Task[Any]) -> None:
    """The caller has gone, and nobody else would hear of the failure; sending again walks the same road."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("task.failed_unattended", error=repr(error))
