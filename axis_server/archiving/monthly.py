"""Making months ahead of time, in a ledger that parts what it keeps by months."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from axis_server.metrics import Metrics
from storage.errors import Unavailable
from storage.ledger.months import Monthly

log = structlog.get_logger()


async def keep_months(ledger: Monthly, clock: Callable[[], datetime], metrics: Metrics) -> None:
    """Makes the months that are not there yet. What hinders it is tried again the next time, of which there
    are many before it matters."""
    try:
        months = await ledger.make_months(clock())
    except Unavailable as trouble:
        log.warning("ledger.months", detail=str(trouble))
        return
    metrics.ledger_months_ahead.set(months.ahead)
    metrics.ledger_strays.set(months.strays)
    if months.strays:
        log.error("ledger.strays", count=months.strays)


async def follow_months(
    ledger: Monthly, clock: Callable[[], datetime], metrics: Metrics, interval: float
) -> None:
    """Does so every `interval` seconds, for ever."""
    while True:
        await asyncio.sleep(interval)
        await keep_months(ledger, clock, metrics)
