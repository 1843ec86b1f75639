"""What only PostgreSQL shows: servers that crash, nodes that hang, disks that fill, text it cannot keep."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from storage.errors import DocumentIdTaken, NotFound, StoreFull, Unavailable
from storage.ledger.postgres import PostgresLedger, Target
from storage.ledger.records import Kept
from tests.conftest import ON_POSTGRES
from tests.storage import whole
from tests.storage.postgres import Postgres
from tests.storage.records import RECIPIENTS, SENDER, accepted, entry, move

pytestmark = ON_POSTGRES


@pytest.fixture
def target(postgres: Postgres) -> Iterator[Target]:
    with postgres.emptied() as one:
        yield one


@pytest.fixture
def lonely() -> Iterator[Postgres]:
    """A server of the test's own, to crash."""
    with (
        tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as room,
        Postgres.started(Path(room)) as server,
    ):
        yield server


@pytest.fixture
def tiny_space(postgres: Postgres) -> Iterator[Path]:
    """A real file system of 6 MiB where the server may keep tables. Needs the right to mount one."""
    with tempfile.TemporaryDirectory(prefix="tiny-") as room:
        Path(room).chmod(0o755)
        size = ("-o", "size=6m,mode=755")
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", *size, "tmpfs", room], capture_output=True, check=False
        )
        if mounted.returncode != 0:
            pytest.skip("no right to mount a tiny file system")
        space = Path(room, "space")
        space.mkdir()
        shutil.chown(space, postgres.room.owner())
        postgres.execute(f"CREATE TABLESPACE tiny LOCATION '{space}'")
        yield space
        postgres.execute("DROP TABLESPACE tiny")
        subprocess.run(["umount", "--lazy", room], check=True)


async def test_many_waiting_callers_share_one_transaction(postgres: Postgres, target: Target) -> None:
    ledger = await PostgresLedger.open(target)
    await ledger.probe()
    await asyncio.gather(*(ledger.commit(accepted(number)) for number in range(200)))
    rows = postgres.execute(f"SELECT xmin::text::int, count(*) FROM {target.schema}.dispatches GROUP BY 1")
    assert sum(count for _, count in rows) == 200
    assert len(rows) <= 20
    await ledger.aclose()


async def test_a_crash_of_the_server_loses_nothing_that_was_answered(lonely: Postgres) -> None:
    """The ledger is not opened anew: it finds the server again by itself."""
    ledger = await PostgresLedger.open(lonely.ledger())
    kept: list[str] = []
    numbers = iter(range(1_000_000))
    down = asyncio.Event()

    async def work() -> None:
        while not down.is_set():
            number = next(numbers)
            try:
                answer = await ledger.commit(accepted(number))
                kept.append(answer.entry.dispatch_id)
                await ledger.advance([move(number)])
            except Unavailable:
                return

    working = [asyncio.create_task(work()) for _ in range(16)]
    for _ in range(2):
        reached = len(kept)
        while len(kept) < reached + 150:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(lonely.crash)
        await asyncio.wait_for(asyncio.gather(*working), 30)  # everyone is told
        with pytest.raises(Unavailable):
            await ledger.entry(kept[0])
        await asyncio.to_thread(lonely.start)
        for name in kept:
            assert (await ledger.entry(name)).dispatch_id == name
        await whole.check(ledger)
        working = [asyncio.create_task(work()) for _ in range(16)]
    down.set()
    await asyncio.gather(*working)
    await ledger.probe()
    await ledger.aclose()


async def test_connections_that_the_server_ended_are_replaced_without_a_word(
    postgres: Postgres, target: Target
) -> None:
    ledger = await PostgresLedger.open(target)
    await ledger.commit(accepted(1))
    assert await ledger.entry("dispatch-1")
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'axis'")
    assert (await ledger.commit(accepted(2))).entry == entry(2)
    assert [await ledger.entry("dispatch-2") for _ in range(20)] == [entry(2)] * 20
    await ledger.aclose()


