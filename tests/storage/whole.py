"""Whole lists of a ledger, read page by page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.ledger.base import Ledger
from storage.ledger.pages import Page
from storage.ledger.records import (
    Delivery,
    Event,
    Evidence,
    InboxItem,
    Leaf,
    OutboxItem,
    Statement,
    StreamItem,
)
from tests.storage.records import SENDER, accepted, entry, move

T = TypeVar("T")

PAGE = 1000


async def pages(read: Callable[[int], Awaitable[Page[T]]]) -> tuple[T, ...]:
    """Everything that `read`, asked with `after`, gives until there is no more."""
    items: list[T] = []
    after, more = 0, True
    while more:
        page = await read(after)
        items += page.items
        after, more = page.next, page.more
    return tuple(items)


async def deliveries(ledger: Ledger, dispatch_id: str) -> tuple[Delivery, ...]:
    return await pages(lambda after: ledger.deliveries(dispatch_id, after=after, limit=PAGE))


async def history(ledger: Ledger, dispatch_id: str) -> tuple[Event, ...]:
    return await pages(lambda after: ledger.history(dispatch_id, after=after, limit=PAGE))


async def evidence(ledger: Ledger, dispatch_id: str) -> tuple[Evidence, ...]:
    found = await pages(lambda after: ledger.records(dispatch_id, after=after, limit=PAGE))
    return tuple(one for one in found if isinstance(one, Evidence))


async def statements(ledger: Ledger, dispatch_id: str) -> tuple[Statement, ...]:
    found = await pages(lambda after: ledger.records(dispatch_id, after=after, limit=PAGE))
    return tuple(one for one in found if isinstance(one, Statement))


async def inbox(ledger: Ledger, recipient_id: str) -> tuple[InboxItem, ...]:
    return await pages(lambda after: ledger.inbox(recipient_id, after=after, limit=PAGE))


async def outbox(ledger: Ledger, sender_id: str) -> tuple[OutboxItem, ...]:
    return await pages(lambda after: ledger.outbox(sender_id, after=after, limit=PAGE))


async def stream(ledger: Ledger, agency_id: str) -> tuple[StreamItem, ...]:
    return await pages(lambda after: ledger.stream(agency_id, after=after, limit=PAGE))


async def leaves(ledger: Ledger) -> tuple[Leaf, ...]:
    return await ledger.leaves(start=0, limit=1_000_000)


async def check(ledger: Ledger) -> None:
    """Asserts that every dispatch of `records` has all its parts, events, evidence, deliveries and leaves,
    and that the log has no gaps."""
    log = await leaves(ledger)
    assert [leaf.index for leaf in log] == list(range(len(log)))
    evidence_ids, statement_ids = set(), set()
    for item in await outbox(ledger, SENDER):
        number = int(item.entry.code_number)
        assert item.entry == entry(number)
        first, *_ = await deliveries(ledger, item.entry.dispatch_id)
        moves = first.version - 1
        events = await history(ledger, item.entry.dispatch_id)
        assert [event.sequence for event in events] == list(range(1, 3 + moves))
        stated = await statements(ledger, item.entry.dispatch_id)
        assert len(stated) == moves
        issued = await evidence(ledger, item.entry.dispatch_id)
        assert issued == (*accepted(number).evidence, *(move(number).evidence if moves else ()))
        evidence_ids |= {one.evidence_id for one in issued}
        statement_ids |= {one.statement_id for one in stated}
    assert {leaf.content_id for leaf in log if leaf.kind == "evidence"} == evidence_ids
    assert {leaf.content_id for leaf in log if leaf.kind == "statement"} == statement_ids
