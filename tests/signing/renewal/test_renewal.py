"""Archive records: the oldest evidence is sound through the chain, and a wrong chain is refused by its own
reason."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from signing.renewal import (
    ArchiveRecord,
    ArchiveTimeStamp,
    Proven,
    content,
    group,
    imprint_over,
    read_record,
    root,
    time_stamp_renewed,
    verify_record,
    write_record,
)
from signing.renewal.record import MOST_CHAINS
from signing.trust import TrustStore
from signing.verdict import Reason, Undecided
from tests.engines import require
from tests.pki import authority
from tests.signing.renewal.stage import (
    GROUPS,
    SHA256_ENDS,
    T2026,
    T2033,
    T2038,
    T2045,
    Built,
    aged,
    chained,
    first,
    grown,
    initial,
    judged,
    rehashed_to,
    renewed,
    second,
    third,
    time_root,
    trust,
)
from tests.signing.timestamps.stage import forged

DAY = timedelta(days=1)


def only(record: ArchiveRecord) -> bytes:
    return write_record(record)


# --- right ones


@pytest.mark.parametrize("index", range(len(GROUPS)))
def test_the_oldest_evidence_is_sound_through_the_chain_when_sha_256_has_ended(index: int) -> None:
    verdict = verify_record(
        grown().der(index),
        [content(one) for one in GROUPS[index]],
        trust=trust(),
        at=T2045,
        trusted=SHA256_ENDS,
        not_before=T2026 - DAY,
    )
    assert isinstance(verdict, Proven), verdict
    assert verdict.since == T2026 + timedelta(seconds=1)  # its accuracy
    assert [stamp.at for stamp in verdict.stamps] == [T2026, T2033, T2038]
    assert verdict.digests == ("sha256", "sha512")
    assert verdict.until == third().certificate.not_valid_after_utc


def test_without_renewal_it_is_undecided_once_its_time_stamp_or_its_algorithm_ended() -> None:
    alone = initial().der(0)
    assert judged(alone, at=T2026 + DAY) is Reason.SOUND
    assert judged(alone, at=T2045) is Reason.RENEWAL_ENDED
    long_lived = initial(by=aged(2024, 2060)).der(0)
    assert judged(long_lived, at=T2045, trusted={}) is Reason.SOUND
    ended = verify_record(
        long_lived, [content(one) for one in GROUPS[0]], trust=trust(), at=T2045, trusted=SHA256_ENDS
    )
    assert isinstance(ended, Undecided)
    assert "sha256 is no longer trusted" in ended.detail


def test_a_record_ends_when_the_algorithm_of_its_time_stamp_does() -> None:
    proven = verify_record(
        initial(by=aged(2024, 2060)).der(1),
        [content(GROUPS[1][0])],
        trust=trust(),
        at=T2033,
        trusted=SHA256_ENDS,
    )
    assert isinstance(proven, Proven)
    assert proven.until == SHA256_ENDS["sha256"]


def test_a_record_is_read_and_written_to_the_same_bytes() -> None:
    der = grown().der(0)
    assert write_record(read_record(der)) == der


def test_a_group_of_one_and_a_lone_group_need_no_tree_above() -> None:
    alone = rehashed_to(renewed(initial([(b"only",)])), groups=[(b"only",)])
    assert alone.records[0].chains[0][0].tree == (alone.records[0].chains[0][0].tree[0],)
    assert judged(alone.der(0), [b"only"]) is Reason.SOUND


def test_what_was_disposed_of_keeps_its_evidence() -> None:
    left = (GROUPS[0][:1], *GROUPS[1:3], (), GROUPS[4])
    rehashed = rehashed_to(renewed(initial()), groups=left)
    assert judged(rehashed.der(0), GROUPS[0][:1], whole=False) is Reason.SOUND
    assert judged(rehashed.der(0), GROUPS[0], whole=False) is Reason.RENEWAL_SEQUENCE_BROKEN
    assert judged(rehashed.der(4), GROUPS[4]) is Reason.SOUND


def test_the_tree_is_that_of_the_standards_example() -> None:
    """RFC 4998 section 4.2: a node is the hash of its children in ascending order, whatever theirs is."""
    one, two, three = (bytes([value]) * 32 for value in (3, 1, 2))
    assert group("sha256", [one, two, three]) == group("sha256", [three, one, two])
    assert root("sha256", [one, two, three]) == group("sha256", [group("sha256", [two, one]) or b"", three])
    assert root("sha256", [None, one, None]) == one
    assert root("sha256", []) is None


# --- wrong ones, each with its own reason


def test_an_object_that_was_changed_is_not_covered() -> None:
    assert judged(grown().der(1), [b"evidence I"]) is Reason.RENEWAL_OBJECT_NOT_COVERED
    assert judged(grown().der(1), GROUPS[2]) is Reason.RENEWAL_OBJECT_NOT_COVERED


def test_an_object_more_is_not_covered_and_one_less_is_missing() -> None:
    assert judged(grown().der(0), (*GROUPS[0], b"more")) is Reason.RENEWAL_OBJECT_NOT_COVERED
    assert judged(grown().der(0), GROUPS[0][:2]) is Reason.RENEWAL_OBJECT_MISSING


def test_a_sequence_without_its_first_chain_covers_nothing() -> None:
    assert judged(only(ArchiveRecord(chains=grown().records[0].chains[1:]))) is (
        Reason.RENEWAL_OBJECT_NOT_COVERED
    )


def test_a_sequence_without_a_chain_in_the_middle_is_broken() -> None:
    three = rehashed_to(grown(), "sha384", at=T2038 + DAY)
    chains = three.records[0].chains
    assert judged(three.der(0), trusted={}) is Reason.SOUND
    assert judged(only(ArchiveRecord(chains=(chains[0], chains[2])))) is Reason.RENEWAL_SEQUENCE_BROKEN


def test_more_chains_than_hash_algorithms_will_ever_end_are_no_record() -> None:
    first = grown().records[0].chains[:1]
    assert judged(only(ArchiveRecord(chains=first * MOST_CHAINS))) is Reason.RENEWAL_SEQUENCE_BROKEN
    assert judged(only(ArchiveRecord(chains=first * (MOST_CHAINS + 1)))) is Reason.RENEWAL_MALFORMED


def test_a_sequence_whose_first_chain_lost_a_time_stamp_is_broken() -> None:
    chains = grown().records[0].chains
    assert judged(only(ArchiveRecord(chains=(chains[0][:1], chains[1])))) is Reason.RENEWAL_SEQUENCE_BROKEN


def test_a_truncated_sequence_proves_nothing_any_more() -> None:
    assert judged(only(ArchiveRecord(chains=grown().records[0].chains[:1]))) is Reason.RENEWAL_ENDED


def test_another_objects_chain_is_broken() -> None:
    mixed = (grown().records[0].chains[0], grown().records[1].chains[1])
    assert judged(only(ArchiveRecord(chains=mixed))) is Reason.RENEWAL_SEQUENCE_BROKEN


def test_time_stamps_in_the_wrong_order_are_broken() -> None:
    one, two = renewed(initial()).records[0].chains[0]
    later = time_stamp_renewed((one, two), forged(imprint_over(two), by=second(), at=T2033 + DAY))
    swapped = (later[0], later[2], later[1])
    assert judged(only(ArchiveRecord(chains=(later,))), at=T2033 + 2 * DAY) is Reason.SOUND
    assert judged(only(ArchiveRecord(chains=(swapped,))), at=T2033 + 2 * DAY) is Reason.RENEWAL_LINK_BROKEN


def test_a_renewal_that_says_it_is_older_is_refused() -> None:
    backdated = renewed(initial(), by=aged(2020, 2042), at=T2026 - DAY)
    assert judged(backdated.der(0), at=T2033) is Reason.RENEWAL_ORDER_WRONG


def test_a_first_time_stamp_from_before_the_evidence_is_backdated() -> None:
    assert judged(grown().der(0), not_before=T2026 + DAY) is Reason.TIMESTAMP_BACKDATED


def test_another_algorithm_within_a_chain_is_refused() -> None:
    (one,) = initial().records[0].chains[0]
    over = forged(one.token, digest="sha512", by=second(), at=T2033)
    for digest in ("sha256", "sha512"):
        chain = (one, ArchiveTimeStamp(digest=digest, tree=(), token=over))
        assert judged(only(ArchiveRecord(chains=(chain,))), at=T2033 + DAY) is Reason.RENEWAL_HASH_MIXED


def test_a_tree_that_leads_elsewhere_is_refused() -> None:
    (one,) = initial().records[0].chains[0]
    bent = replace(one, tree=(*one.tree[:-1], (bytes(32),)))
    assert judged(only(ArchiveRecord(chains=((bent,),))), at=T2033) is Reason.RENEWAL_IMPRINT_MISMATCH


def test_renewal_after_the_authoritys_certificate_ended_is_too_late() -> None:
    late = renewed(initial(), at=first().certificate.not_valid_after_utc + DAY)
    assert judged(late.der(0), at=T2038, trusted={}) is Reason.RENEWAL_TOO_LATE


def test_renewal_after_the_algorithm_ended_is_too_late() -> None:
    chains = renewed(initial(by=aged(2024, 2060)), by=aged(2024, 2060))
    late = rehashed_to(chains, at=SHA256_ENDS["sha256"] + DAY)
    assert judged(late.der(0)) is Reason.RENEWAL_TOO_LATE
    assert judged(late.der(0), trusted={}) is Reason.SOUND


def test_a_chain_whose_algorithm_ended_within_it_is_too_late() -> None:
    """Only the time-stamp that went on is by SHA-512; the trees are by SHA-256."""
    ends = {"sha256": T2033 + DAY}
    by = aged(2024, 2060, "p521")
    built = chained("sha256", GROUPS, [()] * 5, by=by, at=T2026, signed_by="sha512")
    later = renewed(built, by=by, at=T2033 + 2 * DAY, signed_by="sha512")
    assert judged(later.der(0), at=T2038, trusted=ends) is Reason.RENEWAL_TOO_LATE


def test_a_signature_of_the_time_stamp_by_an_ended_algorithm_ends_it() -> None:
    by_sha256 = chained(
        "sha512",
        GROUPS,
        [one.chains for one in renewed(initial()).records],
        by=third(),
        at=T2038,
        signed_by="sha256",
    )
    assert judged(by_sha256.der(0), at=T2038 + DAY) is Reason.SOUND
    assert judged(by_sha256.der(0), at=T2045) is Reason.RENEWAL_ENDED


def test_an_authority_that_nobody_trusts_is_refused() -> None:
    stranger = TrustStore.of([authority("Another Root").certificate])
    assert judged(grown().der(0), trust=stranger) is Reason.TSA_UNTRUSTED


def test_a_time_stamp_with_a_wrong_signature_is_refused() -> None:
    wrong = renewed(initial(), signed=lambda data: data + b"x")
    assert judged(wrong.der(0), at=T2038) is Reason.TIMESTAMP_SIGNATURE_INVALID


@pytest.mark.parametrize("broken", [b"", b"\x30\x00", b"\x30\x80\x00\x00", b"none"])
def test_what_is_no_record_is_refused(broken: bytes) -> None:
    assert judged(broken) is Reason.RENEWAL_MALFORMED


def test_bytes_behind_a_record_and_records_cut_short_are_refused() -> None:
    der = initial().der(0)
    assert judged(der + b"\0", at=T2033) is Reason.RENEWAL_MALFORMED
    assert judged(der[:-1], at=T2033) is Reason.RENEWAL_MALFORMED


def test_no_byte_of_the_tree_can_be_changed() -> None:
    """Every bit of what is not the token; the token's own gate stands in its own tests."""
    built = initial()
    der = built.der(3)
    start = der.index(built.records[3].chains[0][0].token)
    for place in range(start):
        flipped = der[:place] + bytes([der[place] ^ 1]) + der[place + 1 :]
        assert judged(flipped, GROUPS[3], at=T2033) is not Reason.SOUND, place


