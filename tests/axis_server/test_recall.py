"""Asking for a document back, by a package or by status 13, and the recipient's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from axis_server.addressing.directory import DirectoryView
from axis_server.caller import Caller
from axis_server.errors import Declined
from axis_server.lifecycle import TERMINAL
from edxml.model import Organ, Package, ResponseFor
from edxml.writer import write
from signing.dispatch import ni_uri
from storage.ledger.records import Delivery, Entry, Moved
from storage.ledger.registry import Agency, Delegation
from tests.axis_server.attempts import replacement, revoke, update
from tests.axis_server.world import DEADLINES, House, World, status
from tests.storage import whole

WHY = "Ban hành nhầm số"
WHY_NOT = "Đã triển khai thực hiện"


async def spoken(world: World, unsigned: Package) -> Entry:
    sealed = world.sealed(world.ministry, unsigned)
    return (await world.intake.submit(world.ministry.caller(), sealed)).entry


def taking_back(
    world: World, entry: Entry, recipient: str = "H90", reason: str = WHY, **changes: object
) -> bytes:
    """The ministry's status 13 to one recipient."""
    about = ResponseFor(organ_id=recipient, document_id=entry.document_id)
    unsigned = status(world.ministry, entry, "13", reason, response_for=about, **changes)
    return world.sealed(world.ministry, unsigned)


async def take_back(world: World, entry: Entry, recipient: str = "H90") -> Moved:
    return await world.exchange.report(
        world.ministry.caller(), entry.dispatch_id, taking_back(world, entry, recipient)
    )


async def answered(world: World, entry: Entry, code: str, reason: str = WHY_NOT) -> Moved:
    """The province's answer, which names `entry`."""
    statement = world.statement(world.province, entry, code, reason)
    return await world.exchange.report(world.province.caller(), entry.dispatch_id, statement)


async def standing(world: World, entry: Entry, recipient: str = "H90") -> Delivery:
    return await world.ledger.delivery(entry.dispatch_id, recipient)


async def declined(act: Awaitable[object]) -> Declined:
    with pytest.raises(Declined) as caught:
        await act
    return caught.value


async def endings(world: World, entry: Entry, recipient: str = "H90") -> list[str]:
    found = await whole.evidence(world.ledger, entry.dispatch_id)
    return [one.event for one in found if one.event in TERMINAL and one.recipient_id == recipient]


async def walked(world: World, entry: Entry, state: str) -> None:
    """Takes the province's delivery to a state."""
    for code in {"handed_over": ("01",), "accepted": ("01", "03"), "done": ("01", "03", "06")}.get(state, ()):
        await world.report(world.province, entry, code)
    if state == "fetched":
        await world.inbox.fetch(world.province.caller(), entry.dispatch_id, 0)


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

PACKAGES: dict[str, Callable[[], Package]] = {
    "revoke": lambda: revoke("H90"),
    "removal": lambda: update("H90", removed=("H90",)),
    "replace": lambda: replacement("H90"),
}
STAYS = "stays"
OUTCOMES = {
    ("revoke", "package", "02"): ("refused", STAYS),
    ("revoke", "package", "15"): ("accepted", "taken_back"),
    ("revoke", "package", "16"): ("refused", STAYS),
    ("revoke", "document", "15"): ("accepted", "taken_back"),
    ("revoke", "document", "16"): ("refused", STAYS),
    ("removal", "package", "02"): ("refused", STAYS),
    ("removal", "package", "15"): ("accepted", "taken_back"),
    ("removal", "package", "16"): ("refused", STAYS),
    ("removal", "document", "15"): ("accepted", "taken_back"),
    ("removal", "document", "16"): ("refused", STAYS),
    ("replace", "package", "02"): ("refused", STAYS),
    ("replace", "package", "03"): ("accepted", "taken_back"),
    ("replace", "package", "15"): (STAYS, "taken_back"),
    ("replace", "package", "16"): (STAYS, STAYS),
    ("replace", "document", "15"): (STAYS, "taken_back"),
    ("replace", "document", "16"): (STAYS, STAYS),
}


