"""Java's javax.xml.crypto verifies every seal, and every signature that it makes is verified."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from signing.verdict import Reason, Sound
from tests.engines import require
from tests.signing.interop.documents import DETACHED, NESTED, lay_out, seals
from tests.signing.stage import agency, judged, package, reason

PROGRAM = Path(__file__).with_name("XmlSig.java")
PASSWORD = "password"


def java(*arguments: str | Path) -> list[str]:
    """Runs XmlSig.java and returns its lines."""
    command = [require("java"), "-XX:TieredStopAtLevel=1", "-Xshare:auto", str(PROGRAM), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_every_seal_is_valid_under_java(tmp_path: Path) -> None:
    lay_out(tmp_path)
    documents = seals()
    for name, document in documents.items():
        (tmp_path / f"{name}.xml").write_bytes(document)
    (tmp_path / "tampered.xml").write_bytes(documents["package-p256"].replace(b">7816<", b">7817<"))
    names = [*documents, "tampered"]
    verdicts = java("verify", *(tmp_path / f"{name}.xml" for name in names))
    assert dict(zip(names, verdicts, strict=True)) == {
        **dict.fromkeys(documents, "valid"),
        "tampered": "invalid",
    }


def test_a_tampered_attachment_is_invalid_under_java(tmp_path: Path) -> None:
    lay_out(tmp_path)
    (tmp_path / "attachment").write_bytes(b"other")
    (tmp_path / "document.xml").write_bytes(seals()["detached-p256"])
    assert java("verify", tmp_path / "document.xml") == ["invalid"]


@pytest.mark.parametrize("key", ["p256", "rsa2048"])
def test_every_signature_java_makes_is_sound(key: str, tmp_path: Path) -> None:
    """Enveloped and XPath, inclusive and exclusive, PKCS#1 v1.5, PSS and ECDSA, with a KeyValue beside."""
    lay_out(tmp_path)
    (tmp_path / "agency.p12").write_bytes(agency(key).pkcs12(PASSWORD.encode()))
    written: list[str] = []
    for name, document in (("package", package()), ("nested", NESTED)):
        source = tmp_path / name
        source.write_bytes(document)
        (tmp_path / f"by-java-{name}").mkdir()
        written += java("sign", tmp_path / "agency.p12", PASSWORD, source, tmp_path / f"by-java-{name}")
    assert len(written) == (20 if key == "p256" else 80)
    for path in written:
        document = Path(path).read_bytes()
        verdict = judged(document, detached=DETACHED)
        assert isinstance(verdict, Sound), (path, verdict, document)
        assert verdict.certificate == agency(key).certificate
        changed = document.replace(b">7816<", b">7817<").replace(b" x ", b" z ")
        assert reason(changed) is Reason.DIGEST_MISMATCH
