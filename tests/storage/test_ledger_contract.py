"""What every facet of the ledger promises, over every backend."""

from __future__ import annotations

import asyncio
import hashlib
from itertools import pairwise

import pytest

from storage.errors import NotFound
from storage.ledger.base import Ledger
from storage.ledger.pages import Page
from storage.ledger.records import InboxItem
from tests.storage import records, whole
from tests.storage.records import (
    RECIPIENTS,
    SENDER,
    accepted,
    entry,
    move,
    recipients,
    refusal,
    statement,
)


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
    leaves = await whole.leaves(ledger)
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
    assert [leaf.index for leaf in await whole.leaves(ledger)] == list(range(60))


async def test_a_serving_ledger_answers_its_probe(ledger: Ledger) -> None:
    await ledger.probe()
    await ledger.probe()
