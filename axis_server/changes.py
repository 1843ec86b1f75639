"""Hints that something is new. The ledger is the truth: a hint that is lost costs only time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager


class Hint:
    """Says that there may be something new since the last wait; any number of notices make one hint."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def give(self) -> None:
        """Wakes who waits, or lets the next wait return at once."""
        self._news.set()

    async def wait(self, seconds: float) -> bool:
        """Returns True when there was a notice since the last wait, False after `seconds` without one."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True


class Changes:
    """Takes notices, of this process and of others, to those of this process who watch. Holds one flag a
    watcher, so nothing can pile up."""

    def __init__(self) -> None:
        self._hints: dict[str, set[Hint]] = {}

    def notify(self, agency_ids: Iterable[str]) -> None:
        """Tells everyone who watches for one of these agencies that there may be something new."""
        for agency_id in agency_ids:
            for hint in self._hints.get(agency_id, ()):
                hint.give()

    async def follow(self, news: AsyncIterator[Collection[str] | None]) -> None:
        """Passes on what other processes committed, for ever; None is for all."""
        async for agency_ids in news:
            self.notify(tuple(self._hints) if agency_ids is None else agency_ids)

    @asynccontextmanager
    async def subscribe(self, agency_id: str) -> AsyncIterator[Hint]:
        """Gives a hint that hears every notice from here on. Subscribe first, then read: so nothing falls
        between."""
        hint = Hint()
        self._hints.setdefault(agency_id, set()).add(hint)
        try:
            yield hint
        finally:
            watchers = self._hints[agency_id]
            watchers.discard(hint)
            if not watchers:
                del self._hints[agency_id]
