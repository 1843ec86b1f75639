"""Records of the ledger, whole and believable, made from a number."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from storage.ledger.records import (
    Asking,
    Entry,
    Evidence,
    Joining,
    Move,
    NewDispatch,
    NewEvent,
    Part,
    Question,
    Recipient,
    Refusal,
    Statement,
)
from storage.ledger.registry import Agency, Certificate

NOON = datetime(2026, 3, 2, 5, 0, 0, 123456, tzinfo=UTC)
HANDOVER_BY, ANSWER_BY = NOON + timedelta(days=2), NOON + timedelta(days=9)
SENDER, RECIPIENTS = "G22.01", ("H37.02", "G01", "H37.DN.001")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def entry(number: int, **changes: object) -> Entry:
    facts: dict[str, object] = {
        "dispatch_id": f"dispatch-{number}",
        "sender_id": SENDER,
        "sender_name": "Bộ Thông tin và Truyền thông",
        "document_id": f"G22.01,2026/03/02,{number}/BTTTT-VP",
        "kind": 0,
        "code_number": str(number),
        "code_notation": "BTTTT-VP",
        "subject": "Về việc kết nối, liên thông",
        "priority": 1,
        "promulgation_date": "2026-03-02",
        "due_date": "",
        "accepted_at": at(number),
        "parts": tuple(part(number, index) for index in range(3)),
        "warnings": ("subject is longer than 500 characters",),
    }
    return Entry(**facts | changes)  # type: ignore[arg-type]


def part(number: int, index: int) -> Part:
    return Part(
        number=index,
        identifier=f"cid:{number}-{index}",
        name="công văn.pdf",
        content_type="application/pdf",
        sha256=sha256(f"part {number}/{index}"),
        size=1000 + index,
        inline=index == 1,
    )


def evidence(number: int, name: str = "submission", *, recipient_id: str = "", salt: str = "") -> Evidence:
    return Evidence(
        evidence_id=f"evidence-{number}-{name}-{recipient_id}{salt}",
        dispatch_id=f"dispatch-{number}",
        event="SubmissionAcceptance",
        issued_at=at(number),
        content=f"<evidence {number} {name} {recipient_id} {salt}/>\0\xff".encode("latin-1"),
        recipient_id=recipient_id,
    )


def recipients(*names: str) -> tuple[Recipient, ...]:
    """Each with a mailbox of its own."""
    return tuple(Recipient(agency_id=name, mailbox_id=name) for name in names)


def accepted(number: int, *, salt: str = "", **changes: object) -> NewDispatch:
    """What `commit` takes; another salt is another attempt at the same dispatch, with other evidence."""
    issued = (evidence(number, "submission", salt=salt), evidence(number, "consignment", salt=salt))
    facts: dict[str, object] = {
        "entry": entry(number),
        "recipients": recipients(*RECIPIENTS),
        "handover_by": HANDOVER_BY,
        "answer_by": ANSWER_BY,
        "evidence": issued,
        "events": (
            NewEvent(kind="accepted", at=at(number), actor_id=SENDER, evidence_id=issued[0].evidence_id),
            NewEvent(kind="consigned", at=at(number), evidence_id=issued[1].evidence_id),
        ),
    }
    return NewDispatch(**facts | changes)  # type: ignore[arg-type]


OPEN = frozenset({"consigned", "fetched", "handed_over"})


def question(by: int, **changes: object) -> Question:
    """What dispatch `by` asks."""
    facts: dict[str, object] = {
        "kind": "recall",
        "by": f"dispatch-{by}",
        "reason": "gửi nhầm nơi nhận",
        "asked_at": at(by),
        "until": HANDOVER_BY - timedelta(hours=1),
    }
    return Question(**facts | changes)  # type: ignore[arg-type]


def asking(by: int, number: int, *names: str, **changes: object) -> Asking:
    """What dispatch `by` asks of recipients of dispatch `number`: of all, if none are named."""
    noted = NewEvent(kind="RecallRequested", at=at(by), actor_id=SENDER, related_id=f"dispatch-{by}")
    facts: dict[str, object] = {
        "dispatch_id": f"dispatch-{number}",
        "recipients": names or RECIPIENTS,
        "states": OPEN,
        "question": question(by),
        "event": noted,
    }
    return Asking(**facts | changes)  # type: ignore[arg-type]


def joining(by: int, number: int, *joined: Recipient, **changes: object) -> Joining:
    """Whom dispatch `by` adds to dispatch `number`."""
    issued = replace(evidence(number, "joined", salt=str(by)), event="ContentConsignment")
    facts: dict[str, object] = {
        "dispatch_id": f"dispatch-{number}",
        "recipients": joined,
        "at": at(by),
        "handover_by": at(3600),
        "answer_by": at(7200),
        "evidence": (issued,),
        "event": NewEvent(kind="ContentConsignment", at=at(by), evidence_id=issued.evidence_id),
    }
    return Joining(**facts | changes)  # type: ignore[arg-type]


def statement(
    number: int, code: str = "03", *, agency_id: str = RECIPIENTS[0], recipient_id: str = "", salt: str = ""
) -> Statement:
    """What an agency states about its own delivery, or about that of `recipient_id`."""
    content = f"<status {code} of {number} by {agency_id} {salt}/>".encode()
    return Statement(
        statement_id=hashlib.sha256(content).hexdigest(),
        dispatch_id=f"dispatch-{number}",
        agency_id=agency_id,
        recipient_id=recipient_id or agency_id,
        status_code=code,
        received_at=at(number + 60),
        content=content,
    )


def move(number: int, **changes: object) -> Move:
    stated = statement(number)
    issued = evidence(number, "handover", recipient_id=RECIPIENTS[0])
    facts: dict[str, object] = {
        "dispatch_id": f"dispatch-{number}",
        "recipient_id": RECIPIENTS[0],
        "expected_version": 1,
        "state": "accepted",
        "at": at(number + 60),
        "due": None,
        "reason": "",
        "statement": stated,
        "evidence": (issued,),
        "events": (
            NewEvent(
                kind="accepted by recipient",
                at=at(number + 60),
                recipient_id=RECIPIENTS[0],
                actor_id=RECIPIENTS[0],
                status_code="03",
                reason="",
                evidence_id=issued.evidence_id,
                statement_id=stated.statement_id,
            ),
        ),
    }
    return Move(**facts | changes)  # type: ignore[arg-type]


def refusal(number: int, *, salt: str = "", reason: str = "EXPIRED") -> Refusal:
    return Refusal(
        sender_id=SENDER,
        sha256=sha256(f"package {number}"),
        reason=reason,
        evidence=evidence(number, "rejection", salt=salt),
    )


def agency(agency_id: str, *aliases: str, certificates: tuple[str, ...] = ()) -> Agency:
    return Agency(
        agency_id=agency_id,
        name=f"Cơ quan {agency_id}",
        aliases=aliases,
        certificates=tuple(
            Certificate(
                sha256=sha256(name), pem=f"PEM {name}", role="system", may_connect=True, may_seal=False
            )
            for name in certificates
        ),
        attributes={"cấp": "1"},
    )
