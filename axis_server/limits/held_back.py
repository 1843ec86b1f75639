"""Which agencies are being turned away, from what, and for how long: for the operator, by the metrics.

    held = HeldBack(clock=now, metrics=metrics)
    held.noted("G22", "TOO_MANY_DOCUMENTS", wait_seconds=40.0)
    await held.follow(5.0)

An agency is held back from the first call that is turned away until it has had time to come back, and was
let in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from axis_server.metrics import Metrics

MOST_NAMED = 100
"""Agencies that a process names in its metrics, the first that were held back; all others are `OTHERS`, and
the log names them. A metrics page that grows with every agency would be a load itself."""
OTHERS = "(others)"
QUIET = timedelta(minutes=1)
"""After so long without a call turned away nobody is held back any more."""
LATENESS = 1.5
"""Who is told to wait comes back up to a quarter later, and is then let in or turned away again."""


@dataclass(slots=True, kw_only=True)
class _Episode:
    since: datetime
    until: datetime
    """Unless another call is turned away before."""


class HeldBack:
    """Remembers who is being turned away by this process."""

    def __init__(self, *, clock: Callable[[], datetime], metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._named: set[str] = set()
        self._episodes: dict[tuple[str, str], _Episode] = {}

    def noted(self, agency_id: str, reason: str, *, wait_seconds: float | None) -> None:
        """Notes a call that was turned away; `reason` is one of `reasons.OF_QUOTAS`."""
        if agency_id not in self._named:
            if len(self._named) < MOST_NAMED:
                self._named.add(agency_id)
            else:
                agency_id = OTHERS
        at = self._clock()
        until = at + max(QUIET, timedelta(seconds=LATENESS * (wait_seconds or 0.0)))
        episode = self._episodes.setdefault((agency_id, reason), _Episode(since=at, until=until))
        episode.until = max(episode.until, until)
        self._metrics.held_back_calls.labels(agency_id, reason).inc()
        self._show(agency_id, reason, episode, at)

    async def follow(self, interval: float) -> None:
        """Shows every `interval` seconds for how long it has lasted, for ever."""
        while True:
            self.look()
            await asyncio.sleep(interval)

    def look(self) -> None:
        """Shows how it stands now, and forgets what is over."""
        at = self._clock()
        for (agency_id, reason), episode in list(self._episodes.items()):
            if at < episode.until:
                self._show(agency_id, reason, episode, at)
            else:
                del self._episodes[agency_id, reason]
                self._metrics.held_back.labels(agency_id, reason).set(0)

    def _show(self, agency_id: str, reason: str, episode: _Episode, at: datetime) -> None:
        """One second at least: 0 says that it is over."""
        lasted = max(1.0, (at - episode.since).total_seconds())
        self._metrics.held_back.labels(agency_id, reason).set(lasted)
