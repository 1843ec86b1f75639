"""Threads that read documents from outside, and do not grow old.

libxml2, as lxml uses it, keeps every element and attribute name that a thread has ever read, until the thread
ends. A caller who makes up new names in every document would make a thread that lives for months grow without
bound: 1000 documents of 200 KB with fresh names cost one thread 430 MB. So a thread is replaced once it has
worked for `LIFETIME_SECONDS`. What it can have read by then is bounded by its own time: about 20 MB of names,
and those of the one document in which its time ran out. The same 1000 documents then leave nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LIFETIME_SECONDS = 0.25
"""Of processor time: hundreds of ordinary documents, so that new threads cost nothing, or one very large."""

_Job = tuple[Future[Any], Callable[[], Any]]


class MortalWorkers(Executor):
    """So many threads at any time, each replaced by another one when its lifetime is over."""

    def __init__(self, count: int, *, lifetime_seconds: float = LIFETIME_SECONDS) -> None:
        self._lifetime_seconds = lifetime_seconds
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._places = self._occupied = count
        self._left = threading.Event()
        for _ in range(count):
            self._begin()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the workers have gone home")
            self._jobs.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more jobs. Those that wait are done all the same, or cancelled with `cancel_futures`."""
        with self._lock:
            closing, self._closed = not self._closed, True
        if closing and cancel_futures:
            with suppress(Empty):
                while (job := self._jobs.get_nowait()) is not None:
                    job[0].cancel()
        if closing:
            for _ in range(self._places):
                self._jobs.put(None)
        if wait:
            self._left.wait()

    def _begin(self) -> None:
        threading.Thread(target=self._live, name="verify", daemon=True).start()

    def _live(self) -> None:
        """Does jobs until its lifetime is over, and then leaves its place to a successor; where the system
        has no thread to give just now, it goes on and asks again after the next job."""
        while (job := self._jobs.get()) is not None:
            _do(*job)
            job = None  # an idle thread holds on to no document
            if time.thread_time() >= self._lifetime_seconds:
                with suppress(RuntimeError):
                    self._begin()
                    return
        with self._lock:
            self._occupied -= 1
            if not self._occupied:
                self._left.set()


def _do(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as exc:  # noqa: BLE001 - an executor hands every error to its future
        future.set_exception(exc)
    else:
        future.set_result(result)
