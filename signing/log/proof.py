"""Proof files (https://c2sp.org/tlog-proof, `.tlog-proof`): what it takes to check offline a leaf is logged.

The file holds the leaf's index, its inclusion proof and the signed checkpoint, with whatever cosignatures it
has. It does not hold the leaf, and says nothing before `signing.log.verify` has checked it.
"""

from __future__ import annotations

from dataclasses import dataclass

from signing.log.fields import (
    HASH_SIZE,
    LARGEST,
    LONGEST_PROOF,
    read_base64,
    read_hash,
    read_number,
    write_base64,
)
from signing.log.note import LARGEST_NOTE
from signing.log.refusal import NotProven
from signing.reasons import Reason

LARGEST_EXTRA = 64 * 1024
"""Bytes of extra data."""
LARGEST_PROOF = LARGEST_NOTE + 2 * LARGEST_EXTRA
"""Bytes of a proof file."""

_FORMAT = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = "index "


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """A proof file's content. Raises `ValueError` when it cannot be written."""

    index: int
    """Of the leaf, from 0."""
    path: tuple[bytes, ...]
    """Hashes from the leaf's sibling up, at most 63."""
    checkpoint: bytes
    """The signed note, as the log gave it."""
    extra: bytes = b""
    """Opaque and authenticated by nobody; this axis writes none."""

    def __post_init__(self) -> None:
        if not 0 <= self.index < LARGEST:
            raise ValueError("the index cannot be that of a leaf")
        if len(self.path) > LONGEST_PROOF or any(len(one) != HASH_SIZE for one in self.path):
            raise ValueError(f"more than {LONGEST_PROOF} hashes, or one of another length")
        if len(self.extra) > LARGEST_EXTRA or len(self.checkpoint) > LARGEST_NOTE:
            raise ValueError("the checkpoint or the extra data is too large")


def write_proof(proof: InclusionProof) -> bytes:
    """Returns the file's bytes."""
    extra = (_EXTRA + write_base64(proof.extra),) if proof.extra else ()
    lines = (_FORMAT, *extra, f"{_INDEX}{proof.index}", *map(write_base64, proof.path), "", "")
    return "\n".join(lines).encode() + proof.checkpoint


def read_proof(data: bytes) -> InclusionProof:
    """Reads a proof file; the checkpoint stays unread. Raises `NotProven` with `LOG_PROOF_MALFORMED`."""
    head, blank, checkpoint = data.partition(b"\n\n")
    if len(data) > LARGEST_PROOF or not blank:
        raise NotProven(Reason.LOG_PROOF_MALFORMED, "too large, or no blank line before the checkpoint")
    try:
        first, *lines = head.decode("ascii").split("\n")
        extra = (
            read_base64(lines.pop(0).removeprefix(_EXTRA)) if lines and lines[0].startswith(_EXTRA) else b""
        )
        if first != _FORMAT or not lines or not lines[0].startswith(_INDEX):
            raise ValueError(f"the file does not begin with {_FORMAT} and an index")
        index, *path = lines
        return InclusionProof(
            index=read_number(index.removeprefix(_INDEX)),
            path=tuple(map(read_hash, path)),
            checkpoint=checkpoint,
            extra=extra,
        )
    except UnicodeDecodeError as exc:
        raise NotProven(Reason.LOG_PROOF_MALFORMED, "not ASCII before the checkpoint") from exc
    except ValueError as exc:
        raise NotProven(Reason.LOG_PROOF_MALFORMED, str(exc)) from exc
