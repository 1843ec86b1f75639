"""How blobs and owners are named."""

from __future__ import annotations

import hashlib
import re

_DIGEST = re.compile(r"[0-9a-f]{64}")


def checked_digest(digest: str) -> str:
    """Returns `digest`; raises `ValueError` unless it is 64 lower-case hexadecimal digits, the only name of a
    blob.

    Every name passes here before it becomes a path or a key, so that nothing but a digest ever does.
    """
    if not is_digest(digest):
        raise ValueError("a blob is named by 64 lower-case hexadecimal digits")
    return digest


def is_digest(name: str) -> bool:
    """Tells whether `name` is 64 lower-case hexadecimal digits."""
    return _DIGEST.fullmatch(name) is not None


def owner_room(owner: str) -> str:
    """Returns the name of an owner's staging area: a hash, since an owner's name may hold any character."""
    return hashlib.sha256(owner.encode()).hexdigest()
