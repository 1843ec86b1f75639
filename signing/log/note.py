"""Signed notes (https://c2sp.org/signed-note): a text, and the lines of those who signed it.

note = read_note(data)
signed = signatures_by(note, [key])      # raises NotProven unless one of the keys signed
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from signing.log.fields import read_base64, write_base64
from signing.log.keys import KeyKind, NoteSigner, VerifierKey, is_key_name
from signing.log.refusal import NotProven
from signing.reasons import Reason

LARGEST_NOTE = 512 * 1024
"""Bytes. Sixty-four of the largest signatures in use (ML-DSA-87) fit."""
MOST_SIGNATURES = 64
"""The specification asks for 16 at least."""

_DASH = "\N{EM DASH} "
_ID_SIZE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line."""

    name: str
    key_id: bytes
    """4 bytes."""
    value: bytes
    """The signature after the key id; at least one byte, its form is the key kind's."""

    def line(self) -> str:
        """Returns the line, its newline included."""
        return f"{_DASH}{self.name} {write_base64(self.key_id + self.value)}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedNote:
    """A note as read. Its text says nothing until `signatures_by` says who signed it."""

    text: str
    """Ends in a newline."""
    signatures: tuple[NoteSignature, ...]

    def content(self) -> bytes:
        """Returns the note's bytes."""
        return "".join((self.text, "\n", *(one.line() for one in self.signatures))).encode()


def read_note(data: bytes) -> SignedNote:
    """Reads a signed note: UTF-8, no control characters but newline, within the limits.

    Raises `NotProven` with `LOG_CHECKPOINT_MALFORMED`. What is read writes back to the same bytes.
    """
    if len(data) > LARGEST_NOTE:
        raise _malformed(f"more than {LARGEST_NOTE} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError as exc:
        raise _malformed("not UTF-8") from exc
    if any(one < " " and one != "\n" for one in whole):
        raise _malformed("a control character")
    text, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise _malformed("no blank line before the signatures, or no newline at the end")
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise _malformed(f"more than {MOST_SIGNATURES} signatures")
    return SignedNote(text=text + "\n", signatures=tuple(map(read_signature, lines)))


def read_signature(line: str) -> NoteSignature:
    """Reads one signature line without its newline. Raises `NotProven`."""
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not is_key_name(name):
        raise _malformed("a signature line without its dash or a key's name")
    try:
        value = read_base64(encoded)
    except ValueError as exc:
        raise _malformed(f"a signature is {exc}") from exc
    if len(value) <= _ID_SIZE:
        raise _malformed("a signature line without a signature")
    return NoteSignature(name=name, key_id=value[:_ID_SIZE], value=value[_ID_SIZE:])


def signatures_by(
    note: SignedNote, keys: Iterable[VerifierKey]
) -> tuple[tuple[VerifierKey, NoteSignature], ...]:
    """Returns the lines by `keys`, each checked, in the note's order, at least one; lines by anybody else are
    ignored.

    Raises `NotProven`: `LOG_WRONG_KEY` when none of the keys signed, `LOG_SIGNATURE_INVALID` when any line
    that claims to be by one of them is not.
    """
    found = lines_by(note, keys)
    if not found:
        raise NotProven(Reason.LOG_WRONG_KEY, "none of the keys asked for signed the note")
    return found


def lines_by(note: SignedNote, keys: Iterable[VerifierKey]) -> tuple[tuple[VerifierKey, NoteSignature], ...]:
    """As `signatures_by`, and empty when none of the keys signed."""
    known = {(key.name, key.key_id): key for key in keys}
    text = note.text.encode()
    found: list[tuple[VerifierKey, NoteSignature]] = []
    for one in note.signatures:
        key = known.get((one.name, one.key_id))
        if key is None:
            continue
        if not key.verifies(text, one.value):
            raise NotProven(
                Reason.LOG_SIGNATURE_INVALID, f"the signature by {key.name}+{key.key_id.hex()} is wrong"
            )
        found.append((key, one))
    return tuple(found)


def sign_note(text: str, signers: Sequence[NoteSigner]) -> SignedNote:
    """Signs `text`, which ends in a newline, with each of `signers`, all of kind ED25519.

    Raises `ValueError` when the text cannot be a note's or a signer is a witness's.
    """
    if not signers or any(one.key.kind is not KeyKind.ED25519 for one in signers):
        raise ValueError("a note is signed by keys of kind ED25519; a witness cosigns with a time")
    if not text.endswith("\n") or any(one < " " and one != "\n" for one in text):
        raise ValueError("a note's text ends in a newline and has no other control characters")
    data = text.encode()
    return SignedNote(
        text=text,
        signatures=tuple(
            NoteSignature(name=one.key.name, key_id=one.key.key_id, value=one.sign(data)) for one in signers
        ),
    )


def with_signatures(note: SignedNote, more: Iterable[NoteSignature]) -> SignedNote:
    """Returns the note with `more` lines, such as witnesses' cosignatures, unchecked; the last by each key
    takes the place of those before it."""
    lines = {(one.name, one.key_id): one for one in (*note.signatures, *more)}
    return SignedNote(text=note.text, signatures=tuple(lines.values()))


def _malformed(detail: str) -> NotProven:
    return NotProven(Reason.LOG_CHECKPOINT_MALFORMED, detail)
