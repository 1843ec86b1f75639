"""What needs attention, and how many there are, in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from storage.errors import NotFound
from storage.ledger.memory.state import Facet, State
from storage.ledger.oversight import Concern, Concerns, Tally, TallyKey
from storage.ledger.overview import (
    ANSWERED,
    DONE_STATUS,
    ENDED_OTHERWISE,
    QUESTION_REFUSED,
    REQUESTS,
    check_concerns,
    check_keys,
    check_tally,
    day_of,
)
from storage.ledger.records import Delivery, Entry


class MemoryOversight(Facet):
    """`Oversight` in memory."""

    async def concerns(
        self, agency_id: str | None, *, soon: datetime, since: datetime, limit: int
    ) -> Concerns:
        check_concerns(soon, since, limit)
        await asyncio.sleep(0)
        found = sorted(_concerns(self._state, agency_id, soon, since), key=lambda one: one[0])
        return Concerns(
            items=tuple(concern for _, concern in found[:limit]),
            counts=dict(Counter(concern.why for _, concern in found)),
        )

    async def acknowledge(self, agency_id: str, dispatch_id: str, recipient_id: str) -> None:
        await asyncio.sleep(0)
        delivery = self._state.delivery(dispatch_id, recipient_id)
        if agency_id not in (self._state.dispatches[dispatch_id].sender_id, delivery.mailbox_id):
            raise NotFound(dispatch_id)
        self._state.acknowledged[agency_id, dispatch_id, recipient_id] = delivery.version
        await asyncio.sleep(0)

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
        await asyncio.sleep(0)
        counted: dict[tuple[str, str, int, int], list[tuple[Entry, Delivery]]] = {}
        for entry, delivery in _deliveries(self._state):
            if (
                since <= entry.accepted_at < until
                and sender_id in (None, entry.sender_id)
                and mailbox_id in (None, delivery.mailbox_id)
            ):
                other = entry.sender_id if mailbox_id is not None or "sender" in by else delivery.recipient_id
                day = day_of(entry.accepted_at)
                key = (
                    day if "day" in by else day[:7] if "month" in by else "",
                    other if "agency" in by or "sender" in by else "",
                    entry.priority if "priority" in by else -1,
                    entry.kind if "kind" in by else -1,
                )
                counted.setdefault(key, []).append((entry, delivery))
        check_keys(len(counted))
        return tuple(_tally(self._state, key, counted[key], at) for key in sorted(counted))


def _deliveries(state: State) -> Iterator[tuple[Entry, Delivery]]:
    for key in state.deliveries:
        yield state.dispatches[key[0]].kept.entry, state.delivery(*key)


def _concerns(
    state: State, agency_id: str | None, soon: datetime, since: datetime
) -> Iterator[tuple[tuple[object, ...], Concern]]:
    """Yields each concern behind what it is sorted by."""

    def concern(why: str, key: tuple[str, str], aside: int = 0) -> tuple[tuple[object, ...], Concern]:
        entry, delivery = state.dispatches[key[0]].kept.entry, state.delivery(*key)
        place = state.dispatches[key[0]].places[key[1]]
        last = delivery.due is None
        rank = (-entry.priority, last, delivery.due or soon, place, why, aside)
        return rank, Concern(why=why, entry=replace(entry, parts=()), delivery=delivery)

    for key in state.deliveries:
        delivery, sender_id = state.delivery(*key), state.dispatches[key[0]].sender_id
        received = agency_id in (None, delivery.mailbox_id)
        sent = agency_id in (None, sender_id)
        if (received or sent) and delivery.due is not None and delivery.due <= soon:
            yield concern("due_soon", key)
        if received and delivery.question is not None:
            yield concern("question_open", key)
        seen_by_sender = state.acknowledged.get((sender_id, *key)) == delivery.version
        seen_by_receiver = state.acknowledged.get((delivery.mailbox_id, *key)) == delivery.version
        ended_badly = sent and not seen_by_sender and delivery.state in ("refused", "expired")
        if delivery.updated_at >= since and (
            (ended_badly and not _refused_request(state, key))
            or (agency_id == delivery.mailbox_id and not seen_by_receiver and delivery.state == "expired")
        ):
            yield concern(delivery.state, key)
        if sent and not seen_by_sender:
            given_back = delivery.state == "taken_back"
            if not given_back and any(at >= since for at in _refused_questions(state, key)):
                yield concern("question_refused", key)
    for (whose, dispatch_id, recipient_id, _), (place, aside) in state.asides.items():
        if agency_id in (None, whose):
            first = recipient_id or _first_seen(state, whose, dispatch_id)
            rank, one = concern("set_aside", (dispatch_id, first), place)
            yield rank, replace(one, aside=aside)


def _refused_questions(state: State, key: tuple[str, str]) -> Iterator[datetime]:
    for event in state.dispatches[key[0]].events:
        if event.recipient_id == key[1] and event.kind == QUESTION_REFUSED:
            yield event.at


def _refused_request(state: State, key: tuple[str, str]) -> bool:
    """Tells whether the recipient refused what this request asks: that is a concern of the document."""
    request = state.dispatches[key[0]]
    entry = request.kept.entry
    return (
        entry.kind in REQUESTS
        and request.deliveries[key[1]].state == "refused"
        and any(
            at >= entry.accepted_at
            for document in request.about
            for at in _refused_questions(state, (document, key[1]))
        )
    )


def _first_seen(state: State, agency_id: str, dispatch_id: str) -> str:
    dispatched = state.dispatches[dispatch_id]
    viewer = None if dispatched.sender_id == agency_id else agency_id
    return next(name for name in dispatched.deliveries if dispatched.sees(viewer, name))


def _tally(
    state: State,
    key: tuple[str, str, int, int],
    counted: list[tuple[Entry, Delivery]],
    at: datetime,
) -> Tally:
    period, agency_id, priority, kind = key
    states = Counter(delivery.state for _, delivery in counted)
    punctual = Counter(_punctual(state, entry, delivery, at) for entry, delivery in counted)
    return Tally(
        key=TallyKey(period=period, agency_id=agency_id, priority=priority, kind=kind),
        dispatches=len({entry.dispatch_id for entry, _ in counted}),
        deliveries=len(counted),
        states=dict(states),
        on_time=sum(states[one] for one in ANSWERED),
        late=states["expired"],
        done_on_time=punctual[True],
        done_late=punctual[False],
    )


def _punctual(state: State, entry: Entry, delivery: Delivery, at: datetime) -> bool | None:
    """Tells whether a delivery was done by its DueDate; None where there is nothing to tell yet, or ever."""
    if not entry.due_date or delivery.state in ENDED_OTHERWISE:
        return None
    if delivery.state != "done":
        return False if entry.due_date < day_of(at) else None
    told = [
        event.at
        for event in state.dispatches[entry.dispatch_id].events
        if event.recipient_id == delivery.recipient_id and event.status_code == DONE_STATUS
    ]
    return day_of(min(told, default=delivery.updated_at)) <= entry.due_date
