"""What a catalogue over SQL finds: one query narrows by words, and asks the ledger of each that is left."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from storage.ledger.catalogue import (
    COUNTED_MOST,
    LOOKED_AT_MOST,
    SENDERS_MOST,
    Facets,
    Hit,
    Hits,
    Sought,
    check_sought,
    hits,
    year_of,
)
from storage.ledger.relational.engine import Readers
from storage.ledger.relational.facet import wanted
from storage.ledger.relational.rows import Row, entry_from, maybe_microseconds, moment
from storage.ledger.wellformed import SIZE_MOST, check_page

_COUNTS, _ENTRY = 1, 2
"""Columns of a candidate behind its position."""


class RelationalFinding:
    """`search` and `facets` of a catalogue."""

    def __init__(self, readers: Readers, expression: Callable[[Sought], str]) -> None:
        """`expression` words what is sought as the engine's index is asked."""
        self._readers = readers
        self._expression = expression

    async def search(self, sought: Sought, *, newest: bool = True, after: int = 0, limit: int) -> Hits:
        check_sought(sought)
        check_page(after, limit)
        bound = (after or SIZE_MOST) if newest else after
        asked = {
            **_asked(sought, self._expression(sought)),
            "newest": newest,
            "bound": bound,
            "most": LOOKED_AT_MOST + 1,
        }
        return await self._readers.walk(
            "search", asked, lambda rows: hits(_candidates(rows, sought), after=after, limit=limit)
        )

    async def facets(self, sought: Sought) -> Facets:
        check_sought(sought)
        return await self._readers.walk(
            "search_facets", {**_asked(sought, self._expression(sought)), "most": COUNTED_MOST + 1}, _counted
        )


def _asked(sought: Sought, match: str) -> dict[str, object]:
    first, last = sought.promulgated
    return {
        "match": match,
        "viewer": sought.viewer,
        "sent": sought.sent,
        "received": sought.received,
        "recipient_id": sought.recipient_id,
        "since": maybe_microseconds(sought.since),
        "until": maybe_microseconds(sought.until),
        "first": first,
        "last": last,
        "states": wanted(sought.states),
    }


def _candidates(rows: Iterable[Row], sought: Sought) -> Iterator[tuple[int, Hit | None]]:
    for row in rows:
        position = row[0]
        if row[_ENTRY] is None:
            yield position, None
            continue
        entry = entry_from(row[_ENTRY:])
        sent = sought.sent and entry.sender_id == sought.viewer
        counts = json.loads(row[_COUNTS])
        yield position, Hit(cursor=position, entry=entry, sent=sent, counts=counts)


def _counted(rows: Iterable[Row]) -> Facets:
    years: Counter[str] = Counter()
    senders: Counter[str] = Counter()
    kinds: Counter[int] = Counter()
    priorities: Counter[int] = Counter()
    looked_at = 0
    for looked_at, (accepted_at, sender_id, kind, priority) in enumerate(rows, start=1):
        if looked_at > COUNTED_MOST:
            break
        if accepted_at is not None:
            years[year_of(moment(accepted_at))] += 1
            senders[sender_id] += 1
            kinds[kind] += 1
            priorities[priority] += 1
    return Facets(
        total=sum(years.values()),
        complete=looked_at <= COUNTED_MOST,
        years=dict(years),
        senders=dict(senders.most_common(SENDERS_MOST)),
        kinds=dict(kinds),
        priorities=dict(priorities),
    )
