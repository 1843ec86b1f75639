"""Following along: events as they come, what needs attention, and how many there are."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from datetime import date

from axis_client.acts.receiving import Receiving, required
from axis_client.errors import TryLater
from axis_client.model.oversight import (
    Aside,
    Attention,
    Dimension,
    EventFilter,
    Reached,
    Side,
    Statistics,
    StreamEvent,
)

PAGE = 200
"""Events asked for at once."""
EVERYTHING = EventFilter()


class Following(Receiving):
    """For systems, clerks and archivists of an agency; attention and statistics for the operator too."""

    async def events(
        self,
        after: str = "",
        wanted: EventFilter = EVERYTHING,
        *,
        follow: bool = True,
        from_now: bool = False,
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yields every event that this agency sees, after a cursor, in the order in which the axis took them,
        and then each new one as it comes; without `follow` it ends where there is no more.

        At least once: keep the cursor of what was processed, and go on behind it; an event is known by
        dispatch and sequence. The events of one dispatch come in order. After each cut the stream goes on
        from the last cursor, so nothing is lost. `from_now` passes over what is past.
        Raises `TryLater` when the axis stays away for longer than the patience lasts.
        """
        if not follow:
            page = functools.partial(self._events_page, wanted)
            async for event in self._items(page, after):
                yield event
            return
        cursor, failures = after, 0
        while True:
            try:
                coming = self._wire.watch_events(wanted, cursor, from_now=from_now and not cursor)
                async with aclosing(coming):
                    async for news in coming:
                        cursor, failures = news.cursor, 0
                        if not isinstance(news, Reached):
                            yield news
            except TryLater:
                failures += 1
                if failures >= self._around.patience.attempts:
                    raise
            await self._pause()

    async def _events_page(
        self, wanted: EventFilter, after: str
    ) -> tuple[tuple[StreamEvent, ...], str, bool]:
        return await self._wire.events_page(wanted, after, PAGE)

    async def set_aside(
        self, dispatch_id: str, reason: str, *, sequence: int = 0, recipient: str = ""
    ) -> None:
        """Sets an event (by its sequence) or a delivery (sequence 0) aside that cannot be processed, with the
        reason. Doing so again is a success. `recipient` is the delivery's; without it this agency's own, or
        that of its only unit (`LocalError`, `RECIPIENT_NEEDED`, where there are more)."""
        because = required(reason)
        recipient = await self._whose(dispatch_id, sequence, recipient)
        await self._persist(lambda: self._wire.set_aside(dispatch_id, recipient, sequence, because))

    async def set_event_aside(self, news: StreamEvent, reason: str) -> None:
        """Sets an event of the stream aside that cannot be processed, with the reason, so that the next one
        can be."""
        event = news.event
        await self.set_aside(event.dispatch_id, reason, sequence=event.sequence, recipient=event.recipient_id)

    async def _whose(self, dispatch_id: str, sequence: int, recipient: str) -> str:
        """The recipient of the delivery that is meant; an event names its own."""
        if sequence or recipient:
            return recipient
        return (await self._my_delivery(dispatch_id))[1].recipient_id

    async def asides(self) -> AsyncGenerator[Aside, None]:
        """Yields what this agency set aside, oldest first."""
        async for aside in self._items(self._wire.asides_page):
            yield aside

    async def take_up(self, dispatch_id: str, *, sequence: int = 0, recipient: str = "") -> None:
        """Forgets that something was set aside; a delivery can then be taken again. Named as for
        `set_aside`."""
        recipient = await self._whose(dispatch_id, sequence, recipient)
        await self._persist(lambda: self._wire.take_up(dispatch_id, recipient, sequence))

    async def attention(self, soon_hours: int = 24, past_days: int = 30, most: int = 100) -> Attention:
        """Says what needs attention, the most urgent first: deadlines within `soon_hours`, open questions,
        what was set aside, and endings of the last `past_days` that were not acknowledged."""
        return await self._persist(lambda: self._wire.attention(soon_hours, past_days, most))

    async def acknowledge(self, dispatch_id: str, recipient: str) -> None:
        """Notes that this agency, which sent or receives it, has seen how a delivery ended: it needs its
        attention no more."""
        await self._persist(lambda: self._wire.acknowledge(dispatch_id, recipient))

    async def statistics(
        self, side: Side, first: date, last: date, by: Collection[Dimension] = (), *, agency: str = ""
    ) -> Statistics:
        """Counts what was sent or received from the first to the last day (Viet Nam time), both included,
        split as `by` says. Operators may name an agency, or leave it out for all."""
        return await self._persist(lambda: self._wire.statistics(side, first, last, by, agency))