# --- by another hand


def test_openssl_verifies_each_step(tmp_path: Path) -> None:
    """What each token is over is computed here by hand, by the standard's words, and told to `openssl ts`."""
    require("openssl")
    (tmp_path / "root.pem").write_bytes(time_root().certificate.public_bytes(Encoding.PEM))
    record = grown().records[0]
    times = iter((T2026, T2033, T2038))
    for chain in record.chains:
        for number, stamp in enumerate(chain):
            value = b""
            for hashes in stamp.tree:
                joined = sorted((*hashes, value) if value else hashes)
                value = joined[0] if len(joined) == 1 else _openssl_hash(stamp.digest, b"".join(joined))
            if number:
                value = _openssl_hash(stamp.digest, chain[number - 1].token)
            (tmp_path / "token").write_bytes(stamp.token)
            command = ["openssl", "ts", "-verify", "-in", "token", "-token_in", "-digest", value.hex()]
            command += ["-CAfile", "root.pem", "-attime", str(int(next(times).timestamp()))]
            subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)


def _openssl_hash(digest: str, data: bytes) -> bytes:
    command = ["openssl", "dgst", f"-{digest}", "-binary"]
    return subprocess.run(command, input=data, check=True, capture_output=True).stdout


def test_the_stage_makes_one_token_for_all() -> None:
    built: Built = grown()
    assert len({one.chains[-1][-1].token for one in built.records}) == 1
