"""Composition of what grows evidence to XAdES-B-T."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial

from axis_server.background import Work
from axis_server.composition.vouching import authorities_named, requesting_by, waiting
from axis_server.metrics import Metrics
from axis_server.settings import Settings
from axis_server.stores import Stores
from axis_server.transparency.authorities import Judging
from axis_server.transparency.growing import GrowingEvidence, Growth

LOOK_SECONDS = 5.0
"""How soon an evidence is seen that waits."""


def growth_of(settings: Settings) -> Growth:
    wanted = settings.evidence
    return Growth(
        authorities=authorities_named(wanted.timestamps, settings),
        kinds=frozenset(wanted.timestamped),
        per_second=wanted.timestamps_per_second,
    )


def growth(
    settings: Settings,
    stores: Stores,
    metrics: Metrics,
    clock: Callable[[], datetime],
    judging: Judging,
    stack: AsyncExitStack,
) -> Iterator[Work]:
    """Yields what goes on beside the calls, where evidence is to grow. Shutdown does not wait for an
    authority."""
    if not settings.evidence.timestamps:
        return
    growing = GrowingEvidence(
        ledger=stores.growing,
        growth=growth_of(settings),
        holder=randomness.token_hex(8),
        requesting=requesting_by(waiting(stack, "growing"), clock, judging),
        metrics=metrics,
    )
    yield Work("growth", partial(growing.follow, LOOK_SECONDS))
