"""The face of the SQLite ledger: every verb of `Ledger` and `Directory`."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path

from storage.errors import NotFound, SchemaTooOld, Unavailable
from storage.ledger.base import (
    Agency,
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
    Refusal,
    Statement,
)
from storage.ledger.sqlite import directory, rows, writes
from storage.ledger.sqlite.database import Queries, connect, database_errors, load_queries, look, prepare
from storage.ledger.sqlite.reads import Readers
from storage.ledger.sqlite.writer import GroupWriter
from storage.ledger.wellformed import check_agency, check_commit, check_move, check_refusal


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

    async def commit(self, entry: Entry, evidence: Sequence[Evidence], events: Sequence[NewEvent]) -> Kept:
        check_commit(entry, evidence, events)
        kept, noted = tuple(evidence), tuple(events)
        weight = 10 + len(entry.recipients)
        return await self._writer.write(lambda t: writes.commit(t, entry, kept, noted), weight=weight)

    async def advance(self, move: Move) -> Moved:
        check_move(move)
        return await self._writer.write(lambda t: writes.advance(t, move))

    async def refuse(self, refusal: Refusal) -> Evidence:
        check_refusal(refusal)
        return await self._writer.write(lambda t: writes.refuse(t, refusal))

    async def hold(self, owner: str, digest: str, size: int) -> None:
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

    async def delivery(self, dispatch_id: str, recipient_id: str) -> Delivery:
        row = await self._readers.one("delivery", dispatch_id, recipient_id)
        if row is None:
            raise NotFound(f"{dispatch_id} to {recipient_id}")
        return rows.delivery_from(row)

    async def deliveries(self, dispatch_id: str) -> tuple[Delivery, ...]:
        return tuple(map(rows.delivery_from, await self._readers.all("deliveries", (dispatch_id,))))

    async def moved(self, statement_id: str) -> Moved | None:
        row = await self._readers.one("moved", statement_id)
        if row is None:
            return None
        version, delivery = row[0], rows.delivery_from(row[1:])
        key = (delivery.dispatch_id, delivery.recipient_id, version)
        evidence = await self._readers.all("moved_evidence", key)
        return Moved(delivery=delivery, evidence=tuple(map(rows.evidence_from, evidence)))

    async def history(self, dispatch_id: str) -> tuple[Event, ...]:
        return tuple(map(rows.event_from, await self._readers.all("history", (dispatch_id,))))

    async def evidence(self, dispatch_id: str) -> tuple[Evidence, ...]:
        return tuple(map(rows.evidence_from, await self._readers.all("evidence", (dispatch_id,))))

    async def statements(self, dispatch_id: str) -> tuple[Statement, ...]:
        return tuple(map(rows.statement_from, await self._readers.all("statements", (dispatch_id,))))

    async def inbox(
        self, recipient_id: str, *, after: int, limit: int, states: Collection[str] = ()
    ) -> tuple[InboxItem, ...]:
        wanted = {
            "recipient_id": recipient_id,
            "after": after,
            "limit": max(0, limit),
            "states": rows.to_json(list(states)) if states else None,
        }
        found = await self._readers.all("inbox", wanted)
        return tuple(rows.inbox_item_from(recipient_id, row) for row in found)

    async def outbox(self, sender_id: str, *, after: int, limit: int) -> tuple[OutboxItem, ...]:
        wanted = {"sender_id": sender_id, "after": after, "limit": max(0, limit)}
        return tuple(map(rows.outbox_item_from, await self._readers.all("outbox", wanted)))

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
