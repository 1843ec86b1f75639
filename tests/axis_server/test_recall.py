"""Asking for a document back by status 13, and the recipient's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta

import pytest

from axis_server.errors import Declined
from storage.ledger.records import Moved
from tests.axis_server.packages import revoke
from tests.axis_server.recalling import (
    WHY,
    WHY_NOT,
    answered,
    endings,
    spoken,
    standing,
    take_back,
    taking_back,
    walked,
)
from tests.axis_server.world import DEADLINES, World, declined
from tests.storage import whole

# Status 13.


async def test_a_sender_asks_one_recipient_and_the_question_stands_at_the_delivery(world: World) -> None:
    entry = await world.sent(world.province, world.department)
    moved = await take_back(world, entry)
    question = moved.delivery.question
    assert question is not None
    assert (question.kind, question.reason, question.asked_at) == ("recall", WHY, world.now)
    assert question.until == DEADLINES.question_until(world.now)
    (evidence,) = moved.evidence
    said = world.said(evidence)
    assert (said.event, said.message_id) == ("SubmissionAcceptance", question.by)
    assert (said.sender.agency_id, [one.agency_id for one in said.recipients]) == ("G90", ["H90"])
    event = (await whole.history(world.ledger, entry.dispatch_id))[-1]
    assert (event.kind, event.actor_id, event.recipient_id, event.status_code, event.reason) == (
        "RecallRequested",
        "G90",
        "H90",
        "13",
        WHY,
    )
    assert (await standing(world, entry, "H91.01")).question is None


@pytest.mark.parametrize("state", ["consigned", "fetched", "handed_over", "accepted", "done"])
async def test_the_recipient_agrees_and_the_document_is_taken_back(world: World, state: str) -> None:
    entry = await world.sent(world.province)
    await walked(world, entry, state)
    await take_back(world, entry)
    moved = await answered(world, entry, "15")
    assert (moved.delivery.state, moved.delivery.question, moved.delivery.due) == ("taken_back", None, None)
    assert moved.delivery.reason == WHY
    (evidence,) = moved.evidence
    said = world.said(evidence)
    if state in ("accepted", "done"):
        assert said.event == "SubmissionAcceptance"
        assert await endings(world, entry) == ["ConsignmentAcceptance"]
    else:
        assert [(one.code, one.details) for one in said.reasons] == [("TAKEN_BACK", WHY)]
        assert await endings(world, entry) == ["ConsignmentRejection"]
    event = (await whole.history(world.ledger, entry.dispatch_id))[-1]
    assert (event.kind, event.evidence_id) == ("QuestionAgreed", evidence.evidence_id)


async def test_the_recipient_refuses_with_a_reason_and_the_sender_may_ask_again_later(world: World) -> None:
    entry = await world.sent(world.province)
    await walked(world, entry, "handed_over")
    await take_back(world, entry)
    moved = await answered(world, entry, "16")
    assert (moved.delivery.state, moved.delivery.question) == ("handed_over", None)
    assert moved.delivery.reason == WHY_NOT
    assert moved.delivery.due == moved.delivery.answer_by
    world.now += timedelta(hours=24) - timedelta(minutes=1)
    early = await declined(take_back(world, entry))
    assert (early.code, early.facts["state"]) == ("ASKED_LATELY", "handed_over")
    world.now += timedelta(minutes=1)
    assert early.facts["until"] == world.now.isoformat()
    assert (await take_back(world, entry)).delivery.question is not None
    await answered(world, entry, "15")
    assert await endings(world, entry) == ["ConsignmentRejection"]


async def test_a_sender_cannot_keep_a_recipient_from_answering_by_asking_again_and_again(
    world: World,
) -> None:
    """Each no leaves room for a move: by status 13 or by packages, nobody is asked into an expiry."""
    entry = await world.sent(world.province)
    for code, state in (("01", "handed_over"), ("03", "accepted"), ("06", "done")):
        await take_back(world, entry)
        await answered(world, entry, "16")
        world.now += timedelta(minutes=1)
        assert (await declined(take_back(world, entry))).code == "ASKED_LATELY"
        recall = await world.intake.submit(
            world.ministry.caller(),
            world.sealed(world.ministry, replace(revoke("H90"), subject=f"Thu hồi trước khi {state}")),
        )
        assert "NOT_ASKED: H90 (refused lately)" in recall.entry.warnings
        if code == "01":
            statement = world.arrived(world.province, entry)
            await world.exchange.report(world.province.caller(), entry.dispatch_id, statement)
        else:
            await world.report(world.province, entry, code)
        assert (await standing(world, entry)).state == state
        world.now += timedelta(minutes=1)


async def test_16_and_13_need_a_reason(world: World) -> None:
    entry = await world.sent(world.province)
    without = taking_back(world, entry, reason=" ")
    refused = await declined(world.exchange.report(world.ministry.caller(), entry.dispatch_id, without))
    assert refused.code == "REASON_REQUIRED"
    await take_back(world, entry)
    assert (await declined(answered(world, entry, "16", ""))).code == "REASON_REQUIRED"


async def test_while_asked_nothing_but_the_answer_moves_the_document(world: World) -> None:
    entry = await world.sent(world.province)
    await walked(world, entry, "handed_over")
    await take_back(world, entry)
    for code in ("02", "03", "04", "06"):
        refused = await declined(answered(world, entry, code))
        assert (refused.code, refused.facts["state"]) == ("QUESTION_OPEN", "handed_over")
    again = taking_back(world, entry, reason="Lý do khác")
    await world.exchange.report(world.ministry.caller(), entry.dispatch_id, again)
    history = await whole.history(world.ledger, entry.dispatch_id)
    assert [one.kind for one in history].count("RecallRequested") == 1, "one question at a time"


@pytest.mark.parametrize("state", ["refused", "expired", "taken_back"])
async def test_what_has_ended_without_being_kept_is_not_asked_back(world: World, state: str) -> None:
    entry = await world.sent(world.province)
    if state == "refused":
        await world.report(world.province, entry, "02", WHY_NOT)
    elif state == "expired":
        world.now = (await standing(world, entry)).handover_by
        await world.expiring.sweep()
    else:
        await take_back(world, entry)
        await answered(world, entry, "15")
    world.now += timedelta(minutes=1)
    statement = taking_back(world, entry, reason="Một lần nữa")
    if state == "taken_back":
        moved = await world.exchange.report(world.ministry.caller(), entry.dispatch_id, statement)
        assert moved.delivery.state == "taken_back", "the first 13 has had its answer"
        return
    refused = await declined(world.exchange.report(world.ministry.caller(), entry.dispatch_id, statement))
    assert (refused.code, refused.facts["state"]) == ("WRONG_STATE", state)


async def test_13_names_a_recipient_of_the_dispatch_and_is_the_senders(world: World) -> None:
    entry = await world.sent(world.province)
    to_another = taking_back(world, entry, "H91.01")
    refused = await declined(world.exchange.report(world.ministry.caller(), entry.dispatch_id, to_another))
    assert refused.code == "STATEMENT_MISMATCH"
    by_recipient = world.statement(world.province, entry, "13", WHY)
    refused = await declined(world.exchange.report(world.province.caller(), entry.dispatch_id, by_recipient))
    assert (refused.code, refused.facts["who"]) == ("STATUS_FORBIDDEN", "sender")
    stranger = world.exchange.report(world.stranger.caller(), entry.dispatch_id, taking_back(world, entry))
    assert (await declined(stranger)).code == "NOT_FOUND"


async def test_a_revoke_is_not_itself_taken_back(world: World) -> None:
    await world.sent(world.province)
    package = await spoken(world, revoke("H90"))
    statement = taking_back(world, package)
    refused = await declined(world.exchange.report(world.ministry.caller(), package.dispatch_id, statement))
    assert refused.code == "STATUS_FORBIDDEN"


# Packages: one answer for both.


# Retries and races.


async def test_a_sender_that_lost_the_reply_finds_its_question_with_the_same_bytes_and_with_new_ones(
    world: World,
) -> None:
    entry = await world.sent(world.province)
    statement = taking_back(world, entry)
    first = await world.exchange.report(world.ministry.caller(), entry.dispatch_id, statement)
    assert await world.exchange.report(world.ministry.caller(), entry.dispatch_id, statement) == first
    world.now += timedelta(minutes=1)
    again = taking_back(world, entry, timestamp="2026/03/02 12:00:00")
    assert (
        await world.exchange.report(world.ministry.caller(), entry.dispatch_id, again)
    ).evidence == first.evidence
    await answered(world, entry, "16")
    assert (await world.exchange.report(world.ministry.caller(), entry.dispatch_id, statement)).evidence == (
        first.evidence
    ), "and after the answer too"


@pytest.mark.parametrize("seed", range(6))
async def test_recall_races_fetch_and_acceptance_and_one_of_them_wins(world: World, seed: int) -> None:
    entry = await world.sent(world.province)
    if seed % 2:
        await walked(world, entry, "handed_over")
    statement = (
        world.statement(world.province, entry, "03") if seed % 2 else world.arrived(world.province, entry)
    )

    async def later(turns: int, act: Awaitable[object]) -> object:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await act

    recall, accept, fetched = await asyncio.gather(
        later(seed, take_back(world, entry)),
        later(5 - seed, world.exchange.report(world.province.caller(), entry.dispatch_id, statement)),
        later(seed // 2, world.inbox.fetch(world.province.caller(), entry.dispatch_id, 0)),
        return_exceptions=True,
    )
    assert isinstance(recall, Moved), recall
    delivery = await standing(world, entry)
    assert delivery.question is not None, "it can always be asked: the question is what came of losing"
    if isinstance(accept, Declined):
        assert accept.code == "QUESTION_OPEN"
    else:
        assert delivery.state in ("handed_over", "accepted")
    if isinstance(fetched, Declined):
        assert fetched.code == "WITHHELD"
    history = await whole.history(world.ledger, entry.dispatch_id)
    assert len(await whole.evidence(world.ledger, entry.dispatch_id)) == len(history)
    assert delivery.version == len(history) - 1


# Time.


async def test_who_answers_when_the_deadline_has_passed_finds_the_delivery_expired(world: World) -> None:
    entry = await world.sent(world.province)
    await walked(world, entry, "handed_over")
    world.now = (await standing(world, entry)).answer_by
    refused = await declined(answered(world, entry, "03"))
    assert (refused.code, refused.facts["state"]) == ("WRONG_STATE", "expired")
    assert await endings(world, entry) == ["AcceptanceRejectionExpiry"]


async def test_who_answers_a_question_that_has_lapsed_finds_nothing_asked(world: World) -> None:
    entry = await world.sent(world.province)
    await walked(world, entry, "accepted")
    moved = await take_back(world, entry)
    assert moved.delivery.question is not None
    world.now = moved.delivery.question.until
    assert (await declined(answered(world, entry, "15"))).code == "WRONG_STATE"
    kinds = [one.kind for one in await whole.history(world.ledger, entry.dispatch_id)]
    assert kinds[-2:] == ["RecallRequested", "QuestionLapsed"]
    assert (await standing(world, entry)).state == "accepted"


async def test_time_never_runs_backwards_within_a_delivery(world: World) -> None:
    entry = await world.sent(world.province)
    await walked(world, entry, "handed_over")
    first = (await standing(world, entry)).updated_at
    world.now -= timedelta(minutes=3)
    moved = await answered(world, entry, "03")
    assert moved.delivery.updated_at == first
    assert moved.evidence[0].issued_at == first
    times = [one.at for one in await whole.history(world.ledger, entry.dispatch_id)]
    assert times == sorted(times)


# Units and delegates.
