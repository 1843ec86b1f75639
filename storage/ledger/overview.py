"""What taking, looking after and counting mean, the same for every ledger."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta, timezone

from storage.ledger.oversight import Aside, Lease
from storage.ledger.wellformed import SIZE_MOST, check_page, check_text, check_times

WAITING = frozenset({"consigned", "fetched"})
"""States in which a delivery can be in hand."""

VIETNAM = timezone(timedelta(hours=7))
"""Days are counted where the agencies are."""
REQUESTS = frozenset({1, 2})
"""Kinds of dispatches that ask about a document and are none themselves; in the SQL too."""
DIMENSIONS = frozenset({"day", "month", "agency", "sender", "priority", "kind"})
KEYS_MOST = 10_000
ANSWERED = ("accepted", "refused", "in_process", "done")
"""States of deliveries that were accepted or refused."""
ENDED_OTHERWISE = ("refused", "expired", "taken_back")
"""States of deliveries that will never be done."""
DONE_STATUS = "06"
"""By which a recipient says that it is done."""
QUESTION_REFUSED = "QuestionRefused"
"""Kind of the event that a refusal to give a document back leaves."""


def day_of(at: datetime) -> str:
    """Returns the day of a time as `yyyy-MM-dd`."""
    return at.astimezone(VIETNAM).date().isoformat()


def check_take(token: str, at: datetime, until: datetime, states: Collection[str], limit: int) -> None:
    """Raises `ValueError` when nothing could be taken as asked."""
    check_page(0, limit)
    check_times([at, until])
    check_text([token])
    if not token or until <= at:
        raise ValueError("a lease has a token, and lasts")
    if not WAITING.issuperset(states):
        raise ValueError("what does not wait cannot be taken")


def check_lease(lease: Lease) -> None:
    """Raises `ValueError` when a lease could not be true as given."""
    check_times([lease.until])


def check_aside(aside: Aside) -> None:
    """Raises `ValueError` when an aside could not be true as given."""
    check_times([aside.at])
    check_text([aside.reason, aside.by])
    if not 0 <= aside.sequence <= SIZE_MOST:
        raise ValueError("an event is counted from 1, the delivery itself is 0")
    if not aside.sequence and not aside.recipient_id:
        raise ValueError("a delivery or an event is set aside")


def check_concerns(soon: datetime, since: datetime, limit: int) -> None:
    """Raises `ValueError` when there is nothing to look for as asked."""
    check_page(0, limit)
    check_times([soon, since])


def check_tally(since: datetime, until: datetime, at: datetime, by: Collection[str]) -> None:
    """Raises `ValueError` when nothing could be counted as asked."""
    check_times([since, until, at])
    if not DIMENSIONS.issuperset(by):
        raise ValueError("there is no such dimension to count by")
    if {"day", "month"}.issubset(by) or {"agency", "sender"}.issubset(by):
        raise ValueError("two of these dimensions say the same")


def check_keys(count: int) -> None:
    """Raises `ValueError` for more keys than are counted at once."""
    if count > KEYS_MOST:
        raise ValueError(f"more than {KEYS_MOST} keys: count a shorter time, or by less")
