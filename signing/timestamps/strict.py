"""DER from outside, read to its last byte or refused.

asn1crypto reads lazily: what is wrong deep inside shows itself only where it is touched, as one of
`UNREADABLE`. Whoever touches it turns that into a `Breach`.
"""

from __future__ import annotations

from typing import TypeVar

from asn1crypto import core, parser

from signing.reasons import Reason
from signing.structure import Breach

LARGEST = 256 << 10
"""Bytes of a token or an answer. One with its chain takes some 2 to 8 KiB."""
UNREADABLE = (ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError)
"""AttributeError: asn1crypto knows kinds of values that it cannot give, such as REAL."""

_Read = TypeVar("_Read", bound=core.Asn1Value)


def loaded(kind: type[_Read], der: bytes) -> _Read:
    """Reads `der` as one value of `kind` and nothing behind it.

    Raises `Breach`: `TIMESTAMP_MALFORMED`, `TIMESTAMP_TRAILING_BYTES`.
    """
    if len(der) > LARGEST:
        raise Breach(Reason.TIMESTAMP_MALFORMED, f"more than {LARGEST} bytes")
    try:
        *_, header, content, trailer = parser.parse(der)
    except UNREADABLE as exc:
        raise Breach(Reason.TIMESTAMP_MALFORMED, "bytes that are no DER") from exc
    if trailer:
        raise Breach(Reason.TIMESTAMP_MALFORMED, "an indefinite length, which DER does not have")
    if len(header) + len(content) != len(der):
        raise Breach(Reason.TIMESTAMP_TRAILING_BYTES, "bytes behind the end")
    try:
        return kind.load(der, strict=True)  # type: ignore[no-any-return]
    except UNREADABLE as exc:
        raise Breach(Reason.TIMESTAMP_MALFORMED, f"no {kind.__name__.lstrip('_')}") from exc
