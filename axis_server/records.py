"""Knowing: where a dispatch stands and what proves it, for its sender and each of its recipients.

The sender sees all. A recipient sees the dispatch, its own delivery, and what speaks of all or of itself:
nothing that another recipient did, stated or answered, nor how much of it there was. Anyone else sees what
was never there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from axis_server.caller import Caller, admit_reader
from axis_server.errors import Declined
from axis_server.reasons import Code
from storage.errors import NotFound
from storage.ledger.base import Delivery, Entry, Event, Evidence, Ledger, OutboxItem, Statement

PAGE_ITEMS = 100
"""Items of a page when the caller names no number."""
PAGE_ITEMS_MOST = 1000
"""A page of large dispatches is still an answer that fits a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A dispatch as one of its parties."""

    entry: Entry
    delivery: Delivery | None
    """The one that the party sees; None for the sender, who sees all."""

    def sees(self, about: str) -> bool:
        """Tells whether the party sees what is about recipient `about`, empty meaning all of them."""
        return self.delivery is None or about in ("", self.delivery.recipient_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStatus:
    """Where a dispatch stands, as far as the caller may know."""

    entry: Entry
    deliveries: tuple[Delivery, ...]
    events: tuple[Event, ...]
    """Oldest first; `sequence` counts those that the caller sees, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxPage:
    """What the caller's agency sent, in order of commit."""

    items: tuple[OutboxItem, ...]
    next: int
    """Pass as `after` to go on; stays the same when there was nothing new."""
    more: bool


class Records:
    """Answers about dispatches from the ledger."""

    def __init__(self, *, ledger: Ledger) -> None:
        self._ledger = ledger

    async def status(self, caller: Caller, dispatch_id: str) -> RecordStatus:
        """Says where a dispatch stands. Raises `Declined`: NOT_FOUND, also for what is not the caller's."""
        standing = await standing_of(self._ledger, caller, dispatch_id)
        own = standing.delivery
        deliveries = (own,) if own is not None else await self._ledger.deliveries(dispatch_id)
        history = await self._ledger.history(dispatch_id)
        return RecordStatus(
            entry=standing.entry,
            deliveries=deliveries,
            events=_renumbered(event for event in history if standing.sees(event.recipient_id)),
        )

    async def evidence(
        self, caller: Caller, dispatch_id: str
    ) -> tuple[tuple[Evidence, ...], tuple[Statement, ...]]:
        """Returns the evidence and the statements that the caller may see, each in order of commit.

        Raises `Declined`: NOT_FOUND, also for what is not the caller's.
        """
        standing = await standing_of(self._ledger, caller, dispatch_id)
        evidence = await self._ledger.evidence(dispatch_id)
        statements = await self._ledger.statements(dispatch_id)
        return (
            tuple(one for one in evidence if standing.sees(one.recipient_id)),
            tuple(one for one in statements if standing.sees(one.agency_id)),
        )

    async def outbox(self, caller: Caller, after: int, limit: int) -> OutboxPage:
        """Lists what the caller's agency sent, after the cursor `after`; `limit` 0 means `PAGE_ITEMS`."""
        admit_reader(caller)
        most = page_items(after, limit)
        found = await self._ledger.outbox(caller.agency_id, after=after, limit=most + 1)
        items = found[:most]
        return OutboxPage(items=items, next=items[-1].cursor if items else after, more=len(found) > most)


async def standing_of(ledger: Ledger, caller: Caller, dispatch_id: str) -> Standing:
    """Returns what the caller is to a dispatch.

    A dispatch of others and one that never was take the same questions to the ledger and get the same answer.
    An agency that addressed itself stands as the sender. Raises `Declined`: NOT_FOUND, and as `admit_reader`.
    """
    admit_reader(caller)
    try:
        delivery = await ledger.delivery(dispatch_id, caller.agency_id)
    except NotFound:
        delivery = None
    try:
        entry = (await ledger.kept(dispatch_id)).entry
    except NotFound as absent:
        raise Declined(Code.NOT_FOUND) from absent
    if entry.sender_id == caller.agency_id:
        return Standing(entry=entry, delivery=None)
    if delivery is not None:
        return Standing(entry=entry, delivery=delivery)
    raise Declined(Code.NOT_FOUND)


def page_items(after: int, limit: int) -> int:
    """Returns how many items a page has. Raises `Declined`: INVALID_ARGUMENT for a negative number."""
    if after < 0 or limit < 0:
        raise Declined(Code.INVALID_ARGUMENT, "a cursor and a page size are not negative")
    return min(limit or PAGE_ITEMS, PAGE_ITEMS_MOST)


def _renumbered(events: Iterable[Event]) -> tuple[Event, ...]:
    """Closes the gaps, which would tell how often something happened that the caller may not see."""
    return tuple(replace(event, sequence=place) for place, event in enumerate(events, start=1))
