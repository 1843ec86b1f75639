"""Reading a ledger in pages, over every backend: bounded, complete, and each party its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.errors import StatementTaken
from storage.ledger.base import Ledger
from storage.ledger.pages import PAGE_BYTES, Page
from storage.ledger.records import Evidence, NewEvent, Record
from tests.storage import records, whole
from tests.storage.records import RECIPIENTS, SENDER, accepted, at, entry, evidence, move, sha256, statement

NAME = "dispatch-1"


async def answered(ledger: Ledger) -> None:
    """One dispatch that each recipient took, the last one first."""
    await ledger.commit(accepted(1))
    for recipient in reversed(RECIPIENTS):
        issued = replace(evidence(1, "handover", recipient_id=recipient), event="ContentHandover")
        stated = statement(1, "01", agency_id=recipient)
        noted = NewEvent(kind="ContentHandover", at=at(9), recipient_id=recipient)
        await ledger.advance(
            [move(1, recipient_id=recipient, statement=stated, evidence=(issued,), events=(noted,))]
        )


def named(record: Record) -> tuple[str, str]:
    if isinstance(record, Evidence):
        return record.event, record.recipient_id
    return record.status_code, record.agency_id


OF_ALL = [("SubmissionAcceptance", ""), ("SubmissionAcceptance", "")]


async def test_records_come_in_the_order_of_commit_whatever_the_page(ledger: Ledger) -> None:
    await answered(ledger)
    for limit in (1, 2, 3, 100):
        found = await whole.pages(lambda after, most=limit: ledger.records(NAME, after=after, limit=most))
        assert [named(one) for one in found] == [
            *OF_ALL,
            *(
                step
                for recipient in reversed(RECIPIENTS)
                for step in (("01", recipient), ("ContentHandover", recipient))
            ),
        ]


@pytest.mark.parametrize("recipient", RECIPIENTS)
async def test_a_recipients_records_are_its_own_and_those_of_all(ledger: Ledger, recipient: str) -> None:
    await answered(ledger)
    found = await ledger.records(NAME, viewer=recipient, limit=100)
    assert [named(one) for one in found.items] == [
        *OF_ALL,
        ("01", recipient),
        ("ContentHandover", recipient),
    ]
    events = await ledger.history(NAME, viewer=recipient, limit=100)
    assert [event.recipient_id for event in events.items] == ["", "", recipient]
    assert (found.more, events.more) == (False, False)


async def test_what_speaks_of_all_can_be_asked_for_alone(ledger: Ledger) -> None:
    await answered(ledger)
    assert [named(one) for one in (await ledger.records(NAME, recipient_id="", limit=100)).items] == OF_ALL
    assert len((await ledger.history(NAME, viewer="", limit=100)).items) == 2
    stranger = await ledger.records(NAME, recipient_id="H99", limit=100)
    assert [named(one) for one in stranger.items] == OF_ALL


async def test_named_events_are_evidence_alone(ledger: Ledger) -> None:
    await answered(ledger)
    found = await ledger.records(NAME, events=["ContentHandover"], limit=2)
    assert [named(one) for one in found.items] == [("ContentHandover", one) for one in RECIPIENTS[:0:-1]]
    assert found.more
    rest = await ledger.records(NAME, events=["ContentHandover"], after=found.next, limit=2)
    assert [named(one) for one in rest.items] == [("ContentHandover", RECIPIENTS[0])]
    assert not rest.more
    assert (await ledger.records(NAME, events=["01"], limit=9)).items == ()


async def test_a_history_is_paged_by_what_was_read_of_it(ledger: Ledger) -> None:
    await answered(ledger)
    for recipient in (None, *RECIPIENTS):
        all_at_once = await ledger.history(NAME, viewer=recipient, limit=100)
        one_by_one = await whole.pages(
            lambda after, who=recipient: ledger.history(NAME, viewer=who, after=after, limit=1)
        )
        assert one_by_one == all_at_once.items
        assert all_at_once.next == len(all_at_once.items)


async def test_deliveries_are_paged_and_filtered_by_state_in_their_order(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    await ledger.advance([move(1, recipient_id=RECIPIENTS[1], state="refused")])
    first = await ledger.deliveries(NAME, limit=2)
    assert [one.recipient_id for one in first.items] == list(RECIPIENTS[:2])
    assert first.more
    rest = await ledger.deliveries(NAME, after=first.next, limit=2)
    assert ([one.recipient_id for one in rest.items], rest.more) == ([RECIPIENTS[2]], False)
    waiting = await ledger.deliveries(NAME, limit=9, states=["consigned"])
    assert [one.recipient_id for one in waiting.items] == [RECIPIENTS[0], RECIPIENTS[2]]
    assert await ledger.counts(NAME) == {"consigned": 2, "refused": 1}


async def test_a_page_is_bounded_in_bytes_and_has_at_least_one_item(ledger: Ledger) -> None:
    new = accepted(1)
    large = [
        replace(new.evidence[0], evidence_id=f"large {number}", content=bytes(size))
        for number, size in enumerate((PAGE_BYTES * 2, PAGE_BYTES // 2, PAGE_BYTES // 3, PAGE_BYTES // 3))
    ]
    await ledger.commit(replace(new, evidence=tuple(large)))
    sizes, after, more = [], 0, True
    while more:
        page = await ledger.records(NAME, after=after, limit=100)
        sizes.append([len(one.content) for one in page.items])
        after, more = page.next, page.more
    assert sizes == [[PAGE_BYTES * 2], [PAGE_BYTES // 2, PAGE_BYTES // 3], [PAGE_BYTES // 3]]


async def test_inbox_and_outbox_pages_are_bounded_in_bytes(ledger: Ledger) -> None:
    for number in range(3):
        parts = tuple(replace(records.part(1, n), number=n, name="ế" * 1000) for n in range(400))
        await ledger.commit(accepted(number, entry=entry(number, parts=parts)))
    for page in (await ledger.inbox(RECIPIENTS[0], limit=9), await ledger.outbox(SENDER, limit=9)):
        assert (len(page.items), page.more) == (1, True)
    assert len(await whole.inbox(ledger, RECIPIENTS[0])) == len(await whole.outbox(ledger, SENDER)) == 3


@pytest.mark.parametrize(("after", "limit"), [(0, 0), (0, -1), (-1, 1), (1 << 63, 1)])
async def test_a_page_that_cannot_be_is_refused(ledger: Ledger, after: int, limit: int) -> None:
    await ledger.commit(accepted(1))
    for asked in (
        ledger.records(NAME, after=after, limit=limit),
        ledger.history(NAME, after=after, limit=limit),
        ledger.deliveries(NAME, after=after, limit=limit),
        ledger.inbox(RECIPIENTS[0], after=after, limit=limit),
        ledger.outbox(SENDER, after=after, limit=limit),
    ):
        with pytest.raises(ValueError):
            await asked


async def test_the_largest_place_and_page_are_served(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    most = (1 << 63) - 1
    assert await ledger.records(NAME, after=most, limit=most) == Page(items=(), next=most, more=False)
    assert len((await ledger.inbox(RECIPIENTS[0], limit=most)).items) == 1


async def test_a_statement_kept_for_one_dispatch_moves_no_other(ledger: Ledger) -> None:
    for number in (1, 2):
        await ledger.commit(accepted(number))
    await ledger.advance([move(1)])
    before = await ledger.leaves(start=0, limit=100)
    stolen = replace(statement(1), dispatch_id="dispatch-2")
    for changes in ({}, {"recipient_id": RECIPIENTS[1]}, {"expected_version": 9}):
        with pytest.raises(StatementTaken) as raised:
            await ledger.advance([move(2, statement=stolen, **changes)])
        assert raised.value.dispatch_id == NAME
    assert await ledger.counts("dispatch-2") == {"consigned": 3}
    assert await ledger.leaves(start=0, limit=100) == before


@pytest.mark.parametrize(
    ("digest", "size"),
    [("A" * 64, 1), ("a" * 63, 1), ("a" * 64 + "\n", 1), ("", 1), ("a" * 64, -1), ("a" * 64, 1 << 63)],
)
async def test_a_blob_that_cannot_be_is_not_held(ledger: Ledger, digest: str, size: int) -> None:
    with pytest.raises(ValueError):
        await ledger.hold(SENDER, digest, size)
    assert await ledger.held(SENDER, [digest]) == {}


async def test_the_smallest_and_the_largest_blob_are_held(ledger: Ledger) -> None:
    sizes = {sha256("empty"): 0, sha256("vast"): (1 << 63) - 1}
    for digest, size in sizes.items():
        await ledger.hold(SENDER, digest, size)
    assert await ledger.held(SENDER, list(sizes)) == sizes


async def test_a_secret_is_made_once_and_each_name_has_its_own(ledger: Ledger) -> None:
    first = await ledger.secret("cursors")
    assert len(first) == 32
    assert await ledger.secret("cursors") == first
    assert await ledger.secret("other") != first
