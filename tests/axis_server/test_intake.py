"""Sending: what a sound package leaves, and what each wrong one gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from axis_server.addressing.directory import DirectoryView
from axis_server.documents.judgement import digest
from axis_server.errors import Declined
from axis_server.reasons import answer
from edxml.model import Package
from signing.dispatch import dispatch_id
from signing.policy import DEFAULT_POLICY
from signing.trust import TrustStore
from signing.verdict import Sound
from signing.verify import verify
from storage.archive.base import Archive
from storage.archive.memory import MemoryArchive
from storage.errors import Corrupt, NotFound
from storage.ledger.records import Kept
from tests.axis_server.houses import House, receiving
from tests.axis_server.packages import DOCUMENT_ID, PDF, detached, document, inline
from tests.axis_server.spoilt import LARGE, SPOILT, weak
from tests.axis_server.world import LIMITS, World, joined
from tests.pki import AT
from tests.storage import whole

REFUSED = {name: case for name, case in SPOILT.items() if not answer(case[1]).retryable}


async def submit(world: World, unsigned: Package | None = None, by: House | None = None) -> Kept:
    sealed = world.sealed(world.ministry, unsigned or document())
    return await world.intake.submit((by or world.ministry).caller(), sealed)


async def refusal(world: World, sealed: bytes, by: House | None = None, role: str = "system") -> Declined:
    """The refusal of a package, which has left nothing behind but, perhaps, its evidence."""
    caller = (by or world.ministry).caller(role)
    before = await left(world)
    with pytest.raises(Declined) as declined:
        await world.intake.submit(caller, sealed)
    assert await left(world) == before
    with pytest.raises(Declined) as unknown:
        await world.records.status(world.ministry.caller(), dispatch_id(caller.agency_id, digest(sealed)))
    assert unknown.value.code == "NOT_FOUND"
    assert answer(declined.value.code)
    return declined.value


async def left(world: World) -> object:
    assert isinstance(world.archive, MemoryArchive)
    inboxes = [await whole.inbox(world.ledger, one.id) for one in world.houses]
    outboxes = [await whole.outbox(world.ledger, one.id) for one in world.houses]
    return dict(world.archive.blobs), inboxes, outboxes


def assert_verdict(world: World, declined: Declined, sealed: bytes) -> None:
    """The refusal is a verdict: signed, about these bytes, with the same reason."""
    assert declined.evidence is not None
    said = world.said(declined.evidence)
    assert said.event == "SubmissionRejection"
    assert [reason.code for reason in said.reasons] == [declined.code]
    assert [part.sha256 for part in said.parts] == [digest(sealed)]
    assert said.message_id == dispatch_id("G90", digest(sealed))


# What is accepted.


async def test_a_sound_package_is_kept_consigned_and_attested(world: World) -> None:
    package = world.sealed(world.ministry, document(to=["000.00.00.H90", "H91.01"]))
    kept = await world.intake.submit(world.ministry.caller(), package)
    entry = kept.entry
    assert entry.dispatch_id == dispatch_id("G90", digest(package))
    assert (entry.sender_id, entry.document_id, entry.kind) == ("G90", DOCUMENT_ID, 0)
    assert (entry.promulgation_date, entry.due_date) == ("2026-03-02", "2026-03-20")
    deliveries = await whole.deliveries(world.ledger, entry.dispatch_id)
    assert [(one.recipient_id, one.state) for one in deliveries] == [
        ("H90", "consigned"),
        ("H91.01", "consigned"),
    ]
    assert [one.event for one in kept.evidence] == ["SubmissionAcceptance", "ContentConsignment"]


async def test_what_is_archived_is_exactly_what_arrived(world: World) -> None:
    package = world.sealed(world.ministry, document())
    kept = await world.intake.submit(world.ministry.caller(), package)
    assert await joined(world.archive.get(kept.entry.original.sha256)) == package


async def test_evidence_lists_every_part_and_recipient_and_verifies(world: World) -> None:
    sha256 = await world.uploaded(world.ministry, LARGE)
    unsigned = document(
        to=["H90", "H91.01"], attachments=(inline("209", "a.pdf"), detached("210", "lớn.bin"))
    )
    package = world.sealed(world.ministry, unsigned, {"210": sha256})
    kept = await world.intake.submit(world.ministry.caller(), package)
    assert "DETACHED_NOT_CHECKED" not in kept.entry.warnings
    for evidence in kept.evidence:
        said = world.said(evidence)
        assert [(part.identifier, part.sha256) for part in said.parts] == [
            ("original", digest(package)),
            ("209", digest(PDF)),
            ("210", sha256),
        ]
        assert [(one.agency_id, one.name) for one in said.recipients] == [
            ("H90", "UBND tỉnh Ví Dụ"),
            ("H91.01", "Sở Nội vụ tỉnh Giả Định"),
        ]
        assert (said.sender.agency_id, said.message_id) == ("G90", kept.entry.dispatch_id)
        assert (said.evidence_id, said.event, said.at) == (evidence.evidence_id, evidence.event, AT)
    assert [(part.number, part.size, part.inline) for part in kept.entry.parts] == [
        (0, len(package), False),
        (1, len(PDF), True),
        (2, len(LARGE), False),
    ]


async def test_the_same_submission_gets_the_same_evidence_byte_for_byte(world: World) -> None:
    package = world.sealed(world.ministry, document())
    first = await world.intake.submit(world.ministry.caller(), package)
    world.now += timedelta(hours=3)
    assert await world.intake.submit(world.ministry.caller("clerk"), package) == first


async def test_a_retry_is_answered_although_its_certificate_has_been_revoked_since(world: World) -> None:
    package = world.sealed(world.ministry, document())
    first = await world.intake.submit(world.ministry.caller(), package)
    world.trust = TrustStore.of(
        [world.pki.root.certificate], crls=[world.pki.root.crl(revoked=[world.ministry.identity])]
    )
    assert await world.intake.submit(world.ministry.caller(), package) == first


async def test_a_clerk_may_send_what_the_system_sealed(world: World) -> None:
    sealed = world.sealed(world.ministry, document())
    assert (await world.intake.submit(world.ministry.caller("clerk"), sealed)).entry.sender_id == "G90"


async def test_the_sender_may_call_itself_by_its_old_identifier(world: World) -> None:
    assert (await submit(world, document(sender="000.00.00.G90"))).entry.sender_id == "G90"


async def test_an_uploaded_package_is_the_same_dispatch(world: World) -> None:
    package = world.sealed(world.ministry, document())
    sha256 = await world.uploaded(world.ministry, package)
    kept = await world.intake.submit_uploaded(world.ministry.caller(), sha256)
    assert await world.intake.submit(world.ministry.caller(), package) == kept
    assert await world.intake.submit_uploaded(world.ministry.caller(), sha256) == kept


async def test_an_attachment_that_calls_itself_original_is_told_from_the_package(world: World) -> None:
    kept = await submit(world, document(attachments=(inline("original", "a.pdf"),)))
    assert [part.identifier for part in kept.entry.parts] == ["original", "original#2"]


async def test_a_hostile_subject_is_cut_in_lists_and_whole_in_the_original(world: World) -> None:
    unsigned = document(subject="á" * 100_000)
    package = world.sealed(world.ministry, unsigned)
    entry = (await world.intake.submit(world.ministry.caller(), package)).entry
    assert len(entry.subject) < 5000
    assert await joined(world.archive.get(entry.original.sha256)) == package
    assert any(warning.startswith("FIELD_TOO_LONG") for warning in entry.warnings)


async def test_recipients_who_watch_are_told(world: World) -> None:
    async with world.changes.subscribe("H90") as told, world.changes.subscribe("H91.01") as other:
        await world.sent(world.province)
        assert await told.wait(0.01)
        assert not await other.wait(0.01)


# Who may not.


async def test_a_suspended_agency_is_refused_even_a_retry(world: World) -> None:
    package = world.sealed(world.ministry, document())
    await world.intake.submit(world.ministry.caller(), package)
    suspended = world.suspend(world.ministry)
    with pytest.raises(Declined) as declined:
        await world.intake.submit(suspended.caller(), package)
    assert (declined.value.code, declined.value.evidence) == ("AGENCY_SUSPENDED", None)


@pytest.mark.parametrize("role", ["archivist", "operator"])
async def test_who_may_only_look_cannot_send(world: World, role: str) -> None:
    declined = await refusal(world, world.sealed(world.ministry, document()), role=role)
    assert (declined.code, declined.evidence) == ("ROLE_FORBIDDEN", None)


async def test_another_agencys_package_is_not_ones_own_to_send(world: World) -> None:
    declined = await refusal(world, world.sealed(world.ministry, document()), by=world.stranger)
    assert declined.code == "SIGNER_MISMATCH"


async def test_another_agencys_name_is_not_ones_own_to_use(world: World) -> None:
    sealed = world.sealed(world.stranger, document(sender="G90"))
    assert (await refusal(world, sealed, by=world.stranger)).code == "SENDER_MISMATCH"


async def test_a_trusted_certificate_that_nobody_registered_cannot_seal(world: World) -> None:
    identity = world.pki.root.issue("Not registered")
    sealed = world.sealed(replace(world.ministry, identity=identity), document())
    declined = await refusal(world, sealed)
    assert declined.code == "SIGNER_MISMATCH"
    assert_verdict(world, declined, sealed)


# What is wrong with the bytes.


@pytest.mark.parametrize("case", REFUSED)
async def test_a_wrong_package_gets_its_reason_and_a_signed_refusal_and_leaves_nothing(
    world: World, case: str
) -> None:
    spoil, code = REFUSED[case]
    sealed = spoil(world)
    declined = await refusal(world, sealed)
    assert declined.code == code, declined
    assert_verdict(world, declined, sealed)
    assert (await refusal(world, sealed)).evidence == declined.evidence, "the same question, the same bytes"


async def test_two_thousand_recipients_are_served_and_one_wrong_refuses_them_all(world: World) -> None:
    many = [receiving(f"L{n}") for n in range(2000)]
    world.view = DirectoryView.of([*(one.agency for one in world.houses), *many[1:]])
    everyone = document(to=[one.agency_id for one in many], document_id="to everyone")
    sealed = world.sealed(world.ministry, everyone)
    declined = await refusal(world, sealed)
    assert (declined.code, declined.facts) == ("UNKNOWN_RECIPIENT", {"recipient": "L0", "count": "1"})
    assert_verdict(world, declined, sealed)
    assert await whole.inbox(world.ledger, "L1999") == ()
    world.view = DirectoryView.of([*(one.agency for one in world.houses), *many])
    kept = await world.intake.submit(world.ministry.caller(), sealed)
    assert len(await whole.deliveries(world.ledger, kept.entry.dispatch_id)) == 2000
    assert [len(world.said(one).recipients) for one in kept.evidence] == [2000, 2000]


async def test_a_suspended_recipient_is_named(world: World) -> None:
    world.suspend(world.province)
    sealed = world.sealed(world.ministry, document(to=["H90", "H91.01"]))
    declined = await refusal(world, sealed)
    assert (declined.code, declined.facts["recipient"]) == ("SUSPENDED_RECIPIENT", "H90")
    assert_verdict(world, declined, sealed)


async def test_a_revoked_certificate_is_refused(world: World) -> None:
    world.trust = TrustStore.of(
        [world.pki.root.certificate], crls=[world.pki.root.crl(revoked=[world.ministry.identity])]
    )
    assert (await refusal(world, world.sealed(world.ministry, document()))).code == "CERTIFICATE_REVOKED"


async def test_another_agencys_upload_is_no_attachment_of_ours(world: World) -> None:
    sha256 = await world.uploaded(world.stranger, LARGE)
    unsigned = document(attachments=(detached("1", "a.bin"),))
    ours = await refusal(world, world.sealed(world.ministry, unsigned, {"1": sha256}))
    absent = await refusal(world, world.sealed(world.ministry, unsigned, {"1": digest(b"never")}))
    assert (
        (ours.code, ours.detail) == (absent.code, absent.detail) == ("ATTACHMENT_MISSING", "not uploaded: 1")
    )


async def test_a_refused_package_is_accepted_once_its_attachment_has_come(world: World) -> None:
    unsigned = document(attachments=(detached("1", "a.bin"),))
    package = world.sealed(world.ministry, unsigned, {"1": digest(LARGE)})
    await refusal(world, package)
    await world.uploaded(world.ministry, LARGE)
    kept = await world.intake.submit(world.ministry.caller(), package)
    evidence = await whole.evidence(world.ledger, kept.entry.dispatch_id)
    assert [one.event for one in evidence] == ["SubmissionAcceptance", "ContentConsignment"]


async def test_a_used_document_id_names_the_dispatch_that_holds_it(world: World) -> None:
    first = await world.sent(world.province)
    again = world.sealed(world.ministry, document(subject="Khác"))
    with pytest.raises(Declined) as declined:
        await world.intake.submit(world.ministry.caller(), again)
    assert declined.value.code == "DOCUMENT_ID_TAKEN"
    assert declined.value.facts == {"dispatch_id": first.dispatch_id}
    assert_verdict(world, declined.value, again)
    with pytest.raises(NotFound):
        await world.archive.size(digest(again))
    assert len(await whole.outbox(world.ledger, "G90")) == 1
    assert len(await whole.inbox(world.ledger, "H90")) == 1


async def test_a_document_id_of_another_agency_is_free_and_tells_nothing(world: World) -> None:
    await world.sent(world.province)
    sealed = world.sealed(world.stranger, document(sender="K99"))
    assert (await world.intake.submit(world.stranger.caller(), sealed)).entry.document_id == DOCUMENT_ID


async def test_the_same_wrong_package_of_two_senders_gets_two_answers(world: World) -> None:
    ours = await refusal(world, b"<letter/>")
    theirs = await refusal(world, b"<letter/>", by=world.stranger)
    assert ours.evidence is not None and theirs.evidence is not None
    assert ours.evidence.evidence_id != theirs.evidence.evidence_id


# What is nobody's verdict.


async def test_missing_revocation_data_is_no_verdict_and_can_be_tried_again(world: World) -> None:
    identity = world.pki.root.issue("Bộ Mẫu", crl_url="http://crl.example/root.crl")
    registered = replace(world.ministry, identity=identity)
    declined = await refusal(world, world.sealed(registered, document()))
    assert (declined.code, declined.evidence) == ("REVOCATION_UNKNOWN", None)
    assert answer(declined.code).retryable


async def test_the_switch_for_old_packages_is_off_whatever_the_policy_says(world: World) -> None:
    world.policy = replace(DEFAULT_POLICY, allow_legacy=True)
    sealed = weak(world)
    assert isinstance(verify(sealed, trust=world.trust, at=world.now, policy=world.policy), Sound)
    assert (await refusal(world, sealed)).code == "KEY_TOO_WEAK"


async def test_an_oversized_package_is_refused_unread(world: World) -> None:
    intake = world.intake_within(replace(LIMITS, package_bytes=100))
    with pytest.raises(Declined) as declined:
        await intake.submit(world.ministry.caller(), b"x" * 101)
    assert (declined.value.code, declined.value.evidence) == ("PACKAGE_TOO_LARGE", None)


async def test_an_oversized_upload_is_no_package(world: World) -> None:
    sha256 = await world.uploaded(world.ministry, LARGE)
    with pytest.raises(Declined) as declined:
        await world.intake_within(replace(LIMITS, package_bytes=100)).submit_uploaded(
            world.ministry.caller(), sha256
        )
    assert declined.value.code == "PACKAGE_TOO_LARGE"


async def test_a_package_that_another_agency_uploaded_is_not_found(world: World) -> None:
    package = world.sealed(world.stranger, document(sender="K99"))
    sha256 = await world.uploaded(world.stranger, package)
    with pytest.raises(Declined) as theirs:
        await world.intake.submit_uploaded(world.ministry.caller(), sha256)
    with pytest.raises(Declined) as absent:
        await world.intake.submit_uploaded(world.ministry.caller(), digest(b"never"))
    assert (theirs.value.code, theirs.value.detail) == (absent.value.code, absent.value.detail)
    assert theirs.value.code == "NOT_FOUND"


async def test_an_uploaded_package_that_the_archive_lost_is_an_alarm_and_no_verdict(world: World) -> None:
    sha256 = await world.uploaded(world.ministry, world.sealed(world.ministry, document()))
    assert isinstance(world.archive, MemoryArchive)
    world.archive.blobs.clear()
    with pytest.raises(Corrupt):
        await world.intake.submit_uploaded(world.ministry.caller(), sha256)


async def test_a_package_that_lies_cut_short_on_disk_is_an_alarm_and_not_accepted(world: World) -> None:
    package = world.sealed(world.ministry, document())
    assert isinstance(world.archive, MemoryArchive)
    world.archive.blobs[digest(package)] = package[:100]
    with pytest.raises(Corrupt):
        await world.intake.submit(world.ministry.caller(), package)
    assert await world.ledger.leaves(start=0, limit=10) == ()
    assert (await world.records.outbox(world.ministry.caller(), 0, 0)).items == ()


@pytest.mark.parametrize("sha256", ["", "x", "A" * 64, "0" * 65])
async def test_an_uploaded_package_is_named_by_a_digest(world: World, sha256: str) -> None:
    with pytest.raises(Declined) as declined:
        await world.intake.submit_uploaded(world.ministry.caller(), sha256)
    assert declined.value.code == "INVALID_ARGUMENT"


async def test_a_draining_axis_takes_nothing_and_gives_no_verdict(world: World) -> None:
    await world.owned.drain()
    declined = await refusal(world, world.sealed(world.ministry, document()))
    assert (declined.code, declined.evidence) == ("SHUTTING_DOWN", None)


async def test_chunks_of_a_large_package_are_bounded(world: World) -> None:
    big = document(attachments=(inline("1", "a.bin", bytes(3 << 20)),))
    small_limits = replace(LIMITS, package_bytes=8 << 20)
    package = world.sealed(world.ministry, big)
    kept = await world.intake_within(small_limits).submit(world.ministry.caller(), package)
    assert kept.entry.original.size == len(package)


class _Counting:
    """An archive that tells how many blobs are being read at once, and in which order they were begun; a
    reading waits until it is let go."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.reading = 0
        self.begun: list[str] = []
        self.go = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._archive, name)

    async def get(self, digest: str, *, offset: int = 0) -> AsyncIterator[bytes]:
        self.reading += 1
        self.begun.append(digest)
        try:
            await self.go.wait()
            async for chunk in self._archive.get(digest, offset=offset):
                yield chunk
        finally:
            self.reading -= 1


