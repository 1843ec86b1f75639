"""`RecordService`: where a dispatch stands, what proves it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from axis.v1 import records_pb2, records_pb2_grpc
from axis_server.boundary import translate
from axis_server.boundary.identity import Context, current_caller
from axis_server.cursors import Cursors
from axis_server.knowing.answers import JudgedBy
from axis_server.knowing.records import Records

CHUNK = 1 << 20
"""Bytes of an answer in one message."""
OUTBOX, DELIVERIES, EVENTS, EVIDENCE = "outbox", "deliveries", "events", "evidence"


class RecordServicer(records_pb2_grpc.RecordServiceServicer):
    """Translates; `Records` decides."""

    def __init__(self, *, records: Records, judged_by: JudgedBy, cursors: Cursors) -> None:
        self._judged_by = judged_by
        self._records = records
        self._cursors = cursors

    async def GetStatus(
        self, request: records_pb2.GetStatusRequest, context: Context
    ) -> records_pb2.GetStatusResponse:
        status = await self._records.status(current_caller(), request.dispatch_id)
        return records_pb2.GetStatusResponse(
            dispatch=translate.dispatch(status.entry),
            counts=translate.counts(status.counts),
            delivery=translate.delivery(status.delivery) if status.delivery is not None else None,
            links=[translate.link(one) for one in status.links],
            disposal_id=status.disposal_id,
        )

    async def ListDeliveries(
        self, request: records_pb2.ListDeliveriesRequest, context: Context
    ) -> records_pb2.ListDeliveriesResponse:
        caller = current_caller()
        scope = (DELIVERIES, caller.agency_id, request.dispatch_id)
        after = self._cursors.place(request.after, *scope)
        states = translate.named_states(request.states)
        page = await self._records.deliveries(caller, request.dispatch_id, after, request.page_size, states)
        return records_pb2.ListDeliveriesResponse(
            deliveries=[translate.delivery(one) for one in page.items],
            next=self._cursors.token(page.next, *scope),
            more=page.more,
        )

    async def ListEvents(
        self, request: records_pb2.ListEventsRequest, context: Context
    ) -> records_pb2.ListEventsResponse:
        caller = current_caller()
        scope = (EVENTS, caller.agency_id, request.dispatch_id)
        after = self._cursors.place(request.after, *scope)
        page = await self._records.events(caller, request.dispatch_id, after, request.page_size)
        return records_pb2.ListEventsResponse(
            events=[translate.event(one) for one in page.items],
            next=self._cursors.token(page.next, *scope),
            more=page.more,
        )

    async def ListEvidence(
        self, request: records_pb2.ListEvidenceRequest, context: Context
    ) -> records_pb2.ListEvidenceResponse:
        caller = current_caller()
        scope = (EVIDENCE, caller.agency_id, request.dispatch_id)
        page = await self._records.evidence(
            caller,
            request.dispatch_id,
            self._cursors.place(request.after, *scope),
            request.page_size,
            request.events,
            request.recipient_id,
        )
        return records_pb2.ListEvidenceResponse(
            records=[translate.record(one) for one in page.items],
            next=self._cursors.token(page.next, *scope),
            more=page.more,
        )

    async def ListAnswers(
        self, request: records_pb2.ListAnswersRequest, context: Context
    ) -> AsyncIterator[records_pb2.ListAnswersResponse]:
        for answer in await self._judged_by.of(current_caller(), request.dispatch_id):
            for start in range(0, len(answer.content), CHUNK):
                end = start + CHUNK
                yield records_pb2.ListAnswersResponse(
                    kind=answer.kind, chunk=answer.content[start:end], more=end < len(answer.content)
                )

    async def ListOutbox(
        self, request: records_pb2.ListOutboxRequest, context: Context
    ) -> records_pb2.ListOutboxResponse:
        caller = current_caller()
        scope = (OUTBOX, caller.agency_id)
        after = self._cursors.place(request.after, *scope)
        page = await self._records.outbox(caller, after, request.page_size)
        return records_pb2.ListOutboxResponse(
            items=[
                translate.outbox_item(item, self._cursors.token(item.cursor, *scope)) for item in page.items
            ],
            next=self._cursors.token(page.next, *scope),
            more=page.more,
        )
