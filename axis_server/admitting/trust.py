"""Whom the axis trusts, as its files say now: revocation lists are renewed every few hours, a root now and
then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import structlog
from cryptography import x509

from axis_server.settings import RevocationSettings, TrustSettings
from signing.policy import Policy
from signing.revocation import OcspAnswer
from signing.trust import TrustError, TrustStore, load_certificates

log = structlog.get_logger()

_Stamp = tuple[tuple[int, int, int] | None, ...]
"""For each file when it was written, its size and which file it is; None while it is not there."""


class TrustWatch:
    """Keeps the newest trust: `store()` is free of waiting; `refresh()` reads the files anew when they
    changed.

    Files that cannot be read leave the trust in force that was: half a list is never believed, and an old one
    runs out by itself.
    """

    def __init__(
        self,
        settings: TrustSettings,
        *,
        client_ca: Sequence[Path] = (),
        show: Callable[[bool], object],
    ) -> None:
        """Reads the files for the first time; `client_ca` are those with the authorities of clients.

        `show` is told whether what is in force is what the files say.

        Raises `TrustError`.
        """
        self._settings = settings
        self._show = show
        self._client_ca = client_ca
        self._stamp = self._stamped()
        self._files = self._load()
        self._known: tuple[Sequence[x509.CertificateRevocationList], Sequence[OcspAnswer]] = ((), ())
        self._store, self._clients = self._files
        show(True)

    def store(self) -> TrustStore:
        """Returns the trust in seals that is in force."""
        return self._store

    def clients(self) -> TrustStore:
        """Returns the trust in clients that is in force: other authorities, the same revocation lists."""
        return self._clients

    @property
    def given(self) -> tuple[x509.CertificateRevocationList, ...]:
        """The revocation lists of the files; the same tuple until they are read anew."""
        return self._given

    def know(self, crls: Sequence[x509.CertificateRevocationList], answers: Sequence[OcspAnswer]) -> None:
        """Adds what was fetched to the files' lists, in the place of what was added before. Slow: for a
        thread. Raises `TrustError`."""
        self._known = crls, answers
        self._adopt()

    def informed(self, store: TrustStore) -> TrustStore:
        """Returns another store with what was fetched. Raises `TrustError`."""
        return store.knowing(*self._known)

    def _adopt(self) -> None:
        seals, clients = self._files
        self._store, self._clients = self.informed(seals), self.informed(clients)

    async def refresh(self, *, always: bool = False) -> None:
        """Reads the files anew if they changed since they were last read, well or not; `always`, in any
        case."""
        stamp = await asyncio.to_thread(self._stamped)
        if stamp == self._stamp and not always:
            return
        self._stamp = stamp
        try:
            self._files = await asyncio.to_thread(self._load)
            await asyncio.to_thread(self._adopt)
        except TrustError as exc:
            self._show(False)
            log.critical("trust.unusable", detail=str(exc))
        else:
            self._show(True)
            log.info("trust.loaded")

    async def follow(self, interval: float, asked: asyncio.Event) -> None:
        """Refreshes every `interval` seconds, for ever, and reads anew at once whenever `asked` is set."""
        while True:
            try:
                async with asyncio.timeout(interval):
                    await asked.wait()
            except TimeoutError:
                pass
            always = asked.is_set()
            asked.clear()
            await self.refresh(always=always)

    def _load(self) -> tuple[TrustStore, TrustStore]:
        seals, clients = load(self._settings, self._client_ca)
        self._given = seals.crls
        return seals, clients

    def _stamped(self) -> _Stamp:
        settings = self._settings
        files = (*settings.anchors, *settings.intermediates, *settings.crls, *self._client_ca)
        return tuple(map(_stamp, files))


def policy_of(trust: TrustSettings, revocation: RevocationSettings) -> Policy:
    """The rules by which seals and clients are judged."""
    return Policy(revocation=trust.revocation, revocation_grace=revocation.grace)


def load(settings: TrustSettings, client_ca: Iterable[Path]) -> tuple[TrustStore, TrustStore]:
    """Reads the trust in seals and the trust in clients. Raises `TrustError`."""
    seals = TrustStore.load(settings.anchors, settings.intermediates, settings.crls)
    clients = seals.under(
        [one for path in client_ca for one in load_certificates(path)],
        [one for path in settings.intermediates for one in load_certificates(path)],
    )
    return seals, clients


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
