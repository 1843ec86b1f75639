"""Committing and refusing, over every backend."""

from __future__ import annotations

import asyncio
import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from storage.errors import Conflict, DocumentIdTaken, NotFound
from storage.ledger.base import Ledger
from storage.ledger.records import Delivery, Kept, NewEvent
from tests.storage import records, whole
from tests.storage.records import (
    ANSWER_BY,
    HANDOVER_BY,
    RECIPIENTS,
    SENDER,
    accepted,
    at,
    entry,
    move,
    recipients,
    refusal,
)


async def test_what_was_committed_is_read_as_it_was(ledger: Ledger) -> None:
    new = accepted(1)
    kept = await ledger.commit(new)
    assert kept == Kept(entry=new.entry, evidence=new.evidence)
    assert await ledger.kept("dispatch-1") == kept
    assert await whole.evidence(ledger, "dispatch-1") == new.evidence
    assert await whole.deliveries(ledger, "dispatch-1") == tuple(
        Delivery(
            dispatch_id="dispatch-1",
            recipient_id=recipient,
            mailbox_id=recipient,
            state="consigned",
            version=1,
            updated_at=new.entry.accepted_at,
            handover_by=HANDOVER_BY,
            answer_by=ANSWER_BY,
            due=HANDOVER_BY,
        )
        for recipient in RECIPIENTS
    )
    history = await whole.history(ledger, "dispatch-1")
    assert [event.sequence for event in history] == [1, 2]
    assert [(event.kind, event.at, event.evidence_id) for event in history] == [
        (event.kind, event.at, event.evidence_id) for event in new.events
    ]


async def test_a_retry_gets_the_first_evidence_byte_for_byte_and_changes_nothing(ledger: Ledger) -> None:
    first = await ledger.commit(accepted(1))
    before = (await whole.history(ledger, "dispatch-1"), await whole.leaves(ledger))
    again = await ledger.commit(accepted(1, salt="again"))
    assert again == first
    assert [one.content for one in again.evidence] == [one.content for one in first.evidence]
    assert (await whole.history(ledger, "dispatch-1"), await whole.leaves(ledger)) == before


async def test_many_commits_of_one_dispatch_at_once_have_one_winner(ledger: Ledger) -> None:
    attempts = [accepted(1, salt=f"attempt {number}") for number in range(20)]
    answers = await asyncio.gather(*(ledger.commit(attempt) for attempt in attempts))
    assert len(set(answers)) == 1
    assert answers[0].evidence in [attempt.evidence for attempt in attempts]
    assert len(await whole.leaves(ledger)) == 2
    assert len(await whole.history(ledger, "dispatch-1")) == 2


