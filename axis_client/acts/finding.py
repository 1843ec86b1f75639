"""Finding what was exchanged."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from axis_client.acts.knowing import PAGE, check_known
from axis_client.connection import Connection
from axis_client.model.finding import Found, FoundPage, Query


class Finding(Connection):
    """For everyone who reads: systems, clerks and archivists of an agency that is party to it."""

    async def search(
        self, query: Query, *, oldest_first: bool = False, after: str = ""
    ) -> AsyncGenerator[Found, None]:
        """Yields what is found, the newest first. Raises `LocalError` for `State.UNKNOWN`."""
        more = True
        while more:
            came_from = after
            page = await self.search_page(query, after=after, oldest_first=oldest_first)
            for found in page.found:
                yield found
            after, more = page.next, page.more and page.next != came_from

    async def search_page(
        self,
        query: Query,
        *,
        after: str = "",
        size: int = PAGE,
        oldest_first: bool = False,
        facets: bool = False,
    ) -> FoundPage:
        """Returns a page of what is found, with facets where they are asked for. It may be empty though there
        is more: go on from its `next`."""
        check_known(query.states)
        return await self._persist(
            lambda: self._wire.found_page(query, after, size, oldest_first=oldest_first, facets=facets)
        )
