"""Deadlines that can be meant, and hardly are: said when the configuration is checked, refused never.

oddities(settings.deadlines)     # ("`deadlines.answer_hours`: priority 2 ...", ...)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from axis_server.settings import DeadlineSettings

SHORT_HOURS = 0.5
"""Less than this nobody can keep: a system that looks in every few minutes, and a clerk behind it."""
LONG_HOURS = 60 * 24.0
"""What takes longer than two months is a deadline that nobody waits for."""


def oddities(deadlines: DeadlineSettings) -> tuple[str, ...]:
    """Returns a sentence for each oddity, with the setting and what it does."""
    return (*_lengths(deadlines), *_orders(deadlines), *_pairs(deadlines))


def _lengths(deadlines: DeadlineSettings) -> Iterator[str]:
    for field, hours in (
        ("handover_hours", deadlines.handover_hours),
        ("answer_hours", deadlines.answer_hours),
        ("question_hours", (deadlines.question_hours,)),
        ("ask_again_hours", (deadlines.ask_again_hours,)),
    ):
        if min(hours) < SHORT_HOURS:
            yield (
                f"`deadlines.{field}`: {min(hours):g} hours are over before anybody can act; these are hours,"
                " not days."
            )
        if max(hours) > LONG_HOURS:
            yield (
                f"`deadlines.{field}`: {max(hours):g} hours are {max(hours) / 24:.0f} days, in which nobody"
                " is told that nothing happens; these are hours, not minutes."
            )


def _orders(deadlines: DeadlineSettings) -> Iterator[str]:
    """What is more urgent has no more time."""
    for field, hours in (
        ("handover_hours", deadlines.handover_hours),
        ("answer_hours", deadlines.answer_hours),
    ):
        for priority, (less, more) in enumerate(pairwise(hours), start=1):
            if more > less:
                yield (
                    f"`deadlines.{field}`: priority {priority} has {more:g} hours, and priority"
                    f" {priority - 1}, which is less urgent, {less:g}; the most urgent one comes last."
                )


def _pairs(deadlines: DeadlineSettings) -> Iterator[str]:
    for priority, (handover, answer) in enumerate(
        zip(deadlines.handover_hours, deadlines.answer_hours, strict=True)
    ):
        if answer < handover:
            yield (
                f"`deadlines.answer_hours`: priority {priority} is to be answered after {answer:g} hours and"
                f" handed over after {handover:g}; the hand-over is due with the answer then."
            )