async def test_a_used_document_id_is_refused_and_its_holder_named(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    with pytest.raises(DocumentIdTaken) as raised:
        await ledger.commit(accepted(2, entry=entry(2, document_id=entry(1).document_id)))
    assert raised.value.dispatch_id == "dispatch-1"
    with pytest.raises(NotFound):
        await ledger.kept("dispatch-2")
    assert len(await whole.leaves(ledger)) == 2
    assert await whole.deliveries(ledger, "dispatch-2") == ()


async def test_the_holder_of_a_document_id_can_be_asked_for_beforehand(ledger: Ledger) -> None:
    first = entry(1)
    await ledger.commit(accepted(1))
    await ledger.commit(accepted(2, entry=entry(2, kind=1, document_id="revoked")))
    assert await ledger.holder(first.sender_id, first.document_id) == "dispatch-1"
    assert await ledger.holder("G01", first.document_id) is None
    assert await ledger.holder(first.sender_id, "revoked") is None
    assert await ledger.holder(first.sender_id, "") is None


async def test_one_of_many_new_documents_under_one_id_wins(ledger: Ledger) -> None:
    def attempt(number: int):
        return ledger.commit(accepted(number, entry=entry(number, document_id="same")))

    answers = await asyncio.gather(*map(attempt, range(10)), return_exceptions=True)
    winners = [answer for answer in answers if isinstance(answer, Kept)]
    losers = [answer for answer in answers if isinstance(answer, DocumentIdTaken)]
    assert (len(winners), len(losers)) == (1, 9)
    assert {loser.dispatch_id for loser in losers} == {winners[0].entry.dispatch_id}


@pytest.mark.parametrize(
    "changes", [{"kind": 1}, {"kind": 3}, {"sender_id": "G01"}, {"document_id": ""}, {"document_id": "OTHER"}]
)
async def test_a_document_id_is_taken_only_for_new_documents_of_one_sender(
    ledger: Ledger, changes: dict[str, object]
) -> None:
    shared = {"document_id": "" if changes.get("document_id") == "" else "shared"}
    for number in (1, 2):
        await ledger.commit(
            accepted(number, entry=entry(number, **shared | (changes if number == 2 else {})))
        )
    assert (await ledger.kept("dispatch-2")).entry.dispatch_id == "dispatch-2"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
async def test_text_comes_back_exactly(ledger: Ledger, form: str) -> None:
    text = unicodedata.normalize(form, 'Quyết định số 01/QĐ-UBND "khẩn"\n\t\\u0041 \U0001f4dc \x01 \u2028')
    given = entry(
        1,
        document_id=text,
        subject=text,
        sender_name=text,
        code_notation=text,
        warnings=(text, ""),
        parts=(replace(records.part(1, 0), name=text, identifier=text, content_type=text),),
    )
    noted = (NewEvent(kind="accepted", at=at(0), reason=text, recipient_id=text),)
    await ledger.commit(accepted(1, entry=given, recipients=recipients(text, "H37"), events=noted))
    assert (await ledger.kept("dispatch-1")).entry == await ledger.entry("dispatch-1") == given
    assert (await whole.history(ledger, "dispatch-1"))[0].reason == text
    assert (await ledger.delivery("dispatch-1", text)).recipient_id == text
    assert (await whole.inbox(ledger, text))[0].entry == given
    assert (await whole.deliveries(ledger, "dispatch-1"))[0].recipient_id == text


async def test_composed_and_decomposed_ids_are_different(ledger: Ledger) -> None:
    for number, form in enumerate(("NFC", "NFD")):
        await ledger.commit(
            accepted(number, entry=entry(number, document_id=unicodedata.normalize(form, "Đề án")))
        )
    assert len(await whole.outbox(ledger, SENDER)) == 2


async def test_times_come_back_to_the_microsecond_from_any_zone(ledger: Ledger) -> None:
    hanoi = timezone(timedelta(hours=7))
    moments = [
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=hanoi),
        datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=hanoi),
        datetime(2999, 12, 31, 23, 59, 59, 999999, tzinfo=hanoi),
    ]
    for number, moment in enumerate(moments):
        await ledger.commit(accepted(number, entry=entry(number, accepted_at=moment)))
        kept = (await ledger.kept(f"dispatch-{number}")).entry.accepted_at
        assert kept == moment
        assert kept.utcoffset() is not None


async def test_one_dispatch_goes_to_five_thousand_recipients_in_their_order(ledger: Ledger) -> None:
    names = tuple(f"H{(number * 7919) % 5000:04d}" for number in range(5000))
    await ledger.commit(accepted(1, recipients=recipients(*names)))
    assert await ledger.counts("dispatch-1") == {"consigned": 5000}
    assert tuple(one.recipient_id for one in await whole.deliveries(ledger, "dispatch-1")) == names
    assert len(await whole.inbox(ledger, names[4999])) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"accepted_at": datetime(2026, 3, 2, 12, 0, 0)},
        {"subject": "zero \0 byte"},
        {"subject": "lone \ud800 surrogate"},
        {"parts": ()},
        {"parts": (records.part(1, 1),)},
        {"parts": (replace(records.part(1, 0), size=-1),)},
        {"parts": (replace(records.part(1, 0), size=1 << 63),)},
        {"parts": (replace(records.part(1, 0), sha256="A" * 64),)},
        {"priority": 1 << 63},
        {"dispatch_id": ""},
    ],
)
async def test_a_record_that_cannot_be_true_is_refused_and_leaves_nothing(
    ledger: Ledger, changes: dict[str, object]
) -> None:
    with pytest.raises(ValueError):
        await ledger.commit(accepted(1, entry=entry(1, **changes)))
    with pytest.raises(NotFound):
        await ledger.kept("dispatch-1")
    assert await whole.leaves(ledger) == ()


