"""What a time-stamp says: that this content existed, when, by whose word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509

from signing.policy import DEFAULT_POLICY, Policy, Purpose
from signing.structure import Breach
from signing.timestamps.request import Imprint, TimestampRequest
from signing.timestamps.signature import check_binding, check_signature, signer_of
from signing.timestamps.token import Token, read_token
from signing.trust import TrustStore
from signing.verdict import Reason, Refused, Undecided

_OF_THE_AUTHORITY = {
    Reason.UNTRUSTED_SIGNER: Reason.TSA_UNTRUSTED,
    Reason.CERTIFICATE_EXPIRED: Reason.TSA_CERTIFICATE_EXPIRED,
    Reason.CERTIFICATE_NOT_YET_VALID: Reason.TSA_CERTIFICATE_EXPIRED,
    Reason.CERTIFICATE_REVOKED: Reason.TSA_CERTIFICATE_REVOKED,
    Reason.KEY_USAGE_FORBIDDEN: Reason.TSA_CERTIFICATE_UNFIT,
    Reason.CHAIN_INVALID: Reason.TSA_CHAIN_INVALID,
    Reason.KEY_TOO_WEAK: Reason.TIMESTAMP_ALGORITHM_FORBIDDEN,
    Reason.LEGACY_ALGORITHM: Reason.TIMESTAMP_ALGORITHM_FORBIDDEN,
    Reason.ALGORITHM_FORBIDDEN: Reason.TIMESTAMP_ALGORITHM_FORBIDDEN,
}
"""What trust says of a signer -> what that means of a time-stamp, so that nobody takes the one for the
other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """A sound time-stamp: its content existed at `latest`. Only `verify_token` makes one."""

    at: datetime
    """genTime, in UTC."""
    accuracy: timedelta | None
    """To either side; None when the authority does not say."""
    imprint: Imprint
    policy: str
    """The authority's policy, as a dotted object identifier."""
    serial: int
    certificate: x509.Certificate
    """The authority's."""
    chain: tuple[x509.Certificate, ...]
    """From the authority's certificate to the anchor, both included."""
    warnings: tuple[str, ...] = ()
    """Stable codes: `REVOCATION_NOT_CHECKED`; `LEGACY_ALGORITHM` when bound by ESSCertID alone."""

    @property
    def earliest(self) -> datetime:
        return self.at - (self.accuracy or timedelta(0))

    @property
    def latest(self) -> datetime:
        return self.at + (self.accuracy or timedelta(0))


def verify_token(
    token: bytes,
    *,
    content: bytes | Imprint,
    trust: TrustStore,
    at: datetime,
    policy: Policy = DEFAULT_POLICY,
    request: TimestampRequest | None = None,
    not_before: datetime | None = None,
    policies: frozenset[str] = frozenset(),
    intermediates: Iterable[x509.Certificate] = (),
) -> Timestamp | Refused | Undecided:
    """Judges a token over `content` (the bytes, or their digest) at the time `at`.

    `trust` holds the authorities trusted with time, and nothing else should be in it. `request` is the one
    that the token answers, when it has just come: nonce and policy must be those asked for. `not_before` is
    when `content` began to exist, as far as that is known. `policies`, when not empty, are those accepted
    (dotted). The authority's chain is judged at genTime, with every revocation known by now. Never raises for
    what the token holds; `at` and `not_before` must be aware.
    """
    # 1. The gate: one signer, a TSTInfo, nothing behind it.
    # 2. What it is about: this content, this request, an accepted policy.
    # 3. The mathematics: the certificate bound under signature, then the signature.
    # 4. The time, and the trust in whoever says it.
    certificate: x509.Certificate | None = None
    try:
        read = read_token(token)
        _check_subject(read, content, request, policies)
        signer = signer_of(read)
        certificate = signer.certificate
        warnings = check_binding(read, signer)
        check_signature(read, signer, policy)
    except Breach as breach:
        return Refused(reason=breach.reason, detail=breach.detail, certificate=certificate)
    helpers = (*(each.certificate for each in read.certificates if each is not signer), *intermediates)
    judged = trust.judge(
        signer.certificate,
        at=read.at,
        policy=replace(policy, allow_legacy=False),
        purpose=Purpose.TIMESTAMP,
        intermediates=helpers,
    )
    if isinstance(judged, Refused):
        reason = _OF_THE_AUTHORITY.get(judged.reason, judged.reason)
        return replace(judged, reason=reason, signed_at=read.at)
    sound = Timestamp(
        at=read.at,
        accuracy=read.accuracy,
        imprint=read.imprint,
        policy=read.policy,
        serial=read.serial,
        certificate=signer.certificate,
        chain=() if isinstance(judged, Undecided) else judged.certificates,
        warnings=warnings if isinstance(judged, Undecided) else (*warnings, *judged.warnings),
    )
    wrong = _wrong_time(sound, at, not_before, policy.clock_skew)
    if wrong is not None:
        return wrong
    return replace(judged, signed_at=read.at) if isinstance(judged, Undecided) else sound


def _check_subject(
    token: Token, content: bytes | Imprint, request: TimestampRequest | None, policies: frozenset[str]
) -> None:
    """What the token is about, before whose it is. Raises `Breach`."""
    expected = content if isinstance(content, Imprint) else Imprint.of(content, token.imprint.digest)
    if token.imprint != expected:
        raise Breach(Reason.TIMESTAMP_IMPRINT_MISMATCH, "the imprint is not that of the content")
    if request is not None:
        if token.imprint != request.imprint:
            raise Breach(Reason.TIMESTAMP_IMPRINT_MISMATCH, "the imprint is not the one asked for")
        if token.nonce != request.nonce:
            raise Breach(Reason.TIMESTAMP_NONCE_MISMATCH, "the nonce is not the request's")
        if request.policy is not None and token.policy != request.policy:
            raise Breach(Reason.TIMESTAMP_POLICY_FORBIDDEN, "the policy is not the one asked for")
    if policies and token.policy not in policies:
        raise Breach(Reason.TIMESTAMP_POLICY_FORBIDDEN, f"the policy {token.policy[:100]} is not accepted")


def _wrong_time(
    stamp: Timestamp, at: datetime, not_before: datetime | None, skew: timedelta
) -> Refused | None:
    """genTime against the clock here and against what is known of the content, each within `skew`."""
    if stamp.earliest - at > skew:
        reason, detail = Reason.TIMESTAMP_IN_FUTURE, "genTime lies ahead"
    elif not_before is not None and not_before - stamp.latest > skew:
        reason, detail = Reason.TIMESTAMP_BACKDATED, "genTime lies before the content began"
    else:
        return None
    return Refused(reason=reason, detail=detail, certificate=stamp.certificate, signed_at=stamp.at)
