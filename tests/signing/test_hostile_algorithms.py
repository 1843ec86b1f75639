"""Every signature method under every kind of key: a verdict, never an exception."""

from __future__ import annotations

import base64
import functools
import secrets
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from signing.algorithms import SCHEMES, SHA256, fits, verifies
from signing.policy import Policy
from signing.verdict import Reason, Refused
from tests.pki import AT
from tests.signing.forge import reference, template
from tests.signing.stage import judged, root

RSA_BITS = (512, 768, 1024, 1032, 2048, 16_392)
CURVES = (
    *(ec.SECP192R1, ec.SECP224R1, ec.SECP256R1, ec.SECP384R1, ec.SECP521R1),
    *(ec.SECP256K1, ec.BrainpoolP256R1, ec.BrainpoolP512R1),
)


def _rsa(bits: int) -> rsa.RSAPublicKey:
    """A public key without anyone who holds the private one: a modulus of that length is enough to verify."""
    return rsa.RSAPublicNumbers(65537, secrets.randbits(bits) | 1 << (bits - 1) | 1).public_key()


@functools.cache
def keys() -> dict[str, CertificatePublicKeyTypes]:
    found: dict[str, CertificatePublicKeyTypes] = {f"rsa {bits}": _rsa(bits) for bits in RSA_BITS}
    found |= {curve.name: ec.generate_private_key(curve()).public_key() for curve in CURVES}
    found["ed25519"] = ed25519.Ed25519PrivateKey.generate().public_key()
    found["ed448"] = ed448.Ed448PrivateKey.generate().public_key()
    found["x25519"] = x25519.X25519PrivateKey.generate().public_key()
    found["dsa"] = dsa.generate_private_key(2048).public_key()
    return found


@functools.cache
def certificate(kind: str, number: int = 0) -> str:
    """An X509Data with a certificate of the trusted root over such a key."""
    issuer = root()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{kind} {number}")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject)
        .public_key(keys()[kind])
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT - timedelta(days=1))
        .not_valid_after(AT + timedelta(days=1))
        .sign(issuer.key, hashes.SHA256())  # type: ignore[arg-type]
    )
    encoded = base64.b64encode(made.public_bytes(Encoding.DER)).decode()
    return f"<ds:X509Data><ds:X509Certificate>{encoded}</ds:X509Certificate></ds:X509Data>"


def claimed(method: str, key_info: str, value: bytes) -> bytes:
    digest = base64.b64encode(bytes(32)).decode()
    signature = template(reference(digest=SHA256, value=digest), method=method, key_info=key_info)
    encoded = base64.b64encode(value).decode()
    filled = signature.replace("<ds:SignatureValue/>", f"<ds:SignatureValue>{encoded}</ds:SignatureValue>")
    return f"<letter>{filled}</letter>".encode()


@pytest.mark.parametrize("policy", [Policy(), Policy(allow_legacy=True)], ids=["strict", "legacy"])
@pytest.mark.parametrize("kind", keys())
def test_no_method_under_no_key_is_more_than_refused(kind: str, policy: Policy) -> None:
    for method in SCHEMES:
        for length in (0, 5, 64, 128):
            for key_info in (certificate(kind), certificate(kind) + certificate(kind, 1)):
                verdict = judged(claimed(method, key_info, b"\xff" * length), policy=policy)
                assert isinstance(verdict, Refused), (kind, method, length)


def test_a_key_too_short_for_the_digest_is_too_weak_and_not_an_error() -> None:
    method = next(uri for uri in SCHEMES if uri.endswith("#sha512-rsa-MGF1"))
    verdict = judged(claimed(method, certificate("rsa 512") + certificate("rsa 512", 1), b"x" * 64))
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.KEY_TOO_WEAK


@given(
    kind=st.sampled_from([*(f"rsa {bits}" for bits in RSA_BITS), *(curve.name for curve in CURVES)]),
    method=st.sampled_from(sorted(SCHEMES)),
    signature=st.binary(max_size=300),
)
def test_no_signature_made_up_verifies_or_raises(kind: str, method: str, signature: bytes) -> None:
    scheme, key = SCHEMES[method], keys()[kind]
    if fits(scheme, key):
        assert not verifies(scheme, key, signature, b"data")
