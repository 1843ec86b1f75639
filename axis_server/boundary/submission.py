"""`SubmissionService`: upload what is large, check and submit what is sealed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from axis.v1 import submission_pb2, submission_pb2_grpc
from axis_server.boundary import checks, translate
from axis_server.boundary.identity import Context, current_caller
from axis_server.errors import Declined
from axis_server.reasons import Code
from axis_server.sending.intake import Intake
from axis_server.sending.preflight import Preflight
from axis_server.sending.uploads import Uploads

IDLE_SECONDS = 120.0
"""How long an upload may pause between two messages before it loses its place; it can be resumed."""


class SubmissionServicer(submission_pb2_grpc.SubmissionServiceServicer):
    """Translates; `Intake`, `Preflight` and `Uploads` decide."""

    def __init__(self, *, intake: Intake, preflight: Preflight, uploads: Uploads, message_bytes: int) -> None:
        """`message_bytes` is the largest package in one message."""
        self._intake = intake
        self._preflight = preflight
        self._uploads = uploads
        self._message_bytes = message_bytes

    async def Submit(
        self, request: submission_pb2.SubmitRequest, context: Context
    ) -> submission_pb2.SubmitResponse:
        caller, source = current_caller(), self._source(request)
        if isinstance(source, bytes):
            kept = await self._intake.submit(caller, source)
        else:
            kept = await self._intake.submit_uploaded(caller, source)
        return submission_pb2.SubmitResponse(
            dispatch=translate.dispatch(kept.entry),
            evidence=[translate.evidence(one) for one in kept.evidence],
            warnings=kept.entry.warnings,
        )

    async def Check(
        self, request: submission_pb2.CheckRequest, context: Context
    ) -> submission_pb2.CheckResponse:
        caller, source = current_caller(), self._source(request)
        return checks.response(await self._preflight.check(caller, source, checks.coming(request)))

    def _source(self, request: submission_pb2.SubmitRequest | submission_pb2.CheckRequest) -> bytes | str:
        """Returns the package, or the SHA-256 of one that was uploaded. Raises `Declined`."""
        match request.WhichOneof("source"):
            case "package":
                if len(request.package) > self._message_bytes:
                    most = f"one message takes {self._message_bytes} bytes; upload the package first"
                    raise Declined(Code.PACKAGE_TOO_LARGE, most)
                return request.package
            case "package_sha256":
                return request.package_sha256
        raise Declined(Code.INVALID_ARGUMENT, "neither `package` nor `package_sha256` is given")

    async def QueryUpload(
        self, request: submission_pb2.QueryUploadRequest, context: Context
    ) -> submission_pb2.QueryUploadResponse:
        state = await self._uploads.query(current_caller(), request.sha256)
        return submission_pb2.QueryUploadResponse(offset=state.offset, complete=state.complete)

    async def Upload(
        self,
        request_iterator: AsyncIterator[submission_pb2.UploadRequest],
        context: Context,
    ) -> submission_pb2.UploadResponse:
        try:
            first = await _next(request_iterator)
        except TimeoutError as exc:
            nothing = f"nothing came for {IDLE_SECONDS:g} seconds"
            raise Declined(Code.STREAM_TRUNCATED, nothing, facts={"offset": "0"}) from exc
        if first is None or not first.HasField("header"):
            raise Declined(Code.INVALID_ARGUMENT, "the first message of an upload has a header")
        header = first.header
        if header.size > checks.MOST_SIZE:
            raise Declined(Code.ATTACHMENT_TOO_LARGE, f"{header.size} bytes")
        state = await self._uploads.upload(
            current_caller(),
            header.sha256,
            header.size,
            header.offset,
            chunks(first, request_iterator),
        )
        return submission_pb2.UploadResponse(offset=state.offset, complete=state.complete)


async def chunks(
    first: submission_pb2.UploadRequest,
    others: AsyncIterator[submission_pb2.UploadRequest],
) -> AsyncIterator[bytes]:
    """Yields the bytes of an upload's messages, and ends where nothing comes for `IDLE_SECONDS`: what came is
    kept, and the answer says from where to go on. Raises `Declined`: INVALID_ARGUMENT for a second header."""
    if first.chunk:
        yield first.chunk
    while True:
        try:
            message = await _next(others)
        except TimeoutError:
            return
        if message is None:
            return
        if message.HasField("header"):
            raise Declined(Code.INVALID_ARGUMENT, "only the first message of an upload has a header")
        if message.chunk:
            yield message.chunk


async def _next(messages: AsyncIterator[submission_pb2.UploadRequest]) -> submission_pb2.UploadRequest | None:
    """Returns the next message, None at the end. Raises `TimeoutError` when none comes for `IDLE_SECONDS`."""
    async with asyncio.timeout(IDLE_SECONDS):
        return await anext(messages, None)
