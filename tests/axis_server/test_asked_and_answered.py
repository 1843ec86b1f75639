"""From the package that asks to the answer, over the whole road: what each answer leaves on both sides, and
what may be asked or added after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from axis_server.errors import Declined
from edxml.model import Package
from storage.ledger.records import Entry
from tests.axis_server.packages import replacement, revoke, update
from tests.axis_server.world import World
from tests.storage import whole


async def spoken(world: World, unsigned: Package) -> Entry:
    return (await world.intake.submit(world.ministry.caller(), world.sealed(world.ministry, unsigned))).entry


async def states(world: World, entry: Entry) -> dict[str, str]:
    found = await whole.deliveries(world.ledger, entry.dispatch_id)
    return {one.recipient_id: one.state for one in found}


async def test_a_recall_ends_for_each_recipient_as_it_answers(world: World) -> None:
    first = await world.sent(world.province, world.department)
    recall = await spoken(world, revoke("H90", "H91.01"))
    await world.report(world.province, recall, "15")
    await world.report(world.department, first, "16", "Đã xử lý xong")
    assert await states(world, first) == {"H90": "taken_back", "H91.01": "consigned"}
    assert await states(world, recall) == {"H90": "accepted", "H91.01": "refused"}


async def test_after_a_refused_recall_the_document_can_be_updated_and_recalled_anew(world: World) -> None:
    first = await world.sent(world.province, world.department)
    await spoken(world, revoke("H90", "H91.01"))
    with pytest.raises(Declined) as declined:
        await spoken(world, update("H90"))
    assert declined.value.code == "DOCUMENT_RECALLED"
    await world.report(world.province, first, "15")
    await world.report(world.department, first, "16", "Đã xử lý xong")
    await spoken(world, update("H91.01", added=("K99",)))
    world.now += timedelta(hours=24)
    again = await spoken(world, replace(revoke("H90", "H91.01"), subject="Thu hồi lần hai"))
    assert "NOT_ASKED: H90 (taken_back)" in again.warnings
    question = (await world.ledger.delivery(first.dispatch_id, "H91.01")).question
    assert question is not None and question.by == again.dispatch_id


async def test_who_gave_it_back_cannot_be_added_again_and_can_be_sent_it_anew(world: World) -> None:
    first = await world.sent(world.province, world.department)
    await spoken(world, revoke("H90"))
    await world.report(world.province, first, "15")
    with pytest.raises(Declined) as declined:
        await spoken(world, update("H91.01", added=("H90",)))
    assert declined.value.code == "RECIPIENT_ENDED"
    assert declined.value.facts == {"recipient": "H90", "state": "taken_back"}
    anew = await world.sent(world.province, document_id="G90,2026/03/05,7817/BM-VP")
    assert await states(world, anew) == {"H90": "consigned"}


async def test_what_everybody_gave_back_is_neither_updated_nor_replaced(world: World) -> None:
    first = await world.sent(world.province)
    await spoken(world, revoke("H90"))
    await world.report(world.province, first, "15")
    for unsigned in (update("H90", added=("K99",)), replacement("H90")):
        with pytest.raises(Declined) as declined:
            await spoken(world, unsigned)
        assert declined.value.code == "DOCUMENT_RECALLED"


async def test_who_is_removed_without_being_sent_the_update_answers_the_document(world: World) -> None:
    first = await world.sent(world.province, world.department)
    changed = await spoken(world, update("H91.01", removed=("H90",)))
    await world.report(world.province, first, "15")
    assert await states(world, first) == {"H90": "taken_back", "H91.01": "consigned"}
    assert await states(world, changed) == {"H91.01": "consigned"}


async def test_who_was_never_sent_the_document_answers_the_recall_alone(world: World) -> None:
    first = await world.sent(world.province)
    recall = await spoken(world, revoke("H90", "H91.01"))
    await world.report(world.department, recall, "16", "Chưa từng nhận văn bản này")
    assert await states(world, recall) == {"H90": "consigned", "H91.01": "refused"}
    assert await states(world, first) == {"H90": "consigned"}


async def test_to_accept_a_replacement_is_to_give_the_old_document_back(world: World) -> None:
    first = await world.sent(world.province, world.department)
    second = await spoken(world, replacement("H90", "H91.01"))
    await world.report(world.province, second, "01")
    await world.report(world.province, second, "03")
    assert await states(world, first) == {"H90": "taken_back", "H91.01": "consigned"}
    assert await states(world, second) == {"H90": "accepted", "H91.01": "consigned"}


async def test_who_joined_takes_and_accepts_the_document_like_any_other(world: World) -> None:
    first = await world.sent(world.province)
    await spoken(world, update("H90", added=("H91.01",)))
    for code in ("01", "03", "06"):
        await world.report(world.department, first, code)
    assert await states(world, first) == {"H90": "consigned", "H91.01": "done"}
