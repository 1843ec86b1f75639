"""Opens the stores that the settings name. The one place of the server that knows which kinds there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from axis_server.settings import LedgerSettings, Settings
from storage.archive.base import Archive
from storage.archive.files import FilesArchive
from storage.ledger.base import Ledger
from storage.ledger.directory import Directory
from storage.ledger.sqlite import Schema, SqliteLedger, look


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What an axis keeps things in."""

    archive: Archive
    ledger: Ledger
    directory: Directory


def ledger_schema(settings: LedgerSettings) -> Schema:
    """Looks how far the ledger's schema has come, and changes nothing. Raises `StorageError`."""
    return look(settings.path)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Stores]:
    """Opens archive and ledger, and closes them at the end. Raises `StorageError`."""
    async with opened_ledger(settings) as ledger:
        archive = FilesArchive(settings.archive.path)
        try:
            yield Stores(archive=archive, ledger=ledger, directory=ledger)
        finally:
            await archive.aclose()


@asynccontextmanager
async def opened_ledger(settings: Settings, *, upgrade: bool = True) -> AsyncIterator[SqliteLedger]:
    """Opens the ledger alone, with the directory; the axis may run meanwhile. Who only reads opens it without
    `upgrade` and changes nothing about it. Raises `StorageError`."""
    ledger = await SqliteLedger.open(settings.ledger.path, upgrade=upgrade)
    try:
        yield ledger
    finally:
        await ledger.aclose()
