"""The catalogue of a SQLite ledger: a file of its own beside it, written by a thread of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from sqlite3 import Connection

from storage.ledger.catalogue import (
    Followed,
)
from storage.ledger.records import Entry
from storage.ledger.relational.finding import RelationalFinding
from storage.ledger.relational.rows import entry_from, microseconds, moment, to_json
from storage.ledger.sqlite.database import database_errors, load_queries
from storage.ledger.sqlite.indexing import (
    Reached,
    catalogue_path,
    empty,
    expression,
    open_index,
    reached,
    take_in,
    undo,
)
from storage.ledger.sqlite.reads import Readers
from storage.ledger.wellformed import check_page
from storage.threads import Threads


class SqliteCatalogue(RelationalFinding):
    """`Catalogue` beside a SQLite ledger. Open it with `open`, close it with `aclose`."""

    def __init__(self, index: Connection, readers: Readers) -> None:
        super().__init__(readers, expression)
        self._index = index
        self._thread = Threads(1, name="catalogue")

    @classmethod
    async def open(cls, ledger: Path) -> SqliteCatalogue:
        """Opens the catalogue of the ledger in `ledger`, which exists. Raises `Unavailable`."""
        path = catalogue_path(ledger)
        queries = await asyncio.to_thread(load_queries)
        index = await asyncio.to_thread(open_index, path)
        return cls(index, Readers(ledger, queries, beside=("catalogue", path)))

    async def aclose(self) -> None:
        """Ends what is under way and closes the files."""
        await self._thread.aclose()
        self._index.close()
        await self._readers.aclose()

    async def follow(self, *, limit: int) -> Followed:
        check_page(0, limit)
        before = await self._thread.run(self._reached)
        if before[0] and not await self._followed(before):
            before = await self._thread.run(self._begin_anew, before)
        rows = await self._readers.all("deliveries_after", (before[0], limit + 1))
        if not rows:
            return _followed(before, taken=0, behind=False)
        positions = sorted({position for _, position in rows[:limit]})
        asked = (to_json(positions),)
        found, met, last = await self._readers.several(
            ("entries_at", asked), ("parties_at", asked), ("delivery_at", (rows[:limit][-1][0],))
        )
        entries = {row[0]: entry_from(row) for row in found}
        parties: dict[int, list[tuple[str, str]]] = {position: [] for position in positions}
        for position, recipient_id, mailbox_id in met:
            parties[position].append((recipient_id, mailbox_id))
        newest = max(microseconds(entry.accepted_at) for entry in entries.values())
        place, (dispatch_id, recipient_id) = rows[:limit][-1][0], last[0]
        new = (place, dispatch_id, recipient_id, max(newest, before[3] or 0))
        if await self._thread.run(self._take_in, before, entries, parties, new):
            return _followed(new, taken=len(entries), behind=len(rows) > limit)
        return _followed(await self._thread.run(self._reached), taken=0, behind=True)

    async def reached(self) -> Followed:
        came = await self._thread.run(self._reached)
        row = await self._readers.one("latest_delivery")
        return _followed(came, taken=0, behind=row is not None and row[0] > came[0])

    async def _followed(self, came: Reached) -> bool:
        """Tells whether the ledger is the one that was followed so far."""
        row = await self._readers.one("delivery_at", came[0])
        return row is not None and tuple(row) == came[1:3]

    def _reached(self) -> Reached:
        with database_errors():
            return reached(self._index)

    def _begin_anew(self, seen: Reached) -> Reached:
        """Empties the catalogue, unless another process did."""
        with database_errors():
            self._index.execute("BEGIN IMMEDIATE")
            try:
                if reached(self._index) == seen:
                    empty(self._index)
                found = reached(self._index)
                self._index.execute("COMMIT")
            except BaseException:
                undo(self._index)
                raise
        return found

    def _take_in(
        self,
        before: Reached,
        entries: dict[int, Entry],
        parties: dict[int, list[tuple[str, str]]],
        new: Reached,
    ) -> bool:
        """Writes what was read behind `before`; False when another process was quicker."""
        with database_errors():
            self._index.execute("BEGIN IMMEDIATE")
            try:
                if reached(self._index) != before:
                    undo(self._index)
                    return False
                take_in(self._index, entries, parties, new)
                self._index.execute("COMMIT")
            except BaseException:
                undo(self._index)
                raise
        return True


def _followed(came: Reached, *, taken: int, behind: bool) -> Followed:
    last = came[3]
    return Followed(taken=taken, behind=behind, last=None if last is None else moment(last))
