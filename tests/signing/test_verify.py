"""Verdicts: what sound means, and what each other verdict says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from lxml import etree

from signing.canonical import EXCLUSIVE_FORM, canonical_document
from signing.parser import Limits, Malformed, parse
from signing.policy import Policy
from signing.seal import Sealer, seal
from signing.trust import TrustStore
from signing.verdict import SENTENCES, Reason, Refused, Sentence, Sound, Undecided
from signing.verify import verify
from tests.pki import AT, NOT_AFTER, NOT_BEFORE, self_signed
from tests.signing.stage import DS, PLAIN, agency, judged, package, reason, root, sealed, signer, trust

DETACHED = {"cid:209": "ab" * 32, "cid:210": "cd" * 32}


def test_a_sealed_package_is_sound_and_says_by_whom_and_when() -> None:
    verdict = judged(sealed())
    assert isinstance(verdict, Sound)
    assert verdict.certificate == agency().certificate
    assert verdict.chain == (agency().certificate, root().certificate)
    assert verdict.signed_at == AT
    assert verdict.detached == {}


def test_what_was_signed_is_what_is_returned() -> None:
    verdict = judged(sealed())
    assert isinstance(verdict, Sound)
    assert next(verdict.root.iter(f"{DS}*"), None) is None
    assert canonical_document(verdict.root, EXCLUSIVE_FORM) == canonical_document(
        parse(package()), EXCLUSIVE_FORM
    )


def test_comments_that_are_not_covered_are_not_returned() -> None:
    document = seal(b"<a><id>H9<!-- 0.01 --></id><!-- x --></a><!-- y -->", signer=signer(), at=AT)
    tampered = document.replace(b"<!-- 0.01 -->", b"0<!-- anything -->").replace(b">H90", b">H9<!-- 0 -->")
    verdict = judged(tampered)
    assert isinstance(verdict, Sound)
    assert etree.tostring(verdict.root[0]) == b"<id>H9</id>"
    assert next(verdict.root.iter(etree.Comment), None) is None


def test_text_behind_the_signature_stays_and_is_covered() -> None:
    document = sealed(PLAIN).replace(b"</ds:Signature>", b"</ds:Signature>added")
    assert reason(document) is Reason.DIGEST_MISMATCH


def test_white_space_around_the_signature_is_covered() -> None:
    assert reason(sealed(PLAIN).replace(b"<ds:Signature ", b"\n<ds:Signature ")) is Reason.DIGEST_MISMATCH


def test_an_instruction_outside_the_root_is_covered() -> None:
    document = seal(b"<?print now?><a/>", signer=signer(), at=AT)
    assert reason(document) is Reason.SOUND
    assert reason(document.replace(b"print now", b"print not")) is Reason.DIGEST_MISMATCH


def test_a_moved_signature_still_says_the_same() -> None:
    tree = etree.fromstring(sealed(PLAIN))
    tree.insert(0, tree[-1])
    verdict = judged(etree.tostring(tree))
    assert isinstance(verdict, Sound)
    assert [child.tag for child in verdict.root] == ["to", "body"]


def test_an_unsigned_document_is_refused_as_unsigned() -> None:
    assert reason(package()) is Reason.UNSIGNED
    assert reason(PLAIN) is Reason.UNSIGNED
    other = b'<letter><s:Signature xmlns:s="urn:other"/></letter>'
    assert reason(other) is Reason.UNSIGNED


def test_a_signature_in_the_package_namespace_is_none() -> None:
    pseudo = sealed().replace(
        b'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"',
        b'xmlns:ds="http://www.mic.gov.vn/TBT/QCVN_102_2016"',
    )
    assert reason(pseudo) is Reason.PSEUDO_SIGNATURE


def test_a_changed_value_is_refused() -> None:
    assert reason(sealed().replace(b">7816<", b">7817<")) is Reason.DIGEST_MISMATCH


def test_a_changed_signature_value_is_refused() -> None:
    other = parse(sealed(PLAIN)).findtext(f"{DS}Signature/{DS}SignatureValue") or ""
    document = sealed()
    value = parse(document).findtext(f".//{DS}SignatureValue") or ""
    assert reason(document.replace(value.encode(), other.encode())) is Reason.SIGNATURE_INVALID
    assert reason(document.replace(value.encode(), value[:-8].encode())) is Reason.SIGNATURE_INVALID
    assert reason(document.replace(value.encode(), b"")) is Reason.SIGNATURE_INVALID
    assert reason(document.replace(value.encode(), b"!" + value[1:].encode())) is Reason.SIGNATURE_MALFORMED


@pytest.mark.parametrize("key", ["p256", "rsa2048"])
def test_all_zero_and_all_one_signature_values_are_refused(key: str) -> None:
    document = sealed(by=agency(key))
    value = (parse(document).findtext(f".//{DS}SignatureValue") or "").encode()
    for forged in (b"A" * 86 + b"==", b"/" * 86 + b"==", b"A" * 342 + b"==", b"/" * 342 + b"=="):
        assert reason(document.replace(value, forged)) is Reason.SIGNATURE_INVALID


# Attachments beside the document


def test_attachments_that_are_there_and_right_are_sound() -> None:
    document = sealed(detached=DETACHED)
    for held in (DETACHED, {**DETACHED, "cid:more": "00" * 32}, {k: v.upper() for k, v in DETACHED.items()}):
        verdict = judged(document, detached=held)
        assert isinstance(verdict, Sound)
        assert verdict.detached == DETACHED
        assert "DETACHED_NOT_CHECKED" not in verdict.warnings


def test_a_missing_attachment_is_refused() -> None:
    verdict = judged(sealed(detached=DETACHED), detached={"cid:209": "ab" * 32})
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.ATTACHMENT_MISSING


def test_another_attachment_is_refused() -> None:
    verdict = judged(sealed(detached=DETACHED), detached={**DETACHED, "cid:210": "00" * 32})
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.ATTACHMENT_MISMATCH


def test_attachments_nobody_looked_at_are_a_warning() -> None:
    verdict = judged(sealed(detached=DETACHED))
    assert isinstance(verdict, Sound)
    assert "DETACHED_NOT_CHECKED" in verdict.warnings


def test_a_digest_that_its_own_name_contradicts_is_refused() -> None:
    lying = {"ni:///sha-256;q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s": "cd" * 32}
    verdict = judged(sealed(detached=lying), detached=lying)
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.ATTACHMENT_MISMATCH


# Trust and time


def test_a_stranger_is_refused_with_the_certificate_named() -> None:
    stranger = self_signed("Stranger")
    verdict = judged(sealed(by=stranger))
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.UNTRUSTED_SIGNER
    assert verdict.certificate == stranger.certificate
    assert verdict.signed_at == AT


def test_any_certificate_may_be_the_anchor() -> None:
    store = TrustStore.of([agency().certificate])
    assert isinstance(judged(sealed(), by=store), Sound)


def test_the_chain_in_the_signature_helps_but_does_not_decide() -> None:
    issuing = root().authority("Helpful Issuing")
    document = sealed(by=issuing.issue("Far Agency"))
    verdict = judged(document)
    assert isinstance(verdict, Sound)
    assert len(verdict.chain) == 3
    elsewhere = TrustStore.of([self_signed("Elsewhere").certificate])
    refused = judged(document, by=elsewhere)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.UNTRUSTED_SIGNER


def test_an_expired_certificate_is_refused() -> None:
    expired = root().issue("Expired", not_after=AT - timedelta(days=1))
    assert reason(sealed(by=expired, at=AT - timedelta(days=2))) is Reason.CERTIFICATE_EXPIRED


def test_a_revoked_certificate_is_refused_and_an_unknown_one_undecided() -> None:
    issuing = root().authority("CRL Issuing")
    identity = issuing.issue("Revoked", crl_url="http://crl.example/a.crl")
    document = sealed(by=identity)
    assert reason(document) is Reason.REVOCATION_UNKNOWN
    assert isinstance(judged(document), Undecided)
    store = TrustStore.of([root().certificate], crls=[issuing.crl([identity])])
    verdict = judged(document, by=store)
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.CERTIFICATE_REVOKED


def test_a_signature_from_the_future_is_refused() -> None:
    skew = Policy().clock_skew
    assert reason(sealed(at=AT + skew)) is Reason.SOUND
    assert reason(sealed(at=AT + skew + timedelta(seconds=1))) is Reason.SIGNED_IN_FUTURE


def test_a_future_time_is_refused_even_when_revocation_is_unknown() -> None:
    identity = root().issue("Undecided", crl_url="http://crl.example/b.crl")
    assert reason(sealed(by=identity, at=AT + timedelta(hours=1))) is Reason.SIGNED_IN_FUTURE


def test_a_signing_time_outside_the_certificates_validity_is_refused() -> None:
    assert reason(sealed(at=NOT_BEFORE)) is Reason.SOUND
    assert reason(sealed(at=NOT_BEFORE - timedelta(seconds=1))) is Reason.SIGNED_OUTSIDE_VALIDITY
    late = verify(
        sealed(at=NOT_AFTER + timedelta(hours=2)),
        trust=trust(),
        at=NOT_AFTER,
        policy=Policy(clock_skew=timedelta(days=1)),
    )
    assert isinstance(late, Refused)
    assert late.reason is Reason.SIGNED_OUTSIDE_VALIDITY


def test_mathematics_come_before_trust() -> None:
    document = sealed(by=self_signed("Stranger")).replace(b">7816<", b">7817<")
    assert reason(document) is Reason.DIGEST_MISMATCH


# Around


def test_many_threads_share_one_sealer_and_one_trust_store() -> None:
    sealer = Sealer(signer())

    def road(number: int) -> bool:
        verdict = judged(sealer.seal(f"<a><b>{number}</b></a>".encode(), at=AT))
        return isinstance(verdict, Sound) and verdict.root[0].text == str(number)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(road, range(400)))


def test_what_is_no_xml_is_no_verdict() -> None:
    with pytest.raises(Malformed):
        judged(b"not xml")
    with pytest.raises(Malformed):
        verify(sealed(), trust=trust(), at=AT, limits=Limits(bytes=100))


def test_details_hold_nothing_of_the_document() -> None:
    for tampered in (
        sealed().replace(b">7816<", b">7817<"),
        package(),
        sealed(PLAIN).replace(b">H90<", b">H91<"),
    ):
        verdict = judged(tampered)
        assert isinstance(verdict, Refused)
        assert verdict.detail
        assert not any(word in verdict.detail for word in ("7817", "H91", "edXML"))


def test_a_policy_is_data_and_can_be_stricter() -> None:
    strict = replace(Policy(), digests=frozenset({"sha512"}))
    assert reason(sealed(), policy=strict) is Reason.ALGORITHM_FORBIDDEN
    assert (
        reason(sealed(by=agency("rsa2048")), policy=replace(Policy(), rsa_bits=3072)) is Reason.KEY_TOO_WEAK
    )
    narrow = replace(Policy(), curves=frozenset({"secp384r1"}))
    assert reason(sealed(), policy=narrow) is Reason.ALGORITHM_FORBIDDEN


@pytest.mark.parametrize("each", list(Reason))
def test_every_reason_has_its_sentences_in_both_languages(each: Reason) -> None:
    sentence = SENTENCES[each]
    for field in fields(Sentence):
        text = getattr(sentence, field.name)
        assert text.endswith("."), field.name
        assert text[0].isupper()
    assert sentence.english != sentence.vietnamese
