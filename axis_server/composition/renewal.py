"""Composition of what renews the archive's proofs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime, time, timedelta
from functools import partial

from axis_server.archiving.renewing import Renewing, Rules
from axis_server.archiving.volumes import Trees, at_rate
from axis_server.background import Work
from axis_server.composition.vouching import authorities_named, requesting_by, waiting
from axis_server.metrics import Metrics
from axis_server.settings import RenewalSettings, Settings
from axis_server.stores import Stores
from axis_server.transparency.authorities import Authority, Judging

BY_FILES = Judging()
"""By the authority's files alone."""
LOOK_SECONDS = 60.0
"""How often it is looked whether something is due; what is due is due in days."""


def renewal_authorities(settings: Settings) -> tuple[Authority, ...]:
    """Who is asked, in this order."""
    names = settings.renewal.authorities or [one.name for one in settings.timestamps]
    return authorities_named(names, settings)


def rules_of(settings: RenewalSettings) -> Rules:
    ends = settings.trusted_until.items()
    return Rules(
        every=timedelta(days=settings.every_days),
        lead=timedelta(days=settings.lead_days),
        digest=settings.digest,
        trusted={name: datetime.combine(day, time(), UTC) for name, day in ends},
    )


def trees_of(stores: Stores) -> Trees:
    return Trees(ledger=stores.renewed, archive=stores.archive)


def renewing_of(
    settings: Settings,
    stores: Stores,
    metrics: Metrics,
    clock: Callable[[], datetime],
    workers: ThreadPoolExecutor | None = None,
    judging: Judging = BY_FILES,
) -> Renewing:
    """Makes what renews; `workers` are threads for waiting on authorities alone."""
    return Renewing(
        ledger=stores.renewed,
        trees=trees_of(stores),
        authorities=renewal_authorities(settings),
        rules=rules_of(settings.renewal),
        requesting=requesting_by(workers, clock, judging),
        metrics=metrics,
    )


def renewal(
    settings: Settings,
    stores: Stores,
    metrics: Metrics,
    clock: Callable[[], datetime],
    judging: Judging,
    stack: AsyncExitStack,
) -> Iterator[Work]:
    """Yields what goes on beside the calls, where somebody can be asked for time-stamps. Shutdown does not
    wait for an authority."""
    rate = settings.renewal.bytes_per_second
    if not rate or not settings.timestamps:
        return
    renewing = renewing_of(settings, stores, metrics, clock, waiting(stack, "renewing"), judging)
    yield Work("renewal", partial(renewing.follow, paced=at_rate(rate), interval=LOOK_SECONDS))
