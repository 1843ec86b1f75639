"""How much an agency may have lying unfinished: uploads in progress, and those that it left where they stood.

async with quota.within(caller.agency_id, sha256, size):
    ...
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from axis_server.errors import Declined
from axis_server.reasons import Code
from storage.archive.base import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """Of one agency's unfinished uploads."""

    count: int
    bytes: int


class Quota:
    """Counts what the archive holds unfinished, and what was announced to this process."""

    def __init__(self, archive: Archive, limits: UploadLimits) -> None:
        self._archive = archive
        self._limits = limits
        self._announced: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        """Digest and size of uploads under way, by agency."""

    @asynccontextmanager
    async def within(self, agency_id: str, sha256: str, size: int) -> AsyncIterator[None]:
        """Counts an upload until the block ends. Raises `Declined` (UPLOAD_QUOTA) when it is too much beside
        the others."""
        announced = (sha256, size)
        self._announced[agency_id].append(announced)
        try:
            await self._check(agency_id, sha256, size)
            yield
        finally:
            self._announced[agency_id].remove(announced)
            if not self._announced[agency_id]:
                del self._announced[agency_id]

    async def _check(self, agency_id: str, sha256: str, size: int) -> None:
        others = await self._archive.unfinished(agency_id)
        others |= dict(self._announced[agency_id])
        others.pop(sha256, None)
        if len(others) >= self._limits.count or size + sum(others.values()) > self._limits.bytes:
            raise Declined(
                Code.UPLOAD_QUOTA,
                f"{len(others)} others with {sum(others.values())} bytes are unfinished; "
                f"the most is {self._limits.count} with {self._limits.bytes} bytes",
                facts={"count": str(len(others)), "bytes": str(sum(others.values()))},
            )
