"""An axis whose answers do not prove what they say: an alarm each time, and never "sent"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from google.protobuf import any_pb2
from google.rpc import status_pb2

from axis.v1 import errors_pb2, inbox_pb2, records_pb2, submission_pb2, types_pb2
from axis_client import AsyncClient, AxisError, EvidenceError, NotTrusted, Profile, Refused, TryLater
from axis_client.fetching import attested
from axis_client.model import Proof
from axis_client.proof import Examiner
from signing.evidence import EvidenceRecord, Party, read, write
from signing.keys import Signer, load_pem
from signing.policy import Policy, Revocation
from signing.trust import TrustStore
from signing.verdict import Sound
from signing.verify import verify
from tests.axis_client.harness import MINISTRY, PROVINCE, RunningAxis, letter
from tests.axis_client.proxy import Mischief, between
from tests.pki import authority

Forge = Callable[[EvidenceRecord], EvidenceRecord]


def axis_signer(running: RunningAxis) -> Signer:
    """The axis's own evidence key: what a dishonest operator has."""
    keys = running.base / "axis" / "evidence"
    return load_pem(keys / "axis.key", keys / "axis.pem")


def reissued(profile: Profile, evidence: types_pb2.Evidence, forge: Forge, signer: Signer) -> bytes:
    """The same evidence saying something else, soundly signed."""
    at = evidence.issued_at.ToDatetime(tzinfo=UTC)
    verdict = verify(evidence.content, trust=profile.trust, at=at + timedelta(minutes=1))
    assert isinstance(verdict, Sound)
    return write(forge(read(verdict)), signer=signer)


async def send_through(
    running: RunningAxis, document_id: str, alter: Callable[[Any, Profile], None]
) -> AxisError:
    """Sends a letter while `alter` changes the axis's answer; returns the error that this must raise."""
    mischief = Mischief()
    async with between(running, MINISTRY, mischief) as profile, AsyncClient(profile) as axis:
        mischief.alter["Submit"] = (submission_pb2.SubmitResponse, lambda answer: alter(answer, profile))
        with pytest.raises(AxisError) as caught:
            await axis.send(letter(document_id))
    return caught.value


