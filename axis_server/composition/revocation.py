"""What asks about revocation, put together from the settings."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from axis_server.addressing.directory import DirectoryView
from axis_server.admitting.trust import TrustWatch
from axis_server.composition.vouching import waiting
from axis_server.metrics import Metrics
from axis_server.revoking.answering import Terms
from axis_server.revoking.asking import AT_ONCE, Asking
from axis_server.revoking.known import Known
from axis_server.revoking.places import Addresses
from axis_server.revoking.relying import Relying
from axis_server.revoking.stapling import Stapling
from axis_server.settings import RevocationSettings, Settings, TimestampSettings
from signing.policy import Policy
from signing.trust import TrustError, TrustStore
from storage.ledger.answers import Answers

THREADS = 2 * AT_ONCE
"""The half of them for documents that wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoking:
    """All of it."""

    known: Known
    asking: Asking
    stapling: Stapling
    relying: Relying


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the rest of the axis gives to it."""

    ledger: Answers
    trust: TrustWatch
    directory: Callable[[], DirectoryView]
    evidence: Callable[[], tuple[x509.Certificate, ...]]
    """Gives the certificates under which evidence counts, the one in use first."""
    time: tuple[TrustStore, ...]
    """The stores by which time-stamping authorities are judged."""
    policy: Policy
    workers: Executor
    clock: Callable[[], datetime]
    metrics: Metrics


def revoking(settings: RevocationSettings, around: Around) -> Revoking:
    """Puts it together; nothing is asked yet."""
    known = Known(ledger=around.ledger, trust=around.trust, clock=around.clock)
    relying = Relying(
        directory=around.directory,
        trusts=lambda: (around.trust.store(), around.trust.clients(), *around.time),
        own=around.evidence,
        addresses=Addresses.of(settings),
    )
    random = secrets.SystemRandom()
    asking = Asking(
        known=known,
        wanted=relying.wanted,
        about=relying.about,
        terms=Terms(
            policy=around.policy,
            list_bytes=settings.list_bytes,
            clock=around.clock,
            nonce=lambda: secrets.token_bytes(16),
        ),
        workers=around.workers,
        random=random.random,
        metrics=around.metrics,
        live_seconds=settings.live_seconds,
    )
    stapling = Stapling(
        ledger=around.ledger,
        known=known,
        trust=around.trust.store,
        own=lambda: around.evidence()[:1],
        policy=around.policy,
        clock=around.clock,
    )
    return Revoking(known=known, asking=asking, stapling=stapling, relying=relying)


def opened_revoking(
    settings: Settings,
    stack: AsyncExitStack,
    *,
    ledger: Answers,
    trust: TrustWatch,
    directory: Callable[[], DirectoryView],
    evidence: Callable[[], tuple[x509.Certificate, ...]],
    policy: Policy,
    clock: Callable[[], datetime],
    metrics: Metrics,
) -> Revoking:
    """Puts it together with threads that nobody else needs and that the end of `stack` does not wait for."""
    around = Around(
        ledger=ledger,
        trust=trust,
        directory=directory,
        evidence=evidence,
        time=tuple(trusts_in_time(settings.timestamps)),
        policy=policy,
        workers=waiting(stack, "revocation", THREADS),
        clock=clock,
        metrics=metrics,
    )
    return revoking(settings.revocation, around)


def trusts_in_time(settings: Iterable[TimestampSettings]) -> Iterator[TrustStore]:
    """Yields whom each time-stamping authority is judged by, as far as the files can be read: what cannot is
    told when a time-stamp is judged."""
    for one in settings:
        with suppress(TrustError):
            yield TrustStore.load(one.anchors)
