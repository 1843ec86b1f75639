"""Signed notes and their keys, held to published vectors.

The keys of Peter Neumann and Enoch Root, and what they signed, are the public test keys of
golang.org/x/mod/sumdb/note (note_test.go).
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signing.keys import UnusableKey
from signing.log import (
    KeyKind,
    MemoryNoteSigner,
    NoteSignature,
    NotProven,
    VerifierKey,
    read_note,
    read_skey,
    read_vkey,
    sign_note,
    signatures_by,
    with_signatures,
)
from signing.log.note import LARGEST_NOTE, MOST_SIGNATURES
from signing.verdict import Reason

PETER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH_VKEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH = (
    "— EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)


def note(*lines: str, text: str = TEXT) -> bytes:
    return "".join((text, "\n", *lines)).encode()


def signers(data: bytes, *vkeys: str) -> list[str]:
    return [key.name for key, _ in signatures_by(read_note(data), map(read_vkey, vkeys))]


def reason(data: bytes, *vkeys: str) -> Reason:
    with pytest.raises(NotProven) as error:
        signers(data, *vkeys)
    return error.value.reason


def test_signing_gives_the_published_note() -> None:
    assert sign_note(TEXT, [read_skey(PETER_SKEY)]).content() == note(PETER)


def test_both_published_signatures_hold() -> None:
    assert signers(note(PETER, ENOCH), PETER_VKEY, ENOCH_VKEY) == ["PeterNeumann", "EnochRoot"]


def test_who_is_not_known_is_ignored_and_somebody_must_be_known() -> None:
    assert signers(note(PETER, ENOCH), PETER_VKEY) == ["PeterNeumann"]
    assert signers(note(ENOCH[:60] + "ABCD" + ENOCH[60:], PETER), PETER_VKEY) == ["PeterNeumann"]
    assert reason(note(PETER, ENOCH)) is Reason.LOG_WRONG_KEY
    assert reason(note(ENOCH), PETER_VKEY) is Reason.LOG_WRONG_KEY


def test_a_name_or_an_id_alone_makes_nobody_known() -> None:
    assert reason(note(PETER.replace("PeterNeumann", "CarmenSandiego")), PETER_VKEY) is Reason.LOG_WRONG_KEY
    assert reason(note(PETER.replace("x08g", "xxxx")), PETER_VKEY) is Reason.LOG_WRONG_KEY


def test_one_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    longer = PETER[:60] + "ABCD" + PETER[60:]
    assert reason(note(longer), PETER_VKEY) is Reason.LOG_SIGNATURE_INVALID
    assert reason(note(PETER, longer), PETER_VKEY) is Reason.LOG_SIGNATURE_INVALID
    assert reason(note(PETER, text=TEXT.replace("answer", "Answer")), PETER_VKEY) is (
        Reason.LOG_SIGNATURE_INVALID
    )


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode() + b"\n",
        note(PETER[:-1]),
        b"\x01" + note(PETER),
        b"\xff" + note(PETER),
        note(PETER).replace(b"\n", b"\r\n"),
        note(PETER).replace(b" is", b"\tis"),
        note("— Bad Name " + PETER.split()[2] + "\n"),
        note(PETER.replace("PeterNeumann", "Peter\u00a0Neumann")),
        note(PETER.replace("PeterNeumann", "Peter\u2028Neumann")),
        note(PETER.replace("PeterNeumann", "Peter+Neumann")),
        note(PETER.replace("PeterNeumann ", "")),
        note(PETER.replace("—", "-")),
        note(PETER.replace("— ", "— — ")),
        note(PETER.replace("x08g", "x08 ")),
        note(PETER.replace("=", "")),
        note(PETER.replace("nAM=", "nAN=")),
        note("— PeterNeumann x08gow==\n"),
        note(PETER, "Unexpected line.\n"),
        note(PETER, "\n"),
        note(*[PETER] * (MOST_SIGNATURES + 1)),
        note(PETER, text="x" * LARGEST_NOTE + "\n"),
        b"",
    ],
)
def test_what_is_no_note_is_not_read(data: bytes) -> None:
    assert reason(data, PETER_VKEY) is Reason.LOG_CHECKPOINT_MALFORMED


def test_a_text_may_hold_empty_lines() -> None:
    text = "\n\na\n\nb\n\n"
    data = sign_note(text, [read_skey(PETER_SKEY)]).content()
    assert read_note(data).text == text
    assert signers(data, PETER_VKEY) == ["PeterNeumann"]


def test_as_many_signatures_as_may_be_are_read() -> None:
    assert len(signers(note(*[PETER] * MOST_SIGNATURES), PETER_VKEY)) == MOST_SIGNATURES


def test_what_is_read_is_written_back_byte_for_byte() -> None:
    data = note(ENOCH, PETER, ENOCH)
    assert read_note(data).content() == data


def test_a_keys_last_signature_takes_the_place_of_those_before() -> None:
    whole = read_note(note(PETER, ENOCH))
    assert with_signatures(read_note(note(PETER)), whole.signatures) == whole
    renewed = replace(whole.signatures[0], value=b"later")
    assert with_signatures(whole, [renewed]).signatures == (renewed, whole.signatures[1])


@pytest.mark.parametrize("vkey", [PETER_VKEY, ENOCH_VKEY])
def test_a_key_reads_and_writes_back(vkey: str) -> None:
    assert read_vkey(vkey).vkey == vkey


def test_a_signing_key_reads_writes_back_and_shows_itself_to_nobody() -> None:
    signer = read_skey(PETER_SKEY)
    assert signer.skey() == PETER_SKEY
    assert signer.key == read_vkey(PETER_VKEY)
    assert PETER_SKEY.split("+")[-1] not in repr(signer)


@pytest.mark.parametrize(
    ("key", "read"), [(PETER_VKEY, read_vkey), (PETER_SKEY, read_skey)], ids=["vkey", "skey"]
)
def test_no_part_of_a_key_and_no_altered_key_is_one(key: str, read: object) -> None:
    assert callable(read)
    parts = {key[i:j] for i in range(len(key)) for j in range(i + 1, len(key) + 1)} - {key}
    altered = {key[:i] + chr(ord(key[i]) + 1) + key[i + 1 :] for i in range(len(key))}
    for wrong in parts | altered | {key + "\n", key + "=", key.upper()}:
        with pytest.raises(UnusableKey) as error:
            read(wrong)
        assert PETER_SKEY.split("+")[-1] not in str(error.value)


@pytest.mark.parametrize(
    "vkey",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+",
        PETER_VKEY.replace("c74f20a3", "C74F20A3"),
    ],
)
def test_a_key_of_another_length_or_type_is_refused(vkey: str) -> None:
    with pytest.raises(UnusableKey):
        read_vkey(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\nb", "a\0b", "x" * 256, "é" * 128])
def test_a_key_has_a_name_that_a_line_can_bear(name: str) -> None:
    with pytest.raises(UnusableKey, match="name"):
        VerifierKey(name=name, public=bytes(32))


def test_a_kind_is_part_of_the_key() -> None:
    private = Ed25519PrivateKey.generate()
    log = MemoryNoteSigner("a.example", private)
    witness = MemoryNoteSigner("a.example", private, KeyKind.COSIGNATURE)
    assert log.key.key_id != witness.key.key_id
    assert read_skey(witness.skey()).key == witness.key == read_vkey(witness.key.vkey)
    plain = sign_note("a\n", [log])
    relabelled = NoteSignature(
        name="a.example", key_id=witness.key.key_id, value=bytes(8) + plain.signatures[0].value
    )
    with pytest.raises(NotProven) as error:
        signatures_by(with_signatures(plain, [relabelled]), [witness.key])
    assert error.value.reason is Reason.LOG_SIGNATURE_INVALID


@pytest.mark.parametrize("text", ["no newline", "a\tb\n", "a\r\n", ""])
def test_what_can_be_no_note_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="note"):
        sign_note(text, [read_skey(PETER_SKEY)])


def test_a_note_is_signed_by_keys_for_notes() -> None:
    witness = MemoryNoteSigner("a.example", Ed25519PrivateKey.generate(), KeyKind.COSIGNATURE)
    for wrong in ([], [witness]):
        with pytest.raises(ValueError, match="ED25519"):
            sign_note("a\n", wrong)