FORGERIES: dict[str, Forge] = {
    "another recipient": lambda r: replace(r, recipients=(*r.recipients[:1], Party(agency_id="H99"))),
    "a recipient too few": lambda r: replace(r, recipients=r.recipients[:1]),
    "a recipient too many": lambda r: replace(r, recipients=(*r.recipients, Party(agency_id="H99"))),
    "a part too few": lambda r: replace(r, parts=r.parts[:-1]),
    "a part too many": lambda r: replace(r, parts=(*r.parts, replace(r.parts[-1], identifier="x"))),
    "another digest": lambda r: replace(r, parts=(replace(r.parts[0], sha256="0" * 64), *r.parts[1:])),
    "another dispatch": lambda r: replace(r, message_id="a" * 26),
    "another sender": lambda r: replace(r, sender=Party(agency_id="H99")),
    "another document": lambda r: replace(r, document_id="none"),
    "another issuer": lambda r: replace(r, issuer=Party(agency_id="AXIS.ELSE")),
    "another time": lambda r: replace(r, at=r.at - timedelta(minutes=10)),
    "another name": lambda r: replace(r, evidence_id="11111111-1111-4111-8111-111111111111"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
async def test_evidence_that_says_something_else_is_never_sent(
    running: RunningAxis, document_id: str, forge: Forge
) -> None:
    signer = axis_signer(running)

    def alter(answer: submission_pb2.SubmitResponse, profile: Profile) -> None:
        answer.evidence[0].content = reissued(profile, answer.evidence[0], forge, signer)

    error = await send_through(running, document_id, alter)
    assert isinstance(error, EvidenceError)
    assert error.reason in ("EVIDENCE_MISMATCH", "EVIDENCE_ISSUER")
    assert not error.retryable


async def test_an_unchanged_reissue_is_accepted_so_the_forgeries_above_fail_for_what_they_change(
    running: RunningAxis, document_id: str
) -> None:
    signer, mischief = axis_signer(running), Mischief()
    async with between(running, MINISTRY, mischief) as profile, AsyncClient(profile) as axis:

        def alter(answer: submission_pb2.SubmitResponse) -> None:
            answer.evidence[0].content = reissued(profile, answer.evidence[0], lambda r: r, signer)

        mischief.alter["Submit"] = (submission_pb2.SubmitResponse, alter)
        assert (await axis.send(letter(document_id))).evidence[0].event == "SubmissionAcceptance"


async def test_one_changed_byte_of_evidence_is_an_alarm(running: RunningAxis, document_id: str) -> None:
    def alter(answer: submission_pb2.SubmitResponse, profile: Profile) -> None:
        evidence = answer.evidence[0]
        evidence.content = evidence.content.replace(PROVINCE.encode(), b"000.00.00.H91", 1)

    error = await send_through(running, document_id, alter)
    assert isinstance(error, EvidenceError)
    assert error.reason == "EVIDENCE_NOT_SOUND"


async def test_an_agency_cannot_sign_evidence_though_the_same_authority_vouches_for_it(
    running: RunningAxis, document_id: str
) -> None:
    keys = running.base / PROVINCE
    signer = load_pem(keys / "system.key", keys / "system.pem")

    def alter(answer: submission_pb2.SubmitResponse, profile: Profile) -> None:
        answer.evidence[0].content = reissued(profile, answer.evidence[0], lambda r: r, signer)

    error = await send_through(running, document_id, alter)
    assert isinstance(error, EvidenceError)
    assert error.reason == "EVIDENCE_ISSUER"


@pytest.mark.parametrize("event", [0, 1])
async def test_missing_acceptance_is_not_sent_and_a_broken_second_evidence_neither(
    running: RunningAxis, document_id: str, event: int
) -> None:
    def alter(answer: submission_pb2.SubmitResponse, profile: Profile) -> None:
        if event == 0:
            del answer.evidence[0]
        else:
            answer.evidence[1].content = b"<not-evidence/>"

    assert isinstance(await send_through(running, document_id, alter), EvidenceError)


async def test_evidence_of_an_earlier_dispatch_does_not_stand_for_this_one(
    running: RunningAxis, document_id: str
) -> None:
    async with AsyncClient(Profile.load(running.profile(MINISTRY))) as axis:
        earlier = await axis.send(letter(document_id + "-earlier"))
    old = earlier.evidence[0].evidence

    def alter(answer: submission_pb2.SubmitResponse, profile: Profile) -> None:
        answer.evidence[0].content = old.content
        answer.evidence[0].evidence_id = old.evidence_id
        answer.evidence[0].issued_at.FromDatetime(old.issued_at)

    error = await send_through(running, document_id, alter)
    assert isinstance(error, EvidenceError)
    assert error.reason == "EVIDENCE_MISMATCH"


async def test_an_axis_that_is_not_trusted_is_never_believed(running: RunningAxis, document_id: str) -> None:
    profile = Profile.load(running.profile(MINISTRY))
    stranger = replace(profile, trust=TrustStore.of([authority("Another Root").certificate]))
    async with AsyncClient(stranger) as axis:
        with pytest.raises(EvidenceError) as caught:
            await axis.send(letter(document_id))
    assert caught.value.reason == "EVIDENCE_NOT_SOUND"


async def test_a_refusal_whose_evidence_is_about_another_package_is_an_alarm(
    running: RunningAxis, document_id: str
) -> None:
    mischief, kept = Mischief(), list[any_pb2.Any]()

    def alter(status: status_pb2.Status) -> None:
        """Keeps the first signed refusal, and puts it under the second."""
        (place,) = [i for i, detail in enumerate(status.details) if detail.Is(errors_pb2.Refusal.DESCRIPTOR)]
        kept.append(status.details[place])
        status.details[place].CopyFrom(kept[0])

    mischief.alter_error = alter
    async with between(running, MINISTRY, mischief) as profile, AsyncClient(profile) as axis:
        with pytest.raises(Refused):
            await axis.send(letter(document_id + "-first", to=["Z98"]))
        with pytest.raises(EvidenceError) as caught:
            await axis.send(letter(document_id, to=["Z99"]))
    assert caught.value.reason == "EVIDENCE_MISMATCH"


async def delivered(running: RunningAxis, document_id: str, attachments: list[Path] | None = None) -> str:
    async with AsyncClient(Profile.load(running.profile(MINISTRY))) as axis:
        return (await axis.send(letter(document_id), attachments or [])).dispatch.dispatch_id


async def test_a_handover_that_lists_a_part_too_few_is_an_alarm(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    dispatch_id, signer, mischief = await delivered(running, document_id), axis_signer(running), Mischief()
    async with between(running, PROVINCE, mischief) as profile, AsyncClient(profile) as axis:

        def alter(answer: inbox_pb2.ReportResponse) -> None:
            forge = FORGERIES["a part too few"]
            answer.evidence[0].content = reissued(profile, answer.evidence[0], forge, signer)

        mischief.alter["Report"] = (inbox_pb2.ReportResponse, alter)
        with pytest.raises(EvidenceError) as caught:
            await axis.accept(dispatch_id, tmp_path)
    assert caught.value.reason == "EVIDENCE_MISMATCH"
    assert mischief.calls.count("Report") == 1, "nothing is accepted after that"


async def test_listed_evidence_is_verified_too(running: RunningAxis, document_id: str) -> None:
    dispatch_id, mischief = await delivered(running, document_id), Mischief()

    def alter(answer: records_pb2.ListEvidenceResponse) -> None:
        evidence = answer.records[1].evidence
        evidence.content = evidence.content.replace(b"Evidence", b"Evidense", 1)

    mischief.alter["ListEvidence"] = (records_pb2.ListEvidenceResponse, alter)
    async with between(running, PROVINCE, mischief) as profile, AsyncClient(profile) as axis:
        with pytest.raises(EvidenceError):
            _ = [record async for record in axis.evidence(dispatch_id)]


async def test_bytes_that_are_not_the_sealed_ones_leave_nothing(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    beside = tmp_path / "a.bin"
    beside.write_bytes(b"what was sent")
    dispatch_id, mischief = await delivered(running, document_id, [beside]), Mischief()

    def alter(answer: inbox_pb2.FetchPartResponse) -> None:
        answer.chunk = answer.chunk.replace(b"what was sent", b"what was SENT")

    mischief.alter["FetchPart"] = (inbox_pb2.FetchPartResponse, alter)
    async with between(running, PROVINCE, mischief) as profile, AsyncClient(profile) as axis:
        with pytest.raises(NotTrusted) as caught:
            await axis.fetch(dispatch_id, tmp_path / "in")
    assert caught.value.reason == "CONTENT_MISMATCH"
    assert not (tmp_path / "in").exists()


async def test_a_sender_who_is_not_trusted_leaves_nothing_on_disk(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    """The evidence holds and the axis took the document, but this recipient does not trust its sender."""
    dispatch_id = await delivered(running, document_id)
    profile = Profile.load(running.profile(PROVINCE))
    evidence = x509.load_pem_x509_certificate((running.base / "axis" / "evidence" / "axis.pem").read_bytes())
    async with AsyncClient(replace(profile, trust=TrustStore.of([evidence]))) as axis:
        with pytest.raises(NotTrusted) as caught:
            await axis.fetch(dispatch_id, tmp_path)
    assert caught.value.reason == "SEAL_NOT_SOUND"
    assert "UNTRUSTED_SIGNER" in caught.value.message
    assert list(tmp_path.iterdir()) == []


LIES: dict[str, Callable[[Any], None]] = {
    "two parts of one number": lambda parts: setattr(parts[-1], "number", parts[-2].number),
    "parts that change places": lambda parts: parts.reverse(),
    "a number left out": lambda parts: setattr(parts[-1], "number", len(parts)),
    "another digest": lambda parts: setattr(parts[-1], "sha256", parts[-2].sha256),
    "a package that need not be fetched": lambda parts: setattr(parts[0], "inline", True),
    "a file said to be in the package": lambda parts: setattr(parts[-1], "inline", True),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_a_lie_about_parts_puts_no_bytes_under_another_name(
    running: RunningAxis, document_id: str, tmp_path: Path, lie: Callable[[Any], None]
) -> None:
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_bytes(b"one hundred"), second.write_bytes(b"one million")
    dispatch_id, mischief = await delivered(running, document_id, [first, second]), Mischief()
    mischief.alter["GetStatus"] = (records_pb2.GetStatusResponse, lambda said: lie(said.dispatch.parts))
    async with between(running, PROVINCE, mischief) as profile, AsyncClient(profile) as axis:
        for take in (axis.fetch, axis.retrieve):
            with pytest.raises(NotTrusted):
                await take(dispatch_id, tmp_path / "in")
    assert not (tmp_path / "in").exists()


async def test_a_part_that_never_ends_is_cut_at_its_size(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    dispatch_id, mischief = await delivered(running, document_id), Mischief()

    def alter(answer: inbox_pb2.FetchPartResponse) -> None:
        answer.chunk += b"\0" * 100_000

    mischief.alter["FetchPart"] = (inbox_pb2.FetchPartResponse, alter)
    async with between(running, PROVINCE, mischief) as profile, AsyncClient(profile) as axis:
        for take in (axis.fetch, axis.retrieve):
            with pytest.raises(NotTrusted):
                await take(dispatch_id, tmp_path)
            assert list(tmp_path.iterdir()) == []


async def test_another_dispatch_is_not_taken_for_the_one_asked_for(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    wanted = await delivered(running, document_id)
    other = await delivered(running, document_id + "-other")
    async with AsyncClient(Profile.load(running.profile(PROVINCE))) as axis:
        status = await axis.status(other)
        proofs = [record async for record in axis.evidence(other) if isinstance(record, Proof)]
        with pytest.raises(EvidenceError):
            attested(wanted, status, proofs)
        assert attested(other, status, proofs).dispatch.dispatch_id == other


async def test_a_list_that_goes_round_in_circles_is_left(running: RunningAxis, document_id: str) -> None:
    dispatch_id, mischief = await delivered(running, document_id), Mischief()

    def alter(answer: records_pb2.ListEventsResponse) -> None:
        answer.next, answer.more = "", True

    mischief.alter["ListEvents"] = (records_pb2.ListEventsResponse, alter)
    async with between(running, PROVINCE, mischief) as profile, AsyncClient(profile) as axis:
        assert [event.sequence async for event in axis.history(dispatch_id)] == [1, 2]
    assert mischief.calls.count("ListEvents") == 1


async def test_missing_revocation_is_try_later_and_not_sent(running: RunningAxis, document_id: str) -> None:
    """The evidence certificate is covered by no revocation list that the caller's policy would need."""
    profile = Profile.load(running.profile(MINISTRY))
    async with AsyncClient(profile) as axis:
        sent = await axis.send(letter(document_id))
        me = await axis.whoami()
    strict = Examiner(
        trust=profile.trust,
        me=me,
        now=sent.evidence[0].record.at,
        policy=Policy(revocation=Revocation.REQUIRED),
    )
    with pytest.raises(TryLater) as caught:
        strict.examine(sent.evidence[0].evidence)
    assert caught.value.reason == "EVIDENCE_UNDECIDED"
