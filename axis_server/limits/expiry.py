"""Abandoned uploads: what nobody went on with is dropped after a while."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from axis_server.background import stepping
from storage.archive.base import Archive

log = structlog.get_logger()


async def expire(
    archive: Archive, *, kept: timedelta, clock: Callable[[], datetime], interval: float
) -> None:
    """Drops the uploads to which nothing was added for as long as `kept`, every `interval` seconds, for ever.

    A store that does not answer is asked again next time.
    """

    async def step() -> None:
        if dropped := await archive.expire(clock() - kept):
            log.info("uploads.expired", count=dropped)

    await stepping(step, interval, away=partial(log.warning, "uploads.not_expired"))
