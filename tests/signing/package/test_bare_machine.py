"""VERIFY.txt, run as it stands in a package, where there is nothing of ours and nineteen years have gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signing.log import MemoryNoteSigner
from signing.seal import seal
from tests import bare_machine
from tests.pki import AT
from tests.signing.package import stage

HOLDS = "EVERYTHING HOLDS"
EVIDENCE = "evidence/00001-SubmissionAcceptance.xml"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unpacked package, and beside it the two roots that the reader trusts."""
    base = tmp_path_factory.mktemp("bare")
    (base / "x.asice").write_bytes(stage.packed())
    (base / "ca.pem").write_bytes(stage.root().certificate.public_bytes(stage.PEM))
    (base / "tsa.pem").write_bytes(stage.time_stage.root().certificate.public_bytes(stage.PEM))
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
