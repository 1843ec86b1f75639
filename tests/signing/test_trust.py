"""Whom to trust: paths, rules and anchors."""

from __future__ import annotations

import ipaddress
import threading
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from signing.policy import DEFAULT_POLICY, Policy
from signing.trust import Chain, TrustStore
from signing.verdict import Reason, Refused
from tests.pki import AT, Identity, authority, self_signed

LEGACY = Policy(allow_legacy=True)


def reason_of(
    store: TrustStore,
    signer: Identity | x509.Certificate,
    *,
    at: datetime = AT,
    policy: Policy = DEFAULT_POLICY,
) -> Reason:
    certificate, helpers = (
        (signer.certificate, signer.chain) if isinstance(signer, Identity) else (signer, ())
    )
    judged = store.judge(certificate, at=at, policy=policy, intermediates=helpers)
    return Reason.SOUND if isinstance(judged, Chain) else judged.reason


def signed_by(
    issuer: Identity,
    subject: Identity,
    *,
    digest: hashes.HashAlgorithm | None = None,
    keep_extensions: bool = True,
) -> x509.Certificate:
    """`subject`'s certificate as `issuer` would have issued it: same name, key and extensions."""
    source = subject.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(source.subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(source.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(source.not_valid_before_utc)
        .not_valid_after(source.not_valid_after_utc)
    )
    for extension in source.extensions if keep_extensions else ():
        if not isinstance(extension.value, x509.AuthorityKeyIdentifier):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(issuer.key, digest or hashes.SHA256())


def sha1_certificate(issuer: Identity) -> x509.Certificate:
    """An agency's certificate signed over SHA-1, which `cryptography` reads but no longer makes."""
    made = asn1.Certificate.load(
        signed_by(issuer, self_signed("Old agency")).public_bytes(serialization.Encoding.DER)
    )
    algorithm = {"algorithm": "sha1_ecdsa"}
    made["tbs_certificate"]["signature"] = algorithm
    made["signature_algorithm"] = algorithm
    assert isinstance(issuer.key, ec.EllipticCurvePrivateKey)
    made["signature_value"] = issuer.key.sign(made["tbs_certificate"].dump(), ec.ECDSA(hashes.SHA1()))
    return x509.load_der_x509_certificate(made.dump(force=True))


# --- paths and anchors


def test_a_chain_through_an_intermediate_from_the_message_holds() -> None:
    root = authority()
    issuing = root.authority("Issuing", path_length=0)
    agency = issuing.issue("Agency")
    judged = TrustStore.of([root.certificate]).judge(
        agency.certificate, at=AT, policy=DEFAULT_POLICY, intermediates=agency.chain
    )
    assert isinstance(judged, Chain)
    assert judged.certificates == (agency.certificate, issuing.certificate, root.certificate)
    assert judged.warnings == ("REVOCATION_NOT_CHECKED",)


def test_a_chain_through_an_intermediate_from_the_store_holds() -> None:
    root = authority()
    issuing = root.authority("Issuing")
    agency = issuing.issue("Agency").certificate
    assert reason_of(TrustStore.of([root.certificate], [issuing.certificate]), agency) is Reason.SOUND


def test_without_the_intermediate_the_signer_is_untrusted() -> None:
    root = authority()
    agency = root.authority("Issuing").issue("Agency").certificate
    assert reason_of(TrustStore.of([root.certificate]), agency) is Reason.UNTRUSTED_SIGNER


def test_an_intermediate_alone_may_be_the_anchor() -> None:
    issuing = authority().authority("Issuing")
    assert reason_of(TrustStore.of([issuing.certificate]), issuing.issue("Agency")) is Reason.SOUND


def test_a_helper_is_never_an_anchor() -> None:
    stranger = authority("Stranger Root")
    agency = stranger.issue("Agency").certificate
    judged = TrustStore.of([authority().certificate]).judge(
        agency, at=AT, policy=DEFAULT_POLICY, intermediates=[stranger.certificate]
    )
    assert isinstance(judged, Refused)
    assert judged.reason is Reason.UNTRUSTED_SIGNER
    assert judged.certificate == agency


def test_a_root_of_the_same_name_with_another_key_proves_nothing() -> None:
    agency = authority("Test Root").issue("Agency")
    assert reason_of(TrustStore.of([authority("Test Root").certificate]), agency) is Reason.UNTRUSTED_SIGNER


def test_an_empty_store_trusts_nobody() -> None:
    assert reason_of(TrustStore.of([]), self_signed()) is Reason.UNTRUSTED_SIGNER


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_a_self_signed_signer_may_be_its_own_anchor(kind: str) -> None:
    signer = self_signed(key=kind)
    judged = TrustStore.of([signer.certificate]).judge(signer.certificate, at=AT, policy=DEFAULT_POLICY)
    assert judged == Chain(certificates=(signer.certificate,))


def test_an_issued_end_certificate_may_be_its_own_anchor() -> None:
    signer = authority().authority("Issuing").issue("Agency").certificate
    assert reason_of(TrustStore.of([signer]), signer) is Reason.SOUND


def test_an_end_certificate_as_anchor_vouches_for_nobody_else() -> None:
    anchor = authority().issue("Agency", usage=None)
    forged = signed_by(anchor, self_signed("Other agency"))
    assert reason_of(TrustStore.of([anchor.certificate]), forged) is Reason.CHAIN_INVALID


def test_a_copy_of_an_anchor_with_other_bytes_is_no_anchor() -> None:
    signer = self_signed()
    again = signed_by(signer, signer)
    assert reason_of(TrustStore.of([signer.certificate]), again) is not Reason.SOUND


def test_the_way_over_a_cross_certificate_is_found_when_the_first_has_expired() -> None:
    old, new = authority("Old Root", not_after=AT - timedelta(days=1)), authority("New Root")
    issuing = old.authority("Issuing")
    cross = signed_by(new, issuing)
    agency = issuing.issue("Agency")
    assert reason_of(TrustStore.of([old.certificate]), agency) is Reason.CERTIFICATE_EXPIRED
    store = TrustStore.of([old.certificate, new.certificate], [cross])
    assert reason_of(store, agency) is Reason.SOUND


def test_intermediates_that_certify_each_other_in_a_loop_end() -> None:
    first, second = authority("First"), authority("Second")
    loop = [signed_by(first, second), signed_by(second, first)]
    agency = first.issue("Agency").certificate
    assert reason_of(TrustStore.of([authority().certificate], loop), agency) is Reason.UNTRUSTED_SIGNER


def test_a_thicket_of_cross_certificates_is_given_up() -> None:
    thicket = [authority(f"CA {n}") for n in range(8)]
    helpers = [signed_by(a, b) for a in thicket for b in thicket if a is not b]
    store = TrustStore.of([authority().certificate], helpers)
    assert reason_of(store, thicket[0].issue("Agency").certificate) is Reason.CHAIN_INVALID


def test_a_chain_longer_than_any_honest_one_is_not_followed() -> None:
    root = authority()
    issuing = root
    for depth in range(7):
        issuing = issuing.authority(f"CA {depth}")
    store = TrustStore.of([root.certificate])
    assert reason_of(store, issuing) is Reason.KEY_USAGE_FORBIDDEN
    assert reason_of(store, issuing.issue("Agency")) is Reason.UNTRUSTED_SIGNER


# --- validity


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-11, Reason.CERTIFICATE_NOT_YET_VALID), (0, Reason.SOUND), (11, Reason.CERTIFICATE_EXPIRED)],
)
def test_a_certificate_is_judged_at_the_time_given(days: int, expected: Reason) -> None:
    root = authority()
    agency = root.issue("Agency", not_before=AT - timedelta(days=10), not_after=AT + timedelta(days=10))
    assert reason_of(TrustStore.of([root.certificate]), agency, at=AT + timedelta(days=days)) is expected


