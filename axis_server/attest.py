"""What the axis attests: evidence documents, built from what is kept and signed with the axis's key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from signing.evidence import ContentPart, EventId, EventReason, EvidenceRecord, Party, write
from signing.keys import Signer
from storage.ledger.records import Entry, Evidence, Statement
from storage.ledger.registry import Agency

Names = Mapping[str, str]
"""Agency id to display name, as the directory has it at the time."""

REFUSED_BY_RECIPIENT = "REFUSED_BY_RECIPIENT"
"""Reason code of a ConsignmentRejection; the recipient's own words are its detail."""
TAKEN_BACK = "TAKEN_BACK"
"""Reason code of a ConsignmentRejection: the recipient gave the document back; why it was asked to is the
detail."""
NOT_HANDED_OVER_IN_TIME = "NOT_HANDED_OVER_IN_TIME"
"""Reason code of a ContentHandoverFailure; the deadline is its detail."""
NOT_ANSWERED_IN_TIME = "NOT_ANSWERED_IN_TIME"
"""Reason code of an AcceptanceRejectionExpiry; the deadline is its detail."""
STATEMENT = "statement"
"""How an evidence about a statement names the one part that a statement has."""
XML = "application/xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What an evidence about one delivery has to say of it."""

    entry: Entry
    recipient: Party
    at: datetime
    delegate: Party | None = None
    """Who acted for the recipient, when that was another agency."""


