"""What the axis serves in the end: the other half of what is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.judging.account import Seen


class Standing(NamedTuple):
    """A delivery as it is listed."""

    recipient_id: str
    mailbox_id: str
    state: int
    version: int
    asked: bool
    """A question is open."""


class Proof(NamedTuple):
    """An evidence as it is listed, and what its XML says."""

    evidence_id: str
    event: str
    recipient_id: str
    sha256: str
    said_id: str
    said_event: str
    said_about: str
    """The document or statement that it speaks of: MessageIdentifier."""
    said_recipients: tuple[str, ...]
    said_digests: tuple[str, ...]
    """Of the parts, base64 as written."""


class Stated(NamedTuple):
    """A statement as it is listed."""

    sha256: str
    agency_id: str
    code: str


@dataclass(slots=True, kw_only=True)
class Sent:
    """A dispatch as its sender is shown it."""

    dispatch_id: str
    document_id: str
    kind: int
    digests: tuple[str, ...]
    """SHA-256 of every part, the package first."""
    deliveries: tuple[Standing, ...] = ()
    proofs: tuple[Proof, ...] = ()
    statements: tuple[Stated, ...] = ()


@dataclass(slots=True)
class Served:
    """Everything that is served."""

    sent: dict[str, list[Sent]] = field(default_factory=dict)
    """By agency: its outbox."""
    events: dict[str, list[Seen]] = field(default_factory=dict)
    """By agency: its whole stream, from the beginning."""
    verified: int = 0
    """Evidence whose seal was checked with xmlsec."""
    broken: list[str] = field(default_factory=list)
    """Evidence whose seal does not hold."""
    contents: dict[str, bytes] = field(default_factory=dict)
    """By SHA-256, evidence and statements themselves, where they were wanted."""
