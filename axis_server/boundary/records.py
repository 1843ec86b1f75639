"""`RecordService`: where a dispatch stands, what proves it."""

from __future__ import annotations

from axis.v1 import records_pb2, records_pb2_grpc
from axis_server.boundary import translate
from axis_server.boundary.identity import Context, current_caller
from axis_server.boundary.translate import cursor
from axis_server.records import Records


class RecordServicer(records_pb2_grpc.RecordServiceServicer):
    """Translates; `Records` decides."""

    def __init__(self, *, records: Records) -> None:
        self._records = records

    async def GetStatus(
        self, request: records_pb2.GetStatusRequest, context: Context
    ) -> records_pb2.GetStatusResponse:
        status = await self._records.status(current_caller(), request.dispatch_id)
        return records_pb2.GetStatusResponse(
            dispatch=translate.dispatch(status.entry),
            deliveries=[translate.delivery(one) for one in status.deliveries],
            events=[translate.event(one) for one in status.events],
        )

    async def ListEvidence(
        self, request: records_pb2.ListEvidenceRequest, context: Context
    ) -> records_pb2.ListEvidenceResponse:
        evidence, statements = await self._records.evidence(current_caller(), request.dispatch_id)
        return records_pb2.ListEvidenceResponse(
            evidence=[translate.evidence(one) for one in evidence],
            statements=[translate.statement(one) for one in statements],
        )

    async def ListOutbox(
        self, request: records_pb2.ListOutboxRequest, context: Context
    ) -> records_pb2.ListOutboxResponse:
        page = await self._records.outbox(current_caller(), cursor(request.after), request.page_size)
        return records_pb2.ListOutboxResponse(
            items=[translate.outbox_item(item) for item in page.items], next=page.next, more=page.more
        )
