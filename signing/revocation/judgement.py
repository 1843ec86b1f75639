"""Revocation judged at a time, by the CRLs and OCSP answers at hand.

What a source that counts says against a certificate at `at`:

- Revoked at or before `at`: revoked. A source from after `at`, or one that has run out, says so just as well.
- Revoked later: held then. But a compromise (keyCompromise, cACompromise, aACompromise) counts from its
  invalidityDate, without one from ever.
- On hold since before `at`: revoked, unless a newer source issued by `at` takes the certificate in and no
longer lists it.

A certificate is known good at `at` only when a source takes it in and `at` lies in that source's span; else
the policy decides (`signing.policy.Revocation`). CRL and OCSP answers count alike: what one of them says
against a certificate is not outweighed by the other's silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID

from signing.policy import Policy, Purpose, Revocation
from signing.revocation.crl import Crl
from signing.revocation.ocsp import OcspAnswer
from signing.revocation.source import BEGINNING, Source, usable
from signing.verdict import Reason, Refused, Undecided

_S = TypeVar("_S", bound=Source)
NOT_CHECKED = "REVOCATION_NOT_CHECKED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A path that may be relied on."""

    warnings: tuple[str, ...] = ()
    """`REVOCATION_NOT_CHECKED`, `REVOCATION_UNKNOWN`."""
    sources: tuple[Source, ...] = ()
    """Those by which its certificates were known good: the newest about each, each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusIndex:
    """The sources given: CRLs by issuer, OCSP answers by serial number, each oldest first."""

    crls: Mapping[x509.Name, tuple[Crl, ...]]
    answers: Mapping[int, tuple[OcspAnswer, ...]]

    @classmethod
    def of(
        cls, crls: Iterable[x509.CertificateRevocationList] = (), answers: Iterable[OcspAnswer] = ()
    ) -> StatusIndex:
        """Raises `ValueError` for a CRL that cannot be read."""
        return cls(crls={}, answers={}).joined(crls, answers)

    def joined(
        self, crls: Iterable[x509.CertificateRevocationList], answers: Iterable[OcspAnswer]
    ) -> StatusIndex:
        """Returns an index that has these too. Raises `ValueError` as `of`."""
        by_issuer, by_serial = dict(self.crls), dict(self.answers)
        for crl in crls:
            by_issuer[crl.issuer] = _sorted((*by_issuer.get(crl.issuer, ()), Crl.of(crl)))
        for answer in answers:
            serial = answer.response.serial_number
            by_serial[serial] = _sorted((*by_serial.get(serial, ()), answer))
        return StatusIndex(crls=by_issuer, answers=by_serial)

    def lists_about(self, certificate: x509.Certificate) -> tuple[Crl, ...]:
        """The CRLs under the name of the issuer of `certificate`, whoever signed them."""
        return self.crls.get(certificate.issuer, ())

    def about(self, certificate: x509.Certificate) -> tuple[Source, ...]:
        """The CRLs, and the OCSP answers that name `certificate`, whoever signed them; oldest first."""
        answers = [a for a in self.answers.get(certificate.serial_number, ()) if a.names(certificate)]
        sources: tuple[Source, ...] = self.lists_about(certificate)
        return tuple(sorted((*sources, *answers), key=lambda each: each.this_update)) if answers else sources


def revocation(
    path: tuple[x509.Certificate, ...],
    *,
    at: datetime,
    policy: Policy,
    known: StatusIndex,
    above: Sequence[x509.Certificate] = (),
    purpose: Purpose = Purpose.SEAL,
) -> Standing | Refused | Undecided:
    """Judges each certificate of `path`, and says by what.

    The anchor needs no source, but one that names it is heeded when a certificate of `above` (the anchor's
    issuers, as far as they are known; itself when self-signed) signed it.
    """
    unknown: str | None = None
    warnings: tuple[str, ...] = ()
    sources: list[Source] = []
    for position, certificate in enumerate(path):
        is_anchor = position == len(path) - 1
        issuers = above if is_anchor else path[position + 1 : position + 2]
        about = known.about(certificate)
        authentic = _authentic(about, issuers, policy, known)
        name = f"'{certificate.subject.rfc4514_string()[:200]}'"
        stamps = purpose is Purpose.TIMESTAMP and position == 0
        since = _revoked_since(certificate, authentic, at, unexplained_from_ever=stamps)
        if since is not None:
            when = "an unknown time" if since == BEGINNING else since.isoformat()
            sentence = f"{name} is revoked since {when}"
            return Refused(reason=Reason.CERTIFICATE_REVOKED, detail=sentence, certificate=path[0])
        by = None if is_anchor else _covering(certificate, authentic, at, policy)
        if by is not None:
            sources += (by, *_behind(by, issuers, policy, known))
        if is_anchor or by is not None:
            continue
        if policy.revocation is Revocation.REQUIRED or about or _names_source(certificate):
            unknown = unknown or f"no CRL or OCSP answer at hand says whether {name} held at {at.isoformat()}"
        else:
            warnings = (NOT_CHECKED,)
    if unknown and policy.revocation is Revocation.WARNED:
        warnings = (Reason.REVOCATION_UNKNOWN.value,)
    elif unknown:
        return Undecided(reason=Reason.REVOCATION_UNKNOWN, detail=unknown, certificate=path[0])
    return Standing(warnings=warnings, sources=tuple(dict.fromkeys(sources)))


def turning_points(certificate: x509.Certificate, known: StatusIndex, policy: Policy) -> Iterator[datetime]:
    """Yields every time at which the judgement of `certificate` may change."""
    for source in known.about(certificate):
        yield source.this_update
        yield from source.span(policy) or ()
        entry = source.entry(certificate)
        if entry is not None:
            yield entry.since


def _sorted(sources: tuple[_S, ...]) -> tuple[_S, ...]:
    return tuple(sorted(sources, key=lambda each: each.this_update))


def _authentic(
    about: Iterable[Source], issuers: Sequence[x509.Certificate], policy: Policy, known: StatusIndex
) -> list[Source]:
    """Those that bear the word of one of `issuers`, by keys and algorithms that count."""
    return [
        source
        for source in about
        if source.usable
        and source.allowed(policy)
        and any(source.signed_by(issuer) and _held(source, issuer, policy, known) for issuer in issuers)
    ]


def _held(source: Source, issuer: x509.Certificate, policy: Policy, known: StatusIndex) -> bool:
    """Whether the responder behind an OCSP answer was in good standing when it answered (RFC 6960 section
    4.2.2.2.1): never when a CRL at hand revokes it; id-pkix-ocsp-nocheck spares it from having to be
    covered."""
    responder = source.responder(issuer) if isinstance(source, OcspAnswer) else issuer
    if not isinstance(source, OcspAnswer) or responder is None or responder == issuer:
        return True
    lists = _lists(responder, issuer, policy, known)
    if _revoked_since(responder, lists, source.produced_at) is not None:
        return False
    if _has(responder, ExtensionOID.OCSP_NO_CHECK) or _covering(responder, lists, source.produced_at, policy):
        return True
    return policy.revocation is not Revocation.REQUIRED and not lists and not _names_source(responder)


def _behind(
    source: Source, issuers: Sequence[x509.Certificate], policy: Policy, known: StatusIndex
) -> Iterator[Source]:
    """The list by which the responder behind an OCSP answer was in good standing."""
    if not isinstance(source, OcspAnswer):
        return
    for issuer in issuers:
        responder = source.responder(issuer)
        if responder is not None and responder != issuer:
            lists = _lists(responder, issuer, policy, known)
            covering = _covering(responder, lists, source.produced_at, policy)
            if covering is not None:
                yield covering


def _lists(
    responder: x509.Certificate, issuer: x509.Certificate, policy: Policy, known: StatusIndex
) -> list[Crl]:
    return [
        crl
        for crl in known.lists_about(responder)
        if crl.usable and crl.allowed(policy) and crl.signed_by(issuer)
    ]


def _covering(
    certificate: x509.Certificate, authentic: Iterable[_S], at: datetime, policy: Policy
) -> _S | None:
    """The newest that says that `certificate` was good at `at`, by being silent."""
    found = [each for each in authentic if usable(each, at=at, policy=policy) and each.takes_in(certificate)]
    return found[-1] if found else None


def _revoked_since(
    certificate: x509.Certificate,
    authentic: Iterable[Source],
    at: datetime,
    *,
    unexplained_from_ever: bool = False,
) -> datetime | None:
    """Since when `certificate` is revoked, judged at `at`; None when not. `authentic`: oldest first."""
    hold: datetime | None = None
    for source in authentic:
        entry = source.entry(certificate)
        if entry is None:
            if source.this_update <= at and source.takes_in(certificate):
                hold = None
        elif unexplained_from_ever and not entry.explained:
            return BEGINNING
        elif entry.since <= at:
            if not entry.hold:
                return entry.since
            hold = entry.since
    return hold


def _has(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bool:
    return any(extension.oid == oid for extension in certificate.extensions)


def _names_source(certificate: x509.Certificate) -> bool:
    for extension in certificate.extensions:
        if extension.oid in (ExtensionOID.CRL_DISTRIBUTION_POINTS, ExtensionOID.FRESHEST_CRL):
            return True
        if isinstance(extension.value, x509.AuthorityInformationAccess):
            methods = {description.access_method for description in extension.value}
            if AuthorityInformationAccessOID.OCSP in methods:
                return True
    return False
