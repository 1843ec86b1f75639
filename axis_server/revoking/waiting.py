"""Judging once more when what was missing may have come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from cryptography import x509

from axis_server.documents.judgement import StateUnknown

T = TypeVar("T")

LookUp = Callable[[x509.Certificate], Awaitable[None]]
"""Asks about a certificate and waits for the answers, within a bound (`Asking.look_up`)."""


async def judged_again(judge: Callable[[], Awaitable[T]], look_up: LookUp) -> T:
    """Returns what `judge` returns. When whether a certificate was revoked is not known, that is asked, and
    it is judged once more; nobody else waits for it meanwhile. Raises what `judge` raises."""
    try:
        return await judge()
    except StateUnknown as unknown:
        if unknown.certificate is None:
            raise
        await look_up(unknown.certificate)
        return await judge()


async def nothing_to_ask(certificate: x509.Certificate) -> None:
    """A `LookUp` that asks nobody."""
