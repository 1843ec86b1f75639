"""Bytes on their way into and out of the archive."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncGenerator

from axis_server.errors import Declined, Detail
from axis_server.reasons import Code
from storage.archive.base import CHUNK_BYTES, Archive
from storage.errors import Corrupt, NotFound
from tracing import leaf

_DIGEST = re.compile(r"[0-9a-f]{64}")


def check_digest(sha256: str) -> None:
    """Raises `Declined` (INVALID_ARGUMENT) unless a digest that a caller gave is of its one form."""
    if not _DIGEST.fullmatch(sha256):
        raise Declined(
            Code.INVALID_ARGUMENT,
            Detail(
                "a digest is 64 lower-case hexadecimal digits",
                "mã băm có 64 chữ số thập lục phân viết thường",
            ),
        )


async def chunks(content: bytes, offset: int = 0) -> AsyncGenerator[bytes, None]:
    """Yields `content` from `offset` on, in pieces that the archive takes and a message holds."""
    for start in range(offset, len(content), CHUNK_BYTES):
        yield content[start : start + CHUNK_BYTES]


async def whole(archive: Archive, sha256: str) -> bytes:
    """Returns a whole blob that the ledger says the archive has, once in memory. Raises `Corrupt`."""
    content = io.BytesIO()
    async for chunk in kept_blob(archive, sha256):
        content.write(chunk)
    return content.getvalue()


async def kept_blob(archive: Archive, sha256: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
    """Yields a blob that the ledger says the archive has.

    Raises `Corrupt`, also when the archive does not have it: both are the same alarm.
    """
    try:
        with leaf("archive.get", offset=offset):
            async for chunk in archive.get(sha256, offset=offset):
                yield chunk
    except NotFound as lost:
        raise Corrupt(sha256, "it is in the ledger and not in the archive") from lost
