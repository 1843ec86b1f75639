"""Whose seal counts: the agency's own, its delegate's within its leave, and that of the agency above."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from axis_server.addressing.directory import DirectoryView
from axis_server.caller import Caller
from axis_server.documents.judgement import Judged, Rules, judge
from axis_server.errors import Declined
from edxml.model import Organ, Package, ResponseFor, Status
from storage.ledger.registry import Agency, Delegation
from tests.axis_server.houses import House
from tests.axis_server.packages import document
from tests.axis_server.world import World
from tests.pki import AT

DAY = timedelta(days=1)
UNIT = Agency(agency_id="H90.01", name="Sở", parent_id="H90")


def leave(*, send: bool = True, receive: bool = True, until: datetime | None = None) -> Delegation:
    return Delegation(agency_id="K99", may_send=send, may_receive=receive, since=AT - DAY, until=until)


def stated(code: str) -> Status:
    return Status(
        sender=Organ(organ_id="G90", organ_name=""),
        response_for=ResponseFor(organ_id="H90", code="1/A", document_id="x"),
        status_code=code,
        description="vì sao",
        timestamp="2026/03/02 10:15:00",
    )


def judged(
    world: World, sealer: House, unsigned: Package | Status, *given: Delegation, caller: Caller | None = None
) -> Judged:
    """Judges a document that `sealer` sealed and the ministry, which gave leave, sends."""
    principal = replace(world.ministry.agency, delegations=given)
    others = (world.province, world.department, world.stranger)
    view = DirectoryView.of([principal, *(one.agency for one in others), UNIT])
    rules = Rules.of(lambda: world.trust, world.policy, 1 << 20)
    caller = caller or replace(world.ministry.caller(), agency=principal)
    return judge(world.sealed(sealer, unsigned), caller=caller, view=view, rules=rules, at=world.now)


def refusal(*arguments: object, **others: object) -> str:
    with pytest.raises(Declined) as declined:
        judged(*arguments, **others)  # type: ignore[arg-type]
    return declined.value.code


def test_an_agencys_own_seal_has_no_delegate(world: World) -> None:
    assert judged(world, world.ministry, document(), leave()).delegate is None


@pytest.mark.parametrize(
    "unsigned", [document(), stated("13"), stated("03"), stated("16")], ids=["package", "13", "03", "16"]
)
def test_a_delegates_seal_counts_and_names_it(world: World, unsigned: Package | Status) -> None:
    assert judged(world, world.stranger, unsigned, leave()).delegate == world.stranger.agency


@pytest.mark.parametrize(
    ("unsigned", "sending"),
    [
        (document(), True),
        (stated("13"), True),
        (stated("01"), False),
        (stated("03"), False),
        (stated("15"), False),
    ],
)
def test_leave_counts_for_what_it_was_given_for(
    world: World, unsigned: Package | Status, sending: bool
) -> None:
    assert judged(world, world.stranger, unsigned, leave(send=sending, receive=not sending)).delegate
    other = leave(send=not sending, receive=sending)
    assert refusal(world, world.stranger, unsigned, other) == "SIGNER_MISMATCH"
    calling = replace(
        world.ministry.caller(), delegate=world.stranger.agency, may_send=not sending, may_receive=sending
    )
    assert refusal(world, world.ministry, unsigned, other, caller=calling) == "NOT_DELEGATED"


def test_a_seal_without_leave_or_after_it_does_not_count(world: World) -> None:
    assert refusal(world, world.stranger, document()) == "SIGNER_MISMATCH"
    assert refusal(world, world.stranger, document(), leave(until=AT)) == "SIGNER_MISMATCH"


def test_the_seal_of_a_delegate_out_of_its_dates_does_not_count(world: World) -> None:
    view = DirectoryView.of(
        [
            replace(world.ministry.agency, delegations=(leave(),)),
            replace(world.stranger.agency, until=AT),
        ]
    )
    rules = Rules.of(lambda: world.trust, world.policy, 1 << 20)
    sealed = world.sealed(world.stranger, document())
    with pytest.raises(Declined) as declined:
        judge(sealed, caller=world.ministry.caller(), view=view, rules=rules, at=world.now)
    assert declined.value.code == "SIGNER_MISMATCH"


def test_who_called_is_named_when_the_agency_itself_sealed(world: World) -> None:
    calling = replace(world.ministry.caller(), delegate=world.stranger.agency)
    found = judged(world, world.ministry, document(), leave(), caller=calling)
    assert found.delegate == world.stranger.agency


def test_the_agency_above_seals_for_a_unit_without_systems(world: World) -> None:
    calling = replace(world.province.caller(), agency=UNIT, delegate=world.province.agency)
    unsigned = document(sender="H90.01")
    assert judged(world, world.province, unsigned, caller=calling).delegate == world.province.agency
    assert refusal(world, world.stranger, unsigned, caller=calling) == "SIGNER_MISMATCH"
