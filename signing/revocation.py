"""Revocation by the CRLs given, judged at a time (RFC 5280 sections 5 and 6.3).

A CRL counts when its issuer's key signed it, its issuer may sign CRLs, and nothing critical in it is foreign;
delta and indirect CRLs do not count. What an entry means at `at`:

- Revoked at or before `at`: revoked. A CRL from after `at`, or one that has run out, says so just as well.
- Revoked later: held then. But a compromised key has made signatures since a time that nobody knows: for
  keyCompromise, cACompromise and aACompromise the entry counts from its invalidityDate, without one from
  ever.
- On hold since before `at`: revoked, unless a newer CRL issued by `at` no longer lists it.
- removeFromCRL: no entry. An entry that cannot be read, or with a foreign critical extension: as
  keyCompromise.

A CRL covers a certificate at `at` when thisUpdate <= `at` <= nextUpdate and its scope
(IssuingDistributionPoint) takes the certificate in. A certificate is known good at `at` only when a CRL
covers it; else the policy decides (`signing.policy.Revocation`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, CRLEntryExtensionOID, ExtensionOID

from signing.issuance import signed_crl
from signing.policy import Policy, Revocation
from signing.verdict import Reason, Refused, Undecided

NOT_CHECKED = "REVOCATION_NOT_CHECKED"
COMPROMISE = frozenset(
    {x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise, x509.ReasonFlags.aa_compromise}
)
UNDERSTOOD = frozenset(
    {
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CRL_NUMBER,
        ExtensionOID.ISSUER_ALTERNATIVE_NAME,
        ExtensionOID.ISSUING_DISTRIBUTION_POINT,
    }
)
ENTRY_UNDERSTOOD = frozenset({CRLEntryExtensionOID.CRL_REASON, CRLEntryExtensionOID.INVALIDITY_DATE})
BEGINNING = datetime.min.replace(tzinfo=UTC)
VERIFICATIONS_KEPT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A CRL's line about one certificate."""

    since: datetime
    """From when on it counts; `BEGINNING` when nobody knows how far back a compromise reaches."""
    hold: bool


