"""A sweep removes what no dispatch names, in two steps."""

from __future__ import annotations

from datetime import datetime, timedelta

from axis_server.archiving.destruction import files_of
from axis_server.archiving.sweeping import sweep
from tests.axis_server.retaining import Stand


async def test_a_sweep_removes_what_nothing_names_in_two_steps_and_nothing_younger(stand: Stand) -> None:
    world = stand.world
    entry = await world.sent(world.province)
    unsubmitted = await world.uploaded(world.province, b"never submitted")
    orphan = await world.uploaded(world.province, b"an orphan")
    await stand.ledger.unhold([orphan])
    past, soon = world.now.replace(year=1990), datetime.now(world.now.tzinfo) + timedelta(seconds=1)
    whole = dict(stand.archive.blobs)
    nothing = await sweep(stand.archive, stand.ledger, older_than=past, delete=True, settle_seconds=0)
    assert (nothing.looked_at, nothing.hidden) == (3, 0)
    counted = await sweep(stand.archive, stand.ledger, older_than=soon, delete=False, settle_seconds=0)
    assert (counted.hidden, counted.unsubmitted) == (2, 1)
    assert stand.archive.blobs == whole
    await sweep(stand.archive, stand.ledger, older_than=soon, delete=True, settle_seconds=0)
    assert set(stand.archive.blobs) == files_of(entry)
    assert set(stand.archive.hidden) == {orphan, unsubmitted}
    again = await world.uploaded(world.province, b"an orphan")
    ended = await sweep(
        stand.archive, stand.ledger, older_than=soon + timedelta(seconds=1), delete=True, settle_seconds=0
    )
    assert ended.removed >= 1
    assert again in stand.archive.blobs or again in stand.archive.hidden
    assert unsubmitted not in stand.archive.hidden


async def test_a_file_that_a_sweep_hid_before_it_crashed_is_shown_by_the_next_one_at_once(
    stand: Stand,
) -> None:
    world = stand.world
    entry = await world.sent(world.province)
    (digest,) = files_of(entry)
    await stand.archive.hide(digest)  # while the submission was under way; the sweep's process ended then
    past = world.now.replace(year=1990)
    swept = await sweep(stand.archive, stand.ledger, older_than=past, delete=True, settle_seconds=0)
    assert (swept.shown, swept.removed) == (1, 0)
    assert digest in stand.archive.blobs
