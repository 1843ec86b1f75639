"""How many deliveries a second one process moves over PostgreSQL: the ledger's `advance` alone, each with
a statement, an evidence and an event. Starts a PostgreSQL of its own and stops it.

python -m benchmarks.moving [--count 2000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.sizing import machine
from benchmarks.subjects import ROOT
from storage.ledger.postgres import PostgresLedger
from tests.storage.postgres import Postgres
from tests.storage.records import accepted, move

KEPT = ROOT / "benchmarks" / "results" / "moving.json"
IN_FLIGHT = (1, 16, 64)


async def rate(ledger: PostgresLedger, numbers: range, in_flight: int) -> float:
    """Commits dispatches, then moves a delivery of each; returns the moves a second."""
    await asyncio.gather(*(ledger.commit(accepted(number)) for number in numbers))
    waiting = iter(numbers)

    async def work() -> None:
        for number in waiting:
            await ledger.advance([move(number)])

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return len(numbers) / (time.perf_counter() - began)


async def measured(server: Postgres, count: int) -> dict[str, float]:
    ledger = await PostgresLedger.open(server.ledger())
    try:
        rates = {}
        for nth, in_flight in enumerate(IN_FLIGHT):
            share = count if in_flight > 1 else count // 8
            numbers = range(nth * count, nth * count + share)
            rates[str(in_flight)] = round(await rate(ledger, numbers, in_flight), 1)
        return rates
    finally:
        await ledger.aclose()


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.moving", description=__doc__)
    arguments.add_argument("--count", type=int, default=2000, help="moves with each number in flight")
    arguments.add_argument("--into", type=Path, default=KEPT, help="where to write the JSON")
    given = arguments.parse_args()
    before = machine.load()
    with tempfile.TemporaryDirectory(prefix="pg-") as room, Postgres.started(Path(room)) as server:
        rates = asyncio.run(measured(server, given.count))
    for in_flight, one in rates.items():
        print(f"{in_flight:>4} in flight: {one:8.1f} moves a second")
    result = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.facts() | {"load_at_the_start": before, "load_at_the_end": machine.load()},
        "figures": {"moves": given.count} | {f"moves_per_second_{n}_in_flight": r for n, r in rates.items()},
    }
    given.into.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
