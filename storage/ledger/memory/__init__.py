"""A ledger in memory, for tests: the same promise, kept more strictly than any database keeps it.

    ledger = MemoryLedger()
    kept = await ledger.commit(new)

One event loop, no `await` inside an effect, so each effect is a transaction. The loop gets a turn before and
after every effect: callers interleave, and a cancelled caller may or may not have had its effect, as with a
real store.

`state` is all that is kept; each facet of the ledger is a class of its own over it.
"""

import asyncio
from collections.abc import AsyncIterator

from storage.ledger.memory.acts import MemoryActs
from storage.ledger.memory.answers import MemoryAnswers
from storage.ledger.memory.boxes import MemoryBoxes
from storage.ledger.memory.deliveries import MemoryDeliveries
from storage.ledger.memory.directory import MemoryDirectory
from storage.ledger.memory.dispatches import MemoryDispatches
from storage.ledger.memory.growing import MemoryGrowing
from storage.ledger.memory.histories import MemoryHistories
from storage.ledger.memory.keeping import MemoryKeeping
from storage.ledger.memory.log import MemoryHoldings, MemoryLog
from storage.ledger.memory.oversight import MemoryOversight
from storage.ledger.memory.queues import MemoryQueues
from storage.ledger.memory.renewals import MemoryRenewals
from storage.ledger.memory.rounds import MemoryRounds
from storage.ledger.memory.state import State


class MemoryLedger(
    MemoryDispatches,
    MemoryDeliveries,
    MemoryHistories,
    MemoryBoxes,
    MemoryQueues,
    MemoryOversight,
    MemoryHoldings,
    MemoryLog,
    MemoryRenewals,
    MemoryGrowing,
    MemoryRounds,
    MemoryKeeping,
    MemoryAnswers,
    MemoryDirectory,
    MemoryActs,
):
    """Keeps a ledger and a directory in dictionaries."""

    def __init__(self) -> None:
        super().__init__(State())

    async def news(self) -> AsyncIterator[frozenset[str] | None]:
        """`Hints.news`: there is no other process, so nothing but the first of them ever comes."""
        yield None
        await asyncio.Event().wait()


__all__ = ["MemoryLedger"]
