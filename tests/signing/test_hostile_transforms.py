"""Transforms and canonical forms: the few that are accepted, in all spellings, and the many that are not."""

from __future__ import annotations

import pytest
from lxml import etree

from signing.algorithms import C14N, C14N11, ENVELOPED, EXCLUSIVE, XPATH
from signing.verdict import Reason, Sound
from tests.signing.forge import (
    BASE64,
    XPATH_FILTER2,
    XSLT,
    forged,
    properties,
    reference,
    right_by_xmlsec,
    template,
    transform,
    xpath,
)
from tests.signing.stage import DS, PLAIN, agency, judged, reason, sealed

FORMS = [
    C14N,
    f"{C14N}#WithComments",
    C14N11,
    f"{C14N11}#WithComments",
    EXCLUSIVE,
    f"{EXCLUSIVE}WithComments",
]
XADES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
NESTED = (
    b'<!-- out --><?top 1?><a xmlns="urn:a" xmlns:u="urn:unused" xml:lang="vi" xml:space="preserve">'
    b'<b xmlns:q="urn:q" q:r="q:s"> <!-- in --> </b><c xmlns=""><d/></c></a>'
)
OWN = f'xmlns:ds="{DS[1:-1]}"'


def prefixes(value: str, declare: str = EXCLUSIVE) -> str:
    return f'<ec:InclusiveNamespaces xmlns:ec="{declare}" PrefixList="{value}"/>'


@pytest.mark.parametrize("into", [".", "*[1]", "*[2]"])
@pytest.mark.parametrize("form", FORMS)
def test_every_canonical_form_is_verified_wherever_the_signature_stands(form: str, into: str) -> None:
    """The form of SignedInfo, of signed properties, of the document; under inherited names and `xml:` too."""
    objects = properties("<xades:SigningTime>2026-01-01T00:00:00Z</xades:SigningTime>")
    parts = (reference("", [ENVELOPED, form]), reference("#props", [form], kind=XADES_TYPE))
    document = forged(NESTED, template(*parts, form=form, objects=objects), by=agency(), into=into)
    assert right_by_xmlsec(document, by=agency())
    verdict = judged(document)
    assert isinstance(verdict, Sound), verdict
    assert verdict.signed_at is not None
    assert reason(document.replace(b"q:s", b"q:t")) is Reason.DIGEST_MISMATCH


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("uri", ["", "#xpointer(/)"])
def test_comments_are_covered_only_when_the_reference_and_the_form_both_say_so(uri: str, form: str) -> None:
    document = forged(NESTED, template(reference(uri, [ENVELOPED, form])), by=agency())
    assert right_by_xmlsec(document, by=agency())
    verdict = judged(document)
    assert isinstance(verdict, Sound)
    covered = "#" in uri and form.endswith("WithComments")
    kept = [each.text for each in verdict.root.iter(etree.Comment)]
    assert kept == ([" in "] if covered else [])
    for comment in (b"<!-- in -->", b"<!-- out -->"):
        changed = document.replace(comment, b"<!-- other -->")
        assert reason(changed) is (Reason.DIGEST_MISMATCH if covered else Reason.SOUND)
        assert right_by_xmlsec(changed, by=agency()) is not covered


@pytest.mark.parametrize("value", ["q", "u q", "absent", "u absent q", ""])
def test_lists_of_inclusive_prefixes_are_honoured(value: str) -> None:
    inside = prefixes(value)
    objects = properties("<xades:SigningTime>2026-01-01T00:00:00Z</xades:SigningTime>")
    parts = (
        reference("", [ENVELOPED, transform(EXCLUSIVE, inside)]),
        reference("#props", [transform(EXCLUSIVE, inside)], kind=XADES_TYPE),
    )
    signature = template(*parts, form_inside=inside, objects=objects)
    for into in (".", "*[1]", "*[2]"):
        document = forged(NESTED, signature, by=agency(), into=into)
        assert right_by_xmlsec(document, by=agency())
        assert reason(document) is Reason.SOUND


