"""Stores that fail on purpose, to show what a crash at any store call leaves.

counting = Faults()
walk(FaultyArchive(archive, counting), FaultyLedger(ledger, counting))
for number, call in enumerate(counting.calls):  # "archive.put", "ledger.commit", …
    for when in When:
        faults = Faults(number, when)
        walk(FaultyArchive(archive, faults), FaultyLedger(ledger, faults))  # this one call fails
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from enum import Enum
from typing import Any

from storage.archive.base import Archive
from storage.errors import Unavailable
from storage.ledger.base import Ledger


class When(Enum):
    """Where in a call the fault strikes."""

    BEFORE = "before"
    """`Unavailable`, and nothing happened."""
    AFTER = "after"
    """`Unavailable`, and the effect stands: the reply was lost. A stream of bytes breaks after its first
    chunk."""
    HANG_BEFORE = "hang before"
    """The call never answers, and nothing happened: the caller must give up."""
    HANG_AFTER = "hang after"
    """The call never answers, and the effect stands."""


class Faults:
    """Counts the calls of all stores that share it, and makes one of them fail, once."""

    def __init__(self, number: int | None = None, when: When = When.BEFORE) -> None:
        self.number = number
        """Which call fails, from 0; None for none."""
        self.when = when
        self.calls: list[str] = []
        """Every call so far, as `archive.put`, in the order in which they began."""
        self.hanging = asyncio.Event()
        """Set once the chosen call hangs: now is the time to give up."""

    @property
    def struck(self) -> bool:
        """Tells whether the chosen call has been made."""
        return self.number is not None and len(self.calls) > self.number

    def begin(self, name: str) -> bool:
        """Notes a call and tells whether it is the one to fail."""
        self.calls.append(name)
        return len(self.calls) - 1 == self.number

    async def before(self) -> None:
        """Strikes in the chosen call, before its effect."""
        if self.when is When.BEFORE:
            raise Unavailable("made to fail before it took effect")
        if self.when is When.HANG_BEFORE:
            await self._hang()

    async def after(self) -> None:
        """Strikes in the chosen call, after its effect."""
        if self.when is When.AFTER:
            raise Unavailable("made to fail after it took effect")
        if self.when is When.HANG_AFTER:
            await self._hang()

    async def _hang(self) -> None:
        self.hanging.set()
        await asyncio.Event().wait()


class _FaultyStore:
    """Passes every verb of a store on, through its faults."""

    def __init__(self, room: str, store: object, faults: Faults) -> None:
        self._room = room
        self._store = store
        self._faults = faults

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._store, verb)
        through = self._stream if inspect.isasyncgenfunction(method) else self._call
        return lambda *args, **kwargs: through(verb, method, *args, **kwargs)

    async def _call(
        self, verb: str, method: Callable[..., Awaitable[Any]], *args: object, **kwargs: object
    ) -> Any:
        chosen = self._faults.begin(f"{self._room}.{verb}")
        if chosen:
            await self._faults.before()
        result = await method(*args, **kwargs)
        if chosen:
            await self._faults.after()
        return result

    async def _stream(
        self, verb: str, method: Callable[..., AsyncGenerator[Any, None]], *args: object, **kwargs: object
    ) -> AsyncIterator[Any]:
        chosen = self._faults.begin(f"{self._room}.{verb}")
        if chosen:
            await self._faults.before()
        async with aclosing(method(*args, **kwargs)) as chunks:
            async for chunk in chunks:
                yield chunk
                if chosen:
                    await self._faults.after()


class FaultyArchive(_FaultyStore):
    """An archive whose calls can be made to fail."""

    def __init__(self, archive: Archive, faults: Faults) -> None:
        super().__init__("archive", archive, faults)


class FaultyLedger(_FaultyStore):
    """A ledger (and directory, where the one inside is one) whose calls can be made to fail."""

    def __init__(self, ledger: Ledger, faults: Faults) -> None:
        super().__init__("ledger", ledger, faults)
