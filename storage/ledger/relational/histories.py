"""What happened, and what proves it, over SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from storage.ledger.pages import Page, event_bytes, record_bytes, stream_bytes
from storage.ledger.records import Event, Record, StreamItem
from storage.ledger.relational.facet import Facet, wanted
from storage.ledger.relational.rows import Row, event_from, record_from, stream_item_from


class RelationalHistories(Facet):
    """`Histories` over SQL."""

    async def history(
        self, dispatch_id: str, *, viewer: str | None = None, after: int = 0, limit: int
    ) -> Page[Event]:
        name = "history" if viewer is None else "history_of_viewer"
        asked = {"dispatch_id": dispatch_id, "viewer": viewer}

        def counted(found: Iterator[Row]) -> Iterator[tuple[int, Event]]:
            numbered = enumerate(map(event_from, found), start=after + 1)
            return ((place, replace(event, sequence=place)) for place, event in numbered)

        return await self._page(name, asked, counted, event_bytes, after=after, limit=limit)

    async def stream(self, agency_id: str, *, after: int = 0, limit: int) -> Page[StreamItem]:
        def placed(found: Iterator[Row]) -> Iterator[tuple[int, StreamItem]]:
            return ((item.event.cursor, item) for item in map(stream_item_from, found))

        asked = {"agency_id": agency_id}
        return await self._page("stream", asked, placed, stream_bytes, after=after, limit=limit)

    async def stream_end(self, agency_id: str) -> int:
        row = await self._readers.one("stream_end", agency_id)
        return row[0] if row else 0

    async def records(
        self,
        dispatch_id: str,
        *,
        viewer: str | None = None,
        recipient_id: str | None = None,
        events: Collection[str] = (),
        after: int = 0,
        limit: int,
    ) -> Page[Record]:
        name = "records" if viewer is None else "records_of_viewer"
        if recipient_id is not None:
            name = "records_of_recipient"
        asked = {
            "dispatch_id": dispatch_id,
            "viewer": viewer,
            "recipient_id": recipient_id,
            "events": wanted(events),
        }
        return await self._page(name, asked, _placed, record_bytes, after=after, limit=limit)


def _placed(found: Iterator[Row]) -> Iterator[tuple[int, Record]]:
    """A record's place is one more than its leaf."""
    return ((row[0] + 1, record_from(row[1:])) for row in found)
