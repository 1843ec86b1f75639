"""Where a ledger is, as one argument of a command line, for processes that share it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from storage.ledger.postgres import PostgresLedger, Target
from storage.ledger.sqlite import SqliteLedger

Place = Path | Target
Shared = SqliteLedger | PostgresLedger


def named(place: Place) -> str:
    """Returns the argument."""
    return str(place) if isinstance(place, Path) else json.dumps(asdict(place))


async def opened(argument: str) -> Shared:
    """Opens the ledger of an argument."""
    if argument.startswith("{"):
        return await PostgresLedger.open(Target(**json.loads(argument)), reads=2)
    return await SqliteLedger.open(Path(argument))


async def opened_at(place: Place) -> Shared:
    """Opens the ledger of a place."""
    return await opened(named(place))
