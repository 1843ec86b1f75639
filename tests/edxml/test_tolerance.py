"""What the reader puts up with: it says the same however a producer spelled it."""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import replace

import pytest
from lxml import etree

import edxml
from edxml.model import NAMESPACE, Extension, ForeignAttribute, Organ, Package, ResponseFor, Status
from edxml.shape import DOCUMENT, STATUS, Part
from signing.parser import parse
from tests.edxml.build import (
    CODE,
    FROM,
    MESSAGE,
    PROMULGATION,
    REPORT,
    TO,
    attachment,
    codes,
    package,
    read,
    read_package,
    read_status,
    reference,
    sample,
    status,
)

DOCUMENTS = (
    "package-new",
    "package-dotnet-style",
    "package-update",
    "package-replace",
    "package-revoke",
    "status-02",
    "status-13",
)
ORDERED = {"To", "Place", "Appendix", "ResponseFor", "TraceHeader", "Receiver", "OrganId", "Reference"}
"""Elements whose order among themselves means something: lists keep it."""


def _shuffled(root: etree._Element, dice: random.Random) -> None:
    for element in root.iter():
        children = list(element)
        order = children[:]
        dice.shuffle(order)
        for name in ORDERED | {"Attachment", "ReplacementInfo"}:
            places = [at for at, child in enumerate(order) if etree.QName(child).localname == name]
            like = [child for child in children if etree.QName(child).localname == name]
            for at, child in zip(places, like, strict=True):
                order[at] = child
        element[:] = order


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("seed", range(5))
def test_any_child_order_says_the_same(name: str, seed: int) -> None:
    root = parse(sample(name))
    expected = edxml.read(root)
    _shuffled(root, random.Random(seed))
    assert edxml.read(root) == expected


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("prefix", ["", "ns0", "văn.bản-1"])
def test_any_prefix_says_the_same(name: str, prefix: str) -> None:
    def renamed(element: etree._Element, target: etree._Element | None) -> etree._Element:
        made = (
            etree.Element(element.tag, element.attrib, nsmap={prefix or None: NAMESPACE})
            if target is None
            else etree.SubElement(target, element.tag, element.attrib)
        )
        made.text, made.tail = element.text, element.tail
        for child in element:
            renamed(child, made)
        return made

    root = parse(sample(name))
    other = parse(etree.tostring(renamed(root, None), encoding="UTF-8"))
    assert _without_extensions(edxml.read(other)) == _without_extensions(edxml.read(root))


def _without_extensions(document: Package | Status) -> Package | Status:
    return replace(document, extensions=())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_missing_and_empty_elements_say_the_same(name: str) -> None:
    root = parse(sample(name))
    expected = edxml.read(root)
    for element in list(root.iter()):
        parent = element.getparent()
        if parent is not None and not len(element) and not (element.text or "").strip():
            parent.remove(element)
    assert edxml.read(root) == expected
    _fill(root, DOCUMENT if name.startswith("package") else STATUS)
    assert edxml.read(root) == expected


def _fill(element: etree._Element, shape: Part) -> None:
    """Adds every element that the standard knows and that is missing, empty, in all groups that are there."""
    for part in shape.parts or ():
        tag = f"{{{NAMESPACE}}}{part.name}"
        found = element.findall(tag)
        if not found and not (part.parts is None and part.always) and part.name not in ("To", "StatusCode"):
            found = [etree.SubElement(element, tag)]
            found[0].text = "\n  "
        for each in found:
            _fill(each, part)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_comments_and_instructions_anywhere_say_the_same(name: str) -> None:
    data = sample(name).decode()
    noisy = re.sub(r">([^<>\s][^<>]{3,})<", lambda m: f">{m[1][:2]}<!--x-->{m[1][2:]}<?y z?><", data)
    noisy = re.sub(r"(</\w+:?(?:OrganId|Subject)>)", r"\1<!-- between --><?a b?>", noisy)
    assert noisy.count("<!--x-->") > 10
    assert _without_extensions(read(noisy)) == _without_extensions(read(data))


def test_an_empty_response_for_means_none() -> None:
    assert read_package(package(f"{MESSAGE}<ResponseFor/>")).response_for == ()
    blank = "<ResponseFor><OrganId/><Code> </Code></ResponseFor>"
    assert read_package(package(MESSAGE + blank)).response_for == ()


