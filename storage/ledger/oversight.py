"""Nouns of keeping an eye on deliveries: who has one in hand, what went wrong, how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.ledger.records import Delivery, Entry, InboxItem

ASIDES_MOST = 10_000
"""What one agency may have set aside at a time: more than anybody looks at, and little to keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A delivery that one system of an agency has taken in hand for a while."""

    token: str
    holder: str
    """SHA-256 of the certificate of who took it."""
    until: datetime
    attempts: int
    """How often it was taken, this time included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """An inbox item in hand."""

    item: InboxItem
    lease: Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Something that an agency's system could not process and set aside, with a reason, to go on."""

    dispatch_id: str
    recipient_id: str
    """The delivery; empty when an event about the whole dispatch was set aside."""
    sequence: int
    """The event, as the agency counts those of the dispatch; 0 for the delivery itself."""
    reason: str
    at: datetime
    by: str
    """SHA-256 of the certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something that somebody has to look after."""

    why: str
    """`due_soon`, `question_open`, `set_aside`, `refused`, `expired`, `question_refused`."""
    entry: Entry
    """Without parts."""
    delivery: Delivery
    aside: Aside | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerns:
    """What needs attention: the most urgent first."""

    items: tuple[Concern, ...]
    """By priority, highest first, then by `due`, earliest first (none last), then by commit, then by
    `why`."""
    counts: dict[str, int]
    """All there are by `why`, also those that `items` has no room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyKey:
    """What deliveries are counted by; a field that was not asked for is empty (numbers: -1)."""

    period: str = ""
    """`yyyy-MM-dd` or `yyyy-MM` of the acceptance by the axis, in +07:00."""
    agency_id: str = ""
    """The recipient (a unit by itself), in what was sent or of all; the sender, in what was received."""
    priority: int = -1
    kind: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many there are of one key."""

    key: TallyKey
    dispatches: int
    deliveries: int
    states: dict[str, int]
    """Deliveries by state now; states without any are left out."""
    on_time: int
    """Deliveries that are accepted or refused (which is always by the deadline), or further."""
    late: int
    """Deliveries that ended because a deadline passed."""
    done_on_time: int
    """Done by the document's DueDate (by status 06, at the end of the day in +07:00); only documents that
    have one."""
    done_late: int
    """Done after it, or not yet though it has passed; what was refused, expired or taken back counts in
    neither."""
