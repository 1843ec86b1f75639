"""Does the axis's evidence prove what happened here? Every evidence passes here before it is used.

examiner = Examiner(trust=profile.trust, me=me, now=now)
proof = examiner.examine(evidence)               # its seal, its issuer, what it calls itself
check_dispatch(proof, dispatch_id=..., ...)      # that it speaks of this dispatch,
check_parts(proof, parts)                        # of these very bytes,
check_recipients(proof, recipients)              # and of these recipients
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from axis_client.errors import EvidenceError, TryLater, explain
from axis_client.model import Evidence, Me, Proof, Record, Statement
from signing.evidence import ContentPart, EventId, EvidenceRecord, NotEvidence, missing_parts, read
from signing.parser import Malformed
from signing.policy import DEFAULT_POLICY, Policy
from signing.trust import TrustStore
from signing.verdict import Sound, Undecided, Verdict
from signing.verify import verify

STATEMENT = "statement"
"""How an evidence about a reported state names its one part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """What an evidence is held against."""

    trust: TrustStore
    me: Me
    now: datetime
    policy: Policy = DEFAULT_POLICY

    def examine(self, evidence: Evidence) -> Proof:
        """Verifies one evidence by itself: sealed by this axis with a certificate that the caller's trust
        vouches for, and saying what the axis says of it.

        Judged at the time it bears, so that it still holds when its certificate has run out; never in the
        future. Raises `EvidenceError`, or `TryLater` when a revocation list is missing.
        """
        verdict = self._verdict(evidence)
        if isinstance(verdict, Undecided):
            raise explain(TryLater, "EVIDENCE_UNDECIDED", f"{verdict.reason}: {verdict.detail}")
        if not isinstance(verdict, Sound):
            raise _broken("EVIDENCE_NOT_SOUND", f"{verdict.reason}: {verdict.detail}", evidence)
        issuers = {_fingerprint(certificate) for certificate in self.me.axis_certificates}
        if _fingerprint(verdict.certificate) not in issuers:
            raise _broken("EVIDENCE_ISSUER", verdict.certificate.subject.rfc4514_string(), evidence)
        try:
            record = read(verdict)
        except NotEvidence as exc:
            raise _broken("EVIDENCE_NOT_SOUND", str(exc), evidence) from exc
        self._check_names(evidence, record)
        return Proof(evidence=evidence, record=record, warnings=verdict.warnings)

    async def examine_all(self, evidence: Sequence[Evidence]) -> tuple[Proof, ...]:
        """Examines each, in a worker thread: signatures take time. Raises as `examine`."""
        return await asyncio.to_thread(lambda: tuple(self.examine(entry) for entry in evidence))

    async def examine_records(self, records: Sequence[Evidence | Statement]) -> list[Record]:
        """Examines the evidence among them, in a worker thread, and that each statement is the one that its
        name says. Raises as `examine`."""
        return await asyncio.to_thread(lambda: [self._examined(record) for record in records])

    def _examined(self, record: Evidence | Statement) -> Record:
        if isinstance(record, Evidence):
            return self.examine(record)
        check_statement(record)
        return record

    def _verdict(self, evidence: Evidence) -> Verdict:
        at = min(evidence.issued_at, self.now)
        try:
            return verify(evidence.content, trust=self.trust, at=at, policy=self.policy)
        except Malformed as exc:
            raise _broken("EVIDENCE_NOT_SOUND", str(exc), evidence) from exc

    def _check_names(self, evidence: Evidence, record: EvidenceRecord) -> None:
        """The label on the evidence and the evidence must agree, else one could stand for another."""
        if record.issuer.agency_id != self.me.axis_id:
            raise _broken("EVIDENCE_ISSUER", record.issuer.agency_id, evidence)
        labelled, signed = (evidence.evidence_id, evidence.event), (record.evidence_id, str(record.event))
        if labelled != signed or evidence.recipient_id not in about(record):
            said = (*signed, *sorted(about(record)))
            detail = f"it is labelled {(*labelled, evidence.recipient_id)} and says {said}"
            raise _broken("EVIDENCE_MISMATCH", detail, evidence)
        if abs(record.at - evidence.issued_at).total_seconds() >= 1:
            raise _broken("EVIDENCE_MISMATCH", "it bears another time than its label", evidence)


