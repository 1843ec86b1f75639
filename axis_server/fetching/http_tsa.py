"""Asks a time-stamping authority over HTTP (RFC 3161 section 3.4)."""

from __future__ import annotations

import ssl

from axis_server.fetching.bounded import Bounds, Exchange, Unfit, fetch
from signing.structure import Breach
from signing.timestamps import TimestampRequest, token_of

BOUNDS = Bounds(seconds=10, bytes=256 << 10)
"""An authority answers in well under a second, with some kilobytes; nobody waits for it."""


def token(
    url: str, request: TimestampRequest, *, bounds: Bounds = BOUNDS, tls: ssl.SSLContext | None = None
) -> bytes:
    """Returns the token that the authority gave, for `signing.timestamps.verify_token` to judge.

    Raises `FetchError`, and `NotGranted` when the authority declined.
    """
    exchange = Exchange(
        body=request.der,
        sends="application/timestamp-query",
        accepts=frozenset({"application/timestamp-reply"}),
    )
    answer = fetch(url, exchange, bounds=bounds, tls=tls)
    try:
        return token_of(answer)
    except Breach as breach:
        raise Unfit(f"no time-stamp: {breach.detail}") from breach