@pytest.mark.parametrize("case", OUTCOMES, ids=" ".join)
async def test_one_answer_is_enough_for_the_package_and_the_document(
    world: World, case: tuple[str, str, str]
) -> None:
    kind, names, code = case
    document = await world.sent(world.province)
    await walked(world, document, "accepted")
    package = await spoken(world, PACKAGES[kind]())
    if code == "03":
        await world.report(world.province, package, "01")
    before = (await standing(world, package)).state
    world.now += timedelta(minutes=1)
    named = package if names == "package" else document
    statement = world.statement(world.province, named, code, WHY_NOT)
    moved = await world.exchange.report(world.province.caller(), named.dispatch_id, statement)
    wanted = OUTCOMES[case]
    of_package, of_document = await standing(world, package), await standing(world, document)
    assert of_package.state == (before if wanted[0] == STAYS else wanted[0])
    assert of_document.state == ("accepted" if wanted[1] == STAYS else wanted[1])
    assert of_document.question is None
    assert moved.delivery == (of_package if names == "package" else of_document)
    assert await endings(world, document) == ["ConsignmentAcceptance"]
    assert len(await endings(world, package)) == (wanted[0] != STAYS)
    again = await world.exchange.report(world.province.caller(), named.dispatch_id, statement)
    assert again == moved, "the same statement gets the same answer"
    sealed_again = world.statement(world.province, named, code, WHY_NOT, timestamp="2026/03/02 11:00:00")
    if (kind, code) != ("replace", "03"):
        moved_again = await world.exchange.report(world.province.caller(), named.dispatch_id, sealed_again)
        assert moved_again.evidence == moved.evidence, "and so does another one that says the same"
    statements = [
        *await whole.statements(world.ledger, package.dispatch_id),
        *await whole.statements(world.ledger, document.dispatch_id),
    ]
    assert [one.content for one in statements].count(statement) == 1


async def test_the_other_side_of_an_act_is_answered_to_who_seals_again_and_names_it(world: World) -> None:
    document = await world.sent(world.province)
    package = await spoken(world, revoke("H90"))
    await answered(world, package, "15")
    world.now += timedelta(minutes=1)
    moved = await answered(world, document, "15")
    assert moved.delivery.state == "taken_back"
    assert [world.said(one).event for one in moved.evidence] == ["ConsignmentRejection"]


async def test_03_does_not_answer_a_revoke(world: World) -> None:
    await world.sent(world.province)
    package = await spoken(world, revoke("H90"))
    await world.report(world.province, package, "01")
    refused = await declined(answered(world, package, "03"))
    assert refused.code == "STATUS_FORBIDDEN"


async def test_a_document_that_expires_leaves_the_package_to_be_answered_alone(world: World) -> None:
    document = await world.sent(world.province)
    world.now += timedelta(hours=71)
    package = await spoken(world, revoke("H90"))
    world.now += timedelta(hours=1)
    await world.expiring.sweep()
    assert ((await standing(world, document)).state, await endings(world, document)) == (
        "expired",
        ["ContentHandoverFailure"],
    )
    assert (await answered(world, package, "15")).delivery.state == "accepted"
    assert await endings(world, package) == ["ConsignmentAcceptance"]
    assert (await standing(world, document)).state == "expired"


async def test_a_recall_that_nobody_took_up_ends_and_the_document_goes_on(world: World) -> None:
    document = await world.sent(world.province)
    await walked(world, document, "accepted")
    package = await spoken(world, revoke("H90"))
    world.now = (await standing(world, package)).handover_by
    await world.expiring.sweep()
    assert (await standing(world, package)).state == "expired"
    freed = await standing(world, document)
    assert (freed.state, freed.question, freed.due) == ("accepted", None, None)
    await world.report(world.province, document, "06")


async def test_what_a_replacement_asks_is_free_again_when_the_replacement_is_taken_back(world: World) -> None:
    document = await world.sent(world.province)
    package = await spoken(world, replacement("H90"))
    refused = await declined(anyhow(world.inbox.fetch(world.province.caller(), document.dispatch_id, 0)))
    assert refused.code == "WITHHELD"
    await take_back(world, package)
    await answered(world, package, "15")
    assert (await standing(world, package)).state == "taken_back"
    freed = await standing(world, document)
    assert (freed.state, freed.question, freed.due) == ("consigned", None, freed.handover_by)
    lapsed = (await whole.history(world.ledger, document.dispatch_id))[-1]
    assert (lapsed.kind, lapsed.related_id, lapsed.evidence_id) == ("QuestionLapsed", package.dispatch_id, "")
    await world.inbox.fetch(world.province.caller(), document.dispatch_id, 0)


