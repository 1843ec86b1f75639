"""The two kinds of field that all the log's text formats are made of: numbers and base64, one spelling each.

A second spelling of the same value would let a changed file pass for the one that was checked, so leading
zeroes, signs, other digits, missing padding and stray bits in the last character are all errors.
"""

from __future__ import annotations

import base64
import binascii
import re

LARGEST = (1 << 63) - 1
"""The largest tree size, index and POSIX timestamp (tlog-cosignature; Go's int64)."""
HASH_SIZE = 32
"""Bytes of a SHA-256 digest."""
LONGEST_PROOF = 63
"""Hashes of a proof: a tree of `LARGEST` leaves is 63 levels high (tlog-witness)."""

_DECIMAL = re.compile("0|[1-9][0-9]{0,18}", re.ASCII)


def read_number(text: str) -> int:
    """Reads a decimal without leading zeroes, at most `LARGEST`. Raises `ValueError`."""
    if not _DECIMAL.fullmatch(text) or (number := int(text)) > LARGEST:
        raise ValueError("no decimal number in its one spelling, or too large")
    return number


def read_base64(text: str) -> bytes:
    """Reads standard base64 with padding (RFC 4648, section 4). Raises `ValueError`."""
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as exc:
        raise ValueError("no base64") from exc
    if write_base64(value) != text:
        raise ValueError("base64 in another spelling than its one")
    return value


def read_hash(text: str) -> bytes:
    """Reads the base64 of a SHA-256 digest. Raises `ValueError`."""
    value = read_base64(text)
    if len(value) != HASH_SIZE:
        raise ValueError(f"a hash of {len(value)} bytes instead of {HASH_SIZE}")
    return value


def write_base64(value: bytes) -> str:
    """Returns standard base64 with padding."""
    return base64.b64encode(value).decode("ascii")
