"""Work in batches: one thread takes what waits, does it together, and answers each.

What costs a flush of the disk costs it once for all that wait, and the more wait, the less each one pays.

    batches = Batches(keep_together, name="archive-writer", callers=256)
    size = await batches.do(blob)
    await batches.aclose()
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from storage.errors import Unavailable
from tracing import Place, here, shared

J = TypeVar("J")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Failed:
    """The outcome of one job that failed; the others of its batch are none the worse."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[J]):
    job: J
    weight: int
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    place: Place | None
    """Where its caller is in a trace."""


class Batches(Generic[J, R]):
    """One thread and its queue.

    `together` runs in the thread; it returns the outcome of every job, in the order of the jobs. What it
    raises is told to every caller of the batch: nobody waits for ever.
    """

    def __init__(
        self,
        together: Callable[[Sequence[J]], Sequence[R | Failed]],
        *,
        name: str,
        callers: int,
        weight: int,
        closing: Callable[[], None] = lambda: None,
    ) -> None:
        """`callers` and `weight` bound one batch, so that nobody waits long behind others; `closing` is the
        last that the thread does."""
        self._together = together
        self._callers = callers
        self._weight = weight
        self._closing = closing
        self._queue: SimpleQueue[_Waiting[J] | None] = SimpleQueue()
        self._closed = False
        self._name = name
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def do(self, job: J, *, weight: int = 1) -> R:
        """Does `job` together with others and returns its outcome, or raises it.

        A cancelled caller's job may still be done. Raises `Unavailable` after `aclose`.
        """
        if self._closed:
            raise Unavailable(f"{self._name} is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._queue.put(_Waiting(job, weight, future, loop, here()))
        return await future

    async def aclose(self) -> None:
        """Does what waits, then ends the thread."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            while batch := self._take():
                _answer(batch, self._outcomes(batch))
        finally:
            self._closing()

    def _take(self) -> list[_Waiting[J]]:
        """Waits for a first caller, then takes who else is there; empty at the end."""
        batch: list[_Waiting[J]] = []
        weight = 0
        with suppress(Empty):
            while len(batch) < self._callers and weight < self._weight:
                waiting = self._queue.get(block=not batch)
                if waiting is None:
                    if batch:
                        self._queue.put(None)
                    break
                batch.append(waiting)
                weight += waiting.weight
        return batch

    def _outcomes(self, batch: Sequence[_Waiting[J]]) -> Sequence[R | Failed]:
        try:
            with shared("storage.batch", (one.place for one in batch), of=self._name, jobs=len(batch)):
                return self._together([waiting.job for waiting in batch])
        except BaseException as exc:  # noqa: BLE001 - handed to every caller
            return [Failed(exc)] * len(batch)


def _answer(batch: Sequence[_Waiting[Any]], outcomes: Sequence[Any]) -> None:
    """Resolves the futures, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for waiting, outcome in zip(batch, outcomes, strict=True):
        by_loop.setdefault(waiting.loop, []).append((waiting.future, outcome))
    for loop, answers in by_loop.items():
        with suppress(RuntimeError):  # the loop has closed: nobody waits there any more
            loop.call_soon_threadsafe(_resolve, answers)


def _resolve(answers: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, outcome in answers:
        if future.done():
            continue
        if isinstance(outcome, Failed):
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome)