def test_a_code_in_two_elements_answers_like_one_in_a_text() -> None:
    answered = (
        "<ResponseFor><Code><CodeNotation>BM</CodeNotation><CodeNumber>7</CodeNumber></Code></ResponseFor>"
    )
    assert read_package(package(MESSAGE + answered)).response_for == (ResponseFor(code="7/BM"),)


def test_the_document_id_may_stand_in_bussiness_alone() -> None:
    message = MESSAGE.replace("<DocumentId>G90,2026/03/02,7/BM</DocumentId>", "")
    found = read_package(package(message, trace="<Bussiness><DocumentId>b-1</DocumentId></Bussiness>"))
    assert found.document_id == "b-1"
    assert found.bussiness is not None
    assert found.bussiness.doc_type == "0"
    assert "IDS_DISAGREE" not in codes(found)


def test_disagreeing_document_ids_warn_and_the_header_counts() -> None:
    found = read_package(package(trace="<Bussiness><DocumentId>b-1</DocumentId></Bussiness>"))
    assert found.document_id == "G90,2026/03/02,7/BM"
    assert codes(found) == {"IDS_DISAGREE"}


def test_irregular_identifiers_are_read_as_they_are() -> None:
    identifiers = (" a b ", "Sở Nội vụ", "000.00.00.G22", "x" * 40)
    recipients = "".join(f"<To><OrganId>{each}</OrganId></To>" for each in identifiers)
    found = read_package(package(MESSAGE + recipients))
    assert [each.organ_id for each in found.recipients[1:]] == [each.strip() for each in identifiers]
    assert codes(found) == {"FIELD_TOO_LONG"}


def test_an_empty_recipient_is_left_out_and_warned_of() -> None:
    found = read_package(package(f"{MESSAGE}<To/><To><OrganName>Nơi nhận</OrganName></To>"))
    assert found.recipients == (Organ(organ_id="H90"), Organ(organ_id="", organ_name="Nơi nhận"))
    assert codes(found) == {"RECIPIENT_EMPTY", "ORGAN_ID_MISSING"}


def test_only_xml_white_space_is_trimmed() -> None:
    found = read_package(package(MESSAGE.replace("V/v thử nghiệm", "\n\t \u00a0V/v  thử\u3000 ")))
    assert found.subject == "\u00a0V/v  thử\u3000"


@pytest.mark.parametrize(
    ("listed", "beside"), [("cid:209", "209"), ("209", "CID:209"), ("cid:cid:209", " 209 "), ("209", "209")]
)
def test_attachments_are_joined_with_or_without_cid(listed: str, beside: str) -> None:
    found = read_package(package(references=reference(listed), attachments=attachment(beside)))
    (only,) = found.attachments
    assert (only.content_id, only.content, only.detached) == ("209", b"%PDF-1.4", False)
    assert found.warnings == ()


def test_a_reference_without_content_is_detached() -> None:
    (only,) = read_package(package(references=reference("1"))).attachments
    assert only.content is None
    assert only.detached


def test_an_attachment_element_without_content_is_detached_and_one_with_none_is_an_empty_file() -> None:
    missing = "<Attachment><ContentId>1</ContentId></Attachment>"
    (detached,) = read_package(package(references=reference("1"), attachments=missing)).attachments
    assert detached.content is None
    found = read_package(package(references=reference("1"), attachments=attachment("1", "")))
    assert found.attachments[0].content == b""
    assert codes(found) == {"ATTACHMENT_EMPTY"}


def test_an_xlink_stands_in_for_a_missing_content_id() -> None:
    linked = (
        '<Reference xmlns:x="http://www.w3.org/1999/xlink" x:href="cid:7">'
        "<AttachmentName>a.pdf</AttachmentName></Reference>"
    )
    found = read_package(package(references=linked, attachments=attachment("7")))
    assert [each.content_id for each in found.attachments] == ["7"]
    other = linked.replace("<AttachmentName>", "<ContentId>8</ContentId><AttachmentName>")
    found = read_package(package(references=other))
    assert ([each.content_id for each in found.attachments], codes(found)) == (["8"], {"IDS_DISAGREE"})


def test_attachments_of_one_name_all_arrive() -> None:
    name = "Phụ lục.pdf"
    names = [name, name, unicodedata.normalize("NFD", name), unicodedata.normalize("NFC", name).upper()]
    references = "".join(reference(str(at), each) for at, each in enumerate(names))
    found = read_package(package(references=references))
    assert [each.name for each in found.attachments] == names


