"""Keeping the catalogue of dispatches current, behind the commits and never in their way."""

from __future__ import annotations

import asyncio

import structlog

from axis_server.metrics import Metrics
from storage.errors import StorageError
from storage.ledger.catalogue import Catalogue

log = structlog.get_logger()

BATCH = 500
"""Deliveries taken in at once: some tens of milliseconds."""
PATIENCE_SECONDS = 30.0
"""How long a catalogue that does not serve is left alone. Nothing but searching needs it."""


class Cataloguing:
    """Follows the ledger. Any number of nodes may."""

    def __init__(self, *, catalogue: Catalogue, metrics: Metrics) -> None:
        self._catalogue = catalogue
        self._metrics = metrics

    async def follow(self, interval: float) -> None:
        """Takes in what is new every `interval` seconds, for ever, and at once again while there is more. It
        begins where it was left, in a ledger from before there was a catalogue at the beginning."""
        while True:
            pause = interval
            try:
                behind = (await self._catalogue.follow(limit=BATCH)).behind
                self._metrics.catalogue_current.set(not behind)
                pause = 0.0 if behind else interval
            except StorageError as trouble:
                self._metrics.catalogue_current.set(0)
                pause = PATIENCE_SECONDS
                log.warning("catalogue.unavailable", detail=str(trouble))
            await asyncio.sleep(pause)
