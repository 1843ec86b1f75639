"""Opens the stores that the settings name. The one place of the server that knows which kinds there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storage.ledger.sqlite import SqliteLedger

from axis_server.settings import Settings
from storage.ledger.base import Directory


@asynccontextmanager
async def opened_directory(settings: Settings) -> AsyncIterator[Directory]:
    """Opens the directory of agencies alone, for the operator's commands; the axis may run meanwhile."""
    ledger = await SqliteLedger.open(settings.ledger.path)
    try:
        yield ledger
    finally:
        await ledger.close()
