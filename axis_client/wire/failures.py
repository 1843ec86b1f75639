"""gRPC statuses to the SDK's errors: the one place that knows both.

What the axis says stands in `google.rpc` details: ErrorInfo (`reason`, facts), LocalizedMessage (en, vi),
Help (next step), RetryInfo, and `axis.v1.Refusal`. A status without ErrorInfo comes from gRPC itself or from
something between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar, cast

import grpc
import grpc.aio
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

from axis.v1 import errors_pb2
from axis_client.errors import AxisError, LocalError, NotFound, Refused, TryLater, explain
from axis_client.wire import convert

_Message = TypeVar("_Message", bound=Message)
_DETAILS_KEY = "grpc-status-details-bin"
_LATER = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
    }
)
"""Statuses that say nothing about the call itself. INTERNAL and UNKNOWN are here because a cut link may show
as either, and because every call that this SDK repeats is safe to repeat."""
_TLS = re.compile(
    r"SSL_ERROR_SSL|CERTIFICATE_VERIFY_FAILED|WRONG_VERSION|verification check failed|cannot check peer",
    re.IGNORECASE,
)
"""How gRPC says that the two ends do not suit each other. A link that is cut while they
shake hands is a cut link: `Handshake read failed`, `Socket closed`."""


def translate(error: grpc.aio.AioRpcError) -> AxisError:
    """Makes the error that the caller sees from the one that gRPC raised."""
    details = list(_details(error))
    info = _first(details, error_details_pb2.ErrorInfo)
    if info is None or not info.reason:
        return _unspoken(error)
    messages = {
        message.locale.split("-")[0]: message.message
        for message in _all(details, error_details_pb2.LocalizedMessage)
    }
    refusal = _first(details, errors_pb2.Refusal)
    retry = _first(details, error_details_pb2.RetryInfo)
    english = messages.get("en") or error.details() or info.reason
    hint, hint_vi = _hints(details)
    kind = _kind(error.code(), retry is not None)
    result = kind(
        info.reason,
        english,
        message_vi=messages.get("vi", ""),
        hint=hint,
        hint_vi=hint_vi,
        facts=dict(info.metadata),
        evidence=convert.evidence(refusal.evidence) if refusal and refusal.HasField("evidence") else None,
    )
    if isinstance(result, TryLater) and retry is not None:
        result.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
    return result


def _kind(code: grpc.StatusCode, retry_said: bool) -> type[AxisError]:
    """The axis says itself whether the same call can succeed later: by RetryInfo."""
    if retry_said:
        return TryLater
    return NotFound if code is grpc.StatusCode.NOT_FOUND else Refused


def _unspoken(error: grpc.aio.AioRpcError) -> AxisError:
    code, text = error.code(), (error.details() or "").strip()
    if code is grpc.StatusCode.UNAVAILABLE:
        if _TLS.search(text):
            return explain(LocalError, "TLS_FAILED", text)
        return explain(TryLater, "UNREACHABLE", text)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return explain(TryLater, "NO_ANSWER_IN_TIME")
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return explain(TryLater, "BUSY", text)
    if code in _LATER:
        return explain(TryLater, "AXIS_FAILED", text)
    kind = NotFound if code is grpc.StatusCode.NOT_FOUND else Refused
    return explain(kind, "AXIS_DECLINED", f"{code.name}: {text}")


def _hints(details: Sequence[any_pb2.Any]) -> tuple[str, str]:
    """Returns the next step in English and Vietnamese, as the axis gives it: one Help link each, in this
    order."""
    help_message = _first(details, error_details_pb2.Help)
    texts = [link.description for link in help_message.links] if help_message else []
    return (texts[0] if texts else ""), (texts[1] if len(texts) > 1 else "")


def _details(error: grpc.aio.AioRpcError) -> Iterable[any_pb2.Any]:
    trailers = cast("Iterable[tuple[str, str | bytes]]", error.trailing_metadata() or ())
    for key, value in trailers:
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return list(status_pb2.Status.FromString(value).details)
            except DecodeError:
                return ()
    return ()


def _all(details: Iterable[any_pb2.Any], kind: type[_Message]) -> list[_Message]:
    found = []
    for packed in details:
        message = kind()
        if packed.Unpack(message):
            found.append(message)
    return found


def _first(details: Iterable[any_pb2.Any], kind: type[_Message]) -> _Message | None:
    return next(iter(_all(details, kind)), None)