async def test_a_node_that_hangs_in_its_transaction_is_ended_and_the_others_go_on(
    postgres: Postgres, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.ledger.postgres.connecting.IDLE_MS", 300)
    ledger = await PostgresLedger.open(target)
    with psycopg.connect(postgres.dsn, password=postgres.password) as hanging:
        hanging.execute("SET idle_in_transaction_session_timeout = 300")
        hanging.execute(f"SELECT * FROM {target.schema}.heads FOR UPDATE")
        assert (await ledger.commit(accepted(1))).entry == entry(1)
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            hanging.execute("SELECT 1")
        hanging.close()
    await ledger.aclose()


async def test_a_ledger_held_by_another_is_unavailable_and_serves_afterwards(
    postgres: Postgres, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.ledger.postgres.connecting.LOCK_MS", 50)
    impatient = await PostgresLedger.open(target)
    with psycopg.connect(postgres.dsn, password=postgres.password) as blocker:
        blocker.execute(f"SELECT * FROM {target.schema}.heads FOR UPDATE")
        for write in (impatient.commit(accepted(1)), impatient.advance([move(1)]), impatient.probe()):
            with pytest.raises(Unavailable):
                await write
        assert await whole.outbox(impatient, SENDER) == ()  # reading goes on
        blocker.rollback()
    await impatient.commit(accepted(1))
    await impatient.probe()
    await impatient.aclose()


async def test_commits_that_wait_when_the_ledger_closes_are_kept(target: Target) -> None:
    ledger = await PostgresLedger.open(target)
    waiting = [asyncio.create_task(ledger.commit(accepted(number))) for number in range(300)]
    await asyncio.sleep(0)
    await ledger.aclose()
    assert len(await asyncio.gather(*waiting)) == 300
    for call in (ledger.commit(accepted(301)), ledger.kept("dispatch-1")):
        with pytest.raises(Unavailable):
            await call
    await ledger.aclose()


async def test_a_cancelled_caller_harms_nobody(target: Target) -> None:
    ledger = await PostgresLedger.open(target)
    tasks = [asyncio.create_task(ledger.commit(accepted(number))) for number in range(60)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(answer, Kept) for answer in answers[1::2])
    await ledger.probe()
    await whole.check(ledger)
    await ledger.aclose()


async def test_a_full_disk_is_said_to_each_caller_and_nothing_is_half_kept(
    postgres: Postgres, tiny_space: Path
) -> None:
    tiny = replace(postgres.ledger(), dsn=f"{postgres.dsn} options='-c default_tablespace=tiny'")
    ledger = await PostgresLedger.open(tiny)
    await ledger.commit(accepted(0))
    ballast = tiny_space.with_name("ballast")
    ballast.write_bytes(bytes(1 << 20))
    answers = await asyncio.gather(
        *(ledger.commit(accepted(number)) for number in range(1, 3000)), return_exceptions=True
    )
    refused = [number for number, answer in enumerate(answers, start=1) if isinstance(answer, StoreFull)]
    assert refused
    for number in refused[:20]:
        with pytest.raises(NotFound):
            await ledger.kept(f"dispatch-{number}")
    ballast.unlink()
    await whole.check(ledger)
    assert (await ledger.commit(accepted(refused[0]))).entry == entry(refused[0])
    await ledger.aclose()
    postgres.execute(f"DROP SCHEMA {tiny.schema} CASCADE")


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "'; DROP TABLE heads; --", '{"', "\\", "%s $1 :name"])
async def test_what_cannot_be_kept_is_found_nowhere(target: Target, text: str) -> None:
    ledger = await PostgresLedger.open(target)
    await ledger.commit(accepted(1))
    with pytest.raises(NotFound):
        await ledger.entry(text)
    assert await ledger.holder(SENDER, text) is None
    assert await ledger.held(text, [text]) == {}
    assert (await ledger.inbox(text, limit=9)).items == ()
    assert (await ledger.inbox(RECIPIENTS[0], states=[text], limit=9)).items == ()
    assert (await ledger.records("dispatch-1", events=[text], limit=9)).items == ()
    with pytest.raises(NotFound):
        await ledger.leaf(text)
    await ledger.aclose()


@pytest.mark.parametrize(
    "text", ['"', "\\", "{a,b}", "NULL", "", " ", "\x01", "'", "$1", ":x", "\U0001f600", "ế"]
)
async def test_text_comes_back_as_it_was_given(target: Target, text: str) -> None:
    ledger = await PostgresLedger.open(target)
    given = entry(1, subject=text, code_notation=text, document_id=f"one {text}", warnings=(text, text))
    parts = tuple(replace(part, name=text, identifier=text) for part in given.parts)
    new = accepted(1, entry=replace(given, parts=parts))
    await ledger.commit(new)
    assert await ledger.entry("dispatch-1") == new.entry
    assert await ledger.holder(SENDER, f"one {text}") == "dispatch-1"
    assert await ledger.alike(SENDER, "1", text) == ("dispatch-1",)
    await ledger.aclose()


async def test_an_identifier_of_any_length_is_known_again(target: Target) -> None:
    """An index of PostgreSQL takes no more than some 2700 bytes."""
    ledger = await PostgresLedger.open(target)
    long = "".join(chr(0x4E00 + number * 7 % 20_000) for number in range(50_000))
    await ledger.commit(accepted(1, entry=entry(1, document_id=long, code_number=long, code_notation=long)))
    with pytest.raises(DocumentIdTaken):
        await ledger.commit(accepted(2, entry=entry(2, document_id=long)))
    assert [one.dispatch_id for one in await ledger.thread(SENDER, long)] == ["dispatch-1"]
    assert await ledger.alike(SENDER, long, long) == ("dispatch-1",)
    await ledger.aclose()


async def test_who_watches_at_another_node_hears_of_what_was_committed(
    postgres: Postgres, target: Target
) -> None:
    here, there = await PostgresLedger.open(target), await PostgresLedger.open(target)
    news = here.news()
    assert await asyncio.wait_for(anext(news), 30) is None
    await here.commit(accepted(1))  # its own node knows
    await there.advance([move(1)])
    assert await asyncio.wait_for(anext(news), 30) == {SENDER, RECIPIENTS[0]}
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    assert await asyncio.wait_for(anext(news), 30) is None  # something may have been missed
    await there.commit(accepted(2))
    assert await asyncio.wait_for(anext(news), 30) == {SENDER, *RECIPIENTS}
    await news.aclose()
    await here.aclose()
    await there.aclose()
