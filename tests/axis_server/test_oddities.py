"""Deadlines that are hardly meant: each is said once, and what is usual says nothing."""

from __future__ import annotations

import pytest

from axis_server.operation.oddities import oddities
from axis_server.settings import DeadlineSettings


def test_the_defaults_are_not_odd() -> None:
    assert oddities(DeadlineSettings()) == ()


def test_the_same_time_for_all_is_not_odd() -> None:
    alike = (24.0,) * 5
    assert oddities(DeadlineSettings(handover_hours=alike, answer_hours=alike)) == ()


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"handover_hours": (24, 25, 8, 2, 2)}, "priority 1 has 25 hours, and priority 0"),
        ({"answer_hours": (120, 48, 24, 8, 9)}, "priority 4 has 9 hours, and priority 3"),
        ({"answer_hours": (71, 48, 24, 8, 8)}, "priority 0 is to be answered after 71 hours"),
        ({"handover_hours": (72, 24, 8, 2, 0.4)}, "0.4 hours are over"),
        ({"answer_hours": (1441, 48, 24, 8, 8)}, "1441 hours are 60 days"),
        ({"question_hours": 2000}, "`deadlines.question_hours`: 2000 hours are 83 days"),
        ({"ask_again_hours": 0.01}, "`deadlines.ask_again_hours`: 0.01 hours are over"),
    ],
)
def test_an_oddity_is_told_with_its_setting(odd: dict[str, object], told: str) -> None:
    (sentence,) = oddities(DeadlineSettings(**odd))  # type: ignore[arg-type]
    assert told in sentence
    assert sentence.startswith(f"`deadlines.{next(iter(odd))}`")
