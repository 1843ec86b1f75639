"""Lists of an agency, over SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from storage.ledger.pages import Page, item_bytes
from storage.ledger.records import InboxItem, OutboxItem
from storage.ledger.relational.facet import Facet, wanted
from storage.ledger.relational.rows import Row, inbox_item_from, outbox_item_from


class RelationalBoxes(Facet):
    """`Boxes` over SQL."""

    async def inbox(
        self, mailbox_id: str, *, after: int = 0, limit: int, states: Collection[str] = ()
    ) -> Page[InboxItem]:
        def placed(found: Iterator[Row]) -> Iterator[tuple[int, InboxItem]]:
            return ((item.cursor, item) for item in map(inbox_item_from, found))

        asked = {"mailbox_id": mailbox_id, "states": wanted(states)}
        return await self._page("inbox", asked, placed, item_bytes, after=after, limit=limit)

    async def outbox(self, sender_id: str, *, after: int = 0, limit: int) -> Page[OutboxItem]:
        def placed(found: Iterator[Row]) -> Iterator[tuple[int, OutboxItem]]:
            return ((item.cursor, item) for item in map(outbox_item_from, found))

        asked = {"sender_id": sender_id}
        return await self._page("outbox", asked, placed, item_bytes, after=after, limit=limit)
