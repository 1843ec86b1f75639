"""VERIFY.txt, run as it stands in a package, where there is nothing of ours and nineteen years have gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signing.log import MemoryNoteSigner
from signing.package import State
from signing.seal import seal
from tests import bare_machine
from tests.pki import AT
from tests.signing.package import stage
from tests.signing.revocation.responder import REVOKED, answer, responder_of
from tests.signing.timestamps import stage as time_stage

HOLDS = "EVERYTHING HOLDS"
EVIDENCE = "evidence/00001-SubmissionAcceptance.xml"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unpacked package, and beside it the two roots that the reader trusts."""
    base = tmp_path_factory.mktemp("bare")
    (base / "x.asice").write_bytes(stage.packed())
    (base / "ca.pem").write_bytes(stage.root().certificate.public_bytes(stage.PEM))
    (base / "tsa.pem").write_bytes(time_stage.root().certificate.public_bytes(stage.PEM))
    return bare_machine.unpacked(base / "x.asice", base / "package")


def verified(directory: Path, log_key: str | None = None) -> tuple[bool, str]:
    """Whether everything held, and what was said."""
    given = {"LOG_KEY": stage.log_key().key.vkey if log_key is None else log_key}
    done = bare_machine.run("VERIFY.txt", cwd=directory, given=given)
    holds = done.returncode == 0 and HOLDS in done.stdout
    assert holds == (done.returncode == 0), done.stdout
    return holds, done.stdout


def test_every_command_holds_on_a_machine_without_network_when_all_certificates_have_run_out(
    room: Path,
) -> None:
    expired = bare_machine.run("-c", "openssl x509 -in ../ca.pem -noout -checkend 0", cwd=room)
    assert expired.stdout == "Certificate will expire\n"
    holds, said = verified(room)
    assert holds, said
    assert "LOG_KEY is not set" not in said
    assert "Evidence of AXIS.TEST" in said


def test_without_the_logs_key_it_says_what_stays_open(room: Path) -> None:
    holds, said = verified(room, log_key="")
    assert holds
    assert "LOG_KEY is not set" in said


def test_another_logs_key_fails(room: Path) -> None:
    other = MemoryNoteSigner("axis.test/log", Ed25519PrivateKey.generate()).key.vkey
    holds, said = verified(room, log_key=other)
    assert not holds
    assert "not signed by LOG_KEY" in said


def rewrite(name: str, old: bytes, new: bytes) -> Callable[[Path], object]:
    def act(directory: Path) -> None:
        content = (directory / name).read_bytes()
        assert old in content
        (directory / name).write_bytes(content.replace(old, new, 1))

    return act


def line_of(directory: Path, wanted: str) -> None:
    """Leaves of VERIFY.txt the functions, and of the commands only those that name `wanted`."""
    text = (directory / "VERIFY.txt").read_text(encoding="utf-8")
    functions, _, commands = text.partition("\n\n# 1. ")
    kept = [block for block in commands.split("\n\n# ") if block.startswith(wanted)]
    assert kept
    (directory / "VERIFY.txt").write_text(f"{functions}\n# {kept[0]}\necho '{HOLDS}'\n", encoding="utf-8")


