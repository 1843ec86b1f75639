"""Composition of what grows evidence to XAdES-B-T."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial

from axis_server.background import Work
from axis_server.composition.vouching import authorities_of
from axis_server.metrics import Metrics
from axis_server.settings import Settings
from axis_server.stores import Stores
from axis_server.transparency.growing import GrowingEvidence, Growth
from axis_server.transparency.stamping import Judging

LOOK_SECONDS = 5.0
"""How soon an evidence is seen that waits."""


def growth_of(settings: Settings) -> Growth:
    every = {one.name: one for one in authorities_of(settings.timestamps)}
    wanted = settings.evidence
    return Growth(
        authorities=tuple(every[name] for name in wanted.timestamps),
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
    workers = ThreadPoolExecutor(1, "growing")
    stack.callback(workers.shutdown, wait=False, cancel_futures=True)
    growing = GrowingEvidence(
        ledger=stores.growing,
        growth=growth_of(settings),
        holder=randomness.token_hex(8),
        workers=workers,
        clock=clock,
        nonce=partial(randomness.randbits, 127),
        metrics=metrics,
        judging=judging,
    )
    yield Work("growth", partial(growing.follow, LOOK_SECONDS))
