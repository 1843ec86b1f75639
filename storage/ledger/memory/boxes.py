"""Lists of an agency, in memory."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Collection
from itertools import islice

from storage.ledger.memory.state import Facet, paged
from storage.ledger.pages import Page, item_bytes
from storage.ledger.records import InboxItem, OutboxItem


class MemoryBoxes(Facet):
    """`Boxes` in memory."""

    async def inbox(
        self, mailbox_id: str, *, after: int = 0, limit: int, states: Collection[str] = ()
    ) -> Page[InboxItem]:
        await asyncio.sleep(0)
        places = self._state.inboxes.get(mailbox_id, [])
        items = ((place, self._item(place)) for place in islice(places, bisect_right(places, after), None))
        found = ((place, item) for place, item in items if not states or item.delivery.state in states)
        return paged(found, item_bytes, after=after, limit=limit)

    async def outbox(self, sender_id: str, *, after: int = 0, limit: int) -> Page[OutboxItem]:
        await asyncio.sleep(0)
        found = (
            (place, OutboxItem(cursor=place, entry=dispatched.kept.entry, counts=dispatched.counts))
            for place, dispatched in enumerate(self._state.dispatches.values(), start=1)
            if dispatched.sender_id == sender_id
        )
        return paged(found, item_bytes, after=after, limit=limit)

    def _item(self, place: int) -> InboxItem:
        dispatch_id, recipient_id = self._state.deliveries[place - 1]
        return InboxItem(
            cursor=place,
            entry=self._state.dispatches[dispatch_id].kept.entry,
            delivery=self._state.delivery(dispatch_id, recipient_id),
        )
