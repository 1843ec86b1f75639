"""First set-up, and the operator's checks on it."""

from __future__ import annotations

import re
import socket
import sqlite3
import stat
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from axis_server.ledgers import opened_ledger
from axis_server.operation.authority import Authority
from axis_server.operation.checkconfig import Finding, Severity, check
from axis_server.operation.provision import ProvisionError, issue_profile, provision, quoted
from axis_server.settings import Address, Secrets, load
from signing.keys import load_pem
from signing.policy import Policy, Revocation
from signing.trust import Chain, TrustStore
from tests import pki

NOW = datetime.now(UTC)
ANYWHERE = Address("127.0.0.1", 0)


def made(directory: Path, *, at: datetime = NOW, hosts: tuple[str, ...] = ()) -> Path:
    return provision(
        directory,
        listen=ANYWHERE,
        hosts=hosts,
        metrics=None,
        axis_id="AXIS",
        axis_name='Trục "thử" \\ nghiệm',
        at=at,
    )


def findings(config: Path, *, ports: bool = False, at: datetime = NOW) -> tuple[Finding, ...]:
    return check(load(config), Secrets(), at=at, ports=ports)


def problems(config: Path, *, ports: bool = False, at: datetime = NOW) -> list[str]:
    return [one.sentence for one in findings(config, ports=ports, at=at) if one.severity is Severity.PROBLEM]


def warnings(config: Path, *, at: datetime = NOW) -> list[str]:
    return [one.sentence for one in findings(config, at=at) if one.severity is Severity.WARNING]


def test_what_init_makes_has_no_problem_and_warns_that_it_is_for_test_use(tmp_path: Path) -> None:
    config = made(tmp_path / "axis")
    assert problems(config, ports=True) == []
    assert all("not for real use" in sentence for sentence in warnings(config))
    assert warnings(config)
    assert load(config).axis.name == 'Trục "thử" \\ nghiệm'


def test_every_private_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    base = made(tmp_path / "axis").parent
    issue_profile(base, tmp_path / "g22", agency_id="G22", axis="localhost:1", role="clerk", at=NOW)
    keys = list(tmp_path.rglob("*.key"))
    assert len(keys) == 5
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    for directory in (base, base / "ca", base / "ledger", tmp_path / "g22"):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_directory_that_holds_anything_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "axis").mkdir()
    (tmp_path / "axis" / "precious").write_text("mine")
    with pytest.raises(ProvisionError, match="is not empty; nothing was written"):
        made(tmp_path / "axis")
    assert [path.name for path in (tmp_path / "axis").iterdir()] == ["precious"]
    (tmp_path / "file").write_text("")
    with pytest.raises(ProvisionError, match="cannot be set up"):
        made(tmp_path / "file" / "axis")