@dataclass(frozen=True, slots=True)
class Crl:
    """A CRL, and by which issuers its signature was found right or wrong (checking a large one is slow)."""

    crl: x509.CertificateRevocationList
    scope: x509.IssuingDistributionPoint | None
    usable: bool
    """False: a delta, an indirect one, or one with a critical extension that is not understood."""
    _signed_by: dict[x509.Certificate, bool] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, crl: x509.CertificateRevocationList) -> Crl:
        """Raises `ValueError` when its extensions cannot be read."""
        try:
            extensions = list(crl.extensions)
        except x509.DuplicateExtension as exc:
            raise ValueError(f"an extension stands twice: {exc.oid.dotted_string}") from exc
        values = (e.value for e in extensions)
        scope = next((v for v in values if isinstance(v, x509.IssuingDistributionPoint)), None)
        foreign = any(e.critical and e.oid not in UNDERSTOOD for e in extensions)
        delta = any(e.oid == ExtensionOID.DELTA_CRL_INDICATOR for e in extensions)
        elsewhere = scope is not None and (scope.indirect_crl or scope.only_contains_attribute_certs)
        return cls(crl, scope, not (foreign or delta or elsewhere))

    def entry(self, certificate: x509.Certificate) -> Entry | None:
        """What it says against `certificate`, as far as its signature holds."""
        line = self.crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        return None if line is None else _entry(line)

    @property
    def this_update(self) -> datetime:
        return self.crl.last_update_utc

    def signed_by(self, issuer: x509.Certificate) -> bool:
        """Tells whether `issuer` may sign CRLs and signed this one."""
        known = self._signed_by.get(issuer)
        if known is None:
            if len(self._signed_by) >= VERIFICATIONS_KEPT:
                self._signed_by.clear()
            known = self._signed_by[issuer] = _may_sign(issuer) and signed_crl(issuer, self.crl)
        return known

    def allowed(self, policy: Policy) -> bool:
        """Tells whether the policy lets its signature algorithm count."""
        algorithm = self.crl.signature_hash_algorithm
        name = algorithm.name if algorithm else "none"
        return name in policy.digests or (policy.allow_legacy and name == "sha1")

    def covers(self, certificate: x509.Certificate, at: datetime) -> bool:
        """Tells whether silence about `certificate` means that it was good at `at`."""
        until = self.crl.next_update_utc
        return until is not None and self.this_update <= at <= until and self.takes_in(certificate)

    def takes_in(self, certificate: x509.Certificate) -> bool:
        scope = self.scope
        if scope is None:
            return True
        if scope.only_some_reasons is not None or scope.relative_name is not None:
            return False
        if scope.only_contains_user_certs and _is_ca(certificate):
            return False
        if scope.only_contains_ca_certs and not _is_ca(certificate):
            return False
        return scope.full_name is None or bool(set(scope.full_name) & set(_point_names(certificate)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CrlIndex:
    """The CRLs given, by issuer, oldest first."""

    by_issuer: Mapping[x509.Name, tuple[Crl, ...]]

    @classmethod
    def of(cls, crls: Iterable[x509.CertificateRevocationList]) -> CrlIndex:
        """Raises `ValueError` for a CRL that cannot be read."""
        by_issuer: dict[x509.Name, list[Crl]] = {}
        for crl in crls:
            by_issuer.setdefault(crl.issuer, []).append(Crl.of(crl))
        return cls(
            by_issuer={
                name: tuple(sorted(c, key=lambda crl: crl.this_update)) for name, c in by_issuer.items()
            }
        )

    def about(self, certificate: x509.Certificate) -> tuple[Crl, ...]:
        """The CRLs under the name of the issuer of `certificate`, whoever signed them."""
        return self.by_issuer.get(certificate.issuer, ())


def revocation(
    path: tuple[x509.Certificate, ...],
    *,
    at: datetime,
    policy: Policy,
    crls: CrlIndex,
    above: Sequence[x509.Certificate] = (),
) -> tuple[str, ...] | Refused | Undecided:
    """Judges each certificate of `path`; returns warnings when the path may be relied on.

    The anchor needs no CRL, but one that names it is heeded when a certificate of `above` (the anchor's
    issuers, as far as they are known; itself when self-signed) signed it.
    """
    unknown: str | None = None
    warnings: tuple[str, ...] = ()
    for position, certificate in enumerate(path):
        is_anchor = position == len(path) - 1
        issuers = above if is_anchor else path[position + 1 : position + 2]
        about = crls.about(certificate)
        authentic = [
            c
            for c in about
            if c.usable and c.allowed(policy) and any(c.signed_by(issuer) for issuer in issuers)
        ]
        name = f"'{certificate.subject.rfc4514_string()[:200]}'"
        since = _revoked_since(certificate, authentic, at)
        if since is not None:
            known = "an unknown time" if since == BEGINNING else since.isoformat()
            sentence = f"{name} is revoked since {known}"
            return Refused(reason=Reason.CERTIFICATE_REVOKED, detail=sentence, certificate=path[0])
        if is_anchor or any(crl.covers(certificate, at) for crl in authentic):
            continue
        if policy.revocation is Revocation.REQUIRED or about or _names_source(certificate):
            unknown = unknown or f"no CRL at hand says whether {name} held at {at.isoformat()}"
        else:
            warnings = (NOT_CHECKED,)
    if unknown:
        return Undecided(reason=Reason.REVOCATION_UNKNOWN, detail=unknown, certificate=path[0])
    return warnings


def turning_points(certificate: x509.Certificate, crls: CrlIndex) -> Iterator[datetime]:
    """Yields every time at which the judgement of `certificate` by `crls` may change."""
    for crl in crls.about(certificate):
        yield crl.this_update
        if crl.crl.next_update_utc is not None:
            yield crl.crl.next_update_utc
        entry = crl.entry(certificate)
        if entry is not None:
            yield entry.since


def _revoked_since(certificate: x509.Certificate, crls: Iterable[Crl], at: datetime) -> datetime | None:
    """Since when `certificate` is revoked, judged at `at`; None when not. `crls`: authentic, oldest first."""
    hold: datetime | None = None
    for crl in crls:
        entry = crl.entry(certificate)
        if entry is None:
            if crl.this_update <= at and crl.takes_in(certificate):
                hold = None
        elif entry.since <= at:
            if not entry.hold:
                return entry.since
            hold = entry.since
    return hold


def _entry(line: x509.RevokedCertificate) -> Entry | None:
    try:
        known = {e.oid: e.value for e in line.extensions}
        foreign = any(e.critical and e.oid not in ENTRY_UNDERSTOOD for e in line.extensions)
    except (ValueError, x509.DuplicateExtension):
        return Entry(since=BEGINNING, hold=False)
    coded = known.get(CRLEntryExtensionOID.CRL_REASON)
    reason = coded.reason if isinstance(coded, x509.CRLReason) else x509.ReasonFlags.unspecified
    if reason is x509.ReasonFlags.remove_from_crl:
        return None
    if reason not in COMPROMISE and not foreign:
        return Entry(since=line.revocation_date_utc, hold=reason is x509.ReasonFlags.certificate_hold)
    invalid = known.get(CRLEntryExtensionOID.INVALIDITY_DATE)
    if isinstance(invalid, x509.InvalidityDate) and not foreign:
        return Entry(since=min(invalid.invalidity_date_utc, line.revocation_date_utc), hold=False)
    return Entry(since=BEGINNING, hold=False)


def _may_sign(issuer: x509.Certificate) -> bool:
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _point_names(certificate: x509.Certificate) -> Iterator[x509.GeneralName]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return
    for point in points:
        yield from point.full_name or ()


def _names_source(certificate: x509.Certificate) -> bool:
    for extension in certificate.extensions:
        if extension.oid in (ExtensionOID.CRL_DISTRIBUTION_POINTS, ExtensionOID.FRESHEST_CRL):
            return True
        if isinstance(extension.value, x509.AuthorityInformationAccess):
            methods = {description.access_method for description in extension.value}
            if AuthorityInformationAccessOID.OCSP in methods:
                return True
    return False
