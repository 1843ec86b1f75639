"""Memory: of an axis that does nothing, that took many documents, and while large files come in."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from benchmarks.sizing.offices import Blob, in_flight
from benchmarks.sizing.passing import Passing
from benchmarks.sizing.plan import MIB
from benchmarks.sizing.site import Figures, Site

IDLE_SECONDS = 3.0
BATCH = 500


async def idle(site: Site) -> Figures:
    """What an axis costs that has nothing to do."""
    before = site.spent()
    await asyncio.sleep(IDLE_SECONDS)
    spent = site.spent().since(before)
    return {
        "idle_memory_mib": site.resident_bytes() / MIB,
        "idle_cpu_ms_per_second": 1000 * spent.axis_cpu / spent.seconds,
    }


async def after_many(passing: Passing, sent: int) -> Figures:
    """Sends on until so many are accepted; `sent` were before."""
    site, plan = passing.site, passing.site.plan
    before, began, rates = site.resident_bytes(), sent, []
    to = site.country.recipients
    while sent < plan.through:
        share = min(BATCH, plan.through - sent)
        packages = [passing.sender.letter([to[number % len(to)]]) for number in range(share)]
        started = time.perf_counter()
        await in_flight(passing.sender.send, packages, plan.in_flight)
        rates.append(share / (time.perf_counter() - started))
        sent += share
    await site.settle()
    return {
        "through_dispatches": sent,
        "through_memory_mib": site.resident_bytes() / MIB,
        "through_memory_growth_mib": (site.resident_bytes() - before) / MIB,
        "through_first_per_second": rates[0],
        "through_last_per_second": rates[-1],
        "through_since": began,
    }


async def uploads(passing: Passing) -> Figures:
    """Uploads large files at once, and then sends them."""
    site, plan = passing.site, passing.site.plan
    blobs = [Blob.of(plan.upload_bytes) for _ in range(plan.uploads)]
    packages = [passing.sender.letter([passing.recipient.agency_id], beside=one.sha256) for one in blobs]
    before, most, started = site.resident_bytes(), 0, site.spent()

    async def look() -> None:
        nonlocal most
        while True:
            most = max(most, site.resident_bytes())
            await asyncio.sleep(0.1)

    looking = asyncio.create_task(look())
    try:
        await in_flight(passing.sender.upload, blobs, plan.uploads)
        spent = site.spent().since(started)
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
    for package in packages:
        await passing.sender.send(package)
    gib = plan.uploads * plan.upload_bytes / (1 << 30)
    return {
        "uploads": plan.uploads,
        "upload_mib": plan.upload_bytes / MIB,
        "upload_memory_mib": (most - before) / MIB / plan.uploads,
        "upload_mib_per_second": gib * 1024 / spent.seconds,
        "upload_axis_cpu_seconds_per_gib": spent.axis_cpu / gib,
        "upload_store_cpu_seconds_per_gib": spent.store_cpu / gib,
    }
