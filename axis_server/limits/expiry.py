"""Abandoned uploads: what nobody went on with is dropped after a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from storage.archive.base import Archive
from storage.errors import Unavailable

log = structlog.get_logger()


async def expire(
    archive: Archive, *, kept: timedelta, clock: Callable[[], datetime], interval: float
) -> None:
    """Drops the uploads to which nothing was added for as long as `kept`, every `interval` seconds, for ever.

    A store that does not answer is asked again next time.
    """
    while True:
        try:
            if dropped := await archive.expire(clock() - kept):
                log.info("uploads.expired", count=dropped)
        except Unavailable as trouble:
            log.warning("uploads.not_expired", detail=str(trouble))
        await asyncio.sleep(interval)
