"""Lists of an agency, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from storage.ledger.memory.state import Facet, paged
from storage.ledger.pages import Page, item_bytes
from storage.ledger.records import InboxItem, OutboxItem


class MemoryBoxes(Facet):
    """`Boxes` in memory."""

    async def inbox(
        self, mailbox_id: str, *, after: int = 0, limit: int, states: Collection[str] = ()
    ) -> Page[InboxItem]:
        await asyncio.sleep(0)
        found = (
            (
                place,
                InboxItem(cursor=place, entry=self._state.dispatches[key[0]].kept.entry, delivery=delivery),
            )
            for place, key in enumerate(self._state.deliveries, start=1)
            if (delivery := self._state.delivery(*key)).mailbox_id == mailbox_id
            and (not states or delivery.state in states)
        )
        return paged(found, item_bytes, after=after, limit=limit)

    async def outbox(self, sender_id: str, *, after: int = 0, limit: int) -> Page[OutboxItem]:
        await asyncio.sleep(0)
        found = (
            (place, OutboxItem(cursor=place, entry=dispatched.kept.entry, counts=dispatched.counts))
            for place, dispatched in enumerate(self._state.dispatches.values(), start=1)
            if dispatched.sender_id == sender_id
        )
        return paged(found, item_bytes, after=after, limit=limit)
