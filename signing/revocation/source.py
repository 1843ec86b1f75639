"""What says something about a certificate's revocation, whatever its form: a CRL or an OCSP answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from cryptography import x509

from signing.policy import Policy

COMPROMISE = frozenset(
    {x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise, x509.ReasonFlags.aa_compromise}
)
BEGINNING = datetime.min.replace(tzinfo=UTC)
VERIFICATIONS_KEPT = 256
"""Issuers for which a source remembers whether its signature is theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a source says against one certificate."""

    since: datetime
    """From when on it counts; `BEGINNING` when nobody knows how far back a compromise reaches."""
    hold: bool
    explained: bool = True
    """The authority gave a reason code."""


def entry_of(
    reason: x509.ReasonFlags | None, since: datetime, invalid_since: datetime | None = None
) -> Entry:
    """What a revocation means: a compromised key has made signatures since a time that nobody knows, unless
    an invalidityDate says it; any other reason counts from its date."""
    if reason not in COMPROMISE:
        hold = reason is x509.ReasonFlags.certificate_hold
        return Entry(since=since, hold=hold, explained=reason is not None)
    return Entry(since=BEGINNING if invalid_since is None else min(invalid_since, since), hold=False)


class Source(Protocol):
    """A CRL or an OCSP answer. Immutable in what it says; safe to share between threads."""

    @property
    def usable(self) -> bool:
        """False for a form that is not understood: it says nothing."""
        ...

    @property
    def this_update(self) -> datetime: ...

    @property
    def der(self) -> bytes:
        """All of it, to be kept or stapled."""
        ...

    @property
    def sha256(self) -> str:
        """Of `der`, in hex."""
        ...

    def span(self, policy: Policy) -> tuple[datetime, datetime] | None:
        """From when to when what it does not say against a certificate means that the certificate was good,
        the policy's grace included; None when never."""
        ...

    def takes_in(self, certificate: x509.Certificate) -> bool:
        """Tells whether it is about `certificate`: then what it does not say against it means good."""
        ...

    def entry(self, certificate: x509.Certificate) -> Entry | None:
        """What it says against `certificate`, as far as its signature holds."""
        ...

    def allowed(self, policy: Policy) -> bool:
        """Tells whether the policy lets its algorithms and keys count."""
        ...

    def signed_by(self, issuer: x509.Certificate) -> bool:
        """Tells whether it bears the word of `issuer`, itself or through a responder that it authorised."""
        ...


def usable(source: Source, *, at: datetime, policy: Policy) -> bool:
    """Tells whether a kept answer may still be used at `at`. When it may not and no newer one can be had, the
    certificate's state is undecided: an old answer is never stretched, and never guessed past."""
    span = source.span(policy)
    return source.usable and span is not None and span[0] <= at <= span[1]


def due(source: Source, *, at: datetime, policy: Policy) -> bool:
    """Tells whether it is time to fetch a newer answer: half of this one's span is over, so that there is as
    much time again for a responder that is down to come back."""
    span = source.span(replace(policy, revocation_grace=timedelta()))
    return span is None or not span[0] <= at <= span[0] + (span[1] - span[0]) / 2
