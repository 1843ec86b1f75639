"""What only a ledger on a disk can show: crashes, full disks, several processes, schemas of other times."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable
from pathlib import Path

import pytest

from storage.errors import NotFound, StoreFull, Unavailable
from storage.ledger.sqlite import SqliteLedger
from storage.ledger.sqlite.database import connect, load_queries, prepare
from storage.ledger.sqlite.writer import SqliteWriter, Transaction
from tests.storage import whole
from tests.storage.records import SENDER, accepted, entry, move


async def test_many_waiting_callers_share_one_transaction(path: Path) -> None:
    prepare(path)
    connection = connect(path)
    traced: list[str] = []
    connection.set_trace_callback(traced.append)
    writer = SqliteWriter(connection, load_queries())
    entered, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(transaction: Transaction) -> None:
        loop.call_soon_threadsafe(entered.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(timeout=30)

    def fail(transaction: Transaction) -> None:
        transaction.run("add_holding", "owner", "lost", 1)
        raise NotFound("on purpose")

    first = asyncio.create_task(writer.write(slow))
    await entered.wait()
    waiting = [
        asyncio.create_task(
            writer.write(
                fail if number % 3 == 0 else lambda t, n=number: t.run("add_holding", "owner", str(n), n)
            )
        )
        for number in range(60)
    ]
    await asyncio.sleep(0)
    go_on.set()
    await first
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(result, NotFound) for result in results] == [number % 3 == 0 for number in range(60)]
    assert traced.count("COMMIT") == 2
    await writer.aclose()
    reader = connect(path, read_only=True)
    kept = {digest for (digest,) in reader.execute("SELECT digest FROM holdings")}
    reader.close()
    assert kept == {str(number) for number in range(60) if number % 3}


async def test_commits_that_wait_when_the_ledger_closes_are_kept(path: Path) -> None:
    ledger = await SqliteLedger.open(path)
    waiting = [asyncio.create_task(ledger.commit(accepted(number))) for number in range(300)]
    await asyncio.sleep(0)
    await ledger.aclose()
    assert len(await asyncio.gather(*waiting)) == 300
    with pytest.raises(Unavailable):
        await ledger.commit(accepted(301))
    with pytest.raises(Unavailable):
        await ledger.kept("dispatch-1")
    await ledger.aclose()
    again = await SqliteLedger.open(path)
    await whole.check(again)
    assert len(await whole.outbox(again, SENDER)) == 300
    await again.aclose()


async def test_a_full_disk_is_said_to_each_caller_and_nothing_is_half_kept(tiny_disk: Path) -> None:
    ledger = await SqliteLedger.open(tiny_disk / "ledger.sqlite3")
    await ledger.commit(accepted(0))
    (tiny_disk / "ballast").write_bytes(bytes(2 << 20))
    answers = await asyncio.gather(
        *(ledger.commit(accepted(number)) for number in range(1, 2000)), return_exceptions=True
    )
    refused = [number for number, answer in enumerate(answers, start=1) if isinstance(answer, StoreFull)]
    assert refused
    for number in refused[:20]:
        with pytest.raises(NotFound):
            await ledger.kept(f"dispatch-{number}")
    (tiny_disk / "ballast").unlink()
    await whole.check(ledger)
    assert (await ledger.commit(accepted(refused[0]))).entry == entry(refused[0])
    await whole.check(ledger)
    await ledger.aclose()


async def test_a_ledger_locked_by_another_is_unavailable_and_serves_afterwards(
    path: Path, sqlite: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.ledger.sqlite.database.BUSY_SECONDS", 0.05)
    impatient = await SqliteLedger.open(path)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    for write in (impatient.commit(accepted(1)), impatient.advance([move(1)]), impatient.probe()):
        with pytest.raises(Unavailable, match="SQLITE_BUSY"):
            await write
    assert await whole.outbox(impatient, SENDER) == ()  # reading goes on
    blocker.execute("ROLLBACK")
    blocker.close()
    await impatient.commit(accepted(1))
    await impatient.probe()
    await impatient.aclose()


async def test_a_number_too_large_for_a_column_fails_its_caller_alone(sqlite: SqliteLedger) -> None:
    def attempt(number: int) -> Awaitable[object]:
        if number == 3:
            return sqlite.advance([move(0, expected_version=1 << 63, statement=None, evidence=(), events=())])
        return sqlite.commit(accepted(number))

    await sqlite.commit(accepted(0))
    answers = await asyncio.gather(*map(attempt, range(1, 9)), return_exceptions=True)
    assert [number for number, answer in enumerate(answers, 1) if isinstance(answer, ValueError)] == [3]
    assert len(await whole.outbox(sqlite, SENDER)) == 8
