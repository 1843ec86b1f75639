"""Evidence documents: ETSI EN 319 522-3 V1.2.1, signed with XAdES-BASELINE-B."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from signing.keys import Signer
from signing.verdict import Sound


class EventId(StrEnum):
    """The 22 events; the URI is `http://uri.etsi.org/19522/Event/<name>`."""

    SUBMISSION_ACCEPTANCE = "SubmissionAcceptance"
    SUBMISSION_REJECTION = "SubmissionRejection"
    CONTENT_CONSIGNMENT = "ContentConsignment"
    CONTENT_HANDOVER = "ContentHandover"
    CONSIGNMENT_ACCEPTANCE = "ConsignmentAcceptance"
    CONSIGNMENT_REJECTION = "ConsignmentRejection"
    # The other sixteen are the implementer's to add, from the standard's list.


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
    """Numbered from 1 in this order."""
    message_id: str
    """The dispatch id; of a statement, its statement id."""
    submitted_at: datetime | None = None
    about_recipient: int | None = None
    """Number (from 1) of the recipient it refers to (EvidenceRefersToRecipient)."""
    document_id: str = ""
    """The package's DocumentId (AppLayerIdentifier)."""
    parts: tuple[ContentPart, ...] = ()
    reasons: tuple[EventReason, ...] = ()
    policy_ids: tuple[str, ...] = ()


class NotEvidence(Exception):
    """A sound document that is no evidence document of this kind."""


def write(record: EvidenceRecord, *, signer: Signer) -> bytes:
    """Returns the signed evidence document: valid against `signing/schema/evidence.xsd`, times in +07:00.

    The same record twice gives the same bytes but for the signature value.
    """
    raise NotImplementedError


def read(sound: Sound) -> EvidenceRecord:
    """Reads what a verified evidence document says. Raises `NotEvidence`."""
    raise NotImplementedError


def missing_parts(record: EvidenceRecord, expected: Sequence[ContentPart]) -> tuple[str, ...]:
    """Names the parts (by identifier) of `expected` that the record lacks or lists with another digest."""
    raise NotImplementedError
