"""Workers that are replaced before what they have read adds up."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

import pytest

from axis_server.limits.workers import MortalWorkers
from tests.axis_server.process import ENVIRONMENT, ROOT

HOSTILE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from axis_server.limits.workers import MortalWorkers
from signing.parser import parse

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 >> 20

def read(number):
    parse(b"<a>%s</a>" % b"".join(b"<n%d-%d/>" % (number, n) for n in range(14_000)))

with {"mortal": MortalWorkers, "immortal": ThreadPoolExecutor}[sys.argv[1]](1) as workers:
    for number in range(10):
        workers.submit(read, number).result()
    before = resident()
    for number in range(10, 210):
        workers.submit(read, number).result()
    print(resident() - before)
"""
"""Reads 200 documents of about 200 KB in which no name occurs twice, and prints by how many MiB that grew."""


def growth(workers: str) -> int:
    command = [sys.executable, "-c", HOSTILE, workers]
    ended = subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(ended.stdout)


def test_names_made_up_by_a_hostile_caller_do_not_add_up() -> None:
    assert growth("mortal") < 50


def test_they_would_add_up_in_threads_that_live_for_ever() -> None:
    assert growth("immortal") > 70


def busy() -> threading.Thread:
    until = time.thread_time() + 0.01
    while time.thread_time() < until:
        pass
    return threading.current_thread()


def test_a_thread_whose_lifetime_is_over_is_replaced_and_ends() -> None:
    with MortalWorkers(1, lifetime_seconds=0.01) as workers:
        seen = [workers.submit(busy).result() for _ in range(5)]
        assert len(set(seen)) == 5
        for thread in seen:
            thread.join(timeout=60)
            assert not thread.is_alive()


def test_a_young_thread_stays() -> None:
    with MortalWorkers(1, lifetime_seconds=60) as workers:
        assert len({workers.submit(threading.current_thread).result() for _ in range(50)}) == 1


def test_there_are_never_more_threads_at_work_than_places() -> None:
    at_work, most, lock = [0], [0], threading.Lock()

    def work() -> None:
        with lock:
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
        busy()
        with lock:
            at_work[0] -= 1

    with MortalWorkers(3, lifetime_seconds=0.001) as workers:
        for future in [workers.submit(work) for _ in range(60)]:
            future.result()
    assert 1 <= most[0] <= 3


def test_an_error_reaches_the_one_who_asked_and_the_worker_goes_on() -> None:
    def fails() -> None:
        raise LookupError("lost")

    with MortalWorkers(1) as workers:
        with pytest.raises(LookupError):
            workers.submit(fails).result()
        assert workers.submit(lambda: 7).result() == 7


@pytest.mark.parametrize("cancel", [False, True])
def test_closing_ends_what_was_begun_and_takes_nothing_more(cancel: bool) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def held() -> str:
        begun.set()
        go_on.wait()
        return "done"

    workers = MortalWorkers(1, lifetime_seconds=0.0001)
    first: Future[str] = workers.submit(held)
    waiting: list[Future[Any]] = [workers.submit(busy) for _ in range(5)]
    begun.wait()
    closing: Callable[[], None] = lambda: workers.shutdown(cancel_futures=cancel)  # noqa: E731
    thread = threading.Thread(target=closing)
    thread.start()
    while cancel and not waiting[-1].cancelled():
        time.sleep(0.001)
    go_on.set()
    thread.join()
    assert first.result() == "done"
    for future in waiting:
        if cancel:
            with pytest.raises(CancelledError):
                future.result()
        else:
            assert future.result() is not None
    with pytest.raises(RuntimeError):
        workers.submit(busy)
    workers.shutdown()
