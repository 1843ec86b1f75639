"""All that is kept, over SQL."""

from __future__ import annotations

from collections.abc import Iterator

from storage.ledger.inventory import Logged
from storage.ledger.pages import Page, entry_bytes
from storage.ledger.records import Entry
from storage.ledger.relational.facet import Facet
from storage.ledger.relational.rows import Row, entry_from


class RelationalInventory(Facet):
    """`Inventory` over SQL."""

    async def logged(self, *, start: int, limit: int) -> tuple[Logged, ...]:
        rows = await self._readers.all("logged", (start, limit))
        return tuple(Logged(index=index, hash=hashed, content=content) for index, hashed, content in rows)

    async def entries(self, *, after: int = 0, limit: int) -> Page[Entry]:
        def placed(found: Iterator[Row]) -> Iterator[tuple[int, Entry]]:
            return ((row[0], entry_from(row)) for row in found)

        return await self._page("all_entries", {}, placed, entry_bytes, after=after, limit=limit)
