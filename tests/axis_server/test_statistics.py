"""How many: an agency counts its own, the operator anyone's, in days of Viet Nam."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from axis_server.caller import Caller
from axis_server.errors import Declined
from axis_server.knowing.events import Side
from axis_server.knowing.statistics import Asked, Span
from axis_server.limits.turns import Turns
from storage.ledger.oversight import Tally
from tests.axis_server.world import World, declined

YEAR = Span(first=date(2026, 1, 1), last=date(2026, 12, 31))


def asked(*by: str, side: Side | None = Side.SENT, span: Span = YEAR) -> Asked:
    return Asked(side=side, span=span, by=by)


async def counted(world: World, caller: Caller, what: Asked, of: str = "") -> tuple[Tally, ...]:
    return (await world.statistics.count(caller, what, of)).tallies


def by_agency(tallies: tuple[Tally, ...]) -> dict[str, tuple[int, int]]:
    return {one.key.agency_id: (one.dispatches, one.deliveries) for one in tallies}


async def a_small_history(world: World) -> None:
    entry = await world.sent(world.province, world.department, document_id="d1")
    await world.sent(world.province, document_id="d2")
    await world.report(world.province, entry, "01")
    await world.report(world.province, entry, "03")


async def test_an_agency_counts_what_it_sent_and_what_it_received(world: World) -> None:
    await a_small_history(world)
    (sent,) = await counted(world, world.ministry.caller(), asked())
    assert (sent.dispatches, sent.deliveries, sent.on_time) == (2, 3, 1)
    assert sent.states == {"accepted": 1, "consigned": 2}
    (received,) = await counted(world, world.province.caller(), asked(side=Side.RECEIVED))
    assert (received.dispatches, received.deliveries) == (2, 2)
    for nothing in (
        await counted(world, world.province.caller(), asked()),
        await counted(world, world.stranger.caller(), asked(side=Side.RECEIVED)),
    ):
        assert nothing == ()


async def test_the_other_side_is_named_by_its_agency(world: World) -> None:
    await a_small_history(world)
    sent = await counted(world, world.ministry.caller(), asked("agency"))
    assert by_agency(sent) == {"H90": (2, 2), "H91.01": (1, 1)}
    received = await counted(world, world.province.caller(), asked("agency", side=Side.RECEIVED))
    assert by_agency(received) == {"G90": (2, 2)}


async def test_it_says_when_it_was_counted(world: World) -> None:
    assert (await world.statistics.count(world.ministry.caller(), asked())).at == world.now


async def test_the_operator_counts_any_agency_or_all(world: World) -> None:
    await a_small_history(world)
    operator = world.stranger.caller("operator")
    (sent,) = await counted(world, operator, asked(), of="000.00.00.G90")
    assert sent.deliveries == 3
    (received,) = await counted(world, operator, asked(side=Side.RECEIVED), of="H91.01")
    assert received.deliveries == 1
    for side in (None, Side.SENT, Side.RECEIVED):
        (whole,) = await counted(world, operator, asked(side=side))
        assert (whole.dispatches, whole.deliveries) == (2, 3)
    to = await counted(world, operator, asked("agency"))
    assert by_agency(to) == {"H90": (2, 2), "H91.01": (1, 1)}
    of = await counted(world, operator, asked("agency", side=Side.RECEIVED))
    assert by_agency(of) == {"G90": (2, 3)}
    assert (await declined(counted(world, operator, asked(), of="X99"))).code == "NOT_FOUND"


@pytest.mark.parametrize("role", ["system", "clerk", "archivist"])
async def test_an_agency_counts_no_other_ones(world: World, role: str) -> None:
    await a_small_history(world)
    caller = world.province.caller(role)
    for of in ("G90", "X99"):
        assert (await declined(counted(world, caller, asked(), of=of))).code == "ROLE_FORBIDDEN"
    assert await counted(world, caller, asked(side=Side.RECEIVED), of="H90")


async def test_an_agency_names_a_side(world: World) -> None:
    assert (
        await declined(counted(world, world.ministry.caller(), asked(side=None)))
    ).code == "INVALID_ARGUMENT"


async def test_a_suspended_agency_counts_nothing(world: World) -> None:
    caller = world.suspend(world.ministry).caller()
    assert (await declined(counted(world, caller, asked()))).code == "AGENCY_SUSPENDED"


async def test_days_begin_and_end_in_viet_nam(world: World) -> None:
    for number, at in enumerate(
        (
            datetime(2026, 3, 1, 16, 59, 59, tzinfo=UTC),
            datetime(2026, 3, 1, 17, 0, tzinfo=UTC),
            datetime(2026, 3, 2, 16, 59, 59, tzinfo=UTC),
            datetime(2026, 3, 2, 17, 0, tzinfo=UTC),
        )
    ):
        world.now = at
        await world.sent(world.province, document_id=f"d{number}")
    span = Span.read("2026-03-02", "2026-03-02")
    (day,) = await counted(world, world.ministry.caller(), asked("day", span=span))
    assert (day.key.period, day.deliveries) == ("2026-03-02", 2)
    both = Span.read("2026-03-01", "2026-03-03")
    tallies = await counted(world, world.ministry.caller(), asked("day", span=both))
    assert [(one.key.period, one.deliveries) for one in tallies] == [
        ("2026-03-01", 1),
        ("2026-03-02", 2),
        ("2026-03-03", 1),
    ]


async def test_what_is_late_is_counted_at_the_clock_of_the_axis(world: World) -> None:
    await world.sent(world.province)
    (on_time,) = await counted(world, world.ministry.caller(), asked())
    world.now += timedelta(days=40)
    (late,) = await counted(world, world.ministry.caller(), asked())
    assert (on_time.done_late, late.done_late) == (0, 1)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("", "2026-03-01"),
        ("2026-03-01", ""),
        ("2026-3-1", "2026-03-02"),
        ("2026-02-30", "2026-03-02"),
        ("2026-03-02", "2026-03-01"),
        ("2016-01-01", "2026-12-31"),
        ("1969-12-31", "1970-01-01"),
        ("9999-12-31", "9999-12-31"),
        ("２０２６-03-01", "2026-03-02"),
    ],
)
def test_a_span_that_is_none_is_refused(first: str, last: str) -> None:
    with pytest.raises(Declined) as caught:
        Span.read(first, last)
    assert caught.value.code == "INVALID_ARGUMENT"


def test_ten_years_are_counted_at_once() -> None:
    assert Span.read("2017-01-01", "2026-12-31").until == datetime(2026, 12, 31, 17, tzinfo=UTC)


@pytest.mark.parametrize("by", [("day", "month"), ("week",), ("kind", "kind"), ("sender",)])
def test_dimensions_that_do_not_fit_are_refused(by: tuple[str, ...]) -> None:
    with pytest.raises(Declined) as caught:
        asked(*by)
    assert caught.value.code == "INVALID_ARGUMENT"


async def test_too_many_rows_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.ledger.overview.KEYS_MOST", 1)
    await a_small_history(world)
    assert (
        await declined(counted(world, world.ministry.caller(), asked("agency")))
    ).code == "INVALID_ARGUMENT"


async def test_who_counts_much_waits_behind_itself(world: World) -> None:
    """Each count may take seconds of a reader; the readers are everybody's."""
    world.turns = Turns(1)
    counting, most, now_counting = asyncio.Event(), 0, 0

    class Slow:
        async def tally(self, **asked: object) -> tuple[Tally, ...]:
            nonlocal most, now_counting
            now_counting += 1
            most = max(most, now_counting)
            await counting.wait()
            now_counting -= 1
            return ()

    statistics = replace(world, ledger=Slow()).statistics  # type: ignore[arg-type]
    calls = [asyncio.create_task(statistics.count(world.ministry.caller(), asked())) for _ in range(5)]
    await asyncio.sleep(0.01)
    counting.set()
    await asyncio.gather(*calls)
    assert most == 1
