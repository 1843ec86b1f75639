"""Finding dispatches: what is looked for, and the catalogue's promise.

A catalogue is made from the ledger and can be made anew from it at any time. It stands behind the ledger,
never in the way of a commit, and nothing is believed because it says so: whether a viewer is party to a
dispatch, and in which state that is, the ledger tells at the time of the search.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storage.ledger.overview import VIETNAM
from storage.ledger.pages import PAGE_BYTES, item_bytes
from storage.ledger.records import Entry, OutboxItem
from storage.ledger.wellformed import check_page, check_text, check_times
from storage.ledger.words import folded, words_of

LOOKED_AT_MOST = 20_000
"""Candidates that one page looks at. What no index narrows costs time with each, so a page ends there."""
COUNTED_MOST = 20_000
"""Dispatches that facets are counted over."""
SENDERS_MOST = 100
"""Senders named in facets; the others are left out."""
PHRASES_MOST = 40
"""Phrases and words of one search, in all its fields."""

Phrase = tuple[str, ...]
"""Folded words that stand side by side; the last is the beginning of a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for. What is empty or None filters nothing; everything else must hold at once."""

    viewer: str
    """The agency that looks: it finds what it is party to."""
    sent: bool = True
    """Whether it may find what it sent."""
    received: bool = True
    """Whether it may find what it received: where it is the mailbox."""
    phrases: tuple[Phrase, ...] = ()
    """Each in the number, the notation, the subject, the document id or the sender's name."""
    files: tuple[Phrase, ...] = ()
    """Each in the names of the files."""
    code_number: str = ""
    code_notation: Phrase = ()
    """How the notation begins."""
    document_id: str = ""
    sender_id: str = ""
    recipient_id: str = ""
    """Of a delivery that the viewer sees."""
    sha256: str = ""
    """Of a part."""
    promulgated: tuple[str, str] = ("", "")
    """First and last day, `yyyy-MM-dd`."""
    since: datetime | None = None
    """Accepted by the axis then or later."""
    until: datetime | None = None
    """Accepted by the axis before then."""
    kinds: frozenset[int] = frozenset()
    priorities: frozenset[int] = frozenset()
    states: frozenset[str] = frozenset()
    """Of a delivery that the viewer sees: the same one as `recipient_id`, where both are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A dispatch that was found."""

    cursor: int
    entry: Entry
    """Without parts."""
    sent: bool
    """The viewer is its sender, and found it as such."""
    counts: dict[str, int]
    """Of the deliveries that the viewer sees, by state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """A page of what was found: it may be empty though there is more, where much was looked at in vain."""

    items: tuple[Hit, ...]
    next: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How many were found, by what they are."""

    total: int
    complete: bool
    """False when there were more than `COUNTED_MOST`: the newest of them were counted."""
    years: Mapping[str, int]
    """Of the acceptance by the axis, in +07:00."""
    senders: Mapping[str, int]
    """The most frequent ones, at most `SENDERS_MOST`."""
    kinds: Mapping[int, int]
    priorities: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How far a catalogue has come."""

    taken: int
    """Dispatches that it took in just now."""
    behind: bool
    """Whether the ledger has more, or had when it was asked."""
    last: datetime | None
    """When the newest dispatch was accepted that it has taken in; None when it is empty."""


class Catalogue(Protocol):
    """Finds dispatches of the ledger. Every method raises `Unavailable` when it cannot serve."""

    async def follow(self, *, limit: int) -> Followed:
        """Takes in what the ledger committed behind what it has, in order of commit: at most `limit`
        deliveries with their dispatches, all or none of it. How far it has come is kept. Any number of
        processes may do it at once. A ledger that is another one than it followed so far it takes in from
        the beginning."""
        ...

    async def reached(self) -> Followed:
        """Returns how far it has come, and takes nothing in."""
        ...

    async def search(self, sought: Sought, *, newest: bool = True, after: int = 0, limit: int) -> Hits:
        """Returns dispatches that fit, by the order of their commit, the newest or the oldest first.

        `after` is 0 or the `next` of the page before; what is committed meanwhile moves no page. What has no
        delivery is not found. Raises `ValueError` for what could not be looked for."""
        ...

    async def facets(self, sought: Sought) -> Facets:
        """Counts what fits. Raises `ValueError` as `search`."""
        ...


def check_sought(sought: Sought) -> None:
    """Raises `ValueError` when nothing could be looked for as asked."""
    texts = [sought.viewer, sought.code_number, sought.document_id, sought.sender_id, sought.recipient_id]
    check_text([*texts, sought.sha256, *sought.promulgated, *sought.states])
    phrases = (*sought.phrases, *sought.files, *((sought.code_notation,) if sought.code_notation else ()))
    if sum(map(len, phrases)) > PHRASES_MOST:
        raise ValueError(f"more than {PHRASES_MOST} words")
    if not all(phrase and all(map(str.isalnum, phrase)) for phrase in phrases):
        raise ValueError("a phrase has words, of letters and digits")
    check_times([time for time in (sought.since, sought.until) if time is not None])


def hits(found: Iterable[tuple[int, Hit | None]], *, after: int, limit: int) -> Hits:
    """Takes a page of candidates, each with its place: None for those that do not fit. It looks at one more
    than it takes."""
    check_page(after, limit)
    items: list[Hit] = []
    reached, filled = after, 0
    for looked_at, (place, hit) in enumerate(found):
        size = 0 if hit is None else hit_bytes(hit)
        if looked_at == LOOKED_AT_MOST or (hit is not None and _is_full(items, filled + size, limit)):
            return Hits(items=tuple(items), next=reached, more=True)
        if hit is not None:
            items.append(hit)
            filled += size
        reached = place
    return Hits(items=tuple(items), next=reached, more=False)


def _is_full(items: list[Hit], filled: int, limit: int) -> bool:
    return len(items) == limit or (bool(items) and filled > PAGE_BYTES)


def hit_bytes(hit: Hit) -> int:
    return item_bytes(OutboxItem(cursor=hit.cursor, entry=hit.entry, counts=hit.counts))


def year_of(at: datetime) -> str:
    """Returns the year in which agencies say it happened."""
    return f"{at.astimezone(VIETNAM).year:04}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A dispatch as a catalogue holds it: folded words, and marks that are compared as a whole."""

    text: tuple[Phrase, ...]
    """Fields that phrases are found in; no phrase reaches from one into the next."""
    notation: Phrase
    files: tuple[Phrase, ...]
    code_number: str
    document_id: str


def described(entry: Entry) -> Described:
    """Says what is found of a dispatch. `entry` has its parts."""
    code = f"{entry.code_number} {entry.code_notation}"
    texts = (code, entry.subject, entry.document_id, entry.sender_name)
    return Described(
        text=tuple(tuple(words_of(text)) for text in texts),
        notation=tuple(words_of(entry.code_notation)),
        files=tuple(tuple(words_of(part.name)) for part in entry.parts),
        code_number=folded(entry.code_number),
        document_id=folded(entry.document_id),
    )
