"""Who has what in hand, and what was set aside, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from storage.errors import AsidesFull, LeaseLost, NotFound
from storage.ledger.memory.state import Facet, State, paged
from storage.ledger.oversight import ASIDES_MOST, Aside, Lease, Leased
from storage.ledger.overview import WAITING, check_aside, check_lease, check_take
from storage.ledger.pages import Page, aside_bytes, item_bytes, page
from storage.ledger.records import InboxItem


class MemoryQueues(Facet):
    """`Queues` in memory."""

    async def take(
        self,
        mailbox_id: str,
        *,
        holder: str,
        token: str,
        at: datetime,
        until: datetime,
        states: Collection[str],
        limit: int,
    ) -> tuple[Leased, ...]:
        check_take(token, at, until, states, limit)
        await asyncio.sleep(0)
        lease = Lease(token=token, holder=holder, until=until, attempts=1)
        taken = _take(self._state, mailbox_id, lease, at, states, limit)
        await asyncio.sleep(0)
        return taken

    async def extend(self, mailbox_id: str, dispatch_id: str, recipient_id: str, lease: Lease) -> None:
        check_lease(lease)
        await asyncio.sleep(0)
        key = dispatch_id, recipient_id
        held = _held(self._state, mailbox_id, key, lease.token)
        self._state.leases[key] = replace(held, until=lease.until)
        await asyncio.sleep(0)

    async def release(self, mailbox_id: str, dispatch_id: str, recipient_id: str, token: str) -> None:
        await asyncio.sleep(0)
        key = dispatch_id, recipient_id
        _held(self._state, mailbox_id, key, token)
        self._state.end_lease(key)
        await asyncio.sleep(0)

    async def set_aside(self, agency_id: str, aside: Aside, *, most: int = ASIDES_MOST) -> None:
        check_aside(aside)
        await asyncio.sleep(0)
        _set_aside(self._state, agency_id, aside, most)
        await asyncio.sleep(0)

    async def asides(self, agency_id: str, *, after: int = 0, limit: int) -> Page[Aside]:
        await asyncio.sleep(0)
        found = (
            (place, aside) for (whose, *_), (place, aside) in self._state.asides.items() if whose == agency_id
        )
        return paged(found, aside_bytes, after=after, limit=limit)

    async def take_up(self, agency_id: str, dispatch_id: str, recipient_id: str, sequence: int) -> None:
        await asyncio.sleep(0)
        for key in list(self._state.asides):
            whose, of, about, number = key
            if (whose, of, number) == (agency_id, dispatch_id, sequence) and (
                sequence or about == recipient_id
            ):
                del self._state.asides[key]
        await asyncio.sleep(0)


def _take(
    state: State, mailbox_id: str, lease: Lease, at: datetime, states: Collection[str], limit: int
) -> tuple[Leased, ...]:
    if any(_stands(state, key) and one.token == lease.token for key, one in state.leases.items()):
        raise ValueError("a token is used once")
    waiting = [
        InboxItem(cursor=place, entry=state.dispatches[key[0]].kept.entry, delivery=delivery)
        for place, key in enumerate(state.deliveries, start=1)
        if (delivery := state.delivery(*key)).mailbox_id == mailbox_id
        and delivery.state in states
        and delivery.question is None
        and (mailbox_id, *key, 0) not in state.asides
        and (key not in state.leases or state.leases[key].until <= at)
    ]
    urgent = sorted(waiting, key=lambda item: (-item.entry.priority, item.cursor))
    taken = page(((1, item) for item in urgent), item_bytes, after=0, limit=limit).items
    return tuple(_leased(state, item, lease) for item in taken)


def _leased(state: State, item: InboxItem, lease: Lease) -> Leased:
    key = item.delivery.dispatch_id, item.delivery.recipient_id
    before = state.leases.get(key)
    state.leases[key] = replace(lease, attempts=before.attempts + 1 if before else 1)
    return Leased(item=item, lease=state.leases[key])


def _stands(state: State, key: tuple[str, str]) -> bool:
    """Tells whether a delivery waits yet: with it, its lease ends."""
    return state.delivery(*key).state in WAITING


def _held(state: State, mailbox_id: str, key: tuple[str, str], token: str) -> Lease:
    """Returns the lease in force. Raises `LeaseLost`."""
    lease = state.leases.get(key)
    if (
        lease is None
        or not token
        or lease.token != token
        or not _stands(state, key)
        or state.delivery(*key).mailbox_id != mailbox_id
    ):
        raise LeaseLost(f"{key[0]} to {key[1]}")
    return lease


def _set_aside(state: State, agency_id: str, aside: Aside, most: int) -> None:
    dispatched = state.dispatched(aside.dispatch_id)
    viewer = None if dispatched.sender_id == agency_id else agency_id
    if aside.recipient_id:
        state.delivery(aside.dispatch_id, aside.recipient_id)
        seen = dispatched.sees(viewer, aside.recipient_id)
    else:
        seen = agency_id in dispatched.viewers("")
    if not seen or aside.sequence > len(dispatched.events_for(viewer)):
        raise NotFound(aside.dispatch_id)
    key = (agency_id, aside.dispatch_id, aside.recipient_id, aside.sequence)
    if key not in state.asides:
        if sum(whose == agency_id for whose, *_ in state.asides) >= most:
            raise AsidesFull(agency_id)
        state.aside_count += 1
        state.asides[key] = (state.aside_count, aside)
    delivery = (aside.dispatch_id, aside.recipient_id)
    if not aside.sequence and state.delivery(*delivery).mailbox_id == agency_id:
        state.end_lease(delivery)
