"""A package whose hash algorithm has ended is sound through its archive records alone."""

from __future__ import annotations

import base64
import functools
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from signing.dispatch import dispatch_id
from signing.evidence import EventId
from signing.package import Evidence, State, Trust, Verified, verification
from signing.package.dossier import Dossier, Record
from signing.package.examination import Step
from signing.package.findings import SEAL_OUTLIVED, Finding
from signing.package.opening import Container
from signing.package.renewals import examine_renewals
from signing.reasons import Reason
from signing.renewal import ArchiveRecord, write_record
from signing.seal import seal
from signing.trust import TrustStore
from tests.pki import AT
from tests.signing.package import stage
from tests.signing.renewal.stage import (
    SHA256_ENDS,
    T2033,
    T2045,
    Built,
    initial,
    rehashed_to,
    renewed,
    time_root,
)
from tests.signing.timestamps.stage import root as tsa_root

ACCEPTANCE = "evidence/00001-SubmissionAcceptance.xml"


def groups() -> tuple[tuple[bytes, ...], ...]:
    of = stage.contents()
    first, *others = of.records
    beside = tuple(b"".join(one.chunks()) for one in of.attachments)
    return ((first.content, of.original, *beside), *((one.content,) for one in others))


@functools.cache
def grown() -> Built:
    return rehashed_to(renewed(initial(groups())), groups=groups())


def packed(records: tuple[ArchiveRecord, ...]) -> bytes:
    of = stage.contents()
    pairs = zip(of.records, records, strict=True)
    return stage.packed(replace(of, records=tuple(replace(a, renewal=write_record(b)) for a, b in pairs)))


def judged(package: bytes, **changes: Any) -> Verified:
    time = TrustStore.of([tsa_root().certificate, time_root().certificate])
    trust: Trust = replace(stage.trust(), time=time, trusted=SHA256_ENDS)
    return stage.verified(package, at=T2045, by=replace(trust, **changes))


def test_the_oldest_evidence_is_sound_through_the_chain_alone() -> None:
    without = judged(stage.packed())
    assert (without.state, without.worst.reason) == (State.UNDECIDED, Reason.HASH_OUTLIVED)
    through = judged(packed(grown().records))
    assert through.state is State.SOUND, through.worst
    assert "renewal/00001.ers" in {each.name for each in through.findings}


def test_records_that_were_not_renewed_prove_nothing_then() -> None:
    alone = judged(packed(initial(groups()).records))
    assert (alone.state, alone.worst.reason) == (State.UNDECIDED, Reason.HASH_OUTLIVED)
    assert judged(packed(initial(groups()).records), trusted={}).state is State.SOUND


def test_a_broken_chain_is_refused_by_its_own_reason() -> None:
    first, *others = grown().records
    broken = ArchiveRecord(chains=(first.chains[0][:1], first.chains[1]))
    verdict = judged(packed((broken, *others)))
    assert (verdict.state, verdict.worst.reason) == (State.REFUSED, Reason.RENEWAL_SEQUENCE_BROKEN)
    assert verdict.worst.name == "renewal/00001.ers"
    swapped = judged(packed((others[0], first, *others[1:])))
    assert swapped.worst.reason is Reason.RENEWAL_OBJECT_NOT_COVERED


def test_a_file_is_hashed_once_by_an_algorithm_however_many_records_speak_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hashed: Counter[tuple[str, str]] = Counter()
    hash_ = verification._hash

    def counted(container: Container, name: str, digest: str) -> bytes:
        hashed[name, digest] += 1
        return hash_(container, name, digest)

    monkeypatch.setattr(verification, "_hash", counted)
    assert judged(packed(grown().records)).state is State.SOUND
    assert max(hashed.values()) == 3, "once for the seal's list, the dossier and the archive records each"


def carrying(copy: bytes) -> bytes:
    """A document with a file in itself, in base64, and a copy of the file beside it."""
    inside = base64.b64encode(b"%PDF-1.4 inside").decode()
    letter = stage.LETTER.replace(
        b"</letter>",
        f"<ContentTransferEncoded>{inside[:7]}\n{inside[7:]}</ContentTransferEncoded></letter>".encode(),
    )
    original = seal(letter, signer=stage.signer(stage.identity(stage.SENDER)), at=AT)
    parts = stage.parts(original, [("a.pdf", copy)])
    message_id = dispatch_id(stage.SENDER, stage.sha(original))
    evidence = stage.record(EventId.SUBMISSION_ACCEPTANCE, AT, message_id=message_id, parts=parts)
    (record,) = rehashed_to(renewed(initial([(evidence, original)])), groups=[(evidence, original)]).records
    proven = Evidence(content=evidence, renewal=write_record(record))
    beside = stage.attachments([("a.pdf", copy)])
    return stage.packed(stage.small(original=original, records=(proven,), attachments=beside))


def test_a_copy_of_what_stands_in_the_document_is_held_against_it_and_another_file_is_undecided() -> None:
    sound = judged(carrying(b"%PDF-1.4 inside"))
    assert sound.state is State.SOUND, sound.worst
    other = judged(carrying(b"%PDF-1.4 forged"))
    assert (other.state, other.worst.reason) == (State.UNDECIDED, Reason.HASH_OUTLIVED)
    assert other.worst.name == "attachments/001-a.pdf"


def test_that_the_packages_own_seal_rests_on_what_has_ended_is_said() -> None:
    assert SEAL_OUTLIVED in judged(packed(grown().records)).findings[0].warnings
    assert SEAL_OUTLIVED not in judged(packed(grown().records), trusted={}).findings[0].warnings


def test_no_byte_of_a_record_can_be_changed() -> None:
    """Each flipped in turn, under a seal that fits again: the record is never sound."""
    content = stage.contents().records[0].content
    der = initial([(content,)]).der(0)

    def state(renewal: bytes) -> Finding:
        record = Record(name=ACCEPTANCE, content=content, evidence=True, renewal=renewal)
        step = Step(record=record, finding=Finding(name=ACCEPTANCE))
        dossier = Dossier(original=b"", records=(record,))
        trust = stage.trust(time=TrustStore.of([time_root().certificate]))
        (own,) = examine_renewals((), (step,), dossier, lambda _name, _digest: b"", trust, T2033)
        return own

    whole = state(der)
    assert (whole.state, whole.warnings) == (State.SOUND, ())
    for place in range(len(der)):
        flipped = der[:place] + bytes([der[place] ^ 1]) + der[place + 1 :]
        assert state(flipped).state is not State.SOUND, (place, state(flipped))
