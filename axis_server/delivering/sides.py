"""What stands around a delivery: the package that asks for it, and what it asks itself, from the ledger."""

from __future__ import annotations

from typing import Protocol

from axis_server.lifecycle import OPEN, Side, asked_by_statement
from edxml.codes import Kind
from storage.errors import NotFound
from storage.ledger.base import Deliveries, Dispatches
from storage.ledger.records import Delivery, Entry

DEPTH = 2
"""How far an act reaches: a package is answered, with it what it asks, and what a replacement among that asks
is free again."""


class Threads(Dispatches, Deliveries, Protocol):
    """The facets of the ledger that are read here."""


async def side_of(ledger: Threads, entry: Entry, delivery: Delivery, depth: int = DEPTH) -> Side:
    """Returns a delivery of the dispatch `entry` with all that it asks of the same recipient. Raises
    `NotFound`."""
    if entry.kind == Kind.NEW or not depth or delivery.state not in OPEN:
        return Side(entry=entry, delivery=delivery)
    asks = []
    for link in await ledger.links(delivery.dispatch_id):
        about = None if link.later else await _delivery(ledger, link.dispatch_id, delivery.recipient_id)
        if about and about.question and about.question.by == delivery.dispatch_id:
            asks.append(await side_of(ledger, await ledger.entry(about.dispatch_id), about, depth - 1))
    return Side(entry=entry, delivery=delivery, asks=tuple(asks))


async def asker_of(ledger: Threads, delivery: Delivery) -> Side | None:
    """Returns the package that asks about a delivery; None when nobody or a statement asks, or the package
    went to others."""
    question = delivery.question
    if question is None or asked_by_statement(question):
        return None
    package = await _delivery(ledger, question.by, delivery.recipient_id)
    return None if package is None else await side_of(ledger, await ledger.entry(question.by), package)


async def _delivery(ledger: Threads, dispatch_id: str, recipient_id: str) -> Delivery | None:
    try:
        return await ledger.delivery(dispatch_id, recipient_id)
    except NotFound:
        return None
