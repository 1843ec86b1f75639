"""A door before an S3 store that misbehaves when told to: real HTTP, real connections that break.

with Door.before(ceph.endpoint) as door:
    door.trouble("GET", "blobs/", Trouble.HALF, times=1)
    door.endpoint
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Trouble(Enum):
    BUSY = "503, and nothing happened"
    NOT_S3 = "502 in HTML, as a load balancer says it"
    LOST = "the effect stands, the answer is lost"
    HALF = "the answer breaks off in the middle of its body"
    REFUSED = "403: the rights were taken away"
    FULL = "403 as Ceph says that a quota is used up"
    GONE = "the connection is closed, and nothing happened"
    SLOW = "the answer comes after some seconds"


SLOW_SECONDS = 4.0


@dataclass
class Door:
    """Passes requests on, except those that it was told to trouble."""

    endpoint: str = ""
    most_at_once: int = 0
    requests: list[str] = field(default_factory=list)
    """Method and path of every request, in their order."""
    _plan: list[list[object]] = field(default_factory=list)
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def trouble(self, method: str, path: str, trouble: Trouble, *, times: int) -> None:
        """Has the next `times` requests of that method whose path and query contain `path` go wrong."""
        self._plan.append([method, path, trouble, times])

    def heal(self) -> None:
        """Forgets all trouble."""
        self._plan.clear()

    def enter(self, method: str, path: str) -> Trouble | None:
        with self._lock:
            self.requests.append(f"{method} {path}")
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            for one in self._plan:
                if one[0] == method and str(one[1]) in path and one[3] != 0:
                    one[3] = int(str(one[3])) - 1
                    assert isinstance(one[2], Trouble)
                    return one[2]
        return None

    def leave(self) -> None:
        with self._lock:
            self._now -= 1

    @classmethod
    @contextmanager
    def before(cls, endpoint: str, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Door]:
        door = cls()
        behind = urlsplit(endpoint).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:
                    self.close_connection = True

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                trouble = door.enter(self.command, self.path)
                try:
                    self._answer(body, trouble)
                finally:
                    door.leave()

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass

            def _answer(self, body: bytes, trouble: Trouble | None) -> None:
                if trouble is Trouble.BUSY:
                    return self._say(503, "application/xml", b"<Error><Code>SlowDown</Code></Error>")
                if trouble is Trouble.NOT_S3:
                    return self._say(502, "text/html", b"<h1>Bad Gateway</h1>")
                if trouble is Trouble.REFUSED:
                    return self._say(403, "application/xml", b"<Error><Code>AccessDenied</Code></Error>")
                if trouble is Trouble.FULL:
                    return self._say(403, "application/xml", b"<Error><Code>QuotaExceeded</Code></Error>")
                if trouble is Trouble.GONE:
                    self.close_connection = True
                    return None
                if trouble is Trouble.SLOW:
                    time.sleep(SLOW_SECONDS)
                connection = http.client.HTTPConnection(behind, timeout=30)
                try:
                    connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                    for name, value in self.headers.items():
                        connection.putheader(name, value)
                    connection.endheaders(body)
                    answer = connection.getresponse()
                    content = answer.read()
                finally:
                    connection.close()
                if trouble is Trouble.LOST:
                    self.close_connection = True
                    return None
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length", "date"):
                        self.send_header(name, value)
                length = answer.headers["Content-Length"] if self.command == "HEAD" else len(content)
                self.send_header("Content-Length", str(length or 0))
                self.end_headers()
                if trouble is Trouble.HALF:
                    content = content[: len(content) // 2]
                    self.close_connection = True
                self.wfile.write(content)
                return None

            def _say(self, status: int, kind: str, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        server = Server((host, port), Handler)
        door.endpoint = f"http://{host}:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        try:
            yield door
        finally:
            server.shutdown()
            serving.join()
            server.server_close()
