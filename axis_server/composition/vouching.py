"""Composition of what has others vouch for the log: witnesses and time-stamping authorities."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial

from axis_server.background import Work
from axis_server.metrics import Metrics
from axis_server.settings import Settings, TimestampSettings, TransparencySettings
from axis_server.transparency.stamping import Authority, Judging, Stamping
from axis_server.transparency.witnessing import Witness, Witnessing
from signing.log import read_vkey
from storage.ledger.base import Log


def vouching(
    settings: Settings,
    ledger: Log,
    *,
    clock: Callable[[], datetime],
    metrics: Metrics,
    judging: Judging,
    stack: AsyncExitStack,
) -> Iterator[Work]:
    """Yields the asking of each. They are waited for in threads of their own, which nobody else needs and
    which shutdown does not wait for."""
    interval = settings.transparency.publish_seconds
    witnesses, authorities = witnesses_of(settings.transparency), authorities_of(settings.timestamps)
    if not witnesses and not authorities:
        return
    workers = ThreadPoolExecutor(len(witnesses) + len(authorities), "asking")
    stack.callback(workers.shutdown, wait=False, cancel_futures=True)
    if witnesses:
        witnessing = Witnessing(
            ledger=ledger, witnesses=witnesses, workers=workers, clock=clock, metrics=metrics
        )
        yield Work("witnesses", partial(witnessing.follow, interval))
    for authority in authorities:
        stamping = Stamping(
            ledger=ledger,
            authority=authority,
            workers=workers,
            clock=clock,
            nonce=partial(randomness.randbits, 127),
            metrics=metrics,
            judging=judging,
        )
        yield Work(f"time-stamps of {authority.name}", partial(stamping.follow, interval))


def witnesses_of(settings: TransparencySettings) -> tuple[Witness, ...]:
    return tuple(Witness(key=read_vkey(one.vkey), url=one.url) for one in settings.witnesses)


def authorities_of(settings: Sequence[TimestampSettings]) -> tuple[Authority, ...]:
    return tuple(
        Authority(
            name=one.name,
            url=one.url,
            anchors=tuple(one.anchors),
            crls=tuple(one.crls),
            policy=one.policy or None,
            every=timedelta(seconds=one.every_seconds),
        )
        for one in settings
    )