def test_a_reference_without_canonical_form_falls_back_on_c14n_1_0() -> None:
    objects = properties("<xades:SigningTime>2026-01-01T00:00:00Z</xades:SigningTime>")
    parts = (reference("", [ENVELOPED]), reference("#props", [], kind=XADES_TYPE))
    document = forged(NESTED, template(*parts, objects=objects), by=agency(), into="*[1]")
    assert right_by_xmlsec(document, by=agency())
    assert reason(document) is Reason.SOUND


def test_c14n_1_1_under_xml_base_is_refused_rather_than_guessed() -> None:
    document = b'<a xml:base="http://x.example/"><b xml:base="y/"/></a>'
    signature = template(reference("", [ENVELOPED, C14N11]), form=C14N11)
    verdict = reason(forged(document, signature, by=agency(), into="*[1]"))
    assert verdict is Reason.SIGNATURE_MALFORMED


def test_relative_namespace_names_have_no_canonical_form() -> None:
    document = sealed(PLAIN).replace(b"<letter>", b'<letter xmlns:r="relative">')
    assert reason(document) is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize(
    "expression",
    [
        "not(ancestor-or-self::ds:Signature)",
        " not( ancestor-or-self::ds:Signature ) ",
        "\n  not (\tancestor-or-self :: ds:Signature)\n",
    ],
)
@pytest.mark.parametrize("before", [[], [ENVELOPED]], ids=["alone", "behind enveloped"])
def test_the_xpath_that_takes_the_signature_out_is_what_enveloped_is(
    expression: str, before: list[str]
) -> None:
    signature = template(reference("", [*before, xpath(expression), EXCLUSIVE]))
    document = forged(PLAIN, signature, by=agency())
    assert right_by_xmlsec(document, by=agency())
    assert reason(document) is Reason.SOUND
    assert reason(document.replace(b">H90<", b">H91<")) is Reason.DIGEST_MISMATCH


def test_its_prefix_may_be_any_that_means_xml_signature() -> None:
    own = xpath("not(ancestor-or-self::sig:Signature)", f'xmlns:sig="{DS[1:-1]}"')
    assert reason(forged(PLAIN, template(reference("", [own, EXCLUSIVE])), by=agency())) is Reason.SOUND
    other = xpath("not(ancestor-or-self::x:Signature)", 'xmlns:x="urn:other"')
    document = forged(PLAIN, template(reference("", [ENVELOPED, other, EXCLUSIVE])), by=agency())
    assert right_by_xmlsec(document, by=agency())
    assert reason(document) is Reason.TRANSFORM_FORBIDDEN


@pytest.mark.parametrize(
    "expression",
    [
        "self::nothing",
        "false()",
        "true()",
        "ancestor-or-self::to",
        "not(ancestor-or-self::ds:Signature) and ancestor-or-self::to",
        "not(ancestor-or-self::ds:Signature or self::body)",
        "not(ancestor-or-self::ds:Signature | self::body)",
        "not(self::ds:Signature)",
        "count(ancestor-or-self::ds:Signature) = 0",
    ],
)
def test_any_other_xpath_is_refused_also_when_it_selects_nothing(expression: str) -> None:
    signature = template(reference("", [ENVELOPED, xpath(expression), EXCLUSIVE]))
    assert reason(forged(PLAIN, signature, by=agency())) is Reason.TRANSFORM_FORBIDDEN


def test_what_an_xpath_leaves_out_could_be_changed_unseen() -> None:
    signature = template(reference("", [ENVELOPED, xpath("ancestor-or-self::to"), EXCLUSIVE]))
    document = forged(PLAIN, signature, by=agency()).replace(
        "Kính gửi".encode("ascii", "xmlcharrefreplace"), b"x"
    )
    assert b"<body>x</body>" in document
    assert right_by_xmlsec(document, by=agency())
    assert reason(document) is Reason.TRANSFORM_FORBIDDEN


STYLESHEET = (
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    '<xsl:template match="/"><always/></xsl:template></xsl:stylesheet>'
)


