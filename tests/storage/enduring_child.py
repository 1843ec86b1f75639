"""A process that commits and moves dispatches for as long as its standard input is open, asks the same again
where it was told to try later, and prints the id of each once acknowledged.

python -m tests.storage.enduring_child LEDGER FIRST
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.errors import Unavailable
from tests.storage.places import opened
from tests.storage.records import accepted, move

T = TypeVar("T")


async def enduring(ask: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await ask()
        except Unavailable:
            await asyncio.sleep(0.05)


async def main() -> None:
    ledger = await opened(sys.argv[1])
    numbers = itertools.count(int(sys.argv[2]))
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))

    async def work() -> None:
        for number in numbers:
            if ended.done():
                return
            kept = await enduring(lambda number=number: ledger.commit(accepted(number)))  # type: ignore[misc]
            print(kept.entry.dispatch_id, flush=True)
            moved = await enduring(lambda number=number: ledger.advance([move(number)]))  # type: ignore[misc]
            print(moved.evidence[0].evidence_id, flush=True)

    await asyncio.gather(*(work() for _ in range(8)))
    await ledger.aclose()


asyncio.run(main())
