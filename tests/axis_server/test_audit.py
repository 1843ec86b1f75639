"""What operators do is kept: who, when, what, why; sealed, in the log, and found again."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from axis_server.app import running
from axis_server.ledgers import opened_ledger
from axis_server.operation.terminal import account
from axis_server.settings import Secrets, load
from signing.entitlement import entitled
from signing.statements.acts import read
from signing.trust import TrustStore
from signing.verdict import Sound
from signing.verify import verify
from storage.errors import NotFound
from storage.ledger.base import Log
from tests.axis_server.test_cli import agencies, certificate, config, run

__all__ = ["config"]

WHY = ("--reason", "công văn 12/VP", "--operator", "Nguyễn Thị A")


def done(config: Path, *arguments: str | Path) -> None:
    result = run(*arguments, "--config", config)
    assert result.exit_code == 0, result.output


def acts(config: Path, *options: str | Path) -> list[dict[str, Any]]:
    result = run("audit", "--json", *options, "--config", config)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def changes(act: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["what"]: (one["before"], one["after"]) for one in act["changes"]}


def test_each_change_of_the_directory_says_who_what_and_why(config: Path, tmp_path: Path) -> None:
    begun = datetime.now(UTC)
    done(config, "agency", "add", "G22", "--name", "Bộ", *WHY)
    done(config, "agency", "update", "G22", "--name", "Bộ mới")
    done(config, "agency", "certificate", "add", "G22", "--certificate", certificate(tmp_path))
    done(config, "agency", "suspend", "G22")
    done(config, "agency", "suspend", "G22")  # changes nothing: no act
    done(config, "agency", "resume", "G22")
    done(config, "group", "add", "ALL", "--name", "Tất cả", "--member", "G22")
    found = acts(config)
    assert [(one["kind"], one["about"]) for one in found] == [
        ("agency.add", ["G22"]),
        ("agency.update", ["G22"]),
        ("agency.certificate.add", ["G22"]),
        ("agency.suspend", ["G22"]),
        ("agency.resume", ["G22"]),
        ("group.add", ["ALL"]),
    ]
    first = found[0]
    assert (first["operator"], first["reason"]) == ("Nguyễn Thị A", "công văn 12/VP")
    assert begun <= datetime.fromisoformat(first["at"]) <= datetime.now(UTC)
    assert {one["account"] for one in found} == {account()}
    assert changes(first)["name"] == ("", "Bộ")
    assert changes(found[1]) == {"name": ("Bộ", "Bộ mới")}
    before, after = changes(found[2])["certificates"]
    assert before == ""
    assert len(json.loads(after)[0]["sha256"]) == 64
    assert "BEGIN" not in after
    assert changes(found[3]) == {"active": ("true", "false")}


def test_acts_are_found_by_kind_by_agency_and_by_time(config: Path) -> None:
    done(config, "agency", "add", "G22", "--name", "A")
    done(config, "agency", "add", "H05", "--name", "B")
    done(config, "group", "add", "ALL", "--name", "C", "--member", "G22")
    assert [one["about"] for one in acts(config, "--agency", "H05")] == [["H05"]]
    assert [one["kind"] for one in acts(config, "--kind", "group")] == ["group.add"]
    assert acts(config, "--since", "2100-01-01") == []
    assert len(acts(config, "--until", "2100-01-01")) == 3


def test_a_kind_that_there_is_not_is_told_with_those_that_there_are(config: Path) -> None:
    run("group", "add", "ALL", "--name", "Tất cả", "--config", config)
    said = run("audit", "--kind", "setings", "--config", config)
    assert said.exit_code == 2
    assert "no act is a 'setings'; there are agency.add" in said.output
    for kind in ("settings", "agency.certificate.add", "rollover.log.use", "backup", "scrub"):
        assert f"{kind}," in said.output or f"{kind}." in said.output, kind
    none = run("audit", "--kind", "rollover", "--config", config)
    assert (none.exit_code, none.stderr) == (0, "No such act.\n")


def test_an_import_is_one_act_about_all_whom_it_changed(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "agencies.csv"
    file.write_text("id,name,parent\nH05,Tỉnh,\nH05.01,Sở,H05\nH05.02,Sở,H05\n", encoding="utf-8")
    done(config, "agency", "import", file, *WHY)
    done(config, "agency", "import", file, "--check")
    assert [one["about"] for one in acts(config, "--kind", "agency.import")] == [
        ["H05"],
        ["H05.01", "H05.02"],
    ]
    done(config, "agency", "import", file)
    assert len(acts(config)) == 2


def start(config: Path) -> None:
    """Has the axis start, sign the log, and end."""

    async def starting() -> None:
        async with running(load(config), Secrets()), opened_ledger(load(config), upgrade=False) as ledger:
            size = await ledger.size()
            async with asyncio.timeout(30):
                while not await _covered(ledger, size):
                    await asyncio.sleep(0.05)

    asyncio.run(starting())


async def _covered(ledger: Log, size: int) -> bool:
    try:
        await ledger.checkpoint(over=size)
    except NotFound:
        return False
    return True


def test_settings_that_take_effect_are_told_by_their_digests(config: Path) -> None:
    start(config)
    start(config)
    text = config.read_text(encoding="utf-8")
    config.write_text(f"{text}\n[limits]\nrecipients = 7\n", encoding="utf-8")
    start(config)
    first, second = acts(config, "--kind", "settings")
    differing = [what for what, (before, after) in changes(second).items() if before != after]
    assert differing == ["limits"]
    assert changes(first)["log key"][1].count("+") >= 2
    secret = (config.parent / "log" / "log.key").read_text().strip()
    assert secret not in json.dumps([first, second])


def test_an_act_stands_in_the_log_and_verifies_away_from_the_axis(config: Path, tmp_path: Path) -> None:
    done(config, "agency", "add", "G22", "--name", "A")
    assert acts(config)[0]["log"] == "awaited"
    start(config)
    shown = acts(config, "--kind", "agency", "--export", tmp_path / "acts")
    assert shown[0]["log"] == "logged"
    name = tmp_path / "acts" / f"{shown[0]['identifier']}.xml"
    trust = TrustStore.load([config.parent / "ca" / "ca.pem"], [])
    verdict = verify(name.read_bytes(), trust=trust, at=datetime.now(UTC))
    assert isinstance(verdict, Sound)
    judged = entitled(verdict)
    assert isinstance(judged, Sound)
    assert read(judged).about == ("G22",)
    assert name.with_name(f"{name.name}.tlog-proof").read_bytes().startswith(b"c2sp.org/tlog-proof@v1")


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("UPDATE acts SET kind = 'agency.update'", "the list beside it says something else"),
        (
            "UPDATE evidence SET content = CAST(replace(content, 'A</After>', 'B</After>') AS BLOB)",
            "NOT WHAT THE LOG HAS",
        ),
        ("DELETE FROM act_abouts; DELETE FROM acts", "is not listed"),
        (
            "DELETE FROM act_abouts; DELETE FROM acts; UPDATE evidence SET content = CAST('x' AS BLOB)",
            "whose content is gone or another, and it is not listed",
        ),
    ],
)
def test_whoever_changes_the_ledger_afterwards_is_found_out(config: Path, tampering: str, told: str) -> None:
    done(config, "agency", "add", "G22", "--name", "A")
    start(config)
    assert run("audit", "--whole", "--config", config).exit_code == 0
    with closing(sqlite3.connect(config.parent / "ledger" / "ledger.sqlite3")) as database:
        database.executescript(tampering)
    found = run("audit", "--whole", "--config", config)
    assert found.exit_code == 1
    assert told in found.output


def test_without_the_axis_s_key_nothing_is_changed(config: Path) -> None:
    (config.parent / "evidence" / "axis.key").rename(config.parent / "away.key")
    result = run("agency", "add", "G22", "--name", "A", "--config", config)
    assert result.exit_code == 1
    assert "Nothing was changed" in result.output
    assert agencies(config) == {}


def test_an_act_whose_name_leads_elsewhere_is_not_exported(config: Path, tmp_path: Path) -> None:
    done(config, "agency", "add", "G22", "--name", "A")
    with closing(sqlite3.connect(config.parent / "ledger" / "ledger.sqlite3")) as database:
        database.executescript("UPDATE evidence SET evidence_id = '../outside'")
    found = run("audit", "--config", config, "--export", tmp_path / "acts")
    assert found.exit_code == 1
    assert not (tmp_path / "outside.xml").exists()
