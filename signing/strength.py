"""Whether a key and a digest are strong enough, as the policy has it."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from signing.policy import Policy

LEGACY_RSA_BITS = 1024


def key_weakness(certificate: x509.Certificate, policy: Policy) -> str | None:
    """Says what is wrong with the key of `certificate`, as the end of a sentence; None when nothing is."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        least = min(policy.rsa_bits, LEGACY_RSA_BITS) if policy.allow_legacy else policy.rsa_bits
        return f"has {key.key_size} bits, {least} are needed" if key.key_size < least else None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return None if key.curve.name in policy.curves else f"is on the curve {key.curve.name}"
    return "is neither RSA nor ECDSA"


def digest_weakness(algorithm: hashes.HashAlgorithm | None, policy: Policy) -> str | None:
    """Names the digest that a signature is over when it may not count; None when it may."""
    name = algorithm.name if algorithm else "none"
    return None if name in policy.digests or (policy.allow_legacy and name == "sha1") else name
