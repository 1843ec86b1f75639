"""Whether the axis can serve: archive and ledger are really tried, again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import structlog
from cryptography import x509

from axis_server.metrics import Metrics
from axis_server.stores import Stores
from storage.errors import StorageError

log = structlog.get_logger()

ANSWER_SECONDS = 10.0
"""A store that needs longer for a few bytes does not serve."""
_DAY = timedelta(days=1)


class Prober:
    """Tries the stores, shows the result on the lamp and in the metrics."""

    def __init__(
        self,
        *,
        stores: Stores,
        show: Callable[[bool], Awaitable[None]],
        metrics: Metrics,
        certificates: Mapping[str, x509.Certificate],
        clock: Callable[[], datetime],
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`show` is told whether all stores serve; `certificates` are the axis's own, by their use."""
        self._tries: dict[str, Callable[[], Awaitable[None]]] = {
            "archive": stores.archive.probe,
            "ledger": stores.ledger.probe,
        }
        self._show = show
        self._metrics = metrics
        self._certificates = certificates
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._running: dict[str, asyncio.Future[None]] = {}
        self._up: dict[str, bool] = {}

    async def probe(self) -> bool:
        """Tries all stores once, shows and returns whether all serve."""
        serving = all(await asyncio.gather(*(self._serves(store) for store in self._tries)))
        await self._show(serving)
        for name, certificate in self._certificates.items():
            left = (certificate.not_valid_after_utc - self._clock()) / _DAY
            self._metrics.certificate_days_left.labels(name).set(left)
        return serving

    async def follow(self, interval: float) -> None:
        """Probes every `interval` seconds, for ever."""
        while True:
            await asyncio.sleep(interval)
            await self.probe()

    async def _serves(self, store: str) -> bool:
        """Tries one store. A try that hangs is not begun a second time: the store is down until it ends."""
        trial = self._running.get(store) or asyncio.ensure_future(self._tries[store]())
        self._running[store] = trial
        detail = f"no answer in {self._answer_seconds:g} s"
        up = False
        try:
            ended, _ = await asyncio.wait({trial}, timeout=self._answer_seconds)
        except asyncio.CancelledError:
            trial.cancel()
            raise
        if ended:
            del self._running[store]
            try:
                await trial
                up = True
            except StorageError as exc:
                detail = str(exc)
        self._tell(store, up, detail)
        return up

    def _tell(self, store: str, up: bool, detail: str) -> None:
        self._metrics.probe_up.labels(store).set(up)
        if up is not self._up.get(store, True):
            if up:
                log.info("store.up", store=store)
            else:
                log.error("store.down", store=store, detail=detail)
        self._up[store] = up
