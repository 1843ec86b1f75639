"""One mode from beginning to end."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from axis.v1 import types_pb2
from benchmarks.sizing import engines as stores
from benchmarks.sizing import growing, holding, upkeep
from benchmarks.sizing.engines import Engines
from benchmarks.sizing.offices import SENDER, Country, found, open_offices
from benchmarks.sizing.passing import Passing, further
from benchmarks.sizing.plan import Plan
from benchmarks.sizing.site import Figures, serving

WORKERS = 2
WARMING = 100
"""Dispatches before anything is measured."""
_LARGEST_LEDGER = "largest"


async def measured(mode: str, plan: Plan) -> Figures:
    """Measures a mode over stores of its own."""
    with (
        stores.started(mode) as engines,
        tempfile.TemporaryDirectory(prefix="sizing-", ignore_cleanup_errors=True) as name,
    ):
        room = Path(name)
        (room / "first").mkdir()
        country = await found(room / "first", engines, plan.recipients)
        empty = await upkeep.kept_up(engines, country)
        one, dispatches = await _one_process(plan, engines, country, empty)
        _tell(mode, "one process")
        several = await _several(plan, engines, country)
        _tell(mode, f"{WORKERS} workers")
        model = await growing.sample(engines, country, dispatches[0].dispatch_id)
        (room / "second").mkdir()
        large = await found(room / "second", engines, 1, _LARGEST_LEDGER)
        grown = await growing.grow(plan, engines, large, model)
        _tell(mode, "a large ledger")
    units = 1024 * (grown["filled_memory_mib"] - one["idle_memory_mib"]) / plan.units
    return one | several | grown | {"agency_memory_kib": units}


async def _one_process(
    plan: Plan, engines: Engines, country: Country, empty: Figures
) -> tuple[Figures, list[types_pb2.Dispatch]]:
    to = country.recipients
    with serving(plan, engines, country) as (site, took):
        figures = {"start_seconds": took} | await holding.idle(site)
        async with open_offices(country, site.subject.address, SENDER, to[0]) as (sender, recipient):
            passing = Passing(site=site, sender=sender, recipient=recipient)
            await passing.accept(min(WARMING, plan.accepted), to[:1])  # warms up
            dispatches, one = await passing.accept(plan.accepted, to[:1])
            _, wide = await passing.accept(plan.wide, to)
            figures |= one | further(one, wide, len(to))
            figures |= await passing.live(dispatches[: plan.lives])
            figures |= await passing.large()
            figures |= await passing.watch()
            sent = sum((min(WARMING, plan.accepted), plan.accepted, plan.wide, plan.large, 2 * plan.letters))
            small = await upkeep.kept_up(engines, country)
            figures |= await holding.uploads(passing)
            whole = await upkeep.kept_up(engines, country)
            figures |= await holding.after_many(passing, sent + plan.uploads)
    gib = plan.uploads * plan.upload_bytes / (1 << 30)
    return figures | upkeep.rates(empty, small, whole, sent, gib), dispatches


async def _several(plan: Plan, engines: Engines, country: Country) -> Figures:
    """The rates of several processes on one port, after a restart over what is kept by now."""
    to = country.recipients
    with serving(plan, engines, country, "--workers", str(WORKERS)) as (site, took):
        idle = await holding.idle(site)
        async with open_offices(country, site.subject.address, SENDER, to[0]) as (sender, recipient):
            passing = Passing(site=site, sender=sender, recipient=recipient)
            await passing.accept(min(WARMING, plan.accepted), to[:1], mark=20_000_000)
            dispatches, accepted = await passing.accept(plan.accepted, to[:1], mark=30_000_000)
            lived = await passing.live(dispatches[: plan.lives])
    return {
        "workers": WORKERS,
        "workers_start_seconds": took,
        "workers_idle_memory_mib": idle["idle_memory_mib"],
        "workers_accept_per_second": accepted["accept_per_second"],
        "workers_life_per_second": lived["life_per_second"],
    }


_BEGAN = time.perf_counter()


def _tell(mode: str, what: str) -> None:
    print(f"{time.perf_counter() - _BEGAN:6.0f} s  {mode}: {what}", file=sys.stderr, flush=True)
