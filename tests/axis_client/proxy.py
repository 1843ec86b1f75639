"""A man in the middle: speaks for the real axis, and may lose, cut or alter what passes.

It bears the axis's own TLS certificate, so it stands for an axis that misbehaves, or for one whose link does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
import grpc.aio
from google.rpc import status_pb2

from axis_client import Profile
from axis_client.wire.channel import open_channel
from tests.axis_client.harness import RunningAxis

DETAILS = "grpc-status-details-bin"
Alter = Callable[[Any], None]


@dataclass(slots=True)
class Mischief:
    """What happens to calls, by the name of the RPC; each entry of a list is used up once."""

    lose_reply: list[str] = field(default_factory=list)
    """The axis serves the call, and the client hears that the link was lost."""
    cut_after: dict[str, list[int]] = field(default_factory=dict)
    """A stream of this RPC is cut after so many messages."""
    alter: dict[str, tuple[type[Any], Alter]] = field(default_factory=dict)
    """The answer is parsed as this message, changed in place, and passed on."""
    alter_error: Alter | None = None
    """The `google.rpc.Status` of each error is changed in place, and passed on."""
    unknown: list[str] = field(default_factory=list)
    """RPCs that an older axis does not have."""
    calls: list[str] = field(default_factory=list)
    """Every call, in order."""


class _Relay(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, channel: grpc.aio.Channel, mischief: Mischief) -> None:
        self._channel = channel
        self._mischief = mischief

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        name = details.method.rsplit("/", 1)[-1]
        if name in self._mischief.unknown:
            return None
        if name == "Upload":
            return grpc.stream_unary_rpc_method_handler(self._stream_unary(details.method, name))
        if name in ("WatchInbox", "FetchPart"):
            return grpc.unary_stream_rpc_method_handler(self._unary_stream(details.method, name))
        return grpc.unary_unary_rpc_method_handler(self._unary_unary(details.method, name))

    def _unary_unary(self, method: str, name: str) -> Any:
        async def handler(request: bytes, context: Any) -> bytes:
            self._mischief.calls.append(name)
            async with _passed(context, self._mischief.alter_error):
                answer: bytes = await self._channel.unary_unary(method)(request)
            return await self._answer(name, answer, context)

        return handler

    def _stream_unary(self, method: str, name: str) -> Any:
        async def handler(requests: AsyncIterator[bytes], context: Any) -> bytes:
            self._mischief.calls.append(name)
            cuts = self._mischief.cut_after.get(name)
            most = cuts.pop(0) if cuts else None
            # What was sent before a cut must reach the axis, as it does when a link breaks behind a router.
            passed = _first(requests, most)
            async with _passed(context, self._mischief.alter_error):
                answer: bytes = await self._channel.stream_unary(method)(passed)
            return await self._answer(name, answer, context)

        return handler

    def _unary_stream(self, method: str, name: str) -> Any:
        async def handler(request: bytes, context: Any) -> AsyncIterator[bytes]:
            self._mischief.calls.append(name)
            cuts = self._mischief.cut_after.get(name)
            left = cuts.pop(0) if cuts else -1
            async with _passed(context, self._mischief.alter_error):
                async for message in self._channel.unary_stream(method)(request):
                    if left == 0:
                        await context.abort(grpc.StatusCode.UNAVAILABLE, "cut")
                    left -= 1
                    yield self._altered(name, message)

        return handler

    async def _answer(self, name: str, answer: bytes, context: Any) -> bytes:
        if name in self._mischief.lose_reply:
            self._mischief.lose_reply.remove(name)
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the reply was lost")
        return self._altered(name, answer)

    def _altered(self, name: str, answer: bytes) -> bytes:
        if name not in self._mischief.alter:
            return answer
        kind, alter = self._mischief.alter[name]
        message = kind.FromString(answer)
        alter(message)
        altered: bytes = message.SerializeToString()
        return altered


async def _first(requests: AsyncIterator[bytes], most: int | None) -> AsyncIterator[bytes]:
    passed = 0
    async for request in requests:
        if most is not None and passed >= most:
            return
        passed += 1
        yield request


@asynccontextmanager
async def _passed(context: Any, alter: Alter | None) -> AsyncIterator[None]:
    """Passes the axis's own errors on."""
    try:
        yield
    except grpc.aio.AioRpcError as exc:
        trailers: list[tuple[str, Any]] = [tuple(pair) for pair in exc.trailing_metadata() or ()]
        if alter is not None:
            trailers = [(key, _changed(value, alter) if key == DETAILS else value) for key, value in trailers]
        await context.abort(exc.code(), exc.details() or "", tuple(trailers))


def _changed(value: bytes, alter: Alter) -> bytes:
    status = status_pb2.Status.FromString(value)
    alter(status)
    return status.SerializeToString()


@asynccontextmanager
async def between(running: RunningAxis, agency_id: str, mischief: Mischief) -> AsyncIterator[Profile]:
    """Yields the agency's profile, leading through the relay instead of to the axis."""
    profile = Profile.load(running.profile(agency_id))
    tls = running.base / "axis" / "tls"
    credentials = grpc.ssl_server_credentials(
        [((tls / "server.key").read_bytes(), (tls / "server.pem").read_bytes())],
        profile.ca_pem,
        require_client_auth=True,
    )
    channel = open_channel(profile)
    limits = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.aio.server(options=[*limits, ("grpc.max_metadata_size", 1 << 20)])
    server.add_generic_rpc_handlers((_Relay(channel, mischief),))
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    try:
        yield replace(profile, axis=f"127.0.0.1:{port}")
    finally:
        await server.stop(grace=None)
        await channel.close(grace=None)
