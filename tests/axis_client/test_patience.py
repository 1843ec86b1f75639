"""Retries: how often, how long, and when a cut counts as progress."""

from __future__ import annotations

import pytest

from axis_client import Patience, Refused, TryLater
from axis_client.patience import Persistence


def persistence(pauses: list[float], attempts: int = 3, random: float = 1.0) -> Persistence:
    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    patience = Patience(attempts=attempts, first=1.0, longest=3.0)
    return Persistence(patience=patience, sleep=sleep, random=lambda: random)


class Flaky:
    """Fails so many times, then returns how often it was called."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.failures = failures
        self.error = error or TryLater("BUSY", "busy")
        self.calls = 0

    async def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return self.calls


async def test_pauses_double_up_to_the_longest() -> None:
    pauses: list[float] = []
    assert await persistence(pauses, attempts=9)(Flaky(4)) == 5
    assert pauses == [1.0, 2.0, 3.0, 3.0]


async def test_chance_takes_up_to_half_of_a_pause() -> None:
    pauses: list[float] = []
    await persistence(pauses, random=0.0)(Flaky(2))
    assert pauses == [0.5, 1.0]


async def test_the_last_failure_is_raised_when_patience_ends() -> None:
    act, pauses = Flaky(9), list[float]()
    with pytest.raises(TryLater):
        await persistence(pauses)(act)
    assert (act.calls, len(pauses)) == (3, 2)


async def test_what_the_axis_asks_for_is_waited() -> None:
    asked = TryLater("STORE_FULL", "full")
    asked.retry_after = 7.0
    pauses: list[float] = []
    await persistence(pauses, random=0.0)(Flaky(1, asked))
    await persistence(pauses, random=1.0)(Flaky(1, asked))
    assert pauses == [7.0, 8.75]


async def test_what_the_axis_asks_for_too_long_is_told_at_once() -> None:
    asked = TryLater("DAY_FULL", "tomorrow")
    asked.retry_after = 3600.0
    act, pauses = Flaky(1, asked), list[float]()
    with pytest.raises(TryLater) as later:
        await persistence(pauses)(act)
    assert (act.calls, pauses, later.value.retry_after) == (1, [], 3600.0)


async def test_a_refusal_is_not_asked_again() -> None:
    act, pauses = Flaky(1, Refused("NO_RECIPIENT", "none")), list[float]()
    with pytest.raises(Refused):
        await persistence(pauses)(act)
    assert (act.calls, pauses) == (1, [])


async def test_progress_starts_the_count_anew() -> None:
    act, pauses = Flaky(50), list[float]()
    assert await persistence(pauses)(act, lambda: act.calls) == 51
    assert set(pauses) == {1.0}


async def test_who_looks_on_is_told_why_it_waits_and_for_how_long() -> None:
    told: list[tuple[str, float]] = []

    async def sleep(seconds: float) -> None:
        assert told[-1][1] == seconds, "told before, not after"

    async def act() -> str:
        if len(told) < 2:
            error = TryLater("TOO_MANY_DOCUMENTS", "Too many.")
            error.retry_after = 40.0
            raise error
        return "done"

    persist = Persistence(
        patience=Patience(),
        sleep=sleep,
        random=lambda: 0.0,
        waiting=lambda error, seconds: told.append((error.reason, seconds)),
    )
    assert await persist(act) == "done"
    assert told == [("TOO_MANY_DOCUMENTS", 40.0)] * 2
