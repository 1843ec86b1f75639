"""Processes that share a ledger: what each was told stays true, and of a race there is one winner."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import pytest

from storage.errors import DecidedSince
from storage.ledger.keeping import in_force
from tests.storage import whole
from tests.storage.children import committing, holding, racing, taking
from tests.storage.places import Place, Shared, opened_at
from tests.storage.records import RECIPIENTS, SENDER, accepted, at, move
from tests.storage.rulings import disposal, statement

COUNT = 25
HOLDS = 60
NAMES = ("an", "binh", "chi")


def raced(place: Place) -> list[list[str]]:
    """Lets all start at once, and returns how each attempt of each process ended."""
    children = [racing(place, name, COUNT) for name in NAMES]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    ended = [child.communicate(timeout=120)[0] for child in children]
    assert [child.returncode for child in children] == [0] * len(NAMES)
    return [line.split() for lines in ended for line in lines.splitlines()]


@pytest.mark.parametrize("lines", [1, 150, 700])
async def test_everything_acknowledged_survives_kill_nine(place: Place, lines: int) -> None:
    with committing(place, 0, 100_000) as child:
        assert child.stdout is not None
        acknowledged = [child.stdout.readline().strip() for _ in range(lines)]
        child.kill()
        acknowledged += [line.strip() for line in child.stdout if line.endswith("\n")]
    ledger = await opened_at(place)
    items = await whole.outbox(ledger, SENDER)
    known = {item.entry.dispatch_id for item in items}
    known |= {leaf.content_id for leaf in await ledger.leaves(start=0, limit=1_000_000)}
    assert len(acknowledged) >= lines
    assert set(acknowledged) <= known
    await whole.check(ledger)
    await ledger.commit(accepted(100_001))
    await ledger.aclose()


async def test_two_processes_write_one_ledger_and_a_third_follows(place: Place) -> None:
    ledger = await opened_at(place)
    children = [committing(place, first, 100) for first in (0, 1000)]
    cursors: list[int] = []
    leaves: list[int] = []
    async with asyncio.timeout(60):
        while len(cursors) < 200 or len(leaves) < 800:
            page = await ledger.inbox(RECIPIENTS[2], after=cursors[-1] if cursors else 0, limit=50)
            cursors += [item.cursor for item in page.items]
            leaves += [leaf.index for leaf in await ledger.leaves(start=len(leaves), limit=50)]
            await asyncio.sleep(0.001)
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    assert cursors == [3 * number for number in range(1, 201)]  # the last of three recipients each
    assert leaves == list(range(800))
    await whole.check(ledger)
    await ledger.aclose()


async def test_two_processes_race_for_one_dispatch_and_both_get_the_winner(place: Place) -> None:
    ledgers = [await opened_at(place) for _ in range(3)]
    for number in range(20):
        attempts = [ledger.commit(accepted(number, salt=str(n))) for n, ledger in enumerate(ledgers)]
        answers = await asyncio.gather(*attempts)
        assert len(set(answers)) == 1
        moves = [ledger.advance([move(number, evidence=(), statement=None)]) for ledger in ledgers]
        results = await asyncio.gather(*moves, return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["Conflict", "Conflict", "Moved"]
    for ledger in ledgers:
        await ledger.aclose()


async def test_processes_that_take_at_once_never_get_the_same(place: Place) -> None:
    ledger = await opened_at(place)
    for number in range(120):
        await ledger.commit(accepted(number))
    children = [taking(place, RECIPIENTS[0], name) for name in ("one", "two")]
    printed = [child.communicate(timeout=60)[0] for child in children]
    assert [child.returncode for child in children] == [0, 0]
    taken = [int(line) for lines in printed for line in lines.splitlines()]
    assert sorted(taken) == list(range(120))
    await ledger.aclose()


async def test_moves_questions_and_joins_of_several_processes_are_each_whole(place: Place) -> None:
    ledger = await opened_at(place)
    for number in range(COUNT + 1):
        await ledger.commit(accepted(number))
    ended = raced(place)
    outcomes = Counter((what, answer) for _, what, answer in ended)
    assert outcomes["ask", "Kept"] == outcomes["join", "Kept"] == COUNT * len(NAMES)
    assert outcomes["move", "Moved"] + outcomes["move", "Conflict"] == COUNT * len(NAMES)
    for number in range(COUNT):
        await assert_whole(ledger, number, wins=ended.count([str(number), "move", "Moved"]))
    leaves = await whole.leaves(ledger)
    assert [leaf.index for leaf in leaves] == list(range(len(leaves)))
    cursors = [item.event.cursor for item in await whole.stream(ledger, SENDER)]
    assert cursors == list(range(1, len(cursors) + 1))
    await ledger.aclose()


async def assert_whole(ledger: Shared, number: int, wins: int) -> None:
    name = f"dispatch-{number}"
    first, second, third, *joined = await whole.deliveries(ledger, name)
    assert wins <= 1
    assert {one.recipient_id for one in joined} == {"SAME", *(f"OF-{who}" for who in NAMES)}
    assert len(joined) == len(NAMES) + 1
    assert (second.version, third.version) == (2, 1)
    assert second.question is not None
    history = await whole.history(ledger, name)
    kinds = Counter((event.kind, event.recipient_id) for event in history)
    assert kinds["RecallRequested", second.recipient_id] == 1
    assert first.version == 1 + kinds["RecallRequested", first.recipient_id] + moves(first.state)
    assert [event.sequence for event in history] == list(range(1, len(history) + 1))
    assert len(await whole.statements(ledger, name)) == wins
    for viewer in (*RECIPIENTS, "SAME"):
        seen = (await ledger.history(name, viewer=viewer, limit=99)).items
        streamed = [
            item.event for item in await whole.stream(ledger, viewer) if item.entry.dispatch_id == name
        ]
        assert streamed == list(seen)[len(seen) - len(streamed) :]


def moves(state: str) -> int:
    """A delivery is moved once at most: every process expects version 1."""
    return 0 if state == "consigned" else 1


@pytest.mark.parametrize("step", ["order", "last check"])
async def test_a_hold_that_was_put_before_the_last_check_always_wins(place: Place, step: str) -> None:
    ledger = await opened_at(place)
    for number in range(1, HOLDS + 1):
        await ledger.commit(accepted(number))
        if step == "last check":
            order = disposal(f"order-{number}", number)
            await ledger.dispose(order, statement(order.order_id), decided=0)
    with holding(place, HOLDS) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        for number in range(1, HOLDS + 1):
            child.stdin.write("go\n")
            child.stdin.flush()
            await asyncio.sleep(number % 5 / 1000)
            begun = await destroyed(ledger, number)
            said = await asyncio.to_thread(child.stdout.readline)
            held = bool(in_force(await ledger.decisions([f"dispatch-{number}"])))
            assert (said, held) == (("late\n", False) if begun else ("held\n", True))
    assert child.returncode == 0
    await ledger.aclose()


async def destroyed(ledger: Shared, number: int) -> bool:
    """Disposes of a dispatch, and begins to destroy it; tells whether nobody held it before."""
    order = disposal(f"order-{number}", number)
    while True:
        decided = await ledger.decided()
        if in_force(await ledger.decisions(order.dispatches)):
            return False
        with suppress(DecidedSince):
            await ledger.dispose(order, statement(order.order_id), decided=decided)
            await ledger.begin_destruction(order.order_id, at(21), decided=decided)
            return True