def test_an_attachment_outside_the_manifest_comes_last_with_a_warning() -> None:
    found = read_package(
        package(references=reference("2"), attachments=attachment("1") + attachment("2", name="b.pdf"))
    )
    assert [each.content_id for each in found.attachments] == ["2", "1"]
    assert found.attachments[0].name == "a.pdf"
    assert codes(found) == {"NOT_IN_MANIFEST", "ATTACHMENT_DISAGREES"}


def test_base64_may_be_folded() -> None:
    (only,) = read_package(
        package(attachments=attachment("1", "JVBE\r\n\tRi 0x<!-- x -->LjQ=\n"))
    ).attachments
    assert only.content == b"%PDF-1.4"


def test_status_14_is_read_as_15_with_a_warning() -> None:
    found = read_status(status("14"))
    assert (found.status_code, codes(found)) == ("15", {"STATUS_14"})


def test_a_status_of_one_digit_is_padded_with_a_warning() -> None:
    found = read_status(status("3"))
    assert (found.status_code, codes(found)) == ("03", {"STATUS_UNPADDED"})


def test_a_status_may_name_recipients_and_carry_an_empty_body() -> None:
    body = '<edXMLBody><edXMLManifest version="1.0"/></edXMLBody>'
    trace = "<TraceHeaderList><TraceHeader><OrganId>G90</OrganId></TraceHeader></TraceHeaderList>"
    found = read_status(
        status("03", message=REPORT + TO, header=trace, envelope=body, root="<AttachmentEncoded/>")
    )
    assert found.recipients == (Organ(organ_id="H90"),)
    assert [each.path for each in found.extensions] == [
        "edXMLEnvelope/edXMLHeader/TraceHeaderList/TraceHeader"
    ]
    assert edxml.read(parse(edxml.write(found))) == found


@pytest.mark.parametrize("value", ["5", "khẩn", "-1", "01", "٣"])
def test_unknown_codes_are_kept_and_warned_of(value: str) -> None:
    receivers = (
        "<BussinessDocumentInfo><ReceiverList><Receiver><OrganId>H1</OrganId>"
        f"<ReceiverType>{value}</ReceiverType></Receiver></ReceiverList></BussinessDocumentInfo>"
    )
    message = MESSAGE.replace("<SteeringType>1<", f"<SteeringType>{value}<")
    found = read_package(
        package(
            f"{message}<OtherInfo><Priority>{value}</Priority></OtherInfo>",
            trace=f"<Bussiness><BussinessDocType>2</BussinessDocType>{receivers}</Bussiness>",
        )
    )
    assert codes(found) == {"PRIORITY_UNKNOWN", "STEERING_UNKNOWN", "RECEIVER_TYPE_UNKNOWN"}
    assert (found.other.priority, found.priority, found.steering_type) == (value, 0, value)


@pytest.mark.parametrize("written", ["2026/02/30", "02/03/2026", "hôm nay", "2026/3-2", "٢٠٢٦/03/02"])
def test_dates_that_are_none_are_kept_and_warned_of(written: str) -> None:
    found = read_package(package(MESSAGE.replace("2026/03/02</Prom", f"{written}</Prom")))
    assert (found.promulgation_date, found.promulgated) == (written, None)
    assert codes(found) == {"DATE_UNREADABLE"}


@pytest.mark.parametrize("written", ["2026/03/02", "2026/3/2", "2026-03-02"])
def test_dates_may_be_short_or_hyphenated(written: str) -> None:
    found = read_package(package(MESSAGE.replace("2026/03/02</Prom", f"{written}</Prom")))
    assert found.promulgated is not None
    assert (found.promulgated.isoformat(), found.warnings) == ("2026-03-02", ())


def test_fields_longer_than_the_law_allows_are_kept_and_warned_of() -> None:
    long = {"V/v thử nghiệm": "v" * 501, ">7<": f">{'7' * 12}<", ">BM</": f">{'B' * 31}</"}
    message = MESSAGE
    for short, longer in long.items():
        message = message.replace(short, longer)
    places = f"<Place>{'x' * 501}</Place>" * 2
    found = read_package(package(f"{message}<ToPlaces>{places}</ToPlaces>"))
    assert [warning.code for warning in found.warnings] == ["FIELD_TOO_LONG"] * 4
    assert len(found.subject) == 501


