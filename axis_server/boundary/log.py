"""`LogService`: checkpoints, proofs and tiles of the transparency log."""

from __future__ import annotations

from axis.v1 import log_pb2, log_pb2_grpc
from axis_server.archiving.volumes import Trees
from axis_server.boundary.identity import Context
from axis_server.boundary.translate import offset
from axis_server.errors import Declined
from axis_server.reasons import Code
from axis_server.transparency.proofs import CONTENT_ID_LONGEST, Proofs
from signing.log import Tile
from storage.errors import NotFound
from storage.ledger.growing import Growing

FULL = 256
"""Hashes of a full tile."""


class LogServicer(log_pb2_grpc.LogServiceServicer):
    """Translates; `Proofs`, `Trees` and the ledger answer."""

    def __init__(self, *, proofs: Proofs, records: Trees, growing: Growing) -> None:
        self._proofs = proofs
        self._records = records
        self._growing = growing

    async def GetCheckpoint(
        self, request: log_pb2.GetCheckpointRequest, context: Context
    ) -> log_pb2.GetCheckpointResponse:
        found, stamps = await self._proofs.checkpoint(offset(request.min_size), stamped=request.stamped)
        return log_pb2.GetCheckpointResponse(
            checkpoint=found.content,
            stamps=[log_pb2.CheckpointStamp(authority=one.authority, token=one.token) for one in stamps],
        )

    async def GetInclusionProof(
        self, request: log_pb2.GetInclusionProofRequest, context: Context
    ) -> log_pb2.GetInclusionProofResponse:
        proven = await self._proofs.inclusion(request.content_id, offset(request.size))
        return log_pb2.GetInclusionProofResponse(proof=proven.proof, index=proven.index)

    async def GetConsistencyProof(
        self, request: log_pb2.GetConsistencyProofRequest, context: Context
    ) -> log_pb2.GetConsistencyProofResponse:
        continued = await self._proofs.consistency(offset(request.old_size), offset(request.new_size))
        return log_pb2.GetConsistencyProofResponse(
            hashes=continued.hashes, checkpoint=continued.checkpoint.content
        )

    async def GetArchiveRecord(
        self, request: log_pb2.GetArchiveRecordRequest, context: Context
    ) -> log_pb2.GetArchiveRecordResponse:
        if len(request.content_id) > CONTENT_ID_LONGEST:
            raise Declined(Code.INVALID_ARGUMENT, f"an id has at most {CONTENT_ID_LONGEST} characters")
        try:
            record = await self._records.record(request.content_id)
        except NotFound as absent:
            raise Declined(Code.NOT_FOUND, "no volume of the archive has it yet") from absent
        return log_pb2.GetArchiveRecordResponse(record=record)

    async def GetSealTimestamp(
        self, request: log_pb2.GetSealTimestampRequest, context: Context
    ) -> log_pb2.GetSealTimestampResponse:
        if len(request.evidence_id) > CONTENT_ID_LONGEST:
            raise Declined(Code.INVALID_ARGUMENT, f"an id has at most {CONTENT_ID_LONGEST} characters")
        try:
            stamp = await self._growing.seal_stamp(request.evidence_id)
        except NotFound as absent:
            raise Declined(Code.NOT_FOUND, "no time-stamp of its seal is kept") from absent
        return log_pb2.GetSealTimestampResponse(authority=stamp.authority, token=stamp.token)

    async def GetSuccessions(
        self, request: log_pb2.GetSuccessionsRequest, context: Context
    ) -> log_pb2.GetSuccessionsResponse:
        found = self._proofs.successions()
        return log_pb2.GetSuccessionsResponse(successions=[one.note.content() for one in found])

    async def GetTile(self, request: log_pb2.GetTileRequest, context: Context) -> log_pb2.GetTileResponse:
        try:
            tile = Tile(level=request.level, index=offset(request.index), width=request.width or FULL)
        except ValueError as wrong:
            raise Declined(Code.INVALID_ARGUMENT, str(wrong)) from wrong
        return log_pb2.GetTileResponse(hashes=await self._proofs.tile(tile))
