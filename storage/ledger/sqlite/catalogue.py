"""The catalogue of a SQLite ledger: a file of its own beside it, written by a thread of its own."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from sqlite3 import Connection

from storage.ledger.catalogue import (
    COUNTED_MOST,
    LOOKED_AT_MOST,
    SENDERS_MOST,
    Facets,
    Followed,
    Hit,
    Hits,
    Sought,
    check_sought,
    hits,
    year_of,
)
from storage.ledger.records import Entry
from storage.ledger.relational.facet import wanted
from storage.ledger.relational.rows import Row, entry_from, maybe_microseconds, microseconds, moment, to_json
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
from storage.ledger.wellformed import SIZE_MOST, check_page
from storage.threads import Threads

_COUNTS, _ENTRY = 1, 2
"""Columns of a candidate behind its position."""


class SqliteCatalogue:
    """`Catalogue` beside a SQLite ledger. Open it with `open`, close it with `aclose`."""

    def __init__(self, index: Connection, readers: Readers) -> None:
        self._index = index
        self._readers = readers
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

    async def search(self, sought: Sought, *, newest: bool = True, after: int = 0, limit: int) -> Hits:
        check_sought(sought)
        check_page(after, limit)
        bound = (after or SIZE_MOST) if newest else after
        asked = {**_asked(sought), "newest": newest, "bound": bound, "most": LOOKED_AT_MOST + 1}
        return await self._readers.walk(
            "search", asked, lambda rows: hits(_candidates(rows, sought), after=after, limit=limit)
        )

    async def facets(self, sought: Sought) -> Facets:
        check_sought(sought)
        return await self._readers.walk(
            "search_facets", {**_asked(sought), "most": COUNTED_MOST + 1}, _counted
        )

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


def _asked(sought: Sought) -> dict[str, object]:
    first, last = sought.promulgated
    return {
        "match": expression(sought),
        "viewer": sought.viewer,
        "sent": sought.sent,
        "received": sought.received,
        "recipient_id": sought.recipient_id,
        "since": maybe_microseconds(sought.since),
        "until": maybe_microseconds(sought.until),
        "first": first,
        "last": last,
        "states": wanted(sought.states),
    }


def _candidates(rows: Iterable[Row], sought: Sought) -> Iterator[tuple[int, Hit | None]]:
    for row in rows:
        position = row[0]
        if row[_ENTRY] is None:
            yield position, None
            continue
        entry = entry_from(row[_ENTRY:])
        sent = sought.sent and entry.sender_id == sought.viewer
        counts = json.loads(row[_COUNTS])
        yield position, Hit(cursor=position, entry=entry, sent=sent, counts=counts)


def _counted(rows: Iterable[Row]) -> Facets:
    years: Counter[str] = Counter()
    senders: Counter[str] = Counter()
    kinds: Counter[int] = Counter()
    priorities: Counter[int] = Counter()
    looked_at = 0
    for looked_at, (accepted_at, sender_id, kind, priority) in enumerate(rows, start=1):
        if looked_at > COUNTED_MOST:
            break
        if accepted_at is not None:
            years[year_of(moment(accepted_at))] += 1
            senders[sender_id] += 1
            kinds[kind] += 1
            priorities[priority] += 1
    return Facets(
        total=sum(years.values()),
        complete=looked_at <= COUNTED_MOST,
        years=dict(years),
        senders=dict(senders.most_common(SENDERS_MOST)),
        kinds=dict(kinds),
        priorities=dict(priorities),
    )
