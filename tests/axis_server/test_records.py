"""Knowing: the sender sees all, a recipient its own, anyone else nothing."""

from __future__ import annotations

import pytest

from axis_server.errors import Declined
from storage.ledger.base import Entry
from tests.axis_server.world import House, World

REASON = "Thiếu phụ lục, đề nghị gửi lại"


async def exchanged(world: World) -> Entry:
    """One document to two agencies: the province refuses with a reason, the department accepts."""
    entry = await world.sent(world.province, world.department)
    await world.report(world.province, entry, "02", REASON)
    await world.report(world.department, entry, "01")
    await world.report(world.department, entry, "03", "Đã tiếp nhận")
    return entry


async def events(world: World, by: House, entry: Entry) -> list[tuple[str, str]]:
    status = await world.records.status(by.caller(), entry.dispatch_id)
    return [(event.kind, event.recipient_id) for event in status.events]


COMMON = [("SubmissionAcceptance", ""), ("ContentConsignment", "")]


async def test_the_sender_sees_every_delivery_and_event(world: World) -> None:
    entry = await exchanged(world)
    status = await world.records.status(world.ministry.caller(), entry.dispatch_id)
    assert [(one.recipient_id, one.state, one.reason) for one in status.deliveries] == [
        ("H90", "refused", REASON),
        ("H91.01", "accepted", ""),
    ]
    assert await events(world, world.ministry, entry) == [
        *COMMON,
        ("ConsignmentRejection", "H90"),
        ("ContentHandover", "H91.01"),
        ("ConsignmentAcceptance", "H91.01"),
    ]
    assert [event.sequence for event in status.events] == [1, 2, 3, 4, 5]


async def test_a_recipient_sees_its_own_delivery_and_events_alone(world: World) -> None:
    entry = await exchanged(world)
    status = await world.records.status(world.department.caller(), entry.dispatch_id)
    assert [(one.recipient_id, one.state) for one in status.deliveries] == [("H91.01", "accepted")]
    assert await events(world, world.department, entry) == [
        *COMMON,
        ("ContentHandover", "H91.01"),
        ("ConsignmentAcceptance", "H91.01"),
    ]
    assert await events(world, world.province, entry) == [*COMMON, ("ConsignmentRejection", "H90")]


async def test_the_numbers_of_events_do_not_tell_what_others_did(world: World) -> None:
    entry = await exchanged(world)
    status = await world.records.status(world.department.caller(), entry.dispatch_id)
    assert [event.sequence for event in status.events] == [1, 2, 3, 4]


async def test_a_recipient_sees_evidence_and_statements_about_itself_alone(world: World) -> None:
    entry = await exchanged(world)
    evidence, statements = await world.records.evidence(world.department.caller(), entry.dispatch_id)
    assert [(one.event, one.recipient_id) for one in evidence] == [
        *COMMON,
        ("ContentHandover", "H91.01"),
        ("ConsignmentAcceptance", "H91.01"),
    ]
    assert [(one.agency_id, one.status_code) for one in statements] == [("H91.01", "01"), ("H91.01", "03")]


async def test_nothing_that_a_recipient_sees_holds_the_reason_of_another(world: World) -> None:
    entry = await exchanged(world)
    caller = world.department.caller()
    seen = repr(await world.records.status(caller, entry.dispatch_id))
    evidence, statements = await world.records.evidence(caller, entry.dispatch_id)
    seen += b"".join(one.content for one in (*evidence, *statements)).decode() + repr((evidence, statements))
    assert "phụ lục" not in seen
    their_evidence, _ = await world.records.evidence(world.province.caller(), entry.dispatch_id)
    assert any("phụ lục" in one.content.decode() for one in their_evidence), "the reason is there to be seen"


async def test_the_sender_sees_every_evidence_and_statement_and_each_verifies(world: World) -> None:
    entry = await exchanged(world)
    evidence, statements = await world.records.evidence(world.ministry.caller(), entry.dispatch_id)
    assert len(evidence) == 5
    assert [world.said(one).event for one in evidence] == [one.event for one in evidence]
    assert {(one.agency_id, one.status_code) for one in statements} == {
        ("H90", "02"),
        ("H91.01", "01"),
        ("H91.01", "03"),
    }


@pytest.mark.parametrize("role", ["clerk", "archivist"])
async def test_clerk_and_archivist_see_what_their_agency_sees(world: World, role: str) -> None:
    entry = await exchanged(world)
    for party in (world.ministry, world.province):
        assert await world.records.status(party.caller(role), entry.dispatch_id) == (
            await world.records.status(party.caller(), entry.dispatch_id)
        )


async def test_anothers_dispatch_and_none_at_all_look_the_same(world: World) -> None:
    entry = await exchanged(world)
    answers = []
    for role in ("system", "clerk", "archivist"):
        for dispatch_id in (entry.dispatch_id, "a" * 26, "", "'; drop table entries; --"):
            for ask in (world.records.status, world.records.evidence):
                with pytest.raises(Declined) as declined:
                    await ask(world.stranger.caller(role), dispatch_id)
                answers.append((declined.value.code, declined.value.detail, declined.value.facts))
    assert all(one == ("NOT_FOUND", "", {}) for one in answers)


async def test_an_operator_sees_no_document(world: World) -> None:
    entry = await exchanged(world)
    caller = world.ministry.caller("operator")
    for asked in (
        world.records.status(caller, entry.dispatch_id),
        world.records.evidence(caller, entry.dispatch_id),
        world.records.outbox(caller, 0, 0),
    ):
        with pytest.raises(Declined) as declined:
            await asked
        assert declined.value.code == "ROLE_FORBIDDEN"


async def test_a_suspended_agency_sees_nothing(world: World) -> None:
    entry = await exchanged(world)
    caller = world.suspend(world.ministry).caller()
    with pytest.raises(Declined) as declined:
        await world.records.status(caller, entry.dispatch_id)
    assert declined.value.code == "AGENCY_SUSPENDED"


async def test_an_agency_that_addressed_itself_sees_as_the_sender(world: World) -> None:
    entry = await world.sent(world.ministry, world.province)
    await world.report(world.province, entry, "01")
    status = await world.records.status(world.ministry.caller(), entry.dispatch_id)
    assert [(one.recipient_id, one.state) for one in status.deliveries] == [
        ("G90", "consigned"),
        ("H90", "handed_over"),
    ]


async def test_the_outbox_lists_what_the_agency_sent_with_its_deliveries(world: World) -> None:
    entries = [await world.sent(world.province, document_id=f"d{n}") for n in range(3)]
    await world.report(world.province, entries[0], "01")
    page = await world.records.outbox(world.ministry.caller(), 0, 2)
    assert [item.entry for item in page.items] == entries[:2]
    assert [item.deliveries[0].state for item in page.items] == ["handed_over", "consigned"]
    assert page.more
    rest = await world.records.outbox(world.ministry.caller(), page.next, 2)
    assert [item.entry for item in rest.items] == entries[2:]
    assert not rest.more
    assert (await world.records.outbox(world.province.caller(), 0, 0)).items == ()
