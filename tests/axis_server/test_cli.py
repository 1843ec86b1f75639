"""`axis-server`: what it says and with which code it ends. No mistake shows a traceback."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from axis_server.cli import main
from storage.ledger.sqlite import database
from tests import pki
from tests.axis_server.process import ENVIRONMENT, ROOT


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def agencies(config: Path) -> dict[str, dict]:
    lines = run("agency", "list", "--json", "--config", config).stdout.splitlines()
    return {agency["agency_id"]: agency for agency in map(json.loads, lines)}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    result = run("init", tmp_path / "axis", "--listen", "127.0.0.1:0", "--metrics", "")
    assert result.exit_code == 0, result.output
    return tmp_path / "axis" / "axis.toml"


def certificate(directory: Path, name: str = "cert", **options: str) -> Path:
    path = directory / f"{name}.pem"
    path.write_bytes(pki.authority().issue(name, **options).certificate_pem)
    return path


def test_init_says_what_to_do_next_and_warns_of_the_test_authority(tmp_path: Path) -> None:
    result = run("init", tmp_path / "axis")
    assert result.exit_code == 0
    assert "axis-server run --config" in result.stdout
    assert "FOR TEST USE ONLY" in result.stderr


def test_init_refuses_a_directory_that_holds_anything(config: Path) -> None:
    before = config.read_bytes()
    result = run("init", config.parent)
    assert result.exit_code == 1
    assert "is not empty; nothing was written" in result.stderr
    assert config.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("init",),
        ("init", "x", "--listen", "nowhere"),
        ("init", "x", "--host", "two words"),
        ("run", "--config", "missing.toml"),
        ("check-config", "--config", "missing.toml"),
        ("agency", "add", "G22"),
        ("agency", "vanish", "G22"),
        ("nothing",),
    ],
)
def test_wrong_usage_ends_with_2_and_a_sentence(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.strip()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("init",),
        ("run",),
        ("check-config",),
        ("agency",),
        ("agency", "add"),
        ("agency", "list"),
        ("agency", "suspend"),
        ("agency", "resume"),
        ("agency", "certificate", "add"),
        ("agency", "certificate", "remove"),
    ],
)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_an_agency_is_registered_with_names_and_certificates(config: Path, tmp_path: Path) -> None:
    first, second = certificate(tmp_path, "first"), certificate(tmp_path, "second", key="rsa2048")
    result = run(
        *(
            "agency",
            "add",
            " h91.01 ",
            "--name",
            "Sở Nội vụ",
            "--alias",
            "000.01.00.H91",
            "--alias",
            "h91.01",
        ),
        *("--certificate", first, "--role", "system", "--certificate", second, "--role", "archivist"),
        *("--connect-only", "--config", config),
    )
    assert result.exit_code == 0, result.output
    agency = agencies(config)["H91.01"]
    assert agency["name"] == "Sở Nội vụ"
    assert agency["aliases"] == ["000.01.00.H91"]
    assert agency["active"] is True
    uses = [(one["role"], one["may_connect"], one["may_seal"]) for one in agency["certificates"]]
    assert sorted(uses) == [("archivist", True, False), ("system", True, False)]


def test_an_agency_without_a_certificate_is_registered_and_said_to_be_powerless(config: Path) -> None:
    result = run("agency", "add", "G22", "--name", "Bộ", "--config", config)
    assert result.exit_code == 0
    assert "it can neither connect nor seal" in result.stdout


def test_an_identifier_an_alias_or_a_certificate_belongs_to_one_agency(config: Path, tmp_path: Path) -> None:
    cert = certificate(tmp_path)
    base = ("agency", "add", "G22", "--name", "Bộ", "--alias", "000.00.00.G22", "--certificate", cert)
    assert run(*base, "--config", config).exit_code == 0
    for line in (
        ("G22", "--name", "x"),
        ("g22 ", "--name", "x"),
        ("000.00.00.G22", "--name", "x"),
        ("H90", "--name", "x", "--alias", "G22"),
        ("H90", "--name", "x", "--certificate", cert),
    ):
        result = run("agency", "add", *line, "--config", config)
        assert result.exit_code == 1, line
        assert "G22" in result.stderr
    assert list(agencies(config)) == ["G22"]


@pytest.mark.parametrize("identifier", ["", " ", "two words", "a,b", "x" * 101, "a\x00b"])
def test_what_cannot_be_an_identifier_is_refused(config: Path, identifier: str) -> None:
    result = run("agency", "add", identifier, "--name", "x", "--config", config)
    assert result.exit_code == 1
    assert "cannot be an agency identifier" in result.stderr


def test_certificates_that_are_weak_expired_or_none_are_refused(config: Path, tmp_path: Path) -> None:
    expired = certificate(tmp_path, "expired", not_after=pki.NOT_BEFORE.replace(year=2025))
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("garbage")
    for file, sentence in (
        (certificate(tmp_path, "weak", key="rsa1024"), "too weak (RSA 1024"),
        (certificate(tmp_path, "curve", key="k256"), "too weak (curve secp256k1"),
        (certificate(tmp_path, "other", key="ed25519"), "neither RSA nor ECDSA"),
        (expired, "expired on 2025"),
        (garbage, "cannot be read as a certificate"),
    ):
        result = run("agency", "add", "G22", "--name", "x", "--certificate", file, "--config", config)
        assert result.exit_code == 1
        assert sentence in result.stderr
        assert str(file) in result.stderr
    assert agencies(config) == {}


def test_a_certificate_that_the_axis_would_not_believe_is_registered_with_a_warning(
    config: Path, tmp_path: Path
) -> None:
    line = (
        "agency",
        "add",
        "G22",
        "--name",
        "Bộ",
        "--certificate",
        certificate(tmp_path),
        "--config",
        config,
    )
    result = run(*line)
    assert result.exit_code == 0
    assert "does not hold under `tls.client_ca` (UNTRUSTED_SIGNER), so it cannot connect" in result.stderr
    assert "does not hold under `trust` (UNTRUSTED_SIGNER), so its seals are not accepted" in result.stderr
    issued = run("agency", "add", "H90", "--name", "Tỉnh", "--issue", tmp_path / "h90", "--config", config)
    assert issued.stderr == ""


def test_options_that_contradict_each_other_are_wrong_usage(config: Path, tmp_path: Path) -> None:
    files = ("--certificate", certificate(tmp_path, "a"), "--certificate", certificate(tmp_path, "b"))
    roles = ("--role", "system", "--role", "clerk", "--role", "archivist")
    for line in (("--seal-only", "--connect-only"), roles):
        result = run("agency", "add", "G22", "--name", "x", *files, *line, "--config", config)
        assert result.exit_code == 2
    assert run("agency", "certificate", "add", "G22", "--config", config).exit_code == 2


def test_an_agency_is_suspended_and_resumed_by_any_of_its_names(config: Path) -> None:
    run("agency", "add", "G22", "--name", "Bộ", "--alias", "000.00.00.G22", "--config", config)
    for _ in range(2):
        assert run("agency", "suspend", "000.00.00.g22", "--config", config).exit_code == 0
        assert agencies(config)["G22"]["active"] is False
    assert "SUSPENDED" in run("agency", "list", "--config", config).stdout
    assert run("agency", "resume", "G22", "--config", config).exit_code == 0
    assert agencies(config)["G22"]["active"] is True
    result = run("agency", "suspend", "H90", "--config", config)
    assert result.exit_code == 1
    assert "H90 is not registered" in result.stderr


def test_old_and_new_certificate_overlap_during_a_rollover(config: Path, tmp_path: Path) -> None:
    run("agency", "add", "G22", "--name", "Bộ", "--issue", tmp_path / "old", "--config", config)
    (old,) = agencies(config)["G22"]["certificates"]
    added = run("agency", "certificate", "add", "G22", "--issue", tmp_path / "new", "--config", config)
    assert added.exit_code == 0, added.output
    assert len(agencies(config)["G22"]["certificates"]) == 2
    removed = run("agency", "certificate", "remove", "G22", old["sha256"][:12], "--config", config)
    assert removed.exit_code == 0, removed.output
    (left,) = agencies(config)["G22"]["certificates"]
    assert left != old
    for prefix, sentence in (("zz", "not the beginning"), ("00000000", "has no certificate")):
        result = run("agency", "certificate", "remove", "G22", prefix, "--config", config)
        assert result.exit_code == 1
        assert sentence in result.stderr


def test_an_issued_profile_is_never_overwritten_and_the_directory_stays_as_it_was(
    config: Path, tmp_path: Path
) -> None:
    assert (
        run("agency", "add", "G22", "--name", "A", "--issue", tmp_path / "p", "--config", config).exit_code
        == 0
    )
    result = run("agency", "add", "H90", "--name", "B", "--issue", tmp_path / "p", "--config", config)
    assert result.exit_code == 1
    assert "exists; nothing was written" in result.stderr
    assert list(agencies(config)) == ["G22"]


def test_check_config_ends_with_0_for_warnings_and_1_for_problems(config: Path) -> None:
    assert run("check-config", "--config", config).exit_code == 0
    (config.parent / "tls" / "server.pem").unlink()
    (config.parent / "ca" / "ca.crl").unlink()
    result = run("check-config", "--config", config)
    assert result.exit_code == 1
    assert "server.pem" in result.stderr
    assert "ca.crl" in result.stderr


def test_check_config_warns_of_deadlines_that_are_hardly_meant(config: Path) -> None:
    odd = "[deadlines]\nhandover_hours = [72, 24, 48, 2, 0.1]\nanswer_hours = [4320, 48, 24, 8, 8]\n"
    config.write_text(f"{config.read_text(encoding='utf-8')}\n{odd}", encoding="utf-8")
    result = run("check-config", "--config", config)
    assert result.exit_code == 0, "it is the operator's to decide"
    for told in (
        "`deadlines.handover_hours`: priority 2 has 48 hours",
        "`deadlines.handover_hours`: 0.1 hours are over",
        "`deadlines.answer_hours`: 4320 hours are 180 days",
        "`deadlines.answer_hours`: priority 2 is to be answered after 24 hours",
    ):
        assert told in result.stderr


def test_a_configuration_with_mistakes_is_told_by_every_command(config: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8").replace("[archive]", "[archieve]"), encoding="utf-8")
    for command in (("run",), ("check-config",), ("agency", "list")):
        result = run(*command, "--config", config)
        assert result.exit_code == 1
        assert "did you mean `archive`?" in result.stderr


def test_check_config_looks_at_the_files_of_sound_sections_beside_those_with_mistakes(config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    text = text.replace('client_ca = ["ca/ca.pem"]', "client_ca = []")
    config.write_text(text.replace('level = "info"', 'level = "loud"'), encoding="utf-8")
    (config.parent / "evidence" / "axis.pem").unlink()
    (config.parent / "ca" / "ca.crl").unlink()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f'"127.0.0.1:{taken.getsockname()[1]}"'
        text = config.read_text(encoding="utf-8").replace('"127.0.0.1:0"', address)
        config.write_text(text, encoding="utf-8")
        result = run("check-config", "--config", config)
    assert result.exit_code == 1
    for sentence in ("tls.client_ca", "log.level", "axis.pem", "ca.crl", "choose another port"):
        assert sentence in result.stderr, sentence


@pytest.mark.parametrize("fault", ["tls/server.key", "evidence/axis.pem", "port"])
def test_run_refuses_what_check_config_finds_and_shows_no_traceback(config: Path, fault: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        if fault == "port":
            address = f'"127.0.0.1:{taken.getsockname()[1]}"'
            text = config.read_text(encoding="utf-8").replace('"127.0.0.1:0"', address)
            config.write_text(text, encoding="utf-8")
        else:
            (config.parent / fault).unlink()
        command = [sys.executable, "-m", "axis_server", "run", "--config", str(config)]
        ended = subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert fault in ended.stderr or "choose another port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_looking_changes_nothing_about_the_ledger(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = config.parent / "ledger" / "ledger.sqlite3"
    assert "is new; the next run makes it" in run("check-config", "--config", config).stderr
    listing = run("agency", "list", "--config", config)
    assert listing.exit_code == 1
    assert "is not there yet" in listing.stderr
    assert not ledger.exists()
    run("agency", "add", "G22", "--name", "Bộ", "--config", config)
    before = ledger.read_bytes()
    assert "ledger.path" not in run("check-config", "--config", config).stderr
    known = database.load_migrations()
    monkeypatch.setattr(database, "load_migrations", lambda: [*known, "CREATE TABLE later (x);"])
    checked = run("check-config", "--config", config)
    assert checked.exit_code == 0
    assert f"will be upgraded from schema {len(known)} to {len(known) + 1} at the next run" in checked.stderr
    assert run("agency", "list", "--config", config).exit_code == 1
    assert ledger.read_bytes() == before
    assert run("agency", "suspend", "G22", "--config", config).exit_code == 0
    assert "ledger.path" not in run("check-config", "--config", config).stderr
    assert agencies(config)["G22"]["active"] is False
