"""Archivists at work, on a real axis: classes, holds, an order, evidence of destruction, and kill -9."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.axis_client.harness import BIN, MINISTRY, PROVINCE, Ran, RunningAxis, axis, letter

ARCHIVE = "K01.LT"
LAST_MIDNIGHTS = 5 * 366 * 86_400 * 1_000_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAxis]:
    """An axis with an archive's authority, and an archivist of the ministry."""
    base = tmp_path_factory.mktemp("archive")
    one = RunningAxis.make(base)
    config = one.config.read_text()
    one.config.write_text(f'{config}\n[retention]\nauthority = "{ARCHIVE}"\ngrace_minutes = 0\n')
    options = ("--role", "archivist", "--config", one.config)
    one.server("agency", "add", ARCHIVE, "--name", "Cục Lưu trữ", "--issue", base / ARCHIVE, *options)
    one.server("agency", "certificate", "add", MINISTRY, "--issue", base / "archivist", *options)
    one.start()
    yield one
    one.stop()


def as_archivist(running: RunningAxis, *arguments: str | Path) -> Ran:
    return axis(*arguments, "--profile", running.base / "archivist" / "profile.toml", "--json")


def as_authority(running: RunningAxis, *arguments: str | Path) -> Ran:
    return axis(*arguments, "--profile", running.base / ARCHIVE / "profile.toml", "--json")


def sent_years_ago(running: RunningAxis, room: Path, number: int) -> str:
    """Sends a letter, and has the ledger say that it was five years ago."""
    (room / "letter.edxml").write_bytes(letter(f"000.00.00.G90,2026/03/02,{number}/LT", to=(PROVINCE,)))
    ran = axis("send", room / "letter.edxml", "--profile", running.profile(MINISTRY), "--json")
    assert ran.code == 0, ran.err
    dispatch_id: str = ran.objects[0]["dispatch_id"]
    ledger = next(running.config.parent.rglob("ledger.sqlite3"))
    with closing(sqlite3.connect(ledger, timeout=30)) as database, database:
        database.execute(
            "UPDATE dispatches SET accepted_at = accepted_at - ? WHERE dispatch_id = ?",
            (LAST_MIDNIGHTS, dispatch_id),
        )
    return dispatch_id


def blobs(running: RunningAxis) -> int:
    return sum(1 for path in (running.config.parent / "archive").rglob("*") if len(path.name) == 64)


def wait_for_the_end(running: RunningAxis, order_id: str) -> dict[str, object]:
    deadline = time.monotonic() + 90
    while True:
        (shown,) = as_authority(running, "disposal", "show", order_id).objects
        if shown["ended_at"]:
            return shown
        assert time.monotonic() < deadline, shown
        time.sleep(0.2)