async def anyhow(act: Awaitable[object]) -> object:
    return await act


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


async def test_answers_to_the_package_and_to_the_document_at_once_leave_one_ending_each(
    world: World,
) -> None:
    document = await world.sent(world.province)
    package = await spoken(world, revoke("H90"))
    answers = await asyncio.gather(
        answered(world, document, "16"), answered(world, package, "15"), return_exceptions=True
    )
    won = [one for one in answers if isinstance(one, Moved)]
    lost = [one for one in answers if isinstance(one, Declined)]
    assert (len(won), [one.code for one in lost]) == (1, ["WRONG_STATE"])
    states = ((await standing(world, document)).state, (await standing(world, package)).state)
    assert states in {("consigned", "refused"), ("taken_back", "accepted")}
    assert len(await endings(world, package)) == 1


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


def unit_of(world: World, name: str = "H90.07") -> House:
    """A unit of the province without systems of its own."""
    agency = Agency(agency_id=name, name="Phòng Văn thư", parent_id="H90")
    world.view = DirectoryView.of([*(one.agency for one in world.houses), agency])
    return House(agency=agency, identity=world.province.identity)


async def test_the_agency_above_answers_for_a_unit_in_the_units_name(world: World) -> None:
    unit = unit_of(world)
    entry = await world.sent(unit, world.province)
    references = {ni_uri(part.sha256): part.sha256 for part in entry.parts}
    statement = world.sealed_bytes(world.province, write(status(unit, entry, "01")), references)
    moved = await world.exchange.report(world.province.caller(), entry.dispatch_id, statement)
    assert (moved.delivery.recipient_id, moved.delivery.state) == ("H90.07", "handed_over")
    assert (await standing(world, entry)).state == "consigned"
    (evidence,) = moved.evidence
    said = world.said(evidence)
    assert [one.agency_id for one in said.recipients] == ["H90.07"]
    assert said.recipients_delegate is not None
    assert said.recipients_delegate.agency_id == "H90"
    event = (await whole.history(world.ledger, entry.dispatch_id))[-1]
    assert (event.actor_id, event.delegate_id) == ("H90.07", "H90")
    assert await world.exchange.report(world.province.caller(), entry.dispatch_id, statement) == moved


async def test_nobody_speaks_for_a_delivery_in_anothers_mailbox(world: World) -> None:
    unit = unit_of(world)
    entry = await world.sent(unit, world.department)
    statement = world.sealed(world.department, status(unit, entry, "02", WHY_NOT))
    refused = await declined(world.exchange.report(world.department.caller(), entry.dispatch_id, statement))
    assert refused.code == "STATEMENT_MISMATCH"
    unknown = world.sealed(
        world.department, status(unit, entry, "02", WHY_NOT, sender=Organ(organ_id="H90.99"))
    )
    refused = await declined(world.exchange.report(world.department.caller(), entry.dispatch_id, unknown))
    assert refused.code == "STATEMENT_MISMATCH"


async def test_a_delegate_answers_and_is_named_in_evidence_and_history(world: World) -> None:
    leave = Delegation(agency_id="K99", may_send=False, may_receive=True, since=world.now - timedelta(days=1))
    province = replace(world.province, agency=replace(world.province.agency, delegations=(leave,)))
    world.register(province)
    entry = await world.sent(province)
    caller = Caller(
        agency=province.agency,
        certificate=world.stranger.caller().certificate,
        delegate=world.stranger.agency,
        may_send=False,
    )
    unsigned = status(province, entry, "02", WHY_NOT)
    moved = await world.exchange.report(caller, entry.dispatch_id, world.sealed(world.stranger, unsigned))
    said = world.said(moved.evidence[0])
    assert said.recipients_delegate is not None
    assert said.recipients_delegate.agency_id == "K99"
    event = (await whole.history(world.ledger, entry.dispatch_id))[-1]
    assert (event.actor_id, event.delegate_id) == ("H90", "K99")


async def test_an_update_that_removes_whom_it_does_not_go_to_is_answered_at_the_document(
    world: World,
) -> None:
    first = await world.sent(world.province, world.department)
    package = await spoken(world, update("H91.01", removed=("H90",)))
    moved = await answered(world, first, "15")
    assert moved.delivery.state == "taken_back"
    assert (await standing(world, package, "H91.01")).state == "consigned"
