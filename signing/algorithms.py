"""Names of XML security, and the algorithms behind them (XML Signature 1.1, RFC 6931, RFC 9231)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

DS = "http://www.w3.org/2000/09/xmldsig#"
DSIG11 = "http://www.w3.org/2009/xmldsig11#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
XADES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
"""Type of the reference over the SignedProperties."""

ENVELOPED = DS + "enveloped-signature"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"

SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
ECDSA_SHA384 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"
ECDSA_SHA512 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"

_MORE_2001 = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
_MORE_2021 = "http://www.w3.org/2021/04/xmldsig-more#"

DIGESTS: Mapping[str, str] = {
    DS + "sha1": "sha1",
    SHA256: "sha256",
    _MORE_2001 + "sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
    _MORE_2007 + "sha3-256": "sha3-256",
    _MORE_2007 + "sha3-384": "sha3-384",
    _MORE_2007 + "sha3-512": "sha3-512",
}
"""DigestMethod URI -> digest name as `Policy.digests` has it. What is not here is no algorithm."""

_HASHES: Mapping[str, tuple[Callable[[bytes], hashlib._Hash], hashes.HashAlgorithm]] = {
    "sha1": (hashlib.sha1, hashes.SHA1()),  # noqa: S303 - read under the legacy switch only
    "sha256": (hashlib.sha256, hashes.SHA256()),
    "sha384": (hashlib.sha384, hashes.SHA384()),
    "sha512": (hashlib.sha512, hashes.SHA512()),
    "sha3-256": (hashlib.sha3_256, hashes.SHA3_256()),
    "sha3-384": (hashlib.sha3_384, hashes.SHA3_384()),
    "sha3-512": (hashlib.sha3_512, hashes.SHA3_512()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A SignatureMethod: what kind of key, and which digest."""

    family: str
    """`rsa` (PKCS#1 v1.5), `rsa-pss` or `ecdsa`."""
    digest: str


def _schemes() -> dict[str, Scheme]:
    schemes = {
        DS + "rsa-sha1": Scheme(family="rsa", digest="sha1"),
        _MORE_2001 + "ecdsa-sha1": Scheme(family="ecdsa", digest="sha1"),
        # RFC 9231, 2.3.9: without parameters it is SHA-256, MGF1 with SHA-256, salt of 32 octets.
        _MORE_2007 + "rsa-pss": Scheme(family="rsa-pss", digest="sha256"),
        _MORE_2007 + "sha1-rsa-MGF1": Scheme(family="rsa-pss", digest="sha1"),
    }
    for digest in ("sha256", "sha384", "sha512"):
        schemes[f"{_MORE_2001}rsa-{digest}"] = Scheme(family="rsa", digest=digest)
        schemes[f"{_MORE_2001}ecdsa-{digest}"] = Scheme(family="ecdsa", digest=digest)
        schemes[f"{_MORE_2007}{digest}-rsa-MGF1"] = Scheme(family="rsa-pss", digest=digest)
    for digest in ("sha3-256", "sha3-384", "sha3-512"):
        schemes[f"{_MORE_2007}{digest}-rsa-MGF1"] = Scheme(family="rsa-pss", digest=digest)
        schemes[f"{_MORE_2021}ecdsa-{digest}"] = Scheme(family="ecdsa", digest=digest)
    return schemes


SCHEMES: Mapping[str, Scheme] = _schemes()
"""SignatureMethod URI -> scheme. HMAC, DSA and MD5 are not here on purpose."""


def digest_of(name: str, data: bytes) -> bytes:
    """Hashes `data` with a digest named as in `DIGESTS`."""
    return _HASHES[name][0](data).digest()


def fits(scheme: Scheme, key: PublicKeyTypes) -> bool:
    """Tells whether a key is of the kind that a scheme is for."""
    return isinstance(key, ec.EllipticCurvePublicKey if scheme.family == "ecdsa" else rsa.RSAPublicKey)


def verifies(scheme: Scheme, key: PublicKeyTypes, signature: bytes, data: bytes) -> bool:
    """Tells whether `signature`, in XML signature's form, is one of `key` over `data`; no signature is one of
    a key that cannot make any, such as one too short for the digest."""
    algorithm = _HASHES[scheme.digest][1]
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, _padding(scheme, algorithm), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            size = (key.key_size + 7) // 8
            if len(signature) != 2 * size:
                return False
            r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(algorithm))
        else:
            return False
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _padding(scheme: Scheme, algorithm: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if scheme.family == "rsa":
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
