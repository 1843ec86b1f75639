"""The log, verified a second time: RFC 6962's tree and C2SP's checkpoints, written from the papers alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def leaf(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The tree hash of so many leaves (RFC 6962, 2.1), folded from left to right."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    subtrees: list[tuple[int, bytes]] = []
    for one in leaves:
        size, node = 1, one
        while subtrees and subtrees[-1][0] == size:
            node = hashlib.sha256(b"\x01" + subtrees.pop()[1] + node).digest()
            size *= 2
        subtrees.append((size, node))
    node = subtrees.pop()[1]
    while subtrees:
        node = hashlib.sha256(b"\x01" + subtrees.pop()[1] + node).digest()
    return node


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a signed note says."""

    origin: str
    size: int
    root: bytes


def opened(note: str, vkey: str) -> Checkpoint | None:
    """Reads a checkpoint that the log's key signed; None when it did not."""
    name, number, key = vkey.split("+", 2)
    text, found, signatures = note.partition("\n\n")
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
    for line in signatures.splitlines() if found else ():
        _, signer, encoded = line.split(" ", 2)
        signature = base64.b64decode(encoded)
        if signer != name or signature[:4].hex() != number:
            continue
        try:
            public.verify(signature[4:], f"{text}\n".encode())
        except InvalidSignature:
            return None
        origin, size, tree, *_ = text.split("\n")
        return Checkpoint(origin, int(size), base64.b64decode(tree))
    return None
