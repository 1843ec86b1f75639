"""How far a round has come, over every ledger that keeps it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.errors import NotFound
from storage.ledger.memory import MemoryLedger
from storage.ledger.rounds import Round, Rounds
from storage.ledger.sqlite import SqliteLedger
from storage.ledger.tree import leaf_hash
from tests.storage.records import SENDER, accepted, at, evidence, part, sha256

BEGUN = Round(number=1, started_at=at(0), size=3)


async def test_what_is_named_is_known(ledger: MemoryLedger | SqliteLedger) -> None:
    await ledger.commit(accepted(1))
    await ledger.hold(SENDER, sha256("held"), 4)
    asked = [part(1, 0).sha256, part(1, 1).sha256, sha256("held"), sha256("orphan")]
    assert await ledger.known(asked) == frozenset(asked[:3])
    assert await ledger.known([]) == frozenset()


async def test_a_round_is_kept_as_it_goes_and_ends_with_a_leaf(ledger: MemoryLedger | SqliteLedger) -> None:
    assert await ledger.round() is None
    await ledger.keep_round(BEGUN)
    gone_on = replace(BEGUN, blobs_after=5, blobs=9, bytes=1 << 50, troubles=("a", "b"), troubled=2)
    await ledger.keep_round(gone_on)
    assert await ledger.round() == gone_on
    ended = replace(gone_on, ended_at=at(9), statement_id="evidence-1-scrub-")
    await ledger.keep_round(ended, replace(evidence(1, "scrub"), dispatch_id=""))
    assert await ledger.round() == ended
    leaf = await ledger.leaf("evidence-1-scrub-")
    assert leaf.hash == leaf_hash(evidence(1, "scrub").content)
    with pytest.raises(NotFound):
        await ledger.kept("")


@pytest.mark.parametrize("number", [0, 2, 3])
async def test_rounds_follow_on_each_other(ledger: Rounds, number: int) -> None:
    await ledger.keep_round(BEGUN)
    with pytest.raises(ValueError):
        await ledger.keep_round(replace(BEGUN, number=number))
    await ledger.keep_round(replace(BEGUN, ended_at=at(1)))
    with pytest.raises(ValueError):
        await ledger.keep_round(replace(BEGUN, number=1 if number == 2 else number))
    await ledger.keep_round(replace(BEGUN, number=2))


async def test_who_was_overtaken_does_not_take_a_round_back(ledger: Rounds) -> None:
    await ledger.keep_round(replace(BEGUN, leaves_after=3, blobs_after=2))
    for behind in ({"leaves_after": 3, "blobs_after": 1}, {"leaves_after": 2}):
        with pytest.raises(ValueError):
            await ledger.keep_round(replace(BEGUN, **behind))
    last = await ledger.round()
    assert last is not None
    assert (last.leaves_after, last.blobs_after) == (3, 2)
