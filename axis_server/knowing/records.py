"""Knowing: where a dispatch stands and what proves it, for its sender and each of its recipients.

The sender sees all. A recipient sees the dispatch, its own delivery, and what speaks of all or of itself:
nothing that another recipient did, stated or answered, nor how much of it there was. Anyone else sees what
was never there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from axis_server.caller import Caller, admit_reader
from axis_server.errors import Declined, Detail
from axis_server.lifecycle import check_states
from axis_server.paging import FILTERS_MOST, page_items
from axis_server.reasons import Code
from storage.errors import NotFound
from storage.ledger.base import Ledger
from storage.ledger.pages import Page
from storage.ledger.records import Delivery, Entry, Event, Link, OutboxItem, Record

LINKS_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A dispatch as one of its parties."""

    entry: Entry
    delivery: Delivery | None
    """The party's own, when it is a recipient; the first in its mailbox when that takes it for several."""
    sees: str | None
    """The mailbox as which the party sees; None for the sender, who sees all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a dispatch stands, as far as the caller may know."""

    entry: Entry
    counts: Mapping[str, int]
    """Of the deliveries that the caller sees, by state."""
    delivery: Delivery | None
    """The caller's own, when it is a recipient."""
    links: tuple[Link, ...]
    """To the dispatches of the same thread that the caller sees; the last `LINKS_MOST`."""
    disposal_id: str = ""
    """The order that disposed of it."""


class Records:
    """Answers about dispatches from the ledger, a page at a time: `after` is a place of the ledger, a `limit`
    of 0 means `PAGE_ITEMS`."""

    def __init__(self, *, ledger: Ledger) -> None:
        self._ledger = ledger

    async def status(self, caller: Caller, dispatch_id: str) -> Status:
        """Says where a dispatch stands. Raises `Declined`: NOT_FOUND, also for what is not the caller's."""
        standing = await standing_of(self._ledger, caller, dispatch_id)
        counts = await self._ledger.counts(dispatch_id, viewer=standing.sees)
        links = await self._links(caller, standing)
        disposed = await self._ledger.disposed([dispatch_id])
        return Status(
            entry=standing.entry,
            counts=counts,
            delivery=standing.delivery,
            links=links,
            disposal_id=disposed.get(dispatch_id, ""),
        )

    async def _links(self, caller: Caller, standing: Standing) -> tuple[Link, ...]:
        """Returns the links that the caller sees. A thread has one sender, who sees all of it; a recipient
        sees of it what it is a recipient of."""
        links = (await self._ledger.links(standing.entry.dispatch_id))[-LINKS_MOST:]
        if standing.sees is None:
            return links
        return tuple([link for link in links if await self._is_party(caller, link.dispatch_id)])

    async def _is_party(self, caller: Caller, dispatch_id: str) -> bool:
        try:
            await standing_of(self._ledger, caller, dispatch_id)
        except Declined as declined:
            if declined.code != Code.NOT_FOUND:
                raise
            return False
        return True

    async def deliveries(
        self, caller: Caller, dispatch_id: str, after: int, limit: int, states: Collection[str] = ()
    ) -> Page[Delivery]:
        """Lists the deliveries that the caller sees, in `states` if any are named. Raises `Declined`."""
        most = page_items(limit)
        check_states(states)
        standing = await standing_of(self._ledger, caller, dispatch_id)
        return await self._ledger.deliveries(
            dispatch_id, viewer=standing.sees, after=after, limit=most, states=states
        )

    async def events(self, caller: Caller, dispatch_id: str, after: int, limit: int) -> Page[Event]:
        """Lists the history that the caller sees, oldest first; `sequence` counts these events, from 1: a gap
        would tell how often something happened that the caller may not see. Raises `Declined`."""
        most = page_items(limit)
        standing = await standing_of(self._ledger, caller, dispatch_id)
        return await self._ledger.history(dispatch_id, viewer=standing.sees, after=after, limit=most)

    async def evidence(
        self,
        caller: Caller,
        dispatch_id: str,
        after: int,
        limit: int,
        events: Collection[str] = (),
        recipient_id: str = "",
    ) -> Page[Record]:
        """Lists the evidence and the statements that the caller sees, in order of commit: evidence of
        `events` alone, if any are named; what recipient `recipient_id` sees alone, if it is named.

        Raises `Declined`: NOT_FOUND, also for what is not the caller's; INVALID_ARGUMENT.
        """
        most = page_items(limit)
        if len(events) > FILTERS_MOST:
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail(
                    f"a filter names at most {FILTERS_MOST} events",
                    f"mỗi lần lọc tối đa {FILTERS_MOST} loại việc",
                ),
            )
        standing = await standing_of(self._ledger, caller, dispatch_id)
        if recipient_id and standing.sees not in (None, recipient_id):
            await self._check_mailbox(dispatch_id, recipient_id, caller)
        return await self._ledger.records(
            dispatch_id,
            viewer=standing.sees,
            recipient_id=recipient_id or None,
            events=events,
            after=after,
            limit=most,
        )

    async def _check_mailbox(self, dispatch_id: str, recipient_id: str, caller: Caller) -> None:
        """Lets a mailbox ask about a unit of its own. Others and those that never were are one and the
        same."""
        try:
            mailbox_id = (await self._ledger.delivery(dispatch_id, recipient_id)).mailbox_id
        except NotFound:
            mailbox_id = ""
        if mailbox_id != caller.agency_id:
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail("a recipient asks about itself alone", "bên nhận chỉ hỏi được về chính mình"),
            )

    async def outbox(self, caller: Caller, after: int, limit: int) -> Page[OutboxItem]:
        """Lists what the caller's agency sent, in order of commit. Raises `Declined`."""
        admit_reader(caller)
        return await self._ledger.outbox(caller.agency_id, after=after, limit=page_items(limit))


async def standing_of(ledger: Ledger, caller: Caller, dispatch_id: str) -> Standing:
    """Returns what the caller is to a dispatch.

    A dispatch of others and one that never was take the same questions to the ledger and get the same answer.
    An agency that addressed itself sees as the sender. A delegate is what it has leave for.

    Raises `Declined`: NOT_FOUND, and as `admit_reader`.
    """
    admit_reader(caller)
    received = await ledger.deliveries(dispatch_id, viewer=caller.agency_id, limit=1)
    delivery = received.items[0] if received.items else None
    try:
        entry = await ledger.entry(dispatch_id)
    except NotFound as absent:
        raise Declined(Code.NOT_FOUND) from absent
    if not caller.may_receive:
        delivery = None
    is_sender = caller.may_send and entry.sender_id == caller.agency_id
    if delivery is None and not is_sender:
        raise Declined(Code.NOT_FOUND)
    return Standing(entry=entry, delivery=delivery, sees=None if is_sender else caller.agency_id)
