"""Wrapped, doubled and rearranged signatures. Each starts from one that is mathematically right."""

from __future__ import annotations

import copy

import pytest
from lxml import etree

from signing.algorithms import EXCLUSIVE
from signing.parser import text_of
from signing.verdict import Reason, Sound
from tests.signing.forge import BASE64, XADES, forged, properties, reference, right_by_xmlsec, template
from tests.signing.stage import DS, HEADER, PLAIN, agency, judged, package, reason, sealed

XADES_TYPE = "http://uri.etsi.org/01903#SignedProperties"


def tree_of(document: bytes) -> tuple[etree._Element, etree._Element]:
    tree = etree.fromstring(document)
    return tree, next(tree.iter(f"{DS}Signature"))


def test_a_signed_document_wrapped_by_another_root_is_refused() -> None:
    tree, _ = tree_of(sealed(PLAIN))
    evil = etree.Element("letter")
    etree.SubElement(evil, "to").text = "evil"
    evil.append(tree)
    assert reason(etree.tostring(evil)) is Reason.DIGEST_MISMATCH


def test_the_signed_element_hidden_in_an_object_is_refused() -> None:
    good = b'<post><letter Id="signed"><to>H90</to></letter></post>'
    tree, signature = tree_of(forged(good, template(reference("#signed", [EXCLUSIVE])), by=agency()))
    etree.SubElement(signature, f"{DS}Object").append(tree[0])
    evil = etree.SubElement(tree, "letter")
    etree.SubElement(evil, "to").text = "evil"
    wrapped = etree.tostring(tree)
    assert right_by_xmlsec(wrapped, by=agency())  # what a plain verifier says
    assert reason(wrapped) is Reason.SIGNATURE_MALFORMED


def test_the_signed_element_moved_beside_an_evil_one_is_refused() -> None:
    document = forged(
        b'<letter><body Id="signed">good</body></letter>',
        template(reference("#signed", [EXCLUSIVE])),
        by=agency(),
    )
    assert right_by_xmlsec(document, by=agency())
    assert reason(document) is Reason.PARTIAL_SIGNATURE
    tree, _ = tree_of(document)
    wrapper = etree.SubElement(tree, "old")
    wrapper.append(tree[0])
    evil = etree.Element("body", Id="evil")
    evil.text = "evil"
    tree.insert(0, evil)
    assert right_by_xmlsec(etree.tostring(tree), by=agency())
    assert reason(etree.tostring(tree)) is Reason.PARTIAL_SIGNATURE


def test_two_elements_with_the_signed_id_are_refused() -> None:
    document = forged(b'<letter Id="x"><to>H90</to></letter>', template(reference("#x")), by=agency())
    assert reason(document) is Reason.SOUND
    for name in ("Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id", "{urn:wsu}Id"):
        tree, _ = tree_of(document)
        tree[0].set(name, "x")
        assert reason(etree.tostring(tree)) is Reason.DUPLICATE_ID


def test_any_doubled_id_is_refused_even_under_a_right_signature() -> None:
    document = forged(b'<a><b Id="same"/><c ID="same"/></a>', template(), by=agency())
    assert right_by_xmlsec(document, by=agency())
    assert reason(document) is Reason.DUPLICATE_ID


@pytest.mark.parametrize("name", ["Id", "ID", "id", "xml:id"])
def test_a_reference_to_the_roots_own_id_covers_the_document(name: str) -> None:
    signature = template(reference("#root"))
    document = f'<a {name}="root"><b>1</b></a>'.encode()
    done = forged(document, signature, by=agency())
    assert reason(done) is Reason.SOUND
    assert reason(done.replace(b"<b>1", b"<b>2")) is Reason.DIGEST_MISMATCH


def test_an_instruction_that_a_root_reference_does_not_cover_is_refused() -> None:
    document = forged(b'<a Id="root"/>', template(reference("#root")), by=agency())
    for outside in (b"<?pay all?>" + document, document + b"<?pay all?>"):
        assert right_by_xmlsec(outside, by=agency())
        assert reason(outside) is Reason.PARTIAL_SIGNATURE