@pytest.mark.parametrize("names", [("G01", "G02", "G01"), ("lone \udc00",), ("zero \0",), ("",)])
async def test_recipients_that_cannot_be_are_refused(ledger: Ledger, names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        await ledger.commit(accepted(1, recipients=recipients(*names)))
    with pytest.raises(NotFound):
        await ledger.entry("dispatch-1")


async def test_an_evidence_id_names_one_evidence(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    new = accepted(2)
    stolen = replace(new.evidence[1], evidence_id=accepted(1).evidence[0].evidence_id)
    with pytest.raises(ValueError):
        await ledger.commit(replace(new, evidence=(new.evidence[0], stolen)))
    with pytest.raises(NotFound):
        await ledger.kept("dispatch-2")
    await ledger.commit(new)
    assert [leaf.index for leaf in await whole.leaves(ledger)] == [0, 1, 2, 3]


async def test_one_callers_conflict_never_fails_another(ledger: Ledger) -> None:
    await ledger.commit(accepted(0))

    def attempt(number: int):
        new = accepted(number)
        match number % 4:
            case 1:
                return ledger.commit(accepted(number, entry=entry(number, document_id=entry(0).document_id)))
            case 2:
                stolen = replace(new.evidence[0], evidence_id=accepted(0).evidence[0].evidence_id)
                return ledger.commit(replace(new, evidence=(stolen,)))
            case 3:
                return ledger.advance([move(0, expected_version=99, statement=None, evidence=(), events=())])
        return ledger.commit(new)

    answers = await asyncio.gather(*map(attempt, range(1, 81)), return_exceptions=True)
    for number, answer in enumerate(answers, start=1):
        expected = {0: Kept, 1: DocumentIdTaken, 2: ValueError, 3: Conflict}[number % 4]
        assert isinstance(answer, expected), (number, answer)
    for number in range(4, 81, 4):
        assert (await ledger.kept(f"dispatch-{number}")).entry == entry(number)
    assert len(await whole.outbox(ledger, SENDER)) == 21
    assert [leaf.index for leaf in await whole.leaves(ledger)] == list(range(42))


async def test_the_first_refusal_is_kept_for_sender_digest_and_reason(ledger: Ledger) -> None:
    first = await ledger.refuse(refusal(1))
    assert first == refusal(1).evidence
    assert await ledger.refuse(refusal(1, salt="again")) == first
    assert await ledger.refuse(refusal(1, salt="other", reason="REVOKED")) != first
    assert await ledger.refuse(refusal(2)) == refusal(2).evidence
    assert (await whole.leaves(ledger))[0].content_id == first.evidence_id
    assert len(await whole.leaves(ledger)) == 3


async def test_many_refusals_of_one_package_at_once_are_one(ledger: Ledger) -> None:
    answers = await asyncio.gather(*(ledger.refuse(refusal(1, salt=str(number))) for number in range(20)))
    assert len(set(answers)) == 1
    assert len(await whole.leaves(ledger)) == 1


async def test_a_refusal_stays_apart_from_the_dispatch_that_is_accepted_later(ledger: Ledger) -> None:
    await ledger.refuse(refusal(1))
    with pytest.raises(NotFound):
        await ledger.kept("dispatch-1")
    assert await whole.evidence(ledger, "dispatch-1") == ()
    await ledger.commit(accepted(1))
    assert await whole.evidence(ledger, "dispatch-1") == tuple(accepted(1).evidence)
