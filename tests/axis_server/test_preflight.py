"""Checking a package is sending it, but for the sending: the same verdict with the same code, and nothing
left behind."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import Executor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes

from axis_server.addressing.directory import DirectoryView
from axis_server.documents.judgement import digest
from axis_server.errors import Declined
from axis_server.limits.turns import Turns
from axis_server.reasons import Code
from axis_server.sending.cautions import CAUTIONS, ODD, Caution, said_of
from axis_server.sending.preflight import Checked
from edxml.model import Package
from signing.reasons.seals import SEALS
from storage.errors import Unavailable
from storage.faults import Faults, When
from storage.ledger.records import Kept
from storage.ledger.registry import Certificate, Group
from tests.axis_server.attempts import ATTEMPTS, Attempt
from tests.axis_server.houses import House, Pki
from tests.axis_server.packages import document, revoke
from tests.axis_server.spoilt import LARGE, with_detached
from tests.axis_server.test_crash_table import fresh_world, shaken
from tests.axis_server.world import LIMITS, World
from tests.pki import AT, Identity
from tests.storage import whole

KINDS_OF_STORES = ["memory", "files and SQLite"]


async def checked(world: World, attempt: Attempt) -> Checked:
    preflight = world.preflight_within(attempt.limits)
    return await preflight.check(attempt.caller, attempt.package, attempt.coming)


async def submitted(world: World, attempt: Attempt) -> Kept | Declined:
    """What a real send of the same things meets: uploads first."""
    caller = attempt.caller
    intake = world.intake_within(attempt.limits)
    try:
        for blob in attempt.to_upload:
            await world.uploaded(attempt.by, blob, attempt.limits)
        if isinstance(attempt.package, str):
            return await intake.submit_uploaded(caller, attempt.package)
        return await intake.submit(caller, attempt.package)
    except Declined as declined:
        return declined


async def left(world: World) -> object:
    outboxes = [await whole.outbox(world.ledger, one.id) for one in world.houses]
    inboxes = [await whole.inbox(world.ledger, one.id) for one in world.houses]
    return outboxes, inboxes, await world.ledger.leaves(start=0, limit=1000)


@pytest.mark.parametrize("kind", KINDS_OF_STORES)
@pytest.mark.parametrize("name", ATTEMPTS)
async def test_a_check_says_what_sending_says_and_leaves_nothing(
    name: str, kind: str, pki: Pki, workers: Executor, tmp_path: Path
) -> None:
    async with fresh_world(kind, tmp_path / "stores", pki, workers) as world:
        prepare, code = ATTEMPTS[name]
        attempt = await prepare(world)
        before = await left(world)
        told = await checked(world, attempt)
        assert await left(world) == before
        met = await submitted(world, attempt)
        if isinstance(met, Declined):
            assert (met.code, told.refusal and told.refusal.code) == (code, code), met
            assert told.refusal is not None
            assert (told.refusal.detail, told.refusal.facts) == (met.detail, met.facts)
            assert told.refusal.evidence is None
            return
        assert (code, told.refusal) == ("", None)
        assert told.entry == met.entry
        assert told.recipient_ids == tuple(
            one.recipient_id for one in await whole.deliveries(world.ledger, met.entry.dispatch_id)
        )
        (first, *_) = await whole.deliveries(world.ledger, met.entry.dispatch_id)
        assert (told.handover_by, told.answer_by) == (first.handover_by, first.answer_by)
        again = await checked(world, attempt)
        assert again.already_accepted
        assert (again.entry, again.recipient_ids) == (told.entry, told.recipient_ids)


OF_UPLOADS = {"OFFSET_MISMATCH", "STREAM_TRUNCATED", "UPLOAD_QUOTA"}
OF_ANSWERS = {
    "NOT_A_STATUS",
    "WRONG_STATE",
    "STATEMENT_MISMATCH",
    "HANDOVER_INCOMPLETE",
    "STATUS_FORBIDDEN",
    "QUESTION_OPEN",
    "ASKED_LATELY",
    "WITHHELD",
    "LEASE_LOST",
    "TOO_MANY_ASIDES",
}
OF_ARCHIVISTS = {
    *("CLASS_UNKNOWN", "TOO_MANY_DECISIONS", "ORDER_UNFIT", "ORDER_EXPIRED", "APPROVAL_MISSING", "NOT_DUE"),
    *("HELD", "DISPOSED"),
}
OF_THE_CALLER = {
    "STRANGER",
    "UNTRUSTED",
    "AGENCY_SUSPENDED",
    "ROLE_FORBIDDEN",
    "INVALID_ARGUMENT",
}
"""Raised by a check as by a submission: no package could mend it."""
OF_NOBODY = {
    "STORE_UNAVAILABLE",
    "STORE_FULL",
    "LOG_LAGS",
    "TOO_MANY_CALLS",
    "TOO_MANY_DOCUMENTS",
    "TOO_MANY_STATEMENTS",
    "TOO_MANY_BYTES",
    "TOO_MANY_REFUSALS",
    "TOO_MANY_WATCHES",
    "SHUTTING_DOWN",
    "CORRUPT",
    "INTERNAL",
}
OF_OTHER_DOCUMENTS = {"ATTACHMENT_MISMATCH", "NOT_ENTITLED"}
"""What is said of evidence, and of attachments given beside a seal; the axis compares theirs by digest."""


def test_every_code_that_a_submission_can_give_for_a_document_is_attempted() -> None:
    elsewhere = OF_UPLOADS | OF_ANSWERS | OF_ARCHIVISTS | OF_THE_CALLER | OF_NOBODY | OF_OTHER_DOCUMENTS
    codes = {str(code) for code in (*Code, *SEALS)} - elsewhere - {"SOUND"}
    attempted = {code for _, code in ATTEMPTS.values()} - {""}
    assert codes - attempted == set(), "no attempt meets these"
    assert elsewhere <= {*Code, *SEALS}
    assert attempted - codes == set(), "these were thought impossible"


# What it warns of.


async def warned(world: World, unsigned: Package, by: House | None = None) -> dict[str, Caution]:
    package = world.sealed(by or world.ministry, unsigned)
    told = await world.preflight.check(world.ministry.caller(), package, {})
    assert told.refusal is None
    return {one.code: one for one in told.cautions}


def test_every_warning_that_a_package_can_earn_has_a_sentence() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path("edxml").glob("*.py"))
    of_the_reader = set(re.findall(r'(?:warn|Warn)\(\s*(?:code=)?"([A-Z0-9_]+)"', source))
    assert len(of_the_reader) > 10
    assert {one for one in of_the_reader if not one.startswith("STATUS_")} <= set(CAUTIONS)
    for said in (*CAUTIONS.values(), ODD):
        assert all((said.english, said.vietnamese, said.next_step, said.next_step_vietnamese))
    assert said_of("FIELD_TOO_LONG") == CAUTIONS["FIELD_TOO_LONG"]
    assert said_of("A_CODE_OF_TOMORROW") == ODD


async def test_a_package_without_fault_is_warned_of_nothing_but_the_list_that_is_not_there(
    world: World,
) -> None:
    assert set(await warned(world, document())) == {"REVOCATION_NOT_CHECKED"}


async def test_over_long_and_missing_fields_are_warned_of(world: World) -> None:
    found = await warned(world, document(subject="á" * 501, steering_type=""))
    assert {"FIELD_TOO_LONG", "FIELD_MISSING"} <= set(found)
    assert "Subject" in found["FIELD_TOO_LONG"].detail


async def test_a_signing_certificate_that_ends_soon_is_warned_of(world: World) -> None:
    ending = world.pki.root.issue("Bộ Mẫu", not_after=AT + timedelta(days=29, hours=1))
    renewed = renewed_as(world, ending, role="system")
    found = await warned(world, document(), renewed)
    assert found["SIGNING_CERTIFICATE_ENDS"].facts == {"days": "29"}
    assert "CONNECTING_CERTIFICATE_ENDS" not in found


async def test_a_connecting_certificate_that_ends_soon_is_warned_of(world: World) -> None:
    ending = world.pki.root.issue("Bộ Mẫu", not_after=AT + timedelta(days=3, hours=1))
    pem = ending.certificate_pem.decode()
    caller = world.ministry.caller()
    caller = replace(caller, certificate=replace(caller.certificate, pem=pem))
    package = world.sealed(world.ministry, document())
    told = await world.preflight.check(caller, package, {})
    assert {one.code: one.facts for one in told.cautions}["CONNECTING_CERTIFICATE_ENDS"] == {"days": "3"}


async def test_the_same_number_and_notation_is_warned_of_and_names_the_other(world: World) -> None:
    first = await world.sent(world.province)
    found = await warned(world, document(document_id="G90,2026/03/04,7816/BM-VP"))
    assert found["SAME_NUMBER"].facts == {"dispatch_id": first.dispatch_id, "count": "1"}
    assert "SAME_NUMBER" not in await warned(world, revoke("H90"))


async def test_a_due_date_in_the_past_is_warned_of_and_that_of_today_is_not(world: World) -> None:
    world.now = AT.replace(hour=16, minute=59)  # 23:59 in Viet Nam
    assert "DUE_DATE_PAST" not in await warned(world, document(due_date="2026/03/02"))
    world.now += timedelta(minutes=1)
    assert (await warned(world, document(due_date="2026/03/02")))["DUE_DATE_PAST"].detail == "2026-03-02"


async def test_members_of_a_group_who_are_left_out_are_warned_of(world: World) -> None:
    group = Group(group_id="TINH", name="Các tỉnh", members=("H90", "H91.01"))
    suspended = replace(world.department.agency, active=False)
    agencies = [suspended if one.id == suspended.agency_id else one.agency for one in world.houses]
    world.view = DirectoryView.of([*agencies, group])
    assert "H91.01" in (await warned(world, document(to=["TINH"])))["RECIPIENT_LEFT_OUT"].detail


async def test_nearly_too_many_recipients_are_warned_of(world: World) -> None:
    package = world.sealed(world.ministry, document(to=["H90", "H91.01"]))
    for limit, told in ((2, True), (3, False)):
        preflight = world.preflight_within(replace(LIMITS, recipients=limit))
        checked = await preflight.check(world.ministry.caller(), package, {})
        assert ("MANY_RECIPIENTS" in [one.code for one in checked.cautions]) == told


async def test_what_was_accepted_already_says_so_whatever_came_to_pass_since(world: World) -> None:
    package = world.sealed(world.ministry, document())
    kept = await world.intake.submit(world.ministry.caller(), package)
    world.now += timedelta(days=400)
    told = await world.preflight.check(world.ministry.caller(), package, {})
    assert (told.already_accepted, told.refusal, told.entry) == (True, None, kept.entry)
    assert told.cautions[0].code == "ALREADY_ACCEPTED"
    assert told.cautions[0].facts == {"dispatch_id": kept.entry.dispatch_id}


# What it costs, and who may ask.


async def test_a_check_signs_no_refusal_and_uses_up_no_allowance(world: World) -> None:
    limits = replace(LIMITS, refusals_per_minute=1)
    intake, preflight = world.intake_within(limits), world.preflight_within(limits)
    for number in range(5):
        told = await preflight.check(world.ministry.caller(), b"junk %d" % number, {})
        assert told.refusal is not None and told.refusal.evidence is None
    assert await world.ledger.leaves(start=0, limit=10) == ()
    with pytest.raises(Declined) as declined:
        await intake.submit(world.ministry.caller(), b"junk")
    assert declined.value.evidence is not None


async def test_checks_take_turns_with_submissions(world: World) -> None:
    world.turns = Turns(1)
    package = world.sealed(world.ministry, document())
    async with world.turns.of("somebody"):
        checking = asyncio.ensure_future(world.preflight.check(world.ministry.caller(), package, {}))
        done, _ = await asyncio.wait({checking}, timeout=0.1)
        assert not done
    assert (await checking).refusal is None


@pytest.mark.parametrize(("role", "code"), [("archivist", "ROLE_FORBIDDEN"), ("operator", "ROLE_FORBIDDEN")])
async def test_who_may_not_send_may_not_check(world: World, role: str, code: str) -> None:
    with pytest.raises(Declined) as declined:
        await world.preflight.check(world.ministry.caller(role), b"", {})
    assert declined.value.code == code


async def test_a_suspended_agency_may_not_check(world: World) -> None:
    suspended = world.suspend(world.ministry)
    with pytest.raises(Declined) as declined:
        await world.preflight.check(suspended.caller(), b"", {})
    assert declined.value.code == "AGENCY_SUSPENDED"


@pytest.mark.parametrize("coming", [{"x": 1}, {"A" * 64: 1}, {digest(b"%d" % n): 1 for n in range(1001)}])
async def test_what_is_to_come_is_named_by_digests_and_not_without_end(
    world: World, coming: dict[str, int]
) -> None:
    with pytest.raises(Declined) as declined:
        await world.preflight.check(world.ministry.caller(), b"", coming)
    assert declined.value.code == "INVALID_ARGUMENT"


async def test_what_is_held_already_has_the_size_that_is_held(world: World) -> None:
    sha256 = await world.uploaded(world.ministry, LARGE)
    package = with_detached(sha256)(world)
    told = await world.preflight.check(world.ministry.caller(), package, {sha256: 5})
    assert told.entry is not None
    assert told.entry.parts[1].size == len(LARGE)


async def test_a_store_that_does_not_answer_is_no_verdict(world: World) -> None:
    package = world.sealed(world.ministry, document())
    broken = shaken(world, Faults(0, When.BEFORE))
    with pytest.raises(Unavailable):
        await broken.preflight.check(world.ministry.caller(), package, {})


def renewed_as(world: World, identity: Identity, *, role: str) -> House:
    """The ministry with another certificate for a role, in the directory too."""
    renewed = Certificate(
        sha256=identity.certificate.fingerprint(hashes.SHA256()).hex(),
        pem=identity.certificate_pem.decode(),
        role=role,
        may_connect=True,
        may_seal=True,
    )
    agency = world.ministry.agency
    certificates = (renewed, *(one for one in agency.certificates if one.role != role))
    changed = replace(world.ministry, identity=identity, agency=replace(agency, certificates=certificates))
    return world.register(changed)
