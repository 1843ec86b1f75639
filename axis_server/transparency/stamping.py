"""Having authorities time-stamp the log's checkpoints: in the background, so that none of them holds
anything up.

What is stamped is the checkpoint's note as the log signed it, without cosignatures. A time-stamp over one
checkpoint covers every leaf under it, so after an outage the next one covers all that came meanwhile.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

import structlog

from axis_server.background import Pause, stepping
from axis_server.metrics import Metrics
from axis_server.transparency.authorities import Authority, NotStamped, Requesting
from signing.timestamps import Imprint
from storage.errors import NotFound
from storage.ledger.base import Log
from storage.ledger.records import SignedCheckpoint, Stamp

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
"""Seconds after which an authority that was away is tried again, at the least and at the most."""


class Stamping:
    """Has one authority stamp checkpoints, and keeps what it verified."""

    def __init__(
        self,
        *,
        ledger: Log,
        authority: Authority,
        requesting: Requesting,
        metrics: Metrics,
    ) -> None:
        self._ledger = ledger
        self._authority = authority
        self._requesting = requesting
        self._pause = Pause(first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        self._gap = metrics.timestamp_gap_seconds.labels(authority.name)
        self._kept = metrics.timestamps_kept.labels(authority.name)
        self._failed = metrics.timestamps_failed.labels(authority.name)
        self._gap.set(0)

    async def follow(self, interval: float) -> None:
        """Looks every `interval` seconds whether a time-stamp is due, for ever."""
        await stepping(self.step, interval, away=partial(log.warning, "log.unavailable"))

    async def step(self) -> None:
        """Has the newest checkpoint stamped if one is due. Raises `Unavailable`."""
        stamped = await self._ledger.stamped(self._authority.name)
        waiting = await self._waiting(stamped)
        now = self._requesting.clock()
        self._gap.set(0 if waiting is None else max(0.0, (now - waiting.at).total_seconds()))
        if waiting is None or not self._pause.over(now) or not await self._due(stamped, now):
            return
        try:
            await self._ledger.stamp(await self._stamp(await self._ledger.checkpoint()))
        except (NotStamped, NotFound) as trouble:
            self._failed.inc()
            rest = self._pause.begin(now)
            log.warning(
                "timestamp.failed", authority=self._authority.name, detail=str(trouble), pause=round(rest, 1)
            )
        else:
            self._kept.inc()
            self._pause.end()
            self._gap.set(0)

    async def _waiting(self, stamped: int | None) -> SignedCheckpoint | None:
        """Returns the oldest checkpoint that no time-stamp of this authority covers. An empty log needs
        none."""
        try:
            return await self._ledger.checkpoint(over=(stamped or 0) + 1)
        except NotFound:
            return None

    async def _due(self, stamped: int | None, now: datetime) -> bool:
        last = await self._ledger.stamps(stamped) if stamped is not None else ()
        times = [one.at for one in last if one.authority == self._authority.name]
        return not times or now - max(times) >= self._authority.every

    async def _stamp(self, checkpoint: SignedCheckpoint) -> Stamp:
        imprint = Imprint.of(checkpoint.note)
        token, stamp = await self._requesting.stamped(self._authority, imprint, not_before=checkpoint.at)
        return Stamp(size=checkpoint.size, authority=self._authority.name, token=token, at=stamp.at)
