"""The nouns of following along: events, what is in hand, what needs attention, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from axis_client.model.deliveries import Delivery, Dispatch, Event, InboxItem, State


class Side(StrEnum):
    """On which side of a dispatch the caller stands."""

    SENT = "sent"
    RECEIVED = "received"
    ANY = "any"


class Why(StrEnum):
    """Why something needs attention."""

    DUE_SOON = "due_soon"
    QUESTION_OPEN = "question_open"
    SET_ASIDE = "set_aside"
    REFUSED = "refused"
    EXPIRED = "expired"
    QUESTION_REFUSED = "question_refused"
    UNKNOWN = "unknown"
    """A reason that this version does not know."""


class Dimension(StrEnum):
    """What statistics are split by."""

    DAY = "day"
    MONTH = "month"
    AGENCY = "agency"
    PRIORITY = "priority"
    KIND = "kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an event is about."""

    sender_id: str
    sender_name: str
    document_id: str
    kind: int
    code_number: str
    code_notation: str
    subject: str
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are wanted; what is empty filters nothing."""

    kinds: tuple[str, ...] = ()
    dispatch_id: str = ""
    min_priority: int = 0
    side: Side = Side.ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    """One event of the agency's stream. (`event.dispatch_id`, `event.sequence`) names it for ever."""

    cursor: str
    """Keep it once the event is processed, and pass it as `after`."""
    event: Event
    about: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Everything up to this cursor was given or filtered out."""

    cursor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Something that a system of the agency could not process."""

    dispatch_id: str
    recipient_id: str
    sequence: int
    """The event; 0 for the delivery itself."""
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A delivery that this system has in hand: no other one of the agency is given it meanwhile."""

    item: InboxItem
    lease_token: str
    until: datetime
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something that somebody has to look after."""

    why: Why
    about: Subject
    delivery: Delivery
    side: Side
    aside: Aside | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What needs attention, the most urgent first."""

    concerns: tuple[Concern, ...]
    counts: Mapping[Why, int]
    """All there are, also those that were not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many there are of one key; a part of the key that was not asked for is empty or None."""

    period: str
    agency_id: str
    priority: int | None
    kind: int | None
    dispatches: int
    deliveries: int
    states: Mapping[State, int]
    on_time: int
    late: int
    done_on_time: int
    done_late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Counts of a span of days."""

    side: Side
    first: date
    last: date
    tallies: tuple[Tally, ...]
    counted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found before sending."""

    code: str
    message: str
    message_vi: str
    hint: str
    hint_vi: str
    detail: str
    detail_vi: str
    """In English where the axis has no Vietnamese for it."""
    facts: Mapping[str, str]
    retryable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the axis would say to a package. Nothing was kept."""

    refusal: Finding | None
    """Why it would be refused; None when it would be accepted."""
    warnings: tuple[Finding, ...]
    dispatch: Dispatch | None
    recipient_ids: tuple[str, ...]
    """The first 1000."""
    recipient_count: int
    already_accepted: bool
    handover_by: datetime | None
    answer_by: datetime | None