def test_two_signatures_are_refused_wherever_the_second_is() -> None:
    tree, signature = tree_of(sealed())
    for place in (HEADER, None):
        twice = copy.deepcopy(tree)
        parent = twice.find(HEADER) if place else twice
        assert parent is not None
        parent.append(copy.deepcopy(signature))
        assert reason(etree.tostring(twice)) is Reason.MULTIPLE_SIGNATURES
    nested = copy.deepcopy(tree)
    inner = next(nested.iter(f"{DS}Object"))
    inner.append(copy.deepcopy(signature))
    assert reason(etree.tostring(nested)) is Reason.MULTIPLE_SIGNATURES


def test_a_second_signed_info_is_refused_wherever_it_is() -> None:
    for where in ("Object", "KeyInfo", "Signature", "SignedInfo"):
        tree, signature = tree_of(sealed())
        second = copy.deepcopy(signature[0])
        next(tree.iter(f"{DS}{where}")).append(second)
        assert reason(etree.tostring(tree)) in (Reason.SIGNATURE_MALFORMED, Reason.REFERENCE_FORBIDDEN)
    tree, signature = tree_of(sealed())
    tree.append(copy.deepcopy(signature[0]))
    assert reason(etree.tostring(tree)) is Reason.SIGNATURE_MALFORMED


def test_an_evil_signed_info_before_the_true_one_is_refused() -> None:
    tree, signature = tree_of(sealed())
    evil = copy.deepcopy(signature[0])
    for digest in evil.iter(f"{DS}DigestValue"):
        digest.text = "AAAA"
    signature.insert(0, evil)
    assert reason(etree.tostring(tree)) is Reason.SIGNATURE_MALFORMED


def test_signed_info_moved_out_of_its_place_is_refused() -> None:
    tree, signature = tree_of(sealed())
    holder = etree.SubElement(signature, f"{DS}Object")
    holder.append(signature[0])
    assert reason(etree.tostring(tree)) is Reason.SIGNATURE_MALFORMED


def test_children_in_another_order_are_refused() -> None:
    tree, signature = tree_of(sealed())
    signature.append(signature[1])
    assert reason(etree.tostring(tree)) is Reason.SIGNATURE_MALFORMED


def test_a_signature_that_is_the_root_covers_no_document() -> None:
    document = sealed(PLAIN)
    _, signature = tree_of(document)
    assert reason(etree.tostring(signature, with_tail=False)) is Reason.PARTIAL_SIGNATURE


def test_an_enveloping_signature_is_refused() -> None:
    content = '<ds:Object Id="o"><letter/></ds:Object>'
    document = forged(b"<a/>", template(reference("#o", [EXCLUSIVE]), objects=content), by=agency())
    assert right_by_xmlsec(document, by=agency())
    assert reason(document) is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize(
    "where", ["DigestValue", "SignatureValue", "SignedInfo", "X509Certificate", "Signature", "Object"]
)
@pytest.mark.parametrize(
    "node", [etree.Comment("x"), etree.ProcessingInstruction("x", "y")], ids=["comment", "instruction"]
)
def test_comments_and_instructions_inside_a_signature_are_refused(where: str, node: etree._Element) -> None:
    tree, _ = tree_of(sealed())
    next(tree.iter(f"{DS}{where}")).insert(0, copy.deepcopy(node))
    assert reason(etree.tostring(tree)) is Reason.SIGNATURE_MALFORMED


def test_a_comment_inside_a_value_cannot_cut_it() -> None:
    document = sealed(b"<a><to>H90.01.evil</to></a>").replace(b"H90.01.evil", b"H90<!-- -->.01.evil")
    verdict = judged(document)
    assert isinstance(verdict, Sound)
    assert verdict.root[0].text == text_of(verdict.root[0]) == "H90.01.evil"


