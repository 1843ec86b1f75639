"""What a signature must be, as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Revocation(StrEnum):
    """How much must be known about revocation."""

    REQUIRED = "required"
    """Every certificate below the anchor must be covered by a CRL or OCSP answer that holds when judged, else
    undecided."""
    DECLARED = "declared"
    """The same for certificates that name a revocation source (CRL distribution point, OCSP), or whose
    issuer's CRL was given; others are sound with the warning `REVOCATION_NOT_CHECKED`."""
    WARNED = "warned"
    """What is not known is no obstacle: sound with the warning `REVOCATION_UNKNOWN`. What is known to be
    revoked is refused all the same."""


class Purpose(StrEnum):
    """What a certificate is to be used for."""

    SEAL = "seal"
    """Sealing documents, statements and evidence."""
    CONNECT = "connect"
    """Proving a client in mutual TLS."""
    TIMESTAMP = "timestamp"
    """Signing time-stamps (RFC 3161)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of a verdict. The defaults are the law's (see docs/decisions)."""

    rsa_bits: int = 2048
    curves: frozenset[str] = frozenset({"secp256r1", "secp384r1", "secp521r1"})
    digests: frozenset[str] = frozenset({"sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512"})
    allow_legacy: bool = False
    """The named switch for reading old packages: SHA-1 digests and rsa-sha1, RSA from 1024 bits. Sound then
    carries the warning `LEGACY_ALGORITHM`. Never for intake."""
    revocation: Revocation = Revocation.DECLARED
    clock_skew: timedelta = timedelta(minutes=5)
    """How far ahead of the time judged a claimed SigningTime may lie; how far the clocks of time-stamping
    authorities and OCSP responders may differ from ours."""
    unbounded_answer: timedelta = timedelta(hours=1)
    """How long after thisUpdate an OCSP answer without nextUpdate counts."""
    revocation_grace: timedelta = timedelta()
    """How long past its nextUpdate a CRL or an OCSP answer still counts, while no newer one can be had."""


DEFAULT_POLICY = Policy()
