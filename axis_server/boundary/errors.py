"""What was raised, as `google.rpc.Status`: the one place where an error becomes a gRPC status.

Details, in this order: `ErrorInfo` (reason, domain, facts), `LocalizedMessage` in English and in Vietnamese,
`Help` (two links without address: the next step in English and in Vietnamese), `RetryInfo` where the same
call can succeed later, `QuotaFailure` where the caller's agency has had its share, `RequestInfo`, and
`axis.v1.Refusal` where the axis gave its signed verdict and it fits. The detail of the case stands in the
localised messages; the status's own message is the code and its sentence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import grpc
from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from axis.v1 import errors_pb2
from axis_server.boundary import translate
from axis_server.errors import Declined, NotAdmitted
from axis_server.reasons import ANSWERS, OF_QUOTAS, OF_THE_CALLER, Code, answer
from storage.errors import Corrupt, StoreFull, Unavailable

DOMAIN = "national-axis"
DETAILS_KEY = "grpc-status-details-bin"
RETRY_SECONDS = 5
"""What a client is told to wait: long enough not to press a store in trouble, short enough for a clerk."""
MOST_STATUS = 10_000
"""Bytes of a status with its evidence: about 7,000 is usual, 9,000 with RSA keys. gRPC's usual clients take
16 KiB of trailers; evidence that does not fit, under a long chain of certificates, is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a call ends that did not succeed."""

    reason: str
    """Stable code."""
    status: grpc.StatusCode
    message: str
    details: bytes
    """A serialised `google.rpc.Status`."""
    foreseen: bool
    """False for a defect: the log must hold the traceback."""

    @property
    def trailers(self) -> tuple[tuple[str, bytes], ...]:
        return ((DETAILS_KEY, self.details),)


def failure_of(raised: BaseException, request_id: str) -> Failure:
    """Says how a call ends on which `raised` was raised. The unforeseen shows its request id alone."""
    declined = _declined(raised)
    if declined is None:
        unforeseen = Declined(Code.INTERNAL, f"error id {request_id}", facts={"error_id": request_id})
        return _failure(unforeseen, request_id, foreseen=False)
    return _failure(declined, request_id, foreseen=True)


def _declined(raised: BaseException) -> Declined | None:
    match raised:
        case Declined() if raised.code in ANSWERS:
            return raised
        case StoreFull():
            return Declined(Code.STORE_FULL)
        case Corrupt():
            return Declined(Code.CORRUPT)
        case Unavailable():
            return Declined(Code.STORE_UNAVAILABLE)
        case _:
            return None


def _failure(declined: Declined, request_id: str, *, foreseen: bool) -> Failure:
    told = OF_THE_CALLER[declined.code] if isinstance(declined, NotAdmitted) else answer(declined.code)
    messages: list[Message] = [
        error_details_pb2.ErrorInfo(reason=declined.code, domain=DOMAIN, metadata=declined.facts),
        error_details_pb2.LocalizedMessage(locale="en", message=_with(told.english, declined.detail)),
        error_details_pb2.LocalizedMessage(
            locale="vi", message=_with(told.vietnamese, declined.detail_vietnamese)
        ),
        error_details_pb2.Help(
            links=[
                error_details_pb2.Help.Link(description=step)
                for step in (told.next_step, told.next_step_vietnamese)
            ]
        ),
    ]
    if told.retryable:
        messages.append(error_details_pb2.RetryInfo(retry_delay=_delay(declined.wait_seconds)))
    if declined.code in OF_QUOTAS:
        violation = error_details_pb2.QuotaFailure.Violation(
            subject="agency", description=_with(told.english, declined.detail)
        )
        messages.append(error_details_pb2.QuotaFailure(violations=[violation]))
    messages.append(error_details_pb2.RequestInfo(request_id=request_id))
    status, text = grpc.StatusCode[told.status], f"{declined.code}: {told.english}"
    packed = status_pb2.Status(code=status.value[0], message=text, details=[_packed(m) for m in messages])
    if declined.evidence is not None:
        refusal = _packed(errors_pb2.Refusal(evidence=translate.evidence(declined.evidence)))
        if packed.ByteSize() + refusal.ByteSize() <= MOST_STATUS:
            packed.details.append(refusal)
    return Failure(
        reason=declined.code,
        status=status,
        message=text,
        details=packed.SerializeToString(),
        foreseen=foreseen,
    )


def _delay(seconds: float | None) -> Duration:
    delay = Duration()
    delay.FromMilliseconds(1000 * RETRY_SECONDS if seconds is None else math.ceil(1000 * seconds))
    return delay


def _with(sentence: str, detail: str) -> str:
    return f"{sentence} ({detail})" if detail else sentence


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
