"""The schema refuses what is no evidence; the reader, what a trusted signer said too little or twofold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from lxml import etree

from signing.evidence import EventReason, NotEvidence, read
from signing.verdict import Sound
from tests.pki import AT
from tests.signing.evidence_stage import DS, EV, SAML, axis, schema, tree

Change = Callable[[etree._Element], None]
REASONS = (EventReason(code="A_CODE", details="why"),)


def without(path: str) -> Change:
    def change(root: etree._Element) -> None:
        element = root.find(path)
        parent = element.getparent()
        parent.remove(element)

    return change


def twice(path: str) -> Change:
    def change(root: etree._Element) -> None:
        element = root.find(path)
        copy = etree.fromstring(etree.tostring(element))
        element.addnext(copy)

    return change


def saying(path: str, text: str) -> Change:
    def change(root: etree._Element) -> None:
        root.find(path).text = text

    return change


def with_attribute(path: str, name: str, value: str | None) -> Change:
    def change(root: etree._Element) -> None:
        element = root if path == "." else root.find(path)
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, value)

    return change


def moved_last(path: str) -> Change:
    def change(root: etree._Element) -> None:
        element = root.find(path)
        parent = element.getparent()
        parent.remove(element)
        parent.append(element)

    return change


def renamed(path: str, tag: str) -> Change:
    def change(root: etree._Element) -> None:
        (root if path == "." else root.find(path)).tag = tag

    return change


def empty(path: str) -> Change:
    def change(root: etree._Element) -> None:
        element = root.find(path)
        for child in list(element):
            element.remove(child)
        element.text = None

    return change


BOTH: dict[str, Change] = {
    "another root": renamed(".", f"{EV}Receipt"),
    "another namespace": renamed(".", "{urn:other}Evidence"),
    "no version": with_attribute(".", "version", None),
    "another version": with_attribute(".", "version", "EN319522v9"),
    "no identifier": without(f"{EV}EvidenceIdentifier"),
    "empty identifier": empty(f"{EV}EvidenceIdentifier"),
    "no event": without(f"{EV}ERDSEventId"),
    "two events": twice(f"{EV}ERDSEventId"),
    "an unknown event": saying(f"{EV}ERDSEventId", "http://uri.etsi.org/19522/Event/Delivered"),
    "an event without its URI": saying(f"{EV}ERDSEventId", "SubmissionAcceptance"),
    "no time": without(f"{EV}EventTime"),
    "two times": twice(f"{EV}EventTime"),
    "a time without zone": saying(f"{EV}EventTime", "2026-03-02T10:00:00"),
    "a date alone": saying(f"{EV}EventTime", "2026-03-02"),
    "the 30th of February": saying(f"{EV}EventTime", "2026-02-30T10:00:00+07:00"),
    "a submission time in words": saying(f"{EV}SubmissionTime", "yesterday"),
    "no issuer": without(f"{EV}EvidenceIssuerDetails"),
    "an issuer without identity": without(f"{EV}EvidenceIssuerDetails/{EV}Identity"),
    "no sender": without(f"{EV}SenderDetails"),
    "two senders": twice(f"{EV}SenderDetails"),
    "an identifier of no scheme": with_attribute(
        f"{EV}SenderDetails/{EV}Identifier", "IdentifierSchemeName", None
    ),
    "an empty agency id": empty(f"{EV}SenderDetails/{EV}Identifier"),
    "recipient number zero": saying(f"{EV}EvidenceRefersToRecipient", "0"),
    "a recipient by name": saying(f"{EV}EvidenceRefersToRecipient", "H1.01"),
    "two recipient numbers": twice(f"{EV}EvidenceRefersToRecipient"),
    "two message ids": twice(f"{EV}MessageIdentifier"),
    "a reason without code": without(f"{EV}EventReasons/{EV}EventReason/{EV}Code"),
    "no parts": without(f"{EV}UserContentInfo/{EV}PartsInfo"),
    "no part": empty(f"{EV}UserContentInfo/{EV}PartsInfo"),
    "a part without digest": without(f".//{EV}PartInfo/{DS}DigestValue"),
    "a part without digest method": without(f".//{EV}PartInfo/{DS}DigestMethod"),
    "a part without identifier": without(f".//{EV}PartInfo/{EV}Identifier"),
    "a digest that is no base64": saying(f".//{EV}PartInfo/{DS}DigestValue", "!!!"),
}

SCHEMA_ONLY: dict[str, Change] = {
    "the event last": moved_last(f"{EV}ERDSEventId"),
    "recipients before the sender": moved_last(f"{EV}SenderDetails"),
    "the time before the event": lambda root: root.find(f"{EV}ERDSEventId").addprevious(
        root.find(f"{EV}EventTime")
    ),
    "a digest before its method": lambda root: root.find(f".//{EV}PartInfo/{DS}DigestMethod").addprevious(
        root.find(f".//{EV}PartInfo/{DS}DigestValue")
    ),
    "an element of ours that is not the standard's": lambda root: root.find(f"{EV}SenderDetails").append(
        etree.Element(f"{EV}Nickname")
    ),
    "reasons without a reason": empty(f"{EV}EventReasons"),
    "a reason that is no URI": saying(f".//{EV}Code", "A_CODE"),
    "no signature": without(f"{DS}Signature"),
    "two signatures": twice(f"{DS}Signature"),
    "a signature without key": without(f"{DS}Signature/{DS}KeyInfo"),
    "a signature without properties": without(f"{DS}Signature/{DS}Object"),
    "a certificate described in no way": empty(f".//{EV}CertificateDetails"),
    "an attribute without name": with_attribute(f".//{SAML}Attribute", "Name", None),
    "an attribute of ours": with_attribute(f"{EV}RecipientDetails", "number", "1"),
}

READER_ONLY: dict[str, Change] = {
    "a number beyond the recipients": saying(f"{EV}EvidenceRefersToRecipient", "4"),
    "no message id": without(f"{EV}MessageIdentifier"),
    "an identifier of another scheme": with_attribute(
        f"{EV}SenderDetails/{EV}Identifier", "IdentifierSchemeName", "urn:other"
    ),
    "an issuer with two ids": twice(f"{EV}EvidenceIssuerDetails/{EV}Identity/{SAML}Attribute"),
    "an issuer without id": without(f"{EV}EvidenceIssuerDetails/{EV}Identity/{SAML}Attribute"),
    "one recipient of three without id": without(f"{EV}RecipientDetails/{EV}Identifier"),
    "a digest by another algorithm": with_attribute(
        f".//{EV}PartInfo/{DS}DigestMethod", "Algorithm", "http://www.w3.org/2001/04/xmlenc#sha512"
    ),
    "a digest too short": saying(f".//{EV}PartInfo/{DS}DigestValue", "AAAA"),
}


def changed(change: Change) -> etree._Element:
    root = tree(reasons=REASONS, about_recipient=1, policy_ids=("urn:oid:1.2.3",))
    change(root)
    return root


def sound(root: etree._Element) -> Sound:
    """As if verified: the reader must hold whatever a trusted signer signed."""
    for signature in root.findall(f"{DS}Signature"):
        root.remove(signature)
    certificate = axis().certificate
    return Sound(root=root, certificate=certificate, chain=(certificate,), signed_at=AT)


def test_what_the_changes_start_from_is_valid_and_read() -> None:
    root = changed(lambda root: None)
    assert schema().validate(root), schema().error_log
    assert read(sound(root)).reasons == REASONS


@pytest.mark.parametrize("name", [*BOTH, *SCHEMA_ONLY])
def test_the_schema_refuses(name: str) -> None:
    assert not schema().validate(changed((BOTH | SCHEMA_ONLY)[name]))


@pytest.mark.parametrize("name", [*BOTH, *READER_ONLY])
def test_the_reader_refuses(name: str) -> None:
    with pytest.raises(NotEvidence):
        read(sound(changed((BOTH | READER_ONLY)[name])))


def test_the_reader_passes_over_what_a_record_has_no_place_for() -> None:
    root = changed(lambda root: None)
    extensions = etree.SubElement(root, f"{EV}Extensions")
    etree.SubElement(extensions, "{urn:other}Note").text = "n"
    root.find(f"{DS}Signature").addprevious(extensions)
    assert schema().validate(root), schema().error_log
    assert read(sound(root)).evidence_id


def test_comments_inside_values_do_not_cut_them() -> None:
    root = changed(lambda root: None)
    message = root.find(f"{EV}MessageIdentifier")
    message.text, comment = "first", etree.Comment("x")
    message.append(comment)
    comment.tail = "second"
    assert read(sound(root)).message_id == "firstsecond"


def test_other_zones_and_fractions_are_read() -> None:
    root = changed(saying(f"{EV}EventTime", "2026-03-02T03:00:00.5Z"))
    assert schema().validate(root)
    assert read(sound(root)).at == datetime(2026, 3, 2, 3, 0, 0, 500000, tzinfo=UTC)
