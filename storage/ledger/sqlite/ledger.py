"""The SQLite ledger as a whole: every facet of `Ledger`, `Directory` and `Hints`, over one file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from storage.errors import SchemaTooOld
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
from storage.ledger.relational.texts import Queries
from storage.ledger.sqlite import hints
from storage.ledger.sqlite.database import connect, database_errors, load_queries, look, prepare
from storage.ledger.sqlite.reads import Readers
from storage.ledger.sqlite.writer import SqliteWriter


class SqliteLedger(
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
    """A ledger and a directory in one SQLite file. Open it with `open`, close it with `aclose`."""

    def __init__(self, writer: SqliteWriter, readers: Readers) -> None:
        super().__init__(writer, readers)
        self._told = writer.told

    @classmethod
    async def open(cls, path: Path, *, upgrade: bool = True) -> SqliteLedger:
        """Opens the ledger in `path`, made if absent, on a local disk, and brings its schema up to date.

        Several processes may open one file. Raises `SchemaTooNew` when a newer program has written it,
        `NotALedger` when it is something else. Without `upgrade`, for who only reads, the file stays as
        it is: `SchemaTooOld` when it is absent or not up to date.
        """
        queries = await asyncio.to_thread(load_queries)
        return await asyncio.to_thread(cls._open, path, queries, upgrade)

    @classmethod
    def _open(cls, path: Path, queries: Queries, upgrade: bool) -> SqliteLedger:
        if upgrade:
            prepare(path)
        elif (schema := look(path)).found < schema.known:
            raise SchemaTooOld(schema.found, schema.known)
        with database_errors():
            return cls(SqliteWriter(connect(path), queries), Readers(path, queries))

    def news(self) -> AsyncIterator[frozenset[str] | None]:
        """`Hints.news`."""
        return hints.news(self._readers, self._told)

    async def aclose(self) -> None:
        """Commits what waits and closes the file."""
        await self._writer.aclose()
        await self._readers.aclose()
