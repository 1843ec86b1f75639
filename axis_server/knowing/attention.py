"""What needs attention: what nobody may forget, the most urgent first.

An agency sees its own. The operator sees that it is there, of all agencies: identifiers, times and states,
and nothing that a document or a clerk says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from axis_server.addressing.directory import DirectoryView
from axis_server.caller import Caller, Role, admit_actor, admit_overseer
from axis_server.errors import Declined, Detail
from axis_server.knowing.events import Side, side_of
from axis_server.limits.turns import Turns
from axis_server.reasons import Code
from storage.errors import NotFound
from storage.ledger.base import Oversight
from storage.ledger.oversight import Concern, Concerns
from storage.ledger.pages import concern_bytes, page

SOON_HOURS = 24
SOON_HOURS_MOST = 24 * 366
PAST_DAYS = 30
PAST_DAYS_MOST = 366
SHOWN = 100
SHOWN_MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How far an overseer looks. 0 means the usual; what is more than the most is the most."""

    soon_hours: int = 0
    """How near a deadline is near."""
    past_days: int = 0
    """How far back endings are looked for."""
    shown: int = 0
    """How many concerns are shown, as far as they fit on a page; all are counted."""

    def __post_init__(self) -> None:
        """Raises `Declined` (INVALID_ARGUMENT) for a negative number."""
        if min(self.soon_hours, self.past_days, self.shown) < 0:
            raise Declined(
                Code.INVALID_ARGUMENT,
                Detail("hours, days and numbers are not negative", "số giờ, số ngày, số lượng không được âm"),
            )

    async def look(self, ledger: Oversight, agency_id: str | None, at: datetime) -> Concerns:
        """Returns what an agency has to look after at a time; None means all agencies."""
        found = await ledger.concerns(
            agency_id,
            soon=at + timedelta(hours=min(self.soon_hours or SOON_HOURS, SOON_HOURS_MOST)),
            since=at - timedelta(days=min(self.past_days or PAST_DAYS, PAST_DAYS_MOST)),
            limit=min(self.shown or SHOWN, SHOWN_MOST),
        )
        shown = page(enumerate(found.items), concern_bytes, after=0, limit=len(found.items))
        return replace(found, items=shown.items)


class Attention:
    """Says what an agency, or the operator, has to look after."""

    def __init__(
        self,
        *,
        ledger: Oversight,
        directory: Callable[[], DirectoryView],
        clock: Callable[[], datetime],
        turns: Turns,
    ) -> None:
        """`turns` are the places of all who look over much at once."""
        self._ledger = ledger
        self._directory = directory
        self._clock = clock
        self._turns = turns

    async def concerns(self, caller: Caller, window: Window) -> Concerns:
        """Returns what needs the caller's attention. Raises `Declined`."""
        admit_overseer(caller)
        async with self._turns.of(caller.actor_id):
            if caller.role is Role.OPERATOR:
                return bare(await window.look(self._ledger, None, self._clock()))
            return await window.look(self._ledger, caller.agency_id, self._clock())

    async def acknowledge(self, caller: Caller, dispatch_id: str, recipient: str) -> None:
        """Notes that the caller's agency, which sent or receives it, has seen how a delivery stands; what
        happens later needs attention anew. `recipient` is any identifier of the recipient. Raises `Declined`:
        NOT_FOUND, also for what is not the caller's."""
        admit_actor(caller)
        recipient_id = self._directory().canonical(recipient)
        try:
            await self._ledger.acknowledge(caller.agency_id, dispatch_id, recipient_id)
        except NotFound as absent:
            raise Declined(Code.NOT_FOUND) from absent


def side_of_concern(concern: Concern, caller: Caller) -> Side | None:
    """Says on which side of a concern the caller's agency stands; the operator stands on none."""
    if caller.role is Role.OPERATOR:
        return None
    return side_of(concern.entry.sender_id, caller.agency_id)


def bare(concerns: Concerns) -> Concerns:
    """Leaves identifiers, times and states: no subject, no number (which DocumentIds and names of files hold
    too), no reason."""
    return replace(concerns, items=tuple(map(_bare, concerns.items)))


def _bare(concern: Concern) -> Concern:
    delivery = concern.delivery
    question = replace(delivery.question, reason="") if delivery.question is not None else None
    return replace(
        concern,
        entry=replace(
            concern.entry,
            document_id="",
            code_number="",
            code_notation="",
            subject="",
            parts=(),
            warnings=(),
        ),
        delivery=replace(delivery, reason="", question=question),
        aside=replace(concern.aside, reason="") if concern.aside is not None else None,
    )
