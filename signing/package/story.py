"""What the page tells, in plain nouns: the same for HTML and PDF, in Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from signing.evidence import EvidenceRecord, Party
from signing.evidence.events import EVENT_LABELS, EventLabel
from signing.package import layout
from signing.package.contents import Contents, Statement
from signing.package.examination import Examined, Step, is_receipt
from signing.package.findings import Finding, State
from signing.reasons import SENTENCES
from signing.spelling import local

_RECEIPT = EventLabel(vietnamese="Trục đã nhận thông báo", english="Statement received by the axis")
_STATES = {
    State.SOUND: EventLabel(vietnamese="hợp lệ", english="sound"),
    State.DESTROYED: EventLabel(vietnamese="đã hủy hợp pháp", english="lawfully destroyed"),
    State.UNDECIDED: EventLabel(vietnamese="chưa kết luận", english="undecided"),
    State.REFUSED: EventLabel(vietnamese="không hợp lệ", english="refused"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step: what happened, when, by whom, and whether its seal holds."""

    at: str
    """Such as `2026-03-02T10:00:00+07:00`."""
    what: EventLabel
    actor: str
    about: str
    state: State
    verdict: EventLabel
    file: str
    sha256: str
    signer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of the document."""

    name: str
    """As it was sent."""
    place: str
    size: int
    sha256: str
    state: State
    verdict: EventLabel


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The whole page."""

    facts: tuple[tuple[EventLabel, str], ...]
    files: tuple[File, ...]
    rows: tuple[Row, ...]
    history: tuple[Row, ...]
    """Log proofs and time-stamps."""
    assembler: str
    as_of: str


def tell(
    contents: Contents,
    names: Mapping[str, str],
    examined: Examined,
    history: Sequence[Finding],
    assembler: x509.Certificate,
    as_of: datetime,
) -> Story:
    """Puts the story together. `names` are the attachments' names in the package -> as sent."""
    said = dict(zip((step.record.name for step in examined.steps), contents.records, strict=True))
    return Story(
        facts=_facts(contents, examined.attestation),
        files=_files(contents, names, examined),
        rows=tuple(_row(step, said[step.record.name]) for step in examined.steps),
        history=tuple(_history_row(finding) for finding in history),
        assembler=_subject(assembler),
        as_of=told(as_of),
    )


def told(at: datetime | None) -> str:
    """A time as the law has it, to the second; empty for None."""
    return "" if at is None else local(at, "seconds")


def _facts(contents: Contents, attestation: EvidenceRecord | None) -> tuple[tuple[EventLabel, str], ...]:
    headline = contents.headline
    facts = [
        ("Trích yếu", "Subject", headline.subject),
        ("Số, ký hiệu", "Number", headline.code),
        ("Ngày ban hành", "Date", headline.promulgated),
        ("Loại", "Kind", " / ".join(filter(None, (headline.kind.vietnamese, headline.kind.english)))),
    ]
    if attestation is not None:
        facts += [
            ("Mã văn bản", "Document ID", attestation.document_id),
            ("Nơi gửi", "Sender", _party(attestation.sender)),
            ("Nơi nhận", "Recipients", "; ".join(_party(each) for each in attestation.recipients)),
            ("Trục tiếp nhận lúc", "Accepted by the axis at", told(attestation.submitted_at)),
            ("Mã gửi", "Dispatch", attestation.message_id),
            ("Trục", "Axis", _party(attestation.issuer)),
        ]
    return tuple((EventLabel(vietnamese=vi, english=en), value) for vi, en, value in facts if value)


def _files(contents: Contents, names: Mapping[str, str], examined: Examined) -> tuple[File, ...]:
    original = examined.original
    files = [_file("package.edxml", original, len(contents.original), contents.sha256)]
    files += [_file(each.name, each, 0, "") for each in examined.disposal]
    for attachment, finding in zip(contents.attachments, examined.attachments, strict=True):
        files.append(_file(names[finding.name], finding, attachment.size, attachment.sha256))
    return tuple(files)


def _file(name: str, finding: Finding, size: int, sha256: str) -> File:
    return File(
        name=name,
        place=finding.name,
        size=size,
        sha256=sha256,
        state=finding.state,
        verdict=_verdict(finding),
    )


def _row(step: Step, said: object) -> Row:
    says, finding = step.says, step.finding
    if isinstance(said, Statement):
        what, actor, about = said.label, said.agency_id, ""
        at = finding.signed_at
    elif says is None:
        what, actor, about, at = EventLabel(vietnamese="?", english="?"), "", "", finding.signed_at
    else:
        what = _RECEIPT if is_receipt(says) else EVENT_LABELS[says.event]
        actor, about, at = _party(says.issuer), _about(says), says.at
    return Row(
        at=told(at),
        what=what,
        actor=actor,
        about=about,
        state=finding.state,
        verdict=_verdict(finding),
        file=step.record.name,
        sha256=step.record.sha256,
        signer=_subject(finding.certificate),
    )


def _history_row(finding: Finding) -> Row:
    what = (
        EventLabel(vietnamese="Có trong nhật ký minh bạch", english="Included in the transparency log")
        if finding.name.endswith(layout.PROOF_ENDING)
        else EventLabel(vietnamese="Dấu thời gian của nhật ký", english="Time-stamp over the log")
    )
    return Row(
        at=told(finding.signed_at),
        what=what,
        actor="",
        about="",
        state=finding.state,
        verdict=_verdict(finding),
        file=finding.name,
        sha256="",
        signer=_subject(finding.certificate),
    )


def _about(says: EvidenceRecord) -> str:
    if is_receipt(says):
        return _party(says.sender)
    who = "; ".join(_party(each) for each in says.recipients) if says.about_recipient else ""
    reasons = "; ".join(f"{each.code}: {each.details}".removesuffix(": ") for each in says.reasons)
    return " - ".join(filter(None, (who, reasons)))


def _verdict(finding: Finding) -> EventLabel:
    said, warnings = _STATES[finding.state], ", ".join(finding.warnings)
    if finding.state is State.SOUND:
        note = f" ({warnings})" if warnings else ""
        return EventLabel(vietnamese=said.vietnamese + note, english=said.english + note)
    sentence = SENTENCES[finding.reason]
    return EventLabel(
        vietnamese=f"{said.vietnamese} [{finding.reason}] {sentence.vietnamese}",
        english=f"{said.english} [{finding.reason}] {sentence.english}",
    )


def _party(party: Party) -> str:
    return f"{party.name} ({party.agency_id})" if party.name else party.agency_id


def _subject(certificate: x509.Certificate | None) -> str:
    return "" if certificate is None else certificate.subject.rfc4514_string()
