"""A CRL, as a source of what is known about revocation (RFC 5280 sections 5 and 6.3).

It counts when its issuer's key signed it, its issuer may sign CRLs, and nothing critical in it is foreign;
delta and indirect CRLs do not count. removeFromCRL is no entry. An entry that cannot be read, or with a
foreign critical extension, counts as keyCompromise without a date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from signing.issuance import signed_crl
from signing.policy import Policy
from signing.revocation.source import BEGINNING, VERIFICATIONS_KEPT, Entry, entry_of

UNDERSTOOD = frozenset(
    {
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CRL_NUMBER,
        ExtensionOID.ISSUER_ALTERNATIVE_NAME,
        ExtensionOID.ISSUING_DISTRIBUTION_POINT,
    }
)
ENTRY_UNDERSTOOD = frozenset({CRLEntryExtensionOID.CRL_REASON, CRLEntryExtensionOID.INVALIDITY_DATE})


@dataclass(frozen=True, slots=True, eq=False)
class Crl:
    """A CRL, and by which issuers its signature was found right or wrong (checking a large one is slow)."""

    crl: x509.CertificateRevocationList
    scope: x509.IssuingDistributionPoint | None
    fault: str
    """Why it says nothing: a delta, an indirect one, or one with a critical extension that is not understood;
    empty for one that does."""
    _signed_by: dict[x509.Certificate, bool] = field(default_factory=dict)
    _named: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, crl: x509.CertificateRevocationList) -> Crl:
        """Raises `ValueError` when its extensions cannot be read."""
        try:
            extensions = list(crl.extensions)
        except x509.DuplicateExtension as exc:
            raise ValueError(f"an extension stands twice: {exc.oid.dotted_string}") from exc
        values = (e.value for e in extensions)
        scope = next((v for v in values if isinstance(v, x509.IssuingDistributionPoint)), None)
        return cls(crl, scope, _fault(extensions, scope))

    @property
    def usable(self) -> bool:
        return not self.fault

    @property
    def der(self) -> bytes:
        """See `Source.der`."""
        return self.crl.public_bytes(Encoding.DER)

    @property
    def sha256(self) -> str:
        """See `Source.sha256`; kept, for a large one takes long."""
        if not self._named:
            self._named.append(hashlib.sha256(self.der).hexdigest())
        return self._named[0]

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

    def span(self, policy: Policy) -> tuple[datetime, datetime] | None:
        """See `Source.span`: thisUpdate to nextUpdate, and None without one."""
        until = self.crl.next_update_utc
        return None if until is None else (self.this_update, until + policy.revocation_grace)

    def takes_in(self, certificate: x509.Certificate) -> bool:
        """Tells whether its scope has room for `certificate`: then its silence means good."""
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


def _fault(
    extensions: Iterable[x509.Extension[x509.ExtensionType]], scope: x509.IssuingDistributionPoint | None
) -> str:
    for extension in extensions:
        if extension.oid == ExtensionOID.DELTA_CRL_INDICATOR:
            return "a delta list: it names changes alone"
        if extension.critical and extension.oid not in UNDERSTOOD:
            return f"a list with the unknown critical extension {extension.oid.dotted_string}"
    if scope is not None and scope.indirect_crl:
        return "an indirect list: it speaks for other issuers than its own"
    if scope is not None and scope.only_contains_attribute_certs:
        return "a list of attribute certificates"
    return ""


def _entry(line: x509.RevokedCertificate) -> Entry | None:
    try:
        known = {e.oid: e.value for e in line.extensions}
        foreign = any(e.critical and e.oid not in ENTRY_UNDERSTOOD for e in line.extensions)
    except (ValueError, x509.DuplicateExtension):
        return Entry(since=BEGINNING, hold=False)
    coded = known.get(CRLEntryExtensionOID.CRL_REASON)
    reason = coded.reason if isinstance(coded, x509.CRLReason) else None
    if reason is x509.ReasonFlags.remove_from_crl:
        return None
    if foreign:
        return Entry(since=BEGINNING, hold=False)
    invalid = known.get(CRLEntryExtensionOID.INVALIDITY_DATE)
    invalid_since = invalid.invalidity_date_utc if isinstance(invalid, x509.InvalidityDate) else None
    return entry_of(reason, line.revocation_date_utc, invalid_since)


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
