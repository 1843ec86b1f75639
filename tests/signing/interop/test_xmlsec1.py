"""The command `xmlsec1`, as a stranger would type it, verifies every seal; what it signs is verified here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from signing.algorithms import C14N, C14N11, ECDSA_SHA256, ENVELOPED, EXCLUSIVE, RSA_SHA256
from signing.verdict import Reason, Sound
from tests.pki import self_signed
from tests.signing.forge import reference, template, xpath
from tests.signing.interop.documents import DETACHED, NESTED, seals
from tests.signing.interop.xmlsec1 import mapped, room, verifies
from tests.signing.stage import PLAIN, agency, judged, package, reason, sealed

__all__ = ["room"]


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
