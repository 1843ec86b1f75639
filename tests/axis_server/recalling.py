"""What the tests about recalls do and look at: a sender asks a document back, the recipient answers."""

from __future__ import annotations

from axis_server.lifecycle import TERMINAL
from edxml.model import Package, ResponseFor
from storage.ledger.records import Delivery, Entry, Moved
from tests.axis_server.packages import status
from tests.axis_server.world import World
from tests.storage import whole

WHY = "Ban hành nhầm số"
WHY_NOT = "Đã triển khai thực hiện"


async def spoken(world: World, unsigned: Package) -> Entry:
    sealed = world.sealed(world.ministry, unsigned)
    return (await world.intake.submit(world.ministry.caller(), sealed)).entry


def taking_back(
    world: World, entry: Entry, recipient: str = "H90", reason: str = WHY, **changes: object
) -> bytes:
    """The ministry's status 13 to one recipient."""
    about = ResponseFor(organ_id=recipient, document_id=entry.document_id)
    unsigned = status(world.ministry, entry, "13", reason, response_for=about, **changes)
    return world.sealed(world.ministry, unsigned)


async def take_back(world: World, entry: Entry, recipient: str = "H90") -> Moved:
    return await world.exchange.report(
        world.ministry.caller(), entry.dispatch_id, taking_back(world, entry, recipient)
    )


async def answered(world: World, entry: Entry, code: str, reason: str = WHY_NOT) -> Moved:
    """The province's answer, which names `entry`."""
    statement = world.statement(world.province, entry, code, reason)
    return await world.exchange.report(world.province.caller(), entry.dispatch_id, statement)


async def standing(world: World, entry: Entry, recipient: str = "H90") -> Delivery:
    return await world.ledger.delivery(entry.dispatch_id, recipient)


async def endings(world: World, entry: Entry, recipient: str = "H90") -> list[str]:
    found = await whole.evidence(world.ledger, entry.dispatch_id)
    return [one.event for one in found if one.event in TERMINAL and one.recipient_id == recipient]


async def walked(world: World, entry: Entry, state: str) -> None:
    """Takes the province's delivery to a state."""
    for code in {"handed_over": ("01",), "accepted": ("01", "03"), "done": ("01", "03", "06")}.get(state, ()):
        await world.report(world.province, entry, code)
    if state == "fetched":
        await world.inbox.fetch(world.province.caller(), entry.dispatch_id, 0)
