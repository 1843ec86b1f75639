"""The catalogue of a ledger in memory: it takes in by following, and reads everything it has for each
search."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime
from itertools import islice

from storage.ledger.catalogue import (
    COUNTED_MOST,
    LOOKED_AT_MOST,
    SENDERS_MOST,
    Described,
    Facets,
    Followed,
    Hit,
    Hits,
    Phrase,
    Sought,
    check_sought,
    described,
    hits,
    year_of,
)
from storage.ledger.memory import MemoryLedger
from storage.ledger.memory.state import Dispatched, Facet
from storage.ledger.records import Delivery, Entry
from storage.ledger.wellformed import check_page
from storage.ledger.words import folded


class MemoryCatalogue(Facet):
    """`Catalogue` over a ledger in memory."""

    def __init__(self, ledger: MemoryLedger) -> None:
        super().__init__(ledger._state)
        self._place = 0
        self._taken: dict[int, tuple[Dispatched, Described, frozenset[str]]] = {}
        """By position: the dispatch, its words, and the recipients that were taken in."""

    async def follow(self, *, limit: int) -> Followed:
        check_page(0, limit)
        await asyncio.sleep(0)
        new = self._state.deliveries[self._place : self._place + limit]
        positions = {name: place for place, name in enumerate(self._state.dispatches, start=1)}
        taken = {dispatch_id for dispatch_id, _ in new}
        for dispatch_id in taken:
            one = self._state.dispatches[dispatch_id]
            recipients = frozenset(one.deliveries)
            self._taken[positions[dispatch_id]] = (one, described(one.kept.entry), recipients)
        self._place += len(new)
        return self._followed(len(taken))

    async def reached(self) -> Followed:
        await asyncio.sleep(0)
        return self._followed(0)

    async def search(self, sought: Sought, *, newest: bool = True, after: int = 0, limit: int) -> Hits:
        check_sought(sought)
        check_page(after, limit)
        await asyncio.sleep(0)
        places = sorted(self._taken, reverse=newest)
        if after:
            places = [place for place in places if (place < after if newest else place > after)]
        candidates = (place for place in places if self._is_candidate(place, sought))
        found = ((place, self._hit(place, sought)) for place in islice(candidates, LOOKED_AT_MOST + 1))
        return hits(found, after=after, limit=limit)

    async def facets(self, sought: Sought) -> Facets:
        check_sought(sought)
        await asyncio.sleep(0)
        places = [place for place in sorted(self._taken, reverse=True) if self._is_candidate(place, sought)]
        looked_at = (self._hit(place, sought) for place in places[:COUNTED_MOST])
        entries = [hit.entry for hit in looked_at if hit is not None]
        return Facets(
            total=len(entries),
            complete=len(places) <= COUNTED_MOST,
            years=Counter(year_of(one.accepted_at) for one in entries),
            senders=dict(Counter(one.sender_id for one in entries).most_common(SENDERS_MOST)),
            kinds=Counter(one.kind for one in entries),
            priorities=Counter(one.priority for one in entries),
        )

    def _followed(self, taken: int) -> Followed:
        times = [one.kept.entry.accepted_at for one, _, _ in self._taken.values()]
        behind = self._place < len(self._state.deliveries)
        return Followed(taken=taken, behind=behind, last=max(times, default=None))

    def _is_candidate(self, place: int, sought: Sought) -> bool:
        """What the index of a real catalogue tells: all but times, states and who sees what now."""
        dispatched, words, recipients = self._taken[place]
        entry = dispatched.kept.entry
        mailboxes = {dispatched.deliveries[name].mailbox_id for name in recipients}
        facts = (
            (sought.sent and entry.sender_id == sought.viewer)
            or (sought.received and sought.viewer in mailboxes),
            not sought.code_number or folded(sought.code_number) == words.code_number,
            not sought.document_id or folded(sought.document_id) == words.document_id,
            sought.sender_id in ("", entry.sender_id),
            not sought.recipient_id or sought.recipient_id in recipients,
            not sought.sha256 or sought.sha256 in {part.sha256 for part in entry.parts},
            not sought.kinds or entry.kind in sought.kinds,
            not sought.priorities or entry.priority in sought.priorities,
            not sought.code_notation or _at(words.notation, sought.code_notation, 0),
        )
        texts = all(_stands_in(words.text, phrase) for phrase in sought.phrases)
        return all(facts) and texts and all(_stands_in(words.files, phrase) for phrase in sought.files)

    def _hit(self, place: int, sought: Sought) -> Hit | None:
        dispatched = self._taken[place][0]
        entry = dispatched.kept.entry
        sent = sought.sent and entry.sender_id == sought.viewer
        seen = [
            one
            for one in dispatched.deliveries.values()
            if sent or (sought.received and one.mailbox_id == sought.viewer)
        ]
        if not _in_time(entry, sought) or not any(_fits(one, sought) for one in seen):
            return None
        counts = dict(Counter(one.state for one in seen))
        return Hit(cursor=place, entry=replace(entry, parts=()), sent=sent, counts=counts)


def _fits(delivery: Delivery, sought: Sought) -> bool:
    return sought.recipient_id in ("", delivery.recipient_id) and (
        not sought.states or delivery.state in sought.states
    )


def _in_time(entry: Entry, sought: Sought) -> bool:
    first, last = sought.promulgated
    day, at = entry.promulgation_date, entry.accepted_at
    since, until = sought.since or datetime.min.replace(tzinfo=at.tzinfo), sought.until
    return (
        since <= at
        and (until is None or at < until)
        and (not first or day >= first)
        and (not last or bool(day and day <= last))
    )


def _stands_in(fields: tuple[Phrase, ...], phrase: Phrase) -> bool:
    return any(_at(field, phrase, place) for field in fields for place in range(len(field)))


def _at(field: Phrase, phrase: Phrase, place: int) -> bool:
    there = field[place : place + len(phrase)]
    return len(there) == len(phrase) and there[:-1] == phrase[:-1] and there[-1].startswith(phrase[-1])
