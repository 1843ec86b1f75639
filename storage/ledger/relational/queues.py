"""Who has what in hand, and what was set aside, over SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from storage.errors import AsidesFull, LeaseLost, NotFound
from storage.ledger.oversight import ASIDES_MOST, Aside, Lease, Leased
from storage.ledger.overview import check_aside, check_lease, check_take
from storage.ledger.pages import Page, aside_bytes, item_bytes, page
from storage.ledger.relational.engine import Transaction
from storage.ledger.relational.facet import Facet
from storage.ledger.relational.rows import Row, inbox_item_from, microseconds, moment, to_json


class RelationalQueues(Facet):
    """`Queues` over SQL."""

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
        lease = Lease(token=token, holder=holder, until=until, attempts=1)
        asked = (mailbox_id, to_json(sorted(states)), microseconds(at))
        return await self._writer.write(lambda t: _take(t, lease, asked, limit), weight=limit)

    async def extend(self, mailbox_id: str, dispatch_id: str, recipient_id: str, lease: Lease) -> None:
        check_lease(lease)
        held = (microseconds(lease.until), lease.token, dispatch_id, recipient_id, mailbox_id)
        await self._writer.write(lambda t: _settle(t, "extend_lease", *held))

    async def release(self, mailbox_id: str, dispatch_id: str, recipient_id: str, token: str) -> None:
        held = (token, dispatch_id, recipient_id, mailbox_id)
        await self._writer.write(lambda t: _settle(t, "release_lease", *held))

    async def set_aside(self, agency_id: str, aside: Aside, *, most: int = ASIDES_MOST) -> None:
        check_aside(aside)
        await self._writer.write(lambda t: _set_aside(t, agency_id, aside, most))

    async def asides(self, agency_id: str, *, after: int = 0, limit: int) -> Page[Aside]:
        def placed(found: Iterator[Row]) -> Iterator[tuple[int, Aside]]:
            return ((place, aside_from(dispatch_id, rest)) for place, dispatch_id, *rest in found)

        return await self._page(
            "asides", {"agency_id": agency_id}, placed, aside_bytes, after=after, limit=limit
        )

    async def take_up(self, agency_id: str, dispatch_id: str, recipient_id: str, sequence: int) -> None:
        await self._writer.write(lambda t: t.run("take_up", agency_id, dispatch_id, recipient_id, sequence))


def aside_from(dispatch_id: str, row: Sequence[Any]) -> Aside:
    """Reads what was set aside of a dispatch from the five columns behind it."""
    recipient_id, sequence, reason, at, certificate = row
    return Aside(
        dispatch_id=dispatch_id,
        recipient_id=recipient_id,
        sequence=sequence,
        reason=reason,
        at=moment(at),
        by=certificate,
    )


def _take(
    transaction: Transaction, lease: Lease, asked: tuple[object, ...], limit: int
) -> tuple[Leased, ...]:
    if transaction.one("find_token", lease.token):
        raise ValueError("a token is used once")
    waiting = map(inbox_item_from, transaction.all("waiting", *asked, limit))
    taken = page(((1, item) for item in waiting), item_bytes, after=0, limit=limit).items
    until = microseconds(lease.until)
    return tuple(
        Leased(item=item, lease=replace(lease, attempts=attempts))
        for item in taken
        for (attempts,) in transaction.all("lease", item.cursor, lease.token, lease.holder, until)
    )


def _settle(transaction: Transaction, name: str, *values: object) -> None:
    """Changes the lease in force. Raises `LeaseLost`."""
    if not transaction.run(name, *values):
        raise LeaseLost("not in force")


def _set_aside(transaction: Transaction, agency_id: str, aside: Aside, most: int) -> None:
    seen = transaction.one("find_seen", agency_id, aside.dispatch_id, aside.recipient_id)
    if seen is None:
        raise NotFound(aside.dispatch_id)
    place, position, mailbox_id, as_sender = seen
    if aside.sequence:
        events = transaction.one("count_seen", position, None if as_sender else agency_id)
        if events is None or events[0] < aside.sequence:
            raise NotFound(aside.dispatch_id)
    key = (agency_id, place, position, aside.recipient_id, aside.sequence)
    what = (aside.reason, microseconds(aside.at), aside.by)
    if not transaction.run("add_aside", *key, *what, most) and transaction.one("find_aside", *key) is None:
        raise AsidesFull(agency_id)
    if not aside.sequence and mailbox_id == agency_id:
        transaction.run("end_lease", place)
