"""How a PostgreSQL ledger is opened, and what is said when it cannot be."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from storage.errors import Misconfigured, NotALedger, SchemaTooNew, SchemaTooOld, Unavailable
from storage.ledger.postgres import PostgresLedger, Target, look, schema
from storage.ledger.postgres.queries import load_queries, query
from storage.ledger.relational.texts import Schema
from storage.ledger.sqlite import database as sqlite
from tests.conftest import ON_POSTGRES
from tests.storage import whole
from tests.storage.postgres import Postgres
from tests.storage.records import accepted, entry

pytestmark = ON_POSTGRES

KNOWN = len(schema.load_migrations())


@pytest.fixture
def fresh(postgres: Postgres) -> Iterator[Target]:
    """A ledger that nobody has opened."""
    target = postgres.ledger()
    yield target
    postgres.execute(f"DROP SCHEMA IF EXISTS {target.schema} CASCADE")


async def test_many_nodes_may_open_a_new_ledger_at_once(fresh: Target) -> None:
    ledgers = await asyncio.gather(*(PostgresLedger.open(fresh, reads=1) for _ in range(5)))
    for number, ledger in enumerate(ledgers):
        await ledger.commit(accepted(number))
    await whole.check(ledgers[0])
    assert len({await ledger.secret("key") for ledger in ledgers}) == 1
    for ledger in ledgers:
        await ledger.aclose()


async def test_looking_says_how_far_a_schema_has_come_and_changes_nothing(
    postgres: Postgres, fresh: Target
) -> None:
    assert look(fresh) == Schema(found=0, known=KNOWN)
    with pytest.raises(SchemaTooOld):
        await PostgresLedger.open(fresh, upgrade=False)
    assert postgres.execute("SELECT to_regnamespace(%s)", fresh.schema) == [(None,)]
    await (await PostgresLedger.open(fresh)).aclose()
    assert look(fresh) == Schema(found=KNOWN, known=KNOWN)
    await (await PostgresLedger.open(fresh, upgrade=False)).aclose()


async def test_a_schema_of_a_newer_program_is_left_alone(postgres: Postgres, fresh: Target) -> None:
    await (await PostgresLedger.open(fresh)).aclose()
    postgres.execute(f"INSERT INTO {fresh.schema}.schema_versions (version) VALUES ({KNOWN + 1})")
    for opening in (PostgresLedger.open(fresh), PostgresLedger.open(fresh, upgrade=False)):
        with pytest.raises(SchemaTooNew, match="run the newer program"):
            await opening
    with pytest.raises(SchemaTooNew):
        look(fresh)


async def test_a_schema_of_another_application_is_left_alone(postgres: Postgres, fresh: Target) -> None:
    postgres.execute(f"CREATE SCHEMA {fresh.schema}")
    postgres.execute(f"CREATE TABLE {fresh.schema}.theirs (one int)")
    with pytest.raises(NotALedger):
        await PostgresLedger.open(fresh)
    assert postgres.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", fresh.schema) == [
        ("theirs",)
    ]


async def test_an_empty_schema_made_by_the_operator_is_used(postgres: Postgres, fresh: Target) -> None:
    postgres.execute(f"CREATE SCHEMA {fresh.schema}")
    await (await PostgresLedger.open(fresh)).aclose()


async def test_a_migration_that_fails_leaves_nothing(
    postgres: Postgres, fresh: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [*schema.load_migrations(), "CREATE TABLE later (one int); SELECT 1 / 0"]
    monkeypatch.setattr(schema, "load_migrations", lambda: broken)
    with pytest.raises(Unavailable):
        await PostgresLedger.open(fresh)
    assert postgres.execute("SELECT to_regnamespace(%s)", fresh.schema) == [(None,)]


async def test_the_schema_is_upgraded_while_nodes_of_the_version_before_serve(
    postgres: Postgres, fresh: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await PostgresLedger.open(fresh)
    stop = asyncio.Event()

    async def serve(first: int) -> int:
        number = first
        while not stop.is_set():
            await before.commit(accepted(number))
            assert await before.entry(f"dispatch-{number}") == entry(number)
            number += 1
        return number - first

    serving = [asyncio.create_task(serve(first)) for first in (0, 10_000, 20_000)]
    await asyncio.sleep(0.1)
    later = """
        ALTER TABLE dispatches ADD COLUMN later text NOT NULL DEFAULT '';
        ALTER TABLE heads ADD COLUMN later bigint NOT NULL DEFAULT 0;
        CREATE TABLE later (one bigint PRIMARY KEY);
    """
    files = [*schema.load_migrations(), later]
    monkeypatch.setattr(schema, "load_migrations", lambda: files)
    after = await PostgresLedger.open(fresh)
    assert look(fresh).found == KNOWN + 1
    await asyncio.sleep(0.1)
    stop.set()
    assert all(await asyncio.gather(*serving))
    await after.commit(accepted(30_000))
    await whole.check(after)
    await before.aclose()
    await after.aclose()


@pytest.mark.parametrize("setting", ["synchronous_commit=off", "synchronous_commit=local"])
async def test_a_server_that_would_lose_what_it_committed_is_refused(fresh: Target, setting: str) -> None:
    careless = replace(fresh, dsn=f"{fresh.dsn} options='-c {setting}'")
    with pytest.raises(Misconfigured, match="set it to `on`"):
        await PostgresLedger.open(careless)


async def test_a_database_that_cannot_keep_every_text_is_refused(postgres: Postgres, fresh: Target) -> None:
    postgres.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'")
    with pytest.raises(Misconfigured, match="ENCODING 'UTF8'"):
        await PostgresLedger.open(replace(fresh, dsn=fresh.dsn.replace("dbname=postgres", "dbname=latin")))
    postgres.execute("DROP DATABASE latin")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password": "wrong"}, "password authentication failed.*check `dsn` and the password"),
        ({"password": None}, "no password supplied.*check `dsn` and the password"),
        ({"dsn": "{dsn} dbname=nowhere"}, '"nowhere" does not exist.*check `dsn`'),
        ({"dsn": "{dsn} port={free}"}, "Connection refused.*see that it runs"),
        ({"dsn": "{dsn} colour=blue"}, "`dsn` is not understood"),
        ({"dsn": "{dsn} password=secret"}, "AXIS_LEDGER_PASSWORD"),
        ({"schema": "Mine; DROP"}, "`database_schema` is not a name"),
    ],
)
async def test_what_is_wrong_is_said_with_what_to_do(
    fresh: Target, change: dict[str, str | None], sentence: str
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        facts = {"dsn": fresh.dsn, "free": free.getsockname()[1]}
        changed = {name: value and value.format(**facts) for name, value in change.items()}
        with pytest.raises(Unavailable, match=sentence) as said:
            await PostgresLedger.open(replace(fresh, **changed))  # type: ignore[arg-type]
    assert str(fresh.password) not in str(said.value) + repr(fresh)


def test_both_engines_answer_the_same_queries() -> None:
    """Those of the SQLite ledger that are its own: its hints, its tree and its catalogue."""
    package = Path(sys.modules["storage.ledger.relational"].__file__ or "").parent
    source = "\n".join(file.read_text("utf-8") for file in package.glob("*.py"))
    shared = [name for name in sqlite.load_queries() if f'"{name}"' in source]
    assert len(shared) > 60
    assert set(shared) <= set(load_queries())


def test_every_query_is_used() -> None:
    rooms = [
        Path(sys.modules[f"storage.ledger.{name}"].__file__ or "").parent
        for name in ("postgres", "relational")
    ]
    source = "\n".join(file.read_text("utf-8") for room in rooms for file in room.glob("*.py"))
    assert [name for name in load_queries() if f'"{name}"' not in source] == []


def test_names_become_places_in_the_order_in_which_they_come() -> None:
    made = query("SELECT :b::text, :a, :b WHERE x = ':c'::text[] OR y = 'a:b'")
    assert made.places({"a": 1, "b": 2, "c": 3}) == [2, 1, 3]
    assert made.text.startswith("SELECT $1::text, $2, $1")


SMALL = {"heads", "counters", "catalogued", "asides"}
"""Tables of a few rows, or of which everything is wanted."""


@pytest.mark.parametrize("name", sorted(set(load_queries()) - {"empty_catalogue"}))
def test_no_query_walks_a_table_past_what_is_of_others(postgres: Postgres, name: str) -> None:
    """Where the planner has a way by an index, it can take it once a table has grown."""
    text = load_queries()[name].text.rstrip(";")
    with postgres.emptied() as target:
        asyncio.run(_open_and_close(target))
        places = max(map(int, re.findall(r"\$(\d+)", text)), default=0)
        with psycopg.connect(target.dsn, password=target.password, autocommit=True) as connection:
            connection.execute(f"SET search_path = {target.schema}; SET enable_seqscan = off")
            connection.execute("SET plan_cache_mode = force_generic_plan")
            connection.execute(f"PREPARE asked AS {text}")  # type: ignore[arg-type]
            values = f"({', '.join(['NULL'] * places)})" if places else ""
            plan = [line for (line,) in connection.execute(f"EXPLAIN EXECUTE asked {values}")]  # type: ignore[arg-type]
    walked = [line for line in plan if "Seq Scan" in line and not any(f" on {one}" in line for one in SMALL)]
    assert plan
    assert walked == []


async def _open_and_close(target: Target) -> None:
    await (await PostgresLedger.open(target)).aclose()
