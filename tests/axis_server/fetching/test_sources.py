"""Time-stamps, OCSP answers and revocation lists, fetched from real engines behind HTTP on loopback."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from axis_server.fetching import Unfit, Unreachable, http_crl, http_ocsp, http_tsa
from signing.policy import DEFAULT_POLICY, Policy, Revocation
from signing.revocation import Status, crl_places, ocsp_places, ocsp_request
from signing.timestamps import Imprint, NotGranted, Timestamp, TimestampRequest, verify_token
from signing.trust import Chain, TrustStore
from tests.axis_server.fetching.outside import NEAR, Reply, outside
from tests.pki import AT, authority
from tests.signing.revocation.responder import openssl_answer, responder_of
from tests.signing.timestamps.stage import CONTENT, asked, openssl_response, trust

REQUIRED = Policy(revocation=Revocation.REQUIRED)


def test_a_time_stamp_is_fetched_and_sound(tmp_path: Path) -> None:
    def authority_of_time(path: str, body: bytes) -> Reply:
        query = TimestampRequest(imprint=Imprint.of(b""), nonce=1, policy=None, der=body)
        return Reply(body=openssl_response(tmp_path, query), kind="application/timestamp-reply")

    query = asked()
    with outside(authority_of_time) as there:
        token = http_tsa.token(f"{there.url}/tsa", query, bounds=NEAR)
        with pytest.raises(NotGranted, match="unaccepted_policy"):
            http_tsa.token(there.url, asked(policy="1.2.3.4.9"), bounds=NEAR)
    assert there.asked[0] == ("POST", "/tsa", "application/timestamp-query", query.der)
    stamp = verify_token(token, content=CONTENT, request=query, trust=trust(), at=datetime.now(UTC))
    assert isinstance(stamp, Timestamp)


@pytest.mark.parametrize(
    ("kind", "match"), [("application/timestamp-reply", "no time-stamp"), ("text/html", "another kind")]
)
def test_what_is_no_time_stamp_is_unfit(kind: str, match: str) -> None:
    page = Reply(body=b"<html>", kind=kind)
    with outside(lambda path, body: page) as there, pytest.raises(Unfit, match=match):
        http_tsa.token(there.url, asked(), bounds=NEAR)


def test_an_ocsp_answer_is_fetched_and_judged(tmp_path: Path) -> None:
    root = authority()
    responder = responder_of(root)
    good, bad = root.issue("Good"), root.issue("Bad")
    revoked = {bad.certificate.serial_number: "superseded"}

    def responding(path: str, body: bytes) -> Reply:
        given = openssl_answer(tmp_path, body, issuer=root, by=responder, revoked=revoked)
        return Reply(body=given, kind="application/ocsp-response")

    answers = {}
    with outside(responding) as there:
        for each in (good, bad):
            request = ocsp_request(each.certificate, root.certificate, nonce=bytes(16))
            answers[each] = http_ocsp.answer(there.url, request, policy=DEFAULT_POLICY, bounds=NEAR)
    assert [each.status for each in answers.values()] == [Status.GOOD, Status.REVOKED]
    store = TrustStore.of([root.certificate], answers=answers.values())
    now = datetime.now(UTC)
    assert isinstance(store.judge(good.certificate, at=now, policy=REQUIRED), Chain)
    assert not isinstance(store.judge(bad.certificate, at=now, policy=REQUIRED), Chain)


def test_a_responder_that_is_down_or_asks_to_try_later_gives_nothing_to_keep() -> None:
    root = authority()
    request = ocsp_request(root.issue("Agency").certificate, root.certificate)
    later = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    refusal = Reply(body=later.public_bytes(Encoding.DER), kind="application/ocsp-response")
    with outside(lambda path, body: refusal) as there, pytest.raises(Unfit, match="try_later"):
        http_ocsp.answer(there.url, request, policy=DEFAULT_POLICY, bounds=NEAR)
    with pytest.raises(Unreachable):
        http_ocsp.answer(there.url, request, policy=DEFAULT_POLICY, bounds=NEAR)


def test_an_answer_sent_again_for_another_request_is_unfit(tmp_path: Path) -> None:
    root = authority()
    agency = root.issue("Agency").certificate
    old = ocsp_request(agency, root.certificate, nonce=b"o" * 16)
    given = openssl_answer(tmp_path, old.der, issuer=root, by=responder_of(root), revoked={})
    request = ocsp_request(agency, root.certificate, nonce=b"n" * 16)
    replayed = Reply(body=given, kind="application/ocsp-response")
    with outside(lambda path, body: replayed) as there, pytest.raises(Unfit, match="nonce"):
        http_ocsp.answer(there.url, request, policy=DEFAULT_POLICY, bounds=NEAR)


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_a_revocation_list_is_fetched_in_der_and_in_pem(encoding: Encoding) -> None:
    root = authority()
    agency = root.issue("Agency")
    made = root.crl([agency])
    with outside(lambda path, body: Reply(body=made.public_bytes(encoding), kind="text/plain")) as there:
        fetched = http_crl.crl(there.url, bounds=NEAR)
    assert fetched == made
    store = TrustStore.of([root.certificate], crls=[fetched])
    assert not isinstance(store.judge(agency.certificate, at=AT, policy=REQUIRED), Chain)


@pytest.mark.parametrize("body", [b"", b"<html>", b"-----BEGIN X509 CRL-----\n"])
def test_what_is_no_revocation_list_is_unfit(body: bytes) -> None:
    page = Reply(body=body)
    with outside(lambda path, _: page) as there, pytest.raises(Unfit, match="no revocation list"):
        http_crl.crl(there.url, bounds=NEAR)


def test_a_certificate_says_where_to_ask_and_only_http_is_taken() -> None:
    points = x509.CRLDistributionPoints(
        [
            x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
            for url in ("ldap://ca.example/cn=x", "http://ca.example/a.crl", "HTTPS://ca.example/a.crl")
        ]
    )
    agency = authority().issue("Agency", ocsp_url="http://ocsp.example", extensions=[(points, False)])
    assert crl_places(agency.certificate) == ("http://ca.example/a.crl", "HTTPS://ca.example/a.crl")
    assert ocsp_places(agency.certificate) == ("http://ocsp.example",)
    assert crl_places(authority().certificate) == ocsp_places(authority().certificate) == ()
