"""What the strict writer writes, and what it will not."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from lxml import etree

import edxml
from edxml.model import (
    HEADER_PLACE,
    NAMESPACE,
    Attachment,
    Bussiness,
    Code,
    Extension,
    ForeignAttribute,
    Organ,
    Package,
    ResponseFor,
    Status,
)
from edxml.shape import DOCUMENT
from signing.parser import parse
from tests.edxml.build import package, read, sample

PACKAGE = Package(
    sender=Organ(organ_id="G90"),
    recipients=(Organ(organ_id="H90"),),
    document_id="G90,2026/03/02,7/BM",
    code=Code(number="7", notation="BM"),
    subject="V/v thử nghiệm",
)
STATUS = Status(sender=Organ(organ_id="H90"), response_for=ResponseFor(document_id="d"), status_code="03")
HEADER = "edXMLEnvelope/edXMLHeader"


def test_one_prefix_one_order_and_a_place_for_the_seal() -> None:
    for name in ("package-new", "package-dotnet-style", "package-update", "package-replace"):
        written = edxml.write(replace(read(sample(name)), extensions=(), attributes=()))
        assert written.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<edXML:edXML xmlns:edXML="')
        assert written.count(b"xmlns") == 1
        assert all(tag.startswith(b"edXML:") for tag in re.findall(rb"</?([^\s>?]+)", written)[1:])
        root = parse(written)
        assert root.find(HEADER_PLACE) is not None
        _assert_in_order(root, DOCUMENT)


def _assert_in_order(element: etree._Element, shape: object) -> None:
    parts = getattr(shape, "parts") or ()  # noqa: B009
    names = [part.name for part in parts]
    order = [names.index(etree.QName(child).localname) for child in element]
    assert order == sorted(order)
    for child in element:
        _assert_in_order(child, parts[names.index(etree.QName(child).localname)])


def test_the_same_model_gives_the_same_bytes() -> None:
    assert edxml.write(PACKAGE) == edxml.write(replace(PACKAGE))


def test_what_says_nothing_is_not_written() -> None:
    written = edxml.write(replace(PACKAGE, bussiness=None, to_places=("", "")))
    assert b"Bussiness" not in written
    assert b"ToPlaces" not in written
    assert b"SignerInfo" not in written
    assert b'<edXML:edXMLManifest version="1.0"></edXML:edXMLManifest>' in written


def test_a_detached_attachment_is_a_manifest_entry_alone_and_an_empty_file_is_not() -> None:
    detached = Attachment(content_id="1", name="a.pdf")
    written = edxml.write(
        replace(PACKAGE, attachments=(detached, replace(detached, content_id="2", content=b"")))
    )
    assert written.count(b"<edXML:Reference>") == 2
    assert written.count(b"<edXML:Attachment>") == 1
    assert written.count(b"<edXML:ContentId>cid:1<") == 1
    assert written.count(b"<edXML:ContentId>cid:2<") == 2


def test_texts_are_escaped() -> None:
    subject = "</edXML:Subject><evil/> & ]]> \r\n\t x"
    found = edxml.read(parse(edxml.write(replace(PACKAGE, subject=subject))))
    assert isinstance(found, Package)
    assert found.subject == subject
    mark = ForeignAttribute(path=HEADER, name="{urn:x&y}a", value="\"'<>&\t\r\n ")
    assert edxml.read(parse(edxml.write(replace(PACKAGE, attributes=(mark,))))) == replace(
        found, subject=PACKAGE.subject, attributes=(mark,)
    )


@pytest.mark.parametrize("character", ["\0", "\x01", "\x0b", "\x1f", "\ud800", "\udfff", "\ufffe", "\uffff"])
@pytest.mark.parametrize("place", ["text", "list", "attribute", "name"])
def test_what_xml_cannot_carry_is_unwritable_with_its_place(character: str, place: str) -> None:
    text = f"a{character}b"
    spoilt = {
        "text": replace(PACKAGE, subject=text),
        "list": replace(PACKAGE, to_places=("a", text)),
        "attribute": replace(PACKAGE, attributes=(ForeignAttribute(path=HEADER, name="a", value=text),)),
        "name": replace(PACKAGE, attributes=(ForeignAttribute(path=HEADER, name=text, value="a"),)),
    }[place]
    with pytest.raises(edxml.Unwritable) as refusal:
        edxml.write(spoilt)
    if place == "text":
        assert str(refusal.value) == f"Subject holds U+{ord(character):04X}, which XML cannot carry."
    assert isinstance(refusal.value, ValueError)


def _extension(path: str, xml: bytes) -> Package:
    return replace(PACKAGE, extensions=(Extension(path=path, xml=xml),))


@pytest.mark.parametrize(
    "document",
    [
        replace(PACKAGE, sender=Organ(organ_id="")),
        replace(PACKAGE, bussiness=Bussiness(doc_type="4")),
        replace(PACKAGE, bussiness=Bussiness(doc_type="")),
        replace(PACKAGE, recipients=(), document_id="", code=Code(), subject=""),
        replace(PACKAGE, attachments=(Attachment(content_id="", name="a"),)),
        replace(PACKAGE, attachments=(Attachment(content_id="cid:1", name="a"),)),
        replace(PACKAGE, attachments=(Attachment(content_id="1", name="a"),) * 2),
        replace(STATUS, status_code="14"),
        replace(STATUS, status_code="3"),
        replace(STATUS, response_for=ResponseFor(organ_id="G90")),
        _extension(f"{HEADER}/Foo", b"<Foo>"),
        _extension(f"{HEADER}/Foo", b"<Foo/><Bar/>"),
        _extension(f"{HEADER}/Foo", b"<!DOCTYPE Foo><Foo/>"),
        _extension(f"{HEADER}/Foo", b"<Bar/>"),
        _extension(f"{HEADER}/MessageHeader/To[2]/Foo", b"<Foo/>"),
        _extension("Nowhere/Foo", b"<Foo/>"),
        replace(PACKAGE, attributes=(ForeignAttribute(path="Nowhere", name="a", value="1"),)),
        replace(PACKAGE, attributes=(ForeignAttribute(path=HEADER, name="a b", value="1"),)),
        replace(PACKAGE, attributes=(ForeignAttribute(path=HEADER, name="xmlns", value="urn:x"),)),
        replace(PACKAGE, attributes=(ForeignAttribute(path=HEADER, name="a", value="1"),) * 2),
        _extension(
            f"{HEADER}/MessageHeader/To", f'<To xmlns="{NAMESPACE}"><OrganId>E</OrganId></To>'.encode()
        ),
        _extension(f"{HEADER}/MessageHeader/Subject", f'<Subject xmlns="{NAMESPACE}">E</Subject>'.encode()),
        _extension(f"{HEADER}/Signature", b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>'),
    ],
)
def test_what_a_reader_would_not_give_back_is_unwritable(document: Package | Status) -> None:
    with pytest.raises(edxml.Unwritable, match=r"\.$"):
        edxml.write(document)


def test_an_extension_in_a_group_that_says_nothing_else_keeps_the_group() -> None:
    found = read(package().replace("<Subject>", "<SignerInfo><Foo/></SignerInfo><Subject>"))
    assert edxml.read(parse(edxml.write(found))) == found
