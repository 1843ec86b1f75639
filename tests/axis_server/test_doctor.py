"""The doctor finds what is wrong with a real axis, says what to do, and leaves a healthy one alone."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding

from axis_server.cli import main
from axis_server.ledgers import opened_ledger
from axis_server.operation.diagnosis import Found, Grade, examinations
from axis_server.settings import Secrets
from storage.errors import NotFound
from storage.ledger.answers import Answer, Answered
from tests import pki
from tests.axis_server.served import Prepared, Served, prepared, served

SUBJECTS = {
    "configuration",
    "certificates",
    "door",
    "file modes",
    "archive",
    "ledger",
    "room",
    "clock",
    "log",
    "backlog",
    "revocation",
    "keys",
}


async def found(axis: Prepared, *, later: timedelta = timedelta()) -> dict[str, Found]:
    """The worst that each subject has."""
    grades = list(Grade)
    worst: dict[str, Found] = {}
    async for one in examinations(axis.settings, Secrets(), at=datetime.now(UTC) + later):
        known = worst.get(one.subject)
        if known is None or grades.index(one.grade) > grades.index(known.grade):
            worst[one.subject] = one
    return worst


def told(axis: Prepared) -> tuple[int, list[dict[str, Any]]]:
    done = CliRunner().invoke(main, ["doctor", "--json", "--config", str(axis.config)])
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


async def signed(axis: Served) -> None:
    async with axis.ministry.client(axis.address) as client:
        await client.send(axis.ministry.letter("H90"))
    async with opened_ledger(axis.settings, upgrade=False) as ledger, asyncio.timeout(30):
        while True:
            try:
                await ledger.checkpoint(over=await ledger.size())
                return
            except NotFound:
                await asyncio.sleep(0.1)


async def test_a_healthy_axis_has_no_problem_and_everything_was_looked_at(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        await signed(axis)
        code, lines = await asyncio.to_thread(told, axis)
        assert {line["subject"] for line in lines} == SUBJECTS
        assert code == 0
        assert not [line for line in lines if line["grade"] == "problem"]
        assert all(line["next_step"] for line in lines if line["grade"] != "ok")


async def test_what_hurts_is_told_with_a_next_step_and_exit_1(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        await signed(axis)
        before = await found(axis, later=-timedelta(hours=1))
        assert before["clock"].grade is Grade.PROBLEM
        after = await found(axis, later=timedelta(days=300))
        assert after["backlog"].grade is Grade.PROBLEM
    axis.settings.ledger.path.chmod(0o644)
    text = axis.config.read_text()
    axis.config.write_text(text.replace("[archive]", '[archive]\nreserve_bytes = "900000 TiB"'))
    with closing(sqlite3.connect(axis.settings.ledger.path, isolation_level=None)) as ledger:
        assert ledger.execute("UPDATE leaves SET hash = zeroblob(32) WHERE leaf = 0").rowcount
        ledger.execute("UPDATE nodes SET hash = zeroblob(32)")
    code, lines = await asyncio.to_thread(told, axis)
    assert code == 1
    graded = {line["subject"]: line["grade"] for line in lines if line["grade"] != "ok"}
    assert graded | {"configuration": "warning"} == {
        "configuration": "warning",
        "door": "warning",
        "file modes": "warning",
        "room": "problem",
        "log": "problem",
    }
    assert all(line["next_step"] for line in lines if line["grade"] != "ok")


async def test_an_archive_whose_disk_is_not_mounted_is_a_problem(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        await signed(axis)
    assert (await found(axis))["archive"].grade is Grade.OK
    axis.settings.archive.path.rename(tmp_path / "unmounted")
    axis.settings.archive.path.mkdir(mode=0o700)
    assert (await found(axis))["archive"].grade is Grade.PROBLEM


async def test_a_hole_in_the_log_is_a_problem(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        await signed(axis)
    with closing(sqlite3.connect(axis.settings.ledger.path, isolation_level=None)) as ledger:
        assert ledger.execute("DELETE FROM nodes").rowcount
    assert (await found(axis))["log"].grade is Grade.PROBLEM


async def test_a_ledger_that_is_gone_or_no_ledger_is_a_problem_and_is_not_made_anew(tmp_path: Path) -> None:
    axis = await prepared(tmp_path)
    path = axis.settings.ledger.path
    path.unlink()
    assert (await found(axis))["stores"].grade is Grade.PROBLEM
    assert not path.exists()
    path.write_bytes(b"something else" * 1000)
    assert (await found(axis))["stores"].grade is Grade.PROBLEM


async def test_answers_about_revocation_that_have_run_out_and_certificates_that_end_are_told(
    tmp_path: Path,
) -> None:
    axis = await prepared(tmp_path)
    root = pki.authority("Root of a List")
    crl = root.crl([], this_update=datetime.now(UTC), next_update=datetime.now(UTC) + timedelta(hours=2))
    answer = Answer(kind="crl", content=crl.public_bytes(Encoding.DER))
    async with opened_ledger(axis.settings) as ledger:
        await ledger.keep_answer(Answered(place="http://crl.test", asked_at=datetime.now(UTC), answer=answer))
    assert (await found(axis))["revocation"].grade is Grade.OK
    later = await found(axis, later=timedelta(days=2))
    assert later["revocation"].grade is Grade.WARNING
    assert "1 of 1" in later["revocation"].sentence
    assert "http://crl.test" in later["revocation"].sentence
    ended = await found(axis, later=timedelta(days=40_000))
    assert "ends on" in ended["certificates"].sentence
    assert ended["certificates"].grade is Grade.WARNING
