"""Verdicts and their reasons.

Three verdicts: `Sound`, `Refused` (somebody is wrong, and trying again changes nothing), `Undecided` (a fact
is missing; try later). The reasons and their sentences are those of `signing.reasons`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509
from lxml import etree

from signing.reasons import SENTENCES, Reason, Sentence

if TYPE_CHECKING:
    from signing.revocation.source import Source

__all__ = ["SENTENCES", "Reason", "Refused", "Sentence", "Sound", "Undecided", "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The whole document but its signature was signed, by a trusted signer entitled to sign, when its
    certificate held.

    Only `signing.verify` makes one.
    """

    root: etree._Element
    """The tree that was signed: without the signature, and without comments when it does not cover them."""
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
    sources: tuple[Source, ...] = ()
    """The CRLs and OCSP answers by which the chain was judged, to be kept with what was sealed."""
    place: tuple[str, ...] = ()
    """Where the signature stood: the expanded names of the elements around it, the root first."""


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
