"""Hints between the processes of one machine: each looks now and then how far the events have come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection

from storage.errors import Unavailable
from storage.ledger.relational.engine import Readers

LOOK_SECONDS = 0.25
"""Who watches hears of it well within a second; a look is one read of an index's end."""
_EVENTS_MOST = 2_000
"""With more at once it says only that there may be something for anybody."""


Range = tuple[int, int]
"""The last event before a transaction, and its own last one."""


async def news(readers: Readers, own: Collection[Range] = ()) -> AsyncIterator[frozenset[str] | None]:
    """Yields who sees events committed since the last look, by any process. What this one committed itself
    (`own`, in order) it has told already, and is passed over as far as nothing of others stands before it."""
    place: int | None = None
    while True:
        try:
            row = await readers.one("last_event")
            last = row[0] if row else 0
            if place is None or last - place > _EVENTS_MOST:
                place = last
                yield None
                continue
            place = _past(place, own)
            if last > place:
                rows = await readers.all("audience_between", {"after": place, "last": last})
                place = last
                yield frozenset(agency_id for (agency_id,) in rows)
        except Unavailable:
            pass  # the next look finds what this one would have
        await asyncio.sleep(LOOK_SECONDS)


def _past(place: int, own: Collection[Range]) -> int:
    """The last event behind a place before which there is nothing of others."""
    for before, last in tuple(own):
        if before <= place < last:
            place = last
    return place
