"""Composition of what has others vouch for the log: witnesses and time-stamping authorities."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial

from axis_server.background import Work
from axis_server.metrics import Metrics
from axis_server.settings import Settings, TimestampSettings, TransparencySettings
from axis_server.transparency.authorities import Authority, Judging, Requesting
from axis_server.transparency.stamping import Stamping
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
    """Yields the asking of each. They are waited for in threads of their own."""
    interval = settings.transparency.publish_seconds
    witnesses, authorities = witnesses_of(settings.transparency), authorities_of(settings.timestamps)
    if not witnesses and not authorities:
        return
    workers = waiting(stack, "asking", len(witnesses) + len(authorities))
    if witnesses:
        witnessing = Witnessing(
            ledger=ledger, witnesses=witnesses, workers=workers, clock=clock, metrics=metrics
        )
        yield Work("witnesses", partial(witnessing.follow, interval))
    requesting = requesting_by(workers, clock, judging)
    for authority in authorities:
        stamping = Stamping(ledger=ledger, authority=authority, requesting=requesting, metrics=metrics)
        yield Work(f"time-stamps of {authority.name}", partial(stamping.follow, interval))


def waiting(stack: AsyncExitStack, name: str, threads: int = 1) -> ThreadPoolExecutor:
    """Makes threads for waiting on others, which nobody else needs and which shutdown does not wait for."""
    workers = ThreadPoolExecutor(threads, name)
    stack.callback(workers.shutdown, wait=False, cancel_futures=True)
    return workers


def requesting_by(workers: Executor | None, clock: Callable[[], datetime], judging: Judging) -> Requesting:
    """Says how authorities are asked, with nonces that nobody guesses."""
    return Requesting(workers=workers, clock=clock, nonce=partial(randomness.randbits, 127), judging=judging)


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


def authorities_named(names: Iterable[str], settings: Settings) -> tuple[Authority, ...]:
    """Returns the authorities of these names, in their order."""
    every = {one.name: one for one in authorities_of(settings.timestamps)}
    return tuple(every[name] for name in names)
