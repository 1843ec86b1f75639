"""The stage of the signing tests: one root, one agency, one package, all made for this run."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from signing.keys import MemorySigner
from signing.policy import DEFAULT_POLICY, Policy
from signing.seal import seal
from signing.trust import TrustStore
from signing.verdict import Reason, Refused, Sound, Undecided, Verdict
from signing.verify import verify
from tests.pki import AT, Authority, Identity, authority

SAMPLES = Path(__file__).parent.parent / "samples"
NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
HEADER = f"{{{NAMESPACE}}}edXMLEnvelope/{{{NAMESPACE}}}edXMLHeader"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
PLAIN = "<letter><to>H90</to><body>Kính gửi</body></letter>".encode()


@functools.cache
def root() -> Authority:
    return authority("Signing Test Root")


def agency(key: str = "p256") -> Identity:
    """The agency that seals, with a key of this kind; the same one all run long."""
    return _agency(key)


@functools.cache
def _agency(key: str) -> Identity:
    return root().issue(f"Bộ Mẫu {key}", key=key)


@functools.cache
def trust() -> TrustStore:
    return TrustStore.of([root().certificate])


@functools.cache
def package() -> bytes:
    return (SAMPLES / "package-new.edxml").read_bytes()


def signer(identity: Identity | None = None) -> MemorySigner:
    identity = identity or agency()
    assert isinstance(identity.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return MemorySigner(identity.key, identity.certificate, identity.chain)


def sealed(
    document: bytes | None = None,
    *,
    by: Identity | None = None,
    at: datetime = AT,
    detached: Mapping[str, str] | None = None,
) -> bytes:
    """A properly sealed document: the sample package in its header, anything else last in its root."""
    place = "" if document is not None else HEADER
    return seal(document or package(), signer=signer(by), at=at, place=place, detached=detached)


def judged(
    document: bytes,
    *,
    at: datetime = AT,
    policy: Policy = DEFAULT_POLICY,
    detached: Mapping[str, str] | None = None,
    by: TrustStore | None = None,
) -> Verdict:
    return verify(document, trust=by or trust(), at=at, policy=policy, detached=detached)


def reason(document: bytes, *, policy: Policy = DEFAULT_POLICY, at: datetime = AT) -> Reason:
    """The reason of a verdict, `Reason.SOUND` when it is sound."""
    verdict = judged(document, policy=policy, at=at)
    if isinstance(verdict, Sound):
        return Reason.SOUND
    assert isinstance(verdict, Refused | Undecided)
    return verdict.reason
