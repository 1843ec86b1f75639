"""Documents on their way: what a dispatch, a recipient, a delivery's life and a large document cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields

from axis.v1 import types_pb2
from benchmarks.sizing.engines import Weight
from benchmarks.sizing.offices import Blob, Office, in_flight, open_offices
from benchmarks.sizing.plan import MIB
from benchmarks.sizing.site import Figures, Site, Spent

Done = list[types_pb2.Dispatch]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """The sender and the first recipient at work on a site."""

    site: Site
    sender: Office
    recipient: Office

    async def accept(self, count: int, to: Sequence[str], mark: int = 0) -> tuple[Done, Figures]:
        """Sends documents of 6 KB that were sealed before."""
        packages = [self.sender.letter(to, mark=mark) for _ in range(count)]
        done: Done = []

        async def work() -> None:
            done.extend(await in_flight(self.sender.send, packages, self.site.plan.in_flight))

        figures = await self._measured("accept", count, work)
        return done, figures | {"package_bytes": len(packages[0])}

    async def live(self, dispatches: Done) -> Figures:
        """Has the recipient take, hand over and accept."""

        async def work() -> None:
            await in_flight(self.recipient.live, dispatches, self.site.plan.in_flight)

        return await self._measured("life", len(dispatches), work)

    async def large(self) -> Figures:
        """Sends documents with a file of 1 MiB beside them, and has them fetched."""
        plan = self.site.plan
        blobs = [Blob.of(MIB) for _ in range(plan.large)]

        async def send(blob: Blob, lane: int) -> types_pb2.Dispatch:
            await self.sender.upload(blob, lane)
            return await self.sender.send(
                self.sender.letter([self.recipient.agency_id], beside=blob.sha256), lane
            )

        dispatches: Done = []

        async def sending() -> None:
            dispatches.extend(await in_flight(send, blobs, 8))

        async def living() -> None:
            await in_flight(self.recipient.live, dispatches, 8)

        sent = await self._measured("large", plan.large, sending)
        return sent | await self._measured("large_life", plan.large, living)

    async def watch(self) -> Figures:
        """Sends letters to all, without and with watchers; the difference is the watchers'."""
        plan, site = self.site.plan, self.site
        to = site.country.recipients
        quiet = await self._letters(to, mark=0)
        resident = site.resident_bytes()
        began, seen, news = 0, 0, asyncio.Event()

        def begin() -> None:
            nonlocal began
            began += 1
            news.set()

        def count(events: int) -> None:
            nonlocal seen
            seen += events
            news.set()

        async def until(ready: Callable[[], bool]) -> None:
            async with asyncio.timeout(120):
                while not ready():
                    news.clear()
                    await news.wait()

        async with open_offices(site.country, site.subject.address, *to) as offices:
            tasks = [
                asyncio.create_task(one.watch(begin, count)) for one in offices for _ in range(plan.watches)
            ]
            try:
                await until(lambda: began == len(tasks))
                await asyncio.sleep(0.5)
                watched = site.resident_bytes()
                before = site.spent()
                events = 2 * len(tasks) * plan.letters
                for package in self._sealed(to, mark=1):
                    await self.sender.send(package)
                await until(lambda: seen >= events)
                spent = site.spent().since(before)
            finally:
                for task in tasks:
                    task.cancel()
                with suppress(asyncio.CancelledError):
                    await asyncio.wait(tasks)
        return {
            "watches": len(tasks),
            "watch_memory_kib": (watched - resident) / 1024 / len(tasks),
            "event_axis_cpu_ms": 1000 * (spent.axis_cpu - quiet.axis_cpu) / events,
            "event_sent_bytes": (spent.sent - quiet.sent) / events,
        }

    def _sealed(self, to: Sequence[str], mark: int) -> list[bytes]:
        return [self.sender.letter(to, mark=mark * 10_000_000) for _ in range(self.site.plan.letters)]

    async def _letters(self, to: Sequence[str], mark: int) -> Spent:
        packages = self._sealed(to, mark)
        before = self.site.spent()
        for package in packages:
            await self.sender.send(package)
        return self.site.spent().since(before)

    async def _measured(self, prefix: str, count: int, work: Callable[[], Awaitable[None]]) -> Figures:
        """What `work` costs for each of `count`, on disk and in passing. Processor time is counted until the
        catalogue has it, too; the rate is that of the work alone."""
        site = self.site
        await site.settle()
        light, before = await asyncio.to_thread(site.engines.weigh, site.country.base), site.spent()
        await work()
        rate = count / site.spent().since(before).seconds
        await site.settle()
        spent = site.spent().since(before)
        heavy = await asyncio.to_thread(site.engines.weigh, site.country.base)
        return spent.each(prefix, count) | grown(prefix, light, heavy, count) | {f"{prefix}_per_second": rate}


def grown(prefix: str, light: Weight, heavy: Weight, count: int) -> Figures:
    differences = {one.name: getattr(heavy, one.name) - getattr(light, one.name) for one in fields(Weight)}
    return {f"{prefix}_{name}_on_disk": value / count for name, value in differences.items()}


def further(one: Figures, wide: Figures, recipients: int) -> Figures:
    """What each recipient beyond the first adds to a dispatch."""
    names = [name for name in one if name.startswith("accept_") and not name.endswith("per_second")]
    return {
        name.replace("accept_", "recipient_", 1): (wide[name] - one[name]) / (recipients - 1)
        for name in names
    }