def test_validity_includes_both_its_ends() -> None:
    root = authority()
    start, end = AT - timedelta(days=1), AT + timedelta(days=1)
    agency = root.issue("Agency", not_before=start, not_after=end)
    store = TrustStore.of([root.certificate])
    moment = timedelta(microseconds=1)
    assert reason_of(store, agency, at=start) is Reason.SOUND
    assert reason_of(store, agency, at=end) is Reason.SOUND
    assert reason_of(store, agency, at=start - moment) is Reason.CERTIFICATE_NOT_YET_VALID
    assert reason_of(store, agency, at=end + moment) is Reason.CERTIFICATE_EXPIRED


@pytest.mark.parametrize("which", ["root", "intermediate", "anchored signer"])
def test_whatever_expired_in_a_chain_ends_it_but_not_for_earlier_documents(which: str) -> None:
    soon, late = AT + timedelta(days=1), datetime(2040, 1, 1, tzinfo=UTC)
    root = authority(not_after=soon if which == "root" else late)
    issuing = root.authority("Issuing", not_after=soon if which == "intermediate" else late)
    agency = issuing.issue("Agency", not_after=soon if which == "anchored signer" else late)
    store = TrustStore.of([agency.certificate if which == "anchored signer" else root.certificate])
    assert reason_of(store, agency) is Reason.SOUND
    assert reason_of(store, agency, at=AT + timedelta(days=2)) is Reason.CERTIFICATE_EXPIRED


