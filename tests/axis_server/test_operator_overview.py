"""`axis-server attention` and `stats`: the operator's view, beside a running axis, of no document."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from axis.v1 import submission_pb2, submission_pb2_grpc
from axis_server.cli import main
from axis_server.ledgers import opened_ledger
from axis_server.operation.provision import provision
from axis_server.settings import Address, load
from tests.axis_server.served import Served, served
from tests.storage.records import accepted, entry, move, recipients

SECRETS = ("7816", "BM-VP", "số liệu", "kết nối", "BTTTT-VP", "vượt thẩm quyền")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


async def sent(axis: Served, count: int) -> None:
    async with axis.ministry.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        for number in range(count):
            package = axis.ministry.letter("H90", number=number)
            await stub.Submit(submission_pb2.SubmitRequest(package=package))


async def test_they_read_beside_a_running_axis(tmp_path: Path) -> None:
    async with served(tmp_path) as axis:
        await sent(axis, 2)
        found = await asyncio.to_thread(run, "attention", "--soon", "9000", "--config", axis.config)
        counted = await asyncio.to_thread(run, "stats", "--by", "agency", "--config", axis.config)
    assert found.exit_code == counted.exit_code == 0
    assert found.stdout.startswith("2 due soon\n")
    assert found.stdout.count("consigned") == 2
    assert "H90" in counted.stdout
    for secret in SECRETS:
        assert secret not in found.stdout + counted.stdout


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An axis that does not run, with a small history."""
    listen = Address("127.0.0.1", 0)
    at = datetime.now(UTC)
    made = provision(
        tmp_path / "axis", listen=listen, hosts=(), metrics=None, axis_id="A", axis_name="A", at=at
    )

    async def history() -> None:
        async with opened_ledger(load(made)) as ledger:
            to = recipients("H37.02", "[bold]H9")
            for number in range(3):
                given = entry(number, accepted_at=at, priority=number)
                await ledger.commit(
                    accepted(number, entry=given, recipients=to, handover_by=at, answer_by=at)
                )
            refusing = {"state": "refused", "reason": "vượt thẩm quyền", "at": at}
            await ledger.advance([move(0, statement=None, evidence=(), events=(), **refusing)])

    asyncio.run(history())
    return made


def test_what_needs_attention_stands_in_a_table_the_most_urgent_first(config: Path) -> None:
    result = run("attention", "--config", config)
    assert result.exit_code == 0
    first, *lines = result.stdout.splitlines()
    assert first == "5 due soon, 1 refused"
    rows = [line for line in lines if "G22.01" in line]
    assert len(rows) == 6
    assert "very urgent" in rows[0]
    assert "[bold]H9" in rows[1]
    assert "refused" in rows[-1]


def test_what_has_no_room_is_counted(config: Path) -> None:
    result = run("attention", "--most", "2", "--config", config)
    assert "5 due soon, 1 refused" in result.stdout
    assert "4 more; see --most." in result.stdout


def test_attention_is_written_for_machines_too(config: Path) -> None:
    as_json = run("attention", "--json", "--config", config).stdout
    objects = [json.loads(line) for line in as_json.splitlines()]
    as_csv = run("attention", "--csv", "--config", config).stdout
    rows = list(csv.DictReader(io.StringIO(as_csv)))
    assert [row["why"] for row in rows] == [one["why"] for one in objects] == ["due soon"] * 5 + ["refused"]
    assert objects[0]["dispatch_id"] == rows[0]["dispatch_id"] == "dispatch-2"
    assert objects[0]["due"].endswith("+07:00")
    for secret in SECRETS:
        assert secret not in as_json + as_csv


def test_statistics_are_written_for_people_and_machines(config: Path) -> None:
    arguments = ("stats", "--by", "priority", "--by", "month", "--agency", "G22.01", "--config", config)
    assert run(*arguments).exit_code == 1  # no such agency is registered
    run("agency", "add", "G22.01", "--name", "Bộ", "--config", config)
    shown = run(*arguments)
    assert shown.exit_code == 0
    assert [line.split()[1] for line in shown.stdout.splitlines() if "20" in line[:4]][1:] == [
        "normal",
        "urgent",
        "very",
    ]
    objects = [json.loads(line) for line in run(*arguments, "--json").stdout.splitlines()]
    rows = list(csv.DictReader(io.StringIO(run(*arguments, "--csv").stdout)))
    assert [one["priority"] for one in objects] == ["normal", "urgent", "very urgent"]
    assert [(one["deliveries"], one["on_time"]) for one in objects] == [(2, 1), (2, 0), (2, 0)]
    assert [(row["deliveries"], row["refused"], row["consigned"]) for row in rows] == [
        ("2", "1", "1"),
        ("2", "0", "2"),
        ("2", "0", "2"),
    ]


def test_all_agencies_are_split_by_recipient_or_by_sender(config: Path) -> None:
    def names(side: str) -> list[str]:
        out = run("stats", "--by", "agency", "--side", side, "--json", "--config", config).stdout
        return [json.loads(line)["agency_id"] for line in out.splitlines()]

    assert names("sent") == ["H37.02", "[bold]H9"]
    assert names("received") == ["G22.01"]


def test_nothing_is_said_to_need_attention_where_nothing_does(tmp_path: Path) -> None:
    made = provision(
        tmp_path / "axis",
        listen=Address("127.0.0.1", 0),
        hosts=(),
        metrics=None,
        axis_id="A",
        axis_name="A",
        at=datetime.now(UTC),
    )
    run("agency", "add", "G22", "--name", "Bộ", "--config", made)
    assert run("attention", "--config", made).stdout == "Nothing needs attention.\n"
    assert run("attention", "--json", "--config", made).stdout == ""


@pytest.mark.parametrize(
    "wrong",
    [
        ("stats", "--from", "yesterday"),
        ("stats", "--by", "day", "--by", "month"),
        ("stats", "--by", "week"),
        ("stats", "--from", "2026-03-02", "--to", "2026-03-01"),
        ("attention", "--soon", "-1"),
    ],
)
def test_wrong_usage_ends_with_2(config: Path, wrong: tuple[str, ...]) -> None:
    result = run(*wrong, "--config", config)
    assert result.exit_code == 2
    assert result.stderr.strip()


def test_a_ledger_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    made = provision(
        tmp_path / "axis",
        listen=Address("127.0.0.1", 0),
        hosts=(),
        metrics=None,
        axis_id="A",
        axis_name="A",
        at=datetime.now(UTC),
    )
    for command in ("attention", "stats"):
        result = run(command, "--config", made)
        assert result.exit_code == 1
        assert "ledger" in result.stderr
    assert not list((tmp_path / "axis").rglob("ledger.sqlite3*"))
