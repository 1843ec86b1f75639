"""A sentence and a next step, in English and in Vietnamese."""

from __future__ import annotations

from signing.verdict import Sentence


def says(english: str, vietnamese: str, next_step: str, next_step_vietnamese: str) -> Sentence:
    """Says something in both languages, with a next step in both."""
    return Sentence(
        english=english,
        vietnamese=vietnamese,
        next_step=next_step,
        next_step_vietnamese=next_step_vietnamese,
    )