def test_xslt_is_refused() -> None:
    parts = reference("", [ENVELOPED, transform(XSLT, STYLESHEET), EXCLUSIVE], value="AAAA")
    unsigned = etree.fromstring(PLAIN)
    unsigned.append(etree.fromstring(template(parts)))
    value = unsigned.find(f".//{DS}SignatureValue")
    assert value is not None
    value.text = "AAAA"
    assert reason(etree.tostring(unsigned)) is Reason.TRANSFORM_FORBIDDEN


@pytest.mark.parametrize(
    "transforms",
    [
        [BASE64],
        [ENVELOPED, BASE64],
        [
            transform(
                XPATH_FILTER2, f'<f:XPath xmlns:f="{XPATH_FILTER2}" Filter="intersect">/letter/to</f:XPath>'
            )
        ],
        [ENVELOPED, EXCLUSIVE, EXCLUSIVE],
        [ENVELOPED, EXCLUSIVE, C14N],
        [EXCLUSIVE, ENVELOPED],
        [ENVELOPED, ENVELOPED, EXCLUSIVE],
        [ENVELOPED, "urn:unknown"],
        [ENVELOPED, ""],
        [ENVELOPED, transform(EXCLUSIVE, "<x/>")],
        [ENVELOPED, transform(EXCLUSIVE, prefixes("q", "urn:other"))],
        [ENVELOPED, transform(EXCLUSIVE, prefixes("not/a/name"))],
        [ENVELOPED, transform(EXCLUSIVE, prefixes("#default"))],
        [ENVELOPED, transform(EXCLUSIVE, prefixes(" ".join(f"p{n}" for n in range(65))))],
        [ENVELOPED, transform(C14N, prefixes("q"))],
        [transform(ENVELOPED, "<x/>"), EXCLUSIVE],
        [EXCLUSIVE],
        [],
    ],
    ids=lambda value: "+".join(each[-25:] for each in value) or "none",
)
def test_other_transforms_of_the_document_are_refused(transforms: list[str]) -> None:
    signed = etree.fromstring(sealed(PLAIN))
    (first, *_) = signed.iter(f"{DS}Reference")
    odd = etree.fromstring(f"<r {OWN}>{reference('', transforms, value='AAAA')}</r>")[0]
    parent = first.getparent()
    assert parent is not None
    parent.replace(first, odd)
    assert reason(etree.tostring(signed)) is Reason.TRANSFORM_FORBIDDEN


def test_an_xpath_with_elements_inside_or_doubled_is_refused() -> None:
    good = "not(ancestor-or-self::ds:Signature)"
    for inside in (f"<ds:XPath {OWN}>{good}<x/></ds:XPath>", f"<ds:XPath {OWN}>{good}</ds:XPath>" * 2, ""):
        signed = etree.fromstring(sealed(PLAIN))
        (first, *_) = signed.iter(f"{DS}Transform")
        odd = etree.fromstring(f"<r {OWN}>{transform(XPATH, inside)}</r>")[0]
        parent = first.getparent()
        assert parent is not None
        parent.replace(first, odd)
        assert reason(etree.tostring(signed)) in (Reason.TRANSFORM_FORBIDDEN, Reason.SIGNATURE_MALFORMED)


def test_an_odd_form_of_signed_info_is_refused() -> None:
    for algorithm in (XSLT, BASE64, "", "http://www.w3.org/2010/xml-c14n2"):
        signed = etree.fromstring(sealed(PLAIN))
        (method,) = signed.iter(f"{DS}CanonicalizationMethod")
        method.set("Algorithm", algorithm)
        assert reason(etree.tostring(signed)) is Reason.TRANSFORM_FORBIDDEN


def test_signed_properties_with_other_transforms_are_refused() -> None:
    for transforms in ([ENVELOPED, EXCLUSIVE], [xpath("false()")], [BASE64]):
        signed = etree.fromstring(sealed(PLAIN))
        (*_, last) = signed.iter(f"{DS}Reference")
        odd = etree.fromstring(
            f"<r {OWN}>{reference(last.get('URI'), transforms, kind=XADES_TYPE, value='AAAA')}</r>"
        )[0]
        parent = last.getparent()
        assert parent is not None
        parent.replace(last, odd)
        assert reason(etree.tostring(signed)) is Reason.TRANSFORM_FORBIDDEN
