"""Deadlines: what nobody fetched, answered or agreed to in time is ended by the axis itself.

    expiring = Expiring(ledger=ledger, mover=mover, clock=clock, metrics=metrics)
    await expiring.follow(5.0)          # for ever, beside the calls

Any number of nodes may do this over one ledger, and any may die at any time: each ending is one
compare-and-swap, so one node wins and the others find it done. Nothing is remembered but what failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from axis_server.background import stepping
from axis_server.delivering.moving import Cause, Mover
from axis_server.delivering.sides import side_of
from axis_server.errors import Declined
from axis_server.lifecycle import at_deadline
from axis_server.metrics import Metrics
from signing.evidence import EventId
from storage.errors import Conflict, Corrupt, NotFound
from storage.ledger.base import Ledger
from storage.ledger.records import Delivery

log = structlog.get_logger()

BATCH = 64
"""Deliveries that are ended side by side: their commits share one flush, and calls come in between."""
PATIENCE = timedelta(minutes=5)
"""How long one that failed is left alone, so that it does not stand in the way of the others."""

_ENDED = {
    EventId.CONTENT_HANDOVER_FAILURE: "handover",
    EventId.ACCEPTANCE_REJECTION_EXPIRY: "answer",
    None: "question",
}
"""What time ended, by the evidence: kinds of the metric."""


class Expiring:
    """Ends what is due."""

    def __init__(
        self, *, ledger: Ledger, mover: Mover, clock: Callable[[], datetime], metrics: Metrics
    ) -> None:
        self._ledger = ledger
        self._mover = mover
        self._clock = clock
        self._metrics = metrics
        self._failed: dict[tuple[str, str], datetime] = {}
        """When each that failed is tried again."""

    async def follow(self, interval: float) -> None:
        """Sweeps every `interval` seconds, for ever, and at once again while there is more. A store that does
        not answer is an alarm and is asked again."""
        await stepping(self.sweep, interval, away=partial(log.warning, "deadlines.unavailable"))

    async def sweep(self) -> bool:
        """Ends a batch of what is due, the earliest first, and tells whether more may be waiting.

        One that fails hinders no other. Raises `Unavailable`; what was not ended then is due still.
        """
        now = self._clock()
        self._failed = {key: again for key, again in self._failed.items() if again > now}
        due = await self._ledger.due(at=now, limit=BATCH + len(self._failed))
        oldest = min((one.due for one in due if one.due is not None), default=now)
        self._metrics.deadlines_overdue_seconds.set((now - oldest).total_seconds())
        batch = [one for one in due if _key(one) not in self._failed][:BATCH]
        ended = await asyncio.gather(*(self._tried(one, now) for one in batch), return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, BaseException):
                raise outcome
        return len(batch) == BATCH

    async def settle(self, delivery: Delivery, now: datetime) -> None:
        """Does what is due to a delivery whose time is over at `now`; when another one was quicker, nothing.

        Raises `StorageError`, and `ValueError` when nothing is due to it or its evidence cannot be written.
        """
        entry = await self._ledger.entry(delivery.dispatch_id)
        steps = at_deadline(await side_of(self._ledger, entry, delivery), now)
        try:
            await self._mover.move(steps, Cause(at=now))
        except Conflict:
            return
        for step in steps:
            self._metrics.deadlines_passed.labels(_ENDED[step.attests]).inc()
            log.info(
                "deadlines.passed",
                kind=_ENDED[step.attests],
                dispatch_id=step.side.delivery.dispatch_id,
                recipient_id=step.side.delivery.recipient_id,
                state=step.side.delivery.state,
            )

    async def _tried(self, delivery: Delivery, now: datetime) -> None:
        try:
            await self.settle(delivery, now)
        except (Declined, NotFound, Corrupt, ValueError) as fault:
            self._failed[_key(delivery)] = now + PATIENCE
            self._metrics.deadlines_failed.inc()
            log.error(
                "deadlines.failed",
                dispatch_id=delivery.dispatch_id,
                recipient_id=delivery.recipient_id,
                error=repr(fault),
            )


def _key(delivery: Delivery) -> tuple[str, str]:
    return delivery.dispatch_id, delivery.recipient_id
