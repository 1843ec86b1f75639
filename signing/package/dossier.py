"""What a package holds, opened, and by what time each seal in it is judged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from signing.entitlement import entitled
from signing.package.contents import Disposal
from signing.parser import Malformed
from signing.trust import TrustStore
from signing.verdict import Refused, Sound, Undecided, Verdict
from signing.verify import verify

MOST_MOMENTS = 16
"""Later revocation lists by which one seal is judged again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An evidence document or a statement, under its name in the package."""

    name: str
    content: bytes
    evidence: bool
    """False: an agency's statement."""
    proof: bytes | None = None
    renewal: bytes | None = None
    grown: bytes | None = None
    """The XAdES-B-T form of an evidence."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A checkpoint and its time-stamp; `name` is the token's."""

    name: str
    checkpoint: bytes
    token: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The files of a package that mean something, whether just collected or just opened."""

    original: bytes = b""
    disposal: Disposal | None = None
    """Where the original was lawfully destroyed."""
    attachments: Mapping[str, str] = field(default_factory=dict)
    """Name in the package -> SHA-256 in hex."""
    records: tuple[Record, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    successions: bytes = b""
    """How the log's keys followed each other; empty where a package says nothing of it."""

    @property
    def sha256(self) -> str:
        """Of the original."""
        return self.disposal.original if self.disposal else hashlib.sha256(self.original).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges seals by one trust, for the time at which they were made."""

    trust: TrustStore
    at: datetime
    """Now, or another time from which to look back."""
    moments: tuple[datetime, ...] = ()
    """When the revocation lists at hand were issued."""

    def judge(self, content: bytes, known_at: datetime | None = None) -> tuple[Verdict, datetime]:
        """Returns the verdict and the time that it is for.

        That time is `known_at`, by which evidence shows that the seal was there; else the time that the
        signer claims, else `at`. Where it is not known whether the certificate was revoked then, a list that
        was issued later and does not name it says so as well: what was not revoked later was not before.
        """
        if known_at is None:
            verdict = self._at(content, self.at)
            known_at = verdict.signed_at
            if known_at is None or known_at >= self.at:
                return verdict, self.at
        when = min(known_at, self.at)
        verdict = self._at(content, when)
        for later in self.later(when) if isinstance(verdict, Undecided) else ():
            again = self._at(content, later)
            if isinstance(again, Sound):
                return again, later
        return verdict, when

    def later(self, when: datetime) -> tuple[datetime, ...]:
        return tuple(each for each in self.moments if when < each <= self.at)[:MOST_MOMENTS]

    def _at(self, content: bytes, when: datetime) -> Verdict:
        try:
            verdict = verify(content, trust=self.trust, at=when)
        except Malformed as exc:
            return Refused(reason=exc.reason, detail=exc.detail)
        return entitled(verdict) if isinstance(verdict, Sound) else verdict
