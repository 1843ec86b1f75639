"""Knowing: the sender sees all, a recipient its own, anyone else nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from axis_server.errors import Declined
from axis_server.knowing.records import Status
from storage.ledger.records import Entry, Evidence, Record
from tests.axis_server.houses import House
from tests.axis_server.world import World

REASON = "Thiếu phụ lục, đề nghị gửi lại"


async def exchanged(world: World) -> Entry:
    """One document to two agencies: the province refuses with a reason, the department accepts."""
    entry = await world.sent(world.province, world.department)
    await world.report(world.province, entry, "02", REASON)
    await world.report(world.department, entry, "01")
    await world.report(world.department, entry, "03", "Đã tiếp nhận")
    return entry


async def deliveries(world: World, by: House, entry: Entry) -> list[tuple[str, str, str]]:
    page = await world.records.deliveries(by.caller(), entry.dispatch_id, 0, 0)
    assert not page.more
    return [(one.recipient_id, one.state, one.reason) for one in page.items]


async def events(world: World, by: House, entry: Entry) -> list[tuple[int, str, str]]:
    page = await world.records.events(by.caller(), entry.dispatch_id, 0, 0)
    return [(event.sequence, event.kind, event.recipient_id) for event in page.items]


async def evidence(world: World, by: House, entry: Entry, **filters: Any) -> tuple[Record, ...]:
    page = await world.records.evidence(by.caller(), entry.dispatch_id, 0, 0, **filters)
    assert not page.more
    return page.items


def named(records: Iterable[Record]) -> list[tuple[str, str]]:
    return [
        (one.event, one.recipient_id) if isinstance(one, Evidence) else (one.status_code, one.agency_id)
        for one in records
    ]


COMMON = [("SubmissionAcceptance", ""), ("ContentConsignment", "")]
OF_PROVINCE = [("02", "H90"), ("ConsignmentRejection", "H90")]
OF_DEPARTMENT = [
    ("01", "H91.01"),
    ("ContentHandover", "H91.01"),
    ("03", "H91.01"),
    ("ConsignmentAcceptance", "H91.01"),
]


async def test_the_sender_sees_every_delivery_and_event(world: World) -> None:
    entry = await exchanged(world)
    status = await world.records.status(world.ministry.caller(), entry.dispatch_id)
    assert status == Status(entry=entry, counts={"refused": 1, "accepted": 1}, delivery=None, links=())
    assert await deliveries(world, world.ministry, entry) == [
        ("H90", "refused", REASON),
        ("H91.01", "accepted", ""),
    ]
    assert await events(world, world.ministry, entry) == [
        (1, "SubmissionAcceptance", ""),
        (2, "ContentConsignment", ""),
        (3, "ConsignmentRejection", "H90"),
        (4, "ContentHandover", "H91.01"),
        (5, "ConsignmentAcceptance", "H91.01"),
    ]


async def test_a_recipient_sees_its_own_delivery_and_events_alone(world: World) -> None:
    entry = await exchanged(world)
    status = await world.records.status(world.department.caller(), entry.dispatch_id)
    assert status.delivery is not None
    assert (status.delivery.recipient_id, dict(status.counts)) == ("H91.01", {"accepted": 1})
    assert await deliveries(world, world.department, entry) == [("H91.01", "accepted", "")]
    assert await deliveries(world, world.province, entry) == [("H90", "refused", REASON)]


async def test_the_numbers_of_events_do_not_tell_what_others_did(world: World) -> None:
    entry = await exchanged(world)
    assert await events(world, world.department, entry) == [
        (1, "SubmissionAcceptance", ""),
        (2, "ContentConsignment", ""),
        (3, "ContentHandover", "H91.01"),
        (4, "ConsignmentAcceptance", "H91.01"),
    ]
    page = await world.records.events(world.department.caller(), entry.dispatch_id, 2, 1)
    assert [(event.sequence, event.kind) for event in page.items] == [(3, "ContentHandover")]
    assert (page.next, page.more) == (3, True)


async def test_a_recipient_sees_evidence_and_statements_about_itself_alone(world: World) -> None:
    entry = await exchanged(world)
    assert named(await evidence(world, world.department, entry)) == [*COMMON, *OF_DEPARTMENT]
    assert named(await evidence(world, world.province, entry)) == [*COMMON, *OF_PROVINCE]


async def test_nothing_that_a_recipient_sees_holds_the_reason_of_another(world: World) -> None:
    entry = await exchanged(world)
    seen = await evidence(world, world.department, entry)
    told = repr(seen) + b"".join(one.content for one in seen).decode()
    for ask in (deliveries, events):
        told += repr(await ask(world, world.department, entry))
    assert "phụ lục" not in told
    theirs = await evidence(world, world.province, entry)
    assert any("phụ lục" in one.content.decode() for one in theirs), "the reason is there to be seen"


async def test_the_sender_sees_every_evidence_and_statement_and_each_verifies(world: World) -> None:
    entry = await exchanged(world)
    found = await evidence(world, world.ministry, entry)
    assert named(found) == [*COMMON, *OF_PROVINCE, *OF_DEPARTMENT]
    for one in found:
        if isinstance(one, Evidence):
            assert world.said(one).event == one.event


async def test_evidence_can_be_asked_for_by_event_and_by_recipient(world: World) -> None:
    entry = await exchanged(world)
    consigned = await evidence(world, world.ministry, entry, events=["ContentConsignment"])
    assert named(consigned) == [("ContentConsignment", "")]
    of_province = await evidence(world, world.ministry, entry, recipient_id="H90")
    assert of_province == await evidence(world, world.province, entry)
    assert await evidence(world, world.province, entry, recipient_id="H90") == of_province


@pytest.mark.parametrize("other", ["H91.01", "G90", "nobody"])
async def test_a_recipient_asks_for_evidence_about_itself_alone(world: World, other: str) -> None:
    entry = await exchanged(world)
    with pytest.raises(Declined) as declined:
        await evidence(world, world.province, entry, recipient_id=other)
    assert (declined.value.code, declined.value.detail) == (
        "INVALID_ARGUMENT",
        "a recipient asks about itself alone",
    )


async def test_deliveries_can_be_asked_for_by_state(world: World) -> None:
    entry = await exchanged(world)
    for by, state, seen in (
        (world.ministry, "accepted", ["H91.01"]),
        (world.ministry, "done", []),
        (world.province, "accepted", []),
        (world.province, "refused", ["H90"]),
    ):
        page = await world.records.deliveries(by.caller(), entry.dispatch_id, 0, 0, [state])
        assert [one.recipient_id for one in page.items] == seen
    with pytest.raises(Declined) as declined:
        await world.records.deliveries(world.ministry.caller(), entry.dispatch_id, 0, 0, ["lost"])
    assert declined.value.code == "INVALID_ARGUMENT"


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
            caller = world.stranger.caller(role)
            for asked in (
                world.records.status(caller, dispatch_id),
                world.records.deliveries(caller, dispatch_id, 0, 0),
                world.records.events(caller, dispatch_id, 0, 0),
                world.records.evidence(caller, dispatch_id, 0, 0),
                world.records.evidence(caller, dispatch_id, 0, 0, recipient_id="H90"),
            ):
                with pytest.raises(Declined) as declined:
                    await asked
                answers.append((declined.value.code, declined.value.detail, declined.value.facts))
    assert all(one == ("NOT_FOUND", "", {}) for one in answers)


async def test_an_operator_sees_no_document(world: World) -> None:
    entry = await exchanged(world)
    caller = world.ministry.caller("operator")
    for asked in (
        world.records.status(caller, entry.dispatch_id),
        world.records.deliveries(caller, entry.dispatch_id, 0, 0),
        world.records.events(caller, entry.dispatch_id, 0, 0),
        world.records.evidence(caller, entry.dispatch_id, 0, 0),
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
    assert status.delivery is not None
    assert (status.delivery.recipient_id, status.delivery.state) == ("G90", "consigned")
    assert await deliveries(world, world.ministry, entry) == [
        ("G90", "consigned", ""),
        ("H90", "handed_over", ""),
    ]


async def test_the_outbox_lists_what_the_agency_sent_and_where_it_stands(world: World) -> None:
    entries = [await world.sent(world.province, document_id=f"d{n}") for n in range(3)]
    await world.report(world.province, entries[0], "01")
    page = await world.records.outbox(world.ministry.caller(), 0, 2)
    assert [item.entry for item in page.items] == entries[:2]
    assert [item.counts for item in page.items] == [{"handed_over": 1}, {"consigned": 1}]
    assert page.more
    rest = await world.records.outbox(world.ministry.caller(), page.next, 2)
    assert [item.entry for item in rest.items] == entries[2:]
    assert not rest.more
    assert (await world.records.outbox(world.province.caller(), 0, 0)).items == ()


@pytest.mark.parametrize("limit", [-1, -(1 << 31)])
async def test_a_page_of_fewer_than_no_items_is_refused(world: World, limit: int) -> None:
    entry = await world.sent(world.province)
    caller = world.ministry.caller()
    for asked in (
        world.records.outbox(caller, 0, limit),
        world.records.deliveries(caller, entry.dispatch_id, 0, limit),
        world.records.events(caller, entry.dispatch_id, 0, limit),
        world.records.evidence(caller, entry.dispatch_id, 0, limit),
    ):
        with pytest.raises(Declined) as declined:
            await asked
        assert declined.value.code == "INVALID_ARGUMENT"
