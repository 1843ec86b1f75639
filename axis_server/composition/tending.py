"""Composition of what looks after the stores themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from axis_server.archiving.cataloguing import Cataloguing
from axis_server.archiving.monthly import follow_months
from axis_server.archiving.scrub import Attesting, Scrub, mending
from axis_server.background import Work
from axis_server.keyring import Keyring
from axis_server.limits.expiry import expire
from axis_server.metrics import Metrics
from axis_server.settings import Settings
from axis_server.stores import Stores
from storage.archive.replicated import ReplicatedArchive

CATALOGUE_SECONDS = 1.0
"""How soon what was accepted is found by searching."""
MONTHS_SECONDS = 3600.0
"""How often it is looked whether the ledger is ready for the months to come."""
EXPIRY_SECONDS = 3600.0
"""How often abandoned uploads are looked for."""


def tending(
    settings: Settings,
    stores: Stores,
    keys: Keyring,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
    metrics: Metrics,
) -> Iterator[Work]:
    """Yields what goes on beside the calls."""
    cataloguing = Cataloguing(catalogue=stores.catalogue, metrics=metrics)
    yield Work("catalogue", partial(cataloguing.follow, CATALOGUE_SECONDS))
    if stores.monthly is not None:
        yield Work("months", partial(follow_months, stores.monthly, clock, metrics, MONTHS_SECONDS))
    if pace := settings.scrub.bytes_per_second:
        scrub = scrub_of(settings, stores, keys, clock=clock, new_id=new_id, metrics=metrics)
        yield Work("scrub", partial(scrub.follow, bytes_per_second=pace))
    kept = timedelta(days=settings.limits.upload_days)
    expiring = partial(expire, stores.archive, kept=kept, clock=clock, interval=EXPIRY_SECONDS)
    yield Work("abandoned uploads", expiring)


def scrub_of(
    settings: Settings,
    stores: Stores,
    keys: Keyring,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], str],
    metrics: Metrics,
) -> Scrub:
    """Makes what goes through everything that is kept."""
    archive = stores.archive
    return Scrub(
        ledger=stores.scrubbed,
        archive=archive,
        attesting=Attesting(
            issuer_id=settings.axis.id, sealer=keys.sealer, policy=keys.log_policy, new_id=new_id
        ),
        clock=clock,
        metrics=metrics,
        every=timedelta(days=settings.scrub.round_days),
        repair=mending(archive) if isinstance(archive, ReplicatedArchive) else None,
    )
