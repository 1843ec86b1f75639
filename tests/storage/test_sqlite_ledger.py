"""What only a ledger on a disk can show: crashes, full disks, several processes, schemas of other times."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import closing
from pathlib import Path

import pytest

from storage.errors import NotALedger, NotFound, SchemaTooNew, SchemaTooOld, StoreFull, Unavailable
from storage.ledger.base import Ledger
from storage.ledger.sqlite import Schema, SqliteLedger, look
from storage.ledger.sqlite.database import connect, load_migrations, load_queries, prepare
from storage.ledger.sqlite.writer import GroupWriter, Transaction
from tests.storage import whole
from tests.storage.records import RECIPIENTS, SENDER, accepted, agency, entry, move


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
async def sqlite(path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = await SqliteLedger.open(path)
    yield ledger
    await ledger.aclose()


def committing_child(path: Path, first: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.storage.committing_child", str(path), str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def assert_whole(ledger: Ledger) -> None:
    """Every dispatch has all its parts, events, evidence, deliveries and leaves, and the log has no gaps."""
    leaves = await ledger.leaves(start=0, limit=1_000_000)
    assert [leaf.index for leaf in leaves] == list(range(len(leaves)))
    evidence_ids, statement_ids = set(), set()
    for item in await whole.outbox(ledger, SENDER):
        number = int(item.entry.code_number)
        assert item.entry == entry(number)
        first, *_ = await whole.deliveries(ledger, item.entry.dispatch_id)
        moves = first.version - 1
        history = await whole.history(ledger, item.entry.dispatch_id)
        assert [event.sequence for event in history] == list(range(1, 3 + moves))
        statements = await whole.statements(ledger, item.entry.dispatch_id)
        assert len(statements) == moves
        evidence = await whole.evidence(ledger, item.entry.dispatch_id)
        assert evidence == (*accepted(number).evidence, *(move(number).evidence if moves else ()))
        evidence_ids |= {one.evidence_id for one in evidence}
        statement_ids |= {one.statement_id for one in statements}
    assert {leaf.content_id for leaf in leaves if leaf.kind == "evidence"} == evidence_ids
    assert {leaf.content_id for leaf in leaves if leaf.kind == "statement"} == statement_ids


@pytest.mark.parametrize("lines", [1, 150, 700])
async def test_everything_acknowledged_survives_kill_nine(path: Path, lines: int) -> None:
    with committing_child(path, 0, 100_000) as child:
        assert child.stdout is not None
        acknowledged = [child.stdout.readline().strip() for _ in range(lines)]
        child.kill()
        acknowledged += [line.strip() for line in child.stdout if line.endswith("\n")]
    ledger = await SqliteLedger.open(path)
    items = await whole.outbox(ledger, SENDER)
    known = {item.entry.dispatch_id for item in items}
    known |= {leaf.content_id for leaf in await ledger.leaves(start=0, limit=1_000_000)}
    assert len(acknowledged) >= lines
    assert set(acknowledged) <= known
    await assert_whole(ledger)
    await ledger.commit(accepted(100_001))
    await ledger.aclose()


async def test_two_processes_write_one_ledger_and_a_third_follows(path: Path, sqlite: SqliteLedger) -> None:
    children = [committing_child(path, first, 100) for first in (0, 1000)]
    cursors: list[int] = []
    leaves: list[int] = []
    async with asyncio.timeout(60):
        while len(cursors) < 200 or len(leaves) < 800:
            page = await sqlite.inbox(RECIPIENTS[2], after=cursors[-1] if cursors else 0, limit=50)
            cursors += [item.cursor for item in page.items]
            leaves += [leaf.index for leaf in await sqlite.leaves(start=len(leaves), limit=50)]
            await asyncio.sleep(0.001)
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    assert cursors == [3 * number for number in range(1, 201)]  # the last of three recipients each
    assert leaves == list(range(800))
    await assert_whole(sqlite)


async def test_two_processes_race_for_one_dispatch_and_both_get_the_winner(path: Path) -> None:
    ledgers = [await SqliteLedger.open(path) for _ in range(3)]
    for number in range(20):
        attempts = [ledger.commit(accepted(number, salt=str(n))) for n, ledger in enumerate(ledgers)]
        answers = await asyncio.gather(*attempts)
        assert len(set(answers)) == 1
        moves = [ledger.advance([move(number, evidence=(), statement=None)]) for ledger in ledgers]
        results = await asyncio.gather(*moves, return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["Conflict", "Conflict", "Moved"]
    for ledger in ledgers:
        await ledger.aclose()


async def test_many_waiting_callers_share_one_transaction(path: Path) -> None:
    prepare(path)
    connection = connect(path)
    traced: list[str] = []
    connection.set_trace_callback(traced.append)
    writer = GroupWriter(connection, load_queries())
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
    await assert_whole(again)
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
    await assert_whole(ledger)
    assert (await ledger.commit(accepted(refused[0]))).entry == entry(refused[0])
    await assert_whole(ledger)
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


# The file.


async def test_the_ledger_flushes_every_commit(path: Path, sqlite: SqliteLedger) -> None:
    connection = connect(path)
    settings = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "application_id", "user_version")
    }
    connection.close()
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "application_id": int.from_bytes(b"AXIS", "big"),
        "user_version": len(load_migrations()),
    }


async def test_only_its_owner_can_read_the_file(path: Path, sqlite: SqliteLedger) -> None:
    await sqlite.commit(accepted(1))
    files = list(path.parent.glob("ledger.sqlite3*"))
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


async def test_what_was_kept_is_there_after_opening_again(path: Path) -> None:
    for number in range(3):
        ledger = await SqliteLedger.open(path)
        await ledger.commit(accepted(number))
        await ledger.register(agency(f"G0{number}"), replacing=None)
        await ledger.aclose()
    ledger = await SqliteLedger.open(path)
    assert len(await whole.outbox(ledger, SENDER)) == len(await ledger.agencies()) == 3
    await assert_whole(ledger)
    await ledger.aclose()


async def test_many_may_open_a_new_ledger_at_once(path: Path) -> None:
    children = [committing_child(path, first, 3) for first in (0, 10, 20)]
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    ledger = await SqliteLedger.open(path)
    assert len(await whole.outbox(ledger, SENDER)) == 9
    await ledger.aclose()


async def test_a_ledger_of_a_newer_program_is_left_alone(path: Path) -> None:
    await (await SqliteLedger.open(path)).aclose()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SchemaTooNew, match="run the newer program") as raised:
        await SqliteLedger.open(path)
    assert (raised.value.found, raised.value.known) == (99, len(load_migrations()))
    with pytest.raises(SchemaTooNew):
        look(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("running", [False, True])
async def test_looking_at_a_ledger_writes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, running: bool
) -> None:
    def files() -> dict[str, bytes]:
        kept = (one for one in path.parent.glob("ledger*") if not one.name.endswith("-shm"))
        return {one.name: one.read_bytes() for one in kept}

    scripts = load_migrations()
    known = len(scripts)
    assert look(path) == Schema(found=0, known=known)
    assert files() == {}
    ledger = await SqliteLedger.open(path)
    await ledger.commit(accepted(1))
    if not running:
        await ledger.aclose()
    before = files()
    assert look(path) == Schema(found=known, known=known)
    monkeypatch.setattr(
        "storage.ledger.sqlite.database.load_migrations", lambda: [*scripts, "CREATE TABLE later (x);"]
    )
    assert look(path) == Schema(found=known, known=known + 1)
    with pytest.raises(SchemaTooOld, match=f"has schema {known}"):
        await SqliteLedger.open(path, upgrade=False)
    assert files() == before
    await ledger.aclose()
    upgraded = await SqliteLedger.open(path)
    assert len(await whole.outbox(upgraded, SENDER)) == 1
    await upgraded.aclose()
    assert look(path) == Schema(found=known + 1, known=known + 1)


async def test_reading_alone_makes_no_ledger(path: Path) -> None:
    with pytest.raises(SchemaTooOld, match="not there yet"):
        await SqliteLedger.open(path, upgrade=False)
    assert list(path.parent.glob("ledger*")) == []


@pytest.mark.parametrize("kind", ["text", "other database", "other application"])
async def test_a_file_that_is_no_ledger_is_left_alone(path: Path, kind: str) -> None:
    if kind == "text":
        path.write_bytes(b"Not a database, but long enough to look at. " * 100)
    else:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE theirs (x)")
        if kind == "other application":
            connection.execute("PRAGMA application_id = 7")
        connection.close()
    before = path.read_bytes()
    with pytest.raises(NotALedger):
        await SqliteLedger.open(path)
    with pytest.raises(NotALedger):
        look(path)
    assert path.read_bytes() == before


async def test_a_place_that_cannot_hold_a_file_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await SqliteLedger.open(tmp_path / "absent" / "ledger.sqlite3")


async def test_every_query_is_used() -> None:
    package = Path(sys.modules["storage.ledger.sqlite"].__file__ or "").parent
    source = "\n".join(file.read_text("utf-8") for file in package.glob("*.py"))
    unused = [name for name in load_queries() if f'"{name}"' not in source]
    assert unused == []


async def test_every_process_gets_the_same_secret(path: Path) -> None:
    ledgers = [await SqliteLedger.open(path) for _ in range(4)]
    made = await asyncio.gather(*(ledger.secret("cursors") for ledger in ledgers for _ in range(5)))
    assert len(set(made)) == 1
    for ledger in ledgers:
        await ledger.aclose()
    again = await SqliteLedger.open(path)
    assert await again.secret("cursors") == made[0]
    await again.aclose()


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


async def test_a_number_too_large_for_a_column_fails_its_caller_alone(sqlite: SqliteLedger) -> None:
    def attempt(number: int) -> Awaitable[object]:
        if number == 3:
            return sqlite.advance([move(0, expected_version=1 << 63, statement=None, evidence=(), events=())])
        return sqlite.commit(accepted(number))

    await sqlite.commit(accepted(0))
    answers = await asyncio.gather(*map(attempt, range(1, 9)), return_exceptions=True)
    assert [number for number, answer in enumerate(answers, 1) if isinstance(answer, ValueError)] == [3]
    assert len(await whole.outbox(sqlite, SENDER)) == 8
