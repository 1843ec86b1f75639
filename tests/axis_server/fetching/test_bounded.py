"""What is fetched from strangers costs what the bounds say, and comes from where they let it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from axis_server.fetching import Bounds, FetchError, Forbidden, Unfit, Unreachable
from axis_server.fetching.addresses import is_public
from axis_server.fetching.bounded import Exchange, fetch
from tests.axis_server.fetching.outside import NEAR, Reply, outside
from tests.pki import authority

ANY = Exchange(accepts=frozenset())
POST = Exchange(accepts=frozenset(), body=b"asked", sends="application/x")


def test_a_body_comes_back_as_it_is() -> None:
    with outside(lambda path, body: Reply(body=b"\x00\xff" + body)) as there:
        assert fetch(f"{there.url}/a?b=c", POST, bounds=NEAR) == b"\x00\xffasked"
        assert fetch(there.url, ANY, bounds=NEAR) == b"\x00\xff"
    assert there.asked == [("POST", "/a?b=c", "application/x", b"asked"), ("GET", "/", "", b"")]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "ldap://127.0.0.1/cn=x",
        "http:///x",
        "//127.0.0.1/x",
        "http://user:secret@127.0.0.1/x",
        "http://127.0.0.1:0/x",
        "http://127.0.0.1:99999/x",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/ế",
        "http://127.0.0.1/" + "x" * 3000,
        "http://[::1/x",
    ],
)
def test_an_address_that_may_not_be_asked_is_forbidden(url: str) -> None:
    with pytest.raises(Forbidden):
        fetch(url, ANY, bounds=NEAR)


def test_addresses_that_are_not_public_are_forbidden_unless_settings_allow_them() -> None:
    with outside(lambda path, body: Reply(body=b"inside")) as there:
        with pytest.raises(Forbidden, match="not public"):
            fetch(there.url, ANY, bounds=Bounds(seconds=20))
        assert there.asked == []


def test_a_public_name_that_leads_inside_is_forbidden() -> None:
    with pytest.raises(Forbidden, match=r"crl\.example: an address that is not public"):
        fetch(
            "http://crl.example/x",
            ANY,
            bounds=Bounds(),
            resolve=lambda host, port: ["203.0.114.5", "10.0.0.1"],
        )


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)  # fmt: skip
def test_an_inner_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_outer_address_is_public(address: str) -> None:
    assert is_public(address)


# --- size


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_not_taken(announced: bool) -> None:
    bounds = Bounds(seconds=20, bytes=100, private=True)

    def chunked() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        for _ in range(1000):
            yield b"64\r\n" + b"x" * 100 + b"\r\n"

    with (
        outside(lambda path, body: Reply(body=b"x" * 101) if announced else chunked()) as there,
        pytest.raises(Unfit, match="more than 100 bytes"),
    ):
        fetch(there.url, ANY, bounds=bounds)
    with outside(lambda path, body: Reply(body=b"x" * 100)) as there:
        assert len(fetch(there.url, ANY, bounds=bounds)) == 100


def test_a_body_that_is_cut_is_no_body() -> None:
    def cut() -> Iterator[bytes]:
        yield b"HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\nonly this"

    with outside(lambda path, body: cut()) as there, pytest.raises(Unreachable, match="cut"):
        fetch(there.url, ANY, bounds=NEAR)


def test_headers_without_end_are_not_taken() -> None:
    def headers() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        for number in range(10_000):
            yield b"X-%d: y\r\n" % number

    with outside(lambda path, body: headers()) as there, pytest.raises(Unreachable):
        fetch(there.url, ANY, bounds=NEAR)


# --- time


def test_a_server_that_drips_is_cut_when_the_time_is_up() -> None:
    stop = threading.Event()

    def drip() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        while not stop.wait(0.05):
            yield b"x"

    with outside(lambda path, body: drip()) as there:
        with pytest.raises(Unreachable, match=r"within 0\.5 s"):
            fetch(there.url, ANY, bounds=Bounds(seconds=0.5, private=True))
        stop.set()


def test_a_server_that_says_nothing_is_cut_when_the_time_is_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for scheme in ("http", "https"):
            with pytest.raises(Unreachable, match=r"within 0\.3 s"):
                fetch(f"{scheme}://127.0.0.1:{port}/", ANY, bounds=Bounds(seconds=0.3, private=True))


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with pytest.raises(Unreachable):
        fetch(f"http://127.0.0.1:{port}/", ANY, bounds=NEAR)

    def nowhere(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    with pytest.raises(Unreachable, match=r"no\.example"):
        fetch("http://no.example/", ANY, bounds=NEAR, resolve=nowhere)


# --- redirects, status, kind


def test_a_redirect_on_the_same_host_is_followed_and_another_is_not() -> None:
    def answer(path: str, body: bytes) -> Reply:
        places = {
            "/same": "/here",
            "/other": "http://localhost/",
            "/file": "file:///etc/passwd",
            "/round": "/round",
        }
        if path in places:
            return Reply(status=302, headers=(("Location", places[path]),))
        return Reply(body=b"here")

    with outside(answer) as there:
        assert fetch(f"{there.url}/same", ANY, bounds=NEAR) == b"here"
        with pytest.raises(Unfit, match="another host"):
            fetch(f"{there.url}/other", ANY, bounds=NEAR)
        with pytest.raises(Forbidden):
            fetch(f"{there.url}/file", ANY, bounds=NEAR)
        with pytest.raises(Unfit, match="3 redirects"):
            fetch(f"{there.url}/round", ANY, bounds=NEAR)
        with pytest.raises(Unfit, match="with a body"):
            fetch(f"{there.url}/same", POST, bounds=NEAR)


@pytest.mark.parametrize("status", [204, 304, 400, 404, 500, 503])
def test_any_status_but_200_is_unfit_and_its_text_is_not_told(status: int) -> None:
    with outside(lambda path, body: Reply(status=status)) as there, pytest.raises(Unfit, match=str(status)):
        fetch(there.url, ANY, bounds=NEAR)


def test_an_answer_of_another_kind_is_unfit() -> None:
    wanted = Exchange(accepts=frozenset({"application/ocsp-response"}))
    page = Reply(body=b"<html>", kind="text/html; charset=x")
    with outside(lambda path, body: page) as there, pytest.raises(Unfit, match="another kind"):
        fetch(there.url, wanted, bounds=NEAR)


# --- TLS


def test_https_is_believed_for_the_name_that_was_asked(tmp_path: Path) -> None:
    root = authority()
    key, certificate = root.issue_tls("server", server=True).save(tmp_path)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cadata=root.certificate_pem.decode())

    def loopback(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    with outside(lambda path, body: Reply(body=b"secret"), tls=serving, host="localhost") as there:
        assert fetch(there.url, ANY, bounds=NEAR, tls=trusting, resolve=loopback) == b"secret"
        with pytest.raises(FetchError):
            fetch(there.url, ANY, bounds=NEAR)
        other = there.url.replace("localhost", "other.example")
        with pytest.raises(Unreachable):
            fetch(other, ANY, bounds=NEAR, tls=trusting, resolve=loopback)
        assert len(there.asked) == 1
