"""What every facet has: what writes, what reads, and pages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeVar

from storage.ledger.pages import Page, page
from storage.ledger.relational.engine import Readers, Writer
from storage.ledger.relational.rows import Row, to_json
from storage.ledger.wellformed import SIZE_MOST, check_page

T = TypeVar("T")


class Facet:
    """One facet of the ledger over one engine."""

    def __init__(self, writer: Writer, readers: Readers, counting: Readers | None = None) -> None:
        """`counting` reads what bears to be a little late, where that is somebody else."""
        self._writer = writer
        self._readers = readers
        self._counting = counting or readers

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


def wanted(names: Collection[str]) -> str | None:
    """A filter as JSON, null when it lets everything through."""
    return to_json(list(names)) if names else None
