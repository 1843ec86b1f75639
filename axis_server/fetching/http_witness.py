"""Asks a witness to cosign a checkpoint (C2SP tlog-witness)."""

from __future__ import annotations

import ssl

from axis_server.fetching.bounded import Bounds, Exchange, fetch

BOUNDS = Bounds(seconds=5, bytes=64 << 10, private=True)
"""An answer is one line. Settings name witnesses, not strangers: inner networks are asked too."""
_REFUSALS = frozenset({400, 403, 404, 409, 422})


def cosignatures(
    url: str, request: bytes, *, bounds: Bounds = BOUNDS, tls: ssl.SSLContext | None = None
) -> bytes:
    """Returns the signature lines that the witness at `url` answers to an `add-checkpoint` request, for
    `signing.log.read_answer` to judge.

    Raises `FetchError`; `Declined` when the witness refuses: with 409 its body is the size that it cosigned
    last.
    """
    exchange = Exchange(
        body=request, sends="application/octet-stream", accepts=frozenset(), refusals=_REFUSALS
    )
    return fetch(f"{url.rstrip('/')}/add-checkpoint", exchange, bounds=bounds, tls=tls)
