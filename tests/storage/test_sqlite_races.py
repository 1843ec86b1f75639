"""Processes that race for the same deliveries: one winner each, and nothing half done."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from storage.ledger.sqlite import SqliteLedger
from tests.storage import whole
from tests.storage.children import racing
from tests.storage.records import RECIPIENTS, SENDER, accepted

COUNT = 25
NAMES = ("an", "binh", "chi")


def raced(path: Path) -> list[list[str]]:
    """Lets all start at once, and returns how each attempt of each process ended."""
    children = [racing(path, name, COUNT) for name in NAMES]
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


async def test_moves_questions_and_joins_of_several_processes_are_each_whole(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    ledger = await SqliteLedger.open(path)
    for number in range(COUNT + 1):
        await ledger.commit(accepted(number))
    ended = raced(path)
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


async def assert_whole(ledger: SqliteLedger, number: int, wins: int) -> None:
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
