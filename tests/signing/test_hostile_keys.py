"""The key is the certificate's, the certificate is the one named, the algorithm is a good one."""

from __future__ import annotations

import base64
import hashlib
import warnings

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from signing.algorithms import DSIG11, ECDSA_SHA256, EXCLUSIVE, RSA_SHA256, SHA256
from signing.policy import Policy
from signing.verdict import Reason, Refused, Sound
from tests.pki import Identity, self_signed
from tests.signing.forge import (
    HMAC_SHA256,
    RSA_SHA1,
    SHA1,
    certificate_of,
    forged,
    properties,
    reference,
    right_by_xmlsec,
    template,
)
from tests.signing.stage import DS, PLAIN, agency, judged, reason, root, sealed

LEGACY = Policy(allow_legacy=True)
XADES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
OLD = "http://www.w3.org/2001/04/xmldsig-more#"
MORE = "http://www.w3.org/2007/05/xmldsig-more#"
SHA2 = ("sha256", "sha384", "sha512")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def key_value(identity: Identity) -> str:
    key = identity.certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        modulus, exponent = (n.to_bytes((n.bit_length() + 7) // 8) for n in (numbers.n, numbers.e))
        return (
            f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{b64(modulus)}</ds:Modulus>"
            f"<ds:Exponent>{b64(exponent)}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
        )
    assert isinstance(key, ec.EllipticCurvePublicKey)
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return (
        f'<ds:KeyValue><e:ECKeyValue xmlns:e="{DSIG11}"><e:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/>'
        f"<e:PublicKey>{b64(point)}</e:PublicKey></e:ECKeyValue></ds:KeyValue>"
    )


def der_key(identity: Identity) -> str:
    der = identity.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f'<e:DEREncodedKeyValue xmlns:e="{DSIG11}">{b64(der)}</e:DEREncodedKeyValue>'


def named(*identities: Identity, digest: str = SHA256, tag: str = "SigningCertificateV2") -> tuple[str, str]:
    """The reference and the object of signed properties that name these certificates, each in an element."""
    hashed = hashlib.sha1 if digest == SHA1 else hashlib.sha256
    inside = "".join(
        f"<xades:{tag}><xades:Cert><xades:CertDigest>"
        f'<ds:DigestMethod Algorithm="{digest}"/>'
        f"<ds:DigestValue>{b64(hashed(each.certificate.public_bytes(Encoding.DER)).digest())}</ds:DigestValue>"
        f"</xades:CertDigest></xades:Cert></xades:{tag}>"
        for each in identities
    )
    return reference("#props", [EXCLUSIVE], kind=XADES_TYPE), properties(inside)


# KeyInfo


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_a_key_value_of_the_certificates_own_key_is_fine(kind: str) -> None:
    method = ECDSA_SHA256 if kind == "p256" else RSA_SHA256
    for value in (key_value(agency(kind)), der_key(agency(kind))):
        signature = template(method=method, key_info=value + "{certificate}")
        assert reason(forged(PLAIN, signature, by=agency(kind))) is Reason.SOUND


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_a_key_value_of_another_key_is_refused(kind: str) -> None:
    """The attacker's key beside the victim's certificate, for a verifier that takes the first it finds."""
    attacker = self_signed("Attacker", key="p256" if kind == "p256" else "rsa3072")
    method = ECDSA_SHA256 if kind == "p256" else RSA_SHA256
    for value in (key_value(attacker), der_key(attacker)):
        by_attacker = template(method=method, key_info=value + certificate_of(agency(kind)))
        assert reason(forged(PLAIN, by_attacker, by=attacker)) is Reason.CERTIFICATE_MISMATCH
        by_owner = template(method=method, key_info=value + "{certificate}")
        assert reason(forged(PLAIN, by_owner, by=agency(kind))) is Reason.CERTIFICATE_MISMATCH


@pytest.mark.parametrize(
    "value",
    ["<ds:KeyValue/>", "<ds:KeyValue><ds:DSAKeyValue/></ds:KeyValue>", "<ds:KeyValue><x/><y/></ds:KeyValue>"],
)
def test_a_key_value_of_another_kind_is_refused(value: str) -> None:
    document = sealed(PLAIN).replace(b"<ds:KeyInfo>", b"<ds:KeyInfo>" + value.encode())
    assert reason(document) is Reason.CERTIFICATE_MISMATCH


@pytest.mark.parametrize("key_info", ["", "<ds:KeyName>agency</ds:KeyName>", "{value}"])
def test_a_signature_without_certificate_is_refused(key_info: str) -> None:
    inside = key_info.format(value=key_value(agency()))
    document = forged(PLAIN, template(key_info=inside), by=agency())
    assert right_by_xmlsec(document, by=agency())
    assert reason(document) is Reason.CERTIFICATE_MISSING


def test_a_signature_without_key_info_is_refused() -> None:
    tree = etree.fromstring(sealed(PLAIN))
    (key_info,) = tree.iter(f"{DS}KeyInfo")
    parent = key_info.getparent()
    assert parent is not None
    parent.remove(key_info)
    assert reason(etree.tostring(tree)) is Reason.CERTIFICATE_MISSING


def test_a_retrieval_method_is_not_followed() -> None:
    method = '<ds:RetrievalMethod URI="http://127.0.0.1:9/certificate"/>'
    document = sealed(PLAIN).replace(b"<ds:KeyInfo>", b"<ds:KeyInfo>" + method.encode())
    assert reason(document) is Reason.SOUND


def test_a_certificate_put_in_place_of_the_signers_is_refused() -> None:
    other = root().issue("Other")
    document = sealed(PLAIN).replace(certificate_of(agency()).encode(), certificate_of(other).encode())
    assert reason(document) is Reason.CERTIFICATE_MISMATCH
    plain = forged(PLAIN, template(key_info=certificate_of(other)), by=agency())
    assert reason(plain) is Reason.SIGNATURE_INVALID


def test_a_renewed_certificate_of_the_same_key_is_not_the_one_signed_with() -> None:
    renewed = root().issue("Bộ Mẫu p256", key=agency().key)
    document = sealed(PLAIN).replace(certificate_of(agency()).encode(), certificate_of(renewed).encode())
    assert reason(document) is Reason.CERTIFICATE_MISMATCH


@pytest.mark.parametrize("tag", ["SigningCertificate", "SigningCertificateV2"])
def test_among_several_certificates_the_one_named_is_the_signers(tag: str) -> None:
    other, twin = root().issue("Other"), root().issue("Twin", key=agency().key)
    part, objects = named(agency(), tag=tag)
    for order in ((other, twin, agency()), (agency(), twin, other)):
        info = "".join(certificate_of(each) for each in order)
        signature = template(reference(), part, key_info=info, objects=objects)
        verdict = judged(forged(PLAIN, signature, by=agency()))
        assert isinstance(verdict, Sound)
        assert verdict.certificate == agency().certificate


def test_among_several_certificates_without_a_name_the_one_that_verifies_is_the_signers() -> None:
    others = [root().issue(f"Other {n}", key=kind) for n, kind in enumerate(("p256", "rsa2048"))]
    info = "".join(certificate_of(each) for each in (*others, agency()))
    verdict = judged(forged(PLAIN, template(key_info=info), by=agency()))
    assert isinstance(verdict, Sound)
    assert verdict.certificate == agency().certificate
    none = "".join(certificate_of(each) for each in others)
    assert reason(forged(PLAIN, template(key_info=none), by=agency())) is Reason.SIGNATURE_INVALID


def test_both_names_of_the_certificate_must_be_right() -> None:
    part, objects = named(agency())
    _, wrong = named(root().issue("Other"), tag="SigningCertificate")
    start = "<xades:SignedSignatureProperties>"
    both = objects.replace(
        start, start + wrong.split(start)[1].split("</xades:SignedSignatureProperties>")[0]
    )
    assert reason(forged(PLAIN, template(reference(), part, objects=objects), by=agency())) is Reason.SOUND
    document = forged(PLAIN, template(reference(), part, objects=both), by=agency())
    assert reason(document) is Reason.CERTIFICATE_MISMATCH


def test_a_named_certificate_without_digest_is_refused() -> None:
    for inside in ("", "<xades:Cert/>", "<xades:Cert><xades:CertDigest/></xades:Cert>"):
        objects = properties(f"<xades:SigningCertificateV2>{inside}</xades:SigningCertificateV2>")
        signature = template(reference(), named()[0], objects=objects)
        assert reason(forged(PLAIN, signature, by=agency())) is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize(
    "der", [b"", b"not a certificate", b"\x30\x03\x02\x01\x01", b"\x30" + b"\xff" * 20_000]
)
def test_a_certificate_that_cannot_be_read_is_refused(der: bytes) -> None:
    info = f"<ds:X509Data><ds:X509Certificate>{b64(der)}</ds:X509Certificate></ds:X509Data>"
    assert reason(forged(PLAIN, template(key_info=info), by=agency())) is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize("action", ["error", "ignore"])
def test_a_certificate_with_a_negative_serial_number_is_refused(action: str) -> None:
    certificate = agency().certificate
    der = bytearray(certificate.public_bytes(Encoding.DER))
    number = certificate.serial_number
    der[der.index(number.to_bytes(number.bit_length() // 8 + 1))] |= 0x80
    info = f"<ds:X509Data><ds:X509Certificate>{b64(bytes(der))}</ds:X509Certificate></ds:X509Data>"
    with warnings.catch_warnings():
        warnings.simplefilter(action)  # type: ignore[arg-type]
        assert reason(forged(PLAIN, template(key_info=info), by=agency())) is Reason.SIGNATURE_MALFORMED


def test_a_flood_of_certificates_is_refused() -> None:
    info = certificate_of(agency()) * 17
    assert reason(forged(PLAIN, template(key_info=info), by=agency())) is Reason.SIGNATURE_MALFORMED


# Algorithms


def test_hmac_is_refused_also_with_the_public_key_as_its_secret() -> None:
    document = sealed(PLAIN).replace(ECDSA_SHA256.encode(), HMAC_SHA256.encode())
    assert reason(document) is Reason.ALGORITHM_FORBIDDEN


@pytest.mark.parametrize(
    "method",
    [
        "",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
        "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
        SHA256,
    ],
)
def test_unknown_and_broken_signature_methods_are_refused(method: str) -> None:
    assert reason(sealed(PLAIN).replace(ECDSA_SHA256.encode(), method.encode())) is Reason.ALGORITHM_FORBIDDEN


@pytest.mark.parametrize(
    "digest", ["", "http://www.w3.org/2001/04/xmldsig-more#md5", f"{MORE}whirlpool", RSA_SHA256]
)
def test_unknown_and_broken_digests_are_refused(digest: str) -> None:
    assert reason(sealed(PLAIN).replace(SHA256.encode(), digest.encode())) is Reason.ALGORITHM_FORBIDDEN


def test_parameters_of_a_method_are_refused() -> None:
    for inside in ("<ds:HMACOutputLength>0</ds:HMACOutputLength>", "<x/>"):
        document = sealed(PLAIN).replace(b"</ds:SignatureMethod>", inside.encode() + b"</ds:SignatureMethod>")
        assert reason(document) is Reason.ALGORITHM_FORBIDDEN


def test_an_algorithm_of_another_kind_of_key_is_refused() -> None:
    assert (
        reason(sealed(PLAIN).replace(ECDSA_SHA256.encode(), RSA_SHA256.encode()))
        is Reason.ALGORITHM_FORBIDDEN
    )
    by_rsa = sealed(PLAIN, by=agency("rsa2048")).replace(RSA_SHA256.encode(), ECDSA_SHA256.encode())
    assert reason(by_rsa) is Reason.ALGORITHM_FORBIDDEN
    ed25519 = root().issue("Ed", key="ed25519")
    document = forged(PLAIN, template(key_info=certificate_of(ed25519)), by=agency())
    assert reason(document) is Reason.ALGORITHM_FORBIDDEN


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        *((kind, f"{OLD}ecdsa-{digest}") for kind in ("p256", "p384", "p521") for digest in SHA2),
        *(("rsa2048", f"{OLD}rsa-{digest}") for digest in SHA2),
        *(("rsa2048", f"{MORE}{digest}-rsa-MGF1") for digest in ("sha256", "sha384", "sha512", "sha3-256")),
        ("p256", "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-256"),
    ],
)
def test_good_algorithms_are_accepted_as_xmlsec_makes_them(kind: str, method: str) -> None:
    document = forged(PLAIN, template(method=method), by=agency(kind))
    assert reason(document) is Reason.SOUND
    assert reason(document.replace(b">H90<", b">H91<")) is Reason.DIGEST_MISMATCH


@pytest.mark.parametrize(
    "digest", [f"{OLD}sha384", "http://www.w3.org/2001/04/xmlenc#sha512", f"{MORE}sha3-256"]
)
def test_good_digests_are_accepted_as_xmlsec_makes_them(digest: str) -> None:
    document = forged(PLAIN, template(reference(digest=digest)), by=agency())
    assert reason(document) is Reason.SOUND


# SHA-1 and short keys


def old_ways() -> dict[str, bytes]:
    part, objects = named(agency(), digest=SHA1)
    _, good = named(agency())
    old_part = reference("#props", [EXCLUSIVE], digest=SHA1, kind=XADES_TYPE)
    return {
        "signature": forged(PLAIN, template(method=RSA_SHA1), by=agency("rsa2048")),
        "digest": forged(PLAIN, template(reference(digest=SHA1)), by=agency()),
        "properties": forged(PLAIN, template(reference(), old_part, objects=good), by=agency()),
        "certificate digest": forged(PLAIN, template(reference(), part, objects=objects), by=agency()),
    }


@pytest.mark.parametrize("where", old_ways())
def test_sha1_is_refused_wherever_it_is_used_but_read_under_the_legacy_switch(where: str) -> None:
    document = old_ways()[where]
    assert reason(document) is Reason.LEGACY_ALGORITHM
    verdict = judged(document, policy=LEGACY)
    assert isinstance(verdict, Sound)
    assert "LEGACY_ALGORITHM" in verdict.warnings


def test_good_algorithms_earn_no_warning_under_the_legacy_switch() -> None:
    verdict = judged(sealed(), policy=LEGACY)
    assert isinstance(verdict, Sound)
    assert "LEGACY_ALGORITHM" not in verdict.warnings


def test_a_tampered_old_package_is_refused_under_the_legacy_switch() -> None:
    document = old_ways()["signature"].replace(b">H90<", b">H91<")
    assert reason(document, policy=LEGACY) is Reason.DIGEST_MISMATCH


def test_a_short_rsa_key_is_refused_and_named() -> None:
    weak = root().issue("Weak", key="rsa1024")
    document = forged(PLAIN, template(method=RSA_SHA256), by=weak)
    verdict = judged(document)
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.KEY_TOO_WEAK
    assert verdict.certificate == weak.certificate
    legacy = judged(document, policy=LEGACY)
    assert isinstance(legacy, Sound)
    assert "LEGACY_ALGORITHM" in legacy.warnings


def test_another_curve_is_refused_though_as_long() -> None:
    document = forged(PLAIN, template(), by=root().issue("Bitcoin", key="k256"))
    assert reason(document) is Reason.ALGORITHM_FORBIDDEN
