"""Revocation by OCSP answers, fetched or stapled, judged at a time and beside CRLs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.policy import DEFAULT_POLICY, Policy, Revocation
from signing.revocation import Crl, OcspError, Status, accepted, due, ocsp_request, read_answer, usable
from signing.trust import Chain, TrustStore
from signing.verdict import Reason
from tests.pki import AT, Authority, Identity, authority
from tests.signing.revocation.responder import (
    GOOD,
    NOCHECK,
    REVOKED,
    UNKNOWN,
    answer,
    openssl_answer,
    read,
    responder_of,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
REQUIRED = Policy(revocation=Revocation.REQUIRED)
NONCE = bytes(range(16))
COMPROMISE = x509.ReasonFlags.key_compromise
HOLD = x509.ReasonFlags.certificate_hold


@pytest.fixture
def root() -> Authority:
    return authority()


@pytest.fixture
def agency(root: Authority) -> Identity:
    return root.issue("Agency", ocsp_url="http://ocsp.example")


def judged(
    root: Authority,
    agency: Identity,
    *answers: bytes,
    at: datetime = AT,
    policy: Policy = REQUIRED,
    crls: tuple[x509.CertificateRevocationList, ...] = (),
) -> Reason:
    store = TrustStore.of([root.certificate], crls=crls, answers=read(*answers))
    result = store.judge(agency.certificate, at=at, policy=policy, intermediates=agency.chain)
    return Reason.SOUND if isinstance(result, Chain) else result.reason


# --- what an answer says


def test_good_is_sound_where_revocation_must_be_known(root: Authority, agency: Identity) -> None:
    assert judged(root, agency) is Reason.REVOCATION_UNKNOWN
    assert judged(root, agency, answer(agency, root)) is Reason.SOUND


def test_revoked_is_refused_and_unknown_is_undecided(root: Authority, agency: Identity) -> None:
    assert judged(root, agency, answer(agency, root, status=REVOKED)) is Reason.CERTIFICATE_REVOKED
    assert judged(root, agency, answer(agency, root, status=UNKNOWN)) is Reason.REVOCATION_UNKNOWN


def test_an_answer_about_another_certificate_says_nothing(root: Authority, agency: Identity) -> None:
    other = root.issue("Other")
    assert judged(root, agency, answer(other, root, status=REVOKED)) is Reason.REVOCATION_UNKNOWN
    assert judged(root, agency, answer(other, root)) is Reason.REVOCATION_UNKNOWN


def test_revoked_later_held_then_but_a_compromise_reaches_back(root: Authority, agency: Identity) -> None:
    then = answer(agency, root)
    later: dict[str, Any] = {
        "status": REVOKED,
        "this_update": AT + 2 * DAY,
        "next_update": AT + 3 * DAY,
        "revoked_at": AT + DAY,
    }
    assert judged(root, agency, then, answer(agency, root, **later)) is Reason.SOUND
    assert (
        judged(root, agency, then, answer(agency, root, **later), at=AT + DAY) is Reason.CERTIFICATE_REVOKED
    )
    compromised = answer(agency, root, **later, reason=COMPROMISE)
    assert judged(root, agency, then, compromised) is Reason.CERTIFICATE_REVOKED


def test_a_hold_is_lifted_by_a_newer_good_answer_and_not_by_an_unknown_one(
    root: Authority, agency: Identity
) -> None:
    held = answer(agency, root, status=REVOKED, reason=HOLD, this_update=AT - 2 * HOUR)
    assert judged(root, agency, held) is Reason.CERTIFICATE_REVOKED
    assert judged(root, agency, held, answer(agency, root)) is Reason.SOUND
    assert judged(root, agency, held, answer(agency, root, status=UNKNOWN)) is Reason.CERTIFICATE_REVOKED


def test_neither_a_crl_nor_an_answer_outweighs_what_the_other_says_against(
    root: Authority, agency: Identity
) -> None:
    good, revoked = answer(agency, root), answer(agency, root, status=REVOKED)
    assert judged(root, agency, good, crls=(root.crl([agency]),)) is Reason.CERTIFICATE_REVOKED
    assert judged(root, agency, revoked, crls=(root.crl(),)) is Reason.CERTIFICATE_REVOKED
    assert judged(root, agency, answer(agency, root, status=UNKNOWN), crls=(root.crl(),)) is Reason.SOUND


def test_each_certificate_below_the_anchor_needs_its_answer(root: Authority) -> None:
    issuing = root.authority("Issuing")
    agency = issuing.issue("Agency")
    own, above = answer(agency, issuing), answer(issuing, root)
    assert judged(root, agency, own) is Reason.REVOCATION_UNKNOWN
    assert judged(root, agency, own, above) is Reason.SOUND
    assert judged(root, agency, own, crls=(root.crl(),)) is Reason.SOUND
    assert judged(root, agency, own, answer(issuing, root, status=REVOKED)) is Reason.CERTIFICATE_REVOKED


# --- when it says it


def test_an_answer_counts_in_its_span_with_the_policys_skew(root: Authority, agency: Identity) -> None:
    given = answer(agency, root)
    for at, expected in {
        AT - HOUR - 4 * MINUTE: Reason.SOUND,
        AT - HOUR - 6 * MINUTE: Reason.REVOCATION_UNKNOWN,
        AT + HOUR + 4 * MINUTE: Reason.SOUND,
        AT + HOUR + 6 * MINUTE: Reason.REVOCATION_UNKNOWN,
    }.items():
        assert judged(root, agency, given, at=at) is expected, at


def test_an_answer_without_end_counts_as_long_as_the_policy_lets_it(
    root: Authority, agency: Identity
) -> None:
    endless = answer(agency, root, this_update=AT - 2 * HOUR, next_update=None)
    assert judged(root, agency, endless) is Reason.REVOCATION_UNKNOWN
    patient = Policy(revocation=Revocation.REQUIRED, unbounded_answer=DAY)
    assert judged(root, agency, endless, policy=patient) is Reason.SOUND


def test_a_judgement_is_not_remembered_past_an_answer(root: Authority, agency: Identity) -> None:
    store = TrustStore.of([root.certificate], answers=read(answer(agency, root)))
    found = [
        isinstance(store.judge(agency.certificate, at=at, policy=REQUIRED), Chain)
        for at in (AT, AT + 64 * MINUTE, AT + 66 * MINUTE, AT)
    ]
    assert found == [True, True, False, True]


def test_an_old_answer_still_says_what_was_revoked(root: Authority, agency: Identity) -> None:
    old = answer(
        agency,
        root,
        status=REVOKED,
        this_update=AT - 9 * DAY,
        next_update=AT - 8 * DAY,
        revoked_at=AT - 10 * DAY,
    )
    assert judged(root, agency, old, answer(agency, root)) is Reason.CERTIFICATE_REVOKED


# --- by whom


@pytest.mark.parametrize("by_name", [True, False])
@pytest.mark.parametrize("key", ["p256", "rsa2048"])
def test_a_responder_that_the_issuer_authorised_speaks_for_it(
    key: str, by_name: bool, root: Authority, agency: Identity
) -> None:
    responder = responder_of(root, key=key)
    assert judged(root, agency, answer(agency, root, by=responder, by_name=by_name)) is Reason.SOUND


def test_a_responder_that_nobody_authorised_says_nothing(root: Authority, agency: Identity) -> None:
    strangers = [
        responder_of(authority("Stranger")),
        responder_of(authority()),  # the issuer's name, another key
        responder_of(root.authority("Issuing")),  # not directly by the issuer
        responder_of(root, usage=ExtendedKeyUsageOID.SERVER_AUTH),
        root.issue("No usage", extensions=(NOCHECK,)),
        responder_of(root, not_before=AT - 9 * DAY, not_after=AT - 8 * DAY),
        responder_of(root, key="rsa1024"),
    ]
    for stranger in strangers:
        for status in (GOOD, REVOKED):
            said = judged(root, agency, answer(agency, root, by=stranger, status=status))
            assert said is Reason.REVOCATION_UNKNOWN, stranger


def test_an_answer_for_the_same_number_under_another_issuer_says_nothing(
    root: Authority, agency: Identity
) -> None:
    namesake = authority()
    mixed = answer(agency, root, claimed_issuer=namesake.certificate)
    assert judged(root, agency, mixed) is Reason.REVOCATION_UNKNOWN
    other = authority("Other")
    assert judged(root, agency, answer(agency, other)) is Reason.REVOCATION_UNKNOWN


def test_a_responder_without_nocheck_must_itself_be_covered(root: Authority, agency: Identity) -> None:
    responder = responder_of(root, extensions=())
    given = answer(agency, root, by=responder)
    assert judged(root, agency, given) is Reason.REVOCATION_UNKNOWN
    assert judged(root, agency, given, policy=DEFAULT_POLICY) is Reason.SOUND
    lists = (root.crl(this_update=AT - 2 * HOUR, extensions=[(USERS, True)]),)
    assert judged(root, agency, given, crls=lists) is Reason.SOUND


@pytest.mark.parametrize("extensions", [(), (NOCHECK,)])
def test_a_revoked_responder_says_nothing(
    extensions: tuple[tuple[x509.ExtensionType, bool], ...], root: Authority
) -> None:
    agency = root.issue("Agency")
    responder = responder_of(root, extensions=extensions)
    outdated = root.crl(
        [responder], this_update=AT - 3 * DAY, next_update=AT - 2 * DAY, revoked_at=AT - 4 * DAY
    )
    assert (
        judged(root, agency, answer(agency, root, by=responder), crls=(outdated,))
        is Reason.REVOCATION_UNKNOWN
    )


def test_a_responder_compromised_later_is_believed_no_more(root: Authority, agency: Identity) -> None:
    responder = responder_of(root)
    given = answer(agency, root, by=responder)
    later = root.crl(
        [responder], this_update=AT + DAY, next_update=AT + 2 * DAY, revoked_at=AT + DAY, reason=COMPROMISE
    )
    assert judged(root, agency, given) is Reason.SOUND
    assert judged(root, agency, given, crls=(later,)) is Reason.REVOCATION_UNKNOWN


def test_a_changed_answer_says_nothing(root: Authority, agency: Identity) -> None:
    given = answer(agency, root, by=responder_of(root))
    assert judged(root, agency, given) is Reason.SOUND
    for place in range(len(given)):
        flipped = bytearray(given)
        flipped[place] ^= 1 << place % 3
        try:
            said = judged(root, agency, bytes(flipped))
        except OcspError:
            continue
        assert said is Reason.REVOCATION_UNKNOWN, place


def test_an_answer_whose_signature_is_not_whole_octets_is_not_read(root: Authority, agency: Identity) -> None:
    while (given := answer(agency, root))[-1] & 1:  # nothing stands behind the issuer's own signature
        pass
    place = len(given) - len(read_answer(given).response.signature) - 1
    with pytest.raises(OcspError):
        read_answer(given[:place] + b"\x01" + given[place + 1 :])


def test_a_responder_whose_certificate_is_not_signed_in_whole_octets_says_nothing(
    root: Authority, agency: Identity
) -> None:
    while (responder := responder_of(root)).certificate.signature[-1] & 1:
        pass
    given, der = answer(agency, root, by=responder), responder.certificate.public_bytes(Encoding.DER)
    place = len(der) - len(responder.certificate.signature) - 1
    assert judged(root, agency, given) is Reason.SOUND
    changed = given.replace(der, der[:place] + b"\x01" + der[place + 1 :])
    assert judged(root, agency, changed) is Reason.REVOCATION_UNKNOWN


# --- stapled


def test_a_stapled_answer_is_judged_as_any(root: Authority, agency: Identity) -> None:
    store = TrustStore.of([root.certificate])
    for given, reason in {
        answer(agency, root): Reason.SOUND,
        answer(agency, root, by=responder_of(authority())): Reason.REVOCATION_UNKNOWN,
        answer(agency, root, status=REVOKED): Reason.CERTIFICATE_REVOKED,
    }.items():
        stapled = store.knowing(answers=read(given))
        result = stapled.judge(agency.certificate, at=AT, policy=REQUIRED)
        assert (Reason.SOUND if isinstance(result, Chain) else result.reason) is reason
    assert not isinstance(store.judge(agency.certificate, at=AT, policy=REQUIRED), Chain)


def test_a_stapled_answer_speaks_at_the_time_of_what_it_is_stapled_to(
    root: Authority, agency: Identity
) -> None:
    given = answer(agency, root)
    store = TrustStore.of([root.certificate]).knowing(crls=[root.crl()], answers=read(given))
    assert isinstance(store.judge(agency.certificate, at=AT, policy=REQUIRED), Chain)
    assert not isinstance(store.judge(agency.certificate, at=AT + 3650 * DAY, policy=REQUIRED), Chain)


# --- what has just come, and what is kept


def fresh(
    root: Authority,
    agency: Identity,
    given: bytes,
    *,
    nonce: bytes | None = NONCE,
    policy: Policy = DEFAULT_POLICY,
) -> Status:
    return accepted(given, ocsp_request(agency.certificate, root.certificate, nonce=nonce), policy).status


def test_an_answer_with_the_requests_nonce_or_none_is_accepted(root: Authority, agency: Identity) -> None:
    same = answer(agency, root, extensions=[(x509.OCSPNonce(NONCE), False)])
    assert fresh(root, agency, same) is Status.GOOD
    assert fresh(root, agency, answer(agency, root, status=REVOKED)) is Status.REVOKED
    assert fresh(root, agency, same, nonce=None) is Status.GOOD


REFUSED: dict[str, tuple[str, Any]] = {
    "another nonce": ("nonce", lambda r, a: answer(a, r, extensions=[(x509.OCSPNonce(b"x" * 16), False)])),
    "another certificate": ("another certificate", lambda r, a: answer(r.issue("Other"), r)),
    "nobody's": ("not by the issuer", lambda r, a: answer(a, r, by=responder_of(authority()))),
    "critical": (
        "critical",
        lambda r, a: answer(
            a, r, extensions=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b""), True)]
        ),
    ),
    "trailing": ("no OCSP response", lambda r, a: answer(a, r) + b"\0"),
    "empty": ("no OCSP response", lambda r, a: b""),
    "a page": ("no OCSP response", lambda r, a: b"<html>"),
    "too large": ("bytes", lambda r, a: answer(a, r) + b"\0" * (1 << 17)),
    "try later": (
        "try_later",
        lambda r, a: ocsp.OCSPResponseBuilder.build_unsuccessful(
            ocsp.OCSPResponseStatus.TRY_LATER
        ).public_bytes(Encoding.DER),
    ),
    "a weak key": ("not accepted", lambda r, a: answer(a, r, by=responder_of(r, key="rsa1024"))),
    "a time nobody means": (
        "no OCSP response",
        lambda r, a: answer(a, r, next_update=datetime(9999, 12, 31, tzinfo=UTC)),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_answer_to_the_request_is_not_kept(case: str, root: Authority, agency: Identity) -> None:
    match, make = REFUSED[case]
    with pytest.raises(OcspError, match=match):
        fresh(root, agency, make(root, agency))


def test_a_request_names_the_certificate_and_the_nonce(root: Authority, agency: Identity) -> None:
    request = ocsp.load_der_ocsp_request(ocsp_request(agency.certificate, root.certificate, nonce=NONCE).der)
    assert request.serial_number == agency.certificate.serial_number
    assert request.extensions[0].value == x509.OCSPNonce(NONCE)


def test_certids_by_better_digests_are_read(root: Authority, agency: Identity) -> None:
    for digest in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
        assert judged(root, agency, answer(agency, root, certid=digest)) is Reason.SOUND


def test_a_kept_answer_is_usable_in_its_span_and_due_after_half_of_it(
    root: Authority, agency: Identity
) -> None:
    (kept,) = read(answer(agency, root))
    found = {
        at: (usable(kept, at=AT + at, policy=DEFAULT_POLICY), due(kept, at=AT + at, policy=DEFAULT_POLICY))
        for at in (-HOUR, -MINUTE, MINUTE, HOUR + 4 * MINUTE, HOUR + 6 * MINUTE, -HOUR - 6 * MINUTE)
    }
    assert list(found.values()) == [
        (True, False),
        (True, False),
        (True, True),
        (True, True),
        (False, True),
        (False, True),
    ]


def test_a_kept_list_is_usable_in_its_span_and_due_after_half_of_it(root: Authority) -> None:
    kept = Crl.of(root.crl(this_update=AT, next_update=AT + 2 * DAY))
    times = (AT - MINUTE, AT, AT + DAY + MINUTE, AT + 2 * DAY + MINUTE)
    assert [usable(kept, at=at, policy=DEFAULT_POLICY) for at in times] == [False, True, True, False]
    assert [due(kept, at=at, policy=DEFAULT_POLICY) for at in times] == [True, False, True, True]


def test_an_answer_that_ends_before_it_begins_is_never_usable(root: Authority, agency: Identity) -> None:
    right = answer(agency, root, this_update=AT, next_update=AT + HOUR)
    written = (AT + HOUR).strftime("%Y%m%d%H%M%SZ").encode()
    (kept,) = read(right.replace(written, (AT - MINUTE).strftime("%Y%m%d%H%M%SZ").encode()))
    assert not usable(kept, at=AT, policy=DEFAULT_POLICY)
    assert usable(read(right)[0], at=AT, policy=DEFAULT_POLICY)


# --- the real one


@pytest.mark.parametrize("delegated", [True, False])
@pytest.mark.parametrize(
    ("reason", "status"),
    [(None, Status.GOOD), ("superseded", Status.REVOKED), ("keyCompromise", Status.REVOKED)],
)
def test_what_openssl_answers_is_believed(
    reason: str | None, status: Status, delegated: bool, root: Authority, agency: Identity, tmp_path: Path
) -> None:
    request = ocsp_request(agency.certificate, root.certificate, nonce=NONCE)
    revoked = {agency.certificate.serial_number: reason} if reason else {}
    by = responder_of(root) if delegated else root
    given = openssl_answer(tmp_path, request.der, issuer=root, by=by, revoked=revoked)
    assert accepted(given, request, DEFAULT_POLICY).status is status
    now = datetime.now(UTC)
    expected = Reason.SOUND if reason is None else Reason.CERTIFICATE_REVOKED
    assert judged(root, agency, given, at=now) is expected
    assert read_answer(given).der == given


USERS = x509.IssuingDistributionPoint(
    full_name=None,
    relative_name=None,
    only_contains_user_certs=True,
    only_contains_ca_certs=False,
    only_some_reasons=None,
    indirect_crl=False,
    only_contains_attribute_certs=False,
)
