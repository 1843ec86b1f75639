"""Units, groups and delegates on the road of a dispatch: who is named, whose mailbox takes it, who acted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from axis_server.addressing.directory import DirectoryView
from axis_server.caller import Caller
from axis_server.errors import Declined
from signing.evidence import Party
from storage.ledger.records import Kept
from storage.ledger.registry import Agency, Capabilities, Delegation, Group
from tests.axis_server.packages import document, revoke, update
from tests.axis_server.world import World
from tests.pki import AT
from tests.storage import whole

UNITS = ("H90.01", "H90.02")


def furnish(world: World, *, may_send: bool = True, capabilities: Capabilities | None = None) -> None:
    """Gives the province two units without systems and a group, and lets the stranger send for the
    ministry."""
    leave = Delegation(agency_id="K99", may_send=may_send, may_receive=True, since=AT)
    ministry = replace(world.ministry.agency, delegations=(leave,))
    province = replace(world.province.agency, capabilities=capabilities or Capabilities())
    agencies = {one.id: one.agency for one in world.houses} | {"G90": ministry, "H90": province}
    units = [Agency(agency_id=one, name=f"Sở {one}", parent_id="H90") for one in UNITS]
    group = Group(group_id="NHOM", name="Nhóm", members=(*UNITS, "H91.01"))
    world.view = DirectoryView.of([*agencies.values(), *units, group])


def delegate(world: World, *, may_send: bool = True) -> Caller:
    """The stranger, calling in the ministry's name."""
    agency = world.view.resolve("G90")
    assert agency is not None
    return Caller(
        agency=agency,
        certificate=world.stranger.caller().certificate,
        delegate=world.stranger.agency,
        may_send=may_send,
    )


async def sent(world: World, *to: str) -> Kept:
    package = world.sealed(world.ministry, document(to=to))
    return await world.intake.submit(world.ministry.caller(), package)


async def test_a_unit_is_named_and_the_agency_above_it_takes_it(world: World) -> None:
    furnish(world)
    async with world.changes.subscribe("H90") as told:
        kept = await sent(world, *UNITS)
        assert await told.wait(0.01)
    deliveries = await whole.deliveries(world.ledger, kept.entry.dispatch_id)
    assert [(one.recipient_id, one.mailbox_id) for one in deliveries] == [(one, "H90") for one in UNITS]
    for evidence in kept.evidence:
        assert [one.agency_id for one in world.said(evidence).recipients] == list(UNITS)
    assert len(await whole.inbox(world.ledger, "H90")) == 2


async def test_a_group_is_frozen_into_its_members(world: World) -> None:
    furnish(world)
    kept = await sent(world, "NHOM", "H91.01")
    world.view = DirectoryView.of(one.agency for one in world.houses)
    deliveries = await whole.deliveries(world.ledger, kept.entry.dispatch_id)
    assert [one.recipient_id for one in deliveries] == [*UNITS, "H91.01"]


async def test_what_counts_for_a_unit_is_what_the_systems_above_it_take(world: World) -> None:
    furnish(world, capabilities=Capabilities(attachment_bytes=1))
    with pytest.raises(Declined) as declined:
        await sent(world, "H91.01", *UNITS)
    assert (declined.value.code, declined.value.facts["recipient"]) == ("RECIPIENT_UNFIT", "H90.01")
    assert declined.value.facts["count"] == "2"


async def test_a_unit_joins_and_is_asked_through_the_mailbox_above_it(world: World) -> None:
    furnish(world)
    first = await sent(world, "H91.01")
    package = world.sealed(world.ministry, update("H91.01", added=("H90.01",)))
    async with world.changes.subscribe("H90") as told:
        await world.intake.submit(world.ministry.caller(), package)
        assert await told.wait(0.01)
        await world.intake.submit(
            world.ministry.caller(), world.sealed(world.ministry, revoke("H90.01", "H91.01"))
        )
        assert await told.wait(0.01)
    unit = await world.ledger.delivery(first.entry.dispatch_id, "H90.01")
    assert (unit.mailbox_id, unit.question is not None) == ("H90", True)


async def test_evidence_and_events_name_the_delegate(world: World) -> None:
    furnish(world)
    package = world.sealed(world.stranger, document())
    kept = await world.intake.submit(delegate(world), package)
    assert kept.entry.sender_id == "G90"
    for evidence in kept.evidence:
        said = world.said(evidence)
        assert (said.sender.agency_id, said.sender_delegate) == (
            "G90",
            Party(agency_id="K99", name="Người Lạ"),
        )
    accepted, consigned = await whole.history(world.ledger, kept.entry.dispatch_id)
    assert (accepted.actor_id, accepted.delegate_id) == ("G90", "K99")
    assert (consigned.actor_id, consigned.delegate_id) == ("", "")


async def test_a_delegate_recalls_and_adds_in_the_senders_name(world: World) -> None:
    furnish(world)
    first = await sent(world, "H90")
    changing = world.sealed(world.stranger, update("H90", removed=("H90",), added=("H91.01",)))
    await world.intake.submit(delegate(world), changing)
    events = await whole.history(world.ledger, first.entry.dispatch_id)
    assert [(one.kind, one.actor_id, one.delegate_id) for one in events][2:] == [
        ("RemovalRequested", "G90", "K99"),
        ("ContentConsignment", "", ""),
    ]
    joined = (await whole.evidence(world.ledger, first.entry.dispatch_id))[-1]
    assert world.said(joined).sender_delegate == Party(agency_id="K99", name="Người Lạ")


async def test_who_may_not_send_for_another_is_refused_and_a_check_says_so(world: World) -> None:
    furnish(world, may_send=False)
    package = world.sealed(world.ministry, document())
    caller = delegate(world, may_send=False)
    with pytest.raises(Declined) as declined:
        await world.intake.submit(caller, package)
    told = await world.preflight.check(caller, package, {})
    assert told.refusal is not None
    assert (declined.value.code, told.refusal.code) == ("NOT_DELEGATED", "NOT_DELEGATED")


async def test_a_refusal_names_the_delegate_that_was_refused(world: World) -> None:
    furnish(world)
    with pytest.raises(Declined) as declined:
        await world.intake.submit(delegate(world), world.sealed(world.stranger, document(to=["X1"])))
    assert declined.value.evidence is not None
    assert world.said(declined.value.evidence).sender_delegate == Party(agency_id="K99", name="Người Lạ")
