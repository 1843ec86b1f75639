"""A witness's decisions, with published requests to a real one (litewitness of filippo.io/torchwood)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signing.log import (
    EMPTY_ROOT,
    Checkpoint,
    Cosigned,
    Declined,
    LogPolicy,
    NotProven,
    VerifierKey,
    cosign,
    decide,
    leaf_hash,
    open_checkpoint,
    read_answer,
    read_request,
    sign_checkpoint,
    with_signatures,
    write_request,
)
from signing.verdict import Reason
from tests.signing.log.world import KEY, NOW, ORIGIN, WITNESSES, Log, policy, signer

WITNESS = WITNESSES[0]
SIGSUM = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
SIGSUM_KEY = VerifierKey(
    name=SIGSUM, public=bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f")
)
ONE = f"""\
old 0

{SIGSUM}
1
KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

— {SIGSUM} UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=
"""
ONE_TO_THREE = f"""\
old 1
KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

{SIGSUM}
3
RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=

— {SIGSUM} UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=
"""
ONE_TO_FIVE = f"""\
old 1
KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=
KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

{SIGSUM}
5
QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=

— {SIGSUM} UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=
"""


def answer(
    body: bytes, latest: Checkpoint | None = None, log: LogPolicy | None = None
) -> Cosigned | Declined:
    return decide(read_request(body), log=log or policy(), latest=latest, signer=WITNESS, at=NOW)


def sigsum(body: str, latest: Checkpoint | None = None) -> Cosigned | Declined:
    return answer(body.encode(), latest, LogPolicy(origin=SIGSUM, keys=(SIGSUM_KEY,)))


def test_the_published_requests_are_answered_as_published() -> None:
    one = sigsum(ONE)
    assert isinstance(one, Cosigned)
    assert isinstance(sigsum(ONE_TO_THREE, one.checkpoint), Cosigned)
    five = sigsum(ONE_TO_FIVE, one.checkpoint)
    assert isinstance(five, Cosigned)
    assert five.checkpoint.root.hex() == "42bb57ad06420afa4882c4a63ac6a1ec77480b330b2f20dfc53a0caa5f564e36"
    late = sigsum(ONE_TO_THREE, five.checkpoint)
    assert isinstance(late, Declined)
    assert (late.reason, late.status, late.size) == (Reason.LOG_SIZE_CONFLICT, 409, 5)


def test_more_hashes_than_any_proof_has_are_not_read() -> None:
    hashes = ONE_TO_THREE.split("\n")[1] + "\n"
    for count, fine in ((63, True), (64, False)):
        body = ONE.replace("old 0\n", "old 0\n" + hashes * count).encode()
        if fine:
            assert len(read_request(body).proof) == count
        else:
            assert unread(body) is Reason.LOG_PROOF_MALFORMED


def test_a_request_writes_back_byte_for_byte() -> None:
    for body in (ONE, ONE_TO_THREE, ONE_TO_FIVE):
        request = read_request(body.encode())
        assert write_request(request.old_size, request.proof, request.note) == body.encode()
        assert request.origin == SIGSUM


LEAF = leaf_hash(b"leaf")


@pytest.mark.parametrize(
    ("known", "old", "new", "root", "proof", "status"),
    [
        (0, 0, 0, EMPTY_ROOT, (), 200),
        (0, 0, 0, EMPTY_ROOT, (LEAF,), 422),
        (0, 0, 1, LEAF, (), 200),
        (0, 0, 1, LEAF, (LEAF,), 422),
        (1, 0, 1, LEAF, (LEAF,), 409),
        (1, 1, 0, EMPTY_ROOT, (), 400),
        (1, 1, 1, LEAF, (), 200),
        (1, 1, 1, EMPTY_ROOT, (), 409),
        (1, 1, 2, LEAF, (LEAF,), 422),
    ],
)
def test_small_trees_get_the_answers_that_a_real_witness_gives(
    known: int, old: int, new: int, root: bytes, proof: tuple[bytes, ...], status: int
) -> None:
    latest = Checkpoint(origin=ORIGIN, size=known, root=LEAF if known else EMPTY_ROOT)
    note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=new, root=root), KEY)
    said = answer(write_request(old, proof, note), latest)
    assert (said.status if isinstance(said, Declined) else 200) == status


def test_a_cosigned_checkpoint_verifies_with_its_time() -> None:
    log = Log([b"%d" % each for each in range(9)])
    said = answer(write_request(4, log.consistency(4), log.note()), log.head(4))
    assert isinstance(said, Cosigned)
    assert said.checkpoint == log.head()
    whole = with_signatures(log.note(), [said.signature]).content()
    (cosignature,) = open_checkpoint(whole, policy(witnesses=(WITNESS,), quorum=1)).cosignatures
    assert (cosignature.witness, cosignature.at) == (WITNESS.key, NOW)


def declined(said: Cosigned | Declined) -> tuple[Reason, int, int | None]:
    assert isinstance(said, Declined)
    assert said.detail
    return said.reason, said.status, said.size


def test_a_witness_declines_what_it_cannot_vouch_for() -> None:
    log = Log([b"%d" % each for each in range(9)])
    fork = Log([b"%d" % each for each in range(8)] + [b"another"])
    rewritten = Log([b"other", *log.leaves[1:]])
    body = write_request(4, log.consistency(4), log.note())
    last = log.head(4)
    unknown = decide(read_request(body), log=None, latest=None, signer=WITNESS, at=NOW)
    assert declined(unknown) == (Reason.LOG_WRONG_ORIGIN, 404, None)
    assert declined(answer(body, last, policy(signer()))) == (Reason.LOG_WRONG_KEY, 403, None)
    altered = body.replace(b"\n9\n", b"\n8\n")
    assert declined(answer(altered, last)) == (Reason.LOG_SIGNATURE_INVALID, 403, None)
    back = write_request(9, (), log.note(4))
    assert declined(answer(back, log.head())) == (Reason.LOG_WRONG_SIZE, 400, None)
    assert declined(answer(body, log.head(6))) == (Reason.LOG_SIZE_CONFLICT, 409, 6)
    assert declined(answer(body)) == (Reason.LOG_SIZE_CONFLICT, 409, 0)
    for other in (rewritten, fork):
        said = answer(write_request(9, (), other.note()), log.head())
        assert declined(said) == (Reason.LOG_SPLIT_VIEW, 409, 9)
    split = write_request(4, rewritten.consistency(4), rewritten.note())
    assert declined(answer(split, last)) == (Reason.LOG_SPLIT_VIEW, 422, None)


def unread(body: bytes) -> Reason:
    with pytest.raises(NotProven) as error:
        read_request(body)
    return error.value.reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        ONE.replace("old 0", "old").encode(),
        ONE.replace("old 0", "old  0").encode(),
        ONE.replace("old 0", "old 00").encode(),
        ONE.replace("old 0", "old -1").encode(),
        ONE.replace("old 0", "new 0").encode(),
        ONE.replace("old 0", "old ١").encode(),
        ONE.replace("old 0", "old 0\r").encode(),
        ONE.replace("old 0", "old 0\nKgA=").encode(),
        ONE.replace("old 0\n", "old 0\nnonsense\n").encode(),
        ONE.encode() + b"x" * (1 << 20),
    ],
)
def test_what_is_no_request_is_not_read(body: bytes) -> None:
    assert unread(body) is Reason.LOG_PROOF_MALFORMED


def test_a_request_without_a_checkpoint_is_not_read() -> None:
    assert unread(b"old 0\n\n" + ONE.encode()) is Reason.LOG_CHECKPOINT_MALFORMED


def test_only_a_witnesses_key_cosigns_and_only_at_a_time() -> None:
    note = Log([b"a"]).note()
    with pytest.raises(ValueError, match="COSIGNATURE"):
        cosign(note, KEY, NOW)
    for wrong in (-1, 1 << 63):
        with pytest.raises(ValueError, match="POSIX"):
            cosign(note, WITNESS, wrong)


def test_what_is_kept_for_another_log_vouches_for_nothing() -> None:
    log = Log([b"a", b"b"])
    body = write_request(1, log.consistency(1), log.note())
    said = answer(body, replace(log.head(1), origin="other.example.vn/log"))
    assert declined(said)[0] is Reason.LOG_WRONG_ORIGIN


def test_of_an_answer_the_known_witnesses_lines_are_taken_and_no_others() -> None:
    log = Log([b"a", b"b"])
    note = log.note()
    mine, other = (cosign(note, one, NOW).line().encode() for one in WITNESSES[:2])
    (line,) = read_answer(other + mine, note, [WITNESS.key])
    whole = with_signatures(note, [line]).content()
    assert len(open_checkpoint(whole, policy(witnesses=(WITNESS,), quorum=1)).cosignatures) == 1
    elsewhere = cosign(log.note(1), WITNESS, NOW).line().encode()
    longer = replace(note, text=note.text + "\nmore\n")
    smuggled = b"\nmore\n\n" + cosign(longer, WITNESS, NOW).line().encode()
    for body, why in (
        (other, Reason.LOG_WRONG_KEY),
        (mine + elsewhere, Reason.LOG_SIGNATURE_INVALID),
        (b"", Reason.LOG_CHECKPOINT_MALFORMED),
        (mine[:-1], Reason.LOG_CHECKPOINT_MALFORMED),
        (b"<html>\n", Reason.LOG_CHECKPOINT_MALFORMED),
        (b"\n" + mine, Reason.LOG_CHECKPOINT_MALFORMED),
        (b"another text\n\n" + mine, Reason.LOG_CHECKPOINT_MALFORMED),
        (smuggled, Reason.LOG_CHECKPOINT_MALFORMED),
        (mine * 65, Reason.LOG_CHECKPOINT_MALFORMED),
    ):
        with pytest.raises(NotProven) as error:
            read_answer(body, note, [WITNESS.key])
        assert error.value.reason is why, body[:30]
