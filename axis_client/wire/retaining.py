"""The calls of `ArchiveService` about how long documents are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from axis.v1 import archive_pb2
from axis_client.model.retention import Decision, Disposal, Due, Retention, Term, Told
from axis_client.wire import convert
from axis_client.wire.finding import ArchiveCalls
from axis_client.wire.link import LARGEST_PAGE, SLOW, Page


class RetentionCalls(ArchiveCalls):
    async def retention(self, dispatch_id: str) -> Retention:
        answer = await self._retention_page(dispatch_id, "")
        decisions, page = list(answer.decisions), answer
        while page.more:
            page = await self._retention_page(dispatch_id, page.next)
            decisions += page.decisions
        return Retention(
            term=_term(answer.term),
            holds=tuple(map(_decision, answer.holds)),
            decisions=tuple(map(_decision, decisions)),
            disposal_id=answer.disposal_id,
            original=answer.original,
        )

    async def _retention_page(self, dispatch_id: str, after: str) -> archive_pb2.GetRetentionResponse:
        request = archive_pb2.GetRetentionRequest(
            dispatch_id=dispatch_id, after=after, page_size=LARGEST_PAGE
        )
        return await self._ask(self._archive.GetRetention, request)

    async def set_retention(
        self, dispatch_id: str, class_code: str, ended: int, record: str, reason: str
    ) -> Term:
        request = archive_pb2.SetRetentionRequest(
            dispatch_id=dispatch_id, class_code=class_code, ended=ended, record=record, reason=reason
        )
        return _term((await self._ask(self._archive.SetRetention, request)).term)

    async def put_hold(self, dispatch_id: str, reason: str) -> Decision:
        request = archive_pb2.PutHoldRequest(dispatch_id=dispatch_id, reason=reason)
        return _decision((await self._ask(self._archive.PutHold, request)).hold)

    async def lift_hold(self, dispatch_id: str, hold_id: str, reason: str) -> Decision:
        request = archive_pb2.LiftHoldRequest(dispatch_id=dispatch_id, hold_id=hold_id, reason=reason)
        return _decision((await self._ask(self._archive.LiftHold, request)).lift)

    async def holds_page(self, after: str) -> Page[Decision]:
        request = archive_pb2.ListHoldsRequest(after=after, page_size=LARGEST_PAGE)
        answer = await self._ask(self._archive.ListHolds, request)
        return tuple(map(_decision, answer.holds)), answer.next, answer.more

    async def due_page(self, after: str) -> Page[Due]:
        request = archive_pb2.ListDueRequest(after=after, page_size=LARGEST_PAGE)
        answer = await self._ask(self._archive.ListDue, request, SLOW)
        return tuple(map(_due, answer.due)), answer.next, answer.more

    async def submit_disposal(self, order: bytes, approvals: Sequence[bytes]) -> Disposal:
        request = archive_pb2.SubmitDisposalRequest(order=order, approvals=approvals)
        return _disposal((await self._ask(self._archive.SubmitDisposal, request, SLOW)).disposal)

    async def disposal(self, order_id: str) -> Told:
        answer = await self._ask(self._archive.GetDisposal, archive_pb2.GetDisposalRequest(order_id=order_id))
        return Told(
            disposal=_disposal(answer.disposal),
            order=answer.order,
            evidence=answer.evidence,
            approvals=tuple(answer.approvals),
        )

    async def disposals_page(self, after: str) -> Page[Disposal]:
        request = archive_pb2.ListDisposalsRequest(after=after, page_size=LARGEST_PAGE)
        answer = await self._ask(self._archive.ListDisposals, request)
        return tuple(map(_disposal, answer.disposals)), answer.next, answer.more


def _term(message: archive_pb2.Term) -> Term:
    return Term(
        class_code=message.class_code,
        class_name=message.class_name,
        years=message.years,
        ended=message.ended,
        due=date.fromisoformat(message.due) if message.due else None,
        agency_id=message.agency_id,
        record=message.record,
    )


def _decision(message: archive_pb2.RetentionDecision) -> Decision:
    return Decision(
        evidence_id=message.evidence_id,
        kind=message.kind,
        dispatch_id=message.dispatch_id,
        agency_id=message.agency_id,
        certificate=message.certificate,
        at=convert.time(message.at),
        reason=message.reason,
        class_code=message.class_code,
        years=message.years,
        ended=message.ended,
        record=message.record,
        hold_id=message.hold_id,
    )


def _due(message: archive_pb2.DueDispatch) -> Due:
    return Due(
        dispatch_id=message.dispatch_id,
        original=message.original,
        sender_id=message.sender_id,
        code_number=message.code_number,
        code_notation=message.code_notation,
        accepted_at=convert.time(message.accepted_at),
        term=_term(message.term),
    )


def _disposal(message: archive_pb2.Disposal) -> Disposal:
    return Disposal(
        order_id=message.order_id,
        agency_id=message.agency_id,
        accepted_at=convert.time(message.accepted_at),
        dispatch_ids=tuple(message.dispatch_ids),
        waiting=message.waiting,
        ended_at=convert.time(message.ended_at) if message.HasField("ended_at") else None,
        evidence_id=message.evidence_id,
        begun_at=convert.time(message.begun_at) if message.HasField("begun_at") else None,
    )
