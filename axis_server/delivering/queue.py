"""Several systems of one agency share one mailbox: each takes what no other one has in hand.

    for leased in await queue.take(caller, most=10, seconds=300):
        ...                                            # fetch, process, report 01
        await queue.extend(caller, held, 300)          # it takes longer
        await queue.release(caller, held)              # not now: another one may
        await queue.park(caller, held, "no such case") # never: a person has to look at it

A lease that runs out gives the delivery back by itself, so a system that dies holds nothing up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from axis_server.addressing.directory import DirectoryView
from axis_server.caller import Caller, admit_actor, admit_reader
from axis_server.documents.contents import bounded
from axis_server.errors import Declined, Detail
from axis_server.knowing.records import standing_of
from axis_server.lifecycle import State
from axis_server.paging import page_items
from axis_server.reasons import Code
from storage.errors import AsidesFull, LeaseLost, NotFound
from storage.ledger.base import Ledger
from storage.ledger.oversight import ASIDES_MOST, Aside, Lease, Leased
from storage.ledger.pages import Page

WAITING = frozenset({State.CONSIGNED, State.FETCHED})
"""What is to be handed over yet."""
TAKEN_MOST = 100
LEASE_SECONDS = 300
"""Of a lease whose taker names no time."""
LEASE_SECONDS_MOST = 3600
PARKING_SECONDS = 60
"""How long what is being set aside stays in hand, so that nobody else takes it meanwhile."""
REASON_BYTES = 1000
SEQUENCE_MOST = (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A delivery that a caller says it has in hand."""

    dispatch_id: str
    recipient_id: str
    token: str


