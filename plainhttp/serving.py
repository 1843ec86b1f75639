"""One server: connections in, requests answered one after the other, each within its bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import h11

_CHUNK = 1 << 14
_HEAD_BYTES = 1 << 14
"""Request line and headers together."""

LINGER_SECONDS = 1.0
_LINGER_CHUNKS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the server spends."""

    connections: int = 256
    """At once; one more is closed without a word."""
    seconds: float = 15.0
    """From waiting for a request to the last byte of its answer: whoever is slower is cut."""
    requests: int = 1000
    """On one connection."""
    body: int = 0
    """Bytes of a request's body; a larger one is answered 413."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked."""

    method: str
    path: str
    """As it stands in the request line, nothing decoded, a query included."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered."""

    status: int = 200
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    """Beside Content-Type and Content-Length."""


Answer = Callable[[Request], Awaitable[Reply]]


@asynccontextmanager
async def serving(
    host: str, port: int, answer: Answer, *, bounds: Bounds | None = None, shared: bool = False
) -> AsyncIterator[int]:
    """Serves until the block ends and yields the port, which port 0 lets the system choose; with `shared`,
    other processes of the same user may serve it too. Raises `OSError`."""
    door = _Door(answer, bounds or Bounds())
    server = await asyncio.start_server(door.entered, host, port, reuse_port=shared or None)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await door.close()
        await server.wait_closed()


class _Door:
    """Owns the connections."""

    def __init__(self, answer: Answer, bounds: Bounds) -> None:
        self._answer = answer
        self._bounds = bounds
        self._open: set[asyncio.Task[None]] = set()

    def entered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= self._bounds.connections:
            writer.close()
            return
        task = asyncio.create_task(_Talk(reader, writer, self._answer, self._bounds).run())
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def close(self) -> None:
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open)


class _TooLarge(Exception):
    """The body is larger than allowed."""


class _Talk:
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer, bounds: Bounds
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._answer = answer
        self._bounds = bounds
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES)

    async def run(self) -> None:
        """Answers until either side ends it. The other side's mistakes end it quietly."""
        try:
            for _ in range(self._bounds.requests):
                async with asyncio.timeout(self._bounds.seconds):
                    await self._exchange()
                if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                    await self._linger()
                    break
                self._http.start_next_cycle()
        except (OSError, TimeoutError, h11.LocalProtocolError):
            pass  # gone, too slow, or closed while we spoke
        finally:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()

    async def _exchange(self) -> None:
        try:
            request = await self._request()
        except _TooLarge:
            await self._send(Reply(status=413), "")
        except h11.RemoteProtocolError as wrong:
            if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                await self._send(Reply(status=wrong.error_status_hint), "")
        else:
            if request is not None:
                await self._send(await self._answer(request), request.method)

    async def _linger(self) -> None:
        """Lets the other side finish what it sends to a closed door, for a moment: cut off at once, it might
        not see the answer."""
        if self._writer.can_write_eof():
            self._writer.write_eof()
        async with asyncio.timeout(LINGER_SECONDS):
            for _ in range(_LINGER_CHUNKS):
                if not await self._reader.read(_CHUNK):
                    return

    async def _request(self) -> Request | None:
        """Reads a request whole; None when the other side has no more. Raises `_TooLarge`."""
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    await self._write(h11.InformationalResponse(status_code=100, headers=[]))
                self._http.receive_data(await self._reader.read(_CHUNK))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > self._bounds.body:
                    raise _TooLarge
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return Request(
                    method=head.method.decode(), path=head.target.decode("latin-1"), body=bytes(body)
                )
            else:
                return None

    async def _send(self, reply: Reply, method: str) -> None:
        headers = [("Content-Type", reply.kind), ("Content-Length", str(len(reply.body))), *reply.headers]
        await self._write(h11.Response(status_code=reply.status, headers=headers))
        if method != "HEAD" and reply.body:
            await self._write(h11.Data(data=reply.body))
        await self._write(h11.EndOfMessage())

    async def _write(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()
