"""Until when a document must be taken and answered."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis_server.delivering.deadlines import DeadlinePolicy, Terms

POLICY = DeadlinePolicy(
    handover_hours=(72, 24, 8, 2, 2), answer_hours=(120, 48, 24, 8, 8), question_hours=120, ask_again_hours=24
)
NOON = datetime(2026, 3, 2, 5, tzinfo=UTC)
"""Monday 2 March 2026, 12:00 in Viet Nam."""


def hours(handover: float, answer: float) -> Terms:
    return Terms(handover_by=NOON + timedelta(hours=handover), answer_by=NOON + timedelta(hours=answer))


@pytest.mark.parametrize(
    ("priority", "expected"),
    [
        (0, hours(72, 120)),
        (1, hours(24, 48)),
        (2, hours(8, 24)),
        (3, hours(2, 8)),
        (4, hours(2, 8)),
        (9, hours(72, 120)),
        (-1, hours(72, 120)),
    ],
)
def test_each_priority_has_its_own_hours_and_an_unknown_one_those_of_normal(
    priority: int, expected: Terms
) -> None:
    assert POLICY.terms(priority=priority, due=None, at=NOON) == expected


def test_a_due_date_cuts_the_answer_at_the_end_of_its_day_in_viet_nam() -> None:
    terms = POLICY.terms(priority=0, due=date(2026, 3, 4), at=NOON)
    assert terms.answer_by == datetime(2026, 3, 4, 17, tzinfo=UTC)
    assert terms.handover_by == terms.answer_by, "the hand-over is never due after the answer"


def test_what_is_due_today_can_still_be_answered_today() -> None:
    assert POLICY.terms(priority=0, due=date(2026, 3, 2), at=NOON) == hours(12, 12)


def test_what_is_sent_in_the_last_second_of_its_day_does_not_expire_at_once() -> None:
    late = datetime(2026, 3, 2, 16, 59, 59, tzinfo=UTC)
    terms = POLICY.terms(priority=0, due=date(2026, 3, 2), at=late)
    assert terms.handover_by == terms.answer_by == late + timedelta(hours=2)


@pytest.mark.parametrize("due", [date(2026, 3, 1), date(1, 1, 1), date(2026, 3, 31), date.max])
def test_a_due_date_that_has_passed_or_lies_far_ahead_changes_nothing(due: date) -> None:
    assert POLICY.terms(priority=0, due=due, at=NOON) == hours(72, 120)


@given(
    st.integers(0, 4),
    st.none() | st.dates(),
    st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9000, 1, 1), timezones=st.just(UTC)),
)
def test_both_deadlines_lie_ahead_and_the_hand_over_comes_first(
    priority: int, due: date | None, at: datetime
) -> None:
    terms = POLICY.terms(priority=priority, due=due, at=at)
    assert at < terms.handover_by <= terms.answer_by


def test_a_question_of_a_status_13_has_its_own_time() -> None:
    assert POLICY.question_until(NOON) == NOON + timedelta(hours=120)


@pytest.mark.parametrize(
    "wrong",
    [
        {"handover_hours": (1, 1, 1, 1)},
        {"answer_hours": (1, 1, 1, 1, 0)},
        {"question_hours": -1},
        {"ask_again_hours": 0},
    ],
)
def test_a_policy_that_names_no_time_for_a_priority_is_no_policy(wrong: dict[str, object]) -> None:
    whole: dict[str, object] = {
        "handover_hours": (1, 1, 1, 1, 1),
        "answer_hours": (1, 1, 1, 1, 1),
        "question_hours": 1,
        "ask_again_hours": 1,
    }
    with pytest.raises(ValueError, match=r"priorities|future"):
        DeadlinePolicy(**(whole | wrong))  # type: ignore[arg-type]
