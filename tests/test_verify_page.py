"""docs/verify.md: its commands, run as they stand on what really went through a real axis."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from signing.evidence.writer import EVIDENCE
from signing.keys import load_pem
from signing.seal import seal
from tests.axis_client.harness import MINISTRY, PROVINCE, RunningAxis, axis
from tests.engines import require

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
EVIDENCE_SIGNING = "2.25.170204289296398052401383194991094814748"
ACCEPTED, ARRIVED = "proof/00001-SubmissionAcceptance.xml", "proof/00004-01-000.00.00.H90.edxml"


def blocks() -> list[str]:
    return re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


EVIDENCE_BLOCK, FILES, PACKAGE, STATEMENT, SIGNER, REVOKED, COVERED = range(7)


@pytest.fixture(scope="module")
def exchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with what the page needs: proof/, received/, ca.pem, ca.crl; and the ministry's key."""
    require("xmlsec1")
    require("openssl")
    base = tmp_path_factory.mktemp("verify")
    running = RunningAxis.make(base)
    running.start()
    try:
        sender, recipient = running.profile(MINISTRY), running.profile(PROVINCE)
        (base / "map.bin").write_bytes(b"map" * 1000)
        (base / "data.csv").write_text("số liệu", encoding="utf-8")
        beside = ("--attach", "map.bin", "--attach", "data.csv", "--profile", sender)
        letter = ROOT / "demo" / "letter.edxml"
        assert axis("seal", letter, "-o", "sealed.edxml", *beside, cwd=base).code == 0
        assert axis("send", "sealed.edxml", *beside, cwd=base).code == 0
        (sent,) = axis("outbox", "--json", "--profile", sender).objects
        dispatch_id = sent["dispatch"]["dispatch_id"]
        for command in (
            ("fetch", dispatch_id, "-o", "received", "--hand-over", "--profile", recipient),
            ("evidence", dispatch_id, "-o", "proof", "--profile", sender),
        ):
            ran = axis(*command, cwd=base)
            assert ran.code == 0, ran.err
    finally:
        running.stop()
    for name in ("ca.pem", "ca.crl"):
        shutil.copy(base / "axis" / "ca" / name, base / name)
    yield base


@pytest.fixture
def room(exchanged: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    for name in ("proof", "received"):
        shutil.copytree(exchanged / name, tmp_path / name)
    for name in ("ca.pem", "ca.crl"):
        shutil.copy(exchanged / name, tmp_path / name)
    return tmp_path


def revoking(authority: Path, serial: int) -> bytes:
    """A list of the test authority that names one certificate."""
    ca = x509.load_pem_x509_certificate((authority / "ca.pem").read_bytes())
    key = serialization.load_pem_private_key((authority / "ca.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    now = datetime.now(UTC)
    line = x509.RevokedCertificateBuilder(serial, now - timedelta(hours=1)).build()
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.subject).add_revoked_certificate(line)
    dated = builder.last_update(now - timedelta(minutes=1)).next_update(now + timedelta(days=1))
    return dated.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def run(block: int | str, room: Path) -> subprocess.CompletedProcess[str]:
    script = blocks()[block] if isinstance(block, int) else block
    return subprocess.run(
        ["bash", "-ec", script],
        cwd=room,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("number", range(7))
def test_every_command_of_the_page_succeeds(room: Path, number: int) -> None:
    assert len(blocks()) == 7
    run(SIGNER, room)  # leaves the certificates that REVOKED reads
    done = run(number, room)
    assert done.returncode == 0, done.stdout


def test_an_evidence_with_another_word_is_not_verified(room: Path) -> None:
    file = room / ACCEPTED
    file.write_bytes(file.read_bytes().replace(b"000.00.00.H90", b"000.00.00.H91"))
    assert run(EVIDENCE_BLOCK, room).returncode != 0


def test_exactly_the_parts_as_sent_are_attested(room: Path) -> None:
    (room / "received" / "data.csv").write_text("số liệu khác", encoding="utf-8")
    assert sorted(run(FILES, room).stdout.splitlines()) == [
        "attested: received/Công văn số 7816.pdf.zip",
        "attested: received/map.bin",
        "attested: received/package.edxml",
        "not named: received/Công văn số 7816.pdf",
        "not named: received/data.csv",
    ]


@pytest.mark.parametrize("block", [PACKAGE, STATEMENT], ids=["package", "statement"])
@pytest.mark.parametrize(
    "damage", [Path.unlink, lambda path: path.write_bytes(b"other")], ids=["gone", "other"]
)
def test_a_file_that_is_missing_or_another_is_noticed(room: Path, block: int, damage: object) -> None:
    assert run(block, room).returncode == 0
    assert callable(damage)
    damage(room / "received" / "map.bin")
    assert run(block, room).returncode != 0


def test_the_signers_are_told_apart_by_their_certificates(room: Path) -> None:
    told = run(SIGNER, room).stdout
    assert "Evidence of AXIS.TEST" in told
    assert EVIDENCE_SIGNING in told
    assert f"CN = {MINISTRY}" in told.replace("CN=", "CN = ")


def test_evidence_forged_by_an_agency_passes_xmlsec1_and_is_found_by_looking_who_signed(
    exchanged: Path, room: Path
) -> None:
    profile = exchanged / MINISTRY
    signer = load_pem(profile / "system.key", profile / "system.pem")
    unsigned = f'<Evidence xmlns="{EVIDENCE}" version="EN319522v1.1.1"></Evidence>'.encode()
    (room / ACCEPTED).write_bytes(seal(unsigned, signer=signer, at=datetime.now(UTC)))
    assert run(EVIDENCE_BLOCK, room).returncode == 0
    assert EVIDENCE_SIGNING not in run(SIGNER, room).stdout


def test_a_revoked_certificate_is_noticed_with_the_list(exchanged: Path, room: Path) -> None:
    run(SIGNER, room)
    serial = (
        subprocess.run(
            ["openssl", "x509", "-in", "sender.pem", "-noout", "-serial"],
            cwd=room,
            capture_output=True,
            text=True,
            check=True,
        )
        .stdout.strip()
        .removeprefix("serial=")
    )
    (room / "ca.crl").write_bytes(revoking(exchanged / "axis" / "ca", int(serial, 16)))
    done = run(REVOKED, room)
    assert done.returncode != 0
    assert "certificate revoked" in done.stdout


def test_coverage_is_told_line_by_line(room: Path) -> None:
    count, whole, properties, *transforms, types = run(COVERED, room).stdout.splitlines()
    assert (count.strip(), types) == ("1", "0")
    assert 'URI=""' in whole
    assert "-properties" in properties
    assert [one.rstrip('"').rsplit("/", 1)[1] for one in transforms] == [
        "xmldsig#enveloped-signature",
        "xml-exc-c14n#",
    ]
