"""What authorities answered about revocation, over every ledger that keeps it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.errors import NotFound
from storage.ledger.answers import SUPERSEDED, Answer, Answered
from storage.ledger.memory import MemoryLedger
from storage.ledger.sqlite import SqliteLedger
from tests.storage.records import accepted, at

Ledger = MemoryLedger | SqliteLedger
LIST, OTHER, WORD = (
    Answer(kind=kind, content=content)
    for kind, content in (
        ("crl", b"list"),
        ("crl", b"newer list"),
        ("ocsp", b"\x00good"),
    )
)


def of(place: str, answer: Answer, second: int) -> Answered:
    return Answered(place=place, answer=answer, asked_at=at(second))


async def test_the_last_answer_of_each_place_is_found_since_a_version(ledger: Ledger) -> None:
    assert await ledger.answered(after=0) == ()
    await ledger.keep_answer(of("a", LIST, 1))
    await ledger.keep_answer(of("b", WORD, 2))
    first = await ledger.answered(after=0)
    assert [(one.place, one.answer, one.asked_at) for one in first] == [
        ("a", LIST, at(1)),
        ("b", WORD, at(2)),
    ]
    await ledger.keep_answer(of("a", OTHER, 3))
    (newer,) = await ledger.answered(after=first[-1].version)
    assert (newer.place, newer.answer) == ("a", OTHER)
    await ledger.keep_answer(of("b", WORD, 4))
    (again,) = await ledger.answered(after=newer.version)
    assert (again.place, again.answer, again.asked_at) == ("b", WORD, at(4))


async def test_what_something_was_judged_by_outlives_its_successor(ledger: Ledger) -> None:
    await ledger.keep_answer(of("a", LIST, 1))
    await ledger.keep_answer(of("b", WORD, 1))
    await ledger.commit(accepted(1, judged_by=(LIST.sha256, LIST.sha256)))
    await ledger.commit(accepted(2))
    await ledger.note_judged("dispatch-1", [WORD.sha256, LIST.sha256])
    newer = of("a", OTHER, 2)
    await ledger.keep_answer(newer)
    late = at(2) + SUPERSEDED + timedelta(seconds=1)
    await ledger.keep_answer(Answered(place="c", answer=WORD, asked_at=late))
    assert await ledger.judged_by("dispatch-1") == (LIST, WORD)
    assert await ledger.judged_by("dispatch-2") == ()
    assert await ledger.judged_by("dispatch-9") == ()
    with pytest.raises(NotFound):
        await ledger.note_judged("dispatch-9", [WORD.sha256])


async def test_what_nothing_was_judged_by_is_dropped_a_day_after_its_successor(ledger: Ledger) -> None:
    await ledger.keep_answer(of("a", LIST, 1))
    await ledger.keep_answer(of("a", OTHER, 2))
    await ledger.commit(accepted(1))
    await ledger.note_judged("dispatch-1", [LIST.sha256])  # judged a moment before it was superseded
    await ledger.commit(accepted(2))
    late = at(2) + SUPERSEDED + timedelta(seconds=1)
    await ledger.keep_answer(Answered(place="a", answer=WORD, asked_at=late))
    await ledger.keep_answer(
        Answered(place="b", answer=WORD, asked_at=late + SUPERSEDED + timedelta(seconds=1))
    )
    await ledger.note_judged("dispatch-2", [LIST.sha256, OTHER.sha256])
    assert await ledger.judged_by("dispatch-2") == (LIST,)


async def test_an_answer_that_comes_back_is_kept(ledger: Ledger) -> None:
    for second, answer in enumerate((LIST, OTHER, LIST)):
        await ledger.keep_answer(of("a", answer, second))
    late = at(2) + SUPERSEDED + timedelta(seconds=1)
    await ledger.keep_answer(Answered(place="b", answer=WORD, asked_at=late))
    assert [one.answer for one in await ledger.answered(after=0)] == [LIST, WORD]


@pytest.mark.parametrize(
    "strange", [of("", LIST, 1), of("a" * 4000, LIST, 1), of("a", Answer(kind="x", content=b""), 1)]
)
async def test_what_is_no_answer_of_a_place_is_refused(ledger: Ledger, strange: Answered) -> None:
    with pytest.raises(ValueError):
        await ledger.keep_answer(strange)
