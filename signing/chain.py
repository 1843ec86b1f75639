"""From a certificate up to an anchor: which paths there are, and whether one of them holds.

The search is ours, so that hostile helpers cannot make it long: issuers are tried by name and by signature,
up to `MAX_LENGTH` certificates, `MAX_SIGNATURES` signature checks and `MAX_PATHS` paths. Revocation is ours
(`signing.revocation`). The path rules of RFC 5280 section 6.1 are pyhanko-certvalidator's (`signing.pkix`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from signing.issuance import signed_certificate
from signing.pkix import broken_rule
from signing.policy import Policy, Purpose
from signing.revocation import Source, StatusIndex, revocation
from signing.strength import key_weakness
from signing.verdict import Reason, Refused, Undecided

MAX_LENGTH = 8
"""Certificates in a path, signer and anchor included."""
MAX_SIGNATURES = 32
MAX_PATHS = 16

LEGACY_WARNING = "LEGACY_ALGORITHM"

INFRASTRUCTURE_PURPOSES = frozenset(
    {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.OCSP_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING}
)
"""A certificate whose ExtendedKeyUsage names nothing else is a machine's, and seals no document."""
CLIENT_PURPOSES = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})

UNDERSTOOD = frozenset(
    {
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.FRESHEST_CRL,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.OCSP_NO_CHECK,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3"),  # qcStatements, marked critical by some authorities
    }
)
"""Extensions that may be critical."""

