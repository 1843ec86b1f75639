"""How the SQLite ledger asks: by indexes, and nothing in vain."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage.ledger.sqlite import SqliteLedger
from storage.ledger.sqlite.database import load_queries


async def test_every_query_is_used() -> None:
    package = Path(sys.modules["storage.ledger.sqlite"].__file__ or "").parent
    source = "\n".join(file.read_text("utf-8") for file in package.glob("*.py"))
    unused = [name for name in load_queries() if f'"{name}"' not in source]
    assert unused == []


@pytest.mark.parametrize(
    "name",
    [
        "counts",
        "deliveries",
        "deliveries_of_viewer",
        "due",
        "history",
        "history_of_viewer",
        "inbox",
        "outbox",
        "records",
        "records_of_recipient",
        "records_of_viewer",
        "stream",
    ],
)
async def test_a_page_is_found_by_indexes_and_nothing_is_sorted(
    path: Path, sqlite: SqliteLedger, name: str
) -> None:
    """Sorting would read every row of a dispatch to five thousand, contents and all, for each page."""
    values = dict.fromkeys(
        (
            "dispatch_id",
            "recipient_id",
            "sender_id",
            "agency_id",
            "mailbox_id",
            "viewer",
            "states",
            "events",
            "after",
            "limit",
            "at",
        ),
        1,
    )
    with closing(sqlite3.connect(path)) as connection:
        asked = ("x",) if name == "counts" else values
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {load_queries()[name]}", asked)]
    assert not [step for step in plan if step.startswith(("SCAN e", "SCAN l", "SCAN s"))], plan
    assert not [step for step in plan if "TEMP B-TREE" in step], plan
    if "_of_" in name:
        found = [step for step in plan if step.startswith(("SEARCH e ", "SEARCH l ", "SEARCH s "))]
        assert all("recipient_id=?" in step or "mailbox_id=?" in step for step in found), plan
