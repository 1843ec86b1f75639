"""The calls of `LogService`."""

from __future__ import annotations

from functools import cached_property

import grpc
import grpc.aio

from axis.v1 import log_pb2, log_pb2_grpc
from axis_client import model
from axis_client.errors import Refused
from axis_client.wire.link import Link


class LogCalls(Link):
    @cached_property
    def _log(self) -> log_pb2_grpc.LogServiceAsyncStub:
        return log_pb2_grpc.LogServiceStub(self._channel)

    async def checkpoint(self, min_size: int = 0, *, stamped: bool = False) -> model.ShownCheckpoint:
        request = log_pb2.GetCheckpointRequest(min_size=min_size, stamped=stamped)
        answer = await self._ask(self._log.GetCheckpoint, request)
        stamps = tuple(
            model.CheckpointStamp(authority=one.authority, token=one.token) for one in answer.stamps
        )
        return model.ShownCheckpoint(note=answer.checkpoint, stamps=stamps)

    async def inclusion(self, content_id: str, size: int = 0) -> bytes:
        request = log_pb2.GetInclusionProofRequest(content_id=content_id, size=size)
        return (await self._ask(self._log.GetInclusionProof, request)).proof

    async def successions(self) -> tuple[bytes, ...]:
        try:
            answer = await self._ask(self._log.GetSuccessions, log_pb2.GetSuccessionsRequest())
        except Refused as refused:
            cause = refused.__cause__
            if isinstance(cause, grpc.aio.AioRpcError) and cause.code() is grpc.StatusCode.UNIMPLEMENTED:
                return ()  # an axis from before keys followed each other
            raise
        return tuple(answer.successions)

    async def archive_record(self, content_id: str) -> bytes:
        request = log_pb2.GetArchiveRecordRequest(content_id=content_id)
        return (await self._ask(self._log.GetArchiveRecord, request)).record

    async def seal_timestamp(self, evidence_id: str) -> bytes:
        request = log_pb2.GetSealTimestampRequest(evidence_id=evidence_id)
        return (await self._ask(self._log.GetSealTimestamp, request)).token

    async def consistency(self, old_size: int, new_size: int) -> tuple[bytes, ...]:
        request = log_pb2.GetConsistencyProofRequest(old_size=old_size, new_size=new_size)
        return tuple((await self._ask(self._log.GetConsistencyProof, request)).hashes)
