"""The command `xmlsec1`, as a stranger would type it, verifies every seal; what it signs is verified here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lxml import etree

from signing.algorithms import C14N, C14N11, ECDSA_SHA256, ENVELOPED, EXCLUSIVE, RSA_SHA256
from signing.verdict import Reason, Sound
from tests.engines import require
from tests.pki import self_signed
from tests.signing.forge import reference, template, xpath
from tests.signing.interop.documents import DETACHED, NESTED, lay_out, seals
from tests.signing.stage import DS, PLAIN, agency, judged, package, reason, root, sealed

SIGNED_PROPERTIES = "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"
TIME = ("--verification-gmt-time", "2026-03-02 03:00:00")


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A directory with the root's certificate and the attachment."""
    require("xmlsec1")
    lay_out(tmp_path)
    (tmp_path / "root.pem").write_bytes(root().certificate_pem)
    return tmp_path


def verifies(room: Path, document: bytes, *options: str) -> bool:
    (room / "document.xml").write_bytes(document)
    command = ["xmlsec1", "--verify", "--trusted-pem", "root.pem", *TIME, "--id-attr:Id", SIGNED_PROPERTIES]
    done = subprocess.run([*command, *options, "document.xml"], capture_output=True, text=True, cwd=room)
    assert ("OK" in done.stdout + done.stderr) == (done.returncode == 0)
    return done.returncode == 0


def mapped(document: bytes) -> list[str]:
    """The options that say where the attachments are."""
    uris = [each.get("URI") or "" for each in etree.fromstring(document).iter(f"{DS}Reference")]
    found = [uri for uri in uris if uri.startswith(("cid:", "ni:"))]
    names = {uri: uri.removeprefix("cid:").removeprefix("ni:///sha-256;") for uri in found}
    return [part for uri, name in names.items() for part in (f"--url-map:{uri}", name)]


def test_every_seal_verifies_under_xmlsec1(room: Path) -> None:
    for name, document in seals().items():
        assert verifies(room, document, *mapped(document)), name


def test_tampering_is_seen_by_xmlsec1_too(room: Path) -> None:
    assert not verifies(room, sealed().replace(b">7816<", b">7817<"))
    assert not verifies(room, sealed(by=self_signed("Stranger")))
    document = sealed(detached=DETACHED)
    (room / "attachment").write_bytes(b"other")
    assert not verifies(room, document, *mapped(document))


PARTS = {
    "exclusive": (reference("", [ENVELOPED, EXCLUSIVE]), EXCLUSIVE),
    "inclusive": (reference("", [ENVELOPED]), C14N),
    "inclusive 1.1": (reference("", [ENVELOPED, C14N11]), C14N11),
    "xpath": (reference("", [xpath("not(ancestor-or-self::ds:Signature)"), C14N]), C14N),
}


@pytest.mark.parametrize("document", [PLAIN, NESTED, package()], ids=["plain", "nested", "package"])
@pytest.mark.parametrize("key", ["p256", "rsa2048"])
@pytest.mark.parametrize("part", PARTS)
def test_what_xmlsec1_signs_is_sound(part: str, key: str, document: bytes, room: Path) -> None:
    over, form = PARTS[part]
    method = ECDSA_SHA256 if key == "p256" else RSA_SHA256
    signature = template(over, form=form, method=method, key_info="<ds:X509Data/>")
    end = document.rindex(b"</")
    (room / "template.xml").write_bytes(document[:end] + signature.encode() + document[end:])
    (room / "key.pem").write_bytes(agency(key).key_pem())
    (room / "cert.pem").write_bytes(agency(key).certificate_pem)
    command = [
        "xmlsec1",
        "--sign",
        "--privkey-pem",
        "key.pem,cert.pem",
        "--output",
        "signed.xml",
        "template.xml",
    ]
    subprocess.run(command, check=True, capture_output=True, cwd=room)
    signed = (room / "signed.xml").read_bytes()
    verdict = judged(signed)
    assert isinstance(verdict, Sound), verdict
    assert verdict.certificate == agency(key).certificate
    for old, new in ((b">H90<", b">H91<"), (b" x ", b" z ")):
        if old in signed:
            assert reason(signed.replace(old, new)) is Reason.DIGEST_MISMATCH
