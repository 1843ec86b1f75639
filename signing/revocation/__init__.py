"""Whether a certificate was revoked at a time, by CRLs (RFC 5280) and OCSP answers (RFC 6960), fetched or
stapled.

    asked = ocsp_request(certificate, issuer, nonce=token_bytes(16))
    answer = accepted(..., asked, policy)            # what the responder sent, by whoever may fetch
    usable(answer, at=now, policy=policy)            # may it still be used? `due`: is it time to ask again?
    TrustStore.of(roots, crls=crls, answers=[answer]).judge(certificate, at=then, policy=policy)

Modules: `source` (what a CRL and an answer have in common, and how long it is good for), `crl`, `ocsp`,
`judgement` (a path, judged), `places` (where a certificate says to ask). A source that says a certificate is
revoked is heeded whatever its age; silence counts only within its span. Pure: nothing is fetched here.
"""

from __future__ import annotations

from signing.revocation.crl import Crl
from signing.revocation.judgement import Standing, StatusIndex, revocation, turning_points
from signing.revocation.ocsp import (
    OcspAnswer,
    OcspError,
    OcspRequest,
    Status,
    accepted,
    ocsp_request,
    read_answer,
)
from signing.revocation.places import crl_places, ocsp_places
from signing.revocation.source import Source, due, usable

__all__ = [
    "Crl",
    "OcspAnswer",
    "OcspError",
    "OcspRequest",
    "Source",
    "Standing",
    "Status",
    "StatusIndex",
    "accepted",
    "crl_places",
    "due",
    "ocsp_places",
    "ocsp_request",
    "read_answer",
    "revocation",
    "turning_points",
    "usable",
]
