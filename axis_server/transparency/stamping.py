"""Having authorities time-stamp the log's checkpoints: in the background, so that none of them holds
anything up.

What is stamped is the checkpoint's note as the log signed it, without cosignatures. A time-stamp over one
checkpoint covers every leaf under it, so after an outage the next one covers all that came meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509

from axis_server.fetching import Bounds, FetchError, http_tsa
from axis_server.limits.tasks import in_worker
from axis_server.metrics import Metrics
from axis_server.transparency.pausing import Pause
from signing.timestamps import Imprint, NotGranted, Timestamp, request, verify_token
from signing.trust import TrustError, TrustStore
from storage.errors import NotFound, Unavailable
from storage.ledger.base import Log
from storage.ledger.records import SignedCheckpoint, Stamp

log = structlog.get_logger()

BOUNDS = Bounds(seconds=10, bytes=256 << 10, private=True)
"""Settings name authorities, not strangers: inner networks are asked too."""
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 600.0
"""Seconds after which an authority that was away is tried again at the latest."""


class NotStamped(Exception):
    """The authority gave no time-stamp that can be kept; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A time-stamping authority, and whom to believe about it."""

    name: str
    url: str
    anchors: tuple[Path, ...]
    crls: tuple[Path, ...]
    policy: str | None
    """Dotted; None takes any."""
    every: timedelta
    """How often it is asked while there is something new."""


def _as_it_is(store: TrustStore) -> TrustStore:
    return store


def _unheard(certificate: x509.Certificate) -> None:
    """Nobody asks about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What else a token's certificate is judged by than the authority's files."""

    inform: Callable[[TrustStore], TrustStore] = _as_it_is
    """Adds what is known about revocation."""
    rely: Callable[[x509.Certificate], None] = _unheard
    """Is told of the certificate, so that its revocation is asked."""


class Stamping:
    """Has one authority stamp checkpoints, and keeps what it verified."""

    def __init__(
        self,
        *,
        ledger: Log,
        authority: Authority,
        workers: Executor,
        clock: Callable[[], datetime],
        nonce: Callable[[], int],
        metrics: Metrics,
        judging: Judging = Judging(),
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        """`workers` are threads for waiting on authorities alone."""
        self._ledger = ledger
        self._authority = authority
        self._workers = workers
        self._clock = clock
        self._judging = judging
        self._nonce = nonce
        self._pause = Pause(first=first_pause, longest=LONGEST_PAUSE)
        self._gap = metrics.timestamp_gap_seconds.labels(authority.name)
        self._kept = metrics.timestamps_kept.labels(authority.name)
        self._failed = metrics.timestamps_failed.labels(authority.name)
        self._gap.set(0)

    async def follow(self, interval: float) -> None:
        """Looks every `interval` seconds whether a time-stamp is due, for ever."""
        while True:
            try:
                await self.step()
            except Unavailable as trouble:
                log.warning("log.unavailable", detail=str(trouble))
            await asyncio.sleep(interval)

    async def step(self) -> None:
        """Has the newest checkpoint stamped if one is due. Raises `Unavailable`."""
        stamped = await self._ledger.stamped(self._authority.name)
        waiting = await self._waiting(stamped)
        now = self._clock()
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
        return await in_worker(
            self._workers,
            fetched,
            self._authority,
            checkpoint,
            nonce=self._nonce(),
            clock=self._clock,
            judging=self._judging,
        )


def fetched(
    authority: Authority,
    checkpoint: SignedCheckpoint,
    *,
    nonce: int,
    clock: Callable[[], datetime],
    judging: Judging,
) -> Stamp:
    """Asks, judges what comes, and returns it when it is sound. Blocks, within `BOUNDS`. Raises
    `NotStamped`."""
    imprint = Imprint.of(checkpoint.note)
    token, stamp = asked(
        authority, imprint, nonce=nonce, clock=clock, not_before=checkpoint.at, judging=judging
    )
    return Stamp(size=checkpoint.size, authority=authority.name, token=token, at=stamp.at)


def asked(
    authority: Authority,
    imprint: Imprint,
    *,
    nonce: int,
    clock: Callable[[], datetime],
    not_before: datetime,
    judging: Judging,
) -> tuple[bytes, Timestamp]:
    """Asks for a time-stamp over an imprint, of something from `not_before`, and returns the token with what
    it says once that is sound. Blocks, within `BOUNDS`. Raises `NotStamped`."""
    query = request(imprint, nonce=nonce, policy=authority.policy)
    try:
        token = http_tsa.token(authority.url, query, bounds=BOUNDS)
        trust = judging.inform(TrustStore.load(authority.anchors, crls=authority.crls))
    except (FetchError, NotGranted, TrustError) as exc:
        raise NotStamped(str(exc)) from exc
    verdict = verify_token(
        token, content=imprint, trust=trust, at=clock(), request=query, not_before=not_before
    )
    if verdict.certificate is not None:
        judging.rely(verdict.certificate)
    if not isinstance(verdict, Timestamp):
        raise NotStamped(f"{verdict.reason}: {verdict.detail}")
    return token, verdict