def found_in_the_end(*asked: str | Path) -> None:
    """Waits for the catalogue, which comes behind what was accepted."""
    deadline = time.monotonic() + 90
    while axis("search", *asked, "--json").code != 0:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_from_a_class_to_the_evidence_of_destruction(running: RunningAxis, tmp_path: Path) -> None:
    kept, gone = (sent_years_ago(running, tmp_path, number) for number in (1, 2))
    assert as_authority(running, "disposal", "list").code == 1
    ran = as_archivist(running, "retention", "set", gone, "--class", "2", "--reason", "Thông tư 10/2022")
    assert ran.code == 0, ran.err
    assert as_archivist(running, "retention", "set", kept, "--class", "70").code == 0
    (shown,) = as_archivist(running, "retention", "show", gone).objects
    assert shown["term"]["class_code"] == "2"
    assert [one["reason"] for one in shown["decisions"]] == ["Thông tư 10/2022"]

    held = as_authority(running, "hold", "put", gone, "--reason", "Thanh tra").objects[0]
    assert as_authority(running, "disposal", "list").code == 1
    assert [one["evidence_id"] for one in as_archivist(running, "hold", "list").objects] == [
        held["evidence_id"]
    ]
    lifted = as_authority(running, "hold", "lift", gone, held["evidence_id"], "--reason", "Đã xong")
    assert lifted.code == 0, lifted.err

    (due,) = as_authority(running, "disposal", "list").objects
    assert due["dispatch_id"] == gone
    order = tmp_path / "order.xml"
    decided = ("--number", "12/QĐ-LT", "--legal-basis", "Luật Lưu trữ 2024", "-o", order)
    assert as_authority(running, "disposal", "order", gone, *decided).code == 0
    refused = as_archivist(running, "disposal", "submit", order)
    assert (refused.code, refused.error["error"]) == (1, "ROLE_FORBIDDEN")
    before = blobs(running)
    submitted = as_authority(running, "disposal", "submit", order)
    assert submitted.code == 0, submitted.err
    order_id = submitted.objects[0]["order_id"]
    wait_for_the_end(running, order_id)
    assert blobs(running) == before - 1
    assert as_authority(running, "disposal", "submit", order).objects[0]["order_id"] == order_id

    evidence = tmp_path / "destroyed.xml"
    kept_it = as_authority(running, "disposal", "show", order_id, "-o", evidence)
    assert kept_it.code == 0, kept_it.err
    assert gone in evidence.read_text()
    for agency in (MINISTRY, PROVINCE):
        asked = ("--profile", running.profile(agency), "--json")
        fetched = axis("fetch", gone, "-o", tmp_path / agency, *asked)
        assert (fetched.code, fetched.error["error"]) == (1, "DISPOSED")
        assert axis("status", gone, *asked).objects[0]["disposal_id"] == order_id
        assert axis("evidence", gone, "-o", tmp_path / f"{agency}-evidence", *asked).code == 0
        assert axis("fetch", kept, "-o", tmp_path / f"{agency}-kept", *asked).code == 0
    package = tmp_path / "destroyed.asice"
    packed = as_archivist(running, "evidence", gone, "-o", package)
    assert (packed.code, packed.objects[0]["verdict"]) == (4, "destroyed"), packed.err
    judged = axis("verify", package, "--profile", running.profile(MINISTRY))
    assert (judged.code, "LAWFULLY DESTROYED" in judged.out) == (4, True), judged.out
    assert f"By order: 12/QĐ-LT ({ARCHIVE}), {order_id}" in judged.out
    asked = ("--profile", running.profile(PROVINCE), "--json")
    not_told = axis("evidence", gone, "-o", tmp_path / "x.asice", *asked)
    assert (not_told.code, not_told.error["error"]) == (2, "ORDER_NOT_SHOWN")
    handed = ("--order", order, "--destruction", evidence)
    packed = axis("evidence", gone, "-o", tmp_path / "handed.asice", *handed, *asked)
    assert (packed.code, packed.objects[0]["reason"]) == (4, "DOCUMENT_DESTROYED"), packed.err
    bulk = ("--document-id", "000.00.00.G90,2026/03/02,2/LT", "--profile", running.profile(MINISTRY))
    found_in_the_end(*bulk)
    exported = axis("export", *bulk, "-o", tmp_path / "bags", "--json")
    outcomes = [(one["outcome"], one["reason"], one["disposal_id"]) for one in exported.objects]
    assert outcomes == [("skipped", "DISPOSED", order_id)]


def test_kill_nine_between_the_order_and_its_end_ends_the_same(running: RunningAxis, tmp_path: Path) -> None:
    gone = [sent_years_ago(running, tmp_path, number) for number in range(10, 16)]
    for one in gone:
        assert as_archivist(running, "retention", "set", one, "--class", "2").code == 0
    order = tmp_path / "order.xml"
    decided = ("--number", "13/QĐ-LT", "--legal-basis", "Luật Lưu trữ 2024", "--all", "-o", order)
    assert as_authority(running, "disposal", "order", *decided).code == 0
    order_id = as_authority(running, "disposal", "submit", order).objects[0]["order_id"]
    running.stop(signal.SIGKILL)
    running.start()
    assert len(wait_for_the_end(running, order_id)["dispatch_ids"]) == 6  # type: ignore[arg-type]
    assert as_authority(running, "disposal", "list").code == 1
    for command in ("verify-store", "scrub"):
        done = subprocess.run(
            [BIN / "axis-server", command, "--config", running.config],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_sweep_counts_and_changes_nothing_unless_told_to(running: RunningAxis) -> None:
    before = blobs(running)
    done = subprocess.run(
        [BIN / "axis-server", "sweep", "--config", running.config], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "would be hidden   0, 0 bytes" in done.stdout
    assert blobs(running) == before
