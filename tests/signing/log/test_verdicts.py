"""Proof files and verdicts: what is in the log is sound, anything else has its own reason."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.log import (
    Consistent,
    Included,
    InclusionProof,
    Inconsistent,
    NotProven,
    compare,
    leaf_hash,
    read_proof,
    verify_inclusion,
    write_proof,
)
from signing.log.fields import write_base64
from signing.verdict import Reason, Refused
from tests.signing.log.world import NOW, ORIGIN, WITNESSES, Log, policy, signer

LEAVES = [b"<Evidence>%d</Evidence>" % each for each in range(11)]
LOG = Log(LEAVES)
HASHES = tuple(hashlib.sha256(b"hash%d" % each).digest() for each in (1, 2))


def verdict(
    file: bytes, leaf: bytes = LEAVES[5], witnesses: int = 0, origin: str = ORIGIN
) -> Included | Refused:
    return verify_inclusion(leaf, file, policy(origin=origin, witnesses=WITNESSES, quorum=witnesses))


def reason(file: bytes, leaf: bytes = LEAVES[5], witnesses: int = 0, origin: str = ORIGIN) -> Reason:
    said = verdict(file, leaf, witnesses, origin)
    assert isinstance(said, Refused)
    assert said.detail
    return said.reason


@pytest.mark.parametrize("size", range(1, 12))
def test_every_leaf_of_every_tree_is_included(size: int) -> None:
    for index in range(size):
        said = verdict(LOG.proof(index, size), LEAVES[index])
        assert isinstance(said, Included)
        assert (said.index, said.leaf, said.head.checkpoint) == (
            index,
            leaf_hash(LEAVES[index]),
            LOG.head(size),
        )


def test_a_proof_with_witnesses_names_them_and_their_times() -> None:
    said = verdict(LOG.proof(5, witnesses=WITNESSES), witnesses=3)
    assert isinstance(said, Included)
    assert [(one.witness, one.at) for one in said.head.cosignatures] == [(one.key, NOW) for one in WITNESSES]


def test_each_wrong_has_its_own_reason() -> None:
    good = LOG.proof(5)
    parts = read_proof(good)
    assert reason(good, leaf=LEAVES[4]) is Reason.LOG_NOT_INCLUDED
    assert reason(LOG.proof(4)) is Reason.LOG_NOT_INCLUDED
    assert reason(good, origin="other.example.vn/log") is Reason.LOG_WRONG_ORIGIN
    assert reason(Log(LEAVES, key=signer()).proof(5)) is Reason.LOG_WRONG_KEY
    assert reason(good.replace(b"\n11\n", b"\n12\n")) is Reason.LOG_SIGNATURE_INVALID
    assert reason(LOG.proof(5, witnesses=WITNESSES[:1]), witnesses=2) is Reason.LOG_TOO_FEW_WITNESSES
    assert reason(good.replace(b"index 5", b"index 11")) is Reason.LOG_WRONG_SIZE
    assert reason(good.replace(b"tlog-proof@v1", b"tlog-proof@v2")) is Reason.LOG_PROOF_MALFORMED
    assert reason(good.replace(b"\n11\n", b"\n+11\n")) is Reason.LOG_CHECKPOINT_MALFORMED
    for path in (parts.path[1:], parts.path[:-1], (*parts.path, HASHES[0]), ()):
        shorter = InclusionProof(index=5, path=path, checkpoint=parts.checkpoint)
        assert reason(write_proof(shorter)) is Reason.LOG_WRONG_SIZE
    older = InclusionProof(index=5, path=parts.path, checkpoint=LOG.note(6).content())
    assert reason(write_proof(older)) is Reason.LOG_WRONG_SIZE
    other = InclusionProof(index=5, path=parts.path, checkpoint=Log(LEAVES[::-1]).note().content())
    assert reason(write_proof(other)) is Reason.LOG_NOT_INCLUDED


def test_an_empty_log_includes_nothing() -> None:
    for leaf in (b"", b"\0"):
        empty = InclusionProof(index=0, path=(), checkpoint=Log([]).note().content())
        assert reason(write_proof(empty), leaf=leaf) is Reason.LOG_WRONG_SIZE


def test_a_node_of_the_tree_is_no_leaf() -> None:
    inner = LOG.store.nodes[(0, 4)] + LOG.store.nodes[(0, 5)]
    parts = read_proof(LOG.proof(5))
    shorter = InclusionProof(index=2, path=parts.path[1:], checkpoint=parts.checkpoint)
    assert reason(write_proof(shorter), leaf=inner) is Reason.LOG_WRONG_SIZE
    two = Log(LEAVES[:2])
    posed = InclusionProof(index=0, path=(), checkpoint=two.note().content())
    assert reason(write_proof(posed), leaf=two.store.nodes[(0, 0)] + two.store.nodes[(0, 1)]) is (
        Reason.LOG_WRONG_SIZE
    )


def test_no_flip_of_any_bit_of_a_proof_file_is_sound() -> None:
    whole = LOG.proof(5, witnesses=WITNESSES)
    assert isinstance(verdict(whole, witnesses=3), Included)
    for at in range(len(whole)):
        for bit in range(8):
            altered = whole[:at] + bytes((whole[at] ^ 1 << bit,)) + whole[at + 1 :]
            assert isinstance(verdict(altered, witnesses=3), Refused), (at, bit)


def test_no_proof_file_cut_anywhere_or_with_a_byte_put_in_is_sound() -> None:
    whole = LOG.proof(5, witnesses=WITNESSES)
    for at in range(len(whole)):
        assert isinstance(verdict(whole[:at], witnesses=3), Refused), at
        for byte in (b"\0", b"\n", b" ", b"=", b"0", b"A"):
            assert isinstance(verdict(whole[:at] + byte + whole[at:], witnesses=3), Refused), (at, byte)
    for after in (b"\n", b"\0", b"x", b"\n\n"):
        assert isinstance(verdict(whole + after, witnesses=3), Refused)


def test_no_flip_of_any_bit_of_the_leaf_is_sound() -> None:
    whole, leaf = LOG.proof(5), LEAVES[5]
    for at in range(len(leaf) * 8):
        altered = (int.from_bytes(leaf) ^ 1 << at).to_bytes(len(leaf))
        assert reason(whole, leaf=altered) is Reason.LOG_NOT_INCLUDED


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    assert isinstance(verdict(data), Refused)
    assert isinstance(verdict(b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + data), Refused)


@pytest.mark.parametrize(
    ("proof", "lines"),
    [
        (
            InclusionProof(index=5, path=HASHES, checkpoint=b"test checkpoint\n"),
            ["index 5", *map(write_base64, HASHES), "", "test checkpoint", ""],
        ),
        (
            InclusionProof(index=10, path=HASHES[:1], checkpoint=b"data\n", extra=b"extra information"),
            ["extra ZXh0cmEgaW5mb3JtYXRpb24=", "index 10", write_base64(HASHES[0]), "", "data", ""],
        ),
        (
            InclusionProof(index=0, path=(), checkpoint=b"checkpoint\n"),
            ["index 0", "", "checkpoint", ""],
        ),
    ],
)
def test_files_are_written_as_other_implementations_write_them(
    proof: InclusionProof, lines: list[str]
) -> None:
    """The cases of github.com/transparency-dev/formats, proof/tlog_proof_test.go."""
    content = "\n".join(["c2sp.org/tlog-proof@v1", *lines]).encode()
    assert write_proof(proof) == content
    assert read_proof(content) == proof


HEAD = "c2sp.org/tlog-proof@v1\n"


@pytest.mark.parametrize(
    "data",
    [
        "wrong-header\nindex 0\n\ncheckpoint\n",
        HEAD + "extra !!notbase64!!\nindex 0\n\ncheckpoint\n",
        HEAD + "extra YQ\nindex 0\n\ncheckpoint\n",
        HEAD + "extra YQ==\nextra YQ==\nindex 0\n\ncheckpoint\n",
        HEAD + "index 0\nextra YQ==\n\ncheckpoint\n",
        HEAD + "extra YQ==\n\ncheckpoint\n",
        HEAD + "\n\ncheckpoint\n",
        HEAD + "index notanumber\n\ncheckpoint\n",
        HEAD + "index -5\n\ncheckpoint\n",
        HEAD + "index 05\n\ncheckpoint\n",
        HEAD + "index 5 \n\ncheckpoint\n",
        HEAD + f"index {(1 << 63) - 1}\n\ncheckpoint\n",
        HEAD + "index 0\n!!notbase64!!\n\ncheckpoint\n",
        HEAD + "index 0\n" + "A" * 86 + "==\n\ncheckpoint\n",
        HEAD + "index 0\n" + ("A" * 43 + "=\n") * 64 + "\ncheckpoint\n",
        HEAD + "index 0\n" + "a" * 65 * 1024 + "\n",
        HEAD + "index 0\r\n\r\ncheckpoint\n",
        HEAD + "index ٥\n\ncheckpoint\n",
        HEAD + "index 0\n\n" + "x" * (1 << 20),
        HEAD + "extra " + "AAAA" * 25_000 + "\nindex 0\n\ncheckpoint\n",
        HEAD,
        "",
    ],
)
def test_what_is_no_proof_file_is_not_read(data: str) -> None:
    with pytest.raises(NotProven) as error:
        read_proof(data.encode())
    assert error.value.reason is Reason.LOG_PROOF_MALFORMED
    assert reason(data.encode()) is Reason.LOG_PROOF_MALFORMED


def test_a_proof_that_cannot_be_read_back_is_not_written() -> None:
    for wrong in (
        {"index": -1},
        {"index": 1 << 63},
        {"path": (b"short",)},
        {"path": (bytes(32),) * 64},
        {"checkpoint": b"x" * (1 << 20)},
        {"extra": b"x" * (1 << 17)},
    ):
        with pytest.raises(ValueError):
            InclusionProof(**{"index": 0, "path": (), "checkpoint": b"", **wrong})  # type: ignore[arg-type]


def alarm(change: Consistent | Inconsistent, *named: Log) -> Reason:
    assert isinstance(change, Inconsistent)
    for log, kept in zip(named, (change.old, change.new), strict=True):
        assert kept.checkpoint.root.hex() in change.detail
        assert str(kept.checkpoint.size) in change.detail
        assert kept.checkpoint.origin == log.origin
    return change.reason


def test_a_log_that_only_grew_is_consistent() -> None:
    for old in range(12):
        for new in range(old, 12):
            said = compare(LOG.verified(old), LOG.verified(new), LOG.consistency(old, new))
            assert isinstance(said, Consistent)
            assert (said.old.checkpoint.size, said.new.checkpoint.size) == (old, new)


def test_a_log_that_became_smaller_is_an_alarm_naming_both() -> None:
    for proof in ((), LOG.consistency(4, 9)):
        assert alarm(compare(LOG.verified(9), LOG.verified(4), proof), LOG, LOG) is Reason.LOG_ROLLBACK
    empty = compare(LOG.verified(9), Log([]).verified(), ())
    assert alarm(empty, LOG, LOG) is Reason.LOG_ROLLBACK


def test_two_histories_are_an_alarm_naming_both() -> None:
    fork = Log([*LEAVES[:4], b"another", *LEAVES[5:]])
    assert alarm(compare(LOG.verified(9), fork.verified(9), ()), LOG, fork) is Reason.LOG_SPLIT_VIEW
    for proof in (fork.consistency(5, 9), LOG.consistency(5, 9), ()):
        change = compare(LOG.verified(5), fork.verified(9), proof)
        assert alarm(change, LOG, fork) is Reason.LOG_SPLIT_VIEW
    shared = compare(LOG.verified(4), fork.verified(9), fork.consistency(4, 9))
    assert isinstance(shared, Consistent), "up to there it was one log"


def test_two_logs_are_not_one() -> None:
    other = Log(LEAVES, origin="other.example.vn/log")
    change = compare(LOG.verified(4), other.verified(9), LOG.consistency(4, 9))
    assert alarm(change, LOG, other) is Reason.LOG_WRONG_ORIGIN


def test_no_flip_of_any_bit_of_a_consistency_proof_is_sound() -> None:
    old, new = LOG.verified(6), LOG.verified(11)
    proof = LOG.consistency(6, 11)
    assert len(proof) == 4
    for place, at in ((place, at) for place in range(len(proof)) for at in range(256)):
        value = (int.from_bytes(proof[place]) ^ 1 << at).to_bytes(32)
        altered: Sequence[bytes] = (*proof[:place], value, *proof[place + 1 :])
        assert isinstance(compare(old, new, altered), Inconsistent)
