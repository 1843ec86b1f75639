"""Which dispatches were rightly disposed of, for who goes through everything and misses their files.

A mark in the ledger alone excuses nothing: the order must be a leaf of the log, and name the very document.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from signing.log import leaf_hash
from storage.errors import NotFound
from storage.ledger.base import Log
from storage.ledger.keeping import Keeping
from storage.ledger.records import Entry


class VouchingLedger(Keeping, Log, Protocol):
    """What is asked of a ledger here."""


async def rightly_disposed(ledger: VouchingLedger, entries: Collection[Entry]) -> frozenset[str]:
    """Returns those of `entries` (their ids) whose files an order in the log has done away with."""
    marked = await ledger.disposed([one.dispatch_id for one in entries])
    orders = {order_id: await _order(ledger, order_id) for order_id in set(marked.values())}
    return frozenset(
        entry.dispatch_id
        for entry in entries
        if entry.dispatch_id in marked and _names(orders[marked[entry.dispatch_id]], entry)
    )


async def _order(ledger: VouchingLedger, order_id: str) -> bytes:
    """Returns an order as it was sealed; empty when it is not what the log has."""
    try:
        order, leaf = await ledger.attested(order_id), await ledger.leaf(order_id)
    except NotFound:
        return b""
    return order.content if leaf_hash(order.content) == leaf.hash else b""


def _names(order: bytes, entry: Entry) -> bool:
    item = f"<Dispatch>{entry.dispatch_id}</Dispatch><Original>{entry.original.sha256}</Original>"
    return item.encode() in order
