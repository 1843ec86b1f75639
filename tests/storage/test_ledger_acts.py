"""Moves of several deliveries in one act, and what is due, over every backend."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from storage.errors import Conflict, NotFound, StatementTaken
from storage.ledger.base import Ledger
from storage.ledger.records import Move, Moved
from tests.storage import whole
from tests.storage.records import (
    HANDOVER_BY,
    RECIPIENTS,
    accepted,
    asking,
    at,
    evidence,
    move,
    recipients,
    statement,
)

FIRST, SECOND, _ = RECIPIENTS


def act(*numbers: int, stated: int = 1, **changes: object) -> list[Move]:
    """One statement, kept under dispatch `stated`, that moves the first recipient's delivery of several
    dispatches."""
    issued = {number: evidence(number, "act", recipient_id=FIRST) for number in numbers}
    return [
        move(number, **{"statement": statement(stated), "evidence": (issued[number],)} | changes)
        for number in numbers
    ]


async def kept(ledger: Ledger, *numbers: int) -> None:
    for number in numbers:
        await ledger.commit(accepted(number))


async def standing(ledger: Ledger, *numbers: int) -> list[tuple[str, int]]:
    found = [await ledger.delivery(f"dispatch-{number}", FIRST) for number in numbers]
    return [(one.state, one.version) for one in found]


async def test_one_statement_moves_deliveries_of_several_dispatches_and_is_kept_once(ledger: Ledger) -> None:
    await kept(ledger, 1, 2)
    moves = act(2, 1, stated=1)
    moved = await ledger.advance(moves)
    assert moved == Moved(delivery=await ledger.delivery("dispatch-2", FIRST), evidence=moves[0].evidence)
    assert await standing(ledger, 1, 2) == [("accepted", 2), ("accepted", 2)]
    assert await whole.statements(ledger, "dispatch-1") == (statement(1),)
    assert await whole.statements(ledger, "dispatch-2") == ()
    for number, one in zip((2, 1), moves, strict=True):
        assert (await whole.evidence(ledger, f"dispatch-{number}"))[2:] == one.evidence
        assert len(await whole.history(ledger, f"dispatch-{number}")) == 3
    leaves = [leaf.content_id for leaf in (await whole.leaves(ledger))[4:]]
    assert leaves == [statement(1).statement_id, *(one.evidence[0].evidence_id for one in moves)]
    assert await ledger.moved(statement(1).statement_id) == moved


async def test_a_statement_may_be_kept_under_a_dispatch_that_does_not_move(ledger: Ledger) -> None:
    await kept(ledger, 1, 2)
    await ledger.advance(act(2, stated=1))
    assert await whole.statements(ledger, "dispatch-1") == (statement(1),)
    assert await standing(ledger, 1, 2) == [("consigned", 1), ("accepted", 2)]
    assert (await ledger.records("dispatch-1", viewer=SECOND, limit=9)).items == accepted(1).evidence


async def test_an_act_moves_all_or_none(ledger: Ledger) -> None:
    await kept(ledger, 1, 2, 3)
    await ledger.advance(act(2, stated=2))
    leaves = await whole.leaves(ledger)
    with pytest.raises(Conflict) as raised:
        await ledger.advance(act(1, 2, 3, stated=3))
    assert raised.value.current == await ledger.delivery("dispatch-2", FIRST)
    assert await standing(ledger, 1, 3) == [("consigned", 1), ("consigned", 1)]
    with pytest.raises(NotFound):
        await ledger.advance(act(1, 9, stated=3))
    with pytest.raises(NotFound):
        await ledger.advance(act(1, 3, stated=9))
    stranger = replace(act(3, stated=3)[0], evidence=(evidence(3, recipient_id="H99"),))
    with pytest.raises(ValueError, match="H99"):
        await ledger.advance([*act(1, stated=3), stranger])
    assert await standing(ledger, 1, 3) == [("consigned", 1), ("consigned", 1)]
    assert await whole.leaves(ledger) == leaves
    assert await whole.statements(ledger, "dispatch-3") == ()


async def test_the_first_delivery_that_stands_otherwise_is_told(ledger: Ledger) -> None:
    await kept(ledger, 1, 2)
    wrong = [replace(one, expected_version=7) for one in act(2, 1)]
    with pytest.raises(Conflict) as raised:
        await ledger.advance(wrong)
    assert raised.value.current.dispatch_id == "dispatch-2"


async def test_an_act_sent_again_changes_nothing(ledger: Ledger) -> None:
    await kept(ledger, 1, 2)
    first = await ledger.advance(act(1, 2))
    leaves = await whole.leaves(ledger)
    again = [replace(one, evidence=(evidence(n, "again"),)) for n, one in zip((1, 2), act(1, 2), strict=True)]
    assert await ledger.advance(again) == first
    assert await ledger.advance(again[:1]) == first
    assert await whole.leaves(ledger) == leaves
    assert await standing(ledger, 1, 2) == [("accepted", 2), ("accepted", 2)]


async def test_a_kept_statement_moves_on_what_it_has_not_moved(ledger: Ledger) -> None:
    await kept(ledger, 1, 2)
    await ledger.advance(act(1))
    second = await ledger.advance(act(2))
    assert second.evidence == (evidence(2, "act", recipient_id=FIRST),)
    assert await whole.statements(ledger, "dispatch-1") == (statement(1),)
    first = await ledger.moved(statement(1).statement_id)
    assert first is not None
    assert first.delivery.dispatch_id == "dispatch-1"


async def test_a_statement_moves_a_delivery_once(ledger: Ledger) -> None:
    await kept(ledger, 1, 2)
    await ledger.advance(act(1))
    again = [*act(2), *act(1, expected_version=2, evidence=(), state="moved again")]
    with pytest.raises(ValueError):
        await ledger.advance(again)
    assert await standing(ledger, 1, 2) == [("accepted", 2), ("consigned", 1)]
    assert (await ledger.moved(statement(1).statement_id)).delivery.dispatch_id == "dispatch-1"


async def test_a_statement_kept_under_another_dispatch_moves_nothing_in_an_act(ledger: Ledger) -> None:
    await kept(ledger, 1, 2)
    await ledger.advance(act(1))
    stolen = replace(statement(1), dispatch_id="dispatch-2")
    with pytest.raises(StatementTaken) as raised:
        await ledger.advance(act(2, 1, statement=stolen, expected_version=9))
    assert raised.value.dispatch_id == "dispatch-1"
    assert await standing(ledger, 2) == [("consigned", 1)]


async def test_an_act_of_the_axis_needs_no_statement(ledger: Ledger) -> None:
    await kept(ledger, 1, 2)
    await ledger.advance(act(1, 2, statement=None, state="expired"))
    assert await standing(ledger, 1, 2) == [("expired", 2), ("expired", 2)]


@pytest.mark.parametrize(
    "moves",
    [
        [],
        [*act(1), *act(1)],
        [*act(1), *act(2, statement=None)],
        [*act(1), *act(2, stated=2)],
        act(1, expected_version=0),
        act(1, expected_version=1 << 63),
        act(1, state="zero \0"),
        act(1, statement=replace(statement(1), recipient_id="")),
        act(1, statement=replace(statement(1), content=b"other")),
        act(1, at=at(0).replace(tzinfo=None)),
        act(1, due=at(0).replace(tzinfo=None)),
    ],
)
async def test_an_act_that_cannot_be_is_refused(ledger: Ledger, moves: list[Move]) -> None:
    await kept(ledger, 1, 2)
    with pytest.raises(ValueError):
        await ledger.advance(moves)
    assert await standing(ledger, 1, 2) == [("consigned", 1), ("consigned", 1)]


async def test_of_acts_that_overlap_one_wins_whole(ledger: Ledger) -> None:
    await kept(ledger, *range(6))
    acts = [
        [
            replace(one, state=f"by {n}", evidence=(), events=())
            for one in act(*order, statement=statement(1, salt=str(n)))
        ]
        for n, order in enumerate([(0, 1), (1, 0), (1, 2), (2, 0), (0, 1, 2), (3, 4), (4, 5), (5, 3)])
    ]
    answers = await asyncio.gather(*map(ledger.advance, acts), return_exceptions=True)
    won = [n for n, answer in enumerate(answers) if isinstance(answer, Moved)]
    assert all(isinstance(answer, Moved | Conflict) for answer in answers)
    moved = {one.dispatch_id: one.state for n in won for one in acts[n]}
    assert len(moved) == sum(len(acts[n]) for n in won)
    for number in range(6):
        stands = await ledger.delivery(f"dispatch-{number}", FIRST)
        assert stands.state == moved.get(f"dispatch-{number}", "consigned")
    assert len(await whole.statements(ledger, "dispatch-1")) == len(won) == 2


async def test_acts_that_wait_behind_a_commit_in_one_transaction_find_what_it_keeps(ledger: Ledger) -> None:
    answers = await asyncio.gather(
        *(ledger.commit(accepted(number)) for number in range(20)),
        *(ledger.advance(act(number)) for number in range(20)),
        *(ledger.commit(accepted(100 + n, asks=(asking(100 + n, n),))) for n in range(20)),
        ledger.advance([move(0, recipient_id=SECOND, expected_version=2, statement=None)]),
        return_exceptions=True,
    )
    assert [answer for answer in answers if isinstance(answer, BaseException)] == []
    for number in range(20):
        events = [event.recipient_id for event in await whole.history(ledger, f"dispatch-{number}")]
        assert events[:5] == ["", "", FIRST, SECOND, RECIPIENTS[2]]
        seen = (await ledger.history(f"dispatch-{number}", viewer=SECOND, limit=9)).items
        streamed = [
            item.event
            for item in await whole.stream(ledger, SECOND)
            if item.event.dispatch_id == f"dispatch-{number}"
        ]
        assert streamed == list(seen)
        assert [event.sequence for event in seen] == list(range(1, len(seen) + 1))


# What is due.


async def test_what_is_due_comes_the_earliest_first(ledger: Ledger) -> None:
    for number, seconds in enumerate((30, 10, 20, 40)):
        await ledger.commit(
            accepted(number, recipients=recipients("A", "B"), handover_by=at(seconds), answer_by=at(99))
        )
    found = await ledger.due(at=at(30), limit=100)
    assert [(one.dispatch_id, one.recipient_id) for one in found] == [
        (f"dispatch-{number}", name) for number in (1, 2, 0) for name in "AB"
    ]
    assert await ledger.due(at=at(30), limit=3) == found[:3]
    assert await ledger.due(at=at(9), limit=100) == ()
    assert await ledger.due(at=at(99), limit=0) == ()
    assert found[0] == await ledger.delivery("dispatch-1", "A")


async def test_what_is_due_is_taken_in_turn_by_sender(ledger: Ledger) -> None:
    of_one = recipients(*(f"A{n}" for n in range(6)))
    await ledger.commit(accepted(0, recipients=of_one, handover_by=at(10), answer_by=at(99)))
    for number, sender, seconds in ((1, "H02", 20), (2, "H03", 15), (3, "H02", 30), (4, "H04", 50)):
        new = accepted(number, recipients=recipients("Z"), handover_by=at(seconds), answer_by=at(99))
        await ledger.commit(replace(new, entry=replace(new.entry, sender_id=sender)))
    found = await ledger.due(at=at(40), limit=100)
    assert [(one.dispatch_id[-1], one.recipient_id) for one in found] == [
        *(("0", "A0"), ("2", "Z"), ("1", "Z")),
        *(("0", "A1"), ("3", "Z")),
        *(("0", f"A{n}") for n in range(2, 6)),
    ]
    for limit in (1, 2, 3, 4, 7):
        assert await ledger.due(at=at(40), limit=limit) == found[:limit]


async def test_what_awaits_nothing_is_never_due(ledger: Ledger) -> None:
    await kept(ledger, 1)
    await ledger.advance([move(1, statement=None, due=at(500), state="handed_over")])
    await ledger.advance([move(1, recipient_id=SECOND, statement=None, evidence=(), events=())])
    waiting = await ledger.due(at=HANDOVER_BY, limit=9)
    assert [(one.recipient_id, one.due) for one in waiting] == [
        (FIRST, at(500)),
        (RECIPIENTS[2], HANDOVER_BY),
    ]


async def test_a_question_makes_a_delivery_due_until_it_is_answered(ledger: Ledger) -> None:
    await kept(ledger, 1)
    ended = move(1, statement=None)
    await ledger.advance([ended])
    ask = asking(2, 1, FIRST, states=frozenset({"accepted"}))
    await ledger.commit(accepted(2, recipients=recipients("Z"), asks=(ask,)))
    (waiting,) = [one for one in await ledger.due(at=HANDOVER_BY, limit=9) if one.recipient_id == FIRST]
    assert (waiting.due, waiting.state) == (ask.question.until, "accepted")
    await ledger.advance([move(1, expected_version=3, statement=None, evidence=(), events=())])
    assert FIRST not in [one.recipient_id for one in await ledger.due(at=HANDOVER_BY, limit=9)]
