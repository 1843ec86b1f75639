"""Dispatches that ask recipients of earlier ones, or add some, over every backend."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.errors import Conflict, NotFound
from storage.ledger.base import Ledger
from storage.ledger.records import Delivery, Moved, NewEvent, Recipient
from tests.storage import whole
from tests.storage.records import (
    HANDOVER_BY,
    RECIPIENTS,
    SENDER,
    accepted,
    asking,
    at,
    evidence,
    joining,
    move,
    question,
    recipients,
)

FIRST, SECOND, THIRD = RECIPIENTS
NAME = "dispatch-1"


async def test_an_open_delivery_is_asked_with_all_that_it_means(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    before = await ledger.delivery(NAME, FIRST)
    await ledger.commit(accepted(5, about=(NAME,), asks=(asking(5, 1, FIRST),)))
    asked = question(5)
    assert await ledger.delivery(NAME, FIRST) == replace(
        before, version=2, updated_at=asked.asked_at, due=asked.until, question=asked
    )
    assert (await ledger.delivery(NAME, SECOND)).question is None
    last = (await whole.history(ledger, NAME))[-1]
    assert (last.kind, last.recipient_id, last.related_id) == ("RecallRequested", FIRST, "dispatch-5")


async def test_all_that_can_be_asked_are_in_the_order_named_and_the_others_stay(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, recipients=recipients("A", "B", "C", "D")))
    await ledger.advance([move(1, recipient_id="B", statement=None, evidence=(), events=(), state="refused")])
    await ledger.commit(accepted(5, asks=(asking(5, 1, "C"),)))
    stood = [await ledger.delivery(NAME, name) for name in ("B", "C")]
    await ledger.commit(accepted(6, asks=(asking(6, 1, "D", "C", "nobody", "B", "A"),)))
    assert [await ledger.delivery(NAME, name) for name in ("B", "C")] == stood
    assert stood[1].question == question(5)
    assert [(await ledger.delivery(NAME, name)).question for name in "AD"] == [question(6)] * 2
    history = await whole.history(ledger, NAME)
    assert [event.recipient_id for event in history] == ["", "", "C", "D", "A"]
    assert [event.sequence for event in history] == [1, 2, 3, 4, 5]


async def test_the_earlier_of_two_due_times_counts(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    late = HANDOVER_BY + timedelta(days=1)
    await ledger.commit(accepted(2, asks=(asking(2, 1, FIRST, question=question(2, until=late)),)))
    assert (await ledger.delivery(NAME, FIRST)).due == HANDOVER_BY
    done = move(1, recipient_id=SECOND, statement=None, evidence=(), events=())
    await ledger.advance([done])
    asks = (asking(3, 1, SECOND, states=frozenset({"accepted"}), question=question(3, until=late)),)
    await ledger.commit(accepted(3, asks=asks))
    assert (await ledger.delivery(NAME, SECOND)).due == late


async def test_a_question_never_dates_a_delivery_back(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    await ledger.advance([move(1, at=at(500), state="handed_over", statement=None, evidence=(), events=())])
    await ledger.commit(accepted(2, asks=(asking(2, 1),)))
    times = [one.updated_at for one in await whole.deliveries(ledger, NAME)]
    assert times == [at(500), at(2), at(2)]
    asked = [one for one in await whole.history(ledger, NAME) if one.kind == "RecallRequested"]
    assert [one.at for one in asked] == times, "nor its history"


async def test_a_question_of_no_one_leaves_no_trace(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    before = (await whole.deliveries(ledger, NAME), await whole.history(ledger, NAME))
    await ledger.commit(accepted(2, asks=(asking(2, 1, states=frozenset()), asking(2, 1, "H99"))))
    assert (await whole.deliveries(ledger, NAME), await whole.history(ledger, NAME)) == before


async def test_a_move_answers_a_question_or_keeps_it(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    await ledger.commit(accepted(2, asks=(asking(2, 1),)))
    kept = move(1, expected_version=2, question=question(2), due=at(9), statement=None, evidence=())
    assert (await ledger.advance([kept])).delivery.question == question(2)
    ended = move(1, expected_version=3, state="taken_back", statement=None, evidence=(), events=())
    assert (await ledger.advance([ended])).delivery.question is None
    stands = await ledger.delivery(NAME, FIRST)
    assert (stands.state, stands.question, stands.due) == ("taken_back", None, None)


async def test_of_a_question_and_a_move_at_once_both_orders_are_whole(ledger: Ledger) -> None:
    for number in range(30):
        await ledger.commit(accepted(number))
    answers = await asyncio.gather(
        *(ledger.advance([move(number, state="refused")]) for number in range(30)),
        *(ledger.commit(accepted(100 + n, asks=(asking(100 + n, n, FIRST),))) for n in range(30)),
        return_exceptions=True,
    )
    for number, answer in enumerate(answers[:30]):
        stands = await ledger.delivery(f"dispatch-{number}", FIRST)
        if isinstance(answer, Moved):
            assert (stands.state, stands.version, stands.question) == ("refused", 2, None)
        else:
            assert isinstance(answer, Conflict)
            assert answer.current == stands
            assert (stands.state, stands.version) == ("consigned", 2)
            assert stands.question == question(100 + number)


# Joining.


async def test_who_joins_stands_behind_the_others_with_deadlines_of_its_own(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    unit = Recipient(agency_id="H99.01", mailbox_id="H99")
    join = joining(4, 1, unit, *recipients(SECOND, "H98"))
    before = await ledger.delivery(NAME, SECOND)
    await ledger.commit(accepted(4, about=(NAME,), joins=(join,)))
    deliveries = await whole.deliveries(ledger, NAME)
    assert [one.recipient_id for one in deliveries] == [*RECIPIENTS, "H99.01", "H98"]
    assert deliveries[3] == Delivery(
        dispatch_id=NAME,
        recipient_id="H99.01",
        mailbox_id="H99",
        state="consigned",
        version=1,
        updated_at=join.at,
        handover_by=join.handover_by,
        answer_by=join.answer_by,
        due=join.handover_by,
    )
    assert await ledger.delivery(NAME, SECOND) == before
    assert await ledger.counts(NAME) == {"consigned": 5}
    assert await whole.evidence(ledger, NAME) == (*accepted(1).evidence, *join.evidence)
    assert (await ledger.kept(NAME)).evidence == accepted(1).evidence
    events = (await whole.history(ledger, NAME))[2:]
    assert [(event.kind, event.recipient_id) for event in events] == [
        ("ContentConsignment", "H99.01"),
        ("ContentConsignment", "H98"),
    ]


async def test_who_joins_finds_it_in_its_inbox_behind_what_came_before(ledger: Ledger) -> None:
    for number in (1, 2):
        await ledger.commit(accepted(number, recipients=recipients("A")))
    await ledger.commit(accepted(3, recipients=recipients("Z")))
    read = await ledger.inbox("Z", limit=9)
    await ledger.commit(accepted(4, recipients=recipients("A"), joins=(joining(4, 1, *recipients("Z")),)))
    new = await ledger.inbox("Z", after=read.next, limit=9)
    assert [item.entry.dispatch_id for item in new.items] == [NAME]
    assert [item.entry.dispatch_id for item in await whole.inbox(ledger, "Z")] == ["dispatch-3", NAME]


async def test_when_no_one_joins_nothing_is_kept_of_it(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    before = (await whole.deliveries(ledger, NAME), await whole.history(ledger, NAME))
    leaves = await whole.leaves(ledger)
    await ledger.commit(accepted(2, joins=(joining(2, 1, *recipients(*RECIPIENTS)), joining(2, 1))))
    assert (await whole.deliveries(ledger, NAME), await whole.history(ledger, NAME)) == before
    assert await whole.evidence(ledger, NAME) == accepted(1).evidence
    assert len(await whole.leaves(ledger)) == len(leaves) + 2


async def test_who_is_named_twice_joins_once_and_is_asked_like_the_others(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    joins = tuple(
        joining(2, 1, *recipients(*names), evidence=(evidence(1, f"joined {names}"),))
        for names in (("X", "Y"), ("Y", "X"), ("Y", "Z"))
    )
    await ledger.commit(accepted(2, joins=joins))
    names = [one.recipient_id for one in await whole.deliveries(ledger, NAME)]
    assert names == [*RECIPIENTS, "X", "Y", "Z"]
    kept = [one.evidence_id for one in await whole.evidence(ledger, NAME)]
    assert kept[2:] == [joins[0].evidence[0].evidence_id, joins[2].evidence[0].evidence_id]
    await ledger.commit(accepted(3, asks=(asking(3, 1, "X", FIRST),)))
    assert (await ledger.delivery(NAME, "X")).question == question(3)
    await ledger.advance([move(1, recipient_id="Z", statement=None, evidence=(), events=())])
    assert (await ledger.delivery(NAME, "Z")).state == "accepted"


async def test_many_joins_at_once_make_one_delivery_each(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    packages = [accepted(n, joins=(joining(n, 1, *recipients("SAME", f"OWN{n}")),)) for n in range(10, 30)]
    await asyncio.gather(*map(ledger.commit, packages))
    names = [one.recipient_id for one in await whole.deliveries(ledger, NAME)]
    assert len(names) == len(set(names)) == len(RECIPIENTS) + 1 + 20
    assert len(await whole.inbox(ledger, "SAME")) == 1
    assert [event.sequence for event in await whole.history(ledger, NAME)] == list(range(1, 24))


async def test_one_package_asks_some_and_adds_others(ledger: Ledger) -> None:
    for number in (1, 2):
        await ledger.commit(accepted(number))
    package = accepted(
        3,
        about=(NAME, "dispatch-2"),
        asks=(asking(3, 1, FIRST), asking(3, 2, THIRD)),
        joins=(joining(3, 2, *recipients("N")),),
    )
    await ledger.commit(package)
    assert (await ledger.delivery(NAME, FIRST)).question is not None
    assert (await ledger.delivery("dispatch-2", THIRD)).question is not None
    assert (await ledger.delivery("dispatch-2", "N")).version == 1
    seen = [(item.event.dispatch_id, item.event.kind) for item in await whole.stream(ledger, SENDER)]
    assert seen[4:] == [
        ("dispatch-3", "accepted"),
        ("dispatch-3", "consigned"),
        (NAME, "RecallRequested"),
        ("dispatch-2", "RecallRequested"),
        ("dispatch-2", "ContentConsignment"),
    ]
    issued = [*package.evidence, *package.joins[0].evidence]
    assert [leaf.content_id for leaf in (await whole.leaves(ledger))[4:]] == [
        one.evidence_id for one in issued
    ]


async def test_five_thousand_are_asked_and_five_thousand_join_in_one_commit(ledger: Ledger) -> None:
    asked, joined = [f"H{n:04d}" for n in range(5000)], [f"J{n:04d}" for n in range(5000)]
    await ledger.commit(accepted(1, recipients=recipients(*asked)))
    package = accepted(2, asks=(asking(2, 1, *asked),), joins=(joining(2, 1, *recipients(*joined)),))
    await ledger.commit(package)
    deliveries = await whole.deliveries(ledger, NAME)
    assert [one.recipient_id for one in deliveries] == asked + joined
    assert [one.version for one in deliveries] == [2] * 5000 + [1] * 5000
    assert len(await whole.history(ledger, NAME)) == 10_002
    assert [item.event.sequence for item in await whole.stream(ledger, "H4321")] == [1, 2, 3]


@pytest.mark.parametrize("stranger", ["evidence", "events", "joined"])
async def test_nothing_speaks_of_who_is_no_recipient(ledger: Ledger, stranger: str) -> None:
    await ledger.commit(accepted(1))
    about = {
        "evidence": {"evidence": (evidence(2, recipient_id="H99"),)},
        "events": {"events": (NewEvent(kind="accepted", at=at(2), recipient_id="H99"),)},
        "joined": {
            "joins": (joining(2, 1, *recipients("H98"), evidence=(evidence(1, recipient_id="H99"),)),)
        },
    }[stranger]
    with pytest.raises(ValueError, match="H99"):
        await ledger.commit(accepted(2, **about))
    with pytest.raises(NotFound):
        await ledger.kept("dispatch-2")
    assert len(await whole.deliveries(ledger, NAME)) == 3
