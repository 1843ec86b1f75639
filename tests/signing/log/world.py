"""A small log with its key and witnesses, made anew for each run."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signing.log import (
    Checkpoint,
    CompactRange,
    InclusionProof,
    KeyKind,
    LogPolicy,
    MemoryNoteSigner,
    SignedNote,
    VerifiedCheckpoint,
    consistency_proof,
    cosign,
    inclusion_proof,
    leaf_hash,
    open_checkpoint,
    sign_checkpoint,
    with_signatures,
    write_proof,
)
from tests.signing.log.naive import Store

ORIGIN = "axis.example.vn/log"
NOW = 1_790_000_000


def signer(name: str = ORIGIN, kind: KeyKind = KeyKind.ED25519) -> MemoryNoteSigner:
    return MemoryNoteSigner(name, Ed25519PrivateKey.generate(), kind)


KEY = signer()
WITNESSES = tuple(signer(f"witness{each}.example.vn/w", KeyKind.COSIGNATURE) for each in range(3))


class Log:
    """An honest log of `leaves`, signed with `key`."""

    def __init__(self, leaves: Sequence[bytes], key: MemoryNoteSigner = KEY, origin: str = ORIGIN) -> None:
        self.leaves = list(leaves)
        self.key, self.origin = key, origin
        self.store = Store(CompactRange().append(map(leaf_hash, leaves))[1])

    def head(self, size: int | None = None) -> Checkpoint:
        size = len(self.leaves) if size is None else size
        return Checkpoint(origin=self.origin, size=size, root=CompactRange.of(size, self.store).root())

    def note(self, size: int | None = None, witnesses: Sequence[MemoryNoteSigner] = ()) -> SignedNote:
        note = sign_checkpoint(self.head(size), self.key)
        return with_signatures(note, [cosign(note, one, NOW) for one in witnesses])

    def verified(self, size: int | None = None) -> VerifiedCheckpoint:
        return open_checkpoint(self.note(size).content(), policy(self.key, origin=self.origin))

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        return inclusion_proof(index, self.head(size).size, self.store)

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        return consistency_proof(old, self.head(size).size, self.store)

    def proof(self, index: int, size: int | None = None, witnesses: Sequence[MemoryNoteSigner] = ()) -> bytes:
        note = self.note(size, witnesses).content()
        return write_proof(InclusionProof(index=index, path=self.inclusion(index, size), checkpoint=note))


def policy(
    *keys: MemoryNoteSigner,
    origin: str = ORIGIN,
    witnesses: Sequence[MemoryNoteSigner] = (),
    quorum: int = 0,
) -> LogPolicy:
    return LogPolicy(
        origin=origin,
        keys=tuple(one.key for one in keys or (KEY,)),
        witnesses=tuple(one.key for one in witnesses),
        quorum=quorum,
    )
