"""Following along: the events that an agency sees, in order of commit, behind a cursor that it keeps.

    async for news in events.watch(caller, after):
        ...                                     # some `StreamItem`s, or `Reached`

A stream is a hint, the ledger is the truth: nothing is queued for anybody. Each look reads on from the place
reached, as fast as the caller takes what was found; whoever keeps the place of the last event that it
processed and goes on behind it misses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from enum import StrEnum

from axis_server.caller import Caller, admit_reader
from axis_server.changes import Changes
from axis_server.errors import Declined, Detail
from axis_server.limits.turns import Turns
from axis_server.paging import FILTERS_MOST, PAGE_ITEMS, PAGE_ITEMS_MOST, page_items
from axis_server.reasons import Code
from storage.ledger.base import Histories
from storage.ledger.pages import Page
from storage.ledger.records import StreamItem

LOOK_SECONDS = 15.0
"""How long a watch trusts that hints arrive: one may be lost, so it looks for itself this often, and says how
far it has come."""
PASSED_OVER_MOST = 10_000
"""Events that one page passes over at most in search of what a filter wants."""


class Side(StrEnum):
    """On which side of a dispatch an agency stands; one that addressed itself is its sender."""

    SENT = "sent"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events a caller wants; what is empty leaves nothing out."""

    kinds: frozenset[str] = frozenset()
    dispatch_id: str = ""
    min_priority: int = 0
    side: Side | None = None

    def __post_init__(self) -> None:
        """Raises `Declined` (INVALID_ARGUMENT) for more kinds than a filter may name."""
        if len(self.kinds) > FILTERS_MOST:
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail(
                    f"a filter names at most {FILTERS_MOST} kinds",
                    f"mỗi lần lọc tối đa {FILTERS_MOST} loại việc",
                ),
            )

    def lets(self, item: StreamItem, agency_id: str) -> bool:
        """Says whether the agency wants this item of its stream."""
        return (
            (not self.kinds or item.event.kind in self.kinds)
            and self.dispatch_id in ("", item.event.dispatch_id)
            and item.entry.priority >= self.min_priority
            and self.side in (None, side_of(item.entry.sender_id, agency_id))
        )

    @property
    def everything(self) -> bool:
        return self == EVERYTHING


EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Everything up to a place was given or passed over."""

    place: int


def side_of(sender_id: str, agency_id: str) -> Side:
    """Says on which side of a dispatch of `sender_id` an agency that sees it stands."""
    return Side.SENT if sender_id == agency_id else Side.RECEIVED


class Events:
    """Shows an agency its stream."""

    def __init__(
        self,
        *,
        ledger: Histories,
        still: Callable[[Caller], Caller],
        changes: Changes,
        turns: Turns,
    ) -> None:
        """`still` admits a caller anew, and raises `Declined` when it would not be; `turns` are the places of
        all who look over much at once."""
        self._ledger = ledger
        self._still = still
        self._changes = changes
        self._turns = turns
        self._looks = Looks(ledger)

    async def page(
        self, caller: Caller, after: int, limit: int, wanted: Wanted = EVERYTHING
    ) -> Page[StreamItem]:
        """Lists events after the place `after`, in order of commit; `limit` 0 means `PAGE_ITEMS`.

        `next` moves past what `wanted` leaves out, so a page may be empty and others stand behind it all the
        same. Raises `Declined`.
        """
        admit_reader(caller)
        most = page_items(limit)
        if wanted.everything:
            return await self._ledger.stream(caller.agency_id, after=after, limit=most)
        async with self._turns.of(caller.actor_id):
            return await self._picked(caller, after, most, wanted)

    async def _picked(self, caller: Caller, after: int, most: int, wanted: Wanted) -> Page[StreamItem]:
        """A page of what is wanted, which may take long to find."""
        place = after
        for _ in range(1 + PASSED_OVER_MOST // PAGE_ITEMS_MOST):
            found = await self._ledger.stream(caller.agency_id, after=place, limit=PAGE_ITEMS_MOST)
            place = found.next
            given = [item for item in found.items if wanted.lets(item, caller.agency_id)]
            if len(given) > most:
                return Page(items=tuple(given[:most]), next=given[most - 1].event.cursor, more=True)
            if given or not found.more:
                return Page(items=tuple(given), next=place, more=found.more)
        return Page(items=(), next=place, more=True)

    async def watch(
        self, caller: Caller, after: int, wanted: Wanted = EVERYTHING, *, from_now: bool = False
    ) -> AsyncGenerator[tuple[StreamItem, ...] | Reached, None]:
        """Yields where it begins, the events after the place `after`, and then each new one, until the caller
        closes it; those that were found together come together. Where nothing is new, and where much is
        passed over, it says how far it has come.

        A watch may last for weeks, so who watches is asked again before each look. Raises `Declined`, also in
        mid-stream: STRANGER, AGENCY_SUSPENDED, ROLE_FORBIDDEN; INVALID_ARGUMENT.
        """
        admit_reader(caller)
        if from_now and after:
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail(
                    "`after` and `from_now` exclude each other",
                    "không nêu cùng lúc vị trí bắt đầu và chỉ việc mới",
                ),
            )
        agency_id = caller.agency_id
        async with self._changes.subscribe(agency_id) as hint:
            place = await self._ledger.stream_end(agency_id) if from_now else after
            yield Reached(place=place)
            while True:
                admit_reader(self._still(caller))
                found = await self._looks.stream(agency_id, place)
                given = found.items
                if not wanted.everything:
                    given = tuple(item for item in given if wanted.lets(item, agency_id))
                if given:
                    yield given
                place = found.next
                if found.more:
                    if not given:
                        yield Reached(place=place)
                elif not await hint.wait(LOOK_SECONDS):
                    yield Reached(place=place)


class Looks:
    """Reads streams once for all who ask for the same place at the same moment: a commit wakes every watcher
    of an agency at once."""

    def __init__(self, ledger: Histories) -> None:
        self._ledger = ledger
        self._asked: dict[tuple[str, int], asyncio.Future[Page[StreamItem] | None]] = {}
        """Reads that have not begun: who joins one sees all that was there when it joined."""

    async def stream(self, agency_id: str, after: int) -> Page[StreamItem]:
        """Returns the events after a place, `PAGE_ITEMS` at most."""
        key = (agency_id, after)
        if (joined := self._asked.get(key)) is not None:
            return await asyncio.shield(joined) or await self._read(key)
        asked = self._asked[key] = asyncio.get_running_loop().create_future()
        found: Page[StreamItem] | None = None
        try:
            try:
                await asyncio.sleep(0)  # the others who were woken by the same hint
            finally:
                del self._asked[key]
            found = await self._read(key)
            return found
        finally:
            asked.set_result(found)  # None when this reader failed or went away: each of the others reads

    async def _read(self, key: tuple[str, int]) -> Page[StreamItem]:
        agency_id, after = key
        return await self._ledger.stream(agency_id, after=after, limit=PAGE_ITEMS)
