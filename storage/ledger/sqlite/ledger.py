"""The face of the SQLite ledger: every verb of `Ledger` and `Directory`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_bytes
from typing import TypeVar

from storage.errors import NotFound, SchemaTooOld, Unavailable
from storage.ledger.pages import Page, delivery_bytes, event_bytes, item_bytes, page, record_bytes
from storage.ledger.records import (
    Delivery,
    Entry,
    Event,
    Evidence,
    InboxItem,
    Kept,
    Leaf,
    Move,
    Moved,
    NewEvent,
    OutboxItem,
    Record,
    Refusal,
)
from storage.ledger.registry import Agency
from storage.ledger.sqlite import directory, rows, writes
from storage.ledger.sqlite.database import Queries, connect, database_errors, load_queries, look, prepare
from storage.ledger.sqlite.reads import Readers
from storage.ledger.sqlite.rows import Row
from storage.ledger.sqlite.writer import GroupWriter
from storage.ledger.wellformed import (
    SIZE_MOST,
    check_agency,
    check_commit,
    check_holding,
    check_move,
    check_page,
    check_refusal,
)

T = TypeVar("T")

SECRET_BYTES = 32


class SqliteLedger:
    """A ledger and a directory in one SQLite file. Open it with `open`, close it with `aclose`."""

    def __init__(self, writer: GroupWriter, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

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
            return cls(GroupWriter(connect(path), queries), Readers(path, queries))

    async def aclose(self) -> None:
        """Commits what waits and closes the file."""
        await self._writer.aclose()
        await self._readers.aclose()

    # The writes.

    async def commit(
        self,
        entry: Entry,
        recipients: Sequence[str],
        evidence: Sequence[Evidence],
        events: Sequence[NewEvent],
    ) -> Kept:
        check_commit(entry, recipients, evidence, events)
        to, kept, noted = tuple(recipients), tuple(evidence), tuple(events)
        weight = 10 + len(to)
        return await self._writer.write(lambda t: writes.commit(t, entry, to, kept, noted), weight=weight)

    async def advance(self, move: Move) -> Moved:
        check_move(move)
        return await self._writer.write(lambda t: writes.advance(t, move))

    async def refuse(self, refusal: Refusal) -> Evidence:
        check_refusal(refusal)
        return await self._writer.write(lambda t: writes.refuse(t, refusal))

    async def hold(self, owner: str, digest: str, size: int) -> None:
        check_holding(owner, digest, size)
        await self._writer.write(lambda t: writes.hold(t, owner, digest, size))

    async def register(self, agency: Agency, *, replacing: Agency | None) -> None:
        check_agency(agency, replacing)
        await self._writer.write(lambda t: directory.register(t, agency, replacing))

    async def probe(self) -> None:
        written = await self._writer.write(writes.probe)
        row = await self._readers.one("counter", "probe")
        if row is None or row[0] < written:
            raise Unavailable("the ledger does not give back what was written")

    # The reads.

    async def kept(self, dispatch_id: str) -> Kept:
        entries, evidence = await self._readers.several(
            ("entry", (dispatch_id,)), ("committed_evidence", (dispatch_id,))
        )
        if not entries:
            raise NotFound(dispatch_id)
        return Kept(entry=rows.entry_from(entries[0]), evidence=tuple(map(rows.evidence_from, evidence)))

    async def entry(self, dispatch_id: str) -> Entry:
        row = await self._readers.one("entry", dispatch_id)
        if row is None:
            raise NotFound(dispatch_id)
        return rows.entry_from(row)

    async def delivery(self, dispatch_id: str, recipient_id: str) -> Delivery:
        row = await self._readers.one("delivery", dispatch_id, recipient_id)
        if row is None:
            raise NotFound(f"{dispatch_id} to {recipient_id}")
        return rows.delivery_from(row)

    async def counts(self, dispatch_id: str) -> dict[str, int]:
        return dict(await self._readers.all("counts", (dispatch_id,)))

    async def deliveries(
        self, dispatch_id: str, *, after: int = 0, limit: int, states: Collection[str] = ()
    ) -> Page[Delivery]:
        asked = {"dispatch_id": dispatch_id, "states": _wanted(states)}
        return await self._page(
            "deliveries", asked, _placed(rows.delivery_from), delivery_bytes, after=after, limit=limit
        )

    async def moved(self, statement_id: str) -> Moved | None:
        row = await self._readers.one("moved", statement_id)
        if row is None:
            return None
        version, delivery = row[0], rows.delivery_from(row[1:])
        key = (delivery.dispatch_id, delivery.recipient_id, version)
        evidence = await self._readers.all("moved_evidence", key)
        return Moved(delivery=delivery, evidence=tuple(map(rows.evidence_from, evidence)))

    async def history(
        self, dispatch_id: str, *, recipient_id: str | None = None, after: int = 0, limit: int
    ) -> Page[Event]:
        name = "history" if recipient_id is None else "history_of_recipient"
        asked = {"dispatch_id": dispatch_id, "recipient_id": recipient_id}

        def counted(found: Iterator[Row]) -> Iterator[tuple[int, Event]]:
            return enumerate(map(rows.event_from, found), start=after + 1)

        return await self._page(name, asked, counted, event_bytes, after=after, limit=limit)

    async def records(
        self,
        dispatch_id: str,
        *,
        recipient_id: str | None = None,
        events: Collection[str] = (),
        after: int = 0,
        limit: int,
    ) -> Page[Record]:
        name = "records" if recipient_id is None else "records_of_recipient"
        asked = {"dispatch_id": dispatch_id, "recipient_id": recipient_id, "events": _wanted(events)}
        return await self._page(
            name, asked, _placed(rows.record_from), record_bytes, after=after, limit=limit
        )

    async def inbox(
        self, recipient_id: str, *, after: int = 0, limit: int, states: Collection[str] = ()
    ) -> Page[InboxItem]:
        asked = {"recipient_id": recipient_id, "states": _wanted(states)}

        def placed(found: Iterator[Row]) -> Iterator[tuple[int, InboxItem]]:
            return ((row[0], rows.inbox_item_from(recipient_id, row)) for row in found)

        return await self._page("inbox", asked, placed, item_bytes, after=after, limit=limit)

    async def outbox(self, sender_id: str, *, after: int = 0, limit: int) -> Page[OutboxItem]:
        def placed(found: Iterator[Row]) -> Iterator[tuple[int, OutboxItem]]:
            return ((row[0], rows.outbox_item_from(row)) for row in found)

        asked = {"sender_id": sender_id}
        return await self._page("outbox", asked, placed, item_bytes, after=after, limit=limit)

    async def held(self, owner: str, digests: Collection[str]) -> dict[str, int]:
        return dict(await self._readers.all("held", (owner, rows.to_json(list(digests)))))

    async def holder(self, sender_id: str, document_id: str) -> str | None:
        row = await self._readers.one("find_document", sender_id, document_id)
        return row[0] if row else None

    async def leaves(self, *, start: int, limit: int) -> tuple[Leaf, ...]:
        return tuple(map(rows.leaf_from, await self._readers.all("leaves", (start, max(0, limit)))))

    async def agencies(self) -> tuple[Agency, ...]:
        return tuple(map(rows.agency_from, await self._readers.all("agencies", (None,))))

    async def version(self) -> int:
        row = await self._readers.one("counter", "directory")
        return row[0] if row else 0

    async def secret(self, name: str) -> bytes:
        row = await self._readers.one("secret", name)
        if row is None:
            made = token_bytes(SECRET_BYTES)
            row = await self._writer.write(lambda t: writes.secret(t, name, made))
        value: bytes = row[0]
        return value

    async def _page(
        self,
        name: str,
        asked: Mapping[str, object],
        placed: Callable[[Iterator[Row]], Iterator[tuple[int, T]]],
        size: Callable[[T], int],
        *,
        after: int,
        limit: int,
    ) -> Page[T]:
        """Reads a page by a named query: `placed` makes items of its rows, each with its place."""
        check_page(after, limit)
        values = {**asked, "after": after, "limit": min(limit, SIZE_MOST - 1) + 1}
        return await self._readers.walk(
            name, values, lambda found: page(placed(found), size, after=after, limit=limit)
        )


def _placed(read: Callable[[Row], T]) -> Callable[[Iterator[Row]], Iterator[tuple[int, T]]]:
    """Rows whose first column numbers them from 0; places are from 1."""
    return lambda found: ((row[0] + 1, read(row[1:])) for row in found)


def _wanted(names: Collection[str]) -> str | None:
    """A filter as JSON, null when it lets everything through."""
    return rows.to_json(list(names)) if names else None