def test_a_naive_time_is_a_mistake_of_the_caller() -> None:
    root = authority()
    with pytest.raises(ValueError, match="aware"):
        reason_of(TrustStore.of([root.certificate]), root.issue("Agency"), at=AT.replace(tzinfo=None))


# --- the rules of a path


def test_an_issuer_without_the_ca_bit_is_refused() -> None:
    root = authority()
    agency = root.authority("No CA", ca=False).issue("Agency")
    assert reason_of(TrustStore.of([root.certificate]), agency) is Reason.CHAIN_INVALID


def test_an_issuer_without_basic_constraints_is_refused() -> None:
    root = authority()
    issuing = root.authority("Issuing")
    bare = signed_by(root, issuing, keep_extensions=False)
    agency = issuing.issue("Agency").certificate
    assert reason_of(TrustStore.of([root.certificate], [bare]), agency) is Reason.CHAIN_INVALID


def test_an_issuer_that_may_not_sign_certificates_is_refused() -> None:
    root = authority()
    agency = root.authority("Issuing", usage={"crl_sign"}).issue("Agency")
    assert reason_of(TrustStore.of([root.certificate]), agency) is Reason.CHAIN_INVALID


@pytest.mark.parametrize("of_root", [True, False])
def test_a_path_length_exceeded_is_refused(of_root: bool) -> None:
    root = authority(path_length=0 if of_root else None)
    first = root.authority("First", path_length=None if of_root else 0)
    store = TrustStore.of([root.certificate])
    within = root if of_root else first
    assert reason_of(store, within.issue("Agency")) is Reason.SOUND
    assert reason_of(store, within.authority("One too many").issue("Agency")) is Reason.CHAIN_INVALID


def directory(**parts: str) -> x509.DirectoryName:
    oids = {"country": NameOID.COUNTRY_NAME, "organization": NameOID.ORGANIZATION_NAME}
    return x509.DirectoryName(x509.Name([x509.NameAttribute(oids[k], v) for k, v in parts.items()]))


def test_a_subject_outside_the_permitted_names_is_refused() -> None:
    root = authority()
    issuing = root.authority("Issuing", permitted=[directory(country="VN", organization="Ministry")])
    store = TrustStore.of([root.certificate])
    assert reason_of(store, issuing.issue("Agency", organization="Ministry")) is Reason.SOUND
    assert reason_of(store, issuing.issue("Agency", organization="Another")) is Reason.CHAIN_INVALID


def test_an_excluded_subject_is_refused() -> None:
    root = authority()
    issuing = root.authority("Issuing", excluded=[directory(country="VN", organization="Closed")])
    store = TrustStore.of([root.certificate])
    assert reason_of(store, issuing.issue("Agency", organization="Open")) is Reason.SOUND
    assert reason_of(store, issuing.issue("Agency", organization="Closed")) is Reason.CHAIN_INVALID


def test_a_name_constraint_binds_every_level_below_and_alternative_names_too() -> None:
    root = authority()
    issuing = root.authority("Issuing", permitted=[x509.DNSName("gov.example")])
    below = issuing.authority("Below")
    store = TrustStore.of([root.certificate])
    assert reason_of(store, below.issue("Agency", dns=["a.gov.example"])) is Reason.SOUND
    assert reason_of(store, below.issue("Agency", dns=["a.example"])) is Reason.CHAIN_INVALID
    assert reason_of(store, below.issue("Agency")) is Reason.SOUND


