"""Asking for a document back by a package: one answer ends the package and what it asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from axis_server.errors import Declined
from edxml.model import Package
from storage.ledger.records import Moved
from tests.axis_server.packages import replacement, revoke, update
from tests.axis_server.recalling import (
    WHY_NOT,
    answered,
    endings,
    spoken,
    standing,
    take_back,
    walked,
)
from tests.axis_server.world import World, declined
from tests.storage import whole

PACKAGES: dict[str, Callable[[], Package]] = {
    "revoke": lambda: revoke("H90"),
    "removal": lambda: update("H90", removed=("H90",)),
    "replace": lambda: replacement("H90"),
}
STAYS = "stays"
OUTCOMES = {
    ("revoke", "package", "02"): ("refused", STAYS),
    ("revoke", "package", "15"): ("accepted", "taken_back"),
    ("revoke", "package", "16"): ("refused", STAYS),
    ("revoke", "document", "15"): ("accepted", "taken_back"),
    ("revoke", "document", "16"): ("refused", STAYS),
    ("removal", "package", "02"): ("refused", STAYS),
    ("removal", "package", "15"): ("accepted", "taken_back"),
    ("removal", "package", "16"): ("refused", STAYS),
    ("removal", "document", "15"): ("accepted", "taken_back"),
    ("removal", "document", "16"): ("refused", STAYS),
    ("replace", "package", "02"): ("refused", STAYS),
    ("replace", "package", "03"): ("accepted", "taken_back"),
    ("replace", "package", "15"): (STAYS, "taken_back"),
    ("replace", "package", "16"): (STAYS, STAYS),
    ("replace", "document", "15"): (STAYS, "taken_back"),
    ("replace", "document", "16"): (STAYS, STAYS),
}


@pytest.mark.parametrize("case", OUTCOMES, ids=" ".join)
async def test_one_answer_is_enough_for_the_package_and_the_document(
    world: World, case: tuple[str, str, str]
) -> None:
    kind, names, code = case
    document = await world.sent(world.province)
    await walked(world, document, "accepted")
    package = await spoken(world, PACKAGES[kind]())
    if code == "03":
        await world.report(world.province, package, "01")
    before = (await standing(world, package)).state
    world.now += timedelta(minutes=1)
    named = package if names == "package" else document
    statement = world.statement(world.province, named, code, WHY_NOT)
    moved = await world.exchange.report(world.province.caller(), named.dispatch_id, statement)
    wanted = OUTCOMES[case]
    of_package, of_document = await standing(world, package), await standing(world, document)
    assert of_package.state == (before if wanted[0] == STAYS else wanted[0])
    assert of_document.state == ("accepted" if wanted[1] == STAYS else wanted[1])
    assert of_document.question is None
    assert moved.delivery == (of_package if names == "package" else of_document)
    assert await endings(world, document) == ["ConsignmentAcceptance"]
    assert len(await endings(world, package)) == (wanted[0] != STAYS)
    again = await world.exchange.report(world.province.caller(), named.dispatch_id, statement)
    assert again == moved, "the same statement gets the same answer"
    sealed_again = world.statement(world.province, named, code, WHY_NOT, timestamp="2026/03/02 11:00:00")
    if (kind, code) != ("replace", "03"):
        moved_again = await world.exchange.report(world.province.caller(), named.dispatch_id, sealed_again)
        assert moved_again.evidence == moved.evidence, "and so does another one that says the same"
    statements = [
        *await whole.statements(world.ledger, package.dispatch_id),
        *await whole.statements(world.ledger, document.dispatch_id),
    ]
    assert [one.content for one in statements].count(statement) == 1


async def test_the_other_side_of_an_act_is_answered_to_who_seals_again_and_names_it(world: World) -> None:
    document = await world.sent(world.province)
    package = await spoken(world, revoke("H90"))
    await answered(world, package, "15")
    world.now += timedelta(minutes=1)
    moved = await answered(world, document, "15")
    assert moved.delivery.state == "taken_back"
    assert [world.said(one).event for one in moved.evidence] == ["ConsignmentRejection"]


async def test_03_does_not_answer_a_revoke(world: World) -> None:
    await world.sent(world.province)
    package = await spoken(world, revoke("H90"))
    await world.report(world.province, package, "01")
    refused = await declined(answered(world, package, "03"))
    assert refused.code == "STATUS_FORBIDDEN"


async def test_a_document_that_expires_leaves_the_package_to_be_answered_alone(world: World) -> None:
    document = await world.sent(world.province)
    world.now += timedelta(hours=71)
    package = await spoken(world, revoke("H90"))
    world.now += timedelta(hours=1)
    await world.expiring.sweep()
    assert ((await standing(world, document)).state, await endings(world, document)) == (
        "expired",
        ["ContentHandoverFailure"],
    )
    assert (await answered(world, package, "15")).delivery.state == "accepted"
    assert await endings(world, package) == ["ConsignmentAcceptance"]
    assert (await standing(world, document)).state == "expired"


async def test_a_recall_that_nobody_took_up_ends_and_the_document_goes_on(world: World) -> None:
    document = await world.sent(world.province)
    await walked(world, document, "accepted")
    package = await spoken(world, revoke("H90"))
    world.now = (await standing(world, package)).handover_by
    await world.expiring.sweep()
    assert (await standing(world, package)).state == "expired"
    freed = await standing(world, document)
    assert (freed.state, freed.question, freed.due) == ("accepted", None, None)
    await world.report(world.province, document, "06")


async def test_what_a_replacement_asks_is_free_again_when_the_replacement_is_taken_back(world: World) -> None:
    document = await world.sent(world.province)
    package = await spoken(world, replacement("H90"))
    refused = await declined(anyhow(world.inbox.fetch(world.province.caller(), document.dispatch_id, 0)))
    assert refused.code == "WITHHELD"
    await take_back(world, package)
    await answered(world, package, "15")
    assert (await standing(world, package)).state == "taken_back"
    freed = await standing(world, document)
    assert (freed.state, freed.question, freed.due) == ("consigned", None, freed.handover_by)
    lapsed = (await whole.history(world.ledger, document.dispatch_id))[-1]
    assert (lapsed.kind, lapsed.related_id, lapsed.evidence_id) == ("QuestionLapsed", package.dispatch_id, "")
    await world.inbox.fetch(world.province.caller(), document.dispatch_id, 0)


async def anyhow(act: Awaitable[object]) -> object:
    return await act


async def test_answers_to_the_package_and_to_the_document_at_once_leave_one_ending_each(
    world: World,
) -> None:
    document = await world.sent(world.province)
    package = await spoken(world, revoke("H90"))
    answers = await asyncio.gather(
        answered(world, document, "16"), answered(world, package, "15"), return_exceptions=True
    )
    won = [one for one in answers if isinstance(one, Moved)]
    lost = [one for one in answers if isinstance(one, Declined)]
    assert (len(won), [one.code for one in lost]) == (1, ["WRONG_STATE"])
    states = ((await standing(world, document)).state, (await standing(world, package)).state)
    assert states in {("consigned", "refused"), ("taken_back", "accepted")}
    assert len(await endings(world, package)) == 1


async def test_an_update_that_removes_whom_it_does_not_go_to_is_answered_at_the_document(
    world: World,
) -> None:
    first = await world.sent(world.province, world.department)
    package = await spoken(world, update("H91.01", removed=("H90",)))
    moved = await answered(world, first, "15")
    assert moved.delivery.state == "taken_back"
    assert (await standing(world, package, "H91.01")).state == "consigned"
