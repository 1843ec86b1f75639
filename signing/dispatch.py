"""How a dispatch and a part are named from their digests alone, the same at both ends."""

from __future__ import annotations

import base64
import hashlib


def dispatch_id(sender_id: str, sha256: str) -> str:
    """Returns the id of the dispatch that `sender_id` (canonical agency id) makes of the package `sha256`.

    26 characters of lower-case base32: 130 bits of SHA-256 over both. A client knows it before it sends, and
    a retry is the same dispatch.
    """
    name = b"\0".join((b"axis-dispatch-v1", sender_id.encode(), sha256.encode()))
    return base64.b32encode(hashlib.sha256(name).digest()).decode().lower()[:26]


def ni_uri(sha256: str) -> str:
    """Returns the URI that names bytes by their SHA-256 (RFC 6920): how a hand-over statement names its
    parts."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
    return f"ni:///sha-256;{digest}"
