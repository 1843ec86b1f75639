"""Does what a package holds belong together, and does each part of it hold?

examined = examine(dossier, trust, judge)
examined.findings          # one a file
examined.steps             # what happened, as the page tells it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from signing.dispatch import dispatch_id
from signing.entitlement import bears
from signing.evidence import EventId, EvidenceRecord, NotEvidence, read
from signing.package.destroyed import examine_destroyed
from signing.package.dossier import Dossier, Judge, Record
from signing.package.findings import (
    SENDER_NOT_IN_CERTIFICATE,
    Finding,
    State,
    of_verdict,
    refused,
    sound,
)
from signing.package.layout import ORIGINAL
from signing.parser import text_of
from signing.verdict import Reason, Sound

STATEMENT = "statement"
"""How an evidence about a statement names the one part that a statement has."""
_ATTESTING = frozenset({EventId.SUBMISSION_ACCEPTANCE, EventId.CONTENT_CONSIGNMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One record of a package and what came of it."""

    record: Record
    finding: Finding
    says: EvidenceRecord | None = None
    """What an evidence says, when its seal holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found out about a dossier, but for its log proofs and time-stamps (`history`)."""

    steps: tuple[Step, ...]
    original: Finding
    attachments: tuple[Finding, ...]
    disposal: tuple[Finding, ...] = ()
    """On the order that had the original destroyed, what approves it, and the evidence of destruction."""
    attestation: EvidenceRecord | None
    """The evidence that says what the document is, when there is one that holds."""
    references: Mapping[str, Mapping[str, str]]
    """What seals name beside themselves: the sealed file's name -> URI -> SHA-256 in hex."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (self.original, *self.disposal, *self.attachments, *(step.finding for step in self.steps))


def is_receipt(record: EvidenceRecord) -> bool:
    """Whether an evidence is about a statement, not about the document."""
    return [part.identifier for part in record.parts] == [STATEMENT]


def examine(dossier: Dossier, judge: Judge) -> Examined:
    """Judges every seal and holds every file against the evidence.

    1. evidence   each by its own seal, its signer entitled, at the time that it bears
    2. the one that attests this very original: by its digest, and by the dispatch that digest and sender name
    3. original   its seal at the time of acceptance; every file that it names beside itself is there. Or that
                  it was lawfully destroyed (`destroyed`)
    4. files      each is one that the evidence lists, and none that it lists is missing
    5. evidence   each is about this dispatch, or about a statement that is here
    6. statements each by its own seal, at the time of its receipt; about this document
    """
    references: dict[str, Mapping[str, str]] = {}
    read_steps = {record.name: _evidence(record, judge) for record in dossier.records if record.evidence}  # 1
    said = [step.says for step in read_steps.values() if step.says is not None]
    attestation = _attestation(dossier, said)  # 2
    disposal: tuple[Finding, ...] = ()
    if dossier.disposal is not None:  # 3
        original, disposal = examine_destroyed(dossier.disposal, judge, attestation)
    else:
        original = _original(dossier, judge, attestation, tuple(read_steps.values()), references)
    attachments = _attachments(dossier, attestation)  # 4
    if attestation is not None and original.state is State.SOUND:
        original = _complete(dossier, attestation, original)
    here = frozenset(record.sha256 for record in dossier.records if not record.evidence)
    receipts = {says.message_id: says for says in reversed(said) if is_receipt(says)}
    steps = tuple(
        _about(read_steps[record.name], attestation, here)  # 5
        if record.evidence
        else _statement(record, judge, attestation, receipts, references)  # 6
        for record in dossier.records
    )
    return Examined(
        steps=steps,
        original=original,
        attachments=attachments,
        disposal=disposal,
        attestation=attestation,
        references=references,
    )


def _evidence(record: Record, judge: Judge) -> Step:
    verdict, when = judge.judge(record.content)
    finding = of_verdict(record.name, verdict, when)
    if not isinstance(verdict, Sound):
        return Step(record=record, finding=finding)
    try:
        says = read(verdict)
    except NotEvidence as exc:
        return Step(record=record, finding=refused(record.name, Reason.PACKAGE_FILE_MALFORMED, str(exc)))
    return Step(record=record, finding=finding, says=says)


def _attestation(dossier: Dossier, said: Sequence[EvidenceRecord]) -> EvidenceRecord | None:
    """The first evidence that the axis took in, or laid ready, this very original."""
    for record in said:
        named = record.event in _ATTESTING and not is_receipt(record)
        if (
            named
            and record.message_id == dispatch_id(record.sender.agency_id, dossier.sha256)
            and dossier.sha256 in {part.sha256 for part in record.parts}
        ):
            return record
    return None


def _original(
    dossier: Dossier,
    judge: Judge,
    attestation: EvidenceRecord | None,
    evidence: Sequence[Step],
    references: dict[str, Mapping[str, str]],
) -> Finding:
    if attestation is None:
        waiting = next((step.finding for step in evidence if step.finding.state is State.UNDECIDED), None)
        if waiting is not None:
            return replace(waiting, name=ORIGINAL)
        return refused(ORIGINAL, Reason.PACKAGE_EVIDENCE_MISSING, "no evidence attests this very document")
    verdict, when = judge.judge(dossier.original, attestation.submitted_at or attestation.at)
    finding = of_verdict(ORIGINAL, verdict, when)
    if not isinstance(verdict, Sound):
        return finding
    references[ORIGINAL] = verdict.detached
    lacking = [uri for uri, digest in verdict.detached.items() if digest not in dossier.attachments.values()]
    if lacking:
        return refused(ORIGINAL, Reason.ATTACHMENT_MISSING, f"{len(lacking)} files that its seal names")
    if not bears(verdict.certificate, attestation.sender.agency_id):
        return replace(finding, warnings=(*finding.warnings, SENDER_NOT_IN_CERTIFICATE))
    return finding


def _attachments(dossier: Dossier, attestation: EvidenceRecord | None) -> tuple[Finding, ...]:
    listed = frozenset() if attestation is None else frozenset(part.sha256 for part in attestation.parts)
    return tuple(
        sound(name)
        if digest in listed
        else refused(name, Reason.PACKAGE_FILE_NOT_ATTESTED, "no evidence lists its digest")
        for name, digest in dossier.attachments.items()
    )


def _complete(dossier: Dossier, attestation: EvidenceRecord, original: Finding) -> Finding:
    """Every file that the evidence lists is there."""
    here = {dossier.sha256, *dossier.attachments.values()}
    missing = [part.identifier for part in attestation.parts if part.sha256 not in here]
    if not missing:
        return original
    detail = f"{len(missing)} of {len(attestation.parts)} files that the evidence lists are missing"
    return refused(ORIGINAL, Reason.PACKAGE_FILE_MISSING, detail)


def _about(step: Step, attestation: EvidenceRecord | None, statements: frozenset[str]) -> Step:
    """Refuses an evidence that is about something else than the package."""
    says = step.says
    if says is None or attestation is None:
        return step
    if is_receipt(says):
        fits = says.message_id in statements and says.parts[0].sha256 == says.message_id
    else:
        digests, listed = ({part.sha256 for part in record.parts} for record in (says, attestation))
        fits = says.message_id == attestation.message_id and bool(digests) and digests <= listed
    if fits and says.document_id in ("", attestation.document_id):
        return step
    return replace(step, finding=refused(step.record.name, Reason.PACKAGE_EVIDENCE_ELSEWHERE))


def _statement(
    record: Record,
    judge: Judge,
    attestation: EvidenceRecord | None,
    receipts: Mapping[str, EvidenceRecord],
    references: dict[str, Mapping[str, str]],
) -> Step:
    receipt = receipts.get(record.sha256)
    verdict, when = judge.judge(record.content, receipt.at if receipt else None)
    finding = of_verdict(record.name, verdict, when)
    if not isinstance(verdict, Sound) or attestation is None:
        return Step(record=record, finding=finding)
    parts = {part.sha256 for part in attestation.parts}
    if not set(verdict.detached.values()) <= parts:
        detail = "it seals files that are not of this document"
        return Step(record=record, finding=refused(record.name, Reason.PACKAGE_STATEMENT_ELSEWHERE, detail))
    if receipt is None and not verdict.detached and not _names(verdict, attestation.document_id):
        detail = "nothing in it names this document"
        return Step(record=record, finding=refused(record.name, Reason.PACKAGE_STATEMENT_ELSEWHERE, detail))
    references[record.name] = verdict.detached
    return Step(record=record, finding=finding)


def _names(verdict: Sound, document_id: str) -> bool:
    """Whether a DocumentId of the statement is this one."""
    wanted = document_id.strip()
    return bool(wanted) and any(
        text_of(element).strip() == wanted for element in verdict.root.iter("{*}DocumentId")
    )
