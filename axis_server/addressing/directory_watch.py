"""Keeps the newest view of the directory, by asking the store what changed."""

from __future__ import annotations

import asyncio

import structlog

from axis_server.addressing.directory import DirectoryView
from storage.errors import Unavailable
from storage.ledger.directory import Directory
from storage.ledger.registry import Registered

log = structlog.get_logger()

PAGE = 1000
"""Entries asked for at once."""


class DirectoryWatch:
    """Keeps the newest view: `view()` is free of waiting; `refresh()` asks the store whether it changed.

    Until the first refresh nobody is in the directory. A store that does not answer leaves the last view in
    force.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._version: int | None = None
        self._read = 0
        """The version up to which the view holds what was registered."""
        self._view = DirectoryView()

    def view(self) -> DirectoryView:
        """Returns the view as of the last refresh."""
        return self._view

    async def refresh(self) -> None:
        """Takes over what was registered since the last refresh; what contradicts itself there is an alarm
        each time.

        Raises `Unavailable`; the last view then stays in force.
        """
        version = await self._directory.version()
        if version != self._version:
            changed: list[Registered] = []
            read, more = self._read, True
            while more:
                page = await self._directory.changed(after=read, limit=PAGE)
                changed += page.items
                read, more = page.next, page.more
            self._view = await asyncio.to_thread(self._view.changed, changed)
            self._read, self._version = read, version
        if conflicts := self._view.conflicts:
            log.critical("directory.inconsistent", conflicts=conflicts)

    async def follow(self, interval: float) -> None:
        """Refreshes every `interval` seconds, for ever; what hinders it is an alarm and is tried again."""
        while True:
            await asyncio.sleep(interval)
            try:
                await self.refresh()
            except Unavailable as trouble:
                log.warning("directory.unavailable", detail=str(trouble))