def test_unknown_elements_in_the_signature_are_refused() -> None:
    for where in ("Signature", "Reference", "Transforms", "Object"):
        tree, _ = tree_of(sealed())
        etree.SubElement(next(tree.iter(f"{DS}{where}")), "{urn:other}Thing")
        assert reason(etree.tostring(tree)) is Reason.SIGNATURE_MALFORMED


def test_an_object_may_hold_signature_properties() -> None:
    time = f'<ds:Object xmlns:ds="{DS[1:-1]}"><ds:SignatureProperties/></ds:Object>'
    assert reason(forged(PLAIN, template(objects=time), by=agency())) is Reason.SOUND


# Signed properties


def test_properties_that_the_signature_does_not_cover_are_refused() -> None:
    objects = properties("<xades:SigningTime>2026-01-01T00:00:00Z</xades:SigningTime>")
    document = forged(PLAIN, template(objects=objects), by=agency())
    assert right_by_xmlsec(document, by=agency())
    assert reason(document) is Reason.SIGNATURE_MALFORMED


def test_a_changed_signing_time_is_refused() -> None:
    assert reason(sealed().replace(b"2026-03-02T10", b"2026-03-02T09")) is Reason.DIGEST_MISMATCH


@pytest.mark.parametrize(
    "time",
    [
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "20260101T000000Z",
        "2026-01-01",
        "0000-01-01T00:00:00Z",
        "2026-01-01T00:00:00+99:00",
        "٢٠٢٦-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_a_signing_time_that_is_none_is_refused(time: str) -> None:
    objects = properties(f"<xades:SigningTime>{time}</xades:SigningTime>")
    parts = (reference(), reference("#props", [EXCLUSIVE], kind=XADES_TYPE))
    assert reason(forged(PLAIN, template(*parts, objects=objects), by=agency())) is Reason.SIGNATURE_MALFORMED


def test_two_signing_times_or_two_properties_are_refused() -> None:
    parts = (reference(), reference("#props", [EXCLUSIVE], kind=XADES_TYPE))
    time = "<xades:SigningTime>2026-01-01T00:00:00Z</xades:SigningTime>"
    twice = forged(PLAIN, template(*parts, objects=properties(time + time)), by=agency())
    assert reason(twice) is Reason.SIGNATURE_MALFORMED
    both = properties(time) + properties(time, "other")
    assert reason(forged(PLAIN, template(*parts, objects=both), by=agency())) is Reason.SIGNATURE_MALFORMED


def test_a_signature_may_cover_its_own_key_info_and_properties() -> None:
    parts = (reference(), reference("#key", []), reference("#props", [EXCLUSIVE], kind=XADES_TYPE))
    objects = properties("<xades:SigningTime>2026-01-01T00:00:00Z</xades:SigningTime>")
    signature = template(*parts, objects=objects).replace("<ds:KeyInfo>", '<ds:KeyInfo Id="key">')
    document = forged(PLAIN, signature, by=agency())
    assert reason(document) is Reason.SOUND
    for end in (b"</ds:KeyInfo>", b"</ds:X509Data>"):
        assert reason(document.replace(end, b"<ds:KeyName/>" + end)) is Reason.DIGEST_MISMATCH


def test_signed_properties_elsewhere_are_not_this_signatures() -> None:
    elsewhere = f'<a><x:SignedProperties xmlns:x="{XADES}" Id="props"/></a>'.encode()
    parts = (reference(), reference("#props", [EXCLUSIVE], kind=XADES_TYPE))
    document = forged(elsewhere, template(*parts), by=agency())
    assert right_by_xmlsec(document, by=agency())
    assert reason(document) is Reason.REFERENCE_FORBIDDEN


# References


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:9/x",
        "https://x.example/",
        "file:///etc/hostname",
        "/etc/hostname",
        "hostname",
        "data:,x",
        "#other",
        "#xpointer(id('b'))",
        "#",
    ],
)
def test_a_reference_beside_the_documents_own_is_refused(uri: str) -> None:
    document = forged(b'<a><b Id="other"/></a>', template(), by=agency())
    tree, signature = tree_of(document)
    beside = etree.fromstring(f'<r xmlns:ds="{DS[1:-1]}">{reference(uri, [], value="AAAA")}</r>')[0]
    signature[0].append(beside)
    assert reason(etree.tostring(tree)) is Reason.REFERENCE_FORBIDDEN


