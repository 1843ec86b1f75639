"""XAdES-B-T: a seal with a time-stamp goes on being sound, and its B-level bytes stay what they were."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from signing.evidence import read, write
from signing.evidence.schema import evidence_schema
from signing.parser import Malformed
from signing.timestamps import (
    GrowError,
    Grown,
    Imprint,
    content_to_stamp,
    grow,
    request,
    token_of,
    ungrown,
    verify_grown,
)
from signing.trust import TrustStore
from signing.verdict import Reason, Sound
from signing.verify import verify
from tests.pki import AT, authority
from tests.signing import stage
from tests.signing.evidence_stage import axis, record
from tests.signing.interop.documents import seals
from tests.signing.interop.test_java import java
from tests.signing.interop.xmlsec1 import mapped, room, verifies
from tests.signing.stage import DS, PLAIN, XADES, judged, sealed
from tests.signing.timestamps.stage import NONCE, forged, openssl_response, trust, tsa_of
from tests.signing.timestamps.stage import root as time_root

__all__ = ["room"]

DAY = timedelta(days=1)


def grown(document: bytes, **wrong: Any) -> bytes:
    return grow(document, [forged(content_to_stamp(document), **wrong)])


def found(document: bytes, **wanted: Any) -> Reason:
    given: dict[str, Any] = {"trust": stage.trust(), "authorities": trust(), "at": AT} | wanted
    verdict = verify_grown(document, **given)
    return Reason.SOUND if isinstance(verdict, Grown) else verdict.reason


def test_every_seal_grows_and_both_levels_are_sound() -> None:
    for name, document in seals().items():
        taller = grown(document)
        assert isinstance(judged(taller), Sound), name
        assert found(taller) is Reason.SOUND, name
        assert ungrown(taller) == document, name


def test_a_grown_document_says_who_when_and_what() -> None:
    verdict = verify_grown(grown(sealed()), trust=stage.trust(), authorities=trust(), at=AT)
    assert isinstance(verdict, Grown)
    assert verdict.seal.certificate == stage.agency().certificate
    (stamp,) = verdict.timestamps
    assert (stamp.at, stamp.accuracy) == (AT, timedelta(seconds=1))


def test_evidence_stamped_by_openssl_is_evidence_still(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    document = write(record(at=now), signer=axis())
    query = request(Imprint.of(content_to_stamp(document), "sha512"), nonce=NONCE)
    taller = grow(document, [token_of(openssl_response(tmp_path, query))])
    verdict = verify_grown(taller, trust=stage.trust(), authorities=trust(), at=datetime.now(UTC))
    assert isinstance(verdict, Grown), verdict
    assert read(verdict.seal) == record(at=read(verdict.seal).at)
    assert evidence_schema().validate(etree.fromstring(taller))
    assert hashlib.sha256(ungrown(taller)).digest() == hashlib.sha256(document).digest()


def test_growing_only_inserts() -> None:
    document = sealed()
    taller = grown(document)
    start = taller.index(b"<xades:UnsignedProperties")
    end = taller.index(b"</xades:UnsignedProperties>") + len(b"</xades:UnsignedProperties>")
    assert taller[:start] + taller[end:] == document
    place = [
        etree.QName(each).localname for each in etree.fromstring(taller).iter() if XADES in str(each.tag)
    ]
    assert place[-4:] == [
        "UnsignedProperties",
        "UnsignedSignatureProperties",
        "SignatureTimeStamp",
        "EncapsulatedTimeStamp",
    ]


def test_a_seal_outlives_its_certificate_when_it_has_grown() -> None:
    brief = stage.root().issue("Brief", not_before=AT - DAY, not_after=AT + DAY)
    document = sealed(by=brief)
    later = AT + 3650 * DAY
    verdict = judged(document, at=later)
    assert not isinstance(verdict, Sound)
    assert verdict.reason is Reason.CERTIFICATE_EXPIRED
    assert found(grown(document), at=later) is Reason.SOUND


def test_a_seal_made_after_its_certificate_ran_out_is_not_saved_by_a_claimed_time() -> None:
    brief = stage.root().issue("Brief", not_before=AT - 3 * DAY, not_after=AT - DAY)
    document = sealed(by=brief, at=AT - 2 * DAY)
    assert found(grown(document)) is Reason.CERTIFICATE_EXPIRED


def test_a_signature_said_to_be_made_after_its_time_stamp_is_refused() -> None:
    assert found(grown(sealed(), at=AT - DAY)) is Reason.SIGNED_IN_FUTURE


def test_several_authorities_may_stamp_one_seal_and_the_earliest_time_counts() -> None:
    document = sealed()
    content = content_to_stamp(document)
    later = forged(content, at=AT + timedelta(minutes=2))
    verdict = verify_grown(
        grow(document, [later, forged(content)]), trust=stage.trust(), authorities=trust(), at=AT
    )
    assert isinstance(verdict, Grown)
    assert [each.at for each in verdict.timestamps] == [AT, AT + timedelta(minutes=2)]


def test_one_wrong_time_stamp_among_right_ones_is_refused() -> None:
    document = sealed()
    content = content_to_stamp(document)
    stranger = tsa_of(authority("Other"))
    assert found(grow(document, [forged(content), forged(content, by=stranger)])) is Reason.TSA_UNTRUSTED


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"signed": lambda data: b"x"}, Reason.TIMESTAMP_SIGNATURE_INVALID),
        ({"ess": ()}, Reason.TSA_CERTIFICATE_UNBOUND),
        ({"at": AT + DAY}, Reason.TIMESTAMP_IN_FUTURE),
    ],
    ids=["signature", "unbound", "future"],
)
def test_a_wrong_token_is_refused_by_its_own_reason(wrong: dict[str, Any], reason: Reason) -> None:
    assert found(grown(sealed(), **wrong)) is reason


def test_a_time_stamp_of_another_document_is_refused() -> None:
    token = forged(content_to_stamp(sealed(PLAIN)))
    assert found(grow(sealed(), [token])) is Reason.TIMESTAMP_IMPRINT_MISMATCH


def test_trust_in_seals_is_no_trust_in_time_and_the_other_way() -> None:
    document = grown(sealed())
    assert found(document, authorities=stage.trust()) is Reason.TSA_UNTRUSTED
    assert found(document, trust=TrustStore.of([time_root().certificate])) is Reason.UNTRUSTED_SIGNER


def test_a_document_that_did_not_grow_has_no_proven_time() -> None:
    assert found(sealed()) is Reason.TIMESTAMP_MISSING
    assert found(PLAIN) is Reason.UNSIGNED


def test_a_changed_grown_document_is_refused() -> None:
    assert found(grown(sealed()).replace(b">7816<", b">7817<")) is Reason.DIGEST_MISMATCH


EDITS = {
    "two tokens": (b"</xades:EncapsulatedTimeStamp>", b"</xades:EncapsulatedTimeStamp><xades:X/>"),
    "encoding": (b"<xades:EncapsulatedTimeStamp>", b'<xades:EncapsulatedTimeStamp Encoding="urn:PER">'),
    "base64": (b"<xades:EncapsulatedTimeStamp>", b"<xades:EncapsulatedTimeStamp>*"),
    "form": (b'Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Can', b'Algorithm="urn:x"></ds:Can'),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_property_that_is_not_built_as_it_should_is_refused(edit: str) -> None:
    document = grown(sealed())
    old, new = EDITS[edit]
    place = document.rindex(old)
    edited = document[:place] + new + document[place + len(old) :]
    assert found(edited) is Reason.TIMESTAMP_MALFORMED


def test_a_property_by_others_without_a_canonical_form_means_the_inclusive_one() -> None:
    document = sealed(PLAIN)
    value = next(etree.fromstring(document).iter(f"{DS}SignatureValue"))
    alone = etree.fromstring(etree.tostring(value, with_tail=False))
    token = forged(etree.tostring(alone, method="c14n"))
    taller = grow(document, [token])
    start, end = taller.rindex(b"<ds:CanonicalizationMethod"), taller.rindex(b"<xades:EncapsulatedTimeStamp>")
    assert found(taller[:start] + taller[end:]) is Reason.SOUND


def test_what_cannot_grow_says_why() -> None:
    with pytest.raises(GrowError, match="no seal"):
        grow(PLAIN, [b"x"])
    with pytest.raises(GrowError, match="1 to 8"):
        grow(sealed(), [])
    with pytest.raises(GrowError, match="grown already"):
        grow(grown(sealed()), [b"x"])
    with pytest.raises(GrowError, match="has not grown"):
        ungrown(sealed())


def test_a_flipped_byte_of_the_property_never_makes_another_time_sound() -> None:
    document = grown(sealed(PLAIN))
    right = verify_grown(document, trust=stage.trust(), authorities=trust(), at=AT)
    assert isinstance(right, Grown)
    start = document.index(b"<xades:UnsignedProperties")
    end = document.index(b"</xades:UnsignedProperties>")
    sound = 0
    for place in range(start, end, 5):
        flipped = bytearray(document)
        flipped[place] ^= 1 << place % 7
        try:
            verdict = verify_grown(bytes(flipped), trust=stage.trust(), authorities=trust(), at=AT)
        except Malformed:
            continue
        if isinstance(verdict, Grown):
            sound += 1
            assert verdict.timestamps == right.timestamps
            assert etree.tostring(verdict.seal.root) == etree.tostring(right.seal.root)
    # What may change unseen means nothing: a space between attributes, a prefix declared twice.
    assert sound < 5


# --- other implementations


def test_every_grown_seal_verifies_under_xmlsec1(room: Path) -> None:
    for name in ("package-p256", "plain-rsa2048", "detached-p384", "utf16", "dotnet"):
        document = grown(seals()[name])
        assert verifies(room, document, *mapped(document)), name
    assert not verifies(room, grown(sealed()).replace(b">7816<", b">7817<"))


def test_grown_seals_and_evidence_are_valid_under_java(tmp_path: Path) -> None:
    documents = {name: grown(seals()[name]) for name in ("package-p256", "plain-rsa2048", "dotnet")}
    documents["evidence"] = grown(write(record(), signer=axis()))
    for name, document in documents.items():
        (tmp_path / f"{name}.xml").write_bytes(document)
    assert set(java("verify", *(tmp_path / f"{name}.xml" for name in documents))) == {"valid"}


def test_a_grown_document_is_still_verified_as_the_b_level_one_is() -> None:
    document = write(record(), signer=axis())
    short, tall = (verify(each, trust=stage.trust(), at=AT) for each in (document, grown(document)))
    assert isinstance(short, Sound)
    assert isinstance(tall, Sound)
    assert read(short) == read(tall)