Path = tuple[x509.Certificate, ...]
"""From the signer's certificate to the anchor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A chain that held: `certificates` from signer to anchor, `warnings`."""

    certificates: Path
    warnings: tuple[str, ...] = ()
    """Stable codes: `LEGACY_ALGORITHM`, `REVOCATION_NOT_CHECKED`, `REVOCATION_UNKNOWN`."""
    sources: tuple[Source, ...] = field(default=(), compare=False)
    """The CRLs and OCSP answers by which its certificates were known good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuers:
    """Certificates by subject: the anchors, and the intermediates that lead to them."""

    anchors: frozenset[x509.Certificate]
    by_subject: Mapping[x509.Name, tuple[x509.Certificate, ...]]

    @classmethod
    def of(cls, anchors: Iterable[x509.Certificate], intermediates: Iterable[x509.Certificate]) -> Issuers:
        """Anchors come first, so that the shortest way up is tried first."""
        first = tuple(dict.fromkeys(anchors))
        by_subject: dict[x509.Name, tuple[x509.Certificate, ...]] = {}
        for certificate in dict.fromkeys((*first, *intermediates)):
            by_subject[certificate.subject] = (*by_subject.get(certificate.subject, ()), certificate)
        return cls(anchors=frozenset(first), by_subject=by_subject)


class TooManyCandidates(Exception):
    """The search gave up: more candidate issuers than an honest chain has."""


@dataclass(slots=True)
class _Budget:
    signatures: int = MAX_SIGNATURES
    paths: int = MAX_PATHS

    def spend_signature(self) -> None:
        self.signatures -= 1
        if self.signatures < 0:
            raise TooManyCandidates(f"more than {MAX_SIGNATURES} signatures to check")

    def spend_path(self) -> None:
        self.paths -= 1
        if self.paths < 0:
            raise TooManyCandidates(f"more than {MAX_PATHS} paths")


def paths(
    certificate: x509.Certificate, issuers: Issuers, helpers: Mapping[x509.Name, Sequence[x509.Certificate]]
) -> Iterator[Path]:
    """Yields the paths from `certificate` to an anchor in which every signature is right.

    `helpers` are tried after the store's own. A path ends at the first anchor. Raises `TooManyCandidates`.
    """
    yield from _climb((certificate,), issuers, helpers, _Budget())


def _climb(
    path: Path,
    issuers: Issuers,
    helpers: Mapping[x509.Name, Sequence[x509.Certificate]],
    budget: _Budget,
) -> Iterator[Path]:
    top = path[-1]
    if top in issuers.anchors:
        budget.spend_path()
        yield path
        return
    if len(path) == MAX_LENGTH:
        return
    for issuer in (*issuers.by_subject.get(top.issuer, ()), *helpers.get(top.issuer, ())):
        if issuer not in path:
            budget.spend_signature()
            if signed_certificate(issuer, top):
                yield from _climb((*path, issuer), issuers, helpers, budget)


def judge_path(
    path: Path,
    *,
    at: datetime,
    policy: Policy,
    known: StatusIndex,
    issuers: Issuers,
    purpose: Purpose = Purpose.SEAL,
) -> Chain | Refused | Undecided:
    """Judges one path whose signatures are right, at the time `at`, the anchor included.

    1. Extensions that can be read, and none critical that is not understood.
    2. Keys and signature algorithms, by policy.
    3. Validity: every certificate must be valid at `at` (the shell model). An expired anchor or intermediate
       ends the trust in what hangs below it; whoever reads an old document judges it at its own time.
    4. Key usage: the certificate may serve `purpose`, every issuer is a CA that may issue.
    5. Path length, name constraints, policies (RFC 5280 section 6.1).
    6. Revocation.
    """
    try:
        found = (
            _extensions_fault(path)
            or _algorithm_fault(path, policy)
            or _validity_fault(path, at)
            or _usage_fault(path, purpose)
        )
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as exc:
        return Refused(
            reason=Reason.CHAIN_INVALID, detail=f"a certificate cannot be read: {exc}", certificate=path[0]
        )
    if found is None and (rule := broken_rule(path, at=at)):
        found = (Reason.CHAIN_INVALID, rule)
    if found:
        return Refused(reason=found[0], detail=found[1], certificate=path[0])
    above = issuers.by_subject.get(path[-1].issuer, ())
    revoked = revocation(path, at=at, policy=policy, known=known, above=above, purpose=purpose)
    if isinstance(revoked, Refused | Undecided):
        return revoked
    legacy = policy.allow_legacy and _algorithm_fault(path, replace(policy, allow_legacy=False))
    warnings = ((LEGACY_WARNING,) if legacy else ()) + revoked.warnings
    return Chain(certificates=path, warnings=warnings, sources=revoked.sources)


Fault = tuple[Reason, str]


def name_of(certificate: x509.Certificate) -> str:
    """Names a certificate in a sentence, at most 200 characters."""
    subject = certificate.subject.rfc4514_string() or f"serial {certificate.serial_number:x}"
    return f"'{subject[:200]}'"


def _extensions_fault(path: Path) -> Fault | None:
    for certificate in path:
        for extension in certificate.extensions:
            if extension.critical and extension.oid not in UNDERSTOOD:
                oid = extension.oid.dotted_string
                return (
                    Reason.CHAIN_INVALID,
                    f"{name_of(certificate)} has the unknown critical extension {oid}",
                )
    return None


def _algorithm_fault(path: Path, policy: Policy) -> Fault | None:
    for certificate in path:
        weakness = key_weakness(certificate, policy)
        if weakness:
            return Reason.KEY_TOO_WEAK, f"the key of {name_of(certificate)} {weakness}"
    for certificate in path[:-1]:  # how the anchor was signed proves nothing: it is trusted
        algorithm = certificate.signature_hash_algorithm
        name = algorithm.name if algorithm else "none"
        if name == "sha1" and not policy.allow_legacy:
            return Reason.LEGACY_ALGORITHM, f"{name_of(certificate)} is signed over SHA-1"
        if name != "sha1" and name not in policy.digests:
            return Reason.ALGORITHM_FORBIDDEN, f"{name_of(certificate)} is signed over the digest '{name}'"
    return None


def _validity_fault(path: Path, at: datetime) -> Fault | None:
    for certificate in path:
        if at > certificate.not_valid_after_utc:
            until = certificate.not_valid_after_utc.isoformat()
            return Reason.CERTIFICATE_EXPIRED, f"{name_of(certificate)} was valid until {until}"
        if at < certificate.not_valid_before_utc:
            since = certificate.not_valid_before_utc.isoformat()
            return Reason.CERTIFICATE_NOT_YET_VALID, f"{name_of(certificate)} is valid from {since}"
    return None


def _usage_fault(path: Path, purpose: Purpose) -> Fault | None:
    if unfit := _UNFIT[purpose](path[0]):
        return Reason.KEY_USAGE_FORBIDDEN, unfit
    for issuer in path[1:]:
        basic = _extension(issuer, x509.BasicConstraints)
        if basic is None or not basic.ca:
            return Reason.CHAIN_INVALID, f"{name_of(issuer)} is no certificate authority"
        usage = _extension(issuer, x509.KeyUsage)
        if usage and not usage.key_cert_sign:
            return Reason.CHAIN_INVALID, f"the key usage of {name_of(issuer)} lacks keyCertSign"
    return None


def _unfit_to_seal(signer: x509.Certificate) -> str | None:
    usage = _extension(signer, x509.KeyUsage)
    if usage and not (usage.digital_signature or usage.content_commitment):
        return "the signer's key usage lacks digitalSignature and nonRepudiation"
    extended = _extension(signer, x509.ExtendedKeyUsage)
    if extended and set(extended) <= INFRASTRUCTURE_PURPOSES:
        return "the signer's certificate serves servers, OCSP or timestamps alone"
    return None


def _unfit_to_connect(client: x509.Certificate) -> str | None:
    """RFC 5280 sections 4.2.1.3 and 4.2.1.12: what is there must allow it, what is absent allows all."""
    usage = _extension(client, x509.KeyUsage)
    if usage and not usage.digital_signature:
        return "the client's key usage lacks digitalSignature"
    extended = _extension(client, x509.ExtendedKeyUsage)
    if extended and not set(extended) & CLIENT_PURPOSES:
        return "the certificate's extended key usage lacks clientAuth"
    return None


def _unfit_to_timestamp(authority: x509.Certificate) -> str | None:
    """RFC 3161 section 2.3: id-kp-timeStamping, critical, and nothing else."""
    usage = _extension(authority, x509.KeyUsage)
    if usage and not (usage.digital_signature or usage.content_commitment):
        return "the key usage of the time-stamping certificate lacks digitalSignature and nonRepudiation"
    extended = [e for e in authority.extensions if isinstance(e.value, x509.ExtendedKeyUsage)]
    if not extended or set(extended[0].value) != {ExtendedKeyUsageOID.TIME_STAMPING}:
        return "the certificate's extended key usage is not timeStamping alone"
    if not extended[0].critical:
        return "the certificate's extended key usage is not critical"
    return None


_UNFIT: Mapping[Purpose, Callable[[x509.Certificate], str | None]] = {
    Purpose.SEAL: _unfit_to_seal,
    Purpose.CONNECT: _unfit_to_connect,
    Purpose.TIMESTAMP: _unfit_to_timestamp,
}


_E = TypeVar("_E", bound=x509.ExtensionType)


def _extension(certificate: x509.Certificate, kind: type[_E]) -> _E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
