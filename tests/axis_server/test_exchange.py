"""Answering: statements of recipients, what they leave, and what each wrong one gets."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from axis_server.documents.judgement import digest
from axis_server.errors import Declined
from edxml.model import Bussiness, Organ, ResponseFor
from edxml.writer import write
from signing.dispatch import ni_uri
from storage.ledger.records import Entry, Moved
from tests.axis_server.houses import House
from tests.axis_server.packages import document, status
from tests.axis_server.world import World
from tests.storage import whole

REASON = "Thiếu phụ lục"


async def report(world: World, by: House, entry: Entry, statement: bytes, role: str = "system") -> Moved:
    return await world.exchange.report(by.caller(role), entry.dispatch_id, statement)


async def refusal(world: World, by: House, entry: Entry, statement: bytes, role: str = "system") -> Declined:
    """The refusal of a statement, which has left nothing behind."""
    before = await kept(world, entry)
    with pytest.raises(Declined) as declined:
        await report(world, by, entry, statement, role)
    assert await kept(world, entry) == before
    return declined.value


async def kept(world: World, entry: Entry) -> object:
    ledger = world.ledger
    return [
        await read(ledger, entry.dispatch_id)
        for read in (whole.deliveries, whole.history, whole.evidence, whole.statements)
    ]


# The road.


async def test_a_delivery_goes_from_hand_over_to_done(world: World) -> None:
    entry = await world.sent(world.province)
    states = []
    for code in ("01", "03", "04", "05", "05", "06"):
        statement = world.arrived(world.province, entry) if code == "01" else None
        world.now += timedelta(minutes=1)
        moved = await report(
            world,
            world.province,
            entry,
            statement or world.statement(world.province, entry, code, f"bước {world.now}"),
        )
        states.append((moved.delivery.state, moved.delivery.version, [one.event for one in moved.evidence]))
    assert states == [
        ("handed_over", 2, ["ContentHandover"]),
        ("accepted", 3, ["ConsignmentAcceptance"]),
        ("in_process", 4, ["SubmissionAcceptance"]),
        ("in_process", 5, ["SubmissionAcceptance"]),
        ("in_process", 6, ["SubmissionAcceptance"]),
        ("done", 7, ["SubmissionAcceptance"]),
    ]


async def test_the_hand_over_evidence_lists_each_part_with_its_digest(world: World) -> None:
    entry = await world.sent(world.province, world.department)
    (evidence,) = (await report(world, world.province, entry, world.arrived(world.province, entry))).evidence
    said = world.said(evidence)
    assert [(part.identifier, part.sha256) for part in said.parts] == [
        (part.identifier, part.sha256) for part in entry.parts
    ]
    assert [one.agency_id for one in said.recipients] == ["H90"]
    assert (said.about_recipient, said.sender.agency_id, said.message_id) == (1, "G90", entry.dispatch_id)
    assert evidence.recipient_id == "H90"


async def test_a_refusal_keeps_the_reason_in_evidence_delivery_and_history(world: World) -> None:
    entry = await world.sent(world.province)
    moved = await report(world, world.province, entry, world.statement(world.province, entry, "02", REASON))
    assert (moved.delivery.state, moved.delivery.reason) == ("refused", REASON)
    said = world.said(moved.evidence[0])
    assert (said.event, [reason.details for reason in said.reasons]) == ("ConsignmentRejection", [REASON])
    assert (await whole.history(world.ledger, entry.dispatch_id))[-1].reason == REASON


async def test_a_processing_state_is_attested_as_a_message_to_the_sender(world: World) -> None:
    entry = await world.sent(world.province)
    await world.report(world.province, entry, "01")
    await world.report(world.province, entry, "03")
    statement = world.statement(world.province, entry, "05")
    (evidence,) = (await report(world, world.province, entry, statement)).evidence
    said = world.said(evidence)
    assert (said.event, said.message_id) == ("SubmissionAcceptance", digest(statement))
    assert (said.sender.agency_id, [one.agency_id for one in said.recipients]) == ("H90", ["G90"])
    last = (await whole.history(world.ledger, entry.dispatch_id))[-1]
    assert (last.kind, last.status_code, last.statement_id) == ("StatusReport", "05", digest(statement))


async def test_the_statement_is_kept_byte_for_byte(world: World) -> None:
    entry = await world.sent(world.province)
    statement = world.arrived(world.province, entry)
    await report(world, world.province, entry, statement)
    assert [one.content for one in await whole.statements(world.ledger, entry.dispatch_id)] == [statement]


async def test_a_refusal_without_hand_over_is_possible(world: World) -> None:
    entry = await world.sent(world.province)
    statement = world.statement(world.province, entry, "02", REASON)
    assert (await report(world, world.province, entry, statement)).delivery.state == "refused"


async def test_one_recipients_answer_moves_no_other_delivery(world: World) -> None:
    entry = await world.sent(world.province, world.department)
    await world.report(world.province, entry, "01")
    deliveries = await whole.deliveries(world.ledger, entry.dispatch_id)
    assert [one.state for one in deliveries] == ["handed_over", "consigned"]


async def test_the_sender_who_watches_is_told(world: World) -> None:
    entry = await world.sent(world.province)
    async with world.changes.subscribe("G90") as hint:
        await world.report(world.province, entry, "01")
        assert await hint.wait(0.01)


async def test_old_identifiers_in_a_statement_name_the_same_agencies(world: World) -> None:
    entry = await world.sent(world.province)
    answered = ResponseFor(organ_id="000.00.00.g90", document_id=entry.document_id)
    statement = world.statement(
        world.province, entry, "02", REASON, sender=Organ(organ_id="000.00.00.H90"), response_for=answered
    )
    assert (await report(world, world.province, entry, statement)).delivery.state == "refused"


# The same again.


async def test_the_same_statement_gets_the_same_evidence(world: World) -> None:
    entry = await world.sent(world.province)
    statement = world.arrived(world.province, entry)
    first = await report(world, world.province, entry, statement)
    world.now += timedelta(days=1)
    assert await report(world, world.province, entry, statement) == first


async def test_an_old_statement_again_tells_where_the_delivery_stands_now(world: World) -> None:
    entry = await world.sent(world.province)
    arrived = world.arrived(world.province, entry)
    first = await report(world, world.province, entry, arrived)
    await world.report(world.province, entry, "03")
    again = await report(world, world.province, entry, arrived)
    assert again.evidence == first.evidence
    assert again.delivery.state == "accepted"


async def test_a_move_stated_again_under_a_new_seal_returns_what_the_first_left(world: World) -> None:
    entry = await world.sent(world.province)
    first = await report(world, world.province, entry, world.arrived(world.province, entry))
    world.now += timedelta(minutes=1)
    before = await kept(world, entry)
    again = world.arrived(world.province, entry)
    assert await report(world, world.province, entry, again) == first
    *but_statements, (_, second) = await kept(world, entry)
    assert but_statements == before[:-1]
    assert second.content == again, "it is kept: who sealed it can prove it"


async def test_a_second_refusal_with_another_reason_changes_nothing(world: World) -> None:
    entry = await world.sent(world.province)
    first = await report(world, world.province, entry, world.statement(world.province, entry, "02", REASON))
    other = world.statement(world.province, entry, "02", "Lý do khác")
    assert await report(world, world.province, entry, other) == first


@pytest.mark.parametrize("copies", [2, 8])
async def test_of_many_at_once_one_moves_and_all_get_its_evidence(world: World, copies: int) -> None:
    entry = await world.sent(world.province)
    statements = [
        world.sealed_bytes(world.province, write(status(world.province, entry, "02", f"{REASON} {n}")))
        for n in range(copies)
    ]
    moved = await asyncio.gather(*(report(world, world.province, entry, one) for one in statements))
    assert len({one.evidence for one in moved}) == 1
    assert len(await whole.evidence(world.ledger, entry.dispatch_id)) == 3
    found = await whole.statements(world.ledger, entry.dispatch_id)
    assert sorted(one.content for one in found) == sorted(statements), "each is kept once"
    assert moved[0].delivery.version == 2


async def test_acceptance_and_refusal_at_once_have_one_winner(world: World) -> None:
    entry = await world.sent(world.province)
    await world.report(world.province, entry, "01")
    accept = world.statement(world.province, entry, "03")
    refuse = world.statement(world.province, entry, "02", REASON)
    answers = await asyncio.gather(
        *(report(world, world.province, entry, one) for one in (accept, refuse)), return_exceptions=True
    )
    (lost,) = [one for one in answers if isinstance(one, Declined)]
    assert lost.code == "WRONG_STATE"
    (won,) = [one for one in answers if isinstance(one, Moved)]
    assert lost.facts["state"] == won.delivery.state
    assert len(await whole.statements(world.ledger, entry.dispatch_id)) == 2


async def test_a_processing_state_that_loses_a_race_is_judged_again_and_kept(world: World) -> None:
    entry = await world.sent(world.province)
    await world.report(world.province, entry, "01")
    await world.report(world.province, entry, "03")
    statements = [world.statement(world.province, entry, "05", f"bước {n}") for n in range(4)]
    await asyncio.gather(*(report(world, world.province, entry, one) for one in statements))
    assert (await world.ledger.delivery(entry.dispatch_id, "H90")).version == 7


# What is refused.

Wrong = Callable[[World, Entry], bytes]


def _province(code: str = "02", description: str = REASON, **changes: object) -> Wrong:
    return lambda world, entry: world.statement(world.province, entry, code, description, **changes)


def _by_other_key(world: World, entry: Entry) -> bytes:
    return world.sealed(world.department, status(world.province, entry, "02", REASON))


WRONG: dict[str, tuple[Wrong, str]] = {
    "no XML": (lambda world, entry: b"\x00", "XML_MALFORMED"),
    "unsigned": (lambda world, entry: write(status(world.province, entry, "02", REASON)), "UNSIGNED"),
    "tampered": (
        lambda world, entry: _province()(world, entry).replace(REASON.encode(), b"Khong ro ly do"),
        "DIGEST_MISMATCH",
    ),
    "sealed by another agency": (_by_other_key, "SIGNER_MISMATCH"),
    "a document": (lambda world, entry: world.sealed(world.province, document(sender="H90")), "NOT_A_STATUS"),
    "in another's name": (_province(sender=Organ(organ_id="H91.01")), "STATEMENT_MISMATCH"),
    "to another sender": (
        _province(
            response_for=ResponseFor(organ_id="H91.01", document_id="000.00.00.G90,2026/03/02,7816/BM-VP")
        ),
        "STATEMENT_MISMATCH",
    ),
    "about another document": (
        _province(response_for=ResponseFor(organ_id="G90", document_id="G90,2026/03/02,1/BM")),
        "STATEMENT_MISMATCH",
    ),
    "no reason": (_province(description=""), "REASON_REQUIRED"),
    "a reason of spaces": (_province(description=" \n "), "REASON_REQUIRED"),
    "an endless reason": (_province(description="ế" * 5000), "FIELD_TOO_LONG"),
    "arrived without digests": (_province("01", ""), "HANDOVER_INCOMPLETE"),
    "accepted before it arrived": (_province("03", ""), "WRONG_STATE"),
    "done before it was accepted": (_province("06", ""), "WRONG_STATE"),
    "take back": (_province("13"), "STATUS_FORBIDDEN"),
    "agreed, though nothing is asked": (_province("15"), "WRONG_STATE"),
    "declined, though nothing is asked": (_province("16"), "WRONG_STATE"),
    "larger than a statement": (lambda world, entry: b"<a>" + b" " * (1 << 20), "PACKAGE_TOO_LARGE"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_wrong_statement_gets_its_reason_and_leaves_nothing(world: World, case: str) -> None:
    make, code = WRONG[case]
    entry = await world.sent(world.province)
    declined = await refusal(world, world.province, entry, make(world, entry))
    assert declined.code == code, declined


async def test_a_document_id_too_long_to_be_one_is_refused_before_it_is_compared(world: World) -> None:
    entry = await world.sent(world.province)
    about = ResponseFor(organ_id=entry.sender_id, document_id="\u0301\u0323" * 100_000)
    with pytest.raises(Declined) as declined:
        statement = world.statement(world.province, entry, "03", response_for=about)
        await world.exchange.report(world.province.caller(), entry.dispatch_id, statement)
    assert declined.value.code == "FIELD_TOO_LONG"


async def test_a_hand_over_names_the_parts_it_does_not_prove(world: World) -> None:
    entry = await world.sent(world.province)
    short = await refusal(
        world, world.province, entry, world.arrived(world.province, entry, [entry.parts[0].sha256])
    )
    assert (short.code, short.facts["parts"]) == ("HANDOVER_INCOMPLETE", "1")
    other = [entry.parts[0].sha256, digest(b"damaged on the way")]
    damaged = await refusal(world, world.province, entry, world.arrived(world.province, entry, other))
    assert (damaged.code, damaged.facts["parts"]) == ("HANDOVER_INCOMPLETE", "1")


async def test_a_hand_over_of_more_than_was_sent_is_refused(world: World) -> None:
    entry = await world.sent(world.province)
    more = [*(part.sha256 for part in entry.parts), digest(b"something else")]
    declined = await refusal(world, world.province, entry, world.arrived(world.province, entry, more))
    assert declined.code == "HANDOVER_INCOMPLETE"


async def test_strangers_and_other_recipients_find_no_delivery_of_theirs(world: World) -> None:
    entry = await world.sent(world.province)
    statement = world.arrived(world.province, entry)
    await report(world, world.province, entry, statement)
    for other in (world.stranger, world.department):
        foreign = await refusal(world, other, entry, statement)
        absent = await refusal(world, other, replace(entry, dispatch_id="a" * 26), statement)
        assert (foreign.code, foreign.detail, foreign.facts) == (absent.code, absent.detail, absent.facts)
        assert foreign.code == "NOT_FOUND"


async def test_a_recipients_status_is_not_the_senders_to_report(world: World) -> None:
    entry = await world.sent(world.province)
    by_recipient = world.arrived(world.province, entry)
    assert (await refusal(world, world.ministry, entry, by_recipient)).code == "SIGNER_MISMATCH"
    for code in ("01", "02", "03", "05", "06", "15", "16"):
        references = {ni_uri(part.sha256): part.sha256 for part in entry.parts} if code == "01" else {}
        own = world.sealed_bytes(
            world.ministry, write(status(world.ministry, entry, code, REASON)), references
        )
        declined = await refusal(world, world.ministry, entry, own)
        assert (declined.code, declined.facts["who"]) == ("STATUS_FORBIDDEN", "recipient")


async def test_another_recipients_statement_is_not_ones_own_and_is_not_told_of(world: World) -> None:
    entry = await world.sent(world.province, world.department)
    statement = world.arrived(world.province, entry)
    unknown = await refusal(world, world.department, entry, statement)
    await report(world, world.province, entry, statement)
    known = await refusal(world, world.department, entry, statement)
    assert (unknown.code, unknown.detail) == (known.code, known.detail)
    assert known.code == "SIGNER_MISMATCH"


async def test_a_statement_answers_one_dispatch_of_a_thread(world: World) -> None:
    first = await world.sent(world.province)
    update = await world.sent(world.province, bussiness=Bussiness(doc_type="2", reason="Sai số liệu"))
    statement = world.statement(world.province, first, "02", REASON)
    await report(world, world.province, first, statement)
    assert (await refusal(world, world.province, update, statement)).code == "STATEMENT_MISMATCH"


@pytest.mark.parametrize("role", ["archivist", "operator"])
async def test_who_may_only_look_cannot_answer(world: World, role: str) -> None:
    entry = await world.sent(world.province)
    declined = await refusal(world, world.province, entry, world.arrived(world.province, entry), role)
    assert declined.code == "ROLE_FORBIDDEN"


async def test_a_suspended_agency_cannot_answer_even_again(world: World) -> None:
    entry = await world.sent(world.province)
    statement = world.arrived(world.province, entry)
    await report(world, world.province, entry, statement)
    suspended = world.suspend(world.province)
    assert (await refusal(world, suspended, entry, statement)).code == "AGENCY_SUSPENDED"


async def test_a_draining_axis_moves_nothing(world: World) -> None:
    entry = await world.sent(world.province)
    await world.owned.drain()
    declined = await refusal(world, world.province, entry, world.arrived(world.province, entry))
    assert declined.code == "SHUTTING_DOWN"


RANK = {"consigned": 0, "handed_over": 1, "accepted": 2, "in_process": 3, "refused": 9, "done": 9}


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_recipients_say_in_whatever_order_states_only_move_forward(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)
    entry = await world.sent(world.province, world.department)
    taken = 0
    for turn in range(20):
        by = chance.choice((world.province, world.department))
        code = chance.choice(("01", "01", "02", "03", "03", "04", "05", "06", "13"))
        before = await whole.deliveries(world.ledger, entry.dispatch_id)
        try:
            await world.report(by, entry, code, f"lần {turn}")
        except Declined as declined:
            assert declined.code in ("WRONG_STATE", "STATUS_FORBIDDEN")
            assert await whole.deliveries(world.ledger, entry.dispatch_id) == before
            continue
        taken += 1
        for was, now in zip(before, await whole.deliveries(world.ledger, entry.dispatch_id), strict=True):
            assert RANK[now.state] >= RANK[was.state]
            assert now == was or (now.recipient_id == by.id and now.version == was.version + 1)
            assert now == was or RANK[was.state] < 9
    evidence = await whole.evidence(world.ledger, entry.dispatch_id)
    terminal = [
        (one.recipient_id, one.event)
        for one in evidence
        if one.event in ("ConsignmentAcceptance", "ConsignmentRejection")
    ]
    assert len(terminal) == len(set(terminal))
    moves = sum(one.version - 1 for one in await whole.deliveries(world.ledger, entry.dispatch_id))
    assert len(evidence) == 2 + moves
    assert len(await whole.statements(world.ledger, entry.dispatch_id)) == taken


async def test_one_statement_for_a_document_and_for_its_recall_at_once_answers_both_and_is_kept_once(
    world: World,
) -> None:
    """A document and its recall bear one DocumentId, so a statement could speak of either."""
    first = await world.sent(world.province)
    recall = Bussiness(doc_type="1", reason="Thu hồi", document_id=first.document_id)
    second = await world.sent(world.province, bussiness=recall)
    statement = world.statement(world.province, first, "16", REASON)
    for _ in range(2):
        document, package = await asyncio.gather(
            *(report(world, world.province, entry, statement) for entry in (first, second))
        )
        assert (document.delivery.state, document.delivery.question) == ("consigned", None)
        assert package.delivery.state == "refused"
        assert [world.said(one).event for one in document.evidence] == ["SubmissionAcceptance"]
        assert [world.said(one).event for one in package.evidence] == ["ConsignmentRejection"]
    statements = [
        *await whole.statements(world.ledger, first.dispatch_id),
        *await whole.statements(world.ledger, second.dispatch_id),
    ]
    assert [one.content for one in statements] == [statement]


async def test_a_report_on_anothers_dispatch_asks_the_store_what_one_on_none_asks(world: World) -> None:
    entry = await world.sent(world.province)
    statement = world.statement(world.stranger, entry, "03")
    asked: list[list[str]] = []

    class Listening:
        """The ledger, noting the name of each verb that is called."""

        def __getattr__(self, verb: str) -> object:
            asked[-1].append(verb)
            return getattr(world.ledger, verb)

    listened = replace(world, ledger=cast("Any", Listening()))
    for name in (entry.dispatch_id, "0" * 64):
        asked.append([])
        with pytest.raises(Declined, match="NOT_FOUND"):
            await listened.exchange.report(world.stranger.caller(), name, statement)
    others, none = asked
    assert others == none


async def test_only_a_statement_that_proves_parts_may_be_large(world: World) -> None:
    entry = await world.sent(world.province)
    large = Organ(organ_id="H90", organ_name="a" * 70_000)
    for code in ("02", "05"):
        statement = world.statement(world.province, entry, code, REASON, sender=large)
        assert (await refusal(world, world.province, entry, statement)).code == "PACKAGE_TOO_LARGE"
    proof = write(replace(status(world.province, entry, "01"), sender=large))
    references = {ni_uri(part.sha256): part.sha256 for part in entry.parts}
    arrived = world.sealed_bytes(world.province, proof, references)
    moved = await report(world, world.province, entry, arrived)
    assert moved.delivery.state == "handed_over"
