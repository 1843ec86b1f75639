"""A process that commits and moves dispatches, many at once, and prints the id of each once acknowledged.

python -m tests.storage.committing_child LEDGER FIRST COUNT
"""

from __future__ import annotations

import asyncio
import sys

from tests.storage.places import opened
from tests.storage.records import accepted, move


async def main() -> None:
    ledger = await opened(sys.argv[1])
    numbers = iter(range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])))

    async def commit_some() -> None:
        for number in numbers:
            kept = await ledger.commit(accepted(number))
            print(kept.entry.dispatch_id, flush=True)
            moved = await ledger.advance([move(number)])
            print(moved.evidence[0].evidence_id, flush=True)

    await asyncio.gather(*(commit_some() for _ in range(16)))
    await ledger.aclose()


asyncio.run(main())
