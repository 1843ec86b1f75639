"""The ledger's promise, over every backend."""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest

from storage.errors import Conflict, DocumentIdTaken, NotFound
from storage.ledger.base import Ledger
from storage.ledger.pages import Page
from storage.ledger.records import Delivery, InboxItem, Kept, Leaf, Moved, NewEvent
from tests.storage import records, whole
from tests.storage.records import (
    ANSWER_BY,
    HANDOVER_BY,
    RECIPIENTS,
    SENDER,
    accepted,
    at,
    entry,
    evidence,
    move,
    recipients,
    refusal,
    statement,
)


async def all_leaves(ledger: Ledger) -> tuple[Leaf, ...]:
    return await ledger.leaves(start=0, limit=1_000_000)


# Commit.


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
    before = (await whole.history(ledger, "dispatch-1"), await all_leaves(ledger))
    again = await ledger.commit(accepted(1, salt="again"))
    assert again == first
    assert [one.content for one in again.evidence] == [one.content for one in first.evidence]
    assert (await whole.history(ledger, "dispatch-1"), await all_leaves(ledger)) == before


async def test_many_commits_of_one_dispatch_at_once_have_one_winner(ledger: Ledger) -> None:
    attempts = [accepted(1, salt=f"attempt {number}") for number in range(20)]
    answers = await asyncio.gather(*(ledger.commit(attempt) for attempt in attempts))
    assert len(set(answers)) == 1
    assert answers[0].evidence in [attempt.evidence for attempt in attempts]
    assert len(await all_leaves(ledger)) == 2
    assert len(await whole.history(ledger, "dispatch-1")) == 2


