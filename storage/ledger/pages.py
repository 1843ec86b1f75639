"""Lists are read by pages; how much stands on one is the same for every ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from storage.ledger.oversight import Aside, Concern
from storage.ledger.records import Delivery, Entry, Event, InboxItem, OutboxItem, Record, StreamItem

T = TypeVar("T")

PAGE_BYTES = 2 << 20
"""About how many bytes of content a page has at most; a single item may have more."""
_FACTS = 256
"""About what the short fields of a record take together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some items of a list, in its order: at most as many as asked for, about `PAGE_BYTES`, at least one if
    there is one."""

    items: tuple[T, ...]
    next: int
    """Pass as `after` to go on; stays the same when there was nothing new."""
    more: bool
    """Others stood behind these."""


def page(found: Iterable[tuple[int, T]], size: Callable[[T], int], *, after: int, limit: int) -> Page[T]:
    """Takes items with their places from `found` until the page is full; it looks at one more.

    The iterable is not read further, so it may be a query that goes on.
    """
    items: list[T] = []
    reached, filled = after, 0
    for place, item in found:
        filled += size(item)
        if len(items) == limit or (items and filled > PAGE_BYTES):
            return Page(items=tuple(items), next=reached, more=True)
        items.append(item)
        reached = place
    return Page(items=tuple(items), next=reached, more=False)


def delivery_bytes(delivery: Delivery) -> int:
    question = delivery.question
    return _FACTS + _bytes(delivery.reason, question.reason if question else "")


def event_bytes(event: Event) -> int:
    return _FACTS + _bytes(event.reason)


def stream_bytes(item: StreamItem) -> int:
    return event_bytes(item.event) + _FACTS + entry_bytes(item.entry)


def record_bytes(record: Record) -> int:
    return _FACTS + len(record.content)


def aside_bytes(aside: Aside) -> int:
    return _FACTS + _bytes(aside.reason)


def concern_bytes(concern: Concern) -> int:
    aside = 0 if concern.aside is None else aside_bytes(concern.aside)
    return delivery_bytes(concern.delivery) + _FACTS + entry_bytes(concern.entry) + aside


def item_bytes(item: InboxItem | OutboxItem) -> int:
    return _FACTS + entry_bytes(item.entry)


def entry_bytes(entry: Entry) -> int:
    shown = _bytes(
        entry.subject, entry.document_id, entry.code_number, entry.code_notation, entry.sender_name
    )
    parts = sum(_FACTS + _bytes(part.identifier, part.name, part.content_type) for part in entry.parts)
    return shown + parts


def _bytes(*texts: str) -> int:
    """At most: a character of the basic plane takes three bytes."""
    return 3 * sum(map(len, texts))