class Queue:
    """Hands deliveries to the systems of their mailbox, and keeps what they set aside."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        directory: Callable[[], DirectoryView],
        clock: Callable[[], datetime],
        new_token: Callable[[], str],
        asides_most: int = ASIDES_MOST,
    ) -> None:
        """`new_token` gives a text that was never given before and that nobody can guess."""
        self._ledger = ledger
        self._directory = directory
        self._clock = clock
        self._new_token = new_token
        self._asides_most = asides_most

    async def take(self, caller: Caller, *, most: int, seconds: int) -> tuple[Leased, ...]:
        """Takes up to `most` deliveries in hand for `seconds`, the most urgent first; 0 means 1 of them and
        `LEASE_SECONDS`, and there is a most of both. Raises `Declined`."""
        admit_actor(caller)
        at = self._clock()
        return await self._ledger.take(
            caller.agency_id,
            holder=caller.certificate.sha256,
            token=self._new_token(),
            at=at,
            until=at + _length(seconds or LEASE_SECONDS),
            states=WAITING,
            limit=min(most or 1, TAKEN_MOST),
        )

    async def extend(self, caller: Caller, held: Held, seconds: int) -> datetime:
        """Keeps a delivery in hand for `seconds` from now, and returns until when. Raises `Declined`:
        LEASE_LOST."""
        admit_actor(caller)
        return await self._hold(caller, held, _length(seconds))

    async def release(self, caller: Caller, held: Held) -> None:
        """Gives a delivery back: another one may take it at once. Raises `Declined`: LEASE_LOST."""
        admit_actor(caller)
        try:
            await self._ledger.release(caller.agency_id, held.dispatch_id, held.recipient_id, held.token)
        except LeaseLost as lost:
            raise Declined(Code.LEASE_LOST) from lost

    async def park(self, caller: Caller, held: Held, reason: str) -> None:
        """Sets a delivery aside that is in hand: nobody takes it until it is taken up. Raises `Declined`:
        LEASE_LOST, TOO_MANY_ASIDES, REASON_REQUIRED, FIELD_TOO_LONG."""
        admit_actor(caller)
        _checked(reason)
        await self._hold(caller, held, timedelta(seconds=PARKING_SECONDS))
        await self.set_aside(
            caller, dispatch_id=held.dispatch_id, recipient_id=held.recipient_id, sequence=0, reason=reason
        )

    async def set_aside(
        self, caller: Caller, *, dispatch_id: str, recipient_id: str, sequence: int, reason: str
    ) -> None:
        """Sets a delivery (`sequence` 0) or an event aside; the first reason stands. `recipient_id` is any
        identifier of the recipient; whom an event is about the event says, whatever is given.

        Raises `Declined`: NOT_FOUND, also for what is not the caller's; TOO_MANY_ASIDES, REASON_REQUIRED,
        FIELD_TOO_LONG.
        """
        admit_actor(caller)
        if not sequence and not recipient_id:
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail(
                    "name a delivery or an event",
                    "phải nêu nơi nhận (--recipient) hoặc số thứ tự của việc (--sequence)",
                ),
            )
        if sequence:
            recipient_id = await self._about(caller, dispatch_id, _sequence(sequence))
        else:
            recipient_id = self._directory().canonical(recipient_id)
        aside = Aside(
            dispatch_id=dispatch_id,
            recipient_id=recipient_id,
            sequence=_sequence(sequence),
            reason=_checked(reason),
            at=self._clock(),
            by=caller.certificate.sha256,
        )
        try:
            await self._ledger.set_aside(caller.agency_id, aside, most=self._asides_most)
        except NotFound as absent:
            raise Declined(Code.NOT_FOUND) from absent
        except AsidesFull as full:
            most = str(self._asides_most)
            raise Declined(
                Code.TOO_MANY_ASIDES,
                Detail(f"{most} are set aside", f"đang để riêng {most} mục"),
                facts={"count": most},
            ) from full

    async def _about(self, caller: Caller, dispatch_id: str, sequence: int) -> str:
        """The recipient that an event is about; empty when it is about all. Raises `Declined`: NOT_FOUND."""
        sees = (await standing_of(self._ledger, caller, dispatch_id)).sees
        found = await self._ledger.history(dispatch_id, viewer=sees, after=sequence - 1, limit=1)
        if not found.items:
            raise Declined(Code.NOT_FOUND)
        return found.items[0].recipient_id

    async def asides(self, caller: Caller, after: int, limit: int) -> Page[Aside]:
        """Lists what the caller's agency set aside, in order of commit. Raises `Declined`."""
        admit_reader(caller)
        return await self._ledger.asides(caller.agency_id, after=after, limit=page_items(limit))

    async def take_up(self, caller: Caller, *, dispatch_id: str, recipient_id: str, sequence: int) -> None:
        """Forgets that something was set aside, where it is an event whomever that is about; a success when
        it was not. Raises `Declined`."""
        admit_actor(caller)
        about = self._directory().canonical(recipient_id)
        await self._ledger.take_up(caller.agency_id, dispatch_id, about, _sequence(sequence))

    async def _hold(self, caller: Caller, held: Held, length: timedelta) -> datetime:
        until = self._clock() + length
        lease = Lease(token=held.token, holder=caller.certificate.sha256, until=until, attempts=0)
        try:
            await self._ledger.extend(caller.agency_id, held.dispatch_id, held.recipient_id, lease)
        except LeaseLost as lost:
            raise Declined(Code.LEASE_LOST) from lost
        return until


def _length(seconds: int) -> timedelta:
    if seconds < 1:
        raise Declined(
            Code.INVALID_ARGUMENT, Detail("a lease lasts a second at least", "thời gian giữ ít nhất một giây")
        )
    return timedelta(seconds=min(seconds, LEASE_SECONDS_MOST))


def _checked(reason: str) -> str:
    if not reason.strip():
        raise Declined(
            Code.REASON_REQUIRED,
            Detail(
                "what is set aside needs a reason, for who looks at it",
                "gác lại phải nêu lý do cho người xem xét",
            ),
        )
    if "\0" in reason:
        raise Declined(
            Code.INVALID_ARGUMENT, Detail("a reason holds no U+0000", "lý do không được chứa ký tự U+0000")
        )
    return bounded(reason, "reason", REASON_BYTES)


def _sequence(number: int) -> int:
    if not 0 <= number <= SEQUENCE_MOST:
        raise Declined(
            Code.INVALID_ARGUMENT,
            Detail("`sequence` is out of range", "số thứ tự của việc nằm ngoài phạm vi"),
        )
    return number
