"""Checkpoints (https://c2sp.org/tlog-checkpoint): a log's signed statement of its size and root.

head = Checkpoint(origin="axis.example.vn/log", size=tree.size, root=tree.root())
note = sign_checkpoint(head, signer).content()

verified = open_checkpoint(note, policy)      # raises NotProven
verified.checkpoint.size
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from signing.log.fields import HASH_SIZE, LARGEST, read_hash, read_number, write_base64
from signing.log.keys import KeyKind, NoteSigner, VerifierKey, cosigned_at
from signing.log.note import SignedNote, lines_by, read_note, sign_note, signatures_by
from signing.log.refusal import NotProven
from signing.log.tree import EMPTY_ROOT
from signing.reasons import Reason

_LONGEST_ORIGIN = 255
"""Bytes; what cosignatures allow an origin to have at most."""
_MOST_EXTENSIONS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A log's head. Raises `ValueError` when it cannot be one; by itself it is nobody's statement."""

    origin: str
    """Which log: its name for ever, such as `axis.example.vn/log`. 1 to 255 bytes, one line."""
    size: int
    """Leaves."""
    root: bytes
    """32 bytes; that of an empty tree is `EMPTY_ROOT` and nothing else."""
    extensions: tuple[str, ...] = ()
    """Further lines, opaque, not empty; this axis writes none."""

    def __post_init__(self) -> None:
        if not 0 < len(self.origin.encode()) <= _LONGEST_ORIGIN:
            raise ValueError(f"an origin has 1 to {_LONGEST_ORIGIN} bytes")
        if not 0 <= self.size <= LARGEST:
            raise ValueError("the size cannot be that of a tree")
        if len(self.root) != HASH_SIZE:
            raise ValueError(f"a root of {len(self.root)} bytes instead of {HASH_SIZE}")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise ValueError("the root of an empty tree is not the hash of nothing")
        if len(self.extensions) > _MOST_EXTENSIONS or not all(self.extensions):
            raise ValueError(f"an empty extension line, or more than {_MOST_EXTENSIONS}")
        if any(one < " " for line in (self.origin, *self.extensions) for one in line):
            raise ValueError("a control character")

    def text(self) -> str:
        """Returns the note's text."""
        root = write_base64(self.root)
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPolicy:
    """Whom to believe about one log. Data, given by whoever verifies; never taken from what is verified.

    Raises `ValueError` when the keys and the quorum do not fit each other.
    """

    origin: str
    keys: tuple[VerifierKey, ...]
    """The log's; more than one while keys change, and for what older keys signed. One of them must have
    signed."""
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int = 0
    """How many different witnesses must have cosigned."""
    follow: bool = True
    """Whether a key counts too that one of `keys` has named as its successor (`signing.log.succession`)."""

    def __post_init__(self) -> None:
        if not self.keys or any(key.kind is not KeyKind.ED25519 for key in self.keys):
            raise ValueError("a log needs a key, of kind ED25519")
        if any(key.kind is not KeyKind.COSIGNATURE for key in self.witnesses):
            raise ValueError("a witness's key is of kind COSIGNATURE")
        publics = [key.public for key in (*self.keys, *self.witnesses)]
        if len(set(publics)) != len(publics):
            raise ValueError("one key stands there twice: it would vouch for itself")
        if not 0 <= self.quorum <= len(self.witnesses):
            raise ValueError(f"a quorum of {self.quorum} out of {len(self.witnesses)} witnesses")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """A witness saw this checkpoint, found it consistent with all it had seen, and knew no larger one."""

    witness: VerifierKey
    at: int
    """POSIX time, by the witness's own clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCheckpoint:
    """A checkpoint signed by its log and by as many witnesses as the policy asks.

    Only `open_checkpoint` makes one.
    """

    checkpoint: Checkpoint
    note: SignedNote
    """As it came, lines of unknown signers included: what to keep, and to show in an alarm."""
    cosignatures: tuple[Cosignature, ...]
    """By witnesses of the policy, each checked; one witness may stand here more than once."""


def read_checkpoint(text: str) -> Checkpoint:
    """Reads a note's text. Raises `NotProven` with `LOG_CHECKPOINT_MALFORMED`."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not text.endswith("\n"):
        raise NotProven(Reason.LOG_CHECKPOINT_MALFORMED, "fewer than three lines, or no newline at the end")
    origin, size, root, *extensions = lines
    try:
        return Checkpoint(
            origin=origin, size=read_number(size), root=read_hash(root), extensions=tuple(extensions)
        )
    except ValueError as exc:
        raise NotProven(Reason.LOG_CHECKPOINT_MALFORMED, str(exc)) from exc


def sign_checkpoint(checkpoint: Checkpoint, *signers: NoteSigner) -> SignedNote:
    """Signs as the log. The caller answers for it that the tree only ever grew: signing two checkpoints that
    do not agree is the one thing a log must never do."""
    return sign_note(checkpoint.text(), signers)


def open_checkpoint(data: bytes, policy: LogPolicy) -> VerifiedCheckpoint:
    """Reads and verifies a checkpoint.

    Raises `NotProven`: `LOG_CHECKPOINT_MALFORMED`, `LOG_WRONG_ORIGIN`, `LOG_WRONG_KEY`,
    `LOG_SIGNATURE_INVALID`, `LOG_TOO_FEW_WITNESSES`.
    """
    note = read_note(data)
    checkpoint = read_checkpoint(note.text)
    if checkpoint.origin != policy.origin:
        raise NotProven(Reason.LOG_WRONG_ORIGIN, "the checkpoint is of another log")
    signatures_by(note, policy.keys)
    cosignatures = _cosignatures(note, policy.witnesses)
    present = len({one.witness for one in cosignatures})
    if present < policy.quorum:
        raise NotProven(
            Reason.LOG_TOO_FEW_WITNESSES, f"cosigned by {present} known witnesses, {policy.quorum} are needed"
        )
    return VerifiedCheckpoint(checkpoint=checkpoint, note=note, cosignatures=cosignatures)


def _cosignatures(note: SignedNote, witnesses: Sequence[VerifierKey]) -> tuple[Cosignature, ...]:
    times = ((key, cosigned_at(line.value)) for key, line in lines_by(note, witnesses))
    return tuple(Cosignature(witness=key, at=at) for key, at in times if at is not None)
