"""signxml verifies the seals; what it signs is sound here exactly when xmlsec finds it right."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import signxml
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.xades import XAdESSigner

from signing.verdict import Sound
from tests.signing.forge import right_by_xmlsec
from tests.signing.interop.documents import NESTED, seals
from tests.signing.stage import PLAIN, agency, judged, package

FORMS = (
    signxml.CanonicalizationMethod.CANONICAL_XML_1_0,
    signxml.CanonicalizationMethod.CANONICAL_XML_1_1,
    signxml.CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
)


@pytest.mark.parametrize("name", ["package-p256", "package-rsa2048", "plain-p384", "plain-p521"])
def test_a_seal_verifies_under_signxml(name: str) -> None:
    key = name.split("-")[-1]
    verifier = signxml.XMLVerifier()
    expect = signxml.SignatureConfiguration(expect_references=2)
    pem = agency(key).certificate.public_bytes(Encoding.PEM).decode()
    references = verifier.verify(seals()[name], x509_cert=pem, expect_config=expect)
    assert len(references) == 2


@pytest.mark.parametrize("document", [PLAIN, NESTED, package()], ids=["plain", "nested", "package"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("key", ["p256", "rsa2048"])
@pytest.mark.parametrize("xades", [False, True], ids=["plain", "xades"])
def test_what_signxml_signs_is_sound_where_it_signs_rightly(
    xades: bool, key: str, form: signxml.CanonicalizationMethod, document: bytes
) -> None:
    identity = agency(key)
    algorithm = "ecdsa-sha256" if key == "p256" else "rsa-sha256"
    make = XAdESSigner if xades else signxml.XMLSigner
    signer = make(signature_algorithm=algorithm, c14n_algorithm=form)
    pem = identity.certificate.public_bytes(Encoding.PEM).decode()
    signed = etree.tostring(
        signer.sign(etree.fromstring(document), key=identity.key_pem(), cert=pem).getroottree()
    )
    # Known to be wrong: inclusive forms of a part under inherited `xml:` attributes, and a reference to
    # KeyInfo that names no form but is digested in the exclusive one.
    exclusive = form is signxml.CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    right = not xades if exclusive else document is not NESTED
    assert right_by_xmlsec(signed, by=identity) is right
    verdict = judged(signed, at=datetime.now(UTC))
    assert isinstance(verdict, Sound) is right
    if isinstance(verdict, Sound):
        assert verdict.certificate == identity.certificate
        assert (verdict.signed_at is not None) is xades
