"""One exchange over HTTP, bounded in time, in size and in where it may go."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from axis_server.fetching.addresses import Resolve, is_public, resolved

MOST_REDIRECTS = 3
LONGEST_URL = 2_000
LONGEST_REFUSAL = 1_000
_PORTS = {"http": 80, "https": 443}
_MOVED = frozenset({301, 302, 303, 307, 308})
_OK = 200


class FetchError(Exception):
    """Nothing was fetched; the message says why, without anything that the other side sent."""


class Forbidden(FetchError):
    """The address may not be asked."""


class Unreachable(FetchError):
    """Nobody there, cut off, or too slow. The same later may succeed."""


class Unfit(FetchError):
    """An answer came, and it cannot be used."""


class Declined(Unfit):
    """The other side said no, with a status that the caller asked to be told of."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body
        """At most `LONGEST_REFUSAL` bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one exchange may cost, and where it may go."""

    seconds: float = 10.0
    """For all of it, from connecting to the last byte, redirects included. The time of the system's resolver
    comes on top."""
    bytes: int = 1 << 20
    """The longest body."""
    private: bool = False
    """Also addresses that are not public: loopback, private networks. For an authority inside the state's own
    network, and for tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What is sent and what is wanted back."""

    accepts: frozenset[str]
    """Media types of an answer that can be used; empty takes any, since lists are served under all kinds of
    names."""
    body: bytes | None = None
    """POSTed; None is a GET."""
    sends: str = ""
    """Media type of `body`."""
    refusals: frozenset[int] = frozenset()
    """Statuses that are answers too: `Declined`."""


def fetch(
    url: str,
    exchange: Exchange,
    *,
    bounds: Bounds,
    tls: ssl.SSLContext | None = None,
    resolve: Resolve = resolved,
) -> bytes:
    """Returns the body of the answer. A redirect is followed for a GET, to the same host, never from https to
    http. `tls` None takes the system's authorities. Raises `FetchError`."""
    until = time.monotonic() + bounds.seconds
    for _ in range(MOST_REDIRECTS + 1):
        target = _target(url)
        answer = _once(target, exchange, bounds, until, tls, resolve)
        if isinstance(answer, bytes):
            return answer
        moved = _target(urljoin(url, answer.url))
        if exchange.body is not None or moved.hostname != target.hostname:
            raise Unfit("a redirect to another host, or of a request with a body")
        if target.scheme == "https" and moved.scheme == "http":
            raise Unfit("a redirect from https to http")
        url = moved.geturl()
    raise Unfit(f"more than {MOST_REDIRECTS} redirects")


@dataclass(frozen=True, slots=True)
class _Moved:
    url: str


def _target(url: str) -> SplitResult:
    """Splits an address that may be asked. Raises `Forbidden`."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise Forbidden("an address that is too long, or not written in plain characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise Forbidden("an address that cannot be read") from exc
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise Forbidden("an address that is neither http nor https")
    if parts.username is not None or parts.password is not None:
        raise Forbidden("an address with credentials")
    return parts


def _once(
    target: SplitResult,
    exchange: Exchange,
    bounds: Bounds,
    until: float,
    tls: ssl.SSLContext | None,
    resolve: Resolve,
) -> bytes | _Moved:
    host = target.hostname or ""
    port = target.port or _PORTS[target.scheme]
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    method = "GET" if exchange.body is None else "POST"
    headers = {
        "Host": target.netloc,
        "Connection": "close",
        "Accept": ", ".join(sorted(exchange.accepts)) or "*/*",
    }
    if exchange.sends:
        headers["Content-Type"] = exchange.sends
    context = tls or ssl.create_default_context() if target.scheme == "https" else None
    try:
        with _connected(host, port, bounds, until, context, resolve) as sock:
            connection = http.client.HTTPConnection(host, port)
            connection.sock = sock
            connection.request(method, path, body=exchange.body, headers=headers)
            with closing(connection.getresponse()) as response:
                return _read(response, exchange, bounds.bytes)
    except FetchError:
        raise
    except (OSError, http.client.HTTPException, ValueError) as exc:
        slow = time.monotonic() >= until
        sentence = (
            f"no whole answer within {bounds.seconds:g} s" if slow else "no answer, or one that was cut"
        )
        raise Unreachable(f"{host}: {sentence} ({type(exc).__name__})") from exc


@contextmanager
def _connected(
    host: str, port: int, bounds: Bounds, until: float, context: ssl.SSLContext | None, resolve: Resolve
) -> Iterator[socket.socket]:
    """A connection to an address that was checked, cut when the time is up whatever the other side does."""
    addresses = resolve(host, port)
    if not bounds.private and not all(map(is_public, addresses)):
        raise Forbidden(f"{host}: an address that is not public")
    sock = _first(addresses, port, until)
    if context is not None:
        sock = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    watch = threading.Timer(max(until - time.monotonic(), 0), _cut, (sock,))
    watch.daemon = True
    with sock:
        watch.start()
        try:
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            yield sock
        finally:
            watch.cancel()


def _first(addresses: Sequence[str], port: int, until: float) -> socket.socket:
    """Connects to the first that answers. Raises `OSError`."""
    last = OSError("no address in time")
    for address in addresses:
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError as exc:
            last = exc
    raise last


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):  # closed already
        socket.socket.shutdown(
            sock, socket.SHUT_RDWR
        )  # the one below TLS, which is in another thread's hands


def _read(response: http.client.HTTPResponse, exchange: Exchange, most: int) -> bytes | _Moved:
    if response.status in _MOVED:
        return _Moved(response.headers.get("Location", ""))
    if response.status in exchange.refusals:
        raise Declined(response.status, response.read(LONGEST_REFUSAL))
    if response.status != _OK:
        raise Unfit(f"status {response.status}")
    if exchange.accepts and response.headers.get_content_type() not in exchange.accepts:
        raise Unfit("an answer of another kind than asked for")
    if (response.length or 0) > most:
        raise Unfit(f"more than {most} bytes")
    announced = response.length
    body = response.read(most + 1)
    if len(body) > most:
        raise Unfit(f"more than {most} bytes")
    if announced is not None and len(body) != announced:
        raise http.client.IncompleteRead(body)
    return body
