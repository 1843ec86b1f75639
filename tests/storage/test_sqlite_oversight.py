"""What only a ledger on a disk shows of queues and oversight: what a query walks, and what stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storage.ledger.sqlite import SqliteLedger
from storage.ledger.sqlite.database import connect, load_queries, prepare
from tests.storage.records import accepted, move
from tests.storage.test_queues_contract import taken

OF_A_QUERY = re.compile(r"SCAN (f|c|found|counted|json_each|\(subquery-\d+\))( |$)")
"""What a query may walk through: what it has found itself."""


@pytest.mark.parametrize(
    "name",
    ["waiting", "extend_lease", "release_lease", "find_seen", "asides", "concerns", "find_party", "tally"],
)
def test_a_query_walks_no_table_past_what_is_of_others(tmp_path: Path, name: str) -> None:
    path = tmp_path / "ledger.sqlite3"
    prepare(path)
    connection = connect(path)
    query = load_queries()[name]
    named = dict.fromkeys(re.findall(r":(\w+)", query))
    numbered = max((int(number) for number in re.findall(r"\?(\d+)", query)), default=query.count("?"))
    plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", named or (None,) * numbered).fetchall()
    connection.close()
    walked = [step for *_, step in plan if step.startswith("SCAN") and not OF_A_QUERY.match(step)]
    assert plan
    assert walked == []


async def test_a_lease_leaves_nothing_behind_once_it_was_handed_over(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    ledger = await SqliteLedger.open(path)
    await ledger.commit(accepted(1))
    await ledger.commit(accepted(2))
    await taken(ledger, "t")
    await ledger.advance([move(1, state="handed_over")])
    await ledger.aclose()
    connection = connect(path)
    assert connection.execute("SELECT token FROM leases").fetchall() == [("t",)]
    connection.close()
