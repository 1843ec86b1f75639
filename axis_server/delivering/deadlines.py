"""Until when a recipient must have taken a document and answered it. Pure.

policy = DeadlinePolicy(handover_hours=(72, 24, 8, 2, 2), answer_hours=(...), question_hours=120,
                        ask_again_hours=24)
policy.terms(priority=1, due=date(2026, 3, 20), at=now)  # Terms(handover_by=..., answer_by=...)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from edxml.codes import PRIORITY
from signing.spelling import VIETNAM


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The deadlines of a delivery, fixed when the axis accepts the dispatch."""

    handover_by: datetime
    answer_by: datetime
    """Never earlier than `handover_by`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinePolicy:
    """How long each priority may take, as the operator set it."""

    handover_hours: tuple[float, ...]
    """By priority, from 0: from acceptance by the axis to the hand-over."""
    answer_hours: tuple[float, ...]
    """By priority, from 0: from acceptance by the axis to the answer."""
    question_hours: float
    """How long a question that a status 13 asks stays open."""
    ask_again_hours: float
    """How long a recipient that answered 16 is not asked again about that delivery, unless it moved it on."""

    def __post_init__(self) -> None:
        if not len(self.handover_hours) == len(self.answer_hours) == len(PRIORITY):
            raise ValueError(f"there are {len(PRIORITY)} priorities")
        if min(*self.handover_hours, *self.answer_hours, self.question_hours, self.ask_again_hours) <= 0:
            raise ValueError("a deadline lies in the future")

    def terms(self, *, priority: int, due: date | None, at: datetime) -> Terms:
        """Returns the deadlines of what is accepted at `at`.

        The document's due date, to the end of that day in Viet Nam, cuts the answer short if it lies ahead,
        but leaves as long as the most urgent has to be handed over: nobody is sent what expires at once. One
        that has passed changes nothing. The hand-over is never due later than the answer. A priority that
        does not exist counts as normal.
        """
        rank = priority if 0 <= priority < len(self.answer_hours) else 0
        answer_by = at + timedelta(hours=self.answer_hours[rank])
        if due is not None and at < (end := _end_of(due)):
            answer_by = min(answer_by, max(end, at + timedelta(hours=min(self.handover_hours))))
        handover_by = min(at + timedelta(hours=self.handover_hours[rank]), answer_by)
        return Terms(handover_by=handover_by, answer_by=answer_by)

    def question_until(self, at: datetime) -> datetime:
        """Returns when a question lapses that a status 13 asks at `at`."""
        return at + timedelta(hours=self.question_hours)

    @property
    def ask_again(self) -> timedelta:
        return timedelta(hours=self.ask_again_hours)


def _end_of(day: date) -> datetime:
    """The first moment of the next day, in UTC; of the last day that there is, its last moment."""
    last = datetime.combine(day, time.max, VIETNAM)
    return (last if day == date.max else last + timedelta(microseconds=1)).astimezone(UTC)
