"""Composition of what decides how long documents are kept, and does away with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from axis_server.addressing.directory import DirectoryView
from axis_server.admitting.trust import policy_of
from axis_server.archiving import sweeping
from axis_server.archiving.deciding import Deciding, Issuing
from axis_server.archiving.destruction import Destroying
from axis_server.archiving.disposal import Disposing
from axis_server.archiving.locking import Locking
from axis_server.archiving.terms import Classes
from axis_server.archiving.warrant import ORDER_BYTES, Warrants
from axis_server.background import Work
from axis_server.documents.judgement import Rules
from axis_server.limits.tasks import OwnedTasks
from axis_server.metrics import Metrics
from axis_server.settings import Settings
from axis_server.stores import Stores
from signing.seal import Sealer
from signing.trust import TrustStore

LOCK_SECONDS = 2.0
"""How soon after a decision the store locks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retaining:
    """What is served, and what goes on beside it."""

    deciding: Deciding
    disposing: Disposing
    works: tuple[Work, ...]


def retaining(
    settings: Settings,
    stores: Stores,
    sealer: Callable[[], Sealer],
    *,
    directory: Callable[[], DirectoryView],
    trust: Callable[[], TrustStore],
    clock: Callable[[], datetime],
    running: Callable[[], float],
    new_id: Callable[[], str],
    workers: Executor,
    owned: OwnedTasks,
    metrics: Metrics,
) -> Retaining:
    """Makes everything about retention."""
    issuing = Issuing(issuer_id=settings.axis.id, sealer=sealer, new_id=new_id, clock=clock, workers=workers)
    deciding = Deciding(
        ledger=stores.ledger,
        directory=directory,
        classes=Classes.of(settings.retention),
        authority_id=settings.retention.authority,
        issuing=issuing,
        owned=owned,
    )
    warrants = Warrants(
        axis_id=settings.axis.id,
        directory=directory,
        rules=Rules.of(trust, policy_of(settings.trust, settings.revocation), ORDER_BYTES),
        seals=settings.retention.approvals,
        valid=timedelta(days=settings.retention.order_days),
    )
    destroying = Destroying(
        ledger=stores.ledger,
        archive=stores.archive,
        deciding=deciding,
        warrants=warrants,
        issuing=issuing,
        grace=timedelta(minutes=settings.retention.grace_minutes),
        authorities=tuple(one.name for one in settings.timestamps),
        running=running,
        metrics=metrics,
    )
    disposing = Disposing(
        ledger=stores.ledger,
        deciding=deciding,
        warrants=warrants,
        issuing=issuing,
        owned=owned,
        wake=destroying.wake,
    )
    works = (
        Work("destruction", destroying.follow),
        *_locking(stores, deciding),
        *_sweeping(settings, stores, clock),
    )
    return Retaining(deciding=deciding, disposing=disposing, works=works)


def _locking(stores: Stores, deciding: Deciding) -> Iterator[Work]:
    if stores.retention is not None:
        locking = Locking(ledger=stores.ledger, deciding=deciding, retention=stores.retention)
        yield Work("locks", partial(locking.follow, LOCK_SECONDS))


def _sweeping(settings: Settings, stores: Stores, clock: Callable[[], datetime]) -> Iterator[Work]:
    if settings.retention.sweep_hours:
        yield Work(
            "sweep",
            partial(
                sweeping.follow,
                stores.archive,
                stores.ledger,
                clock=clock,
                age=timedelta(days=settings.retention.sweep_days),
                every=timedelta(hours=settings.retention.sweep_hours),
            ),
        )
