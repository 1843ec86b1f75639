"""Moving deliveries, over every backend."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from storage.errors import Conflict, NotFound
from storage.ledger.base import Ledger
from storage.ledger.records import Delivery, Moved
from tests.storage import whole
from tests.storage.records import (
    ANSWER_BY,
    HANDOVER_BY,
    RECIPIENTS,
    accepted,
    at,
    evidence,
    move,
    statement,
)


async def test_a_move_leaves_state_statement_evidence_events_and_leaves_together(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    step = move(1, reason="đủ", due=at(99))
    moved = await ledger.advance([step])
    after = Delivery(
        dispatch_id="dispatch-1",
        recipient_id=RECIPIENTS[0],
        mailbox_id=RECIPIENTS[0],
        state="accepted",
        version=2,
        updated_at=step.at,
        handover_by=HANDOVER_BY,
        answer_by=ANSWER_BY,
        due=at(99),
        reason="đủ",
    )
    assert moved == Moved(delivery=after, evidence=step.evidence)
    assert await ledger.delivery("dispatch-1", RECIPIENTS[0]) == after
    assert [one.version for one in await whole.deliveries(ledger, "dispatch-1")] == [2, 1, 1]
    assert await whole.statements(ledger, "dispatch-1") == (step.statement,)
    assert await whole.evidence(ledger, "dispatch-1") == (*accepted(1).evidence, *step.evidence)
    assert (await ledger.kept("dispatch-1")).evidence == tuple(accepted(1).evidence)
    history = await whole.history(ledger, "dispatch-1")
    assert [event.sequence for event in history] == [1, 2, 3]
    assert history[2].statement_id == statement(1).statement_id
    assert {(leaf.kind, leaf.content_id) for leaf in (await whole.leaves(ledger))[2:]} == {
        ("statement", statement(1).statement_id),
        ("evidence", step.evidence[0].evidence_id),
    }


async def test_the_same_statement_again_gets_the_same_evidence_even_after_later_moves(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    first = await ledger.advance([move(1)])
    later_evidence = evidence(1, "later", recipient_id=RECIPIENTS[0])
    later = move(
        1,
        expected_version=2,
        state="processed",
        statement=statement(1, "06"),
        evidence=(later_evidence,),
        events=(),
    )
    await ledger.advance([later])
    leaves = await whole.leaves(ledger)
    again = await ledger.advance([move(1, evidence=(evidence(1, "second issue"),))])
    assert again.evidence == first.evidence
    assert (again.delivery.state, again.delivery.version) == ("processed", 3)
    assert await ledger.moved(statement(1).statement_id) == again
    assert (await ledger.moved(statement(1, "06").statement_id)).evidence == (later_evidence,)
    assert await whole.leaves(ledger) == leaves


async def test_a_statement_that_moved_nothing_is_unknown(ledger: Ledger) -> None:
    assert await ledger.moved(statement(1).statement_id) is None


async def test_exactly_one_of_many_moves_at_once_wins(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    moves = [
        move(
            1,
            state=f"state {number}",
            statement=statement(1, salt=str(number)),
            evidence=(evidence(1, "handover", salt=str(number)),),
        )
        for number in range(20)
    ]
    answers = await asyncio.gather(*(ledger.advance([one]) for one in moves), return_exceptions=True)
    winners = [answer for answer in answers if isinstance(answer, Moved)]
    losers = [answer for answer in answers if isinstance(answer, Conflict)]
    assert (len(winners), len(losers)) == (1, 19)
    assert {loser.current for loser in losers} == {winners[0].delivery}
    assert len(await whole.statements(ledger, "dispatch-1")) == 1
    assert len(await whole.evidence(ledger, "dispatch-1")) == 3
    assert len(await whole.history(ledger, "dispatch-1")) == 3


async def test_many_sendings_of_one_statement_at_once_get_one_answer(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    moves = [move(1, evidence=(evidence(1, "handover", salt=str(number)),)) for number in range(20)]
    answers = await asyncio.gather(*(ledger.advance([one]) for one in moves))
    assert len(set(answers)) == 1
    assert len(await whole.statements(ledger, "dispatch-1")) == 1


async def test_moves_of_several_recipients_at_once_all_win(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    moves = [
        move(
            1,
            recipient_id=recipient,
            statement=statement(1, agency_id=recipient),
            evidence=(evidence(1, "handover", recipient_id=recipient),),
        )
        for recipient in RECIPIENTS
    ]
    answers = await asyncio.gather(*(ledger.advance([one]) for one in moves))
    assert [answer.delivery.version for answer in answers] == [2, 2, 2]
    assert [event.sequence for event in await whole.history(ledger, "dispatch-1")] == [1, 2, 3, 4, 5]


async def test_one_statement_may_move_several_deliveries_and_is_one_leaf(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    for recipient in (RECIPIENTS[1], RECIPIENTS[0]):
        issued = evidence(1, "recall", recipient_id=recipient)
        answer = await ledger.advance([move(1, recipient_id=recipient, evidence=(issued,))])
        assert answer.evidence == (issued,)
    assert len(await whole.statements(ledger, "dispatch-1")) == 1
    assert [leaf.kind for leaf in await whole.leaves(ledger)].count("statement") == 1
    first = await ledger.moved(statement(1).statement_id)
    assert first is not None
    assert first.delivery.recipient_id == RECIPIENTS[1]
    assert first.evidence == (evidence(1, "recall", recipient_id=RECIPIENTS[1]),)


async def test_a_move_of_an_unknown_delivery_is_not_found(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await ledger.advance([move(1)])
    await ledger.commit(accepted(1))
    with pytest.raises(NotFound):
        await ledger.advance([move(1, recipient_id="H99")])
    assert await whole.statements(ledger, "dispatch-1") == ()


async def test_a_lost_move_leaves_nothing_and_tells_what_stands(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    with pytest.raises(Conflict) as raised:
        await ledger.advance([move(1, expected_version=2)])
    assert raised.value.current == await ledger.delivery("dispatch-1", RECIPIENTS[0])
    assert raised.value.current.version == 1
    assert await whole.statements(ledger, "dispatch-1") == ()
    assert len(await whole.leaves(ledger)) == 2


async def test_a_move_needs_no_statement(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    moved = await ledger.advance([move(1, statement=None, state="expired")])
    assert (moved.delivery.state, moved.delivery.version) == ("expired", 2)
    with pytest.raises(Conflict):
        await ledger.advance([move(1, statement=None, state="expired")])


async def test_a_statement_is_named_by_its_content(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    with pytest.raises(ValueError, match="SHA-256"):
        await ledger.advance([move(1, statement=replace(statement(1), content=b"something else"))])
    assert (await ledger.delivery("dispatch-1", RECIPIENTS[0])).version == 1