@pytest.mark.parametrize(
    "damage",
    [
        rewrite("attachments/003-so-lieu.csv", b"1;2", b"1;3"),
        rewrite("page.html", b"Trang", b"Trong"),
        rewrite("META-INF/ASiCManifest001.xml", b"text/html", b"text/hxml"),
        lambda directory: (directory / EVIDENCE).unlink(),
        lambda directory: (directory / "attachments" / "004.pdf").write_bytes(b"added"),
        lambda directory: (directory / "added.txt").write_bytes(b"added"),
        lambda directory: (directory.parent / "ca.pem").write_bytes(
            (directory.parent / "tsa.pem").read_bytes()
        ),
    ],
    ids=["attachment", "page", "manifest", "missing", "added", "added at the top", "another root"],
)
def test_a_changed_package_fails(room: Path, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    changed = bare_machine.copied(room, tmp_path)
    damage(changed)
    assert not verified(changed)[0]


def unchanged(directory: Path) -> None:
    """Leaves everything as it is."""


def forge(directory: Path) -> None:
    """Evidence by an agency: trusted, but not to sign evidence."""
    unsigned = (directory / EVIDENCE).read_bytes().split(b"<ds:Signature ")[0] + b"</Evidence>"
    (directory / EVIDENCE).write_bytes(seal(unsigned, signer=stage.signer(stage.identity("Liar")), at=AT))


@pytest.mark.parametrize(
    ("block", "damage"),
    [
        (EVIDENCE, unchanged),
        (EVIDENCE, rewrite(EVIDENCE, b"7816", b"7817")),
        (EVIDENCE, forge),
        (EVIDENCE, rewrite("attachments/003-so-lieu.csv", b"1;2", b"1;3")),
        (EVIDENCE, rewrite("log/00001.tlog-proof", b"axis.test/log\n", b"axis.best/log\n")),
        ("3. ", rewrite("original/package.edxml", "Kính".encode(), b"Xin")),
        ("3. ", rewrite("attachments/001-Phu-luc.pdf", b"one", b"two")),
        ("statements/00003", rewrite("attachments/003-so-lieu.csv", b"1;2", b"1;3")),
        ("log/checkpoint-1", rewrite("log/checkpoint-1.txt", b"axis.test/log", b"axis.best/log")),
    ],
    ids=[
        "unchanged",
        "evidence",
        "forged by an agency",
        "file not attested",
        "another checkpoint",
        "document",
        "file beside the document",
        "file that the recipient holds",
        "time-stamped checkpoint",
    ],
)
def test_each_block_finds_what_it_is_for(
    room: Path, tmp_path: Path, block: str, damage: Callable[[Path], object]
) -> None:
    changed = bare_machine.copied(room, tmp_path)
    line_of(changed, block)
    damage(changed)
    assert verified(changed)[0] == (damage is unchanged)


def stapled() -> tuple[bytes, ...]:
    """OCSP answers of the time about the sender and the axis, the one by a delegate of the issuer."""
    issuer = stage.agencies()
    until = AT + timedelta(days=40)
    sender = answer(stage.identity(stage.SENDER), issuer, by=responder_of(issuer), next_update=until)
    return sender, answer(stage.identity(stage.RECIPIENT), issuer, next_update=until)


def test_the_ocsp_answers_of_the_time_hold_on_a_bare_machine_and_offline(tmp_path: Path) -> None:
    package = stage.packed(stage.contents(crls=(), answers=stapled()))
    assert stage.verified(package).state is State.SOUND
    (tmp_path / "x.asice").write_bytes(package)
    (tmp_path / "ca.pem").write_bytes(stage.root().certificate.public_bytes(stage.PEM))
    (tmp_path / "tsa.pem").write_bytes(time_stage.root().certificate.public_bytes(stage.PEM))
    directory = bare_machine.unpacked(tmp_path / "x.asice", tmp_path / "package")
    commands = (directory / "VERIFY.txt").read_text()
    assert commands.count("\nocsp_said ") == 2
    holds, said = verified(directory)
    assert holds, said
    functions = commands.partition("# 1. The package")[0]
    (line,) = (line for line in commands.splitlines() if line.startswith("ocsp_said ocsp/001.der"))
    true = bare_machine.run("-c", f"{functions}\n{line}", cwd=directory)
    assert true.returncode == 0, true.stdout
    stranger = answer(stage.identity(stage.SENDER), stage.agencies(), by=stage.identity(stage.RECIPIENT))
    revoked = answer(stage.identity(stage.SENDER), stage.agencies(), status=REVOKED)
    for other in (stranger, revoked, stapled()[1], b""):
        (directory / "ocsp" / "001.der").write_bytes(other)
        forged = bare_machine.run("-c", f"{functions}\n{line}", cwd=directory)
        assert (forged.returncode, "FAILED" in forged.stdout) == (1, True), forged.stdout
