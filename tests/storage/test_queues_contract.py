"""The promise of queues, over every backend: who has what in hand, what was set aside."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from storage.errors import AsidesFull, LeaseLost, NotFound
from storage.ledger.base import Ledger
from storage.ledger.oversight import Aside, Lease, Leased
from storage.ledger.records import Asking, NewEvent, Question, Recipient
from tests.storage.records import NOON, RECIPIENTS, SENDER, accepted, at, entry, evidence, move, recipients

MAILBOX, OTHER = RECIPIENTS[0], RECIPIENTS[1]
HOLDER = "ab" * 32
LATER = at(600)
STATES = ("consigned", "fetched")


async def committed(ledger: Ledger, *numbers: int, priority: int = 0) -> None:
    for number in numbers:
        await ledger.commit(accepted(number, entry=entry(number, priority=priority)))


async def taken(
    ledger: Ledger,
    token: str,
    *,
    mailbox: str = MAILBOX,
    now: datetime = NOON,
    until: datetime | None = None,
    limit: int = 10,
    states: tuple[str, ...] = STATES,
) -> tuple[Leased, ...]:
    return await ledger.take(
        mailbox,
        holder=HOLDER,
        token=token,
        at=now,
        until=until or now + timedelta(seconds=300),
        states=states,
        limit=limit,
    )


def numbers(leased: tuple[Leased, ...]) -> list[int]:
    return [int(one.item.entry.code_number) for one in leased]


def lease(token: str, until: datetime = LATER) -> Lease:
    return Lease(token=token, holder=HOLDER, until=until, attempts=0)


def aside(number: int, recipient_id: str = MAILBOX, sequence: int = 0, reason: str = "hỏng") -> Aside:
    return Aside(
        dispatch_id=f"dispatch-{number}",
        recipient_id=recipient_id,
        sequence=sequence,
        reason=reason,
        at=at(9),
        by=HOLDER,
    )


# Taking.


async def test_what_is_taken_is_the_item_of_the_inbox_with_its_lease(ledger: Ledger) -> None:
    await committed(ledger, 1)
    (one,) = await taken(ledger, "t")
    (item,) = (await ledger.inbox(MAILBOX, limit=10)).items
    assert one.item == item
    assert one.lease == Lease(token="t", holder=HOLDER, until=at(300), attempts=1)


async def test_the_most_urgent_comes_first_and_then_the_oldest(ledger: Ledger) -> None:
    await committed(ledger, 1, 2)
    await committed(ledger, 3, priority=4)
    await committed(ledger, 4, 5, priority=2)
    assert numbers(await taken(ledger, "t", limit=3)) == [3, 4, 5]
    assert numbers(await taken(ledger, "u", limit=3)) == [1, 2]
    assert await taken(ledger, "v") == ()


async def test_nobody_gets_what_another_one_has_in_hand_until_the_lease_has_run_out(ledger: Ledger) -> None:
    await committed(ledger, 1)
    assert numbers(await taken(ledger, "t", until=at(300))) == [1]
    assert await taken(ledger, "u", now=at(299)) == ()
    (again,) = await taken(ledger, "u", now=at(300), until=at(400))
    assert again.lease == Lease(token="u", holder=HOLDER, until=at(400), attempts=2)


async def test_a_queue_holds_what_is_the_mailboxs_alone(ledger: Ledger) -> None:
    await committed(ledger, 1)
    assert numbers(await taken(ledger, "t")) == [1]
    assert numbers(await taken(ledger, "u", mailbox=OTHER)) == [1]
    assert await taken(ledger, "v", mailbox=SENDER) == ()


async def test_a_mailbox_takes_for_the_units_whose_mailbox_it_is(ledger: Ledger) -> None:
    to = (Recipient(agency_id="U1", mailbox_id=MAILBOX), Recipient(agency_id="U2", mailbox_id=MAILBOX))
    await ledger.commit(accepted(1, recipients=to))
    both = await taken(ledger, "t")
    assert [one.item.delivery.recipient_id for one in both] == ["U1", "U2"]
    assert await taken(ledger, "u", mailbox="U1") == ()


async def test_only_the_states_that_are_asked_for_are_taken(ledger: Ledger) -> None:
    await committed(ledger, 1, 2)
    await ledger.advance([move(1, state="fetched", statement=None, evidence=(), events=())])
    assert numbers(await taken(ledger, "t", states=("fetched",))) == [1]
    assert numbers(await taken(ledger, "u", states=("consigned",))) == [2]


async def test_what_was_handed_over_is_not_taken_and_its_lease_has_ended(ledger: Ledger) -> None:
    await committed(ledger, 1)
    await taken(ledger, "t")
    await ledger.advance([move(1, state="handed_over")])
    assert await taken(ledger, "u", now=at(900), until=at(901)) == ()
    with pytest.raises(LeaseLost):
        await ledger.extend(MAILBOX, "dispatch-1", MAILBOX, lease("t"))


async def test_a_lease_outlasts_the_fetch(ledger: Ledger) -> None:
    await committed(ledger, 1)
    await taken(ledger, "t")
    await ledger.advance([move(1, state="fetched", statement=None, evidence=(), events=())])
    await ledger.extend(MAILBOX, "dispatch-1", MAILBOX, lease("t"))
    assert await taken(ledger, "u", now=at(599)) == ()


async def test_what_is_asked_back_is_not_taken(ledger: Ledger) -> None:
    await committed(ledger, 1)
    question = Question(kind="recall", by="dispatch-2", reason="sai", asked_at=at(5), until=at(900))
    asking = Asking(
        dispatch_id="dispatch-1",
        recipients=(MAILBOX,),
        states=frozenset({"consigned"}),
        question=question,
        event=NewEvent(kind="RecallRequested", at=at(5)),
    )
    await ledger.commit(accepted(2, recipients=recipients(OTHER), about=("dispatch-1",), asks=(asking,)))
    assert await taken(ledger, "t") == ()


async def test_a_token_is_used_once(ledger: Ledger) -> None:
    await committed(ledger, 1, 2)
    await taken(ledger, "t", limit=1)
    with pytest.raises(ValueError, match="token"):
        await taken(ledger, "t")
    assert numbers(await taken(ledger, "u")) == [2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"token": ""},
        {"until": at(0)},
        {"states": ("handed_over",)},
        {"now": datetime(2026, 3, 2)},
    ],
)
async def test_what_cannot_be_taken_so_is_the_callers_mistake(
    ledger: Ledger, wrong: dict[str, object]
) -> None:
    await committed(ledger, 1)
    with pytest.raises((ValueError, TypeError)):
        await taken(ledger, **{"token": "t", **wrong})  # type: ignore[arg-type]
    assert numbers(await taken(ledger, "t")) == [1]


async def test_what_is_taken_at_once_is_bounded_in_bytes_too(ledger: Ledger) -> None:
    for number in range(6):
        await ledger.commit(accepted(number, entry=entry(number, subject="ệ" * 300_000)))
    first = await taken(ledger, "t")
    assert 1 <= len(first) < 6
    assert len(await taken(ledger, "u")) >= 1


async def test_of_many_who_take_at_once_no_two_get_the_same(ledger: Ledger) -> None:
    await committed(ledger, *range(30))
    hauls = await asyncio.gather(*(taken(ledger, f"t{n}", limit=4) for n in range(10)))
    got = [number for haul in hauls for number in numbers(haul)]
    assert sorted(got) == list(range(30))


# Going on with what was taken.


async def test_a_lease_can_be_kept_longer_and_run_out_one_too_as_long_as_nobody_took_it(
    ledger: Ledger,
) -> None:
    await committed(ledger, 1)
    await taken(ledger, "t", until=at(10))
    await ledger.extend(MAILBOX, "dispatch-1", MAILBOX, lease("t", at(600)))
    assert await taken(ledger, "u", now=at(599)) == ()
    await taken(ledger, "v", now=at(601), until=at(700))
    with pytest.raises(LeaseLost):
        await ledger.extend(MAILBOX, "dispatch-1", MAILBOX, lease("t", at(900)))


async def test_what_is_given_back_can_be_taken_at_once(ledger: Ledger) -> None:
    await committed(ledger, 1)
    await taken(ledger, "t")
    await ledger.release(MAILBOX, "dispatch-1", MAILBOX, "t")
    (again,) = await taken(ledger, "u")
    assert again.lease.attempts == 2
    with pytest.raises(LeaseLost):
        await ledger.release(MAILBOX, "dispatch-1", MAILBOX, "t")


@pytest.mark.parametrize(
    ("mailbox", "dispatch", "recipient", "token"),
    [
        (OTHER, "dispatch-1", MAILBOX, "t"),
        (MAILBOX, "dispatch-1", OTHER, "t"),
        (MAILBOX, "dispatch-2", MAILBOX, "t"),
        (MAILBOX, "dispatch-9", MAILBOX, "t"),
        (MAILBOX, "dispatch-1", MAILBOX, "u"),
        (MAILBOX, "dispatch-1", MAILBOX, ""),
    ],
)
async def test_only_who_has_it_in_hand_goes_on_with_it(
    ledger: Ledger, mailbox: str, dispatch: str, recipient: str, token: str
) -> None:
    await committed(ledger, 1, 2)
    await taken(ledger, "t", limit=1)
    with pytest.raises(LeaseLost):
        await ledger.extend(mailbox, dispatch, recipient, lease(token))
    with pytest.raises(LeaseLost):
        await ledger.release(mailbox, dispatch, recipient, token)
    await ledger.extend(MAILBOX, "dispatch-1", MAILBOX, lease("t"))


# Setting aside.


async def test_what_is_set_aside_is_not_taken_until_it_is_taken_up(ledger: Ledger) -> None:
    await committed(ledger, 1, 2)
    await taken(ledger, "t", limit=1)
    await ledger.set_aside(MAILBOX, aside(1))
    with pytest.raises(LeaseLost):
        await ledger.extend(MAILBOX, "dispatch-1", MAILBOX, lease("t"))
    assert numbers(await taken(ledger, "u")) == [2]
    await ledger.take_up(MAILBOX, "dispatch-1", MAILBOX, 0)
    (again,) = await taken(ledger, "v")
    assert (again.item.entry.dispatch_id, again.lease.attempts) == ("dispatch-1", 2)


async def test_what_others_set_aside_holds_nothing_up(ledger: Ledger) -> None:
    await committed(ledger, 1)
    await ledger.set_aside(SENDER, aside(1))
    await ledger.set_aside(MAILBOX, aside(1, sequence=1))
    assert numbers(await taken(ledger, "t")) == [1]
    await ledger.set_aside(SENDER, aside(1, sequence=2))
    await ledger.extend(MAILBOX, "dispatch-1", MAILBOX, lease("t"))


async def test_the_first_reason_stands(ledger: Ledger) -> None:
    await committed(ledger, 1)
    await ledger.set_aside(MAILBOX, aside(1, reason="một"))
    await ledger.set_aside(MAILBOX, replace(aside(1, reason="hai"), at=at(99)))
    assert (await ledger.asides(MAILBOX, limit=10)).items == (aside(1, reason="một"),)


async def test_asides_are_listed_in_order_page_by_page_and_never_move_back(ledger: Ledger) -> None:
    await committed(ledger, 1, 2, 3)
    given = [aside(2), aside(1), aside(1, "", 1), aside(3)]
    for one in given:
        await ledger.set_aside(MAILBOX, one)
    await ledger.set_aside(OTHER, aside(1, OTHER))
    page = await ledger.asides(MAILBOX, limit=3)
    assert (list(page.items), page.more) == (given[:3], True)
    await ledger.take_up(MAILBOX, "dispatch-3", MAILBOX, 0)
    rest = await ledger.asides(MAILBOX, after=page.next, limit=3)
    assert (rest.items, rest.next, rest.more) == ((), page.next, False)
    await ledger.set_aside(MAILBOX, aside(3))
    (late,) = (await ledger.asides(MAILBOX, after=page.next, limit=3)).items
    assert late == aside(3)


async def test_taking_up_what_was_not_set_aside_is_a_success(ledger: Ledger) -> None:
    await committed(ledger, 1)
    await ledger.take_up(MAILBOX, "dispatch-1", MAILBOX, 0)
    await ledger.take_up(MAILBOX, "dispatch-9", MAILBOX, 7)


async def test_an_agency_sets_aside_what_it_sees_and_nothing_else(ledger: Ledger) -> None:
    await committed(ledger, 1)
    issued = evidence(1, "one", recipient_id=OTHER)
    told = NewEvent(kind="told", at=at(5), recipient_id=OTHER)
    await ledger.advance([move(1, recipient_id=OTHER, statement=None, evidence=(issued,), events=(told,))])
    for agency_id, one in (
        (MAILBOX, aside(1, OTHER)),
        (MAILBOX, aside(1, "", 3)),
        (MAILBOX, aside(9)),
        (SENDER, aside(1, "H99")),
        (SENDER, aside(1, "", 4)),
        ("K99", aside(1)),
        ("K99", aside(1, "", 1)),
    ):
        with pytest.raises(NotFound):
            await ledger.set_aside(agency_id, one)
    for agency_id, one in (
        (MAILBOX, aside(1, "", 2)),
        (OTHER, aside(1, OTHER, 3)),
        (SENDER, aside(1, OTHER, 3)),
    ):
        await ledger.set_aside(agency_id, one)
        assert (await ledger.asides(agency_id, limit=10)).items == (one,)


async def test_an_event_is_taken_up_whoever_it_was_set_aside_for(ledger: Ledger) -> None:
    await committed(ledger, 1)
    for recipient in ("", MAILBOX):
        await ledger.set_aside(MAILBOX, aside(1, recipient, 1))
    await ledger.set_aside(MAILBOX, aside(1))
    await ledger.take_up(MAILBOX, "dispatch-1", OTHER, 1)
    assert (await ledger.asides(MAILBOX, limit=10)).items == (aside(1),)


async def test_no_more_is_set_aside_than_an_agency_may_until_something_is_taken_up(ledger: Ledger) -> None:
    await committed(ledger, 1, 2, 3)
    for number in (1, 2):
        await ledger.set_aside(MAILBOX, aside(number), most=2)
    with pytest.raises(AsidesFull):
        await ledger.set_aside(MAILBOX, aside(3), most=2)
    with pytest.raises(NotFound):
        await ledger.set_aside(MAILBOX, aside(9), most=2)
    await ledger.set_aside(MAILBOX, aside(2, reason="again"), most=2)
    await ledger.set_aside(OTHER, aside(1, OTHER), most=2)
    assert (await ledger.asides(MAILBOX, limit=10)).items == (aside(1), aside(2))
    await ledger.take_up(MAILBOX, "dispatch-1", MAILBOX, 0)
    await ledger.set_aside(MAILBOX, aside(3), most=2)
    assert (await ledger.asides(MAILBOX, limit=10)).items == (aside(2), aside(3))


@pytest.mark.parametrize("wrong", [aside(1, "", 0), aside(1, sequence=-1), aside(1, reason="\0")])
async def test_an_aside_that_could_not_be_is_the_callers_mistake(ledger: Ledger, wrong: Aside) -> None:
    await committed(ledger, 1)
    with pytest.raises(ValueError):
        await ledger.set_aside(MAILBOX, wrong)
    assert (await ledger.asides(MAILBOX, limit=10)).items == ()
