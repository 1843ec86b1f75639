"""A witness's side (https://c2sp.org/tlog-witness, https://c2sp.org/tlog-cosignature): to cosign or not.

    request = read_request(body)
    log, latest = logs.get(request.origin), kept.get(request.origin)
    decision = decide(request, log=log, latest=latest, signer=signer, at=now)

The caller keeps the state. It must exchange `latest` for `decision.checkpoint` in one atomic step, compare
and swap, before the cosignature leaves: two requests at once could otherwise take the witness back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from signing.log.checkpoint import Checkpoint, LogPolicy, read_checkpoint
from signing.log.fields import LARGEST, LONGEST_PROOF, read_hash, read_number, write_base64
from signing.log.keys import KeyKind, NoteSigner, VerifierKey, cosigned_message
from signing.log.merkle import verify_consistency_proof
from signing.log.note import LARGEST_NOTE, NoteSignature, SignedNote, read_note, signatures_by
from signing.log.refusal import NotProven
from signing.log.tree import EMPTY_ROOT
from signing.reasons import Reason

LARGEST_REQUEST = LARGEST_NOTE + 4096
"""Bytes of an `add-checkpoint` body: a note, 63 hashes and the old size."""

_OLD = "old "


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """An `add-checkpoint` request. Nothing of it is verified yet."""

    old_size: int
    """Of the checkpoint that the witness cosigned last, as the asker thinks."""
    proof: tuple[bytes, ...]
    """Of consistency, from `old_size` to the checkpoint's size; at most 63."""
    note: SignedNote
    checkpoint: Checkpoint
    """What the note's text says."""

    @property
    def origin(self) -> str:
        """Which log the checkpoint claims to be of."""
        return self.checkpoint.origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """The witness may answer with `signature`, once it has kept `checkpoint` in place of the last."""

    checkpoint: Checkpoint
    signature: NoteSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The witness does not cosign."""

    reason: Reason
    detail: str
    status: int
    """The HTTP status that tlog-witness gives to this answer."""
    size: int | None = None
    """With 409: the size that the witness cosigned last, which is the body, as `text/x.tlog.size`."""


_STATUSES: Mapping[Reason, int] = MappingProxyType(
    {
        Reason.LOG_WRONG_ORIGIN: 404,
        Reason.LOG_WRONG_KEY: 403,
        Reason.LOG_SIGNATURE_INVALID: 403,
        Reason.LOG_WRONG_SIZE: 400,
        Reason.LOG_SIZE_CONFLICT: 409,
        Reason.LOG_SPLIT_VIEW: 422,
    }
)


def read_request(body: bytes) -> AddCheckpoint:
    """Reads the body of `POST add-checkpoint`.

    Raises `NotProven` (answer 400) with `LOG_PROOF_MALFORMED` or `LOG_CHECKPOINT_MALFORMED`.
    """
    head, blank, rest = body.partition(b"\n\n")
    if len(body) > LARGEST_REQUEST or not blank:
        raise NotProven(Reason.LOG_PROOF_MALFORMED, "too large, or no blank line before the checkpoint")
    try:
        first, *lines = head.decode("ascii").split("\n")
        if not first.startswith(_OLD) or len(lines) > LONGEST_PROOF:
            raise ValueError(f"no line with the old size, or more than {LONGEST_PROOF} hashes")
        old_size = read_number(first.removeprefix(_OLD))
        proof = tuple(map(read_hash, lines))
    except ValueError as exc:
        raise NotProven(Reason.LOG_PROOF_MALFORMED, _plain(exc)) from exc
    note = read_note(rest)
    return AddCheckpoint(old_size=old_size, proof=proof, note=note, checkpoint=read_checkpoint(note.text))


def write_request(old_size: int, proof: tuple[bytes, ...], note: SignedNote) -> bytes:
    """Returns the body of `POST add-checkpoint` that asks a witness to cosign `note`."""
    lines = (f"{_OLD}{old_size}", *map(write_base64, proof), "", "")
    return "\n".join(lines).encode() + note.content()


def read_answer(body: bytes, note: SignedNote, witnesses: Iterable[VerifierKey]) -> tuple[NoteSignature, ...]:
    """Reads a witness's answer to the request to cosign `note`: the lines by known `witnesses`, each checked,
    for `with_signatures`.

    Raises `NotProven`: `LOG_CHECKPOINT_MALFORMED`, `LOG_WRONG_KEY` when none is by a known one,
    `LOG_SIGNATURE_INVALID`.
    """
    answered = read_note(replace(note, signatures=()).content() + body)
    if answered.text != note.text:
        raise NotProven(Reason.LOG_CHECKPOINT_MALFORMED, "the answer is more than signature lines")
    return tuple(line for _, line in signatures_by(answered, witnesses))


def decide(
    request: AddCheckpoint, *, log: LogPolicy | None, latest: Checkpoint | None, signer: NoteSigner, at: int
) -> Cosigned | Declined:
    """Decides as tlog-witness prescribes, in its order.

    `log` is whom this witness believes about the log, None when it does not know it; `latest` what it
    cosigned last for this origin, None when nothing; `signer` is of kind COSIGNATURE, `at` the POSIX time.
    """
    checkpoint = request.checkpoint
    last = latest or Checkpoint(origin=checkpoint.origin, size=0, root=EMPTY_ROOT)
    try:
        # 1. A log that it knows, by one of that log's keys.
        if log is None or log.origin != checkpoint.origin or last.origin != checkpoint.origin:
            raise NotProven(Reason.LOG_WRONG_ORIGIN, "this witness does not know the log")
        signatures_by(request.note, log.keys)
        # 2. Forward, and from where the witness stands.
        if request.old_size > checkpoint.size:
            raise NotProven(Reason.LOG_WRONG_SIZE, "the old size is larger than the checkpoint's")
        if request.old_size != last.size:
            raise NotProven(Reason.LOG_SIZE_CONFLICT, f"this witness cosigned {last.size} leaves last")
        # 3. Nothing but growth.
        verify_consistency_proof(last.size, last.root, checkpoint.size, checkpoint.root, request.proof)
    except NotProven as error:
        return _declined(error, last, checkpoint)
    return Cosigned(checkpoint=checkpoint, signature=cosign(request.note, signer, at))


def cosign(note: SignedNote, signer: NoteSigner, at: int) -> NoteSignature:
    """Signs the checkpoint that `note` holds as a witness, at the POSIX time `at`; what it states is the
    caller's to have checked. Raises `ValueError` when the key is of another kind or the time cannot be."""
    if signer.key.kind is not KeyKind.COSIGNATURE:
        raise ValueError("a witness signs with a key of kind COSIGNATURE")
    if not 0 <= at <= LARGEST:
        raise ValueError("no POSIX time")
    value = at.to_bytes(8) + signer.sign(cosigned_message(note.text.encode(), at))
    return NoteSignature(name=signer.key.name, key_id=signer.key.key_id, value=value)


def _declined(error: NotProven, last: Checkpoint, asked: Checkpoint) -> Declined:
    # Two roots for one size are a conflict to tlog-witness, and the plainest split view there is.
    forked = error.reason is Reason.LOG_SPLIT_VIEW and last.size == asked.size and last.root != asked.root
    status = 409 if forked else _STATUSES[error.reason]
    return Declined(
        reason=error.reason, detail=error.detail, status=status, size=last.size if status == 409 else None
    )


def _plain(error: ValueError) -> str:
    return "not ASCII" if isinstance(error, UnicodeDecodeError) else str(error)
