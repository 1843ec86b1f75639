"""Checking a package is sending it, but for the sending: the same verdict with the same code, and nothing
left behind."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path

import pytest

from axis_server.errors import Declined
from axis_server.preflight import Checked
from axis_server.reasons import ANSWERS
from storage.ledger.records import Kept
from tests.axis_server.attempts import ATTEMPTS, Attempt
from tests.axis_server.test_crash_table import fresh_world
from tests.axis_server.world import Pki, World
from tests.storage import whole

KINDS_OF_STORES = ["memory", "files and SQLite"]


async def checked(world: World, attempt: Attempt) -> Checked:
    preflight = world.preflight_within(attempt.limits)
    return await preflight.check(attempt.by.caller(attempt.role), attempt.package, attempt.coming)


async def submitted(world: World, attempt: Attempt) -> Kept | Declined:
    """What a real send of the same things meets: uploads first."""
    caller = attempt.by.caller(attempt.role)
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
    "WITHHELD",
    "LEASE_LOST",
}
OF_THE_CALLER = {
    "STRANGER",
    "UNTRUSTED",
    "AGENCY_SUSPENDED",
    "ROLE_FORBIDDEN",
    "NOT_DELEGATED",
    "INVALID_ARGUMENT",
}
"""Raised by a check as by a submission: no package could mend it."""
OF_NOBODY = {
    "STORE_UNAVAILABLE",
    "STORE_FULL",
    "TOO_MANY_CALLS",
    "TOO_MANY_REFUSALS",
    "TOO_MANY_WATCHES",
    "SHUTTING_DOWN",
    "CORRUPT",
    "INTERNAL",
}
OF_OTHER_DOCUMENTS = {"ATTACHMENT_MISMATCH", "NOT_ENTITLED"}
"""What is said of evidence, and of attachments given beside a seal; the axis compares theirs by digest."""
OF_TIME_STAMPS_AND_LOGS = ("TIMESTAMP_", "TSA_", "LOG_", "OCSP_")


def test_every_code_that_a_submission_can_give_for_a_document_is_attempted() -> None:
    elsewhere = OF_UPLOADS | OF_ANSWERS | OF_THE_CALLER | OF_NOBODY | OF_OTHER_DOCUMENTS
    codes = {
        code for code in ANSWERS if code not in elsewhere and not code.startswith(OF_TIME_STAMPS_AND_LOGS)
    }
    attempted = {code for _, code in ATTEMPTS.values()} - {""}
    assert codes - attempted == set(), "no attempt meets these"
    assert attempted - codes == set(), "these were thought impossible"
