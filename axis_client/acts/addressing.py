"""Who is there: agencies, units, groups."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator
from contextlib import aclosing

from axis_client.connection import Connection
from axis_client.errors import NotFound
from axis_client.model import Agency, DirectoryEntry, Group

PAGE = 200
"""Agencies asked for at once."""


class Addressing(Connection):
    """The directory, as the axis has it."""

    async def agency(self, agency_id: str) -> Agency:
        """Finds an agency by any of its identifiers. Raises `NotFound`."""
        return await self._persist(lambda: self._wire.agency(agency_id))

    async def agencies(
        self,
        query: str = "",
        *,
        category: str = "",
        below: str = "",
        direct: bool = False,
        inactive: bool = False,
    ) -> AsyncGenerator[Agency, None]:
        """Yields agencies and units whose name has the words of `query` (with or without diacritics) or whose
        identifier begins with it, the best match first; without a query all, by identifier.

        `below` keeps the units below one agency, with `direct` only those right below; `inactive` adds
        suspended ones.
        """

        async for agency in self._items(
            lambda after: self._wire.agencies_page(query, category, below, direct, inactive, after, PAGE)
        ):
            yield agency

    async def groups(self) -> AsyncGenerator[Group, None]:
        """Yields the groups that this agency may address, by identifier."""
        async for group in self._items(self._wire.groups_page):
            yield group

    async def group(self, group_id: str) -> AsyncGenerator[str, None]:
        """Yields the identifiers of those whom a group reaches now. Raises `NotFound`."""
        async for agency_id in self._items(functools.partial(self._wire.group_page, group_id)):
            yield agency_id

    async def sync_directory(
        self, after: str = ""
    ) -> AsyncGenerator[tuple[tuple[DirectoryEntry, ...], str], None]:
        """Yields what changed in the directory since a cursor, a page at a time, each with the cursor to keep
        once the page is stored. From the beginning it is the whole directory."""
        more = True
        while more:
            page = functools.partial(self._wire.directory_page, after)
            entries, after, more = await self._persist(page)
            yield entries, after

    async def _canonical(self, identifier: str) -> str | None:
        """Returns the canonical identifier of an agency; None for a group. Raises `NotFound`."""
        try:
            return (await self.agency(identifier)).agency_id
        except NotFound:
            async with aclosing(self.group(identifier)) as members:
                await anext(members, None)
            return None
