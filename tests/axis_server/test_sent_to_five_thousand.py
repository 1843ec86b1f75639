"""One document really sent to five thousand: one stored original, two evidences that list all, five thousand
deliveries, each of which goes its own way."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

import pytest

from axis_server.addressing.directory import DirectoryView
from axis_server.errors import Declined
from storage.ledger.records import Kept
from tests.axis_server.houses import Pki, receiving
from tests.axis_server.packages import document, revoke, update
from tests.axis_server.test_crash_table import fresh_world
from tests.axis_server.world import LIMITS, World
from tests.storage import whole

MANY = 5000
OTHERS = tuple(f"L{number:04d}" for number in range(MANY - 1))
EVERYONE = ("H90", *OTHERS)
LIMIT = replace(LIMITS, recipients=MANY)
PEAK_BYTES = 40 << 20
"""Of Python's own memory, for one submission to all: four times what it takes. Something quadratic takes
gigabytes."""


@pytest.fixture
async def world(pki: Pki, workers: Executor, tmp_path: Path) -> AsyncIterator[World]:
    async with fresh_world("files and SQLite", tmp_path / "stores", pki, workers) as world:
        agencies = [one.agency for one in world.houses]
        world.view = DirectoryView.of([*agencies, *map(receiving, OTHERS)])
        yield world


async def sent(world: World, unsigned: object = None) -> Kept:
    package = world.sealed(world.ministry, unsigned or document(to=EVERYONE))  # type: ignore[arg-type]
    return await world.intake_within(LIMIT).submit(world.ministry.caller(), package)


async def test_one_original_and_one_evidence_of_each_kind_for_all_of_them(world: World) -> None:
    kept = await sent(world)
    for evidence in kept.evidence:
        assert [one.agency_id for one in world.said(evidence).recipients] == list(EVERYONE)
    assert [one.event for one in await whole.evidence(world.ledger, kept.entry.dispatch_id)] == [
        "SubmissionAcceptance",
        "ContentConsignment",
    ]
    deliveries = await whole.deliveries(world.ledger, kept.entry.dispatch_id)
    assert [one.recipient_id for one in deliveries] == list(EVERYONE)
    assert await world.ledger.counts(kept.entry.dispatch_id) == {"consigned": MANY}
    assert await world.archive.size(kept.entry.original.sha256) == kept.entry.original.size
    for name in (OTHERS[0], OTHERS[-1]):
        assert [one.entry.dispatch_id for one in await whole.inbox(world.ledger, name)] == [
            kept.entry.dispatch_id
        ]


async def test_one_that_refuses_ends_alone(world: World) -> None:
    kept = await sent(world)
    name = kept.entry.dispatch_id
    await world.report(world.province, kept.entry, "02", "Không đúng thẩm quyền")
    assert await world.ledger.counts(name) == {"refused": 1, "consigned": MANY - 1}
    deliveries = await whole.deliveries(world.ledger, name)
    assert {one.version for one in deliveries if one.recipient_id != "H90"} == {1}
    assert len(await whole.evidence(world.ledger, name)) == 3


async def test_a_recall_asks_every_one_that_holds_it_and_is_one_package(world: World) -> None:
    first = await sent(world)
    await world.report(world.province, first.entry, "02", "Không đúng thẩm quyền")
    second = await sent(world, revoke(*EVERYONE))
    standing = await whole.deliveries(world.ledger, first.entry.dispatch_id)
    assert sum(one.question is not None for one in standing) == MANY - 1
    assert standing[0].question is None
    assert await world.ledger.counts(second.entry.dispatch_id) == {"consigned": MANY}
    assert "NOT_ASKED: H90 (refused)" in second.entry.warnings


async def test_an_update_may_bring_thousands_and_never_more_than_the_axis_takes(world: World) -> None:
    first = await sent(world, document(to=EVERYONE[:1000]))
    changing = update("H90", removed=EVERYONE[:900], added=EVERYONE[1000:])
    await sent(world, changing)
    standing = await whole.deliveries(world.ledger, first.entry.dispatch_id)
    assert [one.recipient_id for one in standing] == list(EVERYONE)
    assert sum(one.question is not None for one in standing) == 900
    with pytest.raises(Declined) as declined:
        await sent(world, replace(update("H90", added=("K99",)), subject="Một nơi nữa"))
    assert declined.value.code == "TOO_MANY_RECIPIENTS"


async def test_the_memory_that_they_take_grows_with_their_number_and_no_faster(world: World) -> None:
    package = world.sealed(world.ministry, document(to=EVERYONE))
    tracemalloc.start()
    try:
        await world.intake_within(LIMIT).submit(world.ministry.caller(), package)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < PEAK_BYTES


async def test_a_check_shows_the_first_thousand_and_counts_them_all(world: World) -> None:
    package = world.sealed(world.ministry, document(to=EVERYONE))
    checked = await world.preflight_within(LIMIT).check(world.ministry.caller(), package, {})
    assert (checked.recipient_ids, checked.recipient_count) == (EVERYONE[:1000], MANY)
    assert "MANY_RECIPIENTS" in [one.code for one in checked.cautions]
