"""What the axis attests: evidence documents, built from what is kept and signed with the axis's key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from signing.evidence import ContentPart, EventId, EventReason, EvidenceRecord, Party, write
from signing.keys import Signer
from storage.ledger.records import Entry, Evidence, Statement
from storage.ledger.registry import Agency

Names = Mapping[str, str]
"""Agency id to display name, as the directory has it at the time."""

REFUSED_BY_RECIPIENT = "REFUSED_BY_RECIPIENT"
"""Reason code of a ConsignmentRejection; the recipient's own words are its detail."""
STATEMENT = "statement"
"""How an evidence about a statement names the one part that a statement has."""
XML = "application/xml"


class Attestor:
    """Issues evidence. It computes a signature, so call it in a worker thread; what it issues is not kept
    yet."""

    def __init__(self, *, issuer: Party, signer: Signer, new_id: Callable[[], str]) -> None:
        self._issuer = issuer
        self._signer = signer
        self._new_id = new_id

    def submission_accepted(self, entry: Entry, recipients: Names) -> Evidence:
        """SubmissionAcceptance: the digest of every part, and the frozen recipients, in their order."""
        return self._for_all(EventId.SUBMISSION_ACCEPTANCE, entry, recipients)

    def content_consigned(self, entry: Entry, recipients: Names) -> Evidence:
        """ContentConsignment: every part lies ready for every recipient."""
        return self._for_all(EventId.CONTENT_CONSIGNMENT, entry, recipients)

    def submission_rejected(
        self, *, dispatch_id: str, sender: Agency, sha256: str, at: datetime, code: str, detail: str
    ) -> Evidence:
        """SubmissionRejection: the digest of the package, and why. It names no recipient: nothing was
        resolved."""
        record = EvidenceRecord(
            evidence_id=self._new_id(),
            event=EventId.SUBMISSION_REJECTION,
            at=at,
            issuer=self._issuer,
            sender=Party(agency_id=sender.agency_id, name=sender.name),
            recipients=(),
            message_id=dispatch_id,
            submitted_at=at,
            parts=(ContentPart(identifier="original", content_type=XML, sha256=sha256),),
            reasons=(EventReason(code=code, details=detail),),
        )
        return self._issue(record, dispatch_id=dispatch_id)

    def handed_over(self, entry: Entry, statement: Statement, names: Names) -> Evidence:
        """ContentHandover: the recipient's system took every part and proved each digest."""
        return self._for_one(EventId.CONTENT_HANDOVER, entry, statement, names)

    def consignment_accepted(self, entry: Entry, statement: Statement, names: Names) -> Evidence:
        """ConsignmentAcceptance: the recipient's clerk accepted."""
        return self._for_one(EventId.CONSIGNMENT_ACCEPTANCE, entry, statement, names)

    def consignment_rejected(
        self, entry: Entry, statement: Statement, names: Names, *, reason: str
    ) -> Evidence:
        """ConsignmentRejection: the recipient's clerk refused, with a reason."""
        why = EventReason(code=REFUSED_BY_RECIPIENT, details=reason)
        return self._for_one(EventId.CONSIGNMENT_REJECTION, entry, statement, names, (why,))

    def statement_received(self, entry: Entry, statement: Statement, names: Names) -> Evidence:
        """SubmissionAcceptance of a statement: a message from the agency that reports to the document's
        sender."""
        record = EvidenceRecord(
            evidence_id=self._new_id(),
            event=EventId.SUBMISSION_ACCEPTANCE,
            at=statement.received_at,
            issuer=self._issuer,
            sender=_party(statement.agency_id, names),
            recipients=(Party(agency_id=entry.sender_id, name=entry.sender_name),),
            message_id=statement.statement_id,
            submitted_at=statement.received_at,
            document_id=entry.document_id,
            parts=(ContentPart(identifier=STATEMENT, content_type=XML, sha256=statement.statement_id),),
        )
        return self._issue(record, dispatch_id=entry.dispatch_id, recipient_id=statement.agency_id)

    def _for_all(self, event: EventId, entry: Entry, recipients: Names) -> Evidence:
        record = EvidenceRecord(
            evidence_id=self._new_id(),
            event=event,
            at=entry.accepted_at,
            issuer=self._issuer,
            sender=Party(agency_id=entry.sender_id, name=entry.sender_name),
            recipients=tuple(_party(recipient, recipients) for recipient in recipients),
            message_id=entry.dispatch_id,
            submitted_at=entry.accepted_at,
            document_id=entry.document_id,
            parts=_parts(entry),
        )
        return self._issue(record, dispatch_id=entry.dispatch_id)

    def _for_one(
        self,
        event: EventId,
        entry: Entry,
        statement: Statement,
        names: Names,
        reasons: tuple[EventReason, ...] = (),
    ) -> Evidence:
        record = EvidenceRecord(
            evidence_id=self._new_id(),
            event=event,
            at=statement.received_at,
            issuer=self._issuer,
            sender=Party(agency_id=entry.sender_id, name=entry.sender_name),
            recipients=(_party(statement.agency_id, names),),
            message_id=entry.dispatch_id,
            submitted_at=entry.accepted_at,
            about_recipient=1,
            document_id=entry.document_id,
            parts=_parts(entry),
            reasons=reasons,
        )
        return self._issue(record, dispatch_id=entry.dispatch_id, recipient_id=statement.agency_id)

    def _issue(self, record: EvidenceRecord, *, dispatch_id: str, recipient_id: str = "") -> Evidence:
        return Evidence(
            evidence_id=record.evidence_id,
            dispatch_id=dispatch_id,
            event=record.event,
            issued_at=record.at,
            content=write(record, signer=self._signer),
            recipient_id=recipient_id,
        )


def _party(agency_id: str, names: Names) -> Party:
    return Party(agency_id=agency_id, name=names.get(agency_id, ""))


def _parts(entry: Entry) -> tuple[ContentPart, ...]:
    return tuple(
        ContentPart(identifier=part.identifier, content_type=part.content_type, sha256=part.sha256)
        for part in entry.parts
    )
