"""A running axis over its stores, and what it spends."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from axis_server.ledgers import opened_catalogue
from axis_server.settings import load
from benchmarks.sizing import processes
from benchmarks.sizing.engines import Engines
from benchmarks.sizing.offices import Country, secrets_of
from benchmarks.sizing.plan import Plan
from benchmarks.subjects import ROOT, Subject, running

Figures = dict[str, float]
CAUGHT_UP_SECONDS = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What was spent so far, or in between."""

    seconds: float
    axis_cpu: float
    database_cpu: float
    store_cpu: float
    client_cpu: float
    received: int
    """By the axis from agencies, as `sent` to them."""
    sent: int
    database_network: int
    """Both ways, as `store_network`."""
    store_network: int
    wal: int
    written: int
    """To disks, by all processes of the axis, the database and the store."""

    def since(self, before: Spent) -> Spent:
        return replace(
            self, **{one.name: getattr(self, one.name) - getattr(before, one.name) for one in fields(self)}
        )

    def each(self, prefix: str, number: float) -> Figures:
        """Per item, under names that begin with `prefix`."""
        found: Figures = {}
        for one in fields(self):
            value = getattr(self, one.name) / number
            if one.name.endswith("_cpu"):
                found[f"{prefix}_{one.name}_ms"] = 1000 * value
            elif one.name != "seconds":
                found[f"{prefix}_{one.name}_bytes"] = value
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is measured."""

    plan: Plan
    engines: Engines
    country: Country
    subject: Subject

    @property
    def axis(self) -> list[int]:
        """Processes of the axis; of several, the supervisor too."""
        return processes.family(self.subject.pid)

    def spent(self) -> Spent:
        database, store = self.engines.database(), self.engines.store()
        calls = processes.traffic(int(self.subject.address.rpartition(":")[2]))
        ledger, archive = self.engines.database_traffic(), self.engines.store_traffic()
        return Spent(
            seconds=time.perf_counter(),
            axis_cpu=processes.cpu_seconds(self.axis),
            database_cpu=processes.cpu_seconds(database),
            store_cpu=processes.cpu_seconds(store),
            client_cpu=processes.own_cpu_seconds(),
            received=calls.received,
            sent=calls.sent,
            database_network=ledger.received + ledger.sent,
            store_network=archive.received + archive.sent,
            wal=self.engines.wal_bytes(),
            written=processes.written_bytes((*self.axis, *database, *store)),
        )

    def resident_bytes(self) -> int:
        return processes.resident_bytes(self.axis)

    async def settle(self) -> None:
        """Returns when the catalogue has everything."""
        settings = load(self.country.config)
        async with (
            opened_catalogue(settings, secrets_of(self.engines)) as catalogue,
            asyncio.timeout(CAUGHT_UP_SECONDS),
        ):
            while (await catalogue.reached()).behind:
                await asyncio.sleep(0.1)


@contextmanager
def serving(plan: Plan, engines: Engines, country: Country, *options: str) -> Iterator[tuple[Site, float]]:
    """Starts an axis; yields it and how many seconds that took."""
    command = [sys.executable, "-m", "axis_server", "run", "--config", str(country.config), *options]
    log: Path = country.profiles / "axis.log"
    began = time.perf_counter()
    with running("axis", command, log, engines.secrets) as subject:
        took = time.perf_counter() - began
        yield Site(plan=plan, engines=engines, country=country, subject=subject), took


async def commanded(engines: Engines, *arguments: str) -> float:
    """Runs an `axis-server` command that must succeed; returns its seconds."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "axis_server",
        *arguments,
        cwd=ROOT,
        env=os.environ | dict(engines.secrets),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"axis-server {' '.join(arguments)}: {said.decode(errors='replace')}")
    return time.perf_counter() - began