async def test_however_many_uploads_are_submitted_few_are_read_at_once_and_every_agency_has_its_turn(
    world: World,
) -> None:
    async def upload(by: House, number: int) -> str:
        package = document(sender=by.id, document_id=f"{by.id},{number}")
        return await world.uploaded(by, world.sealed(by, package))

    many = [await upload(world.ministry, number) for number in range(12)]
    one = await upload(world.province, 0)
    counting = _Counting(world.archive)
    world.archive = counting  # type: ignore[assignment]
    intake = world.intake

    async def submit(by: House, sha256: str) -> None:
        await intake.submit_uploaded(by.caller(), sha256)

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        for sha256 in many:
            tasks.create_task(submit(world.ministry, sha256))
        await asyncio.sleep(0.05)
        tasks.create_task(submit(world.province, one))
        await asyncio.sleep(0.05)
        assert counting.reading == 3
        counting.go.set()
    assert counting.begun.index(one) < 8, "the agency that asked for one waited behind the one with twelve"
    assert sorted(counting.begun) == sorted([*many, one])


async def test_an_agency_gets_so_many_signed_refusals_in_a_minute_and_others_get_theirs(world: World) -> None:
    intake = world.intake_within(replace(LIMITS, refusals_per_minute=3))

    async def refused(by: House, number: int) -> Declined:
        with pytest.raises(Declined) as declined:
            await intake.submit(by.caller(), b"junk %d" % number)
        return declined.value

    for number in range(3):
        assert (await refused(world.ministry, number)).evidence is not None
    kept = await world.ledger.leaves(start=0, limit=100)
    beyond = await refused(world.ministry, 4)
    assert (beyond.code, beyond.evidence) == ("TOO_MANY_REFUSALS", None)
    assert beyond.facts == {"reason": "XML_MALFORMED"}
    assert await world.ledger.leaves(start=0, limit=100) == kept
    assert (await refused(world.province, 5)).evidence is not None
    world.now += timedelta(seconds=21)
    assert (await refused(world.ministry, 6)).evidence is not None
    assert (await refused(world.ministry, 7)).code == "TOO_MANY_REFUSALS"
