"""The outside, on loopback: an HTTP server that answers as a test says."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from axis_server.fetching import Bounds

NEAR = Bounds(seconds=20, private=True)
"""Bounds that let the tests ask on loopback, with time enough for a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    body: bytes = b""
    kind: str = "application/octet-stream"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    """The Content-Length announced, when it is not the body's."""


@dataclass(slots=True)
class Outside:
    url: str
    asked: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    """Method, path, media type and body of each request."""


Answer = Callable[[str, bytes], Reply | Iterator[bytes]]
"""Path and body to a reply, or to raw pieces of one."""


@contextmanager
def outside(
    answer: Answer, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[Outside]:
    seen: list[tuple[str, str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answered()

        def do_POST(self) -> None:
            self._answered()

        def _answered(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append((self.command, self.path, self.headers.get("Content-Type") or "", body))
            reply = answer(self.path, body)
            try:
                if isinstance(reply, Reply):
                    self._send(reply)
                else:
                    for piece in reply:
                        self.wfile.write(piece)
            except OSError:
                pass  # the other side has had enough

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            length = len(reply.body) if reply.length is None else reply.length
            self.send_header("Content-Length", str(length))
            for name, value in reply.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    scheme = "http" if tls is None else "https"
    try:
        yield Outside(url=f"{scheme}://{host}:{server.server_address[1]}", asked=seen)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
