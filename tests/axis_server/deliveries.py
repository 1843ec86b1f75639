"""Deliveries for tests of the pure table, without an axis around them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from axis_server.lifecycle import QuestionKind, Side, State, Step, due_after
from edxml.codes import Kind
from storage.ledger.records import Delivery, Entry, Event, Part, Question

START = datetime(2026, 3, 2, tzinfo=UTC)
HANDOVER_BY, ANSWER_BY = START + timedelta(hours=72), START + timedelta(hours=120)
AGAIN = timedelta(hours=24)
"""How long one that said no is not asked again."""
STATEMENT = "5" * 64
"""A status 13 that asks."""
ASKS = {
    Kind.REVOKE: QuestionKind.RECALL,
    Kind.UPDATE: QuestionKind.REMOVAL,
    Kind.REPLACE: QuestionKind.REPLACEMENT,
}


def entry_of(name: str, kind: int = 0) -> Entry:
    part = Part(
        number=0, identifier="original", name="", content_type="", sha256="0" * 64, size=1, inline=False
    )
    return Entry(
        dispatch_id=name,
        sender_id="G90",
        sender_name="",
        document_id="id",
        kind=kind,
        code_number="",
        code_notation="",
        subject="",
        priority=0,
        promulgation_date="",
        due_date="",
        accepted_at=START,
        parts=(part,),
    )


def question_of(by: str, kind: str = QuestionKind.RECALL, until: datetime = ANSWER_BY) -> Question:
    return Question(kind=kind, by=by, reason="Sai số liệu", asked_at=START, until=until)


def side_of(
    state: str = State.CONSIGNED,
    *,
    name: str = "document",
    kind: int = 0,
    question: Question | None = None,
    asks: tuple[Side, ...] = (),
    version: int = 1,
) -> Side:
    delivery = Delivery(
        dispatch_id=name,
        recipient_id="H90",
        mailbox_id="H90",
        state=state,
        version=version,
        updated_at=START,
        handover_by=HANDOVER_BY,
        answer_by=ANSWER_BY,
        due=due_after(_bare(name, state), state, question),
        question=question,
    )
    return Side(entry=entry_of(name, kind), delivery=delivery, asks=asks)


def moved(step: Step) -> Delivery:
    """The delivery as the ledger would keep it after the step."""
    before = step.side.delivery
    return Delivery(
        dispatch_id=before.dispatch_id,
        recipient_id=before.recipient_id,
        mailbox_id=before.mailbox_id,
        state=str(step.state),
        version=before.version + 1,
        updated_at=before.updated_at,
        handover_by=before.handover_by,
        answer_by=before.answer_by,
        due=step.due,
        question=step.question,
    )


def event_of(sequence: int, recipient_id: str, status_code: str, kind: str = "any") -> Event:
    return Event(
        cursor=sequence,
        dispatch_id="document",
        sequence=sequence,
        kind=kind,
        at=START,
        recipient_id=recipient_id,
        status_code=status_code,
        statement_id=f"statement-{sequence}" if status_code else "",
    )


def _bare(name: str, state: str) -> Delivery:
    return Delivery(
        dispatch_id=name,
        recipient_id="H90",
        mailbox_id="H90",
        state=state,
        version=1,
        updated_at=START,
        handover_by=HANDOVER_BY,
        answer_by=ANSWER_BY,
        due=None,
    )
