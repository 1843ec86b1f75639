"""What an agency writes down while it works: every call as it went over the wire, one JSON object a line.

    history = History(path)
    async with NotingClient(profile, history, surroundings) as axis: ...

A line is on the disk before the program goes on: killed at any moment it has noted all that it was told. The
SDK is used as it is; only its wire writes down what passes.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any, Self, cast

import grpc.aio
from google.rpc import error_details_pb2, status_pb2
from lxml import etree

from axis.v1 import events_pb2, inbox_pb2, submission_pb2
from axis_client import AsyncClient, Profile, Surroundings
from axis_client.model import UploadState
from axis_client.wire import Wire
from axis_client.wire.link import translated


class History:
    """A file that only grows."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1, encoding="utf-8")

    def note(self, act: str, **facts: object) -> None:
        self._file.write(json.dumps({"act": act, "at": time.monotonic(), **facts}, ensure_ascii=False) + "\n")


class NotingWire(Wire):
    """The SDK's wire, which notes each call and its answer."""

    def __init__(self, profile: Profile, history: History) -> None:
        super().__init__(profile)
        self._history = history

    async def _ask(self, method: Any, request: Any, seconds: float = 30.0) -> Any:
        call = _Call(self._history, request)
        with translated():
            try:
                answer = await method(request, timeout=seconds, metadata=self._metadata)
            except BaseException as error:
                call.failed(error)
                raise
        call.answered(**_told(answer))
        return answer

    async def _follow(self, method: Any, request: Any, seconds: float) -> AsyncGenerator[Any, None]:
        call = _Call(self._history, request)
        stream = method(request, timeout=seconds, metadata=self._metadata)
        digest, size = hashlib.sha256(), 0
        with translated():
            try:
                async for message in stream:
                    if isinstance(message, events_pb2.WatchEventsResponse):
                        self._see(message)
                    elif isinstance(message, inbox_pb2.FetchPartResponse):
                        digest.update(message.chunk)
                        size += len(message.chunk)
                    yield message
                call.answered(sha256=digest.hexdigest(), size=size)
            except BaseException as error:
                call.failed(error)
                raise
            finally:
                stream.cancel()

    async def upload(self, sha256: str, size: int, offset: int, chunks: AsyncIterator[bytes]) -> UploadState:
        call = _Call(self._history, submission_pb2.UploadHeader(sha256=sha256, size=size, offset=offset))
        try:
            state = await super().upload(sha256, size, offset, chunks)
        except BaseException as error:
            call.failed(error.__cause__ or error)
            raise
        call.answered(offset=state.offset, complete=state.complete)
        return state

    def _see(self, message: Any) -> None:
        alone = message.WhichOneof("news") == "event"
        for news in (message.event,) if alone else message.events.events:
            event = news.event
            shown = (
                *(event.dispatch_id, event.sequence, event.kind, event.recipient_id, event.actor_id),
                event.at.seconds + event.at.nanos / 1e9,
                *(event.status_code, event.evidence_id, event.statement_id, event.related_dispatch_id),
                news.cursor,
            )
            self._history.note("event", event=shown, sender_id=news.about.sender_id)


class NotingClient(AsyncClient):
    """The SDK's client over such a wire."""

    def __init__(self, profile: Profile, history: History, surroundings: Surroundings) -> None:
        super().__init__(profile, surroundings)
        self._history = history

    async def __aenter__(self) -> Self:
        self._opened = NotingWire(self._profile, self._history)
        return self


class _Call:
    """One call on its way."""

    def __init__(self, history: History, request: Any) -> None:
        self._history = history
        self._name = type(request).__name__.removesuffix("Request")
        self._asked = _asked(request)
        self._began = time.monotonic()

    def answered(self, **told: object) -> None:
        self._note("OK", "", told)

    def failed(self, error: BaseException) -> None:
        """Notes what was said; `GAVE_UP` when it was this side that ended the call."""
        if not isinstance(error, grpc.aio.AioRpcError):
            self._note("GAVE_UP", type(error).__name__, {})
            return
        reason, later = _said(error)
        self._note(error.code().name, reason, {"later": later, "details": (error.details() or "")[:200]})

    def _note(self, code: str, reason: str, told: dict[str, object]) -> None:
        self._history.note(
            "call",
            rpc=self._name,
            began=self._began,
            ended=time.monotonic(),
            code=code,
            reason=reason,
            asked=self._asked,
            told=told,
        )


def _said(error: grpc.aio.AioRpcError) -> tuple[str, bool]:
    """The axis's own reason, empty where gRPC or the line failed, and whether to try later."""
    reason, later = "", False
    trailers = cast("Any", error.trailing_metadata() or ())
    for key, value in trailers:
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
                if detail.Unpack(info):
                    reason = info.reason
                later = detail.Unpack(retry) or later
    return reason, later


def _asked(request: Any) -> dict[str, object]:
    """The arguments that the checker needs; bytes by their digest."""
    match request:
        case submission_pb2.SubmitRequest():
            return {"sha256": request.package_sha256 or hashlib.sha256(request.package).hexdigest()}
        case inbox_pb2.ReportRequest():
            return {"dispatch_id": request.dispatch_id, **_stated(request.statement)}
        case inbox_pb2.FetchPartRequest():
            return {
                "dispatch_id": request.dispatch_id,
                "number": request.number,
                "offset": request.offset,
            }
        case submission_pb2.UploadHeader():
            return {"sha256": request.sha256, "size": request.size, "offset": request.offset}
    return {}


def _stated(content: bytes) -> dict[str, object]:
    root = etree.fromstring(content)

    def text(path: str) -> str:
        found: Any = root.xpath(f"string({path})")
        return str(found).strip()

    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "code": text('//*[local-name()="StatusCode"]'),
        "speaker_id": text('//*[local-name()="From"]/*[local-name()="OrganId"]'),
        "document_id": text('//*[local-name()="ResponseFor"]/*[local-name()="DocumentId"]'),
    }


def _told(answer: Any) -> dict[str, object]:
    match answer:
        case submission_pb2.SubmitResponse():
            return {"dispatch_id": answer.dispatch.dispatch_id, "evidence": _digests(answer.evidence)}
        case inbox_pb2.ReportResponse():
            return {"evidence": _digests(answer.evidence), "deliveries": [_standing(answer.delivery)]}
        case inbox_pb2.TakeInboxResponse():
            return {"deliveries": [_standing(one.item.delivery) for one in answer.items]}
    return {}


def _digests(evidence: Any) -> list[str]:
    return [hashlib.sha256(one.content).hexdigest() for one in evidence]


def _standing(delivery: Any) -> tuple[str, str, int, int]:
    return delivery.dispatch_id, delivery.recipient_id, delivery.version, delivery.state
