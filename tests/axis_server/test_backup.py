"""The restore drill: a backup of a running axis, restored to a moment, is proved complete against the log;
and whatever is missing or changed is found."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from axis_server.app import running
from axis_server.cli import main
from axis_server.ledgers import opened_ledger
from axis_server.settings import Secrets
from edxml.writer import write
from storage.errors import NotFound
from tests.axis_server.packages import document
from tests.axis_server.served import Served, served


async def command(*arguments: str | Path) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, [str(one) for one in arguments])


async def send(axis: Served, room: Path, number: int) -> str:
    """Sends a document with an attachment of its own."""
    attachment = room / f"map {number}.pdf"
    attachment.write_bytes(b"%PDF-1.4 map " + str(number).encode() * 1000)
    unsigned = document(to=("H90",), sender="G22", document_id=f"G22,2026/03/02,{number}/BM-VP")
    async with axis.ministry.client(axis.address) as client:
        sent = await client.send(write(unsigned), attachments=[attachment])
    return sent.dispatch.dispatch_id


async def checkpoint(axis: Served, room: Path) -> Path:
    """Waits until all that is in the log is signed, and keeps the checkpoint as a witness would."""
    async with opened_ledger(axis.settings, upgrade=False) as ledger, asyncio.timeout(30):
        size = await ledger.size()
        while True:
            try:
                kept = await ledger.checkpoint(over=size)
                break
            except NotFound:
                pass
            await asyncio.sleep(0.1)
    path = room / f"checkpoint {kept.size}"
    path.write_bytes(kept.content)
    return path


async def backed_up(axis: Served, to: Path) -> str:
    done = await command("backup", to, "--config", axis.config)
    assert done.exit_code == 0, done.output
    return done.output


async def test_a_restored_moment_is_proved_complete_and_serves_what_was_accepted_before_it(
    tmp_path: Path,
) -> None:
    kept, early, late = tmp_path / "backup", tmp_path / "early", tmp_path / "late"
    async with served(tmp_path) as axis:
        first = await send(axis, tmp_path, 1)
        await send(axis, tmp_path, 2)
        before = await checkpoint(axis, tmp_path)
        assert "4 new files" in await backed_up(axis, kept)
        between = datetime.now(UTC)
        third = await send(axis, tmp_path, 3)
        after = await checkpoint(axis, tmp_path)
        assert "2 new files" in await backed_up(axis, kept)
        assert not list((kept / "incoming").iterdir())

        verifying = ("verify-store", "--config", axis.config)
        whole = await command(*verifying, "--checkpoint", after)
        assert whole.exit_code == 0, whole.output
        assert "3 dispatches with 6 files" in whole.output

        assert (await command("restore", kept, "--into", late)).exit_code == 0
        assert (await command(*verifying, "--at", late, "--checkpoint", after)).exit_code == 0
        moment = between.isoformat()
        assert (await command("restore", kept, "--into", early, "--moment", moment)).exit_code == 0
        restored = await command(*verifying, "--at", early, "--checkpoint", before)
        assert restored.exit_code == 0, restored.output
        assert "2 dispatches with 4 files" in restored.output
        short = await command(*verifying, "--at", early, "--checkpoint", after)
        assert short.exit_code == 1
        assert "what came after is not in it" in short.output

    text = axis.config.read_text().replace('"archive"', f'"{early}/archive"')
    axis.config.write_text(text.replace('"ledger/ledger.sqlite3"', f'"{early}/ledger/ledger.sqlite3"'))
    async with running(axis.settings, Secrets()) as again, axis.province.client(again.address) as province:
        got = await province.fetch(first, tmp_path / "in")
        assert (tmp_path / "map 1.pdf").read_bytes() in [
            path.read_bytes() for path in (tmp_path / "in").rglob("*.pdf")
        ]
        assert got
        assert third not in [item.dispatch.dispatch_id async for item in province.inbox()]


async def test_nothing_is_restored_over_anything_or_from_a_moment_before_the_first(tmp_path: Path) -> None:
    kept = tmp_path / "backup"
    async with served(tmp_path) as axis:
        await backed_up(axis, kept)
    taken = await command("restore", kept, "--into", axis.config.parent)
    assert (taken.exit_code, "holds something" in taken.output) == (1, True)
    early = await command("restore", kept, "--into", tmp_path / "new", "--moment", "2020-01-01T00:00:00Z")
    assert (early.exit_code, "no such moment" in early.output) == (1, True)
    (moment,) = (kept / "moments").iterdir()
    assert f"The first is {moment.stem}." in early.output
    named = await command("restore", kept, "--into", tmp_path / "named", "--moment", moment.stem)
    assert (named.exit_code, f"{moment.stem} is restored" in named.output) == (0, True)
    assert not (tmp_path / "new").exists()


def blob(store: Path) -> Path:
    return sorted((store / "archive").glob("??/??/*"))[0]


def remove_file(store: Path) -> None:
    blob(store).unlink()


def change_file(store: Path) -> None:
    path = blob(store)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o640)
    path.write_bytes(content)


def sql(statement: str) -> Callable[[Path], None]:
    def change(store: Path) -> None:
        with closing(sqlite3.connect(store / "ledger" / "ledger.sqlite3", isolation_level=None)) as ledger:
            ledger.execute("PRAGMA foreign_keys = OFF")
            for one in statement.split(";"):
                assert ledger.execute(one).rowcount == 1, one

    return change


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a file is gone": (remove_file, "is not in the archive"),
    "a file is changed": (change_file, "is damaged"),
    "an evidence is changed": (
        sql("UPDATE evidence SET content = CAST('other' AS BLOB) WHERE leaf = 1"),
        "leaf 1: the evidence or statement was changed",
    ),
    "an evidence is changed with its leaf": (
        sql(
            "UPDATE evidence SET content = CAST('other' AS BLOB) WHERE leaf = 1;"
            "UPDATE leaves SET hash = x'"
            "7d0e23cd1d95b8ef2ad6a1e5fd5b0b30c1cf3c5b6d1c0c2f9d4d0f7ad1c8c0aa' WHERE leaf = 1"
        ),
        "leaves are not those that were signed",
    ),
    "an evidence is gone": (
        sql("DELETE FROM evidence WHERE leaf = 0"),
        "leaf 0: the evidence or statement itself is gone",
    ),
    "a leaf is gone": (sql("DELETE FROM leaves WHERE leaf = 0"), "leaf 0 is missing"),
    "the end is cut off": (
        sql("DELETE FROM leaves WHERE leaf = (SELECT max(leaf) FROM leaves)"),
        "what came after is not in it",
    ),
    "a size is changed": (
        sql("UPDATE parts SET size = size + 1 WHERE number = 0"),
        "were accepted",
    ),
}


async def test_every_damage_to_a_store_is_found_and_named(tmp_path: Path) -> None:
    kept = tmp_path / "backup"
    async with served(tmp_path) as axis:
        await send(axis, tmp_path, 1)
        await checkpoint(axis, tmp_path)
        await backed_up(axis, kept)
    for number, (damage, told) in enumerate(DAMAGES.values()):
        store = tmp_path / str(number)
        assert (await command("restore", kept, "--into", store)).exit_code == 0
        damage(store)
        found = await command("verify-store", "--config", axis.config, "--at", store)
        assert found.exit_code == 1
        assert told in found.output, found.output


@pytest.mark.parametrize("cut", ["ledger", "archive"])
async def test_a_backup_that_was_cut_off_is_no_moment_and_the_next_one_goes_on(
    tmp_path: Path, cut: str
) -> None:
    kept = tmp_path / "backup"
    async with served(tmp_path) as axis:
        await send(axis, tmp_path, 1)
        (kept / "incoming").mkdir(parents=True)
        (kept / "incoming" / "half.sqlite3").write_bytes(b"half")
        if cut == "archive":
            there = sorted((axis.config.parent / "archive").glob("??/??/*"))[0]
            half = kept / "archive" / there.relative_to(axis.config.parent / "archive")
            half.parent.mkdir(parents=True)
            half.write_bytes(there.read_bytes()[:10])
        assert (await command("restore", kept, "--into", tmp_path / "none")).exit_code == 1
        await backed_up(axis, kept)
    assert (await command("restore", kept, "--into", tmp_path / "new")).exit_code == 0
    verified = await command("verify-store", "--config", axis.config, "--at", tmp_path / "new")
    assert verified.exit_code == 0, verified.output
