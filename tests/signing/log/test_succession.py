"""Keys that follow each other: what a trusted key leads to counts, and nothing else."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from signing.log import (
    EMPTY_ROOT,
    Checkpoint,
    KeyKind,
    LogPolicy,
    MemoryNoteSigner,
    NotProven,
    Succession,
    TwoSuccessors,
    VerifiedCheckpoint,
    followed,
    given_up,
    leading_to,
    leaf_hash,
    lineage,
    open_checkpoint,
    read_note,
    read_succession,
    read_successions,
    sign_checkpoint,
    sign_note,
    sign_succession,
    write_successions,
)
from signing.reasons import Reason

ORIGIN, AT = "axis.test/log", 1_790_000_000


def signer(name: str = ORIGIN) -> MemoryNoteSigner:
    return MemoryNoteSigner(name, Ed25519PrivateKey.generate())


def step(old: MemoryNoteSigner, new: MemoryNoteSigner, at: int = AT) -> Succession:
    return read_succession(sign_succession(old, new, at=at))


def policy(*keys: MemoryNoteSigner, follow: bool = True) -> LogPolicy:
    return LogPolicy(origin=ORIGIN, keys=tuple(one.key for one in keys), follow=follow)


def head(size: int, *signers: MemoryNoteSigner) -> VerifiedCheckpoint:
    root = leaf_hash(b"%d" % size) if size else EMPTY_ROOT
    note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=size, root=root), *signers)
    return open_checkpoint(note.content(), policy(*signers))


def reason_of(data: bytes) -> Reason:
    with pytest.raises(NotProven) as caught:
        read_succession(data)
    return caught.value.reason


# --- what one says


def test_it_is_a_signed_note_by_both_keys_and_reads_back_as_written() -> None:
    old, new = signer(), signer()
    data = sign_succession(old, new, at=AT)
    assert data.decode().split("\n\n")[0].split("\n") == [
        "succession/v1",
        ORIGIN,
        f"old {old.key.vkey}",
        f"new {new.key.vkey}",
        f"time {AT}",
    ]
    read = read_succession(data)
    assert (read.old, read.new, read.at, read.origin) == (old.key, new.key, AT, ORIGIN)
    assert read.note.content() == data


def test_several_stand_in_one_file() -> None:
    keys = [signer() for _ in range(4)]
    steps = tuple(step(old, new) for old, new in itertools.pairwise(keys))
    for some in (steps, steps[:1], ()):
        assert read_successions(write_successions(some)) == some


@pytest.mark.parametrize("cut", [b"\n", b"x", b"\n\n"])
def test_a_file_with_anything_else_in_it_is_refused(cut: bytes) -> None:
    whole = write_successions([step(signer(), signer())])
    for data in (whole + cut, cut + whole, whole[:-1], whole[: len(whole) // 2]):
        with pytest.raises(NotProven):
            read_successions(data)


def test_no_byte_of_one_can_be_changed() -> None:
    data = sign_succession(signer(), signer(), at=AT)
    for place in range(len(data)):
        for other in (data[place] ^ 1, data[place] ^ 0x20):
            changed = data[:place] + bytes([other]) + data[place + 1 :]
            with pytest.raises(NotProven):
                read_succession(changed)


@given(st.binary(max_size=300))
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(NotProven):
        read_succession(data)


def test_both_must_have_signed() -> None:
    old, new = signer(), signer()
    text = read_note(sign_succession(old, new, at=AT)).text
    for signers in ([old], [new]):
        assert reason_of(sign_note(text, signers).content()) == Reason.LOG_WRONG_KEY
    stranger = sign_note(text, [signer()]).content()
    assert reason_of(stranger) == Reason.LOG_WRONG_KEY


def test_it_is_about_two_keys_of_one_log() -> None:
    old, other = signer(), signer("axis.other/log")
    for new in (old, other):
        with pytest.raises(ValueError, match="same log"):
            sign_succession(old, new, at=AT)
    between = f"succession/v1\n{ORIGIN}\nold {old.key.vkey}\nnew {other.key.vkey}\ntime {AT}\n"
    assert reason_of(sign_note(between, [old, other]).content()) == Reason.LOG_SUCCESSION_MALFORMED


def test_another_origin_than_the_keys_is_refused() -> None:
    old, new = signer(), signer()
    text = read_note(sign_succession(old, new, at=AT)).text.replace(f"\n{ORIGIN}\n", "\naxis.other/log\n")
    assert reason_of(sign_note(text, [old, new]).content()) == Reason.LOG_SUCCESSION_MALFORMED


def test_a_checkpoint_is_none_and_it_is_no_checkpoint() -> None:
    old, new = signer(), signer()
    checkpoint = head(5, old).note.content()
    assert reason_of(checkpoint) == Reason.LOG_SUCCESSION_MALFORMED
    with pytest.raises(NotProven) as caught:
        open_checkpoint(sign_succession(old, new, at=AT), policy(old))
    assert caught.value.reason == Reason.LOG_CHECKPOINT_MALFORMED


# --- what a trusted key leads to


def test_whoever_slept_through_two_rollovers_is_led_to_the_newest_key() -> None:
    first, second, third = signer(), signer(), signer()
    steps = step(first, second), step(second, third, AT + 9)
    for offered in (steps, steps[::-1]):
        found = lineage(policy(first), offered)
        assert found == steps
        assert followed(policy(first), found).keys == (first.key, second.key, third.key)
    assert open_checkpoint(head(3, third).note.content(), followed(policy(first), steps))


def test_what_no_trusted_key_leads_to_counts_for_nothing() -> None:
    first, second, third, stranger = signer(), signer(), signer(), signer()
    assert lineage(policy(first), [step(second, third), step(stranger, second)]) == ()


def test_a_key_does_not_vouch_for_the_one_before_it() -> None:
    first, second = signer(), signer()
    assert lineage(policy(second), [step(first, second)]) == ()


def test_who_does_not_follow_learns_nothing() -> None:
    first, second = signer(), signer()
    assert lineage(policy(first, follow=False), [step(first, second)]) == ()


def test_a_succession_of_another_log_is_refused() -> None:
    other = "axis.other/log"
    with pytest.raises(NotProven) as caught:
        lineage(policy(signer()), [step(signer(other), signer(other))])
    assert caught.value.reason == Reason.LOG_WRONG_ORIGIN


def test_two_successors_of_a_trusted_key_are_an_alarm_that_holds_both() -> None:
    first, second, third, evil = signer(), signer(), signer(), signer()
    for true, false in ((step(first, second), step(first, evil)), (step(second, third), step(second, evil))):
        with pytest.raises(TwoSuccessors) as caught:
            lineage(policy(first), [step(first, second), true, false])
        assert (caught.value.first.new, caught.value.second.new) == (true.new, false.new)


def test_the_same_successor_said_twice_is_one() -> None:
    first, second = signer(), signer()
    steps = step(first, second), step(first, second, AT + 5)
    assert lineage(policy(first), steps) == steps[:1]


def test_two_successors_of_a_stranger_are_nobodys_alarm() -> None:
    stranger = signer()
    assert lineage(policy(signer()), [step(stranger, signer()), step(stranger, signer())]) == ()


def test_no_succession_leads_back() -> None:
    first, second = signer(), signer()
    with pytest.raises(NotProven) as caught:
        lineage(policy(first), [step(first, second), step(second, first)])
    assert caught.value.reason == Reason.LOG_SUCCESSION_MALFORMED


def test_a_witness_s_key_cannot_become_the_log_s() -> None:
    first, second = signer(), signer()
    witness = replace(second.key, name="w.test", kind=KeyKind.COSIGNATURE)
    watched = replace(policy(first), witnesses=(witness,), quorum=1)
    with pytest.raises(NotProven) as caught:
        lineage(watched, [step(first, second)])
    assert caught.value.reason == Reason.LOG_SUCCESSION_MALFORMED


def test_keys_that_are_known_by_hand_as_well_are_there_once() -> None:
    first, second = signer(), signer()
    both = policy(first, second)
    assert followed(both, lineage(both, [step(first, second)])).keys == both.keys


# --- what it takes to believe one note


def test_what_leads_to_a_note_does_not_depend_on_what_came_after_it() -> None:
    keys = [signer() for _ in range(4)]
    steps = [step(old, new) for old, new in itertools.pairwise(keys)]
    for alone in range(4):
        assert leading_to(head(2, keys[alone]).note, steps[::-1]) == tuple(steps[:alone])
    assert leading_to(head(2, keys[1], keys[2]).note, steps) == tuple(steps[:2])


# --- what was given up stays so


def test_a_key_that_was_given_up_signs_nothing_new() -> None:
    first, second, third = signer(), signer(), signer()
    steps = step(first, second), step(second, third)
    everything = followed(policy(first), steps)
    for kept, shown, wrong in (
        ([second], [first], True),
        ([third], [first], True),
        ([third], [first, second], True),
        ([second, third], [first], True),
        ([first, second], [first], False),
        ([second], [first, second], False),
        ([second], [third], False),
        ([first], [first], False),
        ([third], [second, third], False),
    ):
        assert given_up(head(3, *kept), head(4, *shown), everything, steps) is wrong, (kept, shown)
