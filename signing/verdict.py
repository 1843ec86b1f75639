"""Verdicts and their reasons.

Three verdicts: `Sound`, `Refused` (somebody is wrong, and trying again changes nothing), `Undecided` (a fact is
missing; try later). Each reason is stable: scripts and documents name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from lxml import etree


class Reason(StrEnum):
    """Why a verdict is what it is. Described for readers in `SENTENCES`."""

    SOUND = "SOUND"
    # unreadable
    XML_MALFORMED = "XML_MALFORMED"
    XML_FORBIDDEN = "XML_FORBIDDEN"
    XML_TOO_LARGE = "XML_TOO_LARGE"
    # the signature says nothing, or not enough
    UNSIGNED = "UNSIGNED"
    PSEUDO_SIGNATURE = "PSEUDO_SIGNATURE"
    MULTIPLE_SIGNATURES = "MULTIPLE_SIGNATURES"
    SIGNATURE_MALFORMED = "SIGNATURE_MALFORMED"
    PARTIAL_SIGNATURE = "PARTIAL_SIGNATURE"
    DUPLICATE_ID = "DUPLICATE_ID"
    TRANSFORM_FORBIDDEN = "TRANSFORM_FORBIDDEN"
    REFERENCE_FORBIDDEN = "REFERENCE_FORBIDDEN"
    ALGORITHM_FORBIDDEN = "ALGORITHM_FORBIDDEN"
    LEGACY_ALGORITHM = "LEGACY_ALGORITHM"
    KEY_TOO_WEAK = "KEY_TOO_WEAK"
    # the mathematics
    DIGEST_MISMATCH = "DIGEST_MISMATCH"
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    ATTACHMENT_MISSING = "ATTACHMENT_MISSING"
    ATTACHMENT_MISMATCH = "ATTACHMENT_MISMATCH"
    # the signer
    CERTIFICATE_MISSING = "CERTIFICATE_MISSING"
    CERTIFICATE_MISMATCH = "CERTIFICATE_MISMATCH"
    UNTRUSTED_SIGNER = "UNTRUSTED_SIGNER"
    CERTIFICATE_EXPIRED = "CERTIFICATE_EXPIRED"
    CERTIFICATE_NOT_YET_VALID = "CERTIFICATE_NOT_YET_VALID"
    CERTIFICATE_REVOKED = "CERTIFICATE_REVOKED"
    KEY_USAGE_FORBIDDEN = "KEY_USAGE_FORBIDDEN"
    CHAIN_INVALID = "CHAIN_INVALID"
    SIGNED_IN_FUTURE = "SIGNED_IN_FUTURE"
    SIGNED_OUTSIDE_VALIDITY = "SIGNED_OUTSIDE_VALIDITY"
    # a fact is missing
    REVOCATION_UNKNOWN = "REVOCATION_UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What a reason means, for people."""

    english: str
    vietnamese: str
    next_step: str
    """English; what the reader can do."""
    next_step_vietnamese: str


SENTENCES: Mapping[Reason, Sentence] = {}
"""One for every reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The whole document but its signature was signed, by a trusted signer entitled to sign, when its certificate held.

    Only `signing.verify` makes one.
    """

    root: etree._Element
    """The tree that was signed: the signature is taken out, and so are comments when the signature does not cover them."""
    certificate: x509.Certificate
    """The signer's: the one whose key verified and whose chain was judged."""
    chain: tuple[x509.Certificate, ...]
    """From the signer's certificate to the anchor, both included."""
    signed_at: datetime | None
    """Claimed SigningTime (XAdES), aware; None when the signature claims none."""
    detached: Mapping[str, str] = field(default_factory=dict)
    """Digest references beside the document itself: URI as written, such as `cid:209` -> SHA-256 in hex."""
    warnings: tuple[str, ...] = ()
    """Stable codes, such as `REVOCATION_NOT_CHECKED`, `LEGACY_ALGORITHM`, `DETACHED_NOT_CHECKED`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Not to be relied on, whoever asks and however often."""

    reason: Reason
    detail: str
    """English, for a log or a clerk's small print; holds nothing of the document's content."""
    certificate: x509.Certificate | None = None
    """The signer's, as far as it is known; not to be trusted."""
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """Right as far as one can see, but a fact is missing."""

    reason: Reason
    detail: str
    certificate: x509.Certificate | None = None
    signed_at: datetime | None = None


Verdict = Sound | Refused | Undecided