class Attestor:
    """Issues evidence. It computes a signature, so call it in a worker thread; what it issues is not kept
    yet."""

    def __init__(self, *, issuer: Party, signer: Callable[[], Signer], new_id: Callable[[], str]) -> None:
        self._issuer = issuer
        self._signer = signer
        self._new_id = new_id

    def submission_accepted(
        self, entry: Entry, recipients: Names, *, delegate: Party | None = None
    ) -> Evidence:
        """SubmissionAcceptance: the digest of every part, and the frozen recipients, in their order."""
        return self._for_all(EventId.SUBMISSION_ACCEPTANCE, entry, recipients, entry.accepted_at, delegate)

    def content_consigned(
        self, entry: Entry, recipients: Names, *, delegate: Party | None = None
    ) -> Evidence:
        """ContentConsignment: every part lies ready for every recipient."""
        return self._for_all(EventId.CONTENT_CONSIGNMENT, entry, recipients, entry.accepted_at, delegate)

    def content_joined(
        self, entry: Entry, added: Names, at: datetime, *, delegate: Party | None = None
    ) -> Evidence:
        """ContentConsignment of an earlier dispatch to recipients that an update adds at `at`."""
        return self._for_all(EventId.CONTENT_CONSIGNMENT, entry, added, at, delegate)

    def submission_rejected(
        self,
        *,
        dispatch_id: str,
        sender: Agency,
        sha256: str,
        at: datetime,
        code: str,
        detail: str,
        delegate: Party | None = None,
    ) -> Evidence:
        """SubmissionRejection: the digest of the package, and why. It names no recipient: nothing was
        resolved."""
        record = EvidenceRecord(
            evidence_id=self._new_id(),
            event=EventId.SUBMISSION_REJECTION,
            at=at,
            issuer=self._issuer,
            sender=Party(agency_id=sender.agency_id, name=sender.name),
            sender_delegate=delegate,
            recipients=(),
            message_id=dispatch_id,
            submitted_at=at,
            parts=(ContentPart(identifier="original", content_type=XML, sha256=sha256),),
            reasons=(EventReason(code=code, details=detail),),
        )
        return self._issue(record, dispatch_id=dispatch_id)

    def fetched(self, of: Occasion) -> Evidence:
        """ContentAccessTracking: the recipient's system begins to take the bytes."""
        return self._for_one(EventId.CONTENT_ACCESS_TRACKING, of)

    def handed_over(self, of: Occasion) -> Evidence:
        """ContentHandover: the recipient's system took every part and proved each digest."""
        return self._for_one(EventId.CONTENT_HANDOVER, of)

    def consignment_accepted(self, of: Occasion) -> Evidence:
        """ConsignmentAcceptance: the recipient's clerk accepted."""
        return self._for_one(EventId.CONSIGNMENT_ACCEPTANCE, of)

    def consignment_rejected(self, of: Occasion, *, reason: str) -> Evidence:
        """ConsignmentRejection: the recipient's clerk refused, with a reason."""
        return self._for_one(EventId.CONSIGNMENT_REJECTION, of, REFUSED_BY_RECIPIENT, reason)

    def taken_back(self, of: Occasion, *, reason: str) -> Evidence:
        """ConsignmentRejection: the recipient agreed to give back what it had not answered; `reason` is
        why the sender asked."""
        return self._for_one(EventId.CONSIGNMENT_REJECTION, of, TAKEN_BACK, reason)

    def handover_failed(self, of: Occasion, *, deadline: datetime) -> Evidence:
        """ContentHandoverFailure: the deadline passed and the recipient had not proved that it holds it."""
        return self._for_one(
            EventId.CONTENT_HANDOVER_FAILURE, of, NOT_HANDED_OVER_IN_TIME, deadline.isoformat()
        )

    def answer_expired(self, of: Occasion, *, deadline: datetime) -> Evidence:
        """AcceptanceRejectionExpiry: the deadline passed and nobody had accepted or refused."""
        return self._for_one(
            EventId.ACCEPTANCE_REJECTION_EXPIRY, of, NOT_ANSWERED_IN_TIME, deadline.isoformat()
        )

    def statement_received(
        self, entry: Entry, statement: Statement, names: Names, *, at: datetime, delegate: Party | None = None
    ) -> Evidence:
        """SubmissionAcceptance of a statement about `entry`: a message from the agency that states it, to
        the other party of the delivery."""
        sender = Party(agency_id=entry.sender_id, name=entry.sender_name)
        recipient = _party(statement.recipient_id, names)
        by_recipient = statement.agency_id == statement.recipient_id
        states, hears = (recipient, sender) if by_recipient else (sender, recipient)
        record = EvidenceRecord(
            evidence_id=self._new_id(),
            event=EventId.SUBMISSION_ACCEPTANCE,
            at=at,
            issuer=self._issuer,
            sender=states,
            sender_delegate=delegate,
            recipients=(hears,),
            message_id=statement.statement_id,
            submitted_at=statement.received_at,
            document_id=entry.document_id,
            parts=(ContentPart(identifier=STATEMENT, content_type=XML, sha256=statement.statement_id),),
        )
        return self._issue(record, dispatch_id=entry.dispatch_id, recipient_id=statement.recipient_id)

    def _for_all(
        self, event: EventId, entry: Entry, recipients: Names, at: datetime, delegate: Party | None
    ) -> Evidence:
        record = EvidenceRecord(
            evidence_id=self._new_id(),
            event=event,
            at=at,
            issuer=self._issuer,
            sender=Party(agency_id=entry.sender_id, name=entry.sender_name),
            sender_delegate=delegate,
            recipients=tuple(_party(recipient, recipients) for recipient in recipients),
            message_id=entry.dispatch_id,
            submitted_at=entry.accepted_at,
            document_id=entry.document_id,
            parts=_parts(entry),
        )
        return self._issue(record, dispatch_id=entry.dispatch_id)

    def _for_one(self, event: EventId, of: Occasion, code: str = "", details: str = "") -> Evidence:
        entry = of.entry
        record = EvidenceRecord(
            evidence_id=self._new_id(),
            event=event,
            at=of.at,
            issuer=self._issuer,
            sender=Party(agency_id=entry.sender_id, name=entry.sender_name),
            recipients=(of.recipient,),
            recipients_delegate=of.delegate,
            message_id=entry.dispatch_id,
            submitted_at=entry.accepted_at,
            about_recipient=1,
            document_id=entry.document_id,
            parts=_parts(entry),
            reasons=(EventReason(code=code, details=details),) if code else (),
        )
        return self._issue(record, dispatch_id=entry.dispatch_id, recipient_id=of.recipient.agency_id)

    def _issue(self, record: EvidenceRecord, *, dispatch_id: str, recipient_id: str = "") -> Evidence:
        return Evidence(
            evidence_id=record.evidence_id,
            dispatch_id=dispatch_id,
            event=record.event,
            issued_at=record.at,
            content=write(record, signer=self._signer()),
            recipient_id=recipient_id,
        )


def _party(agency_id: str, names: Names) -> Party:
    return Party(agency_id=agency_id, name=names.get(agency_id, ""))


def _parts(entry: Entry) -> tuple[ContentPart, ...]:
    return tuple(
        ContentPart(identifier=part.identifier, content_type=part.content_type, sha256=part.sha256)
        for part in entry.parts
    )
