"""Threads that nobody thought of: random packages, one after another, each checked, then sent; both say the
same, each time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axis_server.addressing.directory import DirectoryView
from axis_server.errors import Declined
from edxml.model import Bussiness, Organ, Package, Receiver, Replacement
from storage.archive.memory import MemoryArchive
from storage.ledger.memory import MemoryLedger
from storage.ledger.records import Kept
from storage.ledger.registry import Capabilities, Group
from tests.axis_server.houses import Pki, receiving
from tests.axis_server.packages import document
from tests.axis_server.world import LIMITS, World
from tests.storage import whole

SOUND = ("H90", "000.00.00.H90", "H91.01", "K99", "L1", "NHOM")
"""Two names of one agency, and a group."""
AGENCIES = st.sampled_from(SOUND) | st.sampled_from(SOUND) | st.sampled_from(["L2", "OFF", "X1", *SOUND])
"""Among them now and then one that takes not everything, one that is suspended, one that nobody knows."""
DOCUMENT_IDS = ("G90,1", "G90,1", "G90,2", "G90,3")
LIMIT = replace(LIMITS, recipients=4)

organs = st.lists(AGENCIES, max_size=2)
document_ids = st.sampled_from(DOCUMENT_IDS)
receivers = st.lists(
    st.builds(Receiver, organ_id=AGENCIES, receiver_type=st.sampled_from("0117")),
    max_size=3,
)
replacements = st.lists(
    st.builds(Replacement, document_id=document_ids, organ_ids=organs.map(tuple)), max_size=2
)
bussinesses = st.builds(
    Bussiness,
    doc_type=st.sampled_from("01122233"),
    reason=st.sampled_from(["Lý do"] * 7 + [""]),
    receivers=receivers.map(tuple),
    replacements=replacements.map(tuple),
)


@st.composite
def packages(draw: st.DrawFn) -> Package:
    to = draw(st.lists(AGENCIES, min_size=1, max_size=3))
    return replace(
        document(document_id=draw(document_ids), bussiness=draw(bussinesses)),
        recipients=tuple(Organ(organ_id=one) for one in to),
        subject=f"V/v {draw(st.integers(0, 3))}",
    )


answers = st.tuples(st.sampled_from(["02", "15", "16"]), st.sampled_from(["H90", "H91.01"]))
lives = st.lists(packages() | packages() | answers, min_size=3, max_size=10)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives)
def test_whatever_came_before_a_check_says_what_sending_says(
    life: Sequence[Package | tuple[str, str]], pki: Pki, workers: Executor
) -> None:
    asyncio.run(live(life, pki, workers))


async def live(life: Sequence[Package | tuple[str, str]], pki: Pki, workers: Executor) -> None:
    world = World(archive=MemoryArchive(), ledger=MemoryLedger(), pki=pki, workers=workers)
    world.view = DirectoryView.of(
        [
            *(one.agency for one in world.houses),
            receiving("L1"),
            replace(receiving("L2"), capabilities=Capabilities(kinds=frozenset({0, 2}))),
            receiving("OFF", active=False),
            Group(group_id="NHOM", name="Nhóm", members=("L1", "OFF")),
        ]
    )
    (first,) = await checked_and_sent(world, document(document_id="G90,1", to=["H90", "H91.01"]))
    await checked_and_sent(world, document(document_id="G90,2", to=["H91.01", "K99"]))
    for step in life:
        if isinstance(step, Package):
            await checked_and_sent(world, step)
        else:
            await answered(world, first, *step)


async def checked_and_sent(world: World, unsigned: Package) -> list[Kept]:
    caller, package = world.ministry.caller(), world.sealed(world.ministry, unsigned)
    before = await world.ledger.leaves(start=0, limit=1000)
    told = await world.preflight_within(LIMIT).check(caller, package, {})
    assert await world.ledger.leaves(start=0, limit=1000) == before
    try:
        kept = await world.intake_within(LIMIT).submit(caller, package)
    except Declined as declined:
        assert told.refusal is not None, declined
        assert (told.refusal.code, told.refusal.detail) == (declined.code, declined.detail)
        return []
    assert told.refusal is None
    assert told.entry == kept.entry
    deliveries = await whole.deliveries(world.ledger, kept.entry.dispatch_id)
    assert told.recipient_ids == tuple(one.recipient_id for one in deliveries)
    return [kept]


async def answered(world: World, kept: Kept, code: str, agency_id: str) -> None:
    """A recipient answers, if it can: the packages that follow meet documents in other states."""
    house = next(one for one in world.houses if one.id == agency_id)
    try:
        await world.report(house, kept.entry, code, "Lý do")
    except Declined:
        return
