"""The PostgreSQL ledger as a whole: every facet of `Ledger`, `Directory` and `Hints`, over one schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from secrets import token_hex

from storage.errors import SchemaTooOld
from storage.ledger.months import Months
from storage.ledger.postgres import hints
from storage.ledger.postgres.connecting import Fence, Target
from storage.ledger.postgres.months import make_months
from storage.ledger.postgres.queries import Queries, load_queries
from storage.ledger.postgres.reads import PostgresReaders
from storage.ledger.postgres.replica import Replica, ReplicaReaders
from storage.ledger.postgres.schema import look, prepare
from storage.ledger.postgres.writer import PostgresWriter
from storage.ledger.relational.acts import RelationalActs
from storage.ledger.relational.answers import RelationalAnswers
from storage.ledger.relational.boxes import RelationalBoxes
from storage.ledger.relational.deliveries import RelationalDeliveries
from storage.ledger.relational.directory import RelationalDirectory
from storage.ledger.relational.dispatches import RelationalDispatches
from storage.ledger.relational.growing import RelationalGrowing
from storage.ledger.relational.histories import RelationalHistories
from storage.ledger.relational.inventory import RelationalInventory
from storage.ledger.relational.keeping import RelationalKeeping
from storage.ledger.relational.log import RelationalHoldings, RelationalLog
from storage.ledger.relational.oversight import RelationalOversight
from storage.ledger.relational.queues import RelationalQueues
from storage.ledger.relational.renewals import RelationalRenewals
from storage.ledger.relational.rounds import RelationalRounds

READS = 6
"""Reads at once of one process: they take the interpreter's lock for half of their time, so more would hardly
be faster."""

COUNTS = 1
"""Of a replica."""


class PostgresLedger(
    RelationalDispatches,
    RelationalDeliveries,
    RelationalHistories,
    RelationalBoxes,
    RelationalQueues,
    RelationalOversight,
    RelationalHoldings,
    RelationalLog,
    RelationalDirectory,
    RelationalInventory,
    RelationalRounds,
    RelationalRenewals,
    RelationalGrowing,
    RelationalAnswers,
    RelationalActs,
    RelationalKeeping,
):
    """A ledger and a directory in one schema of a PostgreSQL database. Open it with `open`, close it with
    `aclose`."""

    def __init__(
        self, target: Target, queries: Queries, *, reads: int, replica: Replica | None = None
    ) -> None:
        self._target = target
        self._node = token_hex(8)
        self._fence = fence = Fence()
        readers = PostgresReaders(target, queries, connections=reads, fence=fence)
        super().__init__(
            PostgresWriter(target, queries, node=self._node, fence=fence),
            readers,
            readers if replica is None else ReplicaReaders(replica, queries, readers, connections=COUNTS),
        )

    @classmethod
    async def open(
        cls, target: Target, *, upgrade: bool = True, reads: int = READS, replica: Replica | None = None
    ) -> PostgresLedger:
        """Opens the ledger, made if absent, and brings its schema up to date; other nodes may serve
        meanwhile.

        It takes up to `reads` connections for reading, one for writing, and one for hints. Raises
        `SchemaTooNew` when a newer program has written it, `NotALedger` when the schema is something else's,
        `Misconfigured` when the server would not keep what is committed. Without `upgrade`, for who only
        reads, it stays as it is: `SchemaTooOld` when it is absent or not up to date. What is counted over
        months is read from a `replica`, if there is one.
        """
        if upgrade:
            await asyncio.to_thread(prepare, target)
        elif (schema := await asyncio.to_thread(look, target)).found < schema.known:
            raise SchemaTooOld(schema.found, schema.known)
        return cls(target, load_queries(), reads=reads, replica=replica)

    async def make_months(self, at: datetime) -> Months:
        """`Monthly.make_months`."""
        return await asyncio.to_thread(make_months, self._target, self._fence, at)

    def news(self) -> AsyncIterator[frozenset[str] | None]:
        """`Hints.news`."""
        return hints.news(self._target, self._node, self._fence)

    async def aclose(self) -> None:
        """Commits what waits and closes the connections."""
        await self._writer.aclose()
        if self._counting is not self._readers:
            await self._counting.aclose()
        await self._readers.aclose()
