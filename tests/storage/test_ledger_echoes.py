"""Statements that say again what was said, over every backend: kept, and answered like the first."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from storage.errors import NotFound, StatementTaken
from storage.ledger.base import Ledger
from storage.ledger.records import Move, Moved, Statement
from tests.storage import whole
from tests.storage.records import RECIPIENTS, accepted, evidence, move, statement

FIRST, SECOND, _ = RECIPIENTS
SAID = statement(1)
AGAIN = statement(1, salt="again")


def issued(number: int, salt: str = "") -> Move:
    """A move of the first recipient's delivery of a dispatch, by what is said of the first one."""
    return move(number, statement=SAID, evidence=(evidence(number, "said", recipient_id=FIRST, salt=salt),))


async def said(ledger: Ledger) -> Moved:
    """The first statement moves the deliveries of two dispatches, of which it speaks of the second to
    move."""
    for number in (1, 2, 3):
        await ledger.commit(accepted(number))
    return await ledger.advance([issued(2), issued(1)])


async def test_an_echo_is_kept_with_its_leaf_and_moves_nothing(ledger: Ledger) -> None:
    await said(ledger)
    stood = await ledger.delivery("dispatch-1", FIRST)
    history = await whole.history(ledger, "dispatch-1")
    proofs = await whole.evidence(ledger, "dispatch-1")
    leaves = await whole.leaves(ledger)
    moved = await ledger.echo(AGAIN, as_of=SAID.statement_id)
    assert moved == Moved(delivery=stood, evidence=issued(1).evidence)
    assert await whole.statements(ledger, "dispatch-1") == (SAID, AGAIN)
    [leaf] = (await whole.leaves(ledger))[len(leaves) :]
    assert (leaf.kind, leaf.content_id) == ("statement", AGAIN.statement_id)
    assert await ledger.leaf(AGAIN.statement_id) == leaf
    assert await ledger.delivery("dispatch-1", FIRST) == stood
    assert await whole.history(ledger, "dispatch-1") == history
    assert await whole.evidence(ledger, "dispatch-1") == proofs


async def test_an_echo_is_answered_as_the_first_at_every_delivery_that_moved(ledger: Ledger) -> None:
    await said(ledger)
    moved = await ledger.echo(AGAIN, as_of=SAID.statement_id)
    assert await ledger.moved(AGAIN.statement_id) == moved, "the delivery that it speaks of comes first"
    assert moved.delivery.dispatch_id == "dispatch-1"
    for number in (1, 2):
        name = f"dispatch-{number}"
        left = await ledger.moved(AGAIN.statement_id, of=name)
        assert left == await ledger.moved(SAID.statement_id, of=name)
        assert left is not None
        assert left.evidence == issued(number).evidence
    assert await ledger.moved(AGAIN.statement_id, of="dispatch-3") is None
    assert await ledger.moved(SAID.statement_id, of="dispatch-3") is None
    assert await ledger.moved(SAID.statement_id) == await ledger.moved(SAID.statement_id, of="dispatch-2")


async def test_an_echo_is_kept_once_however_often_and_whatever_moved_since(ledger: Ledger) -> None:
    await said(ledger)
    first = await ledger.echo(AGAIN, as_of=SAID.statement_id)
    later = move(1, expected_version=2, state="done", statement=statement(1, "06"), evidence=(), events=())
    await ledger.advance([later])
    leaves = await whole.leaves(ledger)
    other = statement(1, "06").statement_id
    for as_of in (SAID.statement_id, other, "unknown"):
        again = await ledger.echo(AGAIN, as_of=as_of)
        assert (again.evidence, again.delivery.state) == (first.evidence, "done")
    assert await whole.leaves(ledger) == leaves


async def test_an_echo_of_an_echo_is_answered_as_the_first(ledger: Ledger) -> None:
    await said(ledger)
    first = await ledger.echo(AGAIN, as_of=SAID.statement_id)
    third = statement(1, salt="a third time")
    assert await ledger.echo(third, as_of=AGAIN.statement_id) == first
    assert await ledger.moved(third.statement_id) == first


async def test_a_statement_that_was_kept_as_an_echo_moves_nothing_any_more(ledger: Ledger) -> None:
    await said(ledger)
    first = await ledger.echo(AGAIN, as_of=SAID.statement_id)
    attempt = move(
        1, expected_version=2, statement=AGAIN, evidence=(evidence(1, "anew", recipient_id=FIRST),)
    )
    assert await ledger.advance([attempt]) == first
    assert (await ledger.delivery("dispatch-1", FIRST)).version == 2


async def test_a_statement_that_moved_is_not_made_an_echo_any_more(ledger: Ledger) -> None:
    await said(ledger)
    own = evidence(1, "anew", recipient_id=FIRST)
    moved = await ledger.advance([move(1, expected_version=2, statement=AGAIN, evidence=(own,))])
    assert await ledger.echo(AGAIN, as_of=SAID.statement_id) == moved
    assert moved.evidence == (own,)


async def test_of_an_echo_and_a_move_at_once_one_stands_and_both_get_its_answer(ledger: Ledger) -> None:
    await said(ledger)
    attempt = move(
        1, expected_version=2, statement=AGAIN, evidence=(evidence(1, "anew", recipient_id=FIRST),)
    )
    answers = await asyncio.gather(
        ledger.echo(AGAIN, as_of=SAID.statement_id),
        ledger.advance([attempt]),
        ledger.echo(AGAIN, as_of=SAID.statement_id),
    )
    assert len({one.evidence for one in answers}) == 1
    left = await ledger.moved(AGAIN.statement_id)
    assert left is not None
    assert left.evidence == answers[0].evidence
    assert left.delivery.version == (3 if left.evidence == attempt.evidence else 2)
    assert [leaf.content_id for leaf in await whole.leaves(ledger)].count(AGAIN.statement_id) == 1


@pytest.mark.parametrize(
    ("stated", "as_of"),
    [
        pytest.param(AGAIN, statement(1, "06").statement_id, id="nothing is kept that it repeats"),
        pytest.param(
            statement(1, agency_id=SECOND), SAID.statement_id, id="what it repeats moved another delivery"
        ),
        pytest.param(
            statement(3, salt="again"), SAID.statement_id, id="what it repeats moved another dispatch"
        ),
        pytest.param(statement(1, agency_id="H99"), SAID.statement_id, id="no such recipient"),
        pytest.param(statement(9), SAID.statement_id, id="no such dispatch"),
    ],
)
async def test_what_repeats_nothing_is_not_kept(ledger: Ledger, stated: Statement, as_of: str) -> None:
    await said(ledger)
    leaves = await whole.leaves(ledger)
    with pytest.raises(NotFound):
        await ledger.echo(stated, as_of=as_of)
    assert await whole.leaves(ledger) == leaves
    assert await ledger.moved(stated.statement_id) is None


async def test_an_echo_that_is_kept_for_another_dispatch_is_taken(ledger: Ledger) -> None:
    await said(ledger)
    await ledger.echo(AGAIN, as_of=SAID.statement_id)
    with pytest.raises(StatementTaken):
        await ledger.echo(replace(AGAIN, dispatch_id="dispatch-2"), as_of=SAID.statement_id)


async def test_an_echo_is_named_by_its_bytes(ledger: Ledger) -> None:
    await said(ledger)
    with pytest.raises(ValueError, match="SHA-256"):
        await ledger.echo(replace(AGAIN, content=b"other"), as_of=SAID.statement_id)
