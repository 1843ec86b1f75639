"""Statements about a delivery by who answers for another: the agency above a unit, and a delegate."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from axis_server.addressing.directory import DirectoryView
from axis_server.caller import Caller
from edxml.model import Organ
from edxml.writer import write
from signing.dispatch import ni_uri
from storage.ledger.registry import Agency, Delegation
from tests.axis_server.houses import House
from tests.axis_server.packages import status
from tests.axis_server.recalling import (
    WHY_NOT,
    standing,
)
from tests.axis_server.world import World, declined
from tests.storage import whole


def unit_of(world: World, name: str = "H90.07") -> House:
    """A unit of the province without systems of its own."""
    agency = Agency(agency_id=name, name="Phòng Văn thư", parent_id="H90")
    world.view = DirectoryView.of([*(one.agency for one in world.houses), agency])
    return House(agency=agency, identity=world.province.identity)


async def test_the_agency_above_answers_for_a_unit_in_the_units_name(world: World) -> None:
    unit = unit_of(world)
    entry = await world.sent(unit, world.province)
    references = {ni_uri(part.sha256): part.sha256 for part in entry.parts}
    statement = world.sealed_bytes(world.province, write(status(unit, entry, "01")), references)
    moved = await world.exchange.report(world.province.caller(), entry.dispatch_id, statement)
    assert (moved.delivery.recipient_id, moved.delivery.state) == ("H90.07", "handed_over")
    assert (await standing(world, entry)).state == "consigned"
    (evidence,) = moved.evidence
    said = world.said(evidence)
    assert [one.agency_id for one in said.recipients] == ["H90.07"]
    assert said.recipients_delegate is not None
    assert said.recipients_delegate.agency_id == "H90"
    event = (await whole.history(world.ledger, entry.dispatch_id))[-1]
    assert (event.actor_id, event.delegate_id) == ("H90.07", "H90")
    assert await world.exchange.report(world.province.caller(), entry.dispatch_id, statement) == moved


async def test_nobody_speaks_for_a_delivery_in_anothers_mailbox(world: World) -> None:
    unit = unit_of(world)
    entry = await world.sent(unit, world.department)
    statement = world.sealed(world.department, status(unit, entry, "02", WHY_NOT))
    refused = await declined(world.exchange.report(world.department.caller(), entry.dispatch_id, statement))
    assert refused.code == "STATEMENT_MISMATCH"
    unknown = world.sealed(
        world.department, status(unit, entry, "02", WHY_NOT, sender=Organ(organ_id="H90.99"))
    )
    refused = await declined(world.exchange.report(world.department.caller(), entry.dispatch_id, unknown))
    assert refused.code == "STATEMENT_MISMATCH"


async def test_a_delegate_answers_and_is_named_in_evidence_and_history(world: World) -> None:
    leave = Delegation(agency_id="K99", may_send=False, may_receive=True, since=world.now - timedelta(days=1))
    province = replace(world.province, agency=replace(world.province.agency, delegations=(leave,)))
    world.register(province)
    entry = await world.sent(province)
    caller = Caller(
        agency=province.agency,
        certificate=world.stranger.caller().certificate,
        delegate=world.stranger.agency,
        may_send=False,
    )
    unsigned = status(province, entry, "02", WHY_NOT)
    moved = await world.exchange.report(caller, entry.dispatch_id, world.sealed(world.stranger, unsigned))
    said = world.said(moved.evidence[0])
    assert said.recipients_delegate is not None
    assert said.recipients_delegate.agency_id == "K99"
    event = (await whole.history(world.ledger, entry.dispatch_id))[-1]
    assert (event.actor_id, event.delegate_id) == ("H90", "K99")
