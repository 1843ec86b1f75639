"""Moving deliveries: what the table says is attested, kept in one transaction, and announced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

from axis_server.addressing.directory import DirectoryView
from axis_server.attest import NOT_ANSWERED_IN_TIME, NOT_HANDED_OVER_IN_TIME, Attestor, Occasion
from axis_server.changes import Changes
from axis_server.lifecycle import Act, Step
from axis_server.limits.tasks import in_worker
from axis_server.limits.turns import Turns
from signing.evidence import EventId, Party
from storage.ledger.base import Deliveries
from storage.ledger.records import Evidence, Move, Moved, NewEvent, Statement
from storage.ledger.registry import Agency
from tracing import span

_EXPIRED = {
    EventId.CONTENT_HANDOVER_FAILURE: NOT_HANDED_OVER_IN_TIME,
    EventId.ACCEPTANCE_REJECTION_EXPIRY: NOT_ANSWERED_IN_TIME,
}
_REASON_STAYS = frozenset({Act.FETCH, Act.NOTE})
"""Acts that say nothing about why the delivery stands where it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why deliveries move: an agency's statement, its fetching, or time alone."""

    at: datetime
    actor_id: str = ""
    """The agency that acts; empty when the axis does."""
    delegate: Agency | None = None
    """Who acts for it, when that is another agency."""
    statement: Statement | None = None
    reason: str = ""
    """In the words of the statement."""


class Mover:
    """Carries out the steps of one act."""

    def __init__(
        self,
        *,
        ledger: Deliveries,
        attestor: Attestor,
        directory: Callable[[], DirectoryView],
        changes: Changes,
        workers: Executor,
        turns: Turns,
    ) -> None:
        """`turns` are the places of all who compute in `workers`: whose delivery time ends in thousands waits
        behind itself."""
        self._ledger = ledger
        self._attestor = attestor
        self._directory = directory
        self._changes = changes
        self._workers = workers
        self._turns = turns

    async def move(self, steps: Sequence[Step], cause: Cause) -> Moved:
        """Moves all or none, and returns what the first step left.

        A crash before `advance` leaves nothing. Raises `Conflict` when a delivery has moved since the steps
        were planned, and as `Deliveries.advance`.
        """
        async with self._turns.of(cause.actor_id or steps[0].side.entry.sender_id):
            moves = await in_worker(self._workers, self._moves, steps, cause, self._directory())
        with span("ledger.advance", moves=len(moves)):
            moved = await self._ledger.advance(moves)
        self._changes.notify(
            {one for step in steps for one in (step.side.entry.sender_id, step.side.delivery.mailbox_id)}
        )
        return moved

    def _moves(self, steps: Sequence[Step], cause: Cause, view: DirectoryView) -> tuple[Move, ...]:
        """Signs the evidence; in a worker thread."""
        return tuple(self._move(step, cause, view) for step in steps)

    def _move(self, step: Step, cause: Cause, view: DirectoryView) -> Move:
        delivery = step.side.delivery
        at = max(cause.at, delivery.updated_at)
        reason = _reason(step, cause)
        evidence = self._attested(step, cause, at, reason, view)
        by_statement = cause.statement is not None and step.act != Act.LAPSE
        by_agency = step.act not in (Act.LAPSE, Act.EXPIRE)
        return Move(
            dispatch_id=delivery.dispatch_id,
            recipient_id=delivery.recipient_id,
            expected_version=delivery.version,
            state=step.state.value,
            at=at,
            due=step.due,
            question=step.question,
            reason=delivery.reason if step.act in _REASON_STAYS else reason,
            statement=cause.statement,
            evidence=() if evidence is None else (evidence,),
            events=(
                NewEvent(
                    kind=step.event,
                    at=at,
                    recipient_id=delivery.recipient_id,
                    actor_id=cause.actor_id if by_agency else "",
                    delegate_id=cause.delegate.agency_id if by_agency and cause.delegate else "",
                    status_code=cause.statement.status_code if by_statement and cause.statement else "",
                    reason=reason,
                    evidence_id="" if evidence is None else evidence.evidence_id,
                    statement_id=cause.statement.statement_id if by_statement and cause.statement else "",
                    related_id=step.related_id,
                ),
            ),
        )

    def _attested(
        self, step: Step, cause: Cause, at: datetime, reason: str, view: DirectoryView
    ) -> Evidence | None:
        delivery = step.side.delivery
        names = view.names([delivery.recipient_id])
        acting = cause.delegate
        delegate = None if acting is None else Party(agency_id=acting.agency_id, name=acting.name)
        of = Occasion(
            entry=step.side.entry,
            recipient=Party(agency_id=delivery.recipient_id, name=names[delivery.recipient_id]),
            at=at,
            delegate=delegate,
        )
        match step.attests:
            case None:
                return None
            case EventId.CONTENT_ACCESS_TRACKING:
                return self._attestor.fetched(of)
            case EventId.CONTENT_HANDOVER:
                return self._attestor.handed_over(of)
            case EventId.CONSIGNMENT_ACCEPTANCE:
                return self._attestor.consignment_accepted(of)
            case EventId.CONSIGNMENT_REJECTION if step.act == Act.GIVE_BACK:
                return self._attestor.taken_back(of, reason=reason)
            case EventId.CONSIGNMENT_REJECTION:
                return self._attestor.consignment_rejected(of, reason=reason)
            case EventId.CONTENT_HANDOVER_FAILURE:
                return self._attestor.handover_failed(of, deadline=delivery.handover_by)
            case EventId.ACCEPTANCE_REJECTION_EXPIRY:
                return self._attestor.answer_expired(of, deadline=delivery.answer_by)
            case EventId.SUBMISSION_ACCEPTANCE if cause.statement is not None:
                return self._attestor.statement_received(
                    step.side.entry, cause.statement, names, at=at, delegate=delegate
                )
            case _:
                raise ValueError(f"nobody stated what {step.attests} attests")


def _reason(step: Step, cause: Cause) -> str:
    """Why, as the delivery and its history tell it: what was asked, for what is given back."""
    question = step.side.delivery.question
    if step.act == Act.GIVE_BACK:
        return question.reason if question is not None else cause.reason
    if step.attests in _EXPIRED:
        return _EXPIRED[step.attests]
    return "" if step.act == Act.LAPSE else cause.reason
