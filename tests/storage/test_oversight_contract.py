"""The promise of oversight, over every backend: what needs attention, and how many there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storage.errors import NotFound
from storage.ledger.base import Ledger
from storage.ledger.oversight import Aside, Concerns, Tally, TallyKey
from storage.ledger.records import Asking, Joining, NewEvent, Question, Recipient
from tests.storage.records import (
    HANDOVER_BY,
    NOON,
    RECIPIENTS,
    SENDER,
    accepted,
    at,
    entry,
    move,
    recipients,
)

FIRST, SECOND, THIRD = RECIPIENTS
HOUR = timedelta(hours=1)


async def concerns(
    ledger: Ledger,
    agency_id: str | None,
    *,
    soon: datetime = NOON,
    since: datetime = NOON,
    limit: int = 100,
) -> Concerns:
    return await ledger.concerns(agency_id, soon=soon, since=since, limit=limit)


def seen(found: Concerns) -> list[tuple[str, str, str]]:
    return [(one.why, one.entry.dispatch_id, one.delivery.recipient_id) for one in found.items]


async def moved(ledger: Ledger, number: int, recipient_id: str, state: str, **changes: object) -> None:
    """Moves a delivery, with one event about it."""
    current = await ledger.delivery(f"dispatch-{number}", recipient_id)
    when = changes.pop("at", at(number + 60))
    assert isinstance(when, datetime)
    event = NewEvent(
        kind=str(changes.pop("kind", "moved")),
        at=when,
        recipient_id=recipient_id,
        status_code=str(changes.pop("status_code", "")),
    )
    given: dict[str, object] = {
        "recipient_id": recipient_id,
        "expected_version": current.version,
        "state": state,
        "at": when,
        "statement": None,
        "evidence": (),
        "events": (event,),
    }
    await ledger.advance([move(number, **given | changes)])


def recall(number: int, *names: str, until: datetime = HANDOVER_BY) -> Asking:
    question = Question(kind="recall", by="dispatch-2", reason="sai", asked_at=at(5), until=until)
    return Asking(
        dispatch_id=f"dispatch-{number}",
        recipients=names,
        states=frozenset({"consigned"}),
        question=question,
        event=NewEvent(kind="RecallRequested", at=at(5)),
    )


# What needs attention.


async def test_a_deadline_that_comes_near_concerns_sender_and_recipient(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, recipients=recipients(FIRST, SECOND)))
    due = [("due_soon", "dispatch-1", FIRST), ("due_soon", "dispatch-1", SECOND)]
    assert seen(await concerns(ledger, SENDER, soon=HANDOVER_BY)) == due
    assert seen(await concerns(ledger, FIRST, soon=HANDOVER_BY)) == due[:1]
    assert seen(await concerns(ledger, None, soon=HANDOVER_BY)) == due
    for agency_id in (SENDER, FIRST, None):
        assert await concerns(ledger, agency_id, soon=HANDOVER_BY - HOUR) == Concerns(items=(), counts={})
    assert seen(await concerns(ledger, THIRD, soon=HANDOVER_BY)) == []


async def test_what_is_concerned_is_shown_as_it_stands_without_its_parts(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    (one,) = (await concerns(ledger, FIRST, soon=HANDOVER_BY)).items
    assert one.entry == replace(entry(1), parts=())
    assert one.delivery == await ledger.delivery("dispatch-1", FIRST)
    assert one.aside is None


async def test_a_unit_concerns_the_agency_that_takes_for_it(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, recipients=(Recipient(agency_id="U1", mailbox_id=FIRST),)))
    assert seen(await concerns(ledger, FIRST, soon=HANDOVER_BY)) == [("due_soon", "dispatch-1", "U1")]
    assert seen(await concerns(ledger, "U1", soon=HANDOVER_BY)) == []


async def test_who_addressed_itself_is_told_once(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, recipients=recipients(SENDER)))
    found = await concerns(ledger, SENDER, soon=HANDOVER_BY)
    assert (seen(found), found.counts) == ([("due_soon", "dispatch-1", SENDER)], {"due_soon": 1})


async def test_an_open_question_concerns_the_recipient_until_it_is_answered(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    await ledger.commit(accepted(2, recipients=recipients(THIRD), asks=(recall(1, FIRST),)))
    assert seen(await concerns(ledger, FIRST)) == [("question_open", "dispatch-1", FIRST)]
    assert seen(await concerns(ledger, None)) == [("question_open", "dispatch-1", FIRST)]
    assert seen(await concerns(ledger, SENDER)) == []
    await moved(ledger, 1, FIRST, "consigned", due=HANDOVER_BY)
    assert seen(await concerns(ledger, FIRST)) == []


@pytest.mark.parametrize("state", ["refused", "expired"])
async def test_a_bad_ending_concerns_the_sender_for_a_while(ledger: Ledger, state: str) -> None:
    await ledger.commit(accepted(1))
    await moved(ledger, 1, FIRST, state, at=at(100))
    await moved(ledger, 1, SECOND, "accepted", at=at(100))
    await moved(ledger, 1, THIRD, "taken_back", at=at(100))
    assert seen(await concerns(ledger, SENDER, since=at(100))) == [(state, "dispatch-1", FIRST)]
    assert seen(await concerns(ledger, None, since=at(100))) == [(state, "dispatch-1", FIRST)]
    assert seen(await concerns(ledger, SENDER, since=at(101))) == []
    assert seen(await concerns(ledger, THIRD, since=at(100))) == []


async def test_an_expiry_concerns_the_recipient_too_each_until_it_has_seen_it(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, recipients=(Recipient(agency_id="U1", mailbox_id=FIRST),)))
    await moved(ledger, 1, "U1", "expired", at=at(100))
    expired = [("expired", "dispatch-1", "U1")]
    assert seen(await concerns(ledger, FIRST, since=at(100))) == expired
    assert seen(await concerns(ledger, FIRST, since=at(101))) == []
    assert seen(await concerns(ledger, "U1", since=at(100))) == []
    await ledger.acknowledge(FIRST, "dispatch-1", "U1")
    assert seen(await concerns(ledger, FIRST)) == []
    assert seen(await concerns(ledger, SENDER)) == expired
    assert seen(await concerns(ledger, None)) == expired
    await ledger.acknowledge(SENDER, "dispatch-1", "U1")
    assert seen(await concerns(ledger, SENDER)) == []
    assert seen(await concerns(ledger, None)) == []


async def test_a_refusal_concerns_not_the_recipient_who_gave_it(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    await moved(ledger, 1, FIRST, "refused", at=at(100))
    assert seen(await concerns(ledger, FIRST, since=at(100))) == []


async def test_a_refusal_to_give_back_concerns_the_sender_for_a_while(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    for when in (at(100), at(90)):
        await moved(ledger, 1, FIRST, "handed_over", kind="QuestionRefused", at=when, due=HANDOVER_BY)
    await moved(ledger, 1, FIRST, "accepted", at=at(200))
    assert seen(await concerns(ledger, SENDER, since=at(100))) == [("question_refused", "dispatch-1", FIRST)]
    assert seen(await concerns(ledger, None, since=at(100))) == [("question_refused", "dispatch-1", FIRST)]
    assert seen(await concerns(ledger, SENDER, since=at(101))) == []
    assert seen(await concerns(ledger, FIRST, since=at(100))) == []


async def test_what_was_given_back_in_the_end_concerns_nobody(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    await moved(ledger, 1, FIRST, "accepted", kind="QuestionRefused", at=at(100))
    await moved(ledger, 1, FIRST, "taken_back", at=at(200))
    assert seen(await concerns(ledger, SENDER, since=at(100))) == []
    assert seen(await concerns(ledger, None, since=at(100))) == []


async def test_what_was_acknowledged_is_a_concern_again_after_the_next_move(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, recipients=recipients(FIRST)))
    await moved(ledger, 1, FIRST, "handed_over", kind="QuestionRefused", due=HANDOVER_BY)
    for _ in range(2):
        await ledger.acknowledge(SENDER, "dispatch-1", FIRST)
        assert seen(await concerns(ledger, SENDER)) == []
        assert seen(await concerns(ledger, None)) == []
    assert seen(await concerns(ledger, SENDER, soon=HANDOVER_BY)) == [("due_soon", "dispatch-1", FIRST)]
    await moved(ledger, 1, FIRST, "refused")
    assert seen(await concerns(ledger, SENDER)) == [
        ("question_refused", "dispatch-1", FIRST),
        ("refused", "dispatch-1", FIRST),
    ]
    await ledger.acknowledge(SENDER, "dispatch-1", FIRST)
    assert seen(await concerns(ledger, SENDER)) == []


@pytest.mark.parametrize(
    ("sender_id", "dispatch_id", "recipient_id"),
    [(SECOND, "dispatch-1", FIRST), (SENDER, "dispatch-9", FIRST), (SENDER, "dispatch-1", "H99")],
)
async def test_only_sender_and_receiver_acknowledge_and_only_what_there_is(
    ledger: Ledger, sender_id: str, dispatch_id: str, recipient_id: str
) -> None:
    await ledger.commit(accepted(1))
    with pytest.raises(NotFound):
        await ledger.acknowledge(sender_id, dispatch_id, recipient_id)


def aside(number: int, recipient_id: str, sequence: int = 0) -> Aside:
    return Aside(
        dispatch_id=f"dispatch-{number}",
        recipient_id=recipient_id,
        sequence=sequence,
        reason="không có hồ sơ",
        at=at(9),
        by="ab" * 32,
    )


async def test_what_was_set_aside_concerns_who_set_it_aside_until_it_is_taken_up(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    given = [aside(1, SECOND), aside(1, "", 1)]
    for one in given:
        await ledger.set_aside(SECOND, one)
    await ledger.set_aside(SENDER, aside(1, "", 2))
    found = await concerns(ledger, SECOND)
    assert [(one.why, one.delivery.recipient_id, one.aside) for one in found.items] == [
        ("set_aside", SECOND, one) for one in given
    ]
    assert found.counts == {"set_aside": 2}
    (own,) = (await concerns(ledger, SENDER)).items
    assert (own.delivery.recipient_id, own.aside) == (FIRST, aside(1, "", 2))
    assert (await concerns(ledger, None)).counts == {"set_aside": 3}
    await ledger.take_up(SECOND, "dispatch-1", SECOND, 0)
    await ledger.take_up(SECOND, "dispatch-1", "", 1)
    assert seen(await concerns(ledger, SECOND)) == []


async def test_the_most_urgent_comes_first_and_all_are_counted(ledger: Ledger) -> None:
    for number, priority in ((1, 0), (2, 3), (3, 0)):
        to = recipients(FIRST, SECOND)
        await ledger.commit(accepted(number, entry=entry(number, priority=priority), recipients=to))
    await moved(ledger, 1, FIRST, "refused")
    await moved(ledger, 3, SECOND, "handed_over", due=HANDOVER_BY - HOUR)
    expected = [
        ("due_soon", "dispatch-2", FIRST),
        ("due_soon", "dispatch-2", SECOND),
        ("due_soon", "dispatch-3", SECOND),
        ("due_soon", "dispatch-1", SECOND),
        ("due_soon", "dispatch-3", FIRST),
        ("refused", "dispatch-1", FIRST),
    ]
    for agency_id in (SENDER, None):
        found = await concerns(ledger, agency_id, soon=HANDOVER_BY)
        assert seen(found) == expected
        few = await concerns(ledger, agency_id, soon=HANDOVER_BY, limit=2)
        assert (seen(few), few.counts) == (expected[:2], {"due_soon": 5, "refused": 1})


@pytest.mark.parametrize(
    "wrong", [{"limit": 0}, {"soon": datetime(2026, 3, 2)}, {"since": datetime(2026, 3, 2)}]
)
async def test_what_cannot_be_looked_for_is_the_callers_mistake(
    ledger: Ledger, wrong: dict[str, object]
) -> None:
    with pytest.raises(ValueError):
        await concerns(ledger, SENDER, **wrong)  # type: ignore[arg-type]


# How many there are.

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


async def tally(ledger: Ledger, *by: str, **changes: object) -> tuple[Tally, ...]:
    asked: dict[str, object] = {"sender_id": None, "mailbox_id": None, "since": SINCE, "until": UNTIL}
    asked |= {"at": UNTIL, "by": by}
    return await ledger.tally(**asked | changes)  # type: ignore[arg-type]


async def test_nothing_is_counted_where_there_is_nothing(ledger: Ledger) -> None:
    assert await tally(ledger) == ()
    assert await tally(ledger, "day", sender_id=SENDER) == ()


async def test_dispatches_and_deliveries_are_counted_by_state(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    await ledger.commit(accepted(2, recipients=recipients(FIRST)))
    await moved(ledger, 1, FIRST, "accepted")
    await moved(ledger, 1, SECOND, "refused")
    await moved(ledger, 1, THIRD, "expired")
    (one,) = await tally(ledger)
    assert one == Tally(
        key=TallyKey(),
        dispatches=2,
        deliveries=4,
        states={"accepted": 1, "refused": 1, "expired": 1, "consigned": 1},
        on_time=2,
        late=1,
        done_on_time=0,
        done_late=0,
    )


async def test_days_and_months_are_those_of_viet_nam(ledger: Ledger) -> None:
    eve = datetime(2026, 3, 31, 16, 59, 59, 999999, tzinfo=UTC)
    for number, when in enumerate((eve, eve + timedelta(microseconds=1))):
        await ledger.commit(accepted(number, entry=entry(number, accepted_at=when)))
    assert [one.key.period for one in await tally(ledger, "day")] == ["2026-03-31", "2026-04-01"]
    assert [one.key.period for one in await tally(ledger, "month")] == ["2026-03", "2026-04"]
    assert [one.dispatches for one in await tally(ledger, since=eve, until=eve + timedelta(hours=1))] == [2]
    (early,) = await tally(ledger, "day", until=eve + timedelta(microseconds=1))
    (late,) = await tally(ledger, "day", since=eve + timedelta(microseconds=1))
    assert (early.key.period, late.key.period) == ("2026-03-31", "2026-04-01")


async def test_the_other_side_is_the_recipient_of_what_was_sent_and_the_sender_of_what_was_received(
    ledger: Ledger,
) -> None:
    to = (Recipient(agency_id="U1", mailbox_id=FIRST), *recipients(FIRST, SECOND))
    await ledger.commit(accepted(1, recipients=to))
    await ledger.commit(accepted(2, entry=entry(2, sender_id="G99"), recipients=recipients(FIRST)))

    def counted(tallies: tuple[Tally, ...]) -> dict[str, tuple[int, int]]:
        return {one.key.agency_id: (one.dispatches, one.deliveries) for one in tallies}

    assert counted(await tally(ledger, "agency", sender_id=SENDER)) == {
        "U1": (1, 1),
        FIRST: (1, 1),
        SECOND: (1, 1),
    }
    assert counted(await tally(ledger, "agency", mailbox_id=FIRST)) == {SENDER: (1, 2), "G99": (1, 1)}
    assert counted(await tally(ledger, "agency", sender_id=SENDER, mailbox_id=FIRST)) == {SENDER: (1, 2)}
    assert counted(await tally(ledger, "agency")) == {"U1": (1, 1), FIRST: (2, 2), SECOND: (1, 1)}
    assert counted(await tally(ledger, "sender")) == {SENDER: (1, 3), "G99": (1, 1)}
    assert counted(await tally(ledger, "agency", mailbox_id="U1")) == {}


async def test_keys_combine_and_stand_in_order(ledger: Ledger) -> None:
    for number, (priority, kind) in enumerate([(2, 0), (0, 1), (2, 1), (0, 0)]):
        new = entry(number, priority=priority, kind=kind)
        await ledger.commit(accepted(number, entry=new, recipients=recipients(FIRST)))
    assert [one.key for one in await tally(ledger, "kind", "priority", "month")] == [
        TallyKey(period="2026-03", priority=priority, kind=kind)
        for priority, kind in ((0, 0), (0, 1), (2, 0), (2, 1))
    ]


async def test_who_joined_later_counts_with_its_dispatch(ledger: Ledger) -> None:
    await ledger.commit(accepted(1, recipients=recipients(FIRST)))
    joining = Joining(
        dispatch_id="dispatch-1",
        recipients=recipients(SECOND),
        at=at(86_400),
        handover_by=HANDOVER_BY,
        answer_by=HANDOVER_BY,
        evidence=(),
        event=NewEvent(kind="joined", at=at(86_400)),
    )
    later = entry(2, accepted_at=at(86_400), kind=2)
    await ledger.commit(accepted(2, entry=later, recipients=recipients(FIRST), joins=(joining,)))
    first, second = await tally(ledger, "day", sender_id=SENDER)
    assert (first.deliveries, second.deliveries) == (2, 1)
    (received,) = await tally(ledger, "day", mailbox_id=SECOND)
    assert (received.key.period, received.deliveries) == ("2026-03-02", 1)


@pytest.mark.parametrize(
    ("states", "due_date", "asked_on", "punctual"),
    [
        ([("accepted", ""), ("done", "06")], "2026-03-04", 9, (1, 0)),
        ([("accepted", ""), ("done", "06")], "2026-03-03", 9, (0, 1)),
        ([("accepted", ""), ("done", "06")], "", 9, (0, 0)),
        ([("done", "06"), ("done", "")], "2026-03-03", 9, (1, 0)),
        ([("done", ""), ("done", "")], "2026-03-03", 9, (0, 1)),
        ([("accepted", "")], "2026-03-10", 10, (0, 0)),
        ([("accepted", "")], "2026-03-10", 11, (0, 1)),
        ([], "2026-03-02", 3, (0, 1)),
        ([("refused", "")], "2026-03-02", 9, (0, 0)),
        ([("expired", "")], "2026-03-02", 9, (0, 0)),
        ([("done", "06"), ("taken_back", "")], "2026-03-02", 9, (0, 0)),
    ],
)
async def test_what_has_a_due_date_is_done_by_it_or_late(
    ledger: Ledger,
    states: list[tuple[str, str]],
    due_date: str,
    asked_on: int,
    punctual: tuple[int, int],
) -> None:
    """The document came on 2 March, at noon in Viet Nam; the first move is of the 3rd, each next one of the
    day after; it is counted in the last minute of a day."""
    await ledger.commit(accepted(1, entry=entry(1, due_date=due_date), recipients=recipients(FIRST)))
    for day, (state, status) in enumerate(states, start=1):
        await moved(ledger, 1, FIRST, state, status_code=status, at=NOON + timedelta(days=day, hours=11))
    (one,) = await tally(ledger, at=datetime(2026, 3, asked_on, 16, 59, tzinfo=UTC))
    assert (one.done_on_time, one.done_late) == punctual


@pytest.mark.parametrize("by", [("week",), ("day", "month"), ("agency", "sender")])
async def test_what_cannot_be_counted_by_is_the_callers_mistake(ledger: Ledger, by: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="dimension"):
        await tally(ledger, *by)


async def test_more_keys_than_anyone_reads_are_refused(ledger: Ledger) -> None:
    names = tuple(f"U{number}" for number in range(5001))
    to = tuple(Recipient(agency_id=name, mailbox_id=FIRST) for name in names)
    for number in range(2):
        await ledger.commit(accepted(number, entry=entry(number, priority=number), recipients=to))
    assert len(await tally(ledger, "agency")) == 5001
    with pytest.raises(ValueError, match="10000 keys"):
        await tally(ledger, "agency", "priority")
