"""Around every call: who calls, what it cost, how it ended.

An error may come at the start of a handler or in the middle of its stream, so the handler itself is wrapped,
never only the lookup of it. Every call leaves one event `rpc.finished` in the log. Health and reflection tell
nothing secret, and are for registered certificates all the same, of any role: who is not known here holds no
place.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

import grpc.aio
import structlog
from google.protobuf.message import DecodeError, Message

from axis_server.admitting.admission import Admission
from axis_server.boundary.errors import failure_of
from axis_server.boundary.identity import Context, fingerprint, identify
from axis_server.boundary.serialised import Serialised, serialising
from axis_server.boundary.watches import Watches
from axis_server.errors import Declined
from axis_server.limits.held_back import HeldBack
from axis_server.limits.shares import Shares
from axis_server.metrics import Metrics
from axis_server.reasons import OF_QUOTAS, Code
from storage.errors import Corrupt
from tracing import Tracer, begun, here

log = structlog.get_logger()

SUBMIT = "SubmissionService/Submit"
WATCHES = frozenset({"InboxService/WatchInbox", "EventService/WatchEvents", "Health/Watch"})
"""Calls that last for weeks."""
LAMP = "Health/Check"
"""Asked every few seconds; the log is not to be full of it."""


class Garbled:
    """Stands for a message that could not be read."""


GARBLED: Final = Garbled()


class Call:
    """One call in progress: counts what passes, and how it ends."""

    def __init__(self, method: str, request_id: str) -> None:
        self.method = method
        self.request_id = request_id
        self.received = 0
        self.sent = 0
        self.code = "OK"
        self.reason = ""
        self.actor = ""
        """The agency whose certificate it is, once that is known."""

    def take(self, message: Message | Garbled) -> None:
        """Counts a request. Raises `Declined` (INVALID_ARGUMENT) for bytes that are not the message that the
        method takes."""
        if isinstance(message, Garbled):
            raise Declined(Code.INVALID_ARGUMENT, "the request is not the message that this method takes")
        self.received += message.ByteSize()

    def give(self, message: Message | Serialised) -> None:
        self.sent += message.ByteSize()

    async def taken(self, messages: AsyncIterator[Message]) -> AsyncIterator[Message]:
        async for message in messages:
            self.take(message)
            yield message


class Boundary(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]
    """Admits known callers, translates errors, logs and measures."""

    def __init__(
        self,
        *,
        admission: Admission,
        metrics: Metrics,
        new_id: Callable[[], str],
        watches: Watches,
        shares: Shares,
        held_back: HeldBack,
        tracer: Tracer | None = None,
    ) -> None:
        """`held_back` is told of calls whose agency had its share. Calls are traced by `tracer`, where there
        is one."""
        self._admission = admission
        self._metrics = metrics
        self._new_id = new_id
        self._watches = watches
        self._shares = shares
        self._held_back = held_back
        self._tracer = tracer

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any]]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any]:
        handler = await continuation(handler_call_details)
        if handler is None:
            return handler
        return self._wrapped(handler, handler_call_details.method.rpartition(".")[2])

    def _wrapped(self, handler: Any, method: str) -> grpc.RpcMethodHandler[Any, Any]:
        async def unary(request: Message, context: Context) -> Message:
            async with self._call(method, context) as call:
                call.take(request)
                response: Message = await handler.unary_unary(request, context)
                call.give(response)
                return response
            raise AssertionError("unreachable: a call that fails is aborted")

        async def streamed_out(request: Message, context: Context) -> None:
            async with self._call(method, context) as call:
                call.take(request)
                if inspect.iscoroutinefunction(handler.unary_stream):  # the health service writes itself
                    await handler.unary_stream(request, context)
                else:
                    await write_all(handler.unary_stream(request, context), call, context)

        async def streamed_in(requests: AsyncIterator[Message], context: Context) -> Message:
            async with self._call(method, context) as call:
                response: Message = await handler.stream_unary(call.taken(requests), context)
                call.give(response)
                return response
            raise AssertionError("unreachable: a call that fails is aborted")

        async def streamed_both(requests: AsyncIterator[Message], context: Context) -> None:
            async with self._call(method, context) as call:
                await write_all(handler.stream_stream(call.taken(requests), context), call, context)

        async def write_all(source: Any, call: Call, context: Context) -> None:
            async with aclosing(source) as responses:
                async for response in responses:
                    call.give(response)
                    await _written(response, context)

        kinds: dict[tuple[bool, bool], tuple[Any, Any]] = {
            (False, False): (grpc.unary_unary_rpc_method_handler, unary),
            (False, True): (grpc.unary_stream_rpc_method_handler, streamed_out),
            (True, False): (grpc.stream_unary_rpc_method_handler, streamed_in),
            (True, True): (grpc.stream_stream_rpc_method_handler, streamed_both),
        }
        make, wrapper = kinds[handler.request_streaming, handler.response_streaming]
        return _like(handler, make, wrapper)

    @asynccontextmanager
    async def _call(self, method: str, context: Context) -> AsyncIterator[Call]:
        with begun(self._tracer, method, context.invocation_metadata() or ()):
            async with self._measured(method, context) as call:
                yield call

    @asynccontextmanager
    async def _measured(self, method: str, context: Context) -> AsyncIterator[Call]:
        call, started = Call(method, self._new_id()), time.perf_counter()
        certificate = fingerprint(context)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(
            request_id=call.request_id, method=method, certificate=certificate[:16]
        )
        if (traced := here()) is not None and traced.trace_id:
            structlog.contextvars.bind_contextvars(trace_id=traced.trace_id)
        self._metrics.calls_open.inc()
        watching = method in WATCHES
        if watching:
            self._metrics.watches_open.inc()
        try:
            caller = identify(context, self._admission, method)
            structlog.contextvars.bind_contextvars(
                agency=caller.agency_id, role=caller.role.value, delegate=caller.delegate_id or None
            )
            call.actor = caller.actor_id
            place = self._watches.place(caller.actor_id) if watching else self._shares.place(caller, method)
            with place:
                yield call
        except grpc.aio.AbortError:
            call.code = "ABORTED"
            raise
        except asyncio.CancelledError:
            if not (self._watches.ended and watching):
                call.code = "CANCELLED"
                raise
            await self._abort(call, Declined(Code.SHUTTING_DOWN), context)
        except Exception as exc:  # noqa: BLE001 - every error becomes a status; the unforeseen is logged
            await self._abort(call, exc, context)
        finally:
            self._tell(call, time.perf_counter() - started)

    async def _abort(self, call: Call, raised: Exception, context: Context) -> None:
        """Ends the call with the status that `raised` means."""
        failure = failure_of(raised, call.request_id)
        call.code, call.reason = failure.status.name, failure.reason
        if call.actor and isinstance(raised, Declined) and raised.code in OF_QUOTAS:
            self._held_back.noted(call.actor, raised.code, wait_seconds=raised.wait_seconds)
        if isinstance(raised, Corrupt):
            self._metrics.archive_corrupt.inc()
            log.error("archive.corrupt", digest=raised.digest, detail=raised.detail)
        if not failure.foreseen:
            log.error("rpc.failed", error_id=call.request_id, exc_info=raised)
        try:
            await context.abort(failure.status, failure.message, failure.trailers)
        except GONE as gone:
            raise asyncio.CancelledError from gone

    def _tell(self, call: Call, seconds: float) -> None:
        """Logs and counts a call that ended."""
        metrics = self._metrics
        metrics.calls_open.dec()
        metrics.calls.labels(call.method, call.code).inc()
        metrics.received_bytes.labels(call.method).inc(call.received)
        metrics.sent_bytes.labels(call.method).inc(call.sent)
        if call.method in WATCHES:
            metrics.watches_open.dec()
        else:
            metrics.call_seconds.labels(call.method).observe(seconds)
        if call.method == SUBMIT and call.code == "OK":
            metrics.submissions_accepted.inc()
        elif call.method == SUBMIT and call.reason:
            metrics.submissions_refused.labels(call.reason).inc()
        tell = log.debug if (call.method, call.code) == (LAMP, "OK") else log.info
        tell(
            "rpc.finished",
            code=call.code,
            reason=call.reason or None,
            ms=round(seconds * 1000, 1),
            received=call.received,
            sent=call.sent,
        )


GONE = (grpc.aio.InternalError, grpc.aio.UsageError)
"""What gRPC raises for writing to a caller that has hung up."""


async def _written(response: Message | Serialised, context: Context) -> None:
    """Sends one message of a stream. Raises `CancelledError` when the caller has hung up."""
    try:
        await context.write(response)
    except GONE as gone:
        raise asyncio.CancelledError from gone


def _tolerant(deserialise: Callable[[bytes], Message]) -> Callable[[bytes], Message | Garbled]:
    """gRPC answers UNKNOWN, without a reason, for what its deserialiser raises; so this one does not."""

    def read(message: bytes) -> Message | Garbled:
        try:
            return deserialise(message)
        except DecodeError:
            return GARBLED

    return read


def _like(handler: Any, make: Callable[..., Any], behaviour: Any) -> grpc.RpcMethodHandler[Any, Any]:
    """Makes a handler that reads and writes the same messages as `handler`."""
    made: grpc.RpcMethodHandler[Any, Any] = make(
        behaviour,
        request_deserializer=_tolerant(handler.request_deserializer),
        response_serializer=serialising(handler.response_serializer),
    )
    return made
