"""Who a signature says its signer is: the certificates in KeyInfo, and the key of one of them.

The key is taken from an X509Certificate and from nowhere else; a KeyValue beside it must say the same.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.utils import CryptographyDeprecationWarning
from lxml import etree

from signing.algorithms import DS, DSIG11
from signing.structure import Breach, base64_of
from signing.verdict import Reason

MAX_CERTIFICATES = 16
MAX_CERTIFICATE_BYTES = 16 << 10

UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    CryptographyDeprecationWarning,  # where warnings are errors: a serial number that is not positive
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises for a certificate that it cannot read, now or when a part of it is touched."""
_CURVES = {
    "urn:oid:1.2.840.10045.3.1.7": "secp256r1",
    "urn:oid:1.3.132.0.34": "secp384r1",
    "urn:oid:1.3.132.0.35": "secp521r1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A certificate that came with a signature."""

    der: bytes
    certificate: x509.Certificate
    key: PublicKeyTypes


def read_candidates(key_info: etree._Element | None) -> tuple[Candidate, ...]:
    """Returns the certificates in KeyInfo, in their order; at least one. Raises `Breach`."""
    elements = [] if key_info is None else list(key_info.iter(f"{{{DS}}}X509Certificate"))
    if not elements:
        raise Breach(Reason.CERTIFICATE_MISSING, "the signature brings no certificate")
    if len(elements) > MAX_CERTIFICATES:
        raise Breach(Reason.SIGNATURE_MALFORMED, f"more than {MAX_CERTIFICATES} certificates")
    unique = dict.fromkeys(base64_of(element) for element in elements)
    if any(len(der) > MAX_CERTIFICATE_BYTES for der in unique):
        raise Breach(Reason.SIGNATURE_MALFORMED, f"a certificate of more than {MAX_CERTIFICATE_BYTES} bytes")
    return tuple(candidate_of(der) for der in unique)


def require_same_key(key_info: etree._Element, key: PublicKeyTypes) -> None:
    """Refuses a KeyValue that is another key than the certificate's. Raises `Breach`."""
    for element in key_info:
        if element.tag == f"{{{DS}}}KeyValue":
            same = len(element) == 1 and _is_key_value(element[0], key)
        elif element.tag == f"{{{DSIG11}}}DEREncodedKeyValue":
            same = _is_der(base64_of(element), key)
        else:
            continue
        if not same:
            raise Breach(Reason.CERTIFICATE_MISMATCH, "the KeyValue is not the key of the certificate")


@functools.lru_cache(maxsize=1024)
def candidate_of(der: bytes) -> Candidate:
    """Reads a certificate that came with a signature. Raises `Breach`.

    Kept, because the same signers come again and again, and reading a certificate takes as long as checking
    it.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
        if certificate.serial_number <= 0:
            raise ValueError("a serial number is positive (RFC 5280, 4.1.2.2)")
        # Read lazily otherwise, and then a judgement would be what fails.
        _ = certificate.subject, certificate.issuer, certificate.extensions
        _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except UNREADABLE as error:
        raise Breach(Reason.SIGNATURE_MALFORMED, "a certificate that cannot be read") from error
    return Candidate(der=der, certificate=certificate, key=key)


def _is_key_value(value: etree._Element, key: PublicKeyTypes) -> bool:
    if value.tag == f"{{{DS}}}RSAKeyValue" and isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        expected: Sequence[tuple[str, int]] = (("Modulus", numbers.n), ("Exponent", numbers.e))
        return [(child.tag, int.from_bytes(base64_of(child))) for child in value] == [
            (f"{{{DS}}}{name}", number) for name, number in expected
        ]
    if value.tag == f"{{{DSIG11}}}ECKeyValue" and isinstance(key, ec.EllipticCurvePublicKey):
        point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        curves = [child for child in value if child.tag == f"{{{DSIG11}}}NamedCurve"]
        points = [child for child in value if child.tag == f"{{{DSIG11}}}PublicKey"]
        return (
            len(value) == 2
            and len(curves) == len(points) == 1
            and _CURVES.get(curves[0].get("URI", "")) == key.curve.name
            and base64_of(points[0]) == point
        )
    return False


def _is_der(der: bytes, key: PublicKeyTypes) -> bool:
    try:
        return load_der_public_key(der) == key
    except (ValueError, UnsupportedAlgorithm):
        return False