def test_missing_fields_that_the_standard_demands_are_warned_of() -> None:
    found = read_package(package(f"{FROM}<Subject>Một</Subject>"))
    missing = {each.detail for each in found.warnings if each.code == "FIELD_MISSING"}
    assert {each.split()[0] for each in missing} == {
        "DocumentId",
        "CodeNumber",
        "CodeNotation",
        "PromulgationDate",
        "SteeringType",
    }


def test_a_signature_in_the_package_namespace_is_none() -> None:
    pseudo = "<Signature><SignedInfo/><SignatureValue>AAAA</SignatureValue></Signature>"
    for text in (pseudo, "<DigitalSignature>AAAA</DigitalSignature>"):
        assert codes(read(package(header=text))) == {"PSEUDO_SIGNATURE"}
        assert codes(read(status("03", header=text))) == {"PSEUDO_SIGNATURE"}
    assert read(package(header="<DigitalSignature />")).warnings == ()


def test_a_real_signature_is_not_part_of_the_model() -> None:
    signature = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/></Signature>'
    assert read(package(header=signature)) == read(package())


def test_labels_are_checked_against_the_bytes() -> None:
    for content, label, fits in (
        (b"%PDF-1.4", "application/pdf", True),
        (b"%PDF-1.4", "application/pdf; charset=binary", True),
        (b"%PDF-1.4", "application/zip", False),
        (b"\x89PNG\r\n\x1a\n", "application/pdf", False),
        (b"\x89PNG\r\n\x1a\n", "application/octet-stream", True),
        (b"\x89PNG\r\n\x1a\n", "", True),
    ):
        found = read_package(
            package(
                references=reference("1", content_type=label),
                attachments=attachment("1", content, "a.pdf", label),
            )
        )
        assert ("WRONG_CONTENT_TYPE" not in codes(found)) == fits, (content, label)


def test_what_the_standard_does_not_name_is_kept_with_its_place() -> None:
    found = read_package(
        package(
            f"{FROM}{TO}<To><OrganId>H91</OrganId><Branch no='1'>A</Branch></To>{CODE}{PROMULGATION}"
            "<Subject mark='x'>Một</Subject><Foo><Bar>1</Bar></Foo>",
            references=reference("1").replace("<Reference>", "<Reference extra='1'>"),
            root="<!-- c --><Boundary>b</Boundary>",
        )
    )
    header = "edXMLEnvelope/edXMLHeader/MessageHeader"
    namespace = f' xmlns="{NAMESPACE}"'
    assert found.extensions == (
        Extension(path="Boundary", xml=f"<Boundary{namespace}>b</Boundary>".encode()),
        Extension(path=f"{header}/Foo", xml=f"<Foo{namespace}><Bar>1</Bar></Foo>".encode()),
        Extension(path=f"{header}/To[2]/Branch", xml=f'<Branch{namespace} no="1">A</Branch>'.encode()),
    )
    assert found.attributes == (
        ForeignAttribute(path="edXMLEnvelope/edXMLBody/edXMLManifest/Reference[1]", name="extra", value="1"),
        ForeignAttribute(path=f"{header}/Subject", name="mark", value="x"),
    )
    again = edxml.read(parse(edxml.write(found)))
    assert again == found


def test_what_stands_in_an_empty_entry_is_kept_with_the_entry() -> None:
    odd = (
        "<ToPlaces><Place/><Place mark='1'/><Place>Một</Place></ToPlaces>"
        "<ResponseFor><Foo>1</Foo></ResponseFor><To><OrganId mark='1'/></To>"
        "<OtherInfo><ReplyFors><ReplyFor><Id>1</Id></ReplyFor></ReplyFors></OtherInfo>"
    )
    found = read_package(package(MESSAGE + odd))
    assert (found.to_places, found.response_for) == (("Một",), ())
    assert [each.path.rpartition("/")[2] for each in found.extensions] == [
        "ReplyFor",
        "ResponseFor",
        "To",
        "Place",
    ]
    again = edxml.read(parse(edxml.write(found)))
    assert again == found


def test_known_names_of_a_foreign_namespace_are_not_taken_for_the_known_ones() -> None:
    found = read_package(package(f"{MESSAGE}<To xmlns=''><OrganId>EVIL</OrganId></To>"))
    assert [each.organ_id for each in found.recipients] == ["H90"]
    assert codes(found) == {"NAMESAKE"}
