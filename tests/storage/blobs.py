"""Bytes and streams of them."""

from __future__ import annotations

import hashlib
import random
from collections.abc import AsyncIterable, AsyncIterator

from storage.archive.base import Archive


def content_of(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def stream(content: bytes, chunk: int = 64 << 10) -> AsyncIterator[bytes]:
    """Yields from one buffer that is overwritten after each chunk, as a careless caller might."""
    buffer = bytearray(chunk)
    for start in range(0, len(content), chunk):
        part = content[start : start + chunk]
        buffer[: len(part)] = part
        yield memoryview(buffer)[: len(part)]  # type: ignore[misc]
        buffer[:] = bytes(chunk)


class Cut(Exception):
    """The sender went away."""


async def cut_stream(content: bytes, chunk: int = 64 << 10) -> AsyncIterator[bytes]:
    async for part in stream(content, chunk):
        yield part
    raise Cut


async def read(archive: Archive, digest: str, offset: int = 0) -> bytes:
    return b"".join(await chunks_of(archive.get(digest, offset=offset)))


async def chunks_of(source: AsyncIterable[bytes]) -> list[bytes]:
    return [chunk async for chunk in source]
