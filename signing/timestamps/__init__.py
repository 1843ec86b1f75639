"""Time-stamps (RFC 3161): that some bytes existed at a time, by the word of an authority trusted with it.

    asked = request(Imprint.of(checkpoint), nonce=randbits(127))
    response = ...                                   # asked.der, sent to the authority by whoever may fetch
    stamp = verify_token(
        token_of(response), content=checkpoint, request=asked, trust=authorities, at=now, not_before=made
    )
    if isinstance(stamp, Timestamp):
        stamp.at, stamp.accuracy, stamp.certificate

Modules: `request` (and the answer around a token), `token` (the strict gate), `signature` (which certificate,
bound how, CMS), `verification` (the verdict), `growth` (XAdES-B-T: a seal with a time-stamp). Pure: nothing
is fetched here.
"""

from __future__ import annotations

from signing.timestamps.growth import (
    GrowError,
    Grown,
    content_to_stamp,
    grow,
    ungrown,
    verify_grown,
    verify_stamps,
)
from signing.timestamps.request import Imprint, NotGranted, TimestampRequest, request, token_of
from signing.timestamps.verification import Timestamp, verify_token

__all__ = [
    "GrowError",
    "Grown",
    "Imprint",
    "NotGranted",
    "Timestamp",
    "TimestampRequest",
    "content_to_stamp",
    "grow",
    "request",
    "token_of",
    "ungrown",
    "verify_grown",
    "verify_stamps",
    "verify_token",
]
