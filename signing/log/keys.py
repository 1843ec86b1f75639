"""Keys of signed notes (https://c2sp.org/signed-note): a name, a kind and an Ed25519 key.

    signer = read_skey("PRIVATE+KEY+axis.example.vn/log+…+…")
    signer.key.vkey      # what verifiers are given

A log signs with kind ED25519, a witness with COSIGNATURE; the kind is part of the id, so a signature of one
never counts as the other's.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from signing.keys import UnusableKey
from signing.log.fields import LARGEST, read_base64, write_base64

_KEY_SIZE = 32
_TIME_SIZE = 8
_LONGEST_NAME = 255
"""Bytes; what cosignatures allow a name to have at most (tlog-cosignature)."""
_ID = re.compile("[0-9a-f]{8}", re.ASCII)
_SKEY_PREFIX = "PRIVATE+KEY+"


class KeyKind(IntEnum):
    """What a key signs, as the signature type byte of signed-note."""

    ED25519 = 0x01
    """The note's text."""
    COSIGNATURE = 0x04
    """A time and the text of a checkpoint (tlog-cosignature, `cosignature/v1`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """The public half of a key. Raises `UnusableKey` when the name or the key cannot be."""

    name: str
    """Such as `axis.example.vn/log`: not empty, no spaces, no `+`, at most 255 bytes."""
    public: bytes
    """32 bytes (RFC 8032)."""
    kind: KeyKind = KeyKind.ED25519

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise UnusableKey("The key's name is empty, too long or has a space, a control character or '+'.")
        if len(self.public) != _KEY_SIZE:
            raise UnusableKey(f"The key has {len(self.public)} bytes; an Ed25519 key has {_KEY_SIZE}.")

    @property
    def key_id(self) -> bytes:
        """4 bytes; with the name it tells which key a signature is by."""
        return hashlib.sha256(b"\n".join((self.name.encode(), self._typed))).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text, `<name>+<id>+<base64>`."""
        return f"{self.name}+{self.key_id.hex()}+{write_base64(self._typed)}"

    def verifies(self, text: bytes, value: bytes) -> bool:
        """Whether `value`, a signature line's bytes after the key id, is this key's over the note `text`."""
        if self.kind is KeyKind.COSIGNATURE:
            at, value = cosigned_at(value), value[_TIME_SIZE:]
            if at is None:
                return False
            text = cosigned_message(text, at)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, text)
        except InvalidSignature:
            return False
        return True

    @property
    def _typed(self) -> bytes:
        return bytes((self.kind,)) + self.public


class NoteSigner(Protocol):
    """Signs with the private half of a key. Implementations must be safe to call from several threads."""

    @property
    def key(self) -> VerifierKey:
        """The public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Returns the 64 bytes of the Ed25519 signature over `message`."""
        ...


class MemoryNoteSigner:
    """A signer whose private key is in memory."""

    def __init__(self, name: str, private: Ed25519PrivateKey, kind: KeyKind = KeyKind.ED25519) -> None:
        """Raises `UnusableKey` when the name cannot be."""
        self.key = VerifierKey(name=name, public=private.public_key().public_bytes_raw(), kind=kind)
        self._private = private

    def __repr__(self) -> str:
        return f"MemoryNoteSigner({self.key.vkey!r})"

    def sign(self, message: bytes) -> bytes:
        """See `NoteSigner.sign`."""
        return self._private.sign(message)

    def skey(self) -> str:
        """Returns the private key as text, to be kept secret."""
        typed = bytes((self.key.kind,)) + self._private.private_bytes_raw()
        return f"{_SKEY_PREFIX}{self.key.name}+{self.key.key_id.hex()}+{write_base64(typed)}"


def read_vkey(text: str) -> VerifierKey:
    """Reads a key that verifies, `<name>+<id>+<base64>`. Raises `UnusableKey`."""
    name, key_id, kind, public = _read(text)
    key = VerifierKey(name=name, public=public, kind=kind)
    _check_id(key, key_id)
    return key


def read_skey(text: str) -> MemoryNoteSigner:
    """Reads a key that signs, `PRIVATE+KEY+<name>+<id>+<base64>`. Raises `UnusableKey`, without the key."""
    if not text.startswith(_SKEY_PREFIX):
        raise UnusableKey(f"A key that signs a log begins with {_SKEY_PREFIX}.")
    name, key_id, kind, private = _read(text.removeprefix(_SKEY_PREFIX))
    if len(private) != _KEY_SIZE:
        raise UnusableKey(f"The private key has {len(private)} bytes; an Ed25519 key has {_KEY_SIZE}.")
    signer = MemoryNoteSigner(name, Ed25519PrivateKey.from_private_bytes(private), kind)
    _check_id(signer.key, key_id)
    return signer


def is_key_name(name: str) -> bool:
    """Whether a key may bear this name."""
    return (
        0 < len(name.encode(errors="replace")) <= _LONGEST_NAME
        and "+" not in name
        and not any(one.isspace() or one < " " for one in name)
    )


def cosigned_message(text: bytes, at: int) -> bytes:
    """Returns what a witness signs for the checkpoint `text` at the POSIX time `at` (tlog-cosignature)."""
    return f"cosignature/v1\ntime {at}\n".encode() + text


def cosigned_at(value: bytes) -> int | None:
    """Returns the POSIX time that a cosignature begins with, None when it has none or one that cannot be."""
    at = int.from_bytes(value[:_TIME_SIZE])
    return at if len(value) > _TIME_SIZE and at <= LARGEST else None


def _read(text: str) -> tuple[str, str, KeyKind, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    if not _ID.fullmatch(key_id):
        raise UnusableKey("The key is not of the form <name>+<eight hex digits>+<base64>.")
    try:
        typed = read_base64(encoded)
        kind = KeyKind(typed[0])
    except (ValueError, IndexError) as exc:
        raise UnusableKey("The key is no base64, or of a type other than 1 (Ed25519) and 4.") from exc
    return name, key_id, kind, typed[1:]


def _check_id(key: VerifierKey, key_id: str) -> None:
    if key.key_id.hex() != key_id:
        raise UnusableKey("The key's id is not that of its name and key: it was altered or mixed up.")
