"""The calls of `SubmissionService`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from functools import cached_property

from axis.v1 import submission_pb2, submission_pb2_grpc
from axis_client import model
from axis_client.model import oversight
from axis_client.wire import convert, overview
from axis_client.wire.link import SLOW, TRANSFER, Link, translated
from tracing.host import calling


class SubmissionCalls(Link):
    @cached_property
    def _submission(self) -> submission_pb2_grpc.SubmissionServiceAsyncStub:
        return submission_pb2_grpc.SubmissionServiceStub(self._channel)

    async def submit(self, package: bytes) -> model.Submitted:
        request = submission_pb2.SubmitRequest(package=package)
        return convert.submitted(await self._ask(self._submission.Submit, request, SLOW))

    async def submit_uploaded(self, sha256: str) -> model.Submitted:
        request = submission_pb2.SubmitRequest(package_sha256=sha256)
        return convert.submitted(await self._ask(self._submission.Submit, request, SLOW))

    async def check(self, package: bytes, to_upload: Iterable[tuple[str, int]]) -> oversight.Checked:
        """Asks what `submit` would say; `to_upload` are digests and sizes of what would be uploaded."""
        blobs = [submission_pb2.Blob(sha256=sha256, size=size) for sha256, size in to_upload]
        request = submission_pb2.CheckRequest(package=package, to_upload=blobs)
        return overview.checked(await self._ask(self._submission.Check, request, SLOW))

    async def query_upload(self, sha256: str) -> model.UploadState:
        request = submission_pb2.QueryUploadRequest(sha256=sha256)
        answer = await self._ask(self._submission.QueryUpload, request)
        return model.UploadState(offset=answer.offset, complete=answer.complete)

    async def upload(
        self, sha256: str, size: int, offset: int, chunks: AsyncIterator[bytes]
    ) -> model.UploadState:
        """Streams `chunks` (each at most 1 MiB), which start at `offset` of the blob."""

        async def messages() -> AsyncIterator[submission_pb2.UploadRequest]:
            header = submission_pb2.UploadHeader(sha256=sha256, size=size, offset=offset)
            yield submission_pb2.UploadRequest(header=header)
            async for chunk in chunks:
                yield submission_pb2.UploadRequest(chunk=chunk)

        with translated(), calling("axis/Upload") as headers:
            answer = await self._submission.Upload(
                messages(), timeout=TRANSFER, metadata=(*self._metadata, *headers)
            )
        return model.UploadState(offset=answer.offset, complete=answer.complete)