def test_the_anchors_own_name_constraints_bind_and_leave_other_kinds_of_name_alone() -> None:
    anchor = authority().authority(
        "Issuing",
        permitted=[directory(country="VN", organization="Ministry")],
        excluded=[x509.DNSName("closed.example")],
    )
    store = TrustStore.of([anchor.certificate])
    assert reason_of(store, anchor.issue("A", organization="Ministry", dns=["a.example"])) is Reason.SOUND
    assert reason_of(store, anchor.issue("A", organization="Another")) is Reason.CHAIN_INVALID
    closed = anchor.issue("A", organization="Ministry", dns=["x.closed.example"])
    assert reason_of(store, closed) is Reason.CHAIN_INVALID


def test_a_constraint_that_cannot_be_judged_is_refused() -> None:
    root = authority()
    issuing = root.authority("Issuing", permitted=[x509.IPAddress(ipaddress.ip_network("10.0.0.0/8"))])
    store = TrustStore.of([root.certificate])
    assert reason_of(store, issuing.issue("Agency")) is Reason.SOUND
    assert reason_of(store, issuing.issue("Agency", ips=["10.0.0.1"])) is Reason.CHAIN_INVALID


UNKNOWN = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5.6"), b"\x05\x00"), True)


@pytest.mark.parametrize("anchored", [True, False])
def test_an_unknown_critical_extension_is_refused(anchored: bool) -> None:
    root = authority()
    agency = root.issue("Agency", extensions=[UNKNOWN])
    store = TrustStore.of([agency.certificate if anchored else root.certificate])
    assert reason_of(store, agency) is Reason.CHAIN_INVALID


def test_an_unknown_extension_that_is_not_critical_is_passed_over() -> None:
    root = authority()
    agency = root.issue("Agency", extensions=[(UNKNOWN[0], False)])
    assert reason_of(TrustStore.of([root.certificate]), agency) is Reason.SOUND


def test_an_extension_that_cannot_be_read_is_refused() -> None:
    root = authority()
    broken = x509.UnrecognizedExtension(x509.oid.ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x05junk")
    agency = root.issue("Agency", extensions=[(broken, False)])
    assert reason_of(TrustStore.of([root.certificate]), agency) is Reason.CHAIN_INVALID


# --- what the signer's key is for


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"digital_signature"}, Reason.SOUND),
        ({"content_commitment"}, Reason.SOUND),
        (None, Reason.SOUND),
        ({"key_encipherment"}, Reason.KEY_USAGE_FORBIDDEN),
        ({"key_cert_sign", "crl_sign"}, Reason.KEY_USAGE_FORBIDDEN),
    ],
)
def test_the_key_usage_must_allow_signing(usage: set[str] | None, expected: Reason) -> None:
    root = authority()
    agency = root.issue("Agency", usage=usage)
    assert reason_of(TrustStore.of([root.certificate]), agency) is expected
    assert reason_of(TrustStore.of([agency.certificate]), agency) is expected


@pytest.mark.parametrize(
    ("purposes", "expected"),
    [
        ([ExtendedKeyUsageOID.SERVER_AUTH], Reason.KEY_USAGE_FORBIDDEN),
        ([ExtendedKeyUsageOID.OCSP_SIGNING], Reason.KEY_USAGE_FORBIDDEN),
        ([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH], Reason.SOUND),
        ([ExtendedKeyUsageOID.EMAIL_PROTECTION], Reason.SOUND),
    ],
)
def test_a_certificate_for_machines_alone_seals_no_document(
    purposes: list[x509.ObjectIdentifier], expected: Reason
) -> None:
    root = authority()
    assert reason_of(TrustStore.of([root.certificate]), root.issue("Agency", extended=purposes)) is expected


# --- algorithms


def test_a_sha1_certificate_is_refused_but_under_the_legacy_switch() -> None:
    root = authority()
    agency = sha1_certificate(root)
    store = TrustStore.of([root.certificate])
    assert reason_of(store, agency) is Reason.LEGACY_ALGORITHM
    judged = store.judge(agency, at=AT, policy=LEGACY)
    assert isinstance(judged, Chain)
    assert "LEGACY_ALGORITHM" in judged.warnings


