"""Revocation by the CRLs given, judged at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from asn1crypto import crl as asn1_crl
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from signing.policy import DEFAULT_POLICY, Policy, Revocation
from signing.trust import Chain, TrustStore
from signing.verdict import Reason
from tests.pki import AT, ISSUING, Authority, Identity, authority

DAY = timedelta(days=1)
REQUIRED = Policy(revocation=Revocation.REQUIRED)
URL = "http://crl.example/root.crl"


@pytest.fixture
def root() -> Authority:
    return authority()


@pytest.fixture
def agency(root: Authority) -> Identity:
    return root.issue("Agency", crl_url=URL)


def judged(
    root: Authority,
    agency: Identity,
    *crls: x509.CertificateRevocationList,
    at: datetime = AT,
    policy: Policy = DEFAULT_POLICY,
) -> tuple[Reason, tuple[str, ...]]:
    """The reason, and the warnings when sound."""
    store = TrustStore.of([root.certificate], crls=crls)
    result = store.judge(agency.certificate, at=at, policy=policy, intermediates=agency.chain)
    return (Reason.SOUND, result.warnings) if isinstance(result, Chain) else (result.reason, ())


SOUND = (Reason.SOUND, ())
REVOKED = (Reason.CERTIFICATE_REVOKED, ())
UNKNOWN = (Reason.REVOCATION_UNKNOWN, ())


def test_a_crl_that_covers_the_time_and_is_silent_means_good(root: Authority, agency: Identity) -> None:
    assert judged(root, agency, root.crl()) == SOUND
    assert judged(root, agency, root.crl(), policy=REQUIRED) == SOUND


def test_revoked_before_the_time_judged_is_refused(root: Authority, agency: Identity) -> None:
    assert judged(root, agency, root.crl([agency])) == REVOKED


def test_revoked_at_the_very_time_judged_is_refused(root: Authority, agency: Identity) -> None:
    assert judged(root, agency, root.crl([agency], revoked_at=AT)) == REVOKED


def test_another_certificates_revocation_does_not_matter(root: Authority, agency: Identity) -> None:
    assert judged(root, agency, root.crl([root.issue("Another")])) == SOUND


@pytest.mark.parametrize(
    "reason", [None, x509.ReasonFlags.superseded, x509.ReasonFlags.cessation_of_operation]
)
def test_revoked_later_held_at_the_time_judged(
    root: Authority, agency: Identity, reason: x509.ReasonFlags | None
) -> None:
    then = root.crl()
    later = root.crl(
        [agency], this_update=AT + 2 * DAY, next_update=AT + 9 * DAY, revoked_at=AT + DAY, reason=reason
    )
    assert judged(root, agency, then, later) == SOUND
    assert judged(root, agency, then, later, at=AT + 3 * DAY) == REVOKED


@pytest.mark.parametrize(
    "reason",
    [x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise, x509.ReasonFlags.aa_compromise],
)
def test_a_compromise_found_later_reaches_back(
    root: Authority, agency: Identity, reason: x509.ReasonFlags
) -> None:
    later = root.crl([agency], this_update=AT + 2 * DAY, revoked_at=AT + DAY, reason=reason)
    assert judged(root, agency, root.crl(), later) == REVOKED


@pytest.mark.parametrize(("invalid", "expected"), [(AT - DAY, REVOKED), (AT + DAY, SOUND)])
def test_a_compromise_reaches_back_to_its_invalidity_date_when_there_is_one(
    root: Authority, agency: Identity, invalid: datetime, expected: tuple[Reason, tuple[str, ...]]
) -> None:
    line = entry(
        agency,
        AT + 2 * DAY,
        (x509.CRLReason(x509.ReasonFlags.key_compromise), False),
        (x509.InvalidityDate(invalid), False),
    )
    later = crl_of(root, line, this_update=AT + 2 * DAY)
    assert judged(root, agency, root.crl(), later) == expected


def test_a_crl_issued_after_the_time_that_names_an_earlier_revocation_counts(
    root: Authority, agency: Identity
) -> None:
    later = root.crl([agency], this_update=AT + DAY, revoked_at=AT - DAY)
    assert judged(root, agency, root.crl(), later) == REVOKED


def test_an_outdated_crl_still_says_what_was_revoked(root: Authority, agency: Identity) -> None:
    outdated = root.crl(
        [agency], this_update=AT - 9 * DAY, next_update=AT - 8 * DAY, revoked_at=AT - 10 * DAY
    )
    assert judged(root, agency, outdated, root.crl()) == REVOKED


def test_on_hold_is_refused(root: Authority, agency: Identity) -> None:
    held = root.crl([agency], reason=x509.ReasonFlags.certificate_hold)
    assert judged(root, agency, held) == REVOKED


def test_a_hold_lifted_by_the_time_judged_is_over(root: Authority, agency: Identity) -> None:
    held = root.crl(
        [agency],
        this_update=AT - 3 * DAY,
        revoked_at=AT - 4 * DAY,
        reason=x509.ReasonFlags.certificate_hold,
    )
    lifted = root.crl()
    assert judged(root, agency, lifted, held) == SOUND
    assert judged(root, agency, lifted, held, at=AT - 2 * DAY) == REVOKED


def test_a_hold_lifted_after_the_time_judged_was_in_force(root: Authority, agency: Identity) -> None:
    held = root.crl([agency], reason=x509.ReasonFlags.certificate_hold)
    lifted = root.crl(this_update=AT + DAY, next_update=AT + 9 * DAY)
    assert judged(root, agency, held, lifted) == REVOKED
    assert judged(root, agency, held, lifted, at=AT + 2 * DAY) == SOUND


def test_a_lasting_revocation_is_not_lifted_by_a_newer_crl_that_dropped_it(
    root: Authority, agency: Identity
) -> None:
    before = root.crl([agency], this_update=AT - 3 * DAY, revoked_at=AT - 4 * DAY)
    assert judged(root, agency, before, root.crl()) == REVOKED


def test_remove_from_crl_is_no_revocation(root: Authority, agency: Identity) -> None:
    assert judged(root, agency, root.crl([agency], reason=x509.ReasonFlags.remove_from_crl)) == SOUND


def test_an_entry_with_a_foreign_critical_extension_is_the_worst_it_can_be(
    root: Authority, agency: Identity
) -> None:
    foreign = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    later = crl_of(root, entry(agency, AT + 2 * DAY, (foreign, True)))
    assert judged(root, agency, later) == REVOKED


# --- what covers


def test_no_crl_for_a_certificate_that_names_one_is_undecided(root: Authority, agency: Identity) -> None:
    assert judged(root, agency) == UNKNOWN


def test_no_crl_for_a_certificate_that_names_an_ocsp_responder_is_undecided(root: Authority) -> None:
    assert judged(root, root.issue("Agency", ocsp_url="http://ocsp.example")) == UNKNOWN


def test_a_certificate_without_any_revocation_source_is_sound_with_a_warning(root: Authority) -> None:
    silent = root.issue("Agency")
    assert judged(root, silent) == (Reason.SOUND, ("REVOCATION_NOT_CHECKED",))
    assert judged(root, silent, policy=REQUIRED) == UNKNOWN


def test_its_issuers_crl_counts_for_a_certificate_that_names_none(root: Authority) -> None:
    silent = root.issue("Agency")
    assert judged(root, silent, root.crl()) == SOUND
    assert judged(root, silent, root.crl([silent])) == REVOKED
    outdated = root.crl(this_update=AT - 2 * DAY, next_update=AT - DAY)
    assert judged(root, silent, outdated) == UNKNOWN


@pytest.mark.parametrize(("this_update", "next_update"), [(AT - 2 * DAY, AT - DAY), (AT + DAY, AT + 2 * DAY)])
def test_an_outdated_crl_and_one_not_yet_issued_cover_nothing(
    root: Authority, agency: Identity, this_update: datetime, next_update: datetime
) -> None:
    crl = root.crl(this_update=this_update, next_update=next_update)
    assert judged(root, agency, crl) == UNKNOWN


def test_a_crl_of_the_issuers_name_by_another_key_says_nothing(root: Authority, agency: Identity) -> None:
    impostor = authority()
    assert impostor.certificate.subject == root.certificate.subject
    assert judged(root, agency, impostor.crl()) == UNKNOWN
    assert judged(root, agency, impostor.crl([agency]), root.crl()) == SOUND


def test_a_crl_by_an_issuer_that_may_not_sign_crls_says_nothing(root: Authority) -> None:
    issuing = root.authority("Issuing", usage={"key_cert_sign"})
    assert judged(root, issuing.issue("Agency"), issuing.crl(), root.crl()) == UNKNOWN


def test_a_tampered_crl_says_nothing(root: Authority, agency: Identity) -> None:
    der = bytearray(root.crl().public_bytes(Encoding.DER))
    der[-1] ^= 1
    assert judged(root, agency, x509.load_der_x509_crl(bytes(der))) == UNKNOWN


def test_a_crl_whose_signature_is_not_whole_octets_says_nothing(root: Authority, agency: Identity) -> None:
    while (crl := root.crl()).signature[-1] & 1:
        pass
    der = bytearray(crl.public_bytes(Encoding.DER))
    der[-len(crl.signature) - 1] = 1
    assert judged(root, agency, x509.load_der_x509_crl(bytes(der))) == UNKNOWN


def test_a_delta_crl_says_nothing(root: Authority, agency: Identity) -> None:
    delta = root.crl([agency], extensions=[(x509.DeltaCRLIndicator(1), True)])
    assert judged(root, agency, delta) == UNKNOWN
    assert judged(root, agency, delta, root.crl()) == SOUND


def test_a_crl_with_an_unknown_critical_extension_says_nothing(root: Authority, agency: Identity) -> None:
    foreign = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert judged(root, agency, root.crl(extensions=[(foreign, True)])) == UNKNOWN
    assert judged(root, agency, root.crl(extensions=[(foreign, False)])) == SOUND


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"only_contains_user_certs": True}, SOUND),
        ({"only_contains_ca_certs": True}, UNKNOWN),
        ({"only_contains_attribute_certs": True}, UNKNOWN),
        ({"indirect_crl": True}, UNKNOWN),
        ({"only_some_reasons": frozenset({x509.ReasonFlags.key_compromise})}, UNKNOWN),
        ({"full_name": [x509.UniformResourceIdentifier(URL)]}, SOUND),
        ({"full_name": [x509.UniformResourceIdentifier("http://crl.example/part2.crl")]}, UNKNOWN),
    ],
)
def test_a_crl_covers_what_its_scope_takes_in(
    root: Authority, agency: Identity, scope: dict[str, object], expected: tuple[Reason, tuple[str, ...]]
) -> None:
    assert judged(root, agency, root.crl(extensions=[(point(**scope), True)])) == expected


def test_a_crl_for_ca_certificates_covers_the_intermediate(root: Authority) -> None:
    issuing = root.authority("Issuing", crl_url=URL)
    agency = issuing.issue("Agency")
    for_cas = root.crl(extensions=[(point(only_contains_ca_certs=True), True)])
    assert judged(root, agency, for_cas, issuing.crl()) == SOUND


def test_a_revoked_intermediate_ends_the_trust_below_it(root: Authority) -> None:
    issuing = root.authority("Issuing")
    agency = issuing.issue("Agency")
    assert judged(root, agency, root.crl([issuing]), issuing.crl()) == REVOKED


def test_every_certificate_below_the_anchor_needs_its_crl(root: Authority) -> None:
    issuing = root.authority("Issuing", crl_url=URL)
    agency = issuing.issue("Agency", crl_url=URL)
    assert judged(root, agency, root.crl()) == UNKNOWN
    assert judged(root, agency, issuing.crl()) == UNKNOWN
    assert judged(root, agency, root.crl(), issuing.crl()) == SOUND


def test_a_revoked_cross_certificate_does_not_hide_another_way(root: Authority) -> None:
    other = authority("Other Root")
    issuing = root.authority("Issuing")
    cross = cross_certificate(other, issuing)
    store = TrustStore.of(
        [root.certificate, other.certificate], [cross], [root.crl([issuing]), other.crl(), issuing.crl()]
    )
    agency = issuing.issue("Agency")
    result = store.judge(agency.certificate, at=AT, policy=REQUIRED, intermediates=agency.chain)
    assert isinstance(result, Chain)
    assert result.certificates == (agency.certificate, cross, other.certificate)


def test_a_sha1_crl_counts_under_the_legacy_switch_alone(root: Authority, agency: Identity) -> None:
    legacy = Policy(allow_legacy=True)
    silent, naming = sha1_crl(root, root.crl()), sha1_crl(root, root.crl([agency]))
    assert judged(root, agency, silent) == UNKNOWN
    assert judged(root, agency, silent, policy=legacy) == SOUND
    assert judged(root, agency, naming, policy=legacy) == REVOKED
    other = sha1_crl(authority(), authority().crl())
    assert judged(root, agency, other, policy=legacy) == UNKNOWN


# --- anchors


def test_an_anchor_needs_no_crl(root: Authority) -> None:
    agency = root.issue("Agency", crl_url=URL)
    store = TrustStore.of([agency.certificate])
    assert isinstance(store.judge(agency.certificate, at=AT, policy=REQUIRED), Chain)


def test_a_signer_that_is_an_anchor_is_refused_when_its_known_issuer_revoked_it(root: Authority) -> None:
    agency = root.issue("Agency")
    crl = root.crl([agency])
    known = TrustStore.of([agency.certificate, root.certificate], crls=[crl])
    result = known.judge(agency.certificate, at=AT, policy=DEFAULT_POLICY)
    assert not isinstance(result, Chain)
    assert result.reason is Reason.CERTIFICATE_REVOKED
    unknown = TrustStore.of([agency.certificate], crls=[crl])
    assert isinstance(unknown.judge(agency.certificate, at=AT, policy=DEFAULT_POLICY), Chain)


def test_a_root_revoked_by_its_own_crl_is_refused(root: Authority, agency: Identity) -> None:
    assert judged(root, agency, root.crl([root])) == REVOKED


# --- remembering


def test_a_judgement_is_not_remembered_past_a_crl(root: Authority, agency: Identity) -> None:
    later = root.crl([agency], this_update=AT + 2 * DAY, revoked_at=AT + DAY)
    store = TrustStore.of([root.certificate], crls=[root.crl(), later])

    def at(moment: datetime) -> object:
        result = store.judge(agency.certificate, at=moment, policy=DEFAULT_POLICY)
        return Reason.SOUND if isinstance(result, Chain) else result.reason

    assert at(AT) is Reason.SOUND
    assert at(AT + DAY - timedelta(seconds=1)) is Reason.SOUND
    assert at(AT + DAY) is Reason.CERTIFICATE_REVOKED
    assert at(AT - 2 * DAY) is Reason.REVOCATION_UNKNOWN
    assert at(AT) is Reason.SOUND


# --- how the CRLs of these tests are made


def entry(
    agency: Identity, revoked_at: datetime, *extensions: tuple[x509.ExtensionType, bool]
) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder(agency.certificate.serial_number, revoked_at)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.build()


def crl_of(
    issuer: Authority, line: x509.RevokedCertificate, *, this_update: datetime = AT - DAY
) -> x509.CertificateRevocationList:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(this_update)
        .next_update(AT + 9 * DAY)
        .add_revoked_certificate(line)
    )
    return builder.sign(issuer.key, hashes.SHA256())


def point(**scope: object) -> x509.IssuingDistributionPoint:
    nothing: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(nothing | scope))  # type: ignore[arg-type]


def cross_certificate(issuer: Authority, subject: Authority) -> x509.Certificate:
    return issuer.authority("Issuing", key=subject.key, usage=ISSUING).certificate


def sha1_crl(issuer: Authority, crl: x509.CertificateRevocationList) -> x509.CertificateRevocationList:
    """The same CRL signed over SHA-1, which `cryptography` reads but no longer makes."""
    made = asn1_crl.CertificateList.load(crl.public_bytes(Encoding.DER))
    algorithm = {"algorithm": "sha1_ecdsa"}
    made["tbs_cert_list"]["signature"] = algorithm
    made["signature_algorithm"] = algorithm
    assert isinstance(issuer.key, ec.EllipticCurvePrivateKey)
    made["signature"] = issuer.key.sign(made["tbs_cert_list"].dump(), ec.ECDSA(hashes.SHA1()))
    return x509.load_der_x509_crl(made.dump(force=True))