def test_the_server_certificate_names_the_loopback_and_the_hosts_given(tmp_path: Path) -> None:
    base = made(tmp_path / "axis", hosts=("axis.example.vn", "192.0.2.7", "localhost")).parent
    certificate = x509.load_pem_x509_certificate((base / "tls" / "server.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == [
        "localhost",
        "127.0.0.1",
        "::1",
        "axis.example.vn",
        "192.0.2.7",
    ]


def test_issued_certificates_hold_under_the_authority_with_its_list_even_when_lists_are_required(
    tmp_path: Path,
) -> None:
    config = made(tmp_path / "axis")
    issue_profile(config.parent, tmp_path / "g22", agency_id="G22", axis="a:1", role="system", at=NOW)
    settings = load(config)
    trust = TrustStore.load(settings.trust.anchors, crls=settings.trust.crls)
    for key, certificate in (
        (settings.evidence.key, settings.evidence.certificate),
        (tmp_path / "g22" / "system.key", tmp_path / "g22" / "system.pem"),
    ):
        signer = load_pem(key, certificate)
        for at in (NOW, NOW + timedelta(days=1000)):
            judged = trust.judge(signer.certificate, at=at, policy=Policy(revocation=Revocation.REQUIRED))
            assert isinstance(judged, Chain), judged


def test_a_profile_is_ready_to_use_and_never_overwritten(tmp_path: Path) -> None:
    base, profile = made(tmp_path / "axis").parent, tmp_path / "g22"
    issued = issue_profile(base, profile, agency_id='G"22', axis="localhost:7443", role="clerk", at=NOW)
    read = tomllib.loads((profile / "profile.toml").read_text(encoding="utf-8"))
    assert read == {
        "axis": "localhost:7443",
        "agency": 'G"22',
        "ca": "ca.pem",
        "certificate": "clerk.pem",
        "key": "clerk.key",
        "trust": ["ca.pem"],
        "crls": [],
    }
    assert load_pem(profile / "clerk.key", profile / "clerk.pem").certificate == issued.certificate
    before = {path.name: path.read_bytes() for path in profile.iterdir()}
    with pytest.raises(ProvisionError, match="exists; nothing was written"):
        issue_profile(base, profile, agency_id="H90", axis="localhost:7443", role="system", at=NOW)
    assert {path.name: path.read_bytes() for path in profile.iterdir()} == before


def test_issuing_without_the_test_authority_says_what_to_do(tmp_path: Path) -> None:
    base = made(tmp_path / "axis").parent
    (base / "ca" / "ca.key").unlink()
    with pytest.raises(ProvisionError, match="--certificate"):
        issue_profile(base, tmp_path / "g22", agency_id="G22", axis="a:1", role="clerk", at=NOW)
    assert not (tmp_path / "g22").exists()


@pytest.mark.parametrize("text", ["plain", 'a"b\\c', "tab\tline\nend", "\x00\x7f", "Trục", "😀\u2028"])
def test_any_text_is_written_as_a_toml_string(text: str) -> None:
    assert tomllib.loads(f"x = {quoted(text)}") == {"x": text}


# The checks. Each takes a sound configuration, breaks one thing, and is told of it.


def replaced(config: Path, old: str, new: str) -> None:
    text = config.read_text(encoding="utf-8")
    assert old in text
    config.write_text(text.replace(old, new), encoding="utf-8")


def key_of_another(config: Path) -> None:
    other = Authority.create("Other", at=NOW)
    (config.parent / "tls" / "server.key").write_bytes(other.key_pem)


def evidence_key_of_another(config: Path) -> None:
    other = Authority.create("Other", at=NOW)
    (config.parent / "evidence" / "axis.key").write_bytes(other.key_pem)


def weak_tls(config: Path) -> None:
    weak = pki.authority().issue("weak", key="rsa1024", dns=("localhost",))
    (config.parent / "tls" / "server.key").write_bytes(weak.key_pem())
    (config.parent / "tls" / "server.pem").write_bytes(weak.certificate_pem)


def encrypted_key(config: Path) -> None:
    key = serialization.load_pem_private_key((config.parent / "tls" / "server.key").read_bytes(), None)
    (config.parent / "tls" / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"hunter2"),
        )
    )


def garbage(name: str, content: str = "garbage") -> Callable[[Path], object]:
    return lambda config: (config.parent / name).write_text(content)


def missing(name: str) -> Callable[[Path], object]:
    return lambda config: (config.parent / name).unlink()


BREAKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "tls certificate missing": (
        missing("tls/server.pem"),
        "`tls`: .*server.pem cannot be read: No such",
    ),
    "log key missing": (
        missing("log/log.key"),
        "`transparency.key`: .*log.key is not there. .*log-key .* --origin",
    ),
    "tls key missing": (missing("tls/server.key"), "`tls`: .*server.key cannot be read"),
    "tls key of another": (key_of_another, "`tls.key`: .* does not belong to .*server.pem"),
    "tls key garbage": (garbage("tls/server.key"), "server.key holds no private key"),
    "tls key encrypted": (encrypted_key, "server.key is encrypted; set its password in the environment"),
    "tls certificate garbage": (garbage("tls/server.pem"), "server.pem holds no certificate"),
    "tls key weak": (weak_tls, r"weak key \(RSA 1024"),
    "client authority missing": (missing("ca/ca.pem"), "`tls.client_ca`: .*ca.pem cannot be read"),
    "anchors garbage": (garbage("ca/ca.pem"), "`trust.anchors`: "),
    "revocation list garbage": (garbage("ca/ca.crl"), "`trust.crls`: "),
    "evidence certificate missing": (missing("evidence/axis.pem"), "`evidence`: .*axis.pem"),
    "evidence key of another": (evidence_key_of_another, "`evidence`: "),
    "ledger garbage": (
        garbage("ledger/ledger.sqlite3", "no database at all" * 99),
        "`ledger.path`: .* cannot be used: the file is no SQLite database",
    ),
    "ledger directory missing": (
        lambda config: (config.parent / "ledger").rmdir(),
        "`ledger.path`: .*ledger is not there; make the directory",
    ),
    "archive is a file": (
        lambda config: replaced(config, 'path = "archive"', 'path = "axis.toml"'),
        "`archive.path`: .*axis.toml is not a directory",
    ),
    "limits contradict": (
        lambda config: replaced(config, "# [limits]", '[limits]\npackage_bytes = "1 MiB"'),
        "`limits.message_bytes` is larger",
    ),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_configuration_is_told_where_and_what_to_do(tmp_path: Path, broken: str) -> None:
    config = made(tmp_path / "axis")
    break_it, sentence = BREAKS[broken]
    break_it(config)
    told = "\n".join(problems(config))
    assert re.search(sentence, told), told


def test_everything_that_is_wrong_is_told_in_one_run(tmp_path: Path) -> None:
    config = made(tmp_path / "axis")
    for name in ("tls/server.pem", "evidence/axis.key", "ca/ca.crl"):
        (config.parent / name).unlink()
    (config.parent / "ledger").rmdir()
    told = "\n".join(problems(config))
    for word in ("server.pem", "axis.key", "ca.crl", "ledger"):
        assert word in told


def test_certificates_are_warned_about_before_they_end_and_refused_after(tmp_path: Path) -> None:
    config = made(tmp_path / "axis")
    soon = NOW + timedelta(days=1825 - 10)
    assert problems(config, at=soon) == []
    expiring = [sentence for sentence in warnings(config, at=soon) if "expires in" in sentence]
    assert len(expiring) == 2
    ended = [one for one in problems(config, at=NOW + timedelta(days=1826)) if "expired on" in one]
    assert [one.split(":")[0] for one in ended] == ["`tls.certificate`", "`evidence.certificate`"]
    early = problems(config, at=NOW - timedelta(days=1))
    assert [sentence for sentence in early if "holds only from" in sentence and "check the clock" in sentence]


def test_a_key_that_others_may_read_is_warned_about(tmp_path: Path) -> None:
    config = made(tmp_path / "axis")
    key = config.parent / "evidence" / "axis.key"
    key.chmod(0o640)
    assert [sentence for sentence in warnings(config) if f"chmod 600 {key}" in sentence]


def test_an_evidence_certificate_that_its_own_trust_refuses_is_warned_about(tmp_path: Path) -> None:
    config = made(tmp_path / "axis")
    other = Authority.create("Other", at=NOW)
    (config.parent / "other.pem").write_bytes(other.certificate_pem)
    replaced(config, 'anchors = ["ca/ca.pem"]', 'anchors = ["other.pem"]')
    assert [sentence for sentence in warnings(config) if "UNTRUSTED_SIGNER" in sentence]


def test_a_port_in_use_is_a_problem_for_the_server_and_for_the_metrics(tmp_path: Path) -> None:
    config = made(tmp_path / "axis")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        replaced(config, 'listen = "127.0.0.1:0"', f'listen = "{address}"')
        replaced(config, 'listen = ""', f'listen = "{address}"')
        told = problems(config, ports=True)
    assert [sentence.split(":")[0] for sentence in told] == ["`server.listen`", "`metrics.listen`"]
    assert all("choose another port" in sentence for sentence in told)


async def test_a_ledger_of_a_newer_program_is_a_problem(tmp_path: Path) -> None:
    config = made(tmp_path / "axis")
    settings = load(config)
    async with opened_ledger(settings):
        pass
    with sqlite3.connect(settings.ledger.path) as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    found = check(settings, Secrets(), at=NOW, ports=False)
    assert [one for one in found if one.severity is Severity.PROBLEM and "newer program" in one.sentence]
