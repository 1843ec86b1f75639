"""Several systems share an inbox: nothing is processed twice, nothing is held up, poison is set aside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from axis_server.delivering.queue import Held
from axis_server.errors import Declined
from edxml.model import OtherInfo
from storage.ledger.oversight import Leased
from tests.axis_server.world import World, declined

Act = Callable[[World, Held], Awaitable[object]]


def held(leased: Leased) -> Held:
    delivery = leased.item.delivery
    return Held(
        dispatch_id=delivery.dispatch_id, recipient_id=delivery.recipient_id, token=leased.lease.token
    )


async def taken(world: World, most: int = 0, seconds: int = 0) -> list[Leased]:
    return list(await world.queue.take(world.province.caller(), most=most, seconds=seconds))


async def test_what_is_taken_is_held_for_five_minutes_by_whose_certificate_it_is(world: World) -> None:
    entry = await world.sent(world.province)
    (one,) = await taken(world)
    assert one.item.entry == entry
    assert one.lease.until == world.now + timedelta(minutes=5)
    assert one.lease.holder == world.province.caller().certificate.sha256
    assert await taken(world) == []


async def test_one_is_taken_unless_more_are_asked_for_and_never_more_than_a_hundred(world: World) -> None:
    for number in range(3):
        await world.sent(world.province, document_id=f"d{number}")
    assert len(await taken(world)) == 1
    assert len(await taken(world, most=1_000_000)) == 2


async def test_the_urgent_comes_first(world: World) -> None:
    for number, priority in enumerate(["0", "3", "1"]):
        await world.sent(world.province, document_id=f"d{number}", other=OtherInfo(priority=priority))
    order = [one.item.entry.document_id for one in await taken(world, most=10)]
    assert order == ["d1", "d2", "d0"]


async def test_a_system_that_died_gives_back_what_it_had(world: World) -> None:
    await world.sent(world.province)
    (first,) = await taken(world, seconds=60)
    world.now += timedelta(seconds=61)
    (second,) = await taken(world)
    assert second.lease.attempts == 2
    assert (await declined(world.queue.extend(world.province.caller(), held(first), 60))).code == "LEASE_LOST"


async def test_a_lease_lasts_an_hour_at_most(world: World) -> None:
    await world.sent(world.province)
    (one,) = await taken(world, seconds=1_000_000)
    assert one.lease.until == world.now + timedelta(hours=1)
    until = await world.queue.extend(world.province.caller(), held(one), 1_000_000)
    assert until == world.now + timedelta(hours=1)


async def test_work_that_takes_longer_keeps_it(world: World) -> None:
    await world.sent(world.province)
    (one,) = await taken(world, seconds=60)
    world.now += timedelta(seconds=50)
    until = await world.queue.extend(world.province.caller(), held(one), 60)
    assert until == world.now + timedelta(seconds=60)
    world.now += timedelta(seconds=59)
    assert await taken(world) == []


async def test_what_is_given_back_another_one_takes_at_once(world: World) -> None:
    await world.sent(world.province)
    (one,) = await taken(world)
    await world.queue.release(world.province.caller("clerk"), held(one))
    assert len(await taken(world)) == 1


async def test_what_is_handed_over_leaves_the_queue_and_the_lease_ends(world: World) -> None:
    entry = await world.sent(world.province)
    (one,) = await taken(world)
    await world.report(world.province, entry, "01")
    assert (await declined(world.queue.release(world.province.caller(), held(one)))).code == "LEASE_LOST"
    world.now += timedelta(hours=2)
    assert await taken(world) == []


async def test_of_systems_that_take_at_once_no_two_get_the_same(world: World) -> None:
    for number in range(12):
        await world.sent(world.province, document_id=f"d{number}")
    hauls = await asyncio.gather(*(taken(world, most=2) for _ in range(8)))
    names = [one.item.entry.dispatch_id for haul in hauls for one in haul]
    assert len(names) == len(set(names)) == 12


async def test_poison_is_set_aside_and_the_others_go_on(world: World) -> None:
    for number in range(2):
        await world.sent(world.province, document_id=f"d{number}")
    caller = world.province.caller()
    (poison,) = await taken(world)
    await world.queue.park(caller, held(poison), "mã hồ sơ không có")
    (other,) = await taken(world, most=10)
    assert other.item.entry.document_id == "d1"
    (aside,) = (await world.queue.asides(caller, 0, 0)).items
    assert (aside.dispatch_id, aside.recipient_id) == (poison.item.entry.dispatch_id, "H90")
    assert (aside.reason, aside.at, aside.by) == ("mã hồ sơ không có", world.now, caller.certificate.sha256)
    await world.queue.take_up(caller, dispatch_id=aside.dispatch_id, recipient_id="H90", sequence=0)
    (again,) = await taken(world, most=10)
    assert (again.item.entry.dispatch_id, again.lease.attempts) == (poison.item.entry.dispatch_id, 2)


async def test_only_who_has_it_in_hand_sets_it_aside_so(world: World) -> None:
    await world.sent(world.province)
    (one,) = await taken(world, seconds=60)
    world.now += timedelta(seconds=61)
    await taken(world)
    assert (await declined(world.queue.park(world.province.caller(), held(one), "x"))).code == "LEASE_LOST"
    assert (await world.queue.asides(world.province.caller(), 0, 0)).items == ()


async def test_an_event_can_be_set_aside_by_whom_it_concerns(world: World) -> None:
    entry = await world.sent(world.province, world.department)
    await world.report(world.province, entry, "01")
    for house, recipient, sequence in ((world.ministry, "H90", 3), (world.department, "", 1)):
        await world.queue.set_aside(
            house.caller(),
            dispatch_id=entry.dispatch_id,
            recipient_id=recipient,
            sequence=sequence,
            reason="x",
        )
        assert len((await world.queue.asides(house.caller(), 0, 0)).items) == 1


async def test_an_event_is_about_whom_it_is_whatever_recipient_is_named_with_it(world: World) -> None:
    entry = await world.sent(world.province, world.department)
    await world.report(world.province, entry, "01")
    caller, named = world.ministry.caller(), {"dispatch_id": entry.dispatch_id, "reason": "x"}
    for recipient in ("", "H90", "H91.01", "nobody"):
        await world.queue.set_aside(caller, recipient_id=recipient, sequence=3, **named)
        await world.queue.set_aside(caller, recipient_id=recipient, sequence=1, **named)
    asides = (await world.queue.asides(caller, 0, 0)).items
    assert [(one.recipient_id, one.sequence) for one in asides] == [("H90", 3), ("", 1)]
    await world.queue.take_up(caller, dispatch_id=entry.dispatch_id, recipient_id="", sequence=3)
    assert [one.sequence for one in (await world.queue.asides(caller, 0, 0)).items] == [1]


async def test_a_delivery_is_set_aside_and_taken_up_under_any_identifier_of_its_recipient(
    world: World,
) -> None:
    entry = await world.sent(world.province)
    caller, old = world.province.caller(), "000.00.00.H90"
    await world.queue.set_aside(
        caller, dispatch_id=entry.dispatch_id, recipient_id=old, sequence=0, reason="x"
    )
    (aside,) = (await world.queue.asides(caller, 0, 0)).items
    assert aside.recipient_id == "H90"
    await world.queue.take_up(caller, dispatch_id=entry.dispatch_id, recipient_id=old, sequence=0)
    assert (await world.queue.asides(caller, 0, 0)).items == ()


async def test_a_consumer_that_fails_on_everything_sets_no_more_aside_than_anybody_can_look_at(
    world: World,
) -> None:
    world.asides_most = 2
    entry = await world.sent(world.province, world.department)
    caller = world.ministry.caller()

    async def set_aside(sequence: int) -> None:
        await world.queue.set_aside(
            caller, dispatch_id=entry.dispatch_id, recipient_id="H90", sequence=sequence, reason="x"
        )

    await set_aside(1)
    await set_aside(2)
    with pytest.raises(Declined) as full:
        await set_aside(0)
    assert (full.value.code, full.value.facts) == ("TOO_MANY_ASIDES", {"count": "2"})
    await set_aside(1)  # what is there already stays a success
    await world.queue.set_aside(
        world.province.caller(),
        dispatch_id=entry.dispatch_id,
        recipient_id="H90",
        sequence=0,
        reason="the room of others is their own",
    )
    await world.queue.take_up(caller, dispatch_id=entry.dispatch_id, recipient_id="", sequence=1)
    await set_aside(0)


@pytest.mark.parametrize("recipient", ["H90", "H91.01", ""])
async def test_what_is_of_others_cannot_be_set_aside_and_is_not_told_apart_from_nothing(
    world: World, recipient: str
) -> None:
    entry = await world.sent(world.province)
    for dispatch_id in (entry.dispatch_id, "f" * 64):
        attempt = world.queue.set_aside(
            world.stranger.caller(),
            dispatch_id=dispatch_id,
            recipient_id=recipient,
            sequence=0 if recipient else 1,
            reason="x",
        )
        assert (await declined(attempt)).code == "NOT_FOUND"


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("", "REASON_REQUIRED"),
        (" \n", "REASON_REQUIRED"),
        ("ệ" * 334, "FIELD_TOO_LONG"),
        ("\0", "INVALID_ARGUMENT"),
    ],
)
async def test_an_aside_has_a_reason_that_can_be_kept(world: World, reason: str, code: str) -> None:
    await world.sent(world.province)
    (one,) = await taken(world)
    assert (await declined(world.queue.park(world.province.caller(), held(one), reason))).code == code
    assert await world.queue.extend(world.province.caller(), held(one), 60)


@pytest.mark.parametrize(("recipient", "sequence"), [("", 0), ("H90", 1 << 63), ("H90", -1)])
async def test_an_aside_names_a_delivery_or_an_event(world: World, recipient: str, sequence: int) -> None:
    entry = await world.sent(world.province)
    attempt = world.queue.set_aside(
        world.province.caller(),
        dispatch_id=entry.dispatch_id,
        recipient_id=recipient,
        sequence=sequence,
        reason="x",
    )
    assert (await declined(attempt)).code == "INVALID_ARGUMENT"


async def test_a_lease_of_no_time_is_refused(world: World) -> None:
    await world.sent(world.province)
    (one,) = await taken(world)
    assert (
        await declined(world.queue.extend(world.province.caller(), held(one), 0))
    ).code == "INVALID_ARGUMENT"


@pytest.mark.parametrize("role", ["archivist", "operator"])
async def test_only_systems_and_clerks_take(world: World, role: str) -> None:
    await world.sent(world.province)
    caller, nothing = world.province.caller(role), Held(dispatch_id="a", recipient_id="b", token="c")
    for attempt in (
        world.queue.take(caller, most=1, seconds=1),
        world.queue.extend(caller, nothing, 1),
        world.queue.release(caller, nothing),
        world.queue.park(caller, nothing, "x"),
        world.queue.set_aside(caller, dispatch_id="a", recipient_id="b", sequence=0, reason="x"),
        world.queue.take_up(caller, dispatch_id="a", recipient_id="b", sequence=0),
    ):
        assert (await declined(attempt)).code == "ROLE_FORBIDDEN"
