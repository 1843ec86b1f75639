"""Recall, update and replacement at commit: whom they ask, who joins, what links them, and what a retry
finds."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from axis_server.errors import Declined
from edxml.model import Bussiness, Package
from storage.faults import Faults, When
from storage.ledger.records import Delivery, Entry, Kept
from tests.axis_server.houses import House, Pki
from tests.axis_server.packages import DOCUMENT_ID, NEXT_ID, document, replacement, revoke, update
from tests.axis_server.test_crash_table import fresh_world, shaken
from tests.axis_server.world import DEADLINES, LIMITS, World
from tests.storage import whole


async def spoken(world: World, unsigned: Package, by: House | None = None) -> Kept:
    speaker = by or world.ministry
    return await world.intake.submit(speaker.caller(), world.sealed(speaker, unsigned))


async def deliveries(world: World, entry: Entry) -> dict[str, Delivery]:
    found = await whole.deliveries(world.ledger, entry.dispatch_id)
    return {one.recipient_id: one for one in found}


async def asked(world: World, entry: Entry) -> dict[str, str]:
    """Who is asked what of a dispatch."""
    standing = await deliveries(world, entry)
    return {name: one.question.kind for name, one in standing.items() if one.question is not None}


async def links(world: World, by: House, entry: Entry) -> list[tuple[str, int, bool]]:
    status = await world.records.status(by.caller(), entry.dispatch_id)
    return [(link.dispatch_id, link.kind, link.later) for link in status.links]


# Whom they ask.


async def test_a_revoke_asks_its_recipients_and_is_a_delivery_of_its_own(world: World) -> None:
    first = await world.sent(world.province, world.department)
    world.now += timedelta(hours=1)
    kept = await spoken(world, revoke("H90", "H91.01"))
    assert await asked(world, first) == {"H90": "recall", "H91.01": "recall"}
    assert {one.state for one in (await deliveries(world, kept.entry)).values()} == {"consigned"}
    terms = DEADLINES.terms(priority=0, due=document().due, at=world.now)
    question = (await deliveries(world, first))["H90"].question
    assert question is not None
    assert (question.by, question.reason) == (kept.entry.dispatch_id, "Sai số liệu")
    assert (question.asked_at, question.until) == (world.now, terms.answer_by)


async def test_asking_moves_no_state_and_bumps_the_version_and_leaves_an_event(world: World) -> None:
    first = await world.sent(world.province, world.department)
    kept = await spoken(world, revoke("H90"))
    standing = await deliveries(world, first)
    assert [(one.state, one.version) for one in standing.values()] == [("consigned", 2), ("consigned", 1)]
    event = (await whole.history(world.ledger, first.dispatch_id))[-1]
    assert (event.kind, event.recipient_id, event.actor_id) == ("RecallRequested", "H90", "G90")
    assert (event.related_id, event.reason) == (kept.entry.dispatch_id, "Sai số liệu")


async def test_a_revoke_to_fewer_asks_those_alone(world: World) -> None:
    first = await world.sent(world.province, world.department)
    await spoken(world, revoke("H91.01"))
    assert await asked(world, first) == {"H91.01": "recall"}


async def test_a_revoke_to_more_goes_to_all_and_asks_those_who_hold_the_document(world: World) -> None:
    first = await world.sent(world.province)
    kept = await spoken(world, revoke("H90", "H91.01"))
    assert await asked(world, first) == {"H90": "recall"}
    assert set(await deliveries(world, kept.entry)) == {"H90", "H91.01"}
    assert "NOT_ASKED: H91.01 (not a recipient)" in kept.entry.warnings


async def test_who_refused_is_not_asked_and_gets_the_package(world: World) -> None:
    first = await world.sent(world.province, world.department)
    await world.report(world.province, first, "02", "Không đúng thẩm quyền")
    kept = await spoken(world, revoke("H90", "H91.01"))
    assert await asked(world, first) == {"H91.01": "recall"}
    assert "NOT_ASKED: H90 (refused)" in kept.entry.warnings


async def test_the_old_identifier_names_the_same_recipient(world: World) -> None:
    first = await world.sent(world.province, world.department)
    await spoken(world, update("H91.01", removed=("000.00.00.H90",)))
    assert await asked(world, first) == {"H90": "removal"}


async def test_an_update_asks_whom_it_removes_even_when_it_does_not_go_to_them(world: World) -> None:
    first = await world.sent(world.province, world.department)
    kept = await spoken(world, update("H91.01", removed=("H90",)))
    assert await asked(world, first) == {"H90": "removal"}
    assert set(await deliveries(world, kept.entry)) == {"H91.01"}


async def test_a_replacement_asks_of_every_document_that_it_replaces(world: World) -> None:
    first = await world.sent(world.province, world.department)
    second = await world.sent(world.province, document_id="G90,2026/03/01,1/BM")
    unsigned = replacement("H90", of={DOCUMENT_ID: ("H91.01",), "G90,2026/03/01,1/BM": ("H90",)})
    kept = await spoken(world, unsigned)
    assert await asked(world, first) == {"H91.01": "replacement"}
    assert await asked(world, second) == {"H90": "replacement"}
    assert await links(world, world.ministry, kept.entry) == [
        (first.dispatch_id, 0, False),
        (second.dispatch_id, 0, False),
    ]


async def test_after_a_replacement_its_document_is_the_one_that_a_revoke_speaks_of(world: World) -> None:
    first = await world.sent(world.province)
    second = (await spoken(world, replacement("H90"))).entry
    await spoken(world, replace(revoke("H90"), document_id=NEXT_ID))
    assert await asked(world, first) == {"H90": "replacement"}
    assert await asked(world, second) == {"H90": "recall"}


async def test_a_replacement_under_the_same_document_id_bears_it_from_then_on(world: World) -> None:
    first = await world.sent(world.province)
    unsigned = replacement("H90", document_id=DOCUMENT_ID, of={DOCUMENT_ID: ("H90",)})
    second = (await spoken(world, unsigned)).entry
    await spoken(world, revoke("H90"))
    assert await asked(world, first) == {"H90": "replacement"}
    assert await asked(world, second) == {"H90": "recall"}


async def test_another_senders_document_is_unknown_and_stays_untouched(world: World) -> None:
    first = await world.sent(world.province)
    theirs = replace(revoke("H90"), sender=replace(document().sender, organ_id="K99"))
    with pytest.raises(Declined) as declined:
        await spoken(world, theirs, world.stranger)
    with pytest.raises(Declined) as never:
        await spoken(world, replace(theirs, document_id=NEXT_ID), world.stranger)
    assert (declined.value.code, never.value.code) == ("DOCUMENT_UNKNOWN", "DOCUMENT_UNKNOWN")
    assert declined.value.facts == {"document_id": DOCUMENT_ID}
    assert await asked(world, first) == {}


async def test_a_long_thread_still_finds_its_document(world: World) -> None:
    first = await world.sent(world.province)
    for number in range(101):
        await spoken(world, replace(update("H90"), subject=f"Bổ sung {number}"))
    assert (await spoken(world, revoke("H90"))).entry.kind == 1
    assert await asked(world, first) == {"H90": "recall"}


# Who joins.


async def test_an_update_adds_recipients_to_the_document_itself(world: World) -> None:
    first = await world.sent(world.province)
    world.now += timedelta(hours=1)
    kept = await spoken(world, update("H90", added=("H91.01",)))
    standing = await deliveries(world, first)
    assert list(standing) == ["H90", "H91.01"]
    joined = standing["H91.01"]
    assert (joined.state, joined.version, joined.updated_at) == ("consigned", 1, world.now)
    assert joined.due == joined.handover_by
    assert joined.handover_by > standing["H90"].handover_by
    (event,) = [
        one for one in await whole.history(world.ledger, first.dispatch_id) if one.recipient_id == "H91.01"
    ]
    assert (event.kind, event.related_id) == ("ContentConsignment", kept.entry.dispatch_id)
    (item,) = (await world.inbox.page(world.department.caller(), 0, 0)).items
    assert item.entry.dispatch_id == first.dispatch_id


async def test_who_joins_has_a_consignment_of_the_document_that_names_them_alone(world: World) -> None:
    first = await world.sent(world.province)
    world.now += timedelta(hours=1)
    await spoken(world, update("H90", added=("H91.01", "K99")))
    consignments = [
        one
        for one in await whole.evidence(world.ledger, first.dispatch_id)
        if one.event == "ContentConsignment"
    ]
    earlier, joined = map(world.said, consignments)
    assert [one.agency_id for one in joined.recipients] == ["H91.01", "K99"]
    assert (joined.message_id, joined.at, joined.parts) == (first.dispatch_id, world.now, earlier.parts)
    assert joined.submitted_at == first.accepted_at
    seen = await world.records.evidence(world.department.caller(), first.dispatch_id, 0, 0)
    assert consignments[1] in seen.items


async def test_who_is_there_already_stays_as_it_is(world: World) -> None:
    first = await world.sent(world.province)
    await world.report(world.province, first, "01")
    before = await deliveries(world, first)
    evidence = await whole.evidence(world.ledger, first.dispatch_id)
    await spoken(world, update("H90", added=("H90",)))
    assert await deliveries(world, first) == before
    assert await whole.evidence(world.ledger, first.dispatch_id) == evidence


async def test_who_joined_can_be_asked_to_give_it_back(world: World) -> None:
    first = await world.sent(world.province)
    await spoken(world, update("H90", added=("H91.01",)))
    await spoken(world, revoke("H91.01"))
    assert await asked(world, first) == {"H91.01": "recall"}


async def test_everyone_whom_it_concerns_is_told(world: World) -> None:
    await world.sent(world.province)
    unsigned = update("K99", removed=("H90",), added=("H91.01",))
    async with (
        world.changes.subscribe("G90") as sender,
        world.changes.subscribe("H90") as removed,
        world.changes.subscribe("H91.01") as added,
        world.changes.subscribe("K99") as addressed,
    ):
        await spoken(world, unsigned)
        assert [await one.wait(0.01) for one in (sender, removed, added, addressed)] == [True] * 4


# What links them.


async def test_a_thread_is_linked_both_ways(world: World) -> None:
    first = await world.sent(world.province)
    second = (await spoken(world, replacement("H90"))).entry
    assert await links(world, world.ministry, second) == [(first.dispatch_id, 0, False)]
    assert await links(world, world.ministry, first) == [(second.dispatch_id, 3, True)]
    assert await links(world, world.province, first) == [(second.dispatch_id, 3, True)]


async def test_a_recipient_sees_no_link_to_what_it_is_no_party_of(world: World) -> None:
    first = await world.sent(world.province, world.department)
    await spoken(world, update("H91.01", removed=("H91.01",)))
    assert await links(world, world.province, first) == []
    assert len(await links(world, world.department, first)) == 1
    third = (await spoken(world, replace(update("K99"), subject="Bổ sung"))).entry
    assert await links(world, world.stranger, third) == []


# Retries and races.


@pytest.mark.parametrize("unsigned", [update("H90"), replacement("H90")], ids=["update", "replacement"])
async def test_a_retry_gets_the_same_answer_although_the_document_was_recalled_since(
    world: World, unsigned: Package
) -> None:
    await world.sent(world.province)
    package = world.sealed(world.ministry, unsigned)
    kept = await world.intake.submit(world.ministry.caller(), package)
    await spoken(world, revoke("H90"))
    with pytest.raises(Declined) as declined:
        await spoken(world, replace(unsigned, subject="Khác"))
    assert declined.value.code in ("DOCUMENT_RECALLED", "DOCUMENT_ID_TAKEN")
    world.now += timedelta(days=1)
    assert await world.intake.submit(world.ministry.caller(), package) == kept


async def test_two_recalls_at_once_are_both_kept_and_one_of_them_asks(world: World) -> None:
    first = await world.sent(world.province, world.department)
    packages = [
        world.sealed(world.ministry, replace(revoke("H90", "H91.01"), subject=f"Thu hồi {number}"))
        for number in range(2)
    ]
    kept = await asyncio.gather(
        *(world.intake.submit(world.ministry.caller(), package) for package in packages)
    )
    standing = (await deliveries(world, first)).values()
    askers = {one.question.by for one in standing if one.question is not None}
    assert len(askers) == 1
    assert askers <= {one.entry.dispatch_id for one in kept}
    events = await whole.history(world.ledger, first.dispatch_id)
    assert [one.kind for one in events].count("RecallRequested") == 2


async def test_two_updates_at_once_add_an_agency_once(world: World) -> None:
    first = await world.sent(world.province)
    packages = [
        world.sealed(world.ministry, replace(update("H90", added=("H91.01",)), subject=f"Bổ sung {number}"))
        for number in range(2)
    ]
    await asyncio.gather(*(world.intake.submit(world.ministry.caller(), package) for package in packages))
    assert list(await deliveries(world, first)) == ["H90", "H91.01"]
    events = await whole.history(world.ledger, first.dispatch_id)
    assert len([one for one in events if one.recipient_id == "H91.01"]) == 1
    evidence = await whole.evidence(world.ledger, first.dispatch_id)
    assert [one.event for one in evidence].count("ContentConsignment") == 2


# A store call fails: one set of questions, one joining, one evidence, however often it is sent.

READ_CALLS = ["ledger.kept", "ledger.thread", "ledger.entry", "ledger.deliveries"]
KEPT_CALLS = ["archive.put", "ledger.commit"]
CHANGING = update("H90", removed=("H90",), added=("K99",))


async def assert_changed_once(world: World, first: Entry, kept: Kept) -> None:
    assert await asked(world, first) == {"H90": "removal"}
    standing = await deliveries(world, first)
    assert {name: one.version for name, one in standing.items()} == {"H90": 2, "H91.01": 1, "K99": 1}
    kinds = [one.kind for one in await whole.history(world.ledger, first.dispatch_id)]
    assert kinds == ["SubmissionAcceptance", "ContentConsignment", "RemovalRequested", "ContentConsignment"]
    evidence = await whole.evidence(world.ledger, first.dispatch_id)
    assert [one.event for one in evidence] == ["SubmissionAcceptance"] + ["ContentConsignment"] * 2
    assert len(await world.ledger.leaves(start=0, limit=100)) == 5
    assert await links(world, world.ministry, first) == [(kept.entry.dispatch_id, 2, True)]


@pytest.mark.parametrize("kind", ["memory", "files and SQLite"])
@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
@pytest.mark.parametrize("number", range(len(READ_CALLS + KEPT_CALLS)))
async def test_any_store_call_may_fail_and_sending_again_asks_and_adds_once(
    number: int, when: When, kind: str, pki: Pki, workers: Executor, tmp_path: Path
) -> None:
    async with fresh_world(kind, tmp_path / "stores", pki, workers) as world:
        first = await world.sent(world.province, world.department)
        package = world.sealed(world.ministry, CHANGING)
        faults = Faults(number, when)
        sent = shaken(world, faults).intake.submit(world.ministry.caller(), package)
        answers: list[Kept | BaseException] = await asyncio.gather(sent, return_exceptions=True)
        assert faults.calls[: number + 1] == (READ_CALLS + KEPT_CALLS)[: number + 1]
        says_no = number == 0 and when is When.AFTER
        assert isinstance(answers[0], Kept) == says_no
        kept = await world.intake.submit(world.ministry.caller(), package)
        await assert_changed_once(world, first, kept)
        assert await world.intake.submit(world.ministry.caller(), package) == kept
        await assert_changed_once(world, first, kept)


DEATHS = [
    (number, when)
    for number in range(len(READ_CALLS + KEPT_CALLS))
    for when in (When.HANG_BEFORE, When.HANG_AFTER)
    if number or when is When.HANG_BEFORE  # the first says "not kept yet": nothing to die after
]


@pytest.mark.parametrize(("number", "when"), DEATHS)
async def test_the_process_may_die_at_any_store_call_and_sending_again_asks_and_adds_once(
    number: int, when: When, pki: Pki, workers: Executor, tmp_path: Path
) -> None:
    async with fresh_world("memory", tmp_path / "stores", pki, workers) as world:
        first = await world.sent(world.province, world.department)
        package = world.sealed(world.ministry, CHANGING)
        faults = Faults(number, when)
        living = asyncio.all_tasks()
        walking = asyncio.ensure_future(shaken(world, faults).intake.submit(world.ministry.caller(), package))
        await faults.hanging.wait()
        died = asyncio.all_tasks() - living
        for task in died:
            task.cancel()
        await asyncio.gather(*died, return_exceptions=True)
        assert walking.cancelled()
        kept = await world.intake.submit(world.ministry.caller(), package)
        await assert_changed_once(world, first, kept)


@pytest.mark.parametrize("kind", ["memory", "files and SQLite"])
async def test_of_the_same_update_sent_many_times_at_once_all_get_the_same_bytes(
    kind: str, pki: Pki, workers: Executor, tmp_path: Path
) -> None:
    async with fresh_world(kind, tmp_path / "stores", pki, workers) as world:
        first = await world.sent(world.province, world.department)
        package = world.sealed(world.ministry, CHANGING)
        intake = world.intake
        answers = await asyncio.gather(*(intake.submit(world.ministry.caller(), package) for _ in range(8)))
        assert all(answer == answers[0] for answer in answers)
        await assert_changed_once(world, first, answers[0])


async def test_a_document_can_be_recalled_after_more_packages_than_its_thread_shows(world: World) -> None:
    await world.sent(world.province)
    second = (await spoken(world, replacement("H90"))).entry
    for number in range(101):
        await spoken(world, replace(update("H91.01"), document_id=NEXT_ID, subject=f"Cập nhật {number}"))
    await spoken(world, replace(revoke("H90"), document_id=NEXT_ID))
    assert await asked(world, second) == {"H90": "recall"}


# What one package may cost everyone.


async def test_one_package_asks_no_more_than_one_document_may_have_recipients(world: World) -> None:
    small = world.intake_within(replace(LIMITS, recipients=3))
    for number in (DOCUMENT_ID, NEXT_ID):
        await world.sent(world.province, world.department, document_id=number)
    both = replacement("H90", document_id="G90,2026/03/09,1/BM", of={DOCUMENT_ID: (), NEXT_ID: ()})
    with pytest.raises(Declined) as refused:
        await small.submit(world.ministry.caller(), world.sealed(world.ministry, both))
    assert (refused.value.code, refused.value.facts) == ("TOO_MANY_RECIPIENTS", {"limit": "3"})
    one = replacement("H90", document_id="G90,2026/03/09,1/BM", of={DOCUMENT_ID: ()})
    await small.submit(world.ministry.caller(), world.sealed(world.ministry, one))


async def test_a_long_reason_is_not_repeated_whole_for_each_who_is_asked(world: World) -> None:
    first = await world.sent(world.province, world.department)
    asks = Bussiness(doc_type="1", reason="ă" * 9000)
    await spoken(world, document(to=["H90", "H91.01"], bussiness=asks))
    for one in (await deliveries(world, first)).values():
        assert one.question is not None
        assert one.question.reason == "ă" * 500
