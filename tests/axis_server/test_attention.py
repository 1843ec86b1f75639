"""What needs attention, for an agency and for the operator, who sees no document."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from axis_server import lifecycle
from axis_server.delivering import queue
from axis_server.errors import Declined
from axis_server.knowing import statistics
from axis_server.knowing.attention import Window, side_of_concern
from axis_server.knowing.events import Side
from axis_server.knowing.statistics import Asked, Span
from edxml.model import Package
from storage.ledger import overview
from storage.ledger.oversight import Concerns
from storage.ledger.records import Entry
from tests.axis_server.houses import House
from tests.axis_server.packages import revoke, update
from tests.axis_server.recalling import WHY, answered, take_back
from tests.axis_server.world import World

SECRETS = ("7816", "BM-VP", "số liệu", "thẩm quyền", "hỏng")
"""What documents and clerks say in this world."""
USUAL = Window()
YEAR = Window(soon_hours=24 * 365)


async def whys(world: World, house: House, window: Window = USUAL) -> dict[str, int]:
    return dict((await world.attention.concerns(house.caller(), window)).counts)


async def test_a_deadline_needs_attention_a_day_before_or_as_early_as_one_asks(world: World) -> None:
    entry = await world.sent(world.province)
    due = (await world.ledger.delivery(entry.dispatch_id, world.province.id)).due
    assert due is not None
    for house in (world.ministry, world.province):
        world.now = due - timedelta(hours=24, seconds=1)
        assert await whys(world, house) == {}
        assert await whys(world, house, Window(soon_hours=25)) == {"due_soon": 1}
        world.now += timedelta(seconds=1)
        assert await whys(world, house) == {"due_soon": 1}
    for house in (world.department, world.stranger):
        assert await whys(world, house) == {}


async def test_a_refusal_needs_the_senders_attention_for_a_month_or_until_it_was_seen(world: World) -> None:
    entry = await world.sent(world.province)
    await world.report(world.province, entry, "01")
    await world.report(world.province, entry, "02", "sai thẩm quyền")
    (one,) = (await world.attention.concerns(world.ministry.caller(), USUAL)).items
    assert (one.why, one.delivery.reason) == ("refused", "sai thẩm quyền")
    assert side_of_concern(one, world.ministry.caller()) is Side.SENT
    assert await whys(world, world.province) == {}
    world.now += timedelta(days=31)
    assert await whys(world, world.ministry) == {}
    assert await whys(world, world.ministry, Window(past_days=32)) == {"refused": 1}
    await world.attention.acknowledge(world.ministry.caller("clerk"), entry.dispatch_id, world.province.id)
    assert await whys(world, world.ministry, Window(past_days=32)) == {}


async def test_an_ending_is_acknowledged_under_any_identifier_of_the_recipient(world: World) -> None:
    entry = await world.sent(world.province)
    await world.report(world.province, entry, "02", "sai thẩm quyền")
    await world.attention.acknowledge(world.ministry.caller(), entry.dispatch_id, "000.00.00.H90")
    assert await whys(world, world.ministry) == {}


@pytest.mark.parametrize("package", [revoke("H90"), update("H91.01", "H90", removed=("H90",))])
@pytest.mark.parametrize("names", ["package", "document"])
@pytest.mark.parametrize("code", ["02", "16"])
async def test_a_refused_recall_is_one_concern_of_the_document(
    world: World, package: Package, names: str, code: str
) -> None:
    document = await world.sent(world.province, world.department)
    await world.report(world.province, document, "01")
    sealed = world.sealed(world.ministry, package)
    request = (await world.intake.submit(world.ministry.caller(), sealed)).entry
    named = document if (names, code) == ("document", "16") else request
    await world.report(world.province, named, code, "Đã phổ biến")
    assert (await world.ledger.delivery(request.dispatch_id, "H90")).state == "refused"
    for house in (world.ministry.caller(), world.stranger.caller("operator")):
        found = await world.attention.concerns(house, USUAL)
        (one,) = [one for one in found.items if one.delivery.recipient_id == "H90"]
        assert (one.why, one.entry.dispatch_id) == ("question_refused", document.dispatch_id)
    await world.attention.acknowledge(world.ministry.caller(), document.dispatch_id, "H90")
    assert "refused" not in await whys(world, world.ministry), "it is no other concern once it was seen"


async def test_a_recall_that_asked_nothing_and_was_refused_is_a_concern_of_its_own(world: World) -> None:
    document = await world.sent(world.department)
    sealed = world.sealed(world.ministry, revoke("H90", "H91.01"))
    request = (await world.intake.submit(world.ministry.caller(), sealed)).entry
    await world.report(world.province, request, "16", "Chưa từng nhận văn bản này")
    (one,) = (await world.attention.concerns(world.ministry.caller(), USUAL)).items
    assert (one.why, one.entry.dispatch_id) == ("refused", request.dispatch_id)
    assert document.dispatch_id != request.dispatch_id


async def test_only_sender_and_recipient_acknowledge_and_nothing_else_is_there(world: World) -> None:
    entry = await world.sent(world.province)
    for house, known in ((world.province, ()), (world.stranger, (entry.dispatch_id,))):
        for dispatch_id in (*known, "f" * 64):
            with pytest.raises(Declined) as declined:
                await world.attention.acknowledge(house.caller(), dispatch_id, world.province.id)
            assert declined.value.code == "NOT_FOUND"
    for role in ("archivist", "operator"):
        with pytest.raises(Declined) as declined:
            await world.attention.acknowledge(world.ministry.caller(role), entry.dispatch_id, "H90")
        assert declined.value.code == "ROLE_FORBIDDEN"


async def test_all_are_counted_and_as_many_shown_as_were_asked_for(world: World) -> None:
    for number in range(3):
        await world.sent(world.province, document_id=f"d{number}")
    found = await world.attention.concerns(world.ministry.caller(), replace(YEAR, shown=2))
    assert (len(found.items), found.counts) == (2, {"due_soon": 3})


def test_a_window_looks_into_no_negative_direction() -> None:
    for wrong in ({"soon_hours": -1}, {"past_days": -1}, {"shown": -1}):
        with pytest.raises(Declined) as declined:
            Window(**wrong)
        assert declined.value.code == "INVALID_ARGUMENT"


async def test_a_window_that_is_asked_for_too_wide_is_as_wide_as_it_can_be(world: World) -> None:
    await world.sent(world.province)
    wide = Window(soon_hours=1 << 32, past_days=1 << 32, shown=1 << 32)
    assert await whys(world, world.ministry, wide) == {"due_soon": 1}


async def everything_at_once(world: World) -> Entry:
    """A refusal with a reason, something set aside with a reason, and deadlines."""
    entry = await world.sent(world.province, world.department)
    await world.report(world.province, entry, "01")
    await world.report(world.province, entry, "02", "sai thẩm quyền")
    await world.queue.set_aside(
        world.department.caller(),
        dispatch_id=entry.dispatch_id,
        recipient_id=world.department.id,
        sequence=0,
        reason="tệp hỏng",
    )
    return entry


async def test_the_operator_sees_that_it_is_there_and_nothing_that_it_says(world: World) -> None:
    entry = await everything_at_once(world)
    found = await world.attention.concerns(world.stranger.caller("operator"), YEAR)
    assert found.counts == {"refused": 1, "due_soon": 1, "set_aside": 1}
    assert {one.entry.dispatch_id for one in found.items} == {entry.dispatch_id}
    assert {one.delivery.recipient_id for one in found.items} == {world.province.id, world.department.id}
    assert {one.entry.sender_id for one in found.items} == {world.ministry.id}
    assert all(one.entry.accepted_at == entry.accepted_at for one in found.items)
    assert not [secret for secret in SECRETS if secret in repr(found)]
    assert side_of_concern(found.items[0], world.stranger.caller("operator")) is None


async def test_an_agency_sees_all_that_the_operator_does_not(world: World) -> None:
    await everything_at_once(world)
    found: list[Concerns] = [
        await world.attention.concerns(house.caller(), YEAR) for house in (world.ministry, world.department)
    ]
    for secret in SECRETS:
        assert secret in repr(found)


async def test_a_recall_needs_the_recipients_attention_and_its_refusal_the_senders(world: World) -> None:
    entry = await world.sent(world.province)
    await take_back(world, entry)
    (asked,) = (await world.attention.concerns(world.province.caller(), USUAL)).items
    assert (asked.why, asked.delivery.question is not None) == ("question_open", True)
    assert await whys(world, world.ministry) == {}
    told = await world.attention.concerns(world.stranger.caller("operator"), USUAL)
    assert told.counts == {"question_open": 1}
    assert WHY in repr(asked)
    assert WHY not in repr(told)
    await answered(world, entry, "16")
    assert await whys(world, world.province) == {}
    assert await whys(world, world.ministry) == {"question_refused": 1}
    await world.attention.acknowledge(world.ministry.caller(), entry.dispatch_id, world.province.id)
    assert await whys(world, world.ministry) == {}


async def test_what_is_asked_back_before_the_fetch_waits_in_no_queue(world: World) -> None:
    entry = await world.sent(world.province)
    await take_back(world, entry)
    assert await world.queue.take(world.province.caller(), most=9, seconds=0) == ()
    await answered(world, entry, "16")
    (one,) = await world.queue.take(world.province.caller(), most=9, seconds=0)
    assert one.item.entry == entry


async def test_a_deadline_that_passed_needs_attention_on_both_sides(world: World) -> None:
    await world.sent(world.province)
    world.now += timedelta(days=30)
    await world.expiring.sweep()
    assert await whys(world, world.ministry) == {"expired": 1}
    assert await whys(world, world.province) == {"expired": 1}
    assert await whys(world, world.department) == {}
    counted = await world.statistics.count(
        world.ministry.caller(),
        Asked(side=Side.SENT, span=Span.read("2026-01-01", "2026-12-31"), by=()),
    )
    assert [(one.on_time, one.late) for one in counted.tallies] == [(0, 1)]


def test_the_ledger_and_the_axis_call_the_same_things_by_the_same_names() -> None:
    assert frozenset(map(str, queue.WAITING)) == overview.WAITING
    assert overview.QUESTION_REFUSED == lifecycle.QUESTION_REFUSED
    assert {*overview.ANSWERED, *overview.ENDED_OTHERWISE} < {str(state) for state in lifecycle.State}
    assert statistics.DIMENSIONS < overview.DIMENSIONS
    assert statistics.VIETNAM == overview.VIETNAM


@pytest.mark.parametrize("role", ["system", "clerk", "archivist", "operator"])
async def test_a_suspended_agency_is_told_nothing_in_any_role(world: World, role: str) -> None:
    suspended = world.suspend(world.ministry)
    with pytest.raises(Declined) as declined:
        await world.attention.concerns(suspended.caller(role), USUAL)
    assert declined.value.code == "AGENCY_SUSPENDED"


async def test_what_is_shown_fits_on_a_page_and_all_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.ledger.pages.PAGE_BYTES", 32_000)
    for number in range(4):
        await world.sent(world.province, document_id=f"d{number}", subject="ă" * 2000)
    found = await world.attention.concerns(world.province.caller(), YEAR)
    assert (len(found.items), found.counts) == (4, {"due_soon": 4})
    for number in range(4, 8):
        await world.sent(world.province, document_id=f"d{number}", subject="ă" * 2000)
    found = await world.attention.concerns(world.province.caller(), YEAR)
    assert (len(found.items), found.counts) == (4, {"due_soon": 8})
