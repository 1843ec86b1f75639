"""Asking each place in good time; and at once, within a bound, when a document waits for the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog
from cryptography import x509

from axis_server.background import Pause, stepping
from axis_server.limits.tasks import in_worker
from axis_server.metrics import Metrics
from axis_server.revoking.answering import NotAnswered, Terms, answered
from axis_server.revoking.known import Held, Known
from axis_server.revoking.places import Kind, Place
from signing.revocation import usable
from storage.errors import Unavailable

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
"""Seconds after which a place that failed is asked again, at the least and at the most."""
SOONEST = timedelta(seconds=60)
"""A place that answered is not asked again before."""
AT_ONCE = 4
"""Places that the background asks at once; the other threads are for documents that wait."""


@dataclass(slots=True)
class _Rest:
    pause: Pause = field(default_factory=lambda: Pause(first=FIRST_PAUSE, longest=LONGEST_PAUSE))
    early: float = 0.0
    """0 to 1: how early within its time this place is asked, other than other nodes."""


class Asking:
    """Owns the questions. Each place is asked once at a time, whoever waits for it."""

    def __init__(
        self,
        *,
        known: Known,
        wanted: Callable[[], Mapping[str, Place]],
        about: Callable[[x509.Certificate], Mapping[str, Place]],
        terms: Terms,
        workers: Executor,
        random: Callable[[], float],
        metrics: Metrics,
        live_seconds: float,
    ) -> None:
        """`wanted` are the places of all certificates that are relied on, by name; `about` those of one.
        `workers` are threads for waiting on authorities alone; `random` gives 0 to 1."""
        self._known = known
        self._wanted = wanted
        self._about = about
        self._terms = terms
        self._workers = workers
        self._random = random
        self._metrics = metrics
        self._live_seconds = live_seconds
        self._rests: dict[str, _Rest] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    @property
    def running(self) -> int:
        """How many places are asked now."""
        return len(self._running)

    async def follow(self, interval: float) -> None:
        """Looks every `interval` seconds what is due, for ever."""
        try:
            await stepping(self.step, interval, away=partial(log.warning, "revocation.store_unavailable"))
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def step(self) -> None:
        """Takes over what other nodes learned, and begins to ask what is due. Raises `Unavailable`."""
        await self._known.refresh()
        wanted = await asyncio.to_thread(self._wanted)
        for name in self._rests.keys() - wanted.keys() - self._running.keys():
            del self._rests[name]
        self._show(wanted)
        now = self._terms.clock()
        for name, place in wanted.items():
            if len(self._running) >= AT_ONCE:
                return
            if self._is_due(name, now):
                self._begin(name, place)

    async def look_up(self, certificate: x509.Certificate) -> None:
        """Asks about a certificate whose state is unknown, and returns when every answer has come, or after
        the bound: then the questions go on without the caller. A place that failed lately is not asked."""
        if not self._live_seconds:
            return
        now = self._terms.clock()
        places = await asyncio.to_thread(self._about, certificate)
        tasks = {
            self._begin(name, place)
            for name, place in places.items()
            if self._rest(name).pause.over(now) and not self._counts(self._known.of(name), now)
        }
        if tasks:
            await asyncio.wait(tasks, timeout=self._live_seconds)

    def _counts(self, held: Held | None, now: datetime) -> bool:
        return held is not None and usable(held.source, at=now, policy=self._terms.policy)

    def _rest(self, name: str) -> _Rest:
        return self._rests.setdefault(name, _Rest(early=self._random()))

    def _is_due(self, name: str, now: datetime) -> bool:
        """Whether half to three quarters of the time from the last question to the end of its answer are
        over, which differ from node to node: the first that asks, asks for all."""
        rest, held = self._rest(name), self._known.of(name)
        if not rest.pause.over(now):
            return False
        if held is None:
            return True
        span = held.source.span(self._terms.policy)
        end = held.asked_at if span is None else span[1] - self._terms.policy.revocation_grace
        ahead = max(end - held.asked_at, timedelta()) * (0.75 - rest.early / 4)
        return now >= held.asked_at + max(ahead, SOONEST)

    def _begin(self, name: str, place: Place) -> asyncio.Task[None]:
        task = self._running.get(name)
        if task is None:
            task = self._running[name] = asyncio.create_task(self._ask(name, place))
            task.add_done_callback(lambda _: self._running.pop(name, None))
        return task

    async def _ask(self, name: str, place: Place) -> None:
        rest, held = self._rest(name), self._known.of(name)
        before = None if held is None else held.source
        try:
            answer, _ = await in_worker(self._workers, answered, place, before, self._terms)
            await self._known.keep(name, answer)
        except (NotAnswered, Unavailable) as trouble:
            seconds = rest.pause.begin(self._terms.clock())
            self._metrics.revocation_failed.labels(place.kind).inc()
            log.warning("revocation.not_answered", place=name, detail=str(trouble), pause=round(seconds, 1))
        else:
            rest.pause.end()
            rest.early = self._random()
            self._metrics.revocation_answered.labels(place.kind).inc()

    def _show(self, wanted: Mapping[str, Place]) -> None:
        """Shows how soon the first answer runs out, and how many do not count."""
        now, policy = self._terms.clock(), self._terms.policy
        for kind in Kind:
            held = [self._known.of(name) for name, place in wanted.items() if place.kind is kind]
            spans = [one.source.span(policy) for one in held if one is not None]
            ends = [(span[1] - now).total_seconds() for span in spans if span is not None]
            self._metrics.revocation_unknown.labels(kind).set(sum(not self._counts(one, now) for one in held))
            if ends:
                self._metrics.revocation_runs_out.labels(kind).set(min(ends))
