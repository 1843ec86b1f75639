"""A process that takes from a queue until it is empty, hands over what it took, and prints it.

python -m tests.storage.taking_child LEDGER MAILBOX NAME
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from tests.storage.places import opened
from tests.storage.records import NOON, move


async def main() -> None:
    ledger = await opened(sys.argv[1])
    mailbox, name = sys.argv[2:]

    async def take_some(worker: int) -> None:
        turn = 0
        while True:
            turn += 1
            taken = await ledger.take(
                mailbox,
                holder=name,
                token=f"{name}-{worker}-{turn}",
                at=NOON,
                until=NOON + timedelta(seconds=300),
                states=("consigned",),
                limit=3,
            )
            if not taken:
                return
            for one in taken:
                number = int(one.item.entry.code_number)
                print(number, flush=True)
                if number % 2:
                    await ledger.advance([move(number, state="handed_over")])

    await asyncio.gather(*(take_some(worker) for worker in range(4)))
    await ledger.aclose()


asyncio.run(main())