def is_receipt(record: EvidenceRecord) -> bool:
    """True when a SubmissionAcceptance is about a reported state, not about the document."""
    return [part.identifier for part in record.parts] == [STATEMENT]


def about(record: EvidenceRecord) -> frozenset[str]:
    """Returns the agency that a record speaks about: one recipient, or nobody by name (empty) when it speaks
    of all. A receipt is about the delivery that its statement speaks of: that of the recipient who stated
    something, or of the one whom the sender asked."""
    if is_receipt(record):
        return frozenset({record.sender.agency_id, *(party.agency_id for party in record.recipients)})
    number = record.about_recipient
    if number is None:
        return frozenset({""})
    if not 1 <= number <= len(record.recipients):
        return frozenset({f"recipient number {number} of {len(record.recipients)}"})
    return frozenset({record.recipients[number - 1].agency_id})


def of_event(proofs: Sequence[Proof], event: EventId) -> Proof:
    """Returns the one proof of an event. Raises `EvidenceError` when it is not there."""
    for proof in proofs:
        if proof.record.event == event:
            return proof
    raise explain(EvidenceError, "EVIDENCE_MISSING", str(event))


def check_dispatch(proof: Proof, *, dispatch_id: str, sender_id: str, document_id: str) -> None:
    """Checks that a proof speaks of this dispatch."""
    record = proof.record
    _equal(proof, "dispatch", record.message_id, dispatch_id)
    _equal(proof, "sender", record.sender.agency_id, sender_id)
    _equal(proof, "document", record.document_id, document_id)


def check_parts(proof: Proof, parts: Sequence[ContentPart]) -> None:
    """Checks that a proof lists exactly these files with exactly these digests."""
    missing = missing_parts(proof.record, parts)
    if missing:
        raise _broken(
            "EVIDENCE_MISMATCH", f"without the right digest of: {', '.join(missing)}", proof.evidence
        )
    if len(proof.record.parts) != len(parts):
        detail = f"it lists {len(proof.record.parts)} files, and there are {len(parts)}"
        raise _broken("EVIDENCE_MISMATCH", detail, proof.evidence)


def check_recipients(proof: Proof, recipients: Sequence[str]) -> None:
    """Checks that a proof names exactly these recipients, in any order."""
    named = [party.agency_id for party in proof.record.recipients]
    if len(named) != len(set(named)) or set(named) != set(recipients):
        wrong = sorted(set(named) ^ set(recipients))
        raise _broken("EVIDENCE_MISMATCH", f"recipients differ: {', '.join(wrong)}", proof.evidence)


def check_refusal(proof: Proof, *, sha256: str, sender_id: str) -> None:
    """Checks that a SubmissionRejection is about the package or statement `sha256`, and gives a reason."""
    _equal(proof, "event", str(proof.record.event), str(EventId.SUBMISSION_REJECTION))
    _equal(proof, "sender", proof.record.sender.agency_id, sender_id)
    if sha256 not in {part.sha256 for part in proof.record.parts} or not proof.record.reasons:
        raise _broken("EVIDENCE_MISMATCH", "it refuses something else, or without a reason", proof.evidence)


def check_statement(statement: Statement) -> None:
    """Checks that a statement is the one that its name says. Raises `EvidenceError`."""
    if hashlib.sha256(statement.content).hexdigest() != statement.statement_id:
        raise explain(EvidenceError, "CONTENT_MISMATCH", f"statement {statement.statement_id}")


def mismatch(proof: Proof, what: str, said: str, meant: str) -> EvidenceError:
    """Makes the error of an evidence that says one thing where another is meant."""
    return _broken("EVIDENCE_MISMATCH", f"{what} is {said!r} instead of {meant!r}", proof.evidence)


def _equal(proof: Proof, what: str, said: str, meant: str) -> None:
    if said != meant:
        raise mismatch(proof, what, said, meant)


def _broken(reason: str, detail: str, evidence: Evidence) -> EvidenceError:
    error = explain(EvidenceError, reason, f"{evidence.event}: {detail}", evidence_id=evidence.evidence_id)
    error.evidence = evidence
    return error


def _fingerprint(certificate: x509.Certificate) -> bytes:
    return certificate.fingerprint(hashes.SHA256())
