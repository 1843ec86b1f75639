"""Having authorities time-stamp the seals of evidence, from which XAdES-B-T grows: in the background, so that
none of them holds anything up.

    await growing.step()        # what waits, as far as it comes
    await growing.follow(...)   # for ever, beside the calls

Evidence, leaf and digest stay as they were issued: the time-stamp is kept beside them. It goes in the order
of the log, by one process at a time, at a set rate; after an outage it goes on where it stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from axis_server.background import Pause, stepping
from axis_server.metrics import Metrics
from axis_server.transparency.authorities import Authority, NotStamped, Requesting
from signing.parser import Malformed
from signing.timestamps import GrowError, Imprint, content_to_stamp
from storage.ledger.growing import Growing, SealStamp, Turn, Ungrown

log = structlog.get_logger()

BATCH = 32
"""Evidence in memory at once."""
TURN = timedelta(seconds=60)
"""For so long nobody else takes over from a process that stands still."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
"""Seconds after which authorities that were away are tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What grows, and by whom."""

    authorities: Sequence[Authority]
    """Asked in this order until one answers."""
    kinds: Collection[str] = ()
    """Events whose evidence grows; empty for all."""
    per_second: float


class GrowingEvidence:
    """Has the seals of evidence time-stamped. Any number of processes may: one does it at a time."""

    def __init__(
        self,
        *,
        ledger: Growing,
        growth: Growth,
        holder: str,
        requesting: Requesting,
        metrics: Metrics,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`holder` names this process among all."""
        self._ledger = ledger
        self._growth = growth
        self._holder = holder
        self._requesting = requesting
        self._clock = requesting.clock
        self._metrics = metrics
        self._rest = rest
        self._pause = Pause(first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        metrics.growth_gap_seconds.set(0)

    async def follow(self, interval: float) -> None:
        """Does what waits, and looks every `interval` seconds, for ever."""
        away = partial(log.warning, "growth.unavailable")
        await stepping(self.step, interval, away=away, rest=self._rest)

    async def step(self) -> bool:
        """Has a batch time-stamped, and tells whether to go on at once. Raises `Unavailable`."""
        start = await self._ledger.grown_to()
        batch = await self._ledger.to_grow(start=start, limit=BATCH)
        wanted = [one for one in batch if not self._growth.kinds or one.event in self._growth.kinds]
        now = self._clock()
        gap = (now - wanted[0].issued_at).total_seconds() if wanted else 0.0
        self._metrics.growth_gap_seconds.set(max(0.0, gap))
        if not batch or not self._pause.over(now) or not await self._has_turn():
            return False
        for one in wanted:
            if not await self._grow(one) or not await self._has_turn():
                return False
            await self._rest(1 / self._growth.per_second)
        if not wanted or batch[-1].index > wanted[-1].index:
            await self._ledger.keep_grown(batch[-1].index + 1)
        return True

    async def _has_turn(self) -> bool:
        now = self._clock()
        return await self._ledger.take_turn(Turn(holder=self._holder, until=now + TURN), now=now)

    async def _grow(self, one: Ungrown) -> bool:
        """Has one evidence time-stamped and keeps that; False when nobody could be had for it."""
        try:
            content = Imprint.of(content_to_stamp(one.content))
        except (GrowError, Malformed) as damaged:
            self._metrics.growths_failed.inc()
            log.error("growth.passed_over", evidence=one.evidence_id, detail=str(damaged))
            await self._ledger.keep_grown(one.index + 1)
            return True
        try:
            stamp = await self._stamped(one, content)
        except NotStamped as trouble:
            self._metrics.growths_failed.inc()
            rest = self._pause.begin(self._clock())
            log.warning("growth.failed", detail=str(trouble), pause=round(rest, 1))
            return False
        await self._ledger.keep_grown(one.index + 1, stamp)
        self._pause.end()
        self._metrics.growths_kept.inc()
        return True

    async def _stamped(self, one: Ungrown, imprint: Imprint) -> SealStamp:
        """Asks one authority after the other. Raises `NotStamped`."""
        refused = []
        for authority in self._growth.authorities:
            try:
                token, stamp = await self._requesting.stamped(authority, imprint, not_before=one.issued_at)
            except NotStamped as trouble:
                refused.append(f"{authority.name}: {trouble}")
                continue
            return SealStamp(evidence_id=one.evidence_id, authority=authority.name, token=token, at=stamp.at)
        raise NotStamped("; ".join(refused))
