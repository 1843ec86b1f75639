"""A public key infrastructure made for one test run. Nothing here is ever committed as a file.

root = authority("Test Root")
issuing = root.authority("Test Issuing CA", path_length=0)
agency = issuing.issue("Bộ Mẫu", crl_url="http://crl.example/issuing.crl")
agency.certificate, agency.key, agency.chain     # chain: intermediates, the root left out
agency.save(tmp_path)                            # key.pem, cert.pem (certificate, then chain)
issuing.crl(revoked=[agency], this_update=AT)
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
)

AT = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
"""A time inside every default validity: the one that most tests judge at."""
NOT_BEFORE = datetime(2024, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2044, 1, 1, tzinfo=UTC)

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
CURVES: dict[str, ec.EllipticCurve] = {
    "p256": ec.SECP256R1(),
    "p384": ec.SECP384R1(),
    "p521": ec.SECP521R1(),
    "k256": ec.SECP256K1(),
}
SIGNING = frozenset({"digital_signature", "content_commitment"})
ISSUING = frozenset({"key_cert_sign", "crl_sign"})
USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def make_key(kind: str = "p256", slot: int = 0) -> PrivateKey:
    """Makes a private key: `p256`, `p384`, `p521`, `k256`, `ed25519`, or `rsa2048` and the like.

    EC keys are fresh each time. RSA keys are made once a run and kept by size and `slot`, because making one
    is slow.
    """
    if kind in CURVES:
        return ec.generate_private_key(CURVES[kind])
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return _rsa_key(int(kind.removeprefix("rsa")), slot)


@functools.cache
def _rsa_key(bits: int, slot: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A certificate, its key, and the intermediates above it."""

    certificate: x509.Certificate
    key: PrivateKey
    chain: tuple[x509.Certificate, ...] = ()
    """From the issuer upwards, without the root."""

    @property
    def certificate_pem(self) -> bytes:
        """The certificate, then its chain."""
        return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in (self.certificate, *self.chain))

    def key_pem(self, password: bytes | None = None) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            _protection(password),
        )

    def pkcs12(self, password: bytes | None = None) -> bytes:
        """The key, certificate and chain as one PKCS#12 file."""
        protection = (
            serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        )
        return pkcs12.serialize_key_and_certificates(
            b"test", self.key, self.certificate, self.chain or None, protection
        )

    def save(self, directory: Path, name: str = "") -> tuple[Path, Path]:
        """Writes `key.pem` and `cert.pem` (after `name` and a dash, when given) and returns their paths."""
        prefix = f"{name}-" if name else ""
        key, certificate = directory / f"{prefix}key.pem", directory / f"{prefix}cert.pem"
        key.write_bytes(self.key_pem())
        certificate.write_bytes(self.certificate_pem)
        return key, certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority(Identity):
    """An identity that issues certificates and CRLs."""

    root: bool = False

    def issue(
        self,
        name: str,
        *,
        key: str | PrivateKey = "p256",
        not_before: datetime = NOT_BEFORE,
        not_after: datetime = NOT_AFTER,
        usage: Iterable[str] | None = SIGNING,
        extended: Iterable[ObjectIdentifier] = (),
        dns: Iterable[str] = (),
        ips: Iterable[str] = (),
        organization: str | None = None,
        crl_url: str | None = None,
        ocsp_url: str | None = None,
        extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    ) -> Identity:
        """Issues an end certificate. `usage` None leaves the KeyUsage extension out."""
        return Identity(
            **_issued(
                self,
                name,
                key=key,
                not_before=not_before,
                not_after=not_after,
                usage=usage,
                extended=tuple(extended),
                alternative=_alternative(dns, ips),
                organization=organization,
                crl_url=crl_url,
                ocsp_url=ocsp_url,
                extensions=tuple(extensions),
            )
        )

    def issue_tls(self, name: str, *, server: bool, key: str | PrivateKey = "p256") -> Identity:
        """Issues a certificate for mutual TLS: a server's for localhost, or a client's."""
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        return self.issue(
            name,
            key=key,
            usage={"digital_signature", "key_encipherment"},
            extended=(purpose,),
            dns=("localhost",) if server else (),
            ips=("127.0.0.1",) if server else (),
        )

    def authority(
        self,
        name: str,
        *,
        key: str | PrivateKey = "p256",
        not_before: datetime = NOT_BEFORE,
        not_after: datetime = NOT_AFTER,
        usage: Iterable[str] | None = ISSUING,
        path_length: int | None = None,
        ca: bool = True,
        permitted: Iterable[x509.GeneralName] = (),
        excluded: Iterable[x509.GeneralName] = (),
        crl_url: str | None = None,
    ) -> Authority:
        """Issues an intermediate. `ca` False gives one that may not issue; `permitted` and `excluded` are
        its name constraints."""
        issued = _issued(
            self,
            name,
            key=key,
            not_before=not_before,
            not_after=not_after,
            usage=usage,
            basic=x509.BasicConstraints(ca=ca, path_length=path_length if ca else None),
            constraints=_constraints(permitted, excluded),
            crl_url=crl_url,
        )
        return Authority(**issued)

    def crl(
        self,
        revoked: Iterable[Identity | x509.Certificate] = (),
        *,
        this_update: datetime = AT - timedelta(hours=1),
        next_update: datetime = AT + timedelta(days=7),
        revoked_at: datetime = AT - timedelta(days=1),
        reason: x509.ReasonFlags | None = None,
        number: int = 1,
        extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    ) -> x509.CertificateRevocationList:
        """Issues a CRL that names `revoked`, all since `revoked_at`."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(this_update)
            .next_update(next_update)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(_key_identifier(self), critical=False)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        for entry in revoked:
            certificate = entry.certificate if isinstance(entry, Identity) else entry
            line = x509.RevokedCertificateBuilder(certificate.serial_number, revoked_at)
            if reason is not None:
                line = line.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(line.build())
        return builder.sign(self.key, _hash_for(self.key))


def authority(
    name: str = "Test Root",
    *,
    key: str | PrivateKey = "p256",
    not_before: datetime = NOT_BEFORE,
    not_after: datetime = NOT_AFTER,
    path_length: int | None = None,
) -> Authority:
    """Makes a root."""
    issued = _issued(
        None,
        name,
        key=key,
        not_before=not_before,
        not_after=not_after,
        usage=ISSUING,
        basic=x509.BasicConstraints(ca=True, path_length=path_length),
    )
    return Authority(**issued, root=True)


def self_signed(name: str = "Self-signed", *, key: str | PrivateKey = "p256") -> Identity:
    """Makes an end certificate that nobody vouches for."""
    return Identity(**_issued(None, name, key=key, not_before=NOT_BEFORE, not_after=NOT_AFTER, usage=SIGNING))


def _issued(
    issuer: Authority | None,
    name: str,
    *,
    key: str | PrivateKey,
    not_before: datetime,
    not_after: datetime,
    usage: Iterable[str] | None,
    basic: x509.BasicConstraints | None = None,
    constraints: x509.NameConstraints | None = None,
    extended: tuple[ObjectIdentifier, ...] = (),
    alternative: x509.SubjectAlternativeName | None = None,
    organization: str | None = None,
    crl_url: str | None = None,
    ocsp_url: str | None = None,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> dict[str, object]:
    private = make_key(key) if isinstance(key, str) else key
    subject = _name(name, organization)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(basic or x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
    )
    if usage is not None:
        builder = builder.add_extension(_usage(usage), critical=True)
    if issuer is not None:
        builder = builder.add_extension(_key_identifier(issuer), critical=False)
    if crl_url:
        builder = builder.add_extension(_distribution(crl_url), critical=False)
    if ocsp_url:
        builder = builder.add_extension(_access(ocsp_url), critical=False)
    if constraints:
        builder = builder.add_extension(constraints, critical=True)
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    if alternative:
        builder = builder.add_extension(alternative, critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    signing_key = issuer.key if issuer else private
    above = (issuer.certificate, *issuer.chain) if issuer and not issuer.root else ()
    return {
        "certificate": builder.sign(signing_key, _hash_for(signing_key)),
        "key": private,
        "chain": above,
    }


def _protection(password: bytes | None) -> serialization.KeySerializationEncryption:
    if password is None:
        return serialization.NoEncryption()
    return serialization.BestAvailableEncryption(password)


def _name(name: str, organization: str | None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")]
    if organization:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _hash_for(key: PrivateKey) -> hashes.SHA256 | hashes.SHA512 | None:
    """SHA-256, and with a key of P-521 SHA-512."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    return hashes.SHA512() if key.key_size == 521 else hashes.SHA256()


def _usage(names: Iterable[str]) -> x509.KeyUsage:
    wanted = set(names)
    assert wanted <= set(USAGES), wanted
    return x509.KeyUsage(**{usage: usage in wanted for usage in USAGES})


def _key_identifier(issuer: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _distribution(url: str) -> x509.CRLDistributionPoints:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return x509.CRLDistributionPoints([point])


def _access(url: str) -> x509.AuthorityInformationAccess:
    location = x509.UniformResourceIdentifier(url)
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, location)]
    )


def _alternative(dns: Iterable[str], ips: Iterable[str]) -> x509.SubjectAlternativeName | None:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in dns]
    names += [x509.IPAddress(ipaddress.ip_address(ip)) for ip in ips]
    return x509.SubjectAlternativeName(names) if names else None


def _constraints(
    permitted: Iterable[x509.GeneralName], excluded: Iterable[x509.GeneralName]
) -> x509.NameConstraints | None:
    allow, deny = list(permitted), list(excluded)
    return x509.NameConstraints(allow or None, deny or None) if allow or deny else None
