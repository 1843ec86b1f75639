"""What needs attention, and how many there are, over SQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from storage.errors import NotFound
from storage.ledger.oversight import Concern, Concerns, Tally, TallyKey
from storage.ledger.overview import check_concerns, check_keys, check_tally, day_of
from storage.ledger.relational.engine import Transaction
from storage.ledger.relational.facet import Facet
from storage.ledger.relational.queues import aside_from
from storage.ledger.relational.rows import (
    DELIVERY_COLUMNS,
    ENTRY_COLUMNS,
    Row,
    delivery_from,
    entry_from,
    microseconds,
)


class RelationalOversight(Facet):
    """`Oversight` over SQL."""

    async def concerns(
        self, agency_id: str | None, *, soon: datetime, since: datetime, limit: int
    ) -> Concerns:
        check_concerns(soon, since, limit)
        asked = {"soon": microseconds(soon), "since": microseconds(since), "limit": limit}
        if agency_id is None:
            rows = await self._readers.all("concerns_of_all", asked)
        else:
            rows = await self._readers.all("concerns", {**asked, "agency_id": agency_id})
        return Concerns(
            items=tuple(_concern_from(why, row) for _, why, *row in rows),
            counts=json.loads(rows[0][0]) if rows else {},
        )

    async def acknowledge(self, agency_id: str, dispatch_id: str, recipient_id: str) -> None:
        await self._writer.write(lambda t: _acknowledge(t, agency_id, dispatch_id, recipient_id))

    async def tally(
        self,
        *,
        sender_id: str | None,
        mailbox_id: str | None,
        since: datetime,
        until: datetime,
        at: datetime,
        by: Collection[str],
    ) -> tuple[Tally, ...]:
        check_tally(since, until, at, by)
        asked = {
            "sender_id": sender_id,
            "mailbox_id": mailbox_id,
            "since": microseconds(since),
            "until": microseconds(until),
            "today": day_of(at),
            "period": next(iter({"day", "month"}.intersection(by)), None),
            "agency": _other_side(mailbox_id, by),
            "priority": "priority" in by,
            "kind": "kind" in by,
        }
        return await self._counting.walk("tally", asked, _tallies)


def _other_side(mailbox_id: str | None, by: Collection[str]) -> str | None:
    """Names the column of the agency that is counted by."""
    if not {"agency", "sender"}.intersection(by):
        return None
    return "sender" if mailbox_id is not None or "sender" in by else "recipient"


def _acknowledge(transaction: Transaction, agency_id: str, dispatch_id: str, recipient_id: str) -> None:
    found = transaction.one("find_party", dispatch_id, recipient_id, agency_id)
    if found is None:
        raise NotFound(f"{dispatch_id} to {recipient_id}")
    transaction.run("acknowledge", agency_id, *found)


def _concern_from(why: str, columns: list[Any]) -> Concern:
    """Reads a concern from the columns of its delivery, its dispatch and its aside."""
    row = tuple(columns)
    delivery, entry = delivery_from(row), entry_from(row[DELIVERY_COLUMNS:])
    aside = row[DELIVERY_COLUMNS + ENTRY_COLUMNS :]
    return Concern(
        why=why,
        entry=entry,
        delivery=delivery,
        aside=aside_from(entry.dispatch_id, aside) if why == "set_aside" else None,
    )


def _tallies(rows: Iterable[Row]) -> tuple[Tally, ...]:
    """Puts the rows of each key together: the first counts all, the others one state each."""
    tallies: list[Tally] = []
    for key, of_key in groupby(rows, key=lambda row: row[:4]):
        check_keys(len(tallies) + 1)
        period, agency_id, priority, kind = key
        whole, *states = of_key
        (*_, deliveries, dispatches, on_time, late, done_on_time, done_late) = whole
        tallies.append(
            Tally(
                key=TallyKey(period=period, agency_id=agency_id, priority=priority, kind=kind),
                dispatches=dispatches,
                deliveries=deliveries,
                states={row[4]: row[5] for row in states},
                on_time=on_time,
                late=late,
                done_on_time=done_on_time,
                done_late=done_late,
            )
        )
    return tuple(tallies)
