"""What happened, and what proves it, in memory."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import replace
from itertools import islice
from operator import itemgetter

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
        seen = self._state.streams.get(agency_id, [])
        unread = islice(seen, bisect_right(seen, after, key=itemgetter(0)), None)
        found = ((place, self._streamed(agency_id, name, index)) for place, name, index in unread)
        return paged(found, stream_bytes, after=after, limit=limit)

    async def stream_end(self, agency_id: str) -> int:
        await asyncio.sleep(0)
        seen = self._state.streams.get(agency_id, [])
        return seen[-1][0] if seen else 0

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

    def _streamed(self, agency_id: str, dispatch_id: str, index: int) -> StreamItem:
        dispatched = self._state.dispatches[dispatch_id]
        viewer = None if agency_id == dispatched.sender_id else agency_id
        before = (dispatched.sees(viewer, event.recipient_id) for event in dispatched.events[:index])
        sequence = 1 + (index if viewer is None else sum(before))
        return StreamItem(
            event=replace(dispatched.events[index], sequence=sequence),
            entry=replace(dispatched.kept.entry, parts=()),
        )


def _is_of(record: Record, events: Collection[str]) -> bool:
    return isinstance(record, Evidence) and record.event in events
