"""One place asked, and what came judged before it is kept. Blocks: for a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from axis_server.fetching import Bounds, FetchError, http_crl, http_ocsp
from axis_server.revoking.places import Kind, Place
from signing.policy import Policy
from signing.revocation import Crl, Source, ocsp_request
from storage.ledger.answers import Answer

OCSP_SECONDS, LIST_SECONDS = 10.0, 60.0


class NotAnswered(Exception):
    """Nothing that can be kept came; the message says why. What is known stays what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How places are asked."""

    policy: Policy
    list_bytes: int
    clock: Callable[[], datetime]
    nonce: Callable[[], bytes]


def answered(place: Place, before: Source | None, terms: Terms) -> tuple[Answer, Source]:
    """Asks, and returns an answer that bears the issuer's word and is not older than the one `before`.
    Raises `NotAnswered`."""
    try:
        source = _crl(place, terms) if place.kind is Kind.CRL else _ocsp(place, terms)
    except (FetchError, ValueError) as exc:
        raise NotAnswered(str(exc)) from exc
    if before is not None and source.this_update < before.this_update:
        raise NotAnswered("the answer is older than the one that is kept")
    if source.this_update - terms.clock() > terms.policy.clock_skew:
        raise NotAnswered("the answer is of a time that lies ahead")
    return Answer(kind=place.kind, content=source.der), source


def _crl(place: Place, terms: Terms) -> Crl:
    bounds = Bounds(seconds=LIST_SECONDS, bytes=terms.list_bytes, private=place.private)
    crl = Crl.of(http_crl.crl(place.ask, bounds=bounds))
    if crl.fault:
        raise NotAnswered(crl.fault)
    if not crl.allowed(terms.policy):
        raise NotAnswered("the list is signed with an algorithm that is not accepted")
    if crl.crl.issuer != place.issuer.subject or not crl.signed_by(place.issuer):
        raise NotAnswered("the list is not by the certificate's issuer")
    return crl


def _ocsp(place: Place, terms: Terms) -> Source:
    bounds = Bounds(seconds=OCSP_SECONDS, bytes=http_ocsp.BOUNDS.bytes, private=place.private)
    request = ocsp_request(place.certificate, place.issuer, nonce=terms.nonce())
    return http_ocsp.answer(place.ask, request, policy=terms.policy, bounds=bounds)
