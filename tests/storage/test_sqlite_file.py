"""The file of a ledger: whose it is, who may open it, which schema it has."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest

from storage.errors import NotALedger, SchemaTooNew, SchemaTooOld, Unavailable
from storage.ledger.sqlite import Schema, SqliteLedger, look
from storage.ledger.sqlite.database import connect, load_migrations
from tests.storage import whole
from tests.storage.children import committing
from tests.storage.records import SENDER, accepted, agency


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
    await whole.check(ledger)
    await ledger.aclose()


async def test_many_may_open_a_new_ledger_at_once(path: Path) -> None:
    children = [committing(path, first, 3) for first in (0, 10, 20)]
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


async def test_every_process_gets_the_same_secret(path: Path) -> None:
    ledgers = [await SqliteLedger.open(path) for _ in range(4)]
    made = await asyncio.gather(*(ledger.secret("cursors") for ledger in ledgers for _ in range(5)))
    assert len(set(made)) == 1
    for ledger in ledgers:
        await ledger.aclose()
    again = await SqliteLedger.open(path)
    assert await again.secret("cursors") == made[0]
    await again.aclose()
