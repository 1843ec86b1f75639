"""Who may sign evidence, and what a certificate for evidence may not sign."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from signing.entitlement import EVIDENCE_SIGNING, bears, entitled
from signing.evidence import write
from signing.keys import MemorySigner
from signing.seal import seal
from signing.trust import TrustStore
from signing.verdict import Reason, Refused, Sound
from signing.verify import verify
from tests.pki import AT, Identity, self_signed
from tests.signing import stage
from tests.signing.evidence_stage import record

EMAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION
ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
SERVER = ExtendedKeyUsageOID.SERVER_AUTH


def evidence(by: MemorySigner) -> bytes:
    return write(record(), signer=by)


def letter(by: MemorySigner) -> bytes:
    return seal(stage.PLAIN, signer=by, at=AT, place="")


def signer(*purposes: ObjectIdentifier) -> Identity:
    return stage.root().issue("Signer", extended=purposes)


def sound(document: bytes, anchors: Iterable[x509.Certificate]) -> Sound:
    verdict = verify(document, trust=TrustStore.of(anchors), at=AT)
    assert isinstance(verdict, Sound), verdict
    return verdict


def reason(document: bytes, *anchors: x509.Certificate) -> Reason:
    judged = entitled(sound(document, anchors or (stage.root().certificate,)))
    return judged.reason if isinstance(judged, Refused) else Reason.SOUND


@pytest.mark.parametrize("purposes", [(), (EMAIL,), (ANY,)])
def test_an_agency_under_the_same_authority_cannot_sign_evidence(
    purposes: tuple[ObjectIdentifier, ...],
) -> None:
    assert reason(evidence(stage.signer(signer(*purposes)))) is Reason.NOT_ENTITLED


@pytest.mark.parametrize("purposes", [(EVIDENCE_SIGNING,), (EVIDENCE_SIGNING, EMAIL)])
def test_a_certificate_for_evidence_signs_evidence(purposes: tuple[ObjectIdentifier, ...]) -> None:
    assert reason(evidence(stage.signer(signer(*purposes)))) is Reason.SOUND


def test_a_certificate_that_is_itself_the_anchor_signs_evidence() -> None:
    plain = signer()
    document = evidence(stage.signer(plain))
    assert reason(document, plain.certificate) is Reason.SOUND
    assert reason(document, plain.certificate, stage.root().certificate) is Reason.SOUND
    assert reason(document, signer().certificate, stage.root().certificate) is Reason.NOT_ENTITLED
    alone = self_signed("Axis")
    assert reason(evidence(stage.signer(alone)), alone.certificate) is Reason.SOUND


@pytest.mark.parametrize("purposes", [(EVIDENCE_SIGNING,), (EVIDENCE_SIGNING, SERVER)])
def test_a_certificate_for_evidence_alone_seals_nothing_else(
    purposes: tuple[ObjectIdentifier, ...],
) -> None:
    axis = signer(*purposes)
    assert reason(letter(stage.signer(axis))) is Reason.NOT_ENTITLED
    assert reason(letter(stage.signer(axis)), axis.certificate) is Reason.NOT_ENTITLED


@pytest.mark.parametrize("purposes", [(), (EMAIL,), (EVIDENCE_SIGNING, EMAIL)])
def test_other_certificates_seal_documents(purposes: tuple[ObjectIdentifier, ...]) -> None:
    assert reason(letter(stage.signer(signer(*purposes)))) is Reason.SOUND


def test_a_refusal_still_says_who_signed_and_when() -> None:
    verdict = sound(evidence(stage.signer(signer())), [stage.root().certificate])
    judged = entitled(verdict)
    assert isinstance(judged, Refused)
    assert (judged.certificate, judged.signed_at) == (verdict.certificate, verdict.signed_at)


@pytest.mark.parametrize(
    ("name", "identifier", "found"),
    [
        ("000.00.00.G90", "000.00.00.G90", True),
        ("Bộ Mẫu (G90.01)", "g90.01", True),
        ("Cơ quan G90.01.", "G90.01", True),
        ("G90.01", "G90", False),
        ("000.00.00.G90", "G90", False),
        ("H901", "H90", False),
        ("Bộ Mẫu", "G90", False),
        ("Bộ Mẫu", "", False),
        ("G90x01", "G90.01", False),
    ],
)
def test_an_identifier_is_found_whole_in_the_subject(name: str, identifier: str, found: bool) -> None:
    assert bears(stage.root().issue(name).certificate, identifier) is found


def test_an_identifier_is_found_among_the_alternative_names() -> None:
    directory = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "H90.01")])
    names = x509.SubjectAlternativeName(
        [x509.UniformResourceIdentifier("urn:agency:G90.01"), x509.DirectoryName(directory)]
    )
    certificate = stage.root().issue("Bộ Mẫu", extensions=[(names, False)]).certificate
    assert [bears(certificate, name) for name in ("G90.01", "H90.01", "H91")] == [True, True, False]
