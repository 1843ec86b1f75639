"""When certificates end: the first of each use, as metrics show it and the operator hears of it in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from cryptography import x509

from axis_server.addressing.directory import DirectoryView, in_force
from axis_server.admitting.admission import read_certificate
from axis_server.metrics import Metrics
from axis_server.settings import Settings
from signing.trust import TrustError, load_certificates
from storage.ledger.registry import Agency

AGENCY = "agency"
LOOK_SECONDS = 300.0
"""How often it is looked; certificates end by the day."""


class Expiry:
    """Shows, for each use, how long until the first certificate ends."""

    def __init__(
        self,
        settings: Settings,
        directory: Callable[[], DirectoryView],
        *,
        own: Callable[[], Mapping[str, x509.Certificate]],
        clock: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        """`own` gives the axis's own certificates by their use."""
        self._directory = directory
        self._own = own
        self._settings = settings
        self._clock = clock
        self._metrics = metrics

    async def follow(self, interval: float) -> None:
        """Looks every `interval` seconds, for ever."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(interval)

    def look(self) -> None:
        """Looks once. Slow: it reads every certificate of the directory."""
        now = self._clock()
        own = ((use, one.not_valid_after_utc) for use, one in self._own().items())
        for use, ends in (*own, *others_end(self._settings, self._directory(), now)):
            self._metrics.certificate_expiry.labels(use).set((ends - now).total_seconds())


def others_end(settings: Settings, directory: DirectoryView, now: datetime) -> Iterator[tuple[str, datetime]]:
    """Yields when the first certificate of each use ends, but for the axis's own."""
    trust, timestamps = settings.trust, settings.timestamps
    files = {
        "client_ca": settings.tls.client_ca,
        "trust": [*trust.anchors, *trust.intermediates],
        "log_tsa": [path for one in timestamps for path in one.anchors],
    }
    for use, paths in files.items():
        try:
            ends = [one.not_valid_after_utc for path in paths for one in load_certificates(path)]
        except TrustError:
            continue  # told where the file is used
        if ends:
            yield use, min(ends)
    agencies = [one for one in directory.agencies() if in_force(one, now)]
    if ends := [found for one in agencies for found in last_ends(one)]:
        yield AGENCY, min(ends)


def last_ends(agency: Agency) -> Iterator[datetime]:
    """Yields until when an agency can connect, and until when it can seal: a certificate that a newer one
    has taken the place of says nothing."""
    powers: Iterable[list[str]] = (
        [one.pem for one in agency.certificates if one.may_connect],
        [one.pem for one in agency.certificates if one.may_seal],
    )
    for pems in powers:
        if pems:
            yield max(read_certificate(pem).not_valid_after_utc for pem in pems)
