"""Did this authority's key sign that certificate or CRL?

SHA-1 is checked by hand, because `cryptography` no longer does; whether it may count is the policy's to say.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding


def signed_certificate(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Tells whether `certificate` names `issuer` and bears its signature. Its right to issue is another
    matter."""
    if certificate.issuer != issuer.subject or not _whole_octets(certificate):
        return False
    try:
        if isinstance(certificate.signature_hash_algorithm, hashes.SHA1):
            return _signed_over_sha1(issuer, certificate.signature, certificate.tbs_certificate_bytes)
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    return True


def signed_crl(issuer: x509.Certificate, crl: x509.CertificateRevocationList) -> bool:
    """Tells whether `crl` bears the signature of `issuer`'s key."""
    if not _whole_octets(crl):
        return False
    try:
        key = issuer.public_key()
        if isinstance(crl.signature_hash_algorithm, hashes.SHA1):
            return _signed_over_sha1(issuer, crl.signature, crl.tbs_certlist_bytes)
        return isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) and crl.is_signature_valid(key)
    except (UnsupportedAlgorithm, TypeError, ValueError):
        return False


def _whole_octets(signed: x509.Certificate | x509.CertificateRevocationList) -> bool:
    """Whether the signature, which stands last, is a BIT STRING without unused bits. Others could be altered
    there and verify still."""
    return signed.public_bytes(Encoding.DER)[-len(signed.signature) - 1] == 0


def _signed_over_sha1(issuer: x509.Certificate, signature: bytes, data: bytes) -> bool:
    key, sha1 = issuer.public_key(), hashes.SHA1()  # noqa: S303  for reading old packages, under a named switch
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), sha1)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(sha1))
        else:
            return False
    except InvalidSignature:
        return False
    return True
