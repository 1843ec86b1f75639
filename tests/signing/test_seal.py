"""Seals: what they cover, where they stand, and that nothing else of the document changes."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.canonical import EXCLUSIVE_FORM, canonical_document, canonical_part
from signing.parser import Limits, Malformed, parse
from signing.seal import Sealer, SealError, seal
from signing.verdict import Sound
from tests.pki import AT
from tests.signing.stage import (
    DS,
    HEADER,
    NAMESPACE,
    PLAIN,
    SAMPLES,
    XADES,
    agency,
    judged,
    package,
    sealed,
    signer,
)

DETACHED = {"cid:209": "ab" * 32, "ni:///sha-256;q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s": "ab" * 32}


def signature_in(document: bytes) -> tuple[bytes, bytes, bytes]:
    """The text before, of and behind the one signature of a UTF-8 document."""
    start = document.index(b"<ds:Signature ")
    end = document.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    return document[:start], document[start:end], document[end:]


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.edxml")), ids=lambda path: path.name)
def test_every_sample_is_sealed_in_its_header_and_is_sound(path) -> None:
    document = seal(path.read_bytes(), signer=signer(), at=AT, place=HEADER)
    root = parse(document)
    header = root.find(HEADER)
    assert header is not None
    assert header[-1].tag == DS + "Signature"
    assert isinstance(judged(document), Sound)


@pytest.mark.parametrize("key", ["rsa2048", "p256", "p384", "p521"])
def test_every_kind_of_key_seals(key: str) -> None:
    assert isinstance(judged(sealed(by=agency(key))), Sound)


def test_no_byte_outside_the_signature_changes() -> None:
    before, _, behind = signature_in(sealed())
    assert before + behind == package()


@pytest.mark.parametrize(
    "document",
    [
        b"<a/>",
        b"<a  b='>' />",
        b"<a></a>",
        b"<a>text</a>\n",
        b"<a/><!-- </a> -->",
        b"<a></a><!-- </a> --><?x </a>?>\n",
        b"<!-- <a> --><a><![CDATA[</a>]]><a x='</a'/></a>".replace(b"x='</a'", b"x='/a'"),
        b"<p:a xmlns:p='urn:x' ><p:a/></p:a >",
        '<?xml version="1.0"?>\r\n<a>Kính\r\n</a>\r\n'.encode("utf-8-sig"),
    ],
)
def test_any_document_is_sealed_last_in_its_root(document: bytes) -> None:
    done = seal(document, signer=signer(), at=AT)
    before, _, behind = signature_in(done)
    opened = document.replace(b"<a/>", b"<a></a>", 1).replace(b"<a  b='>' />", b"<a  b='>' ></a>")
    assert before + behind in (document, opened)
    assert parse(done)[-1].tag == DS + "Signature"
    assert isinstance(judged(done), Sound)


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_another_encoding_is_kept(encoding: str) -> None:
    document = f'<?xml version="1.0" encoding="{encoding}"?><a>café</a>'.encode(encoding)
    done = seal(document, signer=signer(), at=AT)
    assert done.decode(encoding).startswith(document.decode(encoding).removesuffix("</a>"))
    assert isinstance(judged(done), Sound)


def test_an_empty_digital_signature_element_stays_where_it_is() -> None:
    empty = b"<edXML:DigitalSignature/>"
    document = package().replace(b"</edXML:edXMLHeader>", empty + b"</edXML:edXMLHeader>")
    done = seal(document, signer=signer(), at=AT, place=HEADER)
    assert empty + b"<ds:Signature" in done
    assert isinstance(judged(done), Sound)


def test_the_form_is_that_of_xades_baseline_b() -> None:
    """ETSI EN 319 132-1, clause 6.3: the time, the certificate, a format for each object."""
    identity = agency()
    signature = parse(sealed(detached=DETACHED)).find(f".//{DS}Signature")
    assert signature is not None
    signed_info, _, key_info, properties = signature
    algorithms = [element.get("Algorithm") for element in signed_info.iter(f"{DS}Transform")]
    assert algorithms == [
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
    ]
    references = signed_info.findall(f"{DS}Reference")
    assert [each.get("URI") for each in references[:-1]] == ["", *DETACHED]
    assert references[-1].get("Type") == "http://uri.etsi.org/01903#SignedProperties"
    time = properties.find(f".//{XADES}SigningTime")
    assert time is not None
    assert time.text == "2026-03-02T10:00:00+07:00"
    digest = properties.find(f".//{XADES}SigningCertificateV2//{DS}DigestValue")
    assert digest is not None
    der = b64decode(key_info.findtext(f"{DS}X509Data/{DS}X509Certificate") or "")
    assert b64decode(digest.text or "") == hashlib.sha256(der).digest()
    assert der == identity.certificate.public_bytes(encoding=Encoding.DER)
    formats = properties.findall(f".//{XADES}DataObjectFormat")
    assert [each.get("ObjectReference") for each in formats] == [
        f"#{each.get('Id')}" for each in references[:-1]
    ]


def test_what_was_hashed_is_what_stands_in_the_document() -> None:
    document = sealed(detached=DETACHED)
    root = parse(document)
    for name in (DS + "SignedInfo", XADES + "SignedProperties"):
        (element,) = root.iter(name)
        assert canonical_part(element, EXCLUSIVE_FORM) in document


def test_detached_references_carry_the_digests_given() -> None:
    verdict = judged(sealed(detached=DETACHED), detached=DETACHED)
    assert isinstance(verdict, Sound)
    assert verdict.detached == DETACHED


def test_a_reference_with_odd_characters_is_written_and_read_back() -> None:
    odd = {"cid:a&b<c>\"d' é\n": "cd" * 32}
    verdict = judged(sealed(detached=odd), detached=odd)
    assert isinstance(verdict, Sound)
    assert verdict.detached == odd


@pytest.mark.parametrize(
    "detached",
    [
        {"http://x.example/a": "ab" * 32},
        {"file:///etc/passwd": "ab" * 32},
        {"cid:1": "ab"},
        {"cid:1": "zz" * 32},
        {"": "ab" * 32},
    ],
)
def test_a_detached_reference_that_would_be_refused_is_not_made(detached: dict[str, str]) -> None:
    with pytest.raises(SealError):
        sealed(detached=detached)


def test_a_thousand_attachments_are_sealed_and_no_more() -> None:
    many = {f"cid:{number}": "ab" * 32 for number in range(1_000)}
    assert isinstance(judged(sealed(detached=many), detached=many), Sound)
    with pytest.raises(SealError, match="1000"):
        sealed(detached={**many, "cid:more": "ab" * 32})


def test_a_second_seal_is_refused() -> None:
    with pytest.raises(SealError, match="already signed"):
        seal(sealed(), signer=signer(), at=AT, place=HEADER)
    with pytest.raises(SealError, match="already signed"):
        Sealer(signer()).seal_canonical(sealed(PLAIN), at=AT)


@pytest.mark.parametrize(
    "place",
    [f"{{{NAMESPACE}}}absent", "edXMLEnvelope", f"{HEADER}/{{{NAMESPACE}}}MessageHeader/{{{NAMESPACE}}}To"],
)
def test_a_place_that_is_absent_or_there_twice_is_refused(place: str) -> None:
    with pytest.raises(SealError, match="places"):
        seal(package(), signer=signer(), at=AT, place=place)


def test_what_may_not_be_read_is_not_sealed() -> None:
    with pytest.raises(Malformed):
        seal(b"<!DOCTYPE a><a/>", signer=signer(), at=AT)
    with pytest.raises(Malformed):
        seal(package(), signer=signer(), at=AT, place=HEADER, limits=Limits(bytes=1_000))


def test_a_time_without_zone_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="zone"):
        seal(PLAIN, signer=signer(), at=datetime(2026, 3, 2))


@pytest.mark.parametrize(
    "document", [PLAIN, package(), b"<a xmlns='urn:a'><b xmlns=''/><?x y?></a>", b"<a/>"]
)
def test_the_fast_way_makes_the_same_bytes_as_the_slow_one(document: bytes) -> None:
    # RSA PKCS#1 v1.5 is deterministic, so the whole document can be compared.
    sealer = Sealer(signer(agency("rsa2048")))
    canonical = canonical_document(parse(document), EXCLUSIVE_FORM)
    fast = sealer.seal_canonical(canonical, at=AT, detached=DETACHED)
    assert fast == sealer.seal(canonical, at=AT, detached=DETACHED)
    assert isinstance(judged(fast), Sound)


def test_the_same_document_sealed_again_differs_in_the_signature_value_only() -> None:
    def without_value(document: bytes) -> bytes:
        root = etree.fromstring(document)
        for value in root.iter(f"{DS}SignatureValue"):
            value.text = ""
        return etree.tostring(root)

    first, second = sealed(), sealed()
    assert first != second
    assert without_value(first) == without_value(second)


def test_the_time_given_is_the_time_claimed() -> None:
    at = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    verdict = judged(sealed(at=at))
    assert isinstance(verdict, Sound)
    assert verdict.signed_at == at
