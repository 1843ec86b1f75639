"""Opening a letter: before its first byte leaves, the axis notes that the recipient has begun to take it.

    opening = Opening(ledger=ledger, mover=mover, expiring=expiring, clock=clock)
    await opening.open(caller, entry)      # now bytes may leave

A recall that is committed before this note wins, and nothing is handed out; one that comes after it asks.
What ended or was consented to without a fetch can still be read, and then this is noted, once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from axis_server.caller import Caller
from axis_server.delivering.expiring import Expiring
from axis_server.delivering.moving import Cause, Mover
from axis_server.errors import Declined
from axis_server.lifecycle import Side, State, fetch, overdue, unnoted, withheld
from axis_server.reasons import Code
from signing.evidence import EventId
from storage.errors import Conflict
from storage.ledger.base import Ledger
from storage.ledger.records import Delivery, Entry

PAGE = 64
"""Deliveries of one mailbox (units without systems) that are noted side by side."""
_READABLE = frozenset(State) - {State.CONSIGNED, State.TAKEN_BACK}


class Opening:
    """Notes first fetches."""

    def __init__(
        self, *, ledger: Ledger, mover: Mover, expiring: Expiring, clock: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._mover = mover
        self._expiring = expiring
        self._clock = clock

    async def open(self, caller: Caller, entry: Entry) -> None:
        """Notes the first fetch of each delivery to the caller's mailbox (what was consigned is `fetched`
        then), and returns when bytes may leave.

        A mailbox may hold the same dispatch for several units: its systems take the bytes once, for all of
        them. Raises `Declined`: WITHHELD when there is none for which they may.
        """
        opened = False
        async for page in self._unnoted(caller, entry):
            notes = (self._note(caller, entry, one) for one in page)
            for noted in await asyncio.gather(*notes, return_exceptions=True):
                if isinstance(noted, BaseException):
                    raise noted
                opened = opened or noted
        if opened:
            return
        readable = await self._ledger.deliveries(
            entry.dispatch_id, viewer=caller.agency_id, limit=1, states=_READABLE
        )
        if not readable.items:
            raise Declined(Code.WITHHELD)

    async def _unnoted(self, caller: Caller, entry: Entry) -> AsyncIterator[tuple[Delivery, ...]]:
        after, more = 0, True
        while more:
            page = await self._ledger.deliveries(
                entry.dispatch_id,
                viewer=caller.agency_id,
                after=after,
                limit=PAGE,
                states=unnoted(entry.kind),
            )
            yield page.items
            after, more = page.next, page.more

    async def _note(self, caller: Caller, entry: Entry, delivery: Delivery) -> bool:
        """Tells whether bytes may leave for this delivery. Who loses a race looks again, and the winner has
        moved it on: each round is another state or question."""
        while True:
            now = self._clock()
            try:
                if overdue(delivery, now):
                    await self._expiring.settle(delivery, now)
                    delivery = await self._ledger.delivery(delivery.dispatch_id, delivery.recipient_id)
                    continue
                if withheld(delivery):
                    return False
                noted = delivery.state != State.CONSIGNED and await self._noted(delivery)
                step = fetch(Side(entry=entry, delivery=delivery), noted=noted)
                if step is not None:
                    await self._mover.move((step,), _cause(caller, delivery, now))
                return True
            except Conflict as lost:
                delivery = lost.current

    async def _noted(self, delivery: Delivery) -> bool:
        """Tells whether it is attested that the recipient fetched; that stands for good."""
        found = await self._ledger.records(
            delivery.dispatch_id,
            recipient_id=delivery.recipient_id,
            events=(EventId.CONTENT_ACCESS_TRACKING,),
            limit=1,
        )
        return bool(found.items)


def _cause(caller: Caller, delivery: Delivery, now: datetime) -> Cause:
    """In whose name it is fetched: the recipient's, by its delegate or by the agency whose mailbox it is."""
    own = caller.agency_id == delivery.recipient_id
    return Cause(
        at=now, actor_id=delivery.recipient_id, delegate=caller.delegate or (None if own else caller.agency)
    )
