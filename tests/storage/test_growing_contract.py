"""How far the time-stamps of evidence have come, over every ledger that keeps it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.errors import NotFound
from storage.ledger.growing import TOKEN_MOST, SealStamp, Turn
from storage.ledger.memory import MemoryLedger
from storage.ledger.sqlite import SqliteLedger
from tests.storage.records import accepted, at, evidence

Ledger = MemoryLedger | SqliteLedger


def stamp(evidence_id: str, **changes: object) -> SealStamp:
    fields: dict[str, object] = {"authority": "tsa", "token": b"token\0\xff", "at": at(7)} | changes
    return SealStamp(evidence_id=evidence_id, **fields)  # type: ignore[arg-type]


async def test_evidence_is_given_in_the_order_of_the_log_and_from_a_leaf_on(ledger: Ledger) -> None:
    assert await ledger.grown_to() == 0
    assert await ledger.to_grow(start=0, limit=9) == ()
    for number in (1, 2, 3):
        await ledger.commit(accepted(number))
    given = await ledger.to_grow(start=0, limit=100)
    assert [one.index for one in given] == sorted(one.index for one in given)
    leaves = {leaf.index: leaf for leaf in await ledger.leaves(start=0, limit=100)}
    assert [one.evidence_id for one in given] == [
        leaf.content_id for leaf in leaves.values() if leaf.kind == "evidence"
    ]
    first = next(one for one in accepted(1).evidence)
    assert given[0].content == first.content
    assert (given[0].event, given[0].issued_at) == (first.event, first.issued_at)
    behind = await ledger.to_grow(start=given[0].index + 1, limit=1)
    assert behind == given[1:2]


async def test_the_first_time_stamp_stands_and_the_work_never_goes_back(ledger: Ledger) -> None:
    await ledger.commit(accepted(1))
    (first, *_) = await ledger.to_grow(start=0, limit=1)
    with pytest.raises(NotFound):
        await ledger.seal_stamp(first.evidence_id)
    kept = stamp(first.evidence_id)
    await ledger.keep_grown(first.index + 1, kept)
    await ledger.keep_grown(first.index, replace(kept, token=b"another", authority="other"))
    assert await ledger.seal_stamp(first.evidence_id) == kept
    assert await ledger.grown_to() == first.index + 1
    await ledger.keep_grown(9)
    assert await ledger.grown_to() == 9


async def test_a_time_stamp_of_nothing_is_not_kept(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await ledger.keep_grown(1, stamp(evidence(1).evidence_id))
    for wrong in (stamp("x", token=b""), stamp("x", token=bytes(TOKEN_MOST + 1))):
        with pytest.raises(ValueError, match="bytes"):
            await ledger.keep_grown(1, wrong)
    assert await ledger.grown_to() == 0


async def test_one_holder_has_the_turn_until_it_ends(ledger: Ledger) -> None:
    async def taken(holder: str, now: int) -> bool:
        return await ledger.take_turn(Turn(holder=holder, until=at(now) + timedelta(seconds=9)), now=at(now))

    await ledger.keep_grown(4)
    assert await taken("one", 0)
    assert not await taken("two", 0)
    assert await taken("one", 0)
    later = at(0) + timedelta(seconds=9)
    assert await ledger.take_turn(Turn(holder="two", until=later + timedelta(seconds=9)), now=later)
    assert not await ledger.take_turn(Turn(holder="one", until=later), now=later)
    assert await ledger.grown_to() == 4
