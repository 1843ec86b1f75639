"""How the SQLite ledger asks: by indexes, and nothing in vain."""

from __future__ import annotations

import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage.ledger.sqlite import SqliteLedger
from storage.ledger.sqlite.database import load_queries


async def test_every_query_is_used() -> None:
    rooms = [
        Path(sys.modules[f"storage.ledger.{name}"].__file__ or "").parent for name in ("sqlite", "relational")
    ]
    source = "\n".join(file.read_text("utf-8") for room in rooms for file in room.glob("*.py"))
    unused = [name for name in load_queries() if f'"{name}"' not in source]
    assert unused == []


PAGES = (
    "deliveries",
    "deliveries_of_viewer",
    "history",
    "history_of_viewer",
    "inbox",
    "outbox",
    "records",
    "records_of_recipient",
    "records_of_viewer",
    "stream",
)
OTHERS = (
    "alike",
    "ask",
    "audience",
    "committed_evidence",
    "counts",
    "find_deliveries",
    "find_move",
    "last_ranks",
    "last_sequence",
    "links",
    "mailboxes",
    "moved",
    "moved_evidence",
    "stream_end",
    "thread",
)


def plan(path: Path, query: str) -> list[str]:
    """What SQLite does, but for what it makes itself: lists of JSON and rows of subqueries."""
    named = re.findall(r":(\w+)", query)
    numbered = [int(number) for number in re.findall(r"\?(\d+)", query)]
    places = max(numbered) if numbered else query.count("?")
    values = dict.fromkeys(named, 1) if named else (1,) * places
    with closing(sqlite3.connect(path)) as connection:
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]
    return [step for step in steps if not step.startswith(("SCAN json_each", "SCAN (subquery"))]


@pytest.mark.parametrize("name", [*PAGES, *OTHERS])
async def test_what_is_read_is_found_by_indexes_and_nothing_is_sorted(
    path: Path, sqlite: SqliteLedger, name: str
) -> None:
    """Sorting would read every row of a dispatch to five thousand, contents and all, for each page."""
    steps = plan(path, load_queries()[name])
    assert steps
    assert not [step for step in steps if step.startswith("SCAN")], steps
    assert not [step for step in steps if "TEMP B-TREE" in step], steps


async def test_what_a_mailbox_has_is_counted_without_the_others(path: Path, sqlite: SqliteLedger) -> None:
    steps = plan(path, load_queries()["counts_of_viewer"])
    assert [step for step in steps if "deliveries_seen (dispatch=? AND mailbox_id=?)" in step], steps
    assert not [step for step in steps if step.startswith("SCAN")], steps


async def test_who_has_thousands_due_is_passed_in_an_index(path: Path, sqlite: SqliteLedger) -> None:
    """What is sorted is what a page can hold of each sender, and nothing but places and times."""
    steps = plan(path, load_queries()["due"])
    read = [step for step in steps if re.match(r"(SEARCH|SCAN) (l|d|deliveries|dispatches)\b", step)]
    by_place = [step for step in read if "INTEGER PRIMARY KEY (rowid=?)" in step]
    assert set(read) - set(by_place) == {step for step in read if "USING COVERING INDEX dues_sent" in step}


@pytest.mark.parametrize(
    "name", [name for name in (*PAGES, *OTHERS) if "_of_" in name] + ["ask", "mailboxes"]
)
async def test_nobody_walks_past_what_is_of_others(path: Path, sqlite: SqliteLedger, name: str) -> None:
    steps = plan(path, load_queries()[name])
    found = [step for step in steps if re.match(r"SEARCH (e|l|s|deliveries) ", step)]
    assert found
    assert all("recipient_id=?" in step or "mailbox_id=?" in step for step in found), steps
