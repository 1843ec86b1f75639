"""The half of `ArchiveService` about how long documents are kept."""

from __future__ import annotations

from axis.v1 import archive_pb2, archive_pb2_grpc
from axis_server.archiving.deciding import Deciding
from axis_server.archiving.disposal import Disposing, Due
from axis_server.archiving.terms import Classes, Term
from axis_server.boundary import translate
from axis_server.boundary.identity import Context, current_caller
from axis_server.cursors import Cursors
from storage.ledger.keeping import Decision, Disposal

DECISIONS, HOLDS, DUE, DISPOSALS = "decisions", "holds", "due", "disposals"


class RetentionServicer(archive_pb2_grpc.ArchiveServiceServicer):
    """Translates; `Deciding` and `Disposing` decide."""

    def __init__(self, *, deciding: Deciding, disposing: Disposing, cursors: Cursors) -> None:
        self._deciding = deciding
        self._disposing = disposing
        self._cursors = cursors

    async def GetRetention(
        self, request: archive_pb2.GetRetentionRequest, context: Context
    ) -> archive_pb2.GetRetentionResponse:
        caller, decisions = current_caller(), f"{DECISIONS} {request.dispatch_id}"
        after = self._cursors.place(request.after, decisions, caller.agency_id)
        known = await self._deciding.show(caller, request.dispatch_id, after, request.page_size)
        return archive_pb2.GetRetentionResponse(
            term=_term(known.standing.term, self._deciding.classes),
            holds=[_decision(one) for one in known.standing.holds],
            decisions=[_decision(one) for one in known.decisions.items],
            disposal_id=known.disposal,
            original=known.entry.original.sha256,
            next=self._cursors.token(known.decisions.next, decisions, caller.agency_id),
            more=known.decisions.more,
        )

    async def SetRetention(
        self, request: archive_pb2.SetRetentionRequest, context: Context
    ) -> archive_pb2.SetRetentionResponse:
        known = await self._deciding.set_term(
            current_caller(),
            request.dispatch_id,
            class_code=request.class_code,
            ended=request.ended,
            record=request.record,
            reason=request.reason,
        )
        return archive_pb2.SetRetentionResponse(term=_term(known.standing.term, self._deciding.classes))

    async def PutHold(
        self, request: archive_pb2.PutHoldRequest, context: Context
    ) -> archive_pb2.PutHoldResponse:
        hold = await self._deciding.put_hold(current_caller(), request.dispatch_id, reason=request.reason)
        return archive_pb2.PutHoldResponse(hold=_decision(hold))

    async def LiftHold(
        self, request: archive_pb2.LiftHoldRequest, context: Context
    ) -> archive_pb2.LiftHoldResponse:
        lift = await self._deciding.lift_hold(
            current_caller(), request.dispatch_id, request.hold_id, reason=request.reason
        )
        return archive_pb2.LiftHoldResponse(lift=_decision(lift))

    async def ListHolds(
        self, request: archive_pb2.ListHoldsRequest, context: Context
    ) -> archive_pb2.ListHoldsResponse:
        caller = current_caller()
        after = self._cursors.place(request.after, HOLDS, caller.agency_id)
        page = await self._deciding.holds(caller, after, request.page_size)
        return archive_pb2.ListHoldsResponse(
            holds=[_decision(one) for one in page.items],
            next=self._cursors.token(page.next, HOLDS, caller.agency_id),
            more=page.more,
        )

    async def ListDue(
        self, request: archive_pb2.ListDueRequest, context: Context
    ) -> archive_pb2.ListDueResponse:
        caller = current_caller()
        after = self._cursors.place(request.after, DUE, caller.agency_id)
        page = await self._disposing.due(caller, after, request.page_size)
        return archive_pb2.ListDueResponse(
            due=[_due(one, self._deciding.classes) for one in page.items],
            next=self._cursors.token(page.next, DUE, caller.agency_id),
            more=page.more,
        )

    async def SubmitDisposal(
        self, request: archive_pb2.SubmitDisposalRequest, context: Context
    ) -> archive_pb2.SubmitDisposalResponse:
        disposal = await self._disposing.submit(current_caller(), request.order, request.approvals)
        return archive_pb2.SubmitDisposalResponse(disposal=_disposal(disposal))

    async def GetDisposal(
        self, request: archive_pb2.GetDisposalRequest, context: Context
    ) -> archive_pb2.GetDisposalResponse:
        told = await self._disposing.show(current_caller(), request.order_id)
        return archive_pb2.GetDisposalResponse(
            disposal=_disposal(told.disposal),
            order=told.order,
            evidence=b"" if told.evidence is None else told.evidence.content,
            approvals=told.approvals,
        )

    async def ListDisposals(
        self, request: archive_pb2.ListDisposalsRequest, context: Context
    ) -> archive_pb2.ListDisposalsResponse:
        caller = current_caller()
        after = self._cursors.place(request.after, DISPOSALS, caller.agency_id)
        page = await self._disposing.list(caller, after, request.page_size)
        return archive_pb2.ListDisposalsResponse(
            disposals=[_disposal(one) for one in page.items],
            next=self._cursors.token(page.next, DISPOSALS, caller.agency_id),
            more=page.more,
        )


def _term(term: Term, classes: Classes) -> archive_pb2.Term:
    known = classes.by_code.get(term.class_code)
    return archive_pb2.Term(
        class_code=term.class_code,
        class_name="" if known is None else known.name,
        years=term.years or 0,
        ended=term.ended,
        due="" if term.first_day is None else term.first_day.isoformat(),
        agency_id=term.agency_id,
        record=term.record,
    )


def _decision(decision: Decision) -> archive_pb2.RetentionDecision:
    return archive_pb2.RetentionDecision(
        evidence_id=decision.evidence_id,
        kind=decision.kind,
        dispatch_id=decision.dispatch_id,
        agency_id=decision.agency_id,
        certificate=decision.certificate,
        at=translate.time(decision.at),
        reason=decision.reason,
        class_code=decision.class_code,
        years=decision.years or 0,
        ended=decision.ended,
        record=decision.record,
        hold_id=decision.hold_id,
    )


def _due(due: Due, classes: Classes) -> archive_pb2.DueDispatch:
    return archive_pb2.DueDispatch(
        dispatch_id=due.entry.dispatch_id,
        original=due.entry.original.sha256,
        sender_id=due.entry.sender_id,
        code_number=due.entry.code_number,
        code_notation=due.entry.code_notation,
        accepted_at=translate.time(due.entry.accepted_at),
        term=_term(due.term, classes),
    )


def _disposal(disposal: Disposal) -> archive_pb2.Disposal:
    return archive_pb2.Disposal(
        order_id=disposal.order_id,
        agency_id=disposal.agency_id,
        accepted_at=translate.time(disposal.accepted_at),
        dispatch_ids=disposal.dispatches,
        waiting=disposal.waiting,
        ended_at=None if disposal.ended_at is None else translate.time(disposal.ended_at),
        evidence_id=disposal.evidence_id,
        begun_at=None if disposal.begun_at is None else translate.time(disposal.begun_at),
    )
