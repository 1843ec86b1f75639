"""What the reader refuses, with which reason, and what it costs."""

from __future__ import annotations

import sys

import pytest
from lxml import etree

from edxml.model import NAMESPACE, NotEdxml, Package
from edxml.reader import _is_status
from edxml.reader import read as read_tree
from signing.parser import parse
from tests.edxml.build import FROM, MESSAGE, REPORT, attachment, package, read, reference, status

AMBIGUOUS = {
    "second From": package(MESSAGE + FROM),
    "second DocumentId": package(f"{MESSAGE}<DocumentId>other</DocumentId>"),
    "second DocumentId, the same": package(f"{MESSAGE}<DocumentId>G90,2026/03/02,7/BM</DocumentId>"),
    "second Subject, empty": package(f"{MESSAGE}<Subject/>"),
    "empty Fax twice": package(MESSAGE.replace("</From>", "<Fax/><Fax/></From>")),
    "second MessageHeader": package(f"{MESSAGE}</MessageHeader><MessageHeader>{MESSAGE}"),
    "second header": package(header=f"</edXMLHeader><edXMLHeader><MessageHeader>{MESSAGE}</MessageHeader>"),
    "second envelope": package(envelope="</edXMLEnvelope><edXMLEnvelope>"),
    "second trace": package(header="<TraceHeaderList/>"),
    "second Bussiness": package(trace="<Bussiness/><Bussiness/>"),
    "second manifest": package(references="</edXMLManifest><edXMLManifest>"),
    "second body": package(envelope="<edXMLBody/>"),
    "second AttachmentEncoded": package(root="<AttachmentEncoded/>"),
    "second content": package(
        attachments=attachment("1").replace(
            "</Attachment>", "<ContentTransferEncoded>QQ==</ContentTransferEncoded></Attachment>"
        )
    ),
    "element in a text": package(MESSAGE.replace("V/v", "V<b>/</b>v")),
    "odd code in ResponseFor": package(f"{MESSAGE}<ResponseFor><Code><X>1</X></Code></ResponseFor>"),
    "second status code": status("03", message=f"{REPORT}<StatusCode>02</StatusCode>"),
    "status with a subject": status("03", message=f"{REPORT}<Subject>Một</Subject>"),
    "status with business": status(
        "03",
        header="<TraceHeaderList><Bussiness><BussinessDocType>1</BussinessDocType></Bussiness></TraceHeaderList>",
    ),
    "status with a body": status(
        "03", envelope=f"<edXMLBody><edXMLManifest>{reference('1')}</edXMLManifest></edXMLBody>"
    ),
    "status with attachments": status("03", root=f"<AttachmentEncoded>{attachment('1')}</AttachmentEncoded>"),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_what_two_readers_could_read_differently_is_refused(case: str) -> None:
    _refused("EDXML_AMBIGUOUS", AMBIGUOUS[case])


def _refused(reason: str, data: str) -> None:
    with pytest.raises(NotEdxml) as refusal:
        read(data)
    assert refusal.value.reason == reason
    assert str(refusal.value) == refusal.value.detail
    assert refusal.value.detail.endswith(".")


@pytest.mark.parametrize(
    "data",
    [
        "<a/>",
        "<edXML/>",
        '<edXML xmlns="http://www.e-doc.vn/Schema/"/>',
        f'<edXMLEnvelope xmlns="{NAMESPACE}"/>',
    ],
)
def test_another_root_is_no_edxml(data: str) -> None:
    _refused("NOT_EDXML", data)


@pytest.mark.parametrize(
    "data",
    [
        f'<edXML xmlns="{NAMESPACE}"/>',
        package(""),
        package(FROM),
        package(MESSAGE.replace("<OrganId>G90</OrganId>", "")),
        package(MESSAGE.replace("<OrganId>G90</OrganId>", "<OrganId> </OrganId>")),
        package(MESSAGE.replace(FROM, "")),
        package(REPORT),
        status(" "),
        status("03", message=FROM),
        status("03", message=REPORT.replace(FROM, "")),
    ],
)
def test_a_package_without_what_makes_it_one_is_incomplete(data: str) -> None:
    _refused("EDXML_INCOMPLETE", data)


@pytest.mark.parametrize("code", ["00", "7", "17", "99", "003", "3a", "-1", "٠٣", "١"])
def test_unknown_statuses_are_refused(code: str) -> None:
    _refused("STATUS_UNKNOWN", status(code))


@pytest.mark.parametrize("kind", ["4", "-1", "01", "new", "٠"])
def test_unknown_kinds_are_refused(kind: str) -> None:
    _refused(
        "KIND_UNKNOWN", package(trace=f"<Bussiness><BussinessDocType>{kind}</BussinessDocType></Bussiness>")
    )


@pytest.mark.parametrize(
    "base64",
    [
        "A",
        "AA",
        "AA=",
        "AAA",
        "AA==AA==",
        "AAAA=",
        "AAAA====",
        "====",
        "A===",
        "=AAA",
        "A=AA",
        "AA-_",
        "AA*A",
        "AAA\u00a0A",
        "AAAÀ",
        "data:application/pdf;base64,AAAA",
    ],
)
def test_malformed_base64_is_refused(base64: str) -> None:
    _refused("BASE64_MALFORMED", package(attachments=attachment("1", base64)))


def test_an_attachment_that_nothing_can_name_is_refused() -> None:
    _refused("ATTACHMENT_UNNAMED", package(references=reference("")))
    _refused("ATTACHMENT_UNNAMED", package(references=reference("cid:")))
    _refused("ATTACHMENT_UNNAMED", package(attachments=attachment(" ")))


def test_a_content_id_may_stand_once_in_manifest_and_once_beside_it() -> None:
    _refused("DUPLICATE_CONTENT_ID", package(references=reference("1") + reference("cid:1", "b.pdf")))
    _refused("DUPLICATE_CONTENT_ID", package(attachments=attachment("1") + attachment("CID:1")))


def test_a_status_code_elsewhere_makes_no_status() -> None:
    stray = f"<Foo><MessageHeader>{REPORT}<StatusCode>03</StatusCode></MessageHeader></Foo>"
    assert isinstance(read(package(header=stray)), Package)
    assert isinstance(read(package(f"{MESSAGE}<StatusCode/>")), Package)


def test_strangers_beyond_a_bound_are_refused() -> None:
    assert len(read(package(MESSAGE + "<Foo/>" * 1000)).extensions) == 1000
    _refused("EXTENSIONS_UNFIT", package(MESSAGE + "<Foo/>" * 1001))
    _refused("EXTENSIONS_UNFIT", package(MESSAGE + "<To a='1'><OrganId>H</OrganId></To>" * 1001))


def test_a_stranger_without_a_canonical_form_is_refused() -> None:
    _refused("EXTENSIONS_UNFIT", package(f"{MESSAGE}<x:Foo xmlns:x='relative'/>"))


def test_warnings_are_bounded() -> None:
    found = read(package(MESSAGE + "<To/>" * 5000))
    assert len(found.warnings) == 101
    assert found.warnings[-1].code == "WARNINGS_CUT"


def test_warnings_and_refusals_repeat_nothing_of_the_document() -> None:
    secret = "bí-mật-" * 100
    found = read(
        package(MESSAGE.replace("V/v thử nghiệm", secret).replace("2026/03/02</Prom", f"{secret}</Prom"))
    )
    assert {warning.code for warning in found.warnings} == {"FIELD_TOO_LONG", "DATE_UNREADABLE"}
    assert not any("bí-mật" in warning.detail for warning in found.warnings)
    with pytest.raises(NotEdxml) as refusal:
        read(package(trace=f"<Bussiness><BussinessDocType>{secret}</BussinessDocType></Bussiness>"))
    assert "bí-mật" not in str(refusal.value)


def test_the_tree_is_not_changed() -> None:
    root = parse(package(f"{MESSAGE}<Foo/>", references=reference("1"), attachments=attachment("1")).encode())
    before = etree.tostring(root)
    read_tree(root)
    assert etree.tostring(root) == before


def test_a_status_code_is_sought_in_its_place_alone() -> None:
    """However many stand elsewhere, however deep, none of them is looked at."""
    deep = "<StatusCode>" * 40 + "</StatusCode>" * 40
    calls = []
    for count in (1, 500):
        root = parse(package(MESSAGE, root=f"<x>{deep * count}</x>").encode())
        seen = 0

        def count_call(frame: object, event: str, argument: object) -> None:
            nonlocal seen
            seen += 1

        sys.setprofile(count_call)
        try:
            assert not _is_status(root)
        finally:
            sys.setprofile(None)
        calls.append(seen)
    assert calls[0] == calls[1]
