"""`LogService`: checkpoints, proofs and tiles of the transparency log."""

from __future__ import annotations

from axis.v1 import log_pb2, log_pb2_grpc
from axis_server.boundary.identity import Context
from axis_server.boundary.translate import offset
from axis_server.errors import Declined
from axis_server.reasons import Code
from axis_server.transparency.proofs import Proofs
from signing.log import Tile

FULL = 256
"""Hashes of a full tile."""


class LogServicer(log_pb2_grpc.LogServiceServicer):
    """Translates; `Proofs` answers."""

    def __init__(self, *, proofs: Proofs) -> None:
        self._proofs = proofs

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

    async def GetTile(self, request: log_pb2.GetTileRequest, context: Context) -> log_pb2.GetTileResponse:
        try:
            tile = Tile(level=request.level, index=offset(request.index), width=request.width or FULL)
        except ValueError as wrong:
            raise Declined(Code.INVALID_ARGUMENT, str(wrong)) from wrong
        return log_pb2.GetTileResponse(hashes=await self._proofs.tile(tile))