def test_how_an_anchor_was_signed_does_not_matter() -> None:
    agency = sha1_certificate(authority())
    judged = TrustStore.of([agency]).judge(agency, at=AT, policy=LEGACY)
    assert judged == Chain(certificates=(agency,))
    assert reason_of(TrustStore.of([agency]), agency) is Reason.SOUND


@pytest.mark.parametrize(
    ("key", "strict", "legacy"),
    [
        ("rsa2048", Reason.SOUND, Reason.SOUND),
        ("rsa1024", Reason.KEY_TOO_WEAK, Reason.SOUND),
        ("p521", Reason.SOUND, Reason.SOUND),
        ("k256", Reason.KEY_TOO_WEAK, Reason.KEY_TOO_WEAK),
        ("ed25519", Reason.KEY_TOO_WEAK, Reason.KEY_TOO_WEAK),
    ],
)
@pytest.mark.parametrize("place", ["signer", "issuer"])
def test_weak_keys_are_refused_anywhere_in_the_chain(
    key: str, strict: Reason, legacy: Reason, place: str
) -> None:
    root = authority()
    issuing = root.authority("Issuing", key=key if place == "issuer" else "p256")
    agency = issuing.issue("Agency", key=key if place == "signer" else "p256")
    store = TrustStore.of([root.certificate])
    assert reason_of(store, agency) is strict
    assert reason_of(store, agency, policy=LEGACY) is legacy


# --- remembering


def test_a_chain_is_remembered_only_for_as_long_as_it_holds() -> None:
    root = authority()
    agency = root.issue("Agency", not_after=AT + timedelta(days=1))
    store = TrustStore.of([root.certificate])
    assert reason_of(store, agency) is Reason.SOUND
    assert reason_of(store, agency, at=AT + timedelta(days=2)) is Reason.CERTIFICATE_EXPIRED
    assert reason_of(store, agency, at=AT - timedelta(days=4000)) is Reason.CERTIFICATE_NOT_YET_VALID
    assert reason_of(store, agency) is Reason.SOUND


def test_a_chain_is_remembered_for_its_policy_and_its_helpers_alone() -> None:
    root = authority()
    agency = root.authority("Issuing").issue("Agency", key="rsa1024")
    store = TrustStore.of([root.certificate])
    assert reason_of(store, agency, policy=LEGACY) is Reason.SOUND
    assert reason_of(store, agency) is Reason.KEY_TOO_WEAK
    assert reason_of(store, agency.certificate, policy=LEGACY) is Reason.UNTRUSTED_SIGNER


def test_judging_again_gives_the_very_chain_found_before() -> None:
    root = authority()
    agency = root.issue("Agency").certificate
    copy = x509.load_pem_x509_certificate(Identity(certificate=agency, key=root.key).certificate_pem)
    store = TrustStore.of([root.certificate])
    first = store.judge(agency, at=AT, policy=DEFAULT_POLICY)
    assert store.judge(copy, at=AT + timedelta(days=1), policy=DEFAULT_POLICY) is first


def test_a_certificate_with_anothers_signature_borrows_no_judgement() -> None:
    root = authority()
    agency = root.issue("Agency").certificate
    store = TrustStore.of([root.certificate])
    assert reason_of(store, agency) is Reason.SOUND
    made = asn1.Certificate.load(agency.public_bytes(serialization.Encoding.DER))
    made["tbs_certificate"]["subject"] = asn1.Name.build({"common_name": "Another"})
    forged = x509.load_der_x509_certificate(made.dump(force=True))
    assert forged.signature == agency.signature
    assert reason_of(store, forged) is Reason.UNTRUSTED_SIGNER


def test_many_threads_judge_alike() -> None:
    root = authority()
    sound = [root.issue(f"Agency {n}") for n in range(4)]
    wrong = [authority().issue(f"Agency {n}") for n in range(4)]
    store = TrustStore.of([root.certificate])
    seen: list[tuple[bool, Reason]] = []

    def judge_all() -> None:
        for _ in range(3):
            seen.extend((True, reason_of(store, s)) for s in sound)
            seen.extend((False, reason_of(store, s)) for s in wrong)

    threads = [threading.Thread(target=judge_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4 * 3 * 8
    assert set(seen) == {(True, Reason.SOUND), (False, Reason.UNTRUSTED_SIGNER)}
