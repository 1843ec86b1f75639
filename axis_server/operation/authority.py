"""A certificate authority for trying the axis out: its key lies in a file.

    authority = Authority.create("Test CA", at=now)
    agency = authority.issue_signer("G22.01.02", at=now)
    agency.certificate_pem, agency.key_pem

Real agencies need a real authority.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from signing.entitlement import EVIDENCE_SIGNING

ROOT_LIFE = timedelta(days=3650)
FOR_TEST = "For test use only"
LEAF_LIFE = timedelta(days=1825)
BACKDATED = timedelta(hours=1)
"""Certificates begin this much earlier, so that a clock a little behind does not find them not yet valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate and its private key (EC P-256)."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """PKCS#8, not encrypted: to be written with mode 0600."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority(Issued):
    """A root that issues end certificates and its revocation list."""

    @classmethod
    def create(cls, name: str, *, at: datetime) -> Authority:
        """Makes a root with a fresh key, valid for ten years from `at`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        builder = (
            _builder(subject, subject, key, at, ROOT_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        )
        return cls(certificate=builder.sign(key, hashes.SHA256()), key=key)

    @classmethod
    def load(cls, certificate_pem: bytes, key_pem: bytes) -> Authority:
        """Reads what `create` made. Raises `ValueError` when it is something else."""
        key = serialization.load_pem_private_key(key_pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the key is not an EC key")
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        if certificate.public_key() != key.public_key():
            raise ValueError("key and certificate do not belong together")
        return cls(certificate=certificate, key=key)

    def issue_server(self, hosts: Iterable[str], *, at: datetime) -> Issued:
        """Issues a TLS server certificate for host names and IP addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [_alternative(host) for host in hosts]
        builder = (
            self._leaf("National axis server", key, at)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        return self._signed(builder, key)

    def issue_signer(self, name: str, *, at: datetime) -> Issued:
        """Issues a certificate that seals documents and may be a TLS client's: it has no extended key
        usage."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._signed(self._signing(name, key, at), key)

    def issue_evidence_signer(self, name: str, *, at: datetime) -> Issued:
        """Issues the certificate of an axis's evidence: it alone may sign evidence, and it seals nothing
        else."""
        key = ec.generate_private_key(ec.SECP256R1())
        purpose = x509.ExtendedKeyUsage([EVIDENCE_SIGNING])
        return self._signed(self._signing(name, key, at).add_extension(purpose, critical=False), key)

    def revocation_list(self, *, at: datetime) -> bytes:
        """Returns an empty CRL (PEM) that holds as long as the root does."""
        crl = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at - BACKDATED)
            .next_update(self.certificate.not_valid_after_utc)
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(self._key_identifier(), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return crl.public_bytes(serialization.Encoding.PEM)

    def _signing(self, name: str, key: ec.EllipticCurvePrivateKey, at: datetime) -> x509.CertificateBuilder:
        usage = _usage(digital_signature=True, content_commitment=True)
        return self._leaf(name, key, at).add_extension(usage, critical=True)

    def _leaf(self, name: str, key: ec.EllipticCurvePrivateKey, at: datetime) -> x509.CertificateBuilder:
        return (
            _builder(_name(name), self.certificate.subject, key, at, LEAF_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(self._key_identifier(), critical=False)
        )

    def _key_identifier(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())

    def _signed(self, builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> Issued:
        return Issued(certificate=builder.sign(self.key, hashes.SHA256()), key=key)


def is_for_test(certificate: x509.Certificate) -> bool:
    """Tells whether `Authority` made or issued a certificate."""
    names = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return any(name.value == FOR_TEST for name in names)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, at: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - BACKDATED)
        .not_valid_after(at + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, FOR_TEST),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
        ]
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(**granted: bool) -> x509.KeyUsage:
    usages = {
        "digital_signature": False,
        "content_commitment": False,
        "key_encipherment": False,
        "data_encipherment": False,
        "key_agreement": False,
        "key_cert_sign": False,
        "crl_sign": False,
        "encipher_only": False,
        "decipher_only": False,
    }
    return x509.KeyUsage(**(usages | granted))