def test_a_right_reference_to_a_file_is_refused(tmp_path) -> None:
    path = tmp_path / "file.xml"
    path.write_text("<secret/>")
    document = forged(PLAIN, template(reference(), reference(path.as_uri(), [])), by=agency())
    assert right_by_xmlsec(document, by=agency())
    assert reason(document) is Reason.REFERENCE_FORBIDDEN


def test_a_right_reference_to_another_part_is_refused() -> None:
    document = forged(b'<a><b Id="b"/></a>', template(reference(), reference("#b", [EXCLUSIVE])), by=agency())
    assert right_by_xmlsec(document, by=agency())
    assert reason(document) is Reason.REFERENCE_FORBIDDEN


def test_a_reference_without_uri_or_a_second_over_the_document_is_refused() -> None:
    assert (
        reason(forged(PLAIN, template(reference(), reference()), by=agency())) is Reason.REFERENCE_FORBIDDEN
    )
    document = sealed().replace(b' URI=""', b"")
    assert reason(document) is Reason.REFERENCE_FORBIDDEN


def test_only_attachments_signed_is_a_partial_signature() -> None:
    tree, signature = tree_of(sealed(detached={"cid:1": "ab" * 32}))
    signed_info = signature[0]
    signed_info.remove(signed_info.find(f"{DS}Reference"))
    assert reason(etree.tostring(tree)) is Reason.PARTIAL_SIGNATURE


def test_the_same_attachment_twice_is_refused() -> None:
    tree, signature = tree_of(sealed(detached={"cid:1": "ab" * 32}))
    references = signature[0].findall(f"{DS}Reference")
    again = copy.deepcopy(references[1])
    del again.attrib["Id"]
    signature[0].append(again)
    assert reason(etree.tostring(tree)) is Reason.REFERENCE_FORBIDDEN


def test_a_flood_of_references_is_refused() -> None:
    tree, signature = tree_of(sealed(detached={"cid:1": "ab" * 32}))
    first = signature[0].findall(f"{DS}Reference")[1]
    del first.attrib["Id"]
    for number in range(2_000):
        again = copy.deepcopy(first)
        again.set("URI", f"cid:{number}")
        signature[0].append(again)
    assert reason(etree.tostring(tree)) is Reason.SIGNATURE_MALFORMED


def test_an_attachment_with_transforms_or_another_digest_is_refused() -> None:
    document = sealed(detached={"cid:1": "ab" * 32})
    tree, signature = tree_of(document)
    attachment = signature[0].findall(f"{DS}Reference")[1]
    transforms = etree.Element(f"{DS}Transforms")
    etree.SubElement(transforms, f"{DS}Transform", Algorithm=BASE64)
    attachment.insert(0, transforms)
    assert reason(etree.tostring(tree)) is Reason.TRANSFORM_FORBIDDEN
    transforms[0].set("Algorithm", EXCLUSIVE)
    assert reason(etree.tostring(tree)) is Reason.TRANSFORM_FORBIDDEN
    attachment.remove(transforms)
    attachment[0].set("Algorithm", "http://www.w3.org/2001/04/xmlenc#sha512")
    assert reason(etree.tostring(tree)) is Reason.ALGORITHM_FORBIDDEN


def test_an_attribute_that_is_no_id_is_no_target() -> None:
    document = forged(b'<a Name="root"/>', template(), by=agency()).replace(b'URI=""', b'URI="#root"')
    assert reason(document) is Reason.PARTIAL_SIGNATURE


def test_the_same_seal_on_another_package_is_refused() -> None:
    _, signature = tree_of(sealed())
    other = etree.fromstring(package().replace(b">7816<", b">9999<"))
    header = other.find(HEADER)
    assert header is not None
    header.append(signature)
    assert reason(etree.tostring(other)) is Reason.DIGEST_MISMATCH
