"""Which dispatches were rightly disposed of, for who goes through everything and misses their files.

A mark in the ledger alone excuses nothing: the order must be a leaf of the log, and name the very document.
Another leaf that speaks of it, such as a decision to hold it, is no order.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from axis_server.documents.judgement import digest
from signing.log import leaf_hash
from signing.parser import Malformed, parse
from signing.statements.retention import items_of
from storage.errors import NotFound
from storage.ledger.base import Log
from storage.ledger.keeping import Keeping
from storage.ledger.records import Entry


class VouchingLedger(Keeping, Log, Protocol):
    """What is asked of a ledger here."""


async def rightly_disposed(ledger: VouchingLedger, entries: Collection[Entry]) -> frozenset[str]:
    """Returns those of `entries` (their ids) whose files an order in the log has done away with."""
    marked = await ledger.disposed([one.dispatch_id for one in entries])
    named = {order_id: await _named(ledger, order_id) for order_id in set(marked.values())}
    return frozenset(
        entry.dispatch_id
        for entry in entries
        if entry.dispatch_id in marked
        and (entry.dispatch_id, entry.original.sha256) in named[marked[entry.dispatch_id]]
    )


async def _named(ledger: VouchingLedger, order_id: str) -> frozenset[tuple[str, str]]:
    """Returns which documents an order names, with their digests; none when it is not what the log has."""
    try:
        order, leaf = await ledger.attested(order_id), await ledger.leaf(order_id)
    except NotFound:
        return frozenset()
    if leaf_hash(order.content) != leaf.hash or digest(order.content) != order_id:
        return frozenset()
    try:
        items = items_of(parse(order.content))
    except (Malformed, ValueError):
        return frozenset()
    return frozenset((item.dispatch_id, item.original) for item in items)
