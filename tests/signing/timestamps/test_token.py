"""Time-stamps: a right one is sound, and what can be wrong with one is refused by its own reason."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.policy import Policy, Revocation
from signing.structure import Breach
from signing.timestamps import Imprint, NotGranted, Timestamp, request, token_of, verify_token
from signing.trust import TrustStore
from signing.verdict import Reason
from tests.engines import require
from tests.pki import AT, authority
from tests.signing.timestamps.stage import (
    CONTENT,
    NONCE,
    POLICY,
    STAMPING,
    asked,
    forged,
    issuing,
    judged,
    openssl_response,
    root,
    trust,
    tsa,
    tsa_of,
)

DAY = timedelta(days=1)
SERVER = ExtendedKeyUsageOID.SERVER_AUTH


# --- right ones


@pytest.mark.parametrize(
    ("imprint", "signed", "key", "ess"),
    [
        ("sha256", "sha256", "p256", "sha256"),
        ("sha384", "sha512", "p384", "sha384"),
        ("sha512", "sha384", "rsa2048", "sha512"),
        ("sha256", "sha256", "rsa2048", "sha1"),
    ],
)
def test_what_openssl_stamps_is_sound(imprint: str, signed: str, key: str, ess: str, tmp_path: Path) -> None:
    query = asked(digest=imprint)
    before = datetime.now(UTC)
    token = token_of(openssl_response(tmp_path, query, by=tsa(key), digest=signed, ess=ess))
    now = datetime.now(UTC)
    stamp = verify_token(token, content=CONTENT, request=query, trust=trust(), at=now, not_before=before)
    assert isinstance(stamp, Timestamp), stamp
    assert before - timedelta(seconds=1) <= stamp.at <= now
    assert stamp.accuracy == timedelta(seconds=1.5)
    assert stamp.latest - stamp.earliest == timedelta(seconds=3)
    assert (stamp.policy, stamp.serial, stamp.imprint) == (POLICY, 2, Imprint.of(CONTENT, imprint))
    assert stamp.chain == (tsa(key).certificate, issuing().certificate, root().certificate)
    assert ("LEGACY_ALGORITHM" in stamp.warnings) is (ess == "sha1")


def test_the_forger_makes_sound_tokens_when_nothing_is_wrong() -> None:
    assert judged(forged(), request=asked()) is Reason.SOUND
    assert judged(forged(by=tsa("rsa2048"), ess=("v1", "v2"))) is Reason.SOUND
    assert judged(forged(), Imprint.of(CONTENT)) is Reason.SOUND


def test_a_token_is_judged_at_its_own_time_however_old_it_is() -> None:
    brief = tsa_of(issuing(), not_before=AT - DAY, not_after=AT + DAY)
    assert judged(forged(by=brief), at=AT + 3650 * DAY) is Reason.SOUND


def test_fractions_of_seconds_are_read() -> None:
    stamp = verify_token(
        forged(at=AT + timedelta(milliseconds=250), info={"accuracy": {"millis": 5, "micros": 7}}),
        content=CONTENT,
        trust=trust(),
        at=AT,
    )
    assert isinstance(stamp, Timestamp)
    assert stamp.at == AT + timedelta(milliseconds=250)
    assert stamp.accuracy == timedelta(microseconds=5007)


def test_what_is_sound_here_is_right_under_openssl(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes(root().certificate_pem)
    (tmp_path / "content").write_bytes(CONTENT)
    command = [require("openssl"), "ts", "-verify", "-token_in", "-in", "token.der", "-CAfile", "root.pem"]
    command += ["-attime", str(int(AT.timestamp())), "-data"]
    for token in (forged(), forged(by=tsa("rsa2048"), ess=("v1", "v2")), forged(ess=("v1",))):
        (tmp_path / "token.der").write_bytes(token)
        done = subprocess.run([*command, "content"], cwd=tmp_path, capture_output=True, text=True)
        assert "Verification: OK" in done.stdout, done.stderr
        other = subprocess.run([*command, "root.pem"], cwd=tmp_path, capture_output=True, text=True)
        assert "message imprint mismatch" in other.stderr


# --- what it is about


def test_a_token_for_another_imprint_is_refused() -> None:
    assert judged(forged(b"something else")) is Reason.TIMESTAMP_IMPRINT_MISMATCH
    assert judged(forged(), Imprint.of(CONTENT, "sha384")) is Reason.TIMESTAMP_IMPRINT_MISMATCH
    other = request(Imprint.of(b"something else"), nonce=NONCE)
    assert judged(forged(), request=other) is Reason.TIMESTAMP_IMPRINT_MISMATCH


@pytest.mark.parametrize("nonce", [NONCE + 1, None])
def test_a_token_that_answers_another_request_is_refused(nonce: int | None) -> None:
    replayed = forged(info={"nonce": nonce})
    assert judged(replayed, request=asked()) is Reason.TIMESTAMP_NONCE_MISMATCH
    assert judged(replayed) is Reason.SOUND


def test_a_policy_that_was_not_asked_for_or_is_not_accepted_is_refused() -> None:
    assert judged(forged(), request=asked(policy="1.2.3.4.2")) is Reason.TIMESTAMP_POLICY_FORBIDDEN
    assert judged(forged(), policies=frozenset({"1.2.3.4.2"})) is Reason.TIMESTAMP_POLICY_FORBIDDEN
    assert judged(forged(), request=asked(policy=POLICY), policies=frozenset({POLICY})) is Reason.SOUND


def test_a_backdated_token_is_refused() -> None:
    assert judged(forged(at=AT - DAY), not_before=AT) is Reason.TIMESTAMP_BACKDATED
    assert judged(forged(at=AT - DAY), not_before=AT - 2 * DAY) is Reason.SOUND


def test_a_clock_that_differs_a_little_is_no_backdating() -> None:
    assert judged(forged(at=AT - timedelta(minutes=4)), not_before=AT) is Reason.SOUND
    assert judged(forged(at=AT - timedelta(minutes=6)), not_before=AT) is Reason.TIMESTAMP_BACKDATED


def test_a_token_from_the_future_is_refused() -> None:
    assert judged(forged(at=AT + DAY)) is Reason.TIMESTAMP_IN_FUTURE
    assert judged(forged(at=AT + timedelta(minutes=4))) is Reason.SOUND


# --- which certificate


def test_a_token_without_an_ess_cert_id_is_refused() -> None:
    assert judged(forged(ess=())) is Reason.TSA_CERTIFICATE_UNBOUND


@pytest.mark.parametrize("ess", [("v2",), ("v1",), ("v1", "v2")])
def test_an_ess_cert_id_of_another_certificate_is_refused(ess: tuple[str, ...]) -> None:
    same_key = issuing().issue("Other name", key=tsa().key, extensions=[(STAMPING, True)])
    assert judged(forged(ess=ess, named=same_key.certificate)) is Reason.TSA_CERTIFICATE_MISMATCH


def test_a_right_ess_cert_id_does_not_outweigh_a_wrong_one() -> None:
    wrong = tsp.SigningCertificate({"certs": [{"cert_hash": b"\0" * 20}]})
    token = forged(attributes=lambda found: [*found, {"type": "signing_certificate", "values": [wrong]}])
    assert judged(token) is Reason.TSA_CERTIFICATE_MISMATCH


@pytest.mark.parametrize("field", ["issuer", "serial_number"])
def test_an_ess_cert_id_with_another_issuer_or_serial_is_refused(field: str) -> None:
    def changed(found: list[dict[str, object]]) -> list[dict[str, object]]:
        attribute: Any = found[-1]["values"][0]  # type: ignore[index]
        name = asn1.Certificate.load(root().certificate.public_bytes(Encoding.DER)).subject
        other = {"issuer": [asn1.GeneralName("directory_name", name)], "serial_number": 1}
        attribute["certs"][0]["issuer_serial"][field] = other[field]
        return found

    assert judged(forged(attributes=changed)) is Reason.TSA_CERTIFICATE_MISMATCH


def test_an_ess_cert_id_v2_by_sha1_is_refused() -> None:
    def weak(found: list[dict[str, object]]) -> list[dict[str, object]]:
        identifier = {"hash_algorithm": {"algorithm": "sha1"}, "cert_hash": b"\0" * 20}
        return [*found[:2], {"type": "signing_certificate_v2", "values": [{"certs": [identifier]}]}]

    assert judged(forged(attributes=weak)) is Reason.TIMESTAMP_ALGORITHM_FORBIDDEN


def test_a_token_without_its_certificate_is_refused() -> None:
    assert judged(forged(certificates=[issuing().certificate])) is Reason.TSA_CERTIFICATE_MISSING
    assert judged(forged(certificates=[])) is Reason.TSA_CERTIFICATE_MISSING


def test_an_authority_that_gives_itself_another_name_is_refused() -> None:
    name = asn1.GeneralName("directory_name", asn1.Name.build({"common_name": "Somebody else"}))
    assert judged(forged(info={"tsa": name})) is Reason.TSA_CERTIFICATE_MISMATCH


# --- whom to trust with time


def test_an_untrusted_authority_is_refused() -> None:
    stranger = tsa_of(authority("Time Root"))
    assert judged(forged(by=stranger)) is Reason.TSA_UNTRUSTED


def test_a_token_by_a_certificate_that_did_not_hold_at_its_time_is_refused() -> None:
    expired = tsa_of(issuing(), not_before=AT - 2 * DAY, not_after=AT - DAY)
    assert judged(forged(by=expired)) is Reason.TSA_CERTIFICATE_EXPIRED
    coming = tsa_of(issuing(), not_before=AT + DAY)
    assert judged(forged(by=coming)) is Reason.TSA_CERTIFICATE_EXPIRED


@pytest.mark.parametrize(
    "unfit",
    [
        lambda: tsa_of(issuing(), usage=None),
        lambda: tsa_of(issuing(), critical=False),
        lambda: tsa_of(issuing(), usage=x509.ExtendedKeyUsage([SERVER])),
        lambda: tsa_of(issuing(), usage=x509.ExtendedKeyUsage([*STAMPING, SERVER])),
        lambda: tsa_of(issuing(), usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])),
        lambda: issuing().issue("TSA", usage={"key_encipherment"}, extensions=[(STAMPING, True)]),
    ],
    ids=["none", "not critical", "server", "also server", "any", "key usage"],
)
def test_a_certificate_not_for_time_stamping_alone_is_refused(unfit: object) -> None:
    assert judged(forged(by=unfit())) is Reason.TSA_CERTIFICATE_UNFIT  # type: ignore[operator]


def test_a_revoked_authority_is_refused_and_one_not_known_is_undecided() -> None:
    named = tsa_of(root(), crl_url="http://crl.example/time.crl")
    store = TrustStore.of([root().certificate], crls=[root().crl([named])])
    assert judged(forged(by=named), trust=store) is Reason.TSA_CERTIFICATE_REVOKED
    assert judged(forged(by=named)) is Reason.REVOCATION_UNKNOWN
    good = TrustStore.of([root().certificate], crls=[root().crl()])
    assert judged(forged(by=named), trust=good, policy=Policy(revocation=Revocation.REQUIRED)) is Reason.SOUND


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (x509.ReasonFlags.superseded, Reason.SOUND),
        (x509.ReasonFlags.cessation_of_operation, Reason.SOUND),
        (x509.ReasonFlags.key_compromise, Reason.TSA_CERTIFICATE_REVOKED),
        (None, Reason.TSA_CERTIFICATE_REVOKED),
    ],
)
def test_time_stamps_from_before_a_revocation_stand_when_the_authority_says_why(
    reason: x509.ReasonFlags | None, expected: Reason
) -> None:
    named = tsa_of(root())
    later = root().crl(
        [named], this_update=AT + 2 * DAY, next_update=AT + 9 * DAY, revoked_at=AT + DAY, reason=reason
    )
    store = TrustStore.of([root().certificate], crls=[root().crl(), later])
    assert judged(forged(by=named), trust=store, at=AT + 3 * DAY) is expected


def test_a_key_that_is_too_weak_is_refused_even_under_the_legacy_switch() -> None:
    weak = tsa_of(root(), key="rsa1024")
    assert judged(forged(by=weak), policy=Policy(allow_legacy=True)) is Reason.TIMESTAMP_ALGORITHM_FORBIDDEN


def test_a_wrong_time_outweighs_what_is_undecided() -> None:
    named = tsa_of(root(), crl_url="http://crl.example/time.crl")
    assert judged(forged(by=named, at=AT - DAY), not_before=AT) is Reason.TIMESTAMP_BACKDATED


# --- the mathematics


def test_a_signature_over_something_else_is_refused() -> None:
    assert judged(forged(signed=lambda data: data + b"x")) is Reason.TIMESTAMP_SIGNATURE_INVALID


def test_a_content_other_than_the_one_digested_is_refused() -> None:
    def other(found: list[dict[str, object]]) -> list[dict[str, object]]:
        return [found[0], {"type": "message_digest", "values": [b"\0" * 32]}, *found[2:]]

    assert judged(forged(attributes=other)) is Reason.TIMESTAMP_SIGNATURE_INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {"digest_algorithm": {"algorithm": "sha1"}},
        {"signature_algorithm": {"algorithm": "sha1_ecdsa"}},
        {"signature_algorithm": {"algorithm": "sha384_ecdsa"}},
        {"signature_algorithm": {"algorithm": "sha256_rsa"}},
        {"signature_algorithm": {"algorithm": "sha256_dsa"}},
    ],
    ids=str,
)
def test_an_algorithm_that_is_not_accepted_is_refused(changes: dict[str, dict[str, str]]) -> None:
    announced = [changes.get("digest_algorithm", {"algorithm": "sha256"})]
    token = forged(signer=changes, data={"digest_algorithms": announced})
    assert judged(token) is Reason.TIMESTAMP_ALGORITHM_FORBIDDEN


def test_an_imprint_by_sha1_is_refused_even_under_the_legacy_switch() -> None:
    assert (
        judged(forged(digest="sha1"), policy=Policy(allow_legacy=True))
        is Reason.TIMESTAMP_ALGORITHM_FORBIDDEN
    )


# --- the form


def test_bytes_behind_the_token_are_refused() -> None:
    assert judged(forged() + b"\0") is Reason.TIMESTAMP_TRAILING_BYTES


def parsed(token: bytes) -> cms.ContentInfo:
    return cms.ContentInfo.load(token)


MALFORMED: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "cut": lambda: forged()[:-1],
    "no CMS": lambda: b"\x30\x03\x02\x01\x05",
    "other content": lambda: bytes(cms.ContentInfo({"content_type": "data", "content": b"x"}).dump()),
    "version": lambda: forged(data={"version": "v1"}),
    "two signers": lambda: forged(data={"signer_infos": [*parsed(forged())["content"]["signer_infos"]] * 2}),
    "no signer": lambda: forged(data={"signer_infos": []}),
    "two content types": lambda: forged(attributes=lambda found: [*found, found[0]]),
    "no content type": lambda: forged(attributes=lambda found: found[1:]),
    "no message digest": lambda: forged(attributes=lambda found: [found[0], *found[2:]]),
    "content type is data": lambda: forged(
        attributes=lambda found: [{"type": "content_type", "values": ["data"]}, *found[1:]]
    ),
    "TSTInfo version": lambda: forged(info={"version": "v0"}),
    "accuracy": lambda: forged(info={"accuracy": {"seconds": 10**30}}),
    "critical extension": lambda: forged(
        info={"extensions": [{"extn_id": "1.2.3.4", "critical": True, "extn_value": b"\x05\x00"}]}
    ),
    "announced digest": lambda: forged(data={"digest_algorithms": [{"algorithm": "sha512"}]}),
    "too large": lambda: forged() + b"\0" * (1 << 20),
    "indefinite length": lambda: b"\x30\x80" + forged()[4:] + b"\0\0",
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_no_token_is_refused_as_malformed(case: str) -> None:
    assert judged(MALFORMED[case]()) is Reason.TIMESTAMP_MALFORMED


def test_bytes_behind_the_tst_info_are_refused() -> None:
    inside = parsed(forged())["content"]["encap_content_info"]["content"].native
    assert inside
    held = bytes(parsed(forged())["content"]["encap_content_info"]["content"]) + b"\0"
    encapsulated = {"content_type": "tst_info", "content": cms.ParsableOctetString(held)}
    assert judged(forged(data={"encap_content_info": encapsulated})) is Reason.TIMESTAMP_TRAILING_BYTES


@pytest.mark.parametrize(
    "written", [b"20260302030000", b"202603020300Z", b"20260302030000.50Z", b"20261302030000Z"]
)
def test_a_time_that_is_not_written_as_the_standard_has_it_is_refused(written: bytes) -> None:
    right = b"20260302030000.125Z"
    moment = AT + timedelta(milliseconds=125)
    token = forged(at=moment)
    assert right in token
    padded = written.ljust(len(right))
    assert judged(token.replace(right, padded)) is Reason.TIMESTAMP_MALFORMED


# --- the answer around it


def test_the_answer_of_an_authority_that_refuses_says_why() -> None:
    refusal = tsp.PKIStatusInfo({"status": "rejection", "status_string": ["no"], "fail_info": {"bad_alg"}})
    response = b"\x30" + bytes([len(refusal.dump())]) + refusal.dump()
    with pytest.raises(NotGranted, match="rejection: bad_alg: no") as raised:
        token_of(response)
    assert (raised.value.status, raised.value.failure) == ("rejection", "bad_alg")


def test_openssl_refuses_a_policy_that_it_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(NotGranted, match="unaccepted_policy"):
        token_of(openssl_response(tmp_path, asked(policy="1.2.3.4.9")))


@pytest.mark.parametrize("tail", [b"\0", b"\x30\x00"])
def test_bytes_behind_an_answer_are_refused(tail: bytes, tmp_path: Path) -> None:
    with pytest.raises(Breach) as raised:
        token_of(openssl_response(tmp_path, asked()) + tail)
    assert raised.value.reason is Reason.TIMESTAMP_TRAILING_BYTES


@pytest.mark.parametrize("answer", [b"", b"<html></html>", b"\x30\x05\x30\x03\x02\x01\x00"])
def test_what_is_no_answer_is_malformed(answer: bytes) -> None:
    with pytest.raises(Breach) as raised:
        token_of(answer)
    assert raised.value.reason is Reason.TIMESTAMP_MALFORMED


def test_a_request_says_what_was_asked() -> None:
    query = asked(digest="sha512", policy="1.2.3.4.2")
    read = tsp.TimeStampReq.load(query.der, strict=True).native
    assert (read["nonce"], read["cert_req"], read["req_policy"]) == (NONCE, True, "1.2.3.4.2")
    assert read["message_imprint"]["hashed_message"] == Imprint.of(CONTENT, "sha512").value


@pytest.mark.parametrize("digest", ["sha1", "md5", "sha3-256"])
def test_nothing_is_stamped_by_a_digest_that_is_not_accepted(digest: str) -> None:
    with pytest.raises(ValueError, match="sha256, sha384, sha512"):
        Imprint.of(CONTENT, digest)


def test_a_certificate_whose_signature_is_not_whole_octets_is_refused() -> None:
    """The last octet's lowest bit is zero, so that leaving it out would change nothing that is computed."""
    while (ca := root().authority("Time CA")).certificate.signature[-1] & 1:
        pass
    token = forged(by=tsa_of(ca))
    der = ca.certificate.public_bytes(Encoding.DER)
    place = len(der) - len(ca.certificate.signature) - 1
    assert judged(token) is Reason.SOUND
    assert judged(token.replace(der, der[:place] + b"\x01" + der[place + 1 :])) is Reason.TSA_UNTRUSTED


# --- mutation


def test_no_flipped_byte_of_a_token_is_ever_sound() -> None:
    """Every byte, by one bit of it and by all."""
    token = forged()
    assert judged(token) is Reason.SOUND
    for place in range(len(token)):
        for mask in (1 << place % 8, 0xFF):
            flipped = bytearray(token)
            flipped[place] ^= mask
            assert judged(bytes(flipped)) is not Reason.SOUND, (place, mask)


def test_no_cut_and_no_doubled_byte_of_a_token_is_ever_sound() -> None:
    token = forged()
    for place in range(len(token)):
        assert judged(token[:place]) is not Reason.SOUND
        assert judged(token[:place] + token[place + 1 :]) is not Reason.SOUND
        assert judged(token[:place] + token[place : place + 1] + token[place:]) is not Reason.SOUND
