"""Evidence: written, sealed, verified, read back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.evidence import (
    EVENT_LABELS,
    NEGATIVE_EVENTS,
    ContentPart,
    EventId,
    EventReason,
    EvidenceRecord,
    Party,
    missing_parts,
    read,
    write,
)
from signing.parser import parse, text_of
from signing.trust import TrustStore
from signing.verdict import Reason, Refused
from signing.verify import verify
from tests.pki import AT
from tests.signing import stage
from tests.signing.evidence_stage import DS, EV, PARTS, axis, record, schema, tree, verified
from tests.signing.interop.xmlsec1 import room, verifies

__all__ = ["room"]

BECAUSE = (EventReason(code="UNKNOWN_RECIPIENT", details="Không có cơ quan H9.99 & <khác>"),)


def variety() -> Iterator[EvidenceRecord]:
    """A record of every event, and of every shape a record can take."""
    for event in EventId:
        yield record(event=event, reasons=BECAUSE if event in NEGATIVE_EVENTS else ())
    yield record(recipients=(), document_id="", event=EventId.SUBMISSION_REJECTION, reasons=BECAUSE * 2)
    yield record(document_id="", parts=(), submitted_at=None)
    yield record(about_recipient=3, policy_ids=("urn:oid:1.2.3", "urn:oid:1.2.4"))
    yield record(recipients=(Party(agency_id="000.00.00.G22"),), sender=Party(agency_id="X"))
    yield record(issuer=Party(agency_id="AXIS"), reasons=(EventReason(code="CONDITIONAL"),))
    yield record(sender_delegate=Party(agency_id="P1", name="Nhà cung cấp"))
    yield record(about_recipient=2, recipients_delegate=Party(agency_id="P1", name="Nhà cung cấp"))


@pytest.mark.parametrize("said", list(variety()), ids=lambda said: str(said.event))
def test_every_kind_of_evidence_is_valid_sound_and_reads_back_equal(said: EvidenceRecord) -> None:
    document = write(said, signer=axis())
    assert schema().validate(parse(document)), schema().error_log
    sound = verified(document)
    assert sound.certificate == axis().certificate
    assert sound.signed_at == AT
    assert read(sound) == said


text = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\ufffe\uffff").filter(
        lambda c: c >= " " or c in "\t\n\r"
    ),
    max_size=40,
)
some_text = text.filter(bool)
parties = st.builds(Party, agency_id=some_text, name=text)
parts = st.builds(
    ContentPart, identifier=text, content_type=text, sha256=st.binary(min_size=32, max_size=32).map(bytes.hex)
)
times = st.datetimes(
    min_value=datetime(1990, 1, 1),
    max_value=datetime(2200, 1, 1),
    timezones=st.just(UTC),
)


@settings(max_examples=150, deadline=None)
@given(
    said=st.builds(
        EvidenceRecord,
        evidence_id=some_text,
        event=st.sampled_from(sorted(set(EventId) - NEGATIVE_EVENTS)),
        at=st.just(AT),
        issuer=parties,
        sender=parties,
        recipients=st.lists(parties, max_size=3).map(tuple),
        message_id=some_text,
        submitted_at=st.none() | times,
        document_id=text,
        parts=st.lists(parts, min_size=1, max_size=3).map(tuple),
        reasons=st.lists(st.builds(EventReason, code=st.just("A_CODE"), details=text), max_size=2).map(tuple),
        policy_ids=st.lists(some_text, max_size=2).map(tuple),
    )
)
def test_whatever_text_xml_can_carry_reads_back_equal(said: EvidenceRecord) -> None:
    document = write(said, signer=axis())
    assert schema().validate(parse(document)), schema().error_log
    assert read(verified(document)) == said


def test_what_xml_cannot_carry_becomes_the_replacement_character() -> None:
    said = record(sender=Party(agency_id="A\x00B", name="bell\x07 lone\ud800 end\uffff \x1b[31m"))
    back = read(verified(write(said, signer=axis())))
    assert back.sender == Party(agency_id="A\ufffdB", name="bell\ufffd lone\ufffd end\ufffd \ufffd[31m")


def test_markup_in_text_stays_text() -> None:
    attack = "</Identity></SenderDetails><ds:SignedInfo>]]><!-- &amp; <?x?> \"'"
    said = record(sender=Party(agency_id="A", name=attack), reasons=(EventReason(code="C", details=attack),))
    document = write(said, signer=axis())
    assert schema().validate(parse(document))
    assert read(verified(document)) == said


def test_times_are_written_in_vietnam_time_wherever_they_come_from() -> None:
    at = datetime(2026, 3, 1, 23, 30, 0, 250000, tzinfo=timezone(timedelta(hours=-5)))
    root = tree(at=at, submitted_at=at)
    assert root.findtext(f"{EV}EventTime") == "2026-03-02T11:30:00.250000+07:00"
    assert root.findtext(f"{EV}SubmissionTime") == "2026-03-02T11:30:00.250000+07:00"


def test_the_same_record_gives_the_same_bytes_but_for_the_signature_value() -> None:
    first, second = (write(record(), signer=axis()).split(b"<ds:SignatureValue>") for _ in range(2))
    assert first[0] == second[0]
    assert first[1].partition(b"</")[2] == second[1].partition(b"</")[2]


def test_children_stand_in_the_standards_order() -> None:
    said = record(reasons=BECAUSE, policy_ids=("urn:oid:1.2.3",), about_recipient=1)
    root = parse(write(said, signer=axis()))
    assert root.get("version") == "EN319522v1.1.1"
    assert [child.tag.rpartition("}")[2] for child in root] == [
        "EvidenceIdentifier",
        "ERDSEventId",
        "EventReasons",
        "EventTime",
        "EvidenceIssuerPolicyID",
        "EvidenceIssuerDetails",
        "SenderDetails",
        "RecipientDetails",
        "RecipientDetails",
        "RecipientDetails",
        "SubmissionTime",
        "EvidenceRefersToRecipient",
        "MessageIdentifier",
        "UserContentInfo",
        "Signature",
    ]
    assert text_of(root.find(f"{EV}ERDSEventId")) == "http://uri.etsi.org/19522/Event/SubmissionAcceptance"
    assert text_of(root.find(f".//{EV}Code")) == "urn:national-axis:reason:UNKNOWN_RECIPIENT"
    digests = [text_of(value) for value in root.iterfind(f".//{EV}PartInfo/{DS}DigestValue")]
    assert digests == [
        "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=",
        "Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8=",
    ]


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048"])
def test_xmlsec1_verifies_evidence(kind: str, room: Path) -> None:
    content = write(record(reasons=BECAUSE), signer=stage.signer(stage.agency(kind)))
    assert verifies(room, content)
    assert not verifies(room, content.replace(b"Details>Kh", b"Details>kh", 1))


def test_a_changed_evidence_is_refused() -> None:
    document = write(record(), signer=axis()).replace(b"H2.01", b"H9.01", 1)
    verdict = verify(document, trust=TrustStore.of([stage.root().certificate]), at=AT)
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.DIGEST_MISMATCH


def test_five_thousand_recipients_stand_in_one_evidence() -> None:
    crowd = tuple(Party(agency_id=f"H{n}.01.02", name=f"Ủy ban nhân dân xã số {n}") for n in range(5000))
    said = record(recipients=crowd, about_recipient=5000)
    document = write(said, signer=axis())
    assert len(document) < 4 << 20
    assert schema().validate(parse(document)), schema().error_log
    assert read(verified(document)) == said


def test_one_signers_evidence_is_not_anothers() -> None:
    other = stage.signer(stage.agency("p384"))
    assert verified(write(record(), signer=other)).certificate == other.certificate
    assert verified(write(record(), signer=axis())).certificate == axis().certificate


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (record(event=EventId.SUBMISSION_REJECTION), "needs a reason"),
        (record(about_recipient=4), "no recipient number 4"),
        (record(about_recipient=0), "no recipient number 0"),
        (record(recipients_delegate=Party(agency_id="P1")), "needs the recipient"),
        (record(sender_delegate=Party(agency_id="")), "needs an agency id"),
        (record(parts=()), "needs a part"),
        (record(sender=Party(agency_id="")), "needs an agency id"),
        (record(recipients=(Party(agency_id="", name="Ai"),)), "needs an agency id"),
        (record(message_id=""), "its own id and its message"),
        (record(at=AT.replace(tzinfo=None)), "need a zone"),
        (record(submitted_at=AT.replace(tzinfo=None)), "need a zone"),
        (record(reasons=(EventReason(code="not a code"),)), "is no reason code"),
        (record(parts=(replace(PARTS[0], sha256="ab"),)), "is no SHA-256"),
        (record(parts=(replace(PARTS[0], sha256="x" * 64),)), "hexadecimal"),
    ],
)
def test_what_no_evidence_can_say_is_not_written(said: EvidenceRecord, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        write(said, signer=axis())


def test_a_part_is_missing_when_absent_or_with_another_digest() -> None:
    original, attachment = PARTS
    said = record()
    assert missing_parts(said, PARTS) == ()
    assert missing_parts(said, ()) == ()
    assert missing_parts(said, [replace(original, sha256=original.sha256.upper())]) == ()
    assert missing_parts(said, [replace(attachment, identifier="cid:210")]) == ("cid:210",)
    assert missing_parts(said, [original, replace(attachment, sha256="00" * 32)]) == ("cid:209",)
    assert missing_parts(record(parts=()), PARTS) == ("original", "cid:209")


def test_a_part_listed_with_two_digests_proves_neither() -> None:
    twice = record(parts=(PARTS[0], replace(PARTS[0], sha256="00" * 32)))
    assert missing_parts(twice, [PARTS[0]]) == ("original",)


def test_each_of_the_22_events_has_its_label() -> None:
    assert len(EventId) == 22
    assert set(EVENT_LABELS) == set(EventId)
    for language in ("vietnamese", "english"):
        sentences = [getattr(label, language) for label in EVENT_LABELS.values()]
        assert all(sentences)
        assert len(set(sentences)) == 22
