"""What evidence and statements say, month by month."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from storage.ledger.months import Monthly, Months
from storage.ledger.postgres import PostgresLedger, Target
from storage.ledger.postgres.queries import load_queries
from tests.conftest import ON_POSTGRES
from tests.storage import whole
from tests.storage.postgres import Postgres
from tests.storage.records import accepted, at, evidence, move

pytestmark = ON_POSTGRES
OPERATOR = Path(__file__).parents[2] / "docs" / "operator.md"


@pytest.fixture
def fresh(postgres: Postgres) -> Iterator[Target]:
    target = postgres.ledger()
    yield target
    postgres.execute(f"DROP SCHEMA IF EXISTS {target.schema} CASCADE")


def partitions(postgres: Postgres, target: Target) -> dict[str, int]:
    """Counts what lies where."""
    rows = postgres.execute(
        "SELECT c.relname, c.oid::regclass::text"
        " FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass(%s)",
        f"{target.schema}.contents",
    )
    return {name: postgres.execute(f"SELECT count(*) FROM {full}")[0][0] for name, full in sorted(rows)}


async def test_months_are_made_ahead_of_time_and_once(postgres: Postgres, fresh: Target) -> None:
    ledgers = [await PostgresLedger.open(fresh) for _ in range(3)]
    assert all(isinstance(one, Monthly) for one in ledgers)
    december = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    made = await asyncio.gather(*(one.make_months(december) for one in ledgers for _ in range(2)))
    assert made == [Months(ahead=3, strays=0)] * 6
    names = ["2026_11", "2026_12", "2027_01", "2027_02", "2027_03"]
    assert list(partitions(postgres, fresh)) == [*(f"contents_{name}" for name in names), "contents_other"]
    await ledgers[0].make_months(december + timedelta(days=31))
    assert "contents_2027_04" in partitions(postgres, fresh)
    for one in ledgers:
        await one.aclose()


async def test_each_evidence_lies_in_the_month_in_which_it_was_issued(
    postgres: Postgres, fresh: Target
) -> None:
    ledger = await PostgresLedger.open(fresh)
    await ledger.make_months(at(0))
    await ledger.commit(accepted(1))
    await ledger.advance([move(1)])
    later = replace(evidence(2), issued_at=at(0) + timedelta(days=30))
    await ledger.commit(accepted(2, evidence=(later,)))
    found = partitions(postgres, fresh)
    assert (found["contents_2026_03"], found["contents_2026_04"], found["contents_other"]) == (4, 1, 0)
    assert (await whole.evidence(ledger, "dispatch-2")) == (later,)
    await ledger.aclose()


async def test_what_lies_in_no_month_is_read_all_the_same_and_taken_over_while_nodes_write(
    postgres: Postgres, fresh: Target
) -> None:
    """A month that nobody made: rows stray, are counted as an alarm, and move when it is made."""
    ledger = await PostgresLedger.open(fresh)
    await ledger.commit(accepted(1))
    assert partitions(postgres, fresh) == {"contents_other": 2}
    stop = asyncio.Event()

    async def serve(number: int) -> None:
        while not stop.is_set():
            await ledger.commit(accepted(number))
            await ledger.advance([move(number)])
            assert len(await whole.evidence(ledger, f"dispatch-{number}")) == 3
            number += 1

    serving = [asyncio.create_task(serve(first)) for first in (1000, 2000, 3000)]
    await asyncio.sleep(0.3)
    assert (await ledger.make_months(at(0) - timedelta(days=400))).strays > 0
    assert (await ledger.make_months(at(0))).strays == 0
    await asyncio.sleep(0.3)
    stop.set()
    await asyncio.gather(*serving)
    found = partitions(postgres, fresh)
    assert found["contents_other"] == 0
    assert found["contents_2026_03"] == await ledger.size()
    await whole.check(ledger)
    await ledger.aclose()


async def test_a_reader_looks_into_one_month_alone(postgres: Postgres, fresh: Target) -> None:
    ledger = await PostgresLedger.open(fresh)
    await ledger.make_months(at(0))
    await ledger.commit(accepted(1))
    await ledger.aclose()
    text = load_queries()["committed_evidence"].text.rstrip(";")
    with psycopg.connect(fresh.dsn, password=fresh.password, autocommit=True) as connection:
        connection.execute(f"SET search_path = {fresh.schema}; SET plan_cache_mode = force_generic_plan")
        connection.execute(f"PREPARE asked AS {text}")  # type: ignore[arg-type]
        rows = connection.execute("EXPLAIN (ANALYZE, COSTS off, TIMING off) EXECUTE asked ('dispatch-1')")
        plan = [line for (line,) in rows]
    scans = [line for line in plan if "on contents_" in line]
    assert len(scans) == 6
    looked_into = [line for line in scans if "never executed" not in line]
    assert [re.search(r"on (contents_\w+)", line)[1] for line in looked_into] == ["contents_2026_03"]  # type: ignore[index]


async def test_an_old_month_moves_to_slow_storage_as_the_operators_guide_says(
    postgres: Postgres, fresh: Target
) -> None:
    ledger = await PostgresLedger.open(fresh)
    await ledger.make_months(at(0))
    await ledger.commit(accepted(1))
    before = await whole.evidence(ledger, "dispatch-1")
    guide = OPERATOR.read_text("utf-8")
    told = re.search(r"```sql\n(.*?)```", guide[guide.index("### Months") :], re.DOTALL)
    assert told is not None
    script = told[1].replace("axis.", f"{fresh.schema}.").replace("TABLESPACE slow", "TABLESPACE pg_default")
    assert "ATTACH PARTITION" in script
    with psycopg.connect(fresh.dsn, password=fresh.password, autocommit=True) as connection:
        connection.execute(script.replace("2026_01", "2026_03"))  # type: ignore[arg-type]
    assert partitions(postgres, fresh)["contents_2026_03_slow"] == 2
    assert "contents_2026_03" not in partitions(postgres, fresh)
    assert await whole.evidence(ledger, "dispatch-1") == before
    assert (await ledger.make_months(at(0))) == Months(ahead=3, strays=0)
    await ledger.commit(accepted(2))
    await whole.check(ledger)
    await ledger.aclose()
