"""An agency lost the bytes of a statement and seals it a second time. Both are kept, and each has one answer
for ever: also when the question is closed by then, or another one was asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.ledger.records import Entry, Moved
from tests.axis_server.houses import House
from tests.axis_server.packages import revoke
from tests.axis_server.recalling import WHY_NOT, spoken, standing, take_back, taking_back
from tests.axis_server.world import World, declined
from tests.storage import whole

LATER = "2026/03/02 11:00:00"
OTHER = "2026/03/02 12:00:00"


async def given(world: World, by: House, entry: Entry, content: bytes) -> Moved:
    return await world.exchange.report(by.caller(), entry.dispatch_id, content)


def no(world: World, entry: Entry, at: str) -> bytes:
    return world.statement(world.province, entry, "16", WHY_NOT, timestamp=at)


def yes(world: World, entry: Entry, at: str) -> bytes:
    return world.statement(world.province, entry, "15", timestamp=at)


async def test_no_sealed_twice_answers_one_question_and_not_the_next(world: World) -> None:
    entry = await world.sent(world.province)
    await take_back(world, entry)
    first = await given(world, world.province, entry, no(world, entry, LATER))
    second = no(world, entry, OTHER)
    assert (await given(world, world.province, entry, second)).evidence == first.evidence
    world.now += timedelta(hours=25)
    await given(world, world.ministry, entry, taking_back(world, entry, timestamp=OTHER))
    assert (await standing(world, entry)).question is not None
    again = await given(world, world.province, entry, second)
    assert again.evidence == first.evidence
    assert again.delivery.question is not None, "the new question is still open"
    anew = no(world, entry, "2026/03/03 11:00:00")
    answer = await given(world, world.province, entry, anew)
    assert answer.evidence != first.evidence
    assert answer.delivery.question is None, "what is sealed for the new question answers it"


async def test_a_question_sealed_twice_is_not_asked_again_once_it_was_answered(world: World) -> None:
    entry = await world.sent(world.province)
    first = await take_back(world, entry)
    second = taking_back(world, entry, timestamp=LATER)
    assert (await given(world, world.ministry, entry, second)).evidence == first.evidence
    await given(world, world.province, entry, no(world, entry, LATER))
    again = await given(world, world.ministry, entry, second)
    assert again.evidence == first.evidence, "it would be refused as ASKED_LATELY, had it not been heard"
    world.now += timedelta(hours=25)
    again = await given(world, world.ministry, entry, second)
    assert again.evidence == first.evidence
    assert again.delivery.question is None, "nothing is asked by what was answered long ago"


async def test_a_question_sealed_twice_is_not_asked_again_once_it_lapsed(world: World) -> None:
    entry = await world.sent(world.province)
    for code in ("01", "03"):
        await world.report(world.province, entry, code)
    asked = await take_back(world, entry)
    second = taking_back(world, entry, timestamp=LATER)
    assert (await given(world, world.ministry, entry, second)).evidence == asked.evidence
    question = (await standing(world, entry)).question
    assert question is not None
    world.now = question.until
    await world.expiring.sweep()
    again = await given(world, world.ministry, entry, second)
    assert (again.evidence, again.delivery.question) == (asked.evidence, None)


async def test_a_yes_sealed_twice_is_one_giving_back_and_both_are_proved(world: World) -> None:
    entry = await world.sent(world.province)
    await take_back(world, entry)
    first, second = yes(world, entry, LATER), yes(world, entry, OTHER)
    left = await given(world, world.province, entry, first)
    history = await whole.history(world.ledger, entry.dispatch_id)
    assert await given(world, world.province, entry, second) == left
    assert await whole.history(world.ledger, entry.dispatch_id) == history
    statements = await whole.statements(world.ledger, entry.dispatch_id)
    assert [one.content for one in statements][-2:] == [first, second]
    for one in statements:
        assert (await world.ledger.leaf(one.statement_id)).kind == "statement"


async def test_the_other_side_of_an_act_has_its_answer_for_the_second_seal_too(world: World) -> None:
    document = await world.sent(world.province)
    package = await spoken(world, revoke("H90"))
    of_package = await given(world, world.province, package, yes(world, package, LATER))
    second = yes(world, document, OTHER)
    of_document = await given(world, world.province, document, second)
    assert of_document.delivery.state == "taken_back"
    for _ in range(2):
        assert await given(world, world.province, document, second) == of_document
        assert await given(world, world.province, package, second) == of_package


async def test_a_second_seal_has_no_answer_at_a_dispatch_that_it_did_not_move(world: World) -> None:
    entry = await world.sent(world.province)
    other = await world.sent(world.province, document_id="G90,2026/03/05,7817/BM-VP")
    await take_back(world, entry)
    await given(world, world.province, entry, no(world, entry, LATER))
    second = no(world, entry, OTHER)
    await given(world, world.province, entry, second)
    assert (await declined(given(world, world.province, other, second))).code == "STATEMENT_MISMATCH"


@pytest.mark.parametrize("code", ["02", "03", "06"])
async def test_what_ends_is_answered_alike_however_often_it_is_sealed(world: World, code: str) -> None:
    entry = await world.sent(world.province)
    for before in {"02": (), "03": ("01",), "06": ("01", "03")}[code]:
        await world.report(world.province, entry, before)
    said = [
        world.statement(world.province, entry, code, WHY_NOT, timestamp=at) for at in (LATER, OTHER, LATER)
    ]
    answers = [(await given(world, world.province, entry, one)).evidence for one in said]
    assert len(set(answers)) == 1
    statements = await whole.statements(world.ledger, entry.dispatch_id)
    assert {one.content for one in statements} >= set(said)
