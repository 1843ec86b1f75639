"""Plain HTTP: what comes in is bounded in number, size and time, and a mistake costs its own connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from plainhttp import Bounds, Reply, Request, serving

Talk = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(request: Request) -> Reply:
    return Reply(body=f"{request.method} {request.path} ".encode() + request.body)


@asynccontextmanager
async def talking(port: int) -> AsyncIterator[Talk]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def said(port: int, *pieces: bytes) -> bytes:
    """Everything that the server says to these bytes, until it closes or is closed."""
    async with talking(port) as (reader, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 20)


async def test_a_request_is_answered_and_the_next_one_on_the_same_connection() -> None:
    ask = b"GET /a%20b?c HTTP/1.1\r\nHost: x\r\n\r\n"
    async with serving("127.0.0.1", 0, echo) as port:
        answer = await said(port, ask + ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.count(b"GET /a%20b?c ") == 2


async def test_a_head_request_gets_the_length_and_no_body() -> None:
    async with serving("127.0.0.1", 0, echo) as port:
        answer = await said(port, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-length: 7" in head.lower()
    assert body == b""


async def test_a_body_within_the_bound_is_read_and_a_larger_one_is_not() -> None:
    async with serving("127.0.0.1", 0, echo, bounds=Bounds(body=10)) as port:
        for size, status in ((10, b"200"), (11, b"413")):
            head = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
            assert (await said(port, head.encode() + b"b" * size)).split(b" ")[1] == status
        chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"6\r\nbbbbbb\r\n" * 2
        assert (await said(port, chunked)).split(b" ")[1] == b"413"


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * 50_000 + b"\r\n\r\n",
    ],
    ids=["no request", "no host", "two lengths", "odd coding", "control character", "long"],
)
async def test_what_is_no_http_is_refused_and_closed(request_: bytes) -> None:
    async with serving("127.0.0.1", 0, echo) as port:
        assert (await said(port, request_)).split(b" ")[1] in (b"400", b"431", b"501")


async def test_whoever_says_nothing_or_drips_is_cut() -> None:
    async with serving("127.0.0.1", 0, echo, bounds=Bounds(seconds=0.2)) as port:
        assert await said(port) == b""
        assert await said(port, b"GET / HTT") == b""


async def test_one_connection_too_many_is_closed_and_the_others_go_on() -> None:
    async with (
        serving("127.0.0.1", 0, echo, bounds=Bounds(connections=1)) as port,
        talking(port) as (reader, writer),
    ):
        writer.write(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"GET /1 ")
        assert await said(port) == b""
        writer.write(b"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"GET /2 ")


async def test_shutdown_does_not_wait_for_those_who_are_slow() -> None:
    async with serving("127.0.0.1", 0, echo, bounds=Bounds(seconds=600)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTT")
        await asyncio.sleep(0.05)
    assert await asyncio.wait_for(reader.read(), 20) == b""
    writer.close()
