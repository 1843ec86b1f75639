"""What an evidence says, whatever its form on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from signing.evidence.events import EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An agency in an evidence: its identifier and its name."""

    agency_id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentPart:
    """PartInfo: one file and its digest."""

    identifier: str
    content_type: str
    sha256: str
    """Hexadecimal, lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReason:
    """Why, on a negative or conditional event: a stable code and a sentence."""

    code: str
    """A reason code such as `UNKNOWN_RECIPIENT`; written as the URI `urn:national-axis:reason:<code>`."""
    details: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRecord:
    """What an evidence says; `write` turns it into signed XML, `read` gives it back."""

    evidence_id: str
    event: EventId
    at: datetime
    issuer: Party
    """The axis."""
    sender: Party
    recipients: tuple[Party, ...]
    """Numbered from 1 in this order; empty when none is known, as in a rejection at the door."""
    message_id: str
    """The dispatch id; of a statement, its statement id."""
    sender_delegate: Party | None = None
    """Who acted for the sender with a certificate of its own."""
    recipients_delegate: Party | None = None
    """Who acted for the recipient that it refers to."""
    submitted_at: datetime | None = None
    about_recipient: int | None = None
    """Number (from 1) of the recipient it refers to (EvidenceRefersToRecipient)."""
    document_id: str = ""
    """The package's DocumentId (AppLayerIdentifier); it stands beside the parts, so it needs one."""
    parts: tuple[ContentPart, ...] = ()
    reasons: tuple[EventReason, ...] = ()
    """At least one on a negative event."""
    policy_ids: tuple[str, ...] = ()


class NotEvidence(Exception):
    """A sound document that is no evidence document of this kind."""


def missing_parts(record: EvidenceRecord, expected: Sequence[ContentPart]) -> tuple[str, ...]:
    """Names the parts (by identifier) of `expected` that the record lacks or lists with another digest.

    A part that the record lists twice with different digests is missing: it proves neither.
    """
    listed: dict[str, set[str]] = {}
    for part in record.parts:
        listed.setdefault(part.identifier, set()).add(part.sha256)
    return tuple(part.identifier for part in expected if listed.get(part.identifier) != {part.sha256.lower()})