async def test_a_used_document_id_is_refused_and_its_holder_named(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    with pytest.raises(DocumentIdTaken) as raised:
        await ledger.commit(accepted(2, entry=entry(2, document_id=entry(1).document_id)))
    assert raised.value.dispatch_id == "dispatch-1"
    with pytest.raises(NotFound):
        await ledger.kept("dispatch-2")
    assert len(await all_leaves(ledger)) == 2
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
    assert await all_leaves(ledger) == ()


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
    assert [leaf.index for leaf in await all_leaves(ledger)] == [0, 1, 2, 3]


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
    assert [leaf.index for leaf in await all_leaves(ledger)] == list(range(42))


# Advance.


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
    assert {(leaf.kind, leaf.content_id) for leaf in (await all_leaves(ledger))[2:]} == {
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
    leaves = await all_leaves(ledger)
    again = await ledger.advance([move(1, evidence=(evidence(1, "second issue"),))])
    assert again.evidence == first.evidence
    assert (again.delivery.state, again.delivery.version) == ("processed", 3)
    assert await ledger.moved(statement(1).statement_id) == again
    assert (await ledger.moved(statement(1, "06").statement_id)).evidence == (later_evidence,)
    assert await all_leaves(ledger) == leaves


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
    assert [leaf.kind for leaf in await all_leaves(ledger)].count("statement") == 1
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
    assert len(await all_leaves(ledger)) == 2


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


# Refuse.


async def test_the_first_refusal_is_kept_for_sender_digest_and_reason(ledger: Ledger) -> None:
    first = await ledger.refuse(refusal(1))
    assert first == refusal(1).evidence
    assert await ledger.refuse(refusal(1, salt="again")) == first
    assert await ledger.refuse(refusal(1, salt="other", reason="REVOKED")) != first
    assert await ledger.refuse(refusal(2)) == refusal(2).evidence
    assert (await all_leaves(ledger))[0].content_id == first.evidence_id
    assert len(await all_leaves(ledger)) == 3


async def test_many_refusals_of_one_package_at_once_are_one(ledger: Ledger) -> None:
    answers = await asyncio.gather(*(ledger.refuse(refusal(1, salt=str(number))) for number in range(20)))
    assert len(set(answers)) == 1
    assert len(await all_leaves(ledger)) == 1


async def test_a_refusal_stays_apart_from_the_dispatch_that_is_accepted_later(ledger: Ledger) -> None:
    await ledger.refuse(refusal(1))
    with pytest.raises(NotFound):
        await ledger.kept("dispatch-1")
    assert await whole.evidence(ledger, "dispatch-1") == ()
    await ledger.commit(accepted(1))
    assert await whole.evidence(ledger, "dispatch-1") == tuple(accepted(1).evidence)


# Reads.


async def test_what_is_unknown_is_not_found_or_empty(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await ledger.kept("nothing")
    with pytest.raises(NotFound):
        await ledger.delivery("nothing", "G01")
    await ledger.commit(accepted(1))
    with pytest.raises(NotFound):
        await ledger.delivery("dispatch-1", "G99")
    with pytest.raises(NotFound):
        await ledger.entry("nothing")
    for read in (ledger.deliveries, ledger.history, ledger.records):
        assert await read("nothing", after=7, limit=9) == Page(items=(), next=7, more=False)
    assert await ledger.counts("nothing") == {}
    assert await whole.inbox(ledger, "nobody") == ()
    assert await whole.outbox(ledger, "nobody") == ()
    assert await ledger.leaves(start=10**9, limit=10) == ()


async def test_an_inbox_is_paged_by_cursor_and_filtered_by_state(ledger: Ledger) -> None:
    for number in range(10):
        await ledger.commit(accepted(number, recipients=recipients(*RECIPIENTS if number % 2 else ["G55"])))
    await ledger.advance([move(3)])
    seen: list[InboxItem] = []
    after, more = 0, True
    while more:
        page = await ledger.inbox(RECIPIENTS[0], after=after, limit=2)
        assert len(page.items) == (2 if page.more else 1)
        assert page.next == page.items[-1].cursor
        seen += page.items
        after, more = page.next, page.more
    assert [item.entry.code_number for item in seen] == ["1", "3", "5", "7", "9"]
    assert all(one.cursor < other.cursor for one, other in pairwise(seen))
    assert [item.entry for item in seen] == [entry(number) for number in (1, 3, 5, 7, 9)]
    assert all(item.delivery.recipient_id == RECIPIENTS[0] for item in seen)
    waiting = await ledger.inbox(RECIPIENTS[0], limit=10, states=["consigned", "handed over"])
    assert [item.entry.code_number for item in waiting.items] == ["1", "5", "7", "9"]
    done = await ledger.inbox(RECIPIENTS[0], limit=10, states={"accepted"})
    assert [item.delivery.version for item in done.items] == [2]
    assert await ledger.inbox(RECIPIENTS[0], after=after, limit=2) == Page(items=(), next=after, more=False)


async def test_an_outbox_shows_each_dispatch_and_where_it_stands(ledger: Ledger) -> None:
    for number in range(4):
        await ledger.commit(accepted(number, entry=entry(number, sender_id=SENDER if number else "G01")))
    await ledger.advance([move(2)])
    first = await ledger.outbox(SENDER, limit=2)
    assert [item.entry for item in first.items] == [entry(1), entry(2)]
    assert [item.counts for item in first.items] == [{"consigned": 3}, {"accepted": 1, "consigned": 2}]
    assert await ledger.counts("dispatch-2") == first.items[1].counts
    assert (first.more, first.next) == (True, first.items[1].cursor)
    rest = await ledger.outbox(SENDER, after=first.next, limit=10)
    assert [item.entry for item in rest.items] == [entry(3)]
    assert not rest.more


async def test_an_owner_holds_what_it_delivered_itself_and_nothing_else(ledger: Ledger) -> None:
    digests = [records.sha256(f"part 1/{index}") for index in range(3)] + [records.sha256("upload")]
    await ledger.commit(accepted(1))
    await ledger.hold(SENDER, digests[3], 77)
    await ledger.hold(SENDER, digests[3], 77)
    apart = {digests[0]: 1000, digests[2]: 1002, digests[3]: 77}
    assert await ledger.held(SENDER, digests) == apart
    assert await ledger.held(SENDER, digests[2:3]) == {digests[2]: 1002}
    assert await ledger.held(SENDER, []) == {}
    for other in (*RECIPIENTS, ""):
        assert await ledger.held(other, digests) == {}


async def test_the_log_has_one_leaf_for_each_evidence_and_statement_without_gaps(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    await ledger.advance([move(1)])
    await ledger.refuse(refusal(2))
    leaves = await all_leaves(ledger)
    assert [leaf.index for leaf in leaves] == [0, 1, 2, 3, 4]
    contents = {("statement", statement(1).statement_id): statement(1).content}
    for one in (*accepted(1).evidence, *move(1).evidence, refusal(2).evidence):
        contents["evidence", one.evidence_id] = one.content
    assert {(leaf.kind, leaf.content_id) for leaf in leaves} == set(contents)
    for leaf in leaves:
        assert leaf.hash == hashlib.sha256(b"\0" + contents[leaf.kind, leaf.content_id]).digest()
    assert await ledger.leaves(start=1, limit=2) == leaves[1:3]


async def test_a_reader_that_follows_the_cursors_never_misses_a_commit(ledger: Ledger) -> None:
    count = 200
    seen_inbox: list[int] = []
    seen_outbox: list[int] = []
    seen_leaves: list[int] = []

    async def follow() -> None:
        while len(seen_inbox) < count or len(seen_outbox) < count or len(seen_leaves) < 2 * count:
            after = seen_inbox[-1] if seen_inbox else 0
            seen_inbox.extend(
                item.cursor for item in (await ledger.inbox(RECIPIENTS[1], after=after, limit=7)).items
            )
            after = seen_outbox[-1] if seen_outbox else 0
            seen_outbox.extend(
                item.cursor for item in (await ledger.outbox(SENDER, after=after, limit=5)).items
            )
            leaves = await ledger.leaves(start=len(seen_leaves), limit=11)
            seen_leaves.extend(leaf.index for leaf in leaves)

    async with asyncio.timeout(60):
        await asyncio.gather(follow(), *(ledger.commit(accepted(number)) for number in range(count)))
    assert seen_inbox == sorted(set(seen_inbox))
    assert len(seen_inbox) == len(seen_outbox) == count
    assert seen_leaves == list(range(2 * count))
    cursors = [
        event.cursor for number in range(count) for event in await whole.history(ledger, f"dispatch-{number}")
    ]
    assert len(set(cursors)) == 2 * count


async def test_event_cursors_follow_the_order_of_commit(ledger: Ledger) -> None:
    order = [7, 3, 5, 1]
    for number in order:
        await ledger.commit(accepted(number))
    await ledger.advance([move(3)])
    histories = [await whole.history(ledger, f"dispatch-{number}") for number in order]
    committed = [event.cursor for history in histories for event in history[:2]]
    assert committed == sorted(committed)
    assert histories[1][2].cursor > committed[-1]


async def test_a_write_that_returned_is_seen_by_the_next_read(ledger: Ledger) -> None:
    async def write_then_read(number: int) -> None:
        await ledger.commit(accepted(number))
        assert (await ledger.kept(f"dispatch-{number}")).entry == entry(number)
        await ledger.advance([move(number)])
        assert (await ledger.delivery(f"dispatch-{number}", RECIPIENTS[0])).version == 2

    await asyncio.gather(*map(write_then_read, range(50)))


async def test_a_caller_that_gave_up_leaves_a_whole_effect_or_none(ledger: Ledger) -> None:
    tasks = [asyncio.create_task(ledger.commit(accepted(number))) for number in range(30)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for number in range(30):
        kept = await ledger.commit(accepted(number, salt="again"))
        assert len(await whole.history(ledger, f"dispatch-{number}")) == 2
        assert await whole.evidence(ledger, f"dispatch-{number}") == kept.evidence
    assert [leaf.index for leaf in await all_leaves(ledger)] == list(range(60))


async def test_a_serving_ledger_answers_its_probe(ledger: Ledger) -> None:
    await ledger.probe()
    await ledger.probe()
