"""Places in lists as text that tells nothing: docs/decisions/0007-cursors-are-opaque.md.

    token = base64url(AES-256(key, place: 8 bytes || tag: 8 bytes))    tag = SHA-256(scope), its first 8 bytes

The ledger counts over all agencies; read as a number, a place would tell one agency how much the others
exchange. A token is good for its scope alone: an agency, a list, and where there is one a dispatch.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

from axis_server.errors import Declined, Detail
from axis_server.reasons import Code

KEY_NAME = "cursors"
"""Under which the ledger keeps the key."""
_PADDING = "=="


class Cursors:
    """Makes and reads tokens under one key, the same for every node."""

    def __init__(self, key: bytes) -> None:
        """`key` has 32 bytes."""
        # A single block: the same place gets the same token, and there is nothing else to hide.
        self._cipher = Cipher(AES256(key), ECB())  # noqa: S305

    def token(self, place: int, *scope: str) -> str:
        """Returns the token of a place, empty for the beginning (0)."""
        if place == 0:
            return ""
        encryptor = self._cipher.encryptor()
        block = encryptor.update(place.to_bytes(8, "big") + _tag(scope)) + encryptor.finalize()
        return base64.urlsafe_b64encode(block).decode().removesuffix(_PADDING)

    def place(self, token: str, *scope: str) -> int:
        """Returns the place of a token. Raises `Declined` (INVALID_ARGUMENT) for one that was not given for
        this scope."""
        if not token:
            return 0
        try:
            block = base64.urlsafe_b64decode(token + _PADDING)
        except (ValueError, binascii.Error) as exc:
            raise _strange() from exc
        if len(block) != 16:
            raise _strange()
        decryptor = self._cipher.decryptor()
        opened = decryptor.update(block) + decryptor.finalize()
        place = int.from_bytes(opened[:8], "big")
        if not hmac.compare_digest(opened[8:], _tag(scope)) or self.token(place, *scope) != token:
            raise _strange()
        return place


def _tag(scope: tuple[str, ...]) -> bytes:
    named = b"".join(len(name.encode()).to_bytes(4, "big") + name.encode() for name in scope)
    return hashlib.sha256(named).digest()[:8]


def _strange() -> Declined:
    return Declined(
        Code.INVALID_ARGUMENT,
        Detail("`after` is no cursor of this list", "không phải vị trí (cursor) của danh sách này"),
    )
