"""What happened, and what proves it, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

from storage.ledger.memory.state import Facet, paged
from storage.ledger.pages import Page, event_bytes, record_bytes, stream_bytes
from storage.ledger.records import Event, Evidence, Record, StreamItem


class MemoryHistories(Facet):
    """`Histories` in memory."""

    async def history(
        self, dispatch_id: str, *, viewer: str | None = None, after: int = 0, limit: int
    ) -> Page[Event]:
        await asyncio.sleep(0)
        dispatched = self._state.dispatches.get(dispatch_id)
        seen = dispatched.events_for(viewer) if dispatched else []
        found = ((place, replace(event, sequence=place)) for place, event in enumerate(seen, start=1))
        return paged(found, event_bytes, after=after, limit=limit)

    async def stream(self, agency_id: str, *, after: int = 0, limit: int) -> Page[StreamItem]:
        await asyncio.sleep(0)
        found = (
            (cursor, self._streamed(agency_id, dispatch_id, cursor))
            for dispatch_id, cursor in self._state.streams.get(agency_id, [])
        )
        return paged(found, stream_bytes, after=after, limit=limit)

    async def stream_end(self, agency_id: str) -> int:
        await asyncio.sleep(0)
        seen = self._state.streams.get(agency_id, [])
        return seen[-1][1] if seen else 0

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
        await asyncio.sleep(0)
        dispatched = self._state.dispatches.get(dispatch_id)
        found = (
            (place, record)
            for place, record in (dispatched.records if dispatched else ())
            if dispatched is not None
            and dispatched.sees(viewer, record.recipient_id)
            and (recipient_id is None or record.recipient_id in ("", recipient_id))
            and (not events or _is_of(record, events))
        )
        return paged(found, record_bytes, after=after, limit=limit)

    def _streamed(self, agency_id: str, dispatch_id: str, cursor: int) -> StreamItem:
        dispatched = self._state.dispatches[dispatch_id]
        seen = dispatched.events_for(None if agency_id == dispatched.sender_id else agency_id)
        place, event = next((n, one) for n, one in enumerate(seen, start=1) if one.cursor == cursor)
        return StreamItem(
            event=replace(event, sequence=place), entry=replace(dispatched.kept.entry, parts=())
        )


def _is_of(record: Record, events: Collection[str]) -> bool:
    return isinstance(record, Evidence) and record.event in events
