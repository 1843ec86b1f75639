"""A process that holds dispatches while another one disposes of them, and prints of each how that ended.

python -m tests.storage.holding_child LEDGER COUNT

For each number: a line on standard input lets it, and `held` or `late` is what came of it.
"""

from __future__ import annotations

import asyncio
import sys

from storage.errors import Disposed
from storage.ledger.keeping import HOLD
from tests.storage.places import opened
from tests.storage.records import at, sha256
from tests.storage.rulings import decision, statement


async def main() -> None:
    ledger = await opened(sys.argv[1])
    print("ready", flush=True)
    for number in range(1, int(sys.argv[2]) + 1):
        sys.stdin.readline()
        hold = decision(HOLD, f"hold-{number}", number, certificate=sha256("other"), at=at(10))
        try:
            await ledger.decide(hold, statement(hold.evidence_id))
        except Disposed:
            print("late", flush=True)
        else:
            print("held", flush=True)
    await ledger.aclose()


asyncio.run(main())
