"""Asks an OCSP responder over HTTP (RFC 6960 appendix A.1)."""

from __future__ import annotations

import ssl

from axis_server.fetching.bounded import Bounds, Exchange, Unfit, fetch
from signing.policy import Policy
from signing.revocation import OcspAnswer, OcspError, OcspRequest, accepted

BOUNDS = Bounds(seconds=10, bytes=64 << 10)


def answer(
    url: str,
    request: OcspRequest,
    *,
    policy: Policy,
    bounds: Bounds = BOUNDS,
    tls: ssl.SSLContext | None = None,
) -> OcspAnswer:
    """Returns an answer that may be kept: about this certificate, of this request, by an authorised
    responder.

    Raises `FetchError`, `Unfit` also for a responder's refusal such as tryLater: what is known stays what it
    was.
    """
    exchange = Exchange(
        body=request.der,
        sends="application/ocsp-request",
        accepts=frozenset({"application/ocsp-response"}),
    )
    response = fetch(url, exchange, bounds=bounds, tls=tls)
    try:
        return accepted(response, request, policy)
    except OcspError as exc:
        raise Unfit(f"no OCSP answer: {exc}") from exc
