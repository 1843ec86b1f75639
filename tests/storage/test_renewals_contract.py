"""Volumes and their chains, over every ledger that keeps them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from storage.errors import NotFound
from storage.ledger.keeping import Disposal
from storage.ledger.renewals import BLOCK, Block, ChainStamp, Renewals, TreeChain, Volume
from storage.ledger.rounds import Round
from tests.storage.conftest import Opened
from tests.storage.records import accepted, at, evidence

NEW = Volume(number=1, start=0, end=BLOCK + 1, chains=(TreeChain(digest="sha256", begun_at=at(0)),))
ONE = Block(root=b"1" * 32, groups=b"\0\0\0\0")
STAMP = ChainStamp(authority="one", token=b"\x30\x00\xff", at=at(5), ends_at=at(90))


def grown(volume: Volume, **changes: Any) -> Volume:
    return replace(volume, chains=(*volume.chains[:-1], replace(volume.last, **changes)))


FIRST = grown(NEW, blocks=1, bytes=9)
WHOLE = grown(FIRST, blocks=2, bytes=12, troubled=1)
STAMPED = grown(WHOLE, stamps=(STAMP,))
AGAIN = grown(STAMPED, stamps=(STAMP, replace(STAMP, at=at(50))))
ANEW = replace(AGAIN, chains=(*AGAIN.chains, TreeChain(digest="sha512", begun_at=at(60))))


async def walked(ledger: Renewals) -> None:
    await ledger.keep_volume(NEW)
    await ledger.keep_volume(FIRST, ONE)
    await ledger.keep_volume(WHOLE, replace(ONE, root=b""))
    for volume in (STAMPED, AGAIN, ANEW):
        await ledger.keep_volume(volume)


async def test_a_volume_is_kept_step_by_step(ledger: Renewals) -> None:
    assert await ledger.volumes() == ()
    await walked(ledger)
    assert await ledger.volumes() == (ANEW,)
    rehashed = grown(ANEW, blocks=1, bytes=99)
    await ledger.keep_volume(rehashed, replace(ONE, root=b"2" * 64))
    second = Volume(number=2, start=NEW.end, end=NEW.end + 7, chains=NEW.chains)
    await ledger.keep_volume(second)
    assert await ledger.volumes() == (rehashed, second)
    assert await ledger.roots(1, 0) == (b"1" * 32, b"")
    assert await ledger.roots(1, 1) == (b"2" * 64,)
    assert await ledger.block(1, 0, 0) == ONE
    with pytest.raises(NotFound):
        await ledger.block(1, 1, 1)


@pytest.mark.parametrize(
    ("kept", "wrong", "block"),
    [
        ((), replace(NEW, number=2), None),
        ((), replace(NEW, start=1), None),
        ((), replace(NEW, end=0), None),
        ((), FIRST, ONE),
        ((NEW,), NEW, None),
        ((NEW,), FIRST, None),
        ((NEW,), WHOLE, ONE),
        ((NEW,), grown(NEW, stamps=(STAMP,)), None),
        ((NEW,), replace(FIRST, end=5), ONE),
        ((NEW,), replace(NEW, number=2, start=7, end=9), None),
        ((NEW, FIRST), FIRST, ONE),
        ((NEW, FIRST, WHOLE), grown(WHOLE, blocks=3), ONE),
        ((NEW, FIRST, WHOLE), replace(WHOLE, chains=(*WHOLE.chains, ANEW.last)), None),
        ((NEW, FIRST, WHOLE, STAMPED), grown(STAMPED, stamps=()), None),
        ((NEW, FIRST, WHOLE, STAMPED), replace(ANEW, chains=(AGAIN.last, ANEW.last)), None),
        ((NEW, FIRST, WHOLE, STAMPED), replace(STAMPED, chains=(STAMPED.last, NEW.last)), None),
    ],
)
async def test_a_step_that_does_not_follow_on_is_refused_and_changes_nothing(
    ledger: Renewals, kept: tuple[Volume, ...], wrong: Volume, block: Block | None
) -> None:
    for volume in kept:
        await ledger.keep_volume(volume, ONE if volume in (FIRST, WHOLE) else None)
    with pytest.raises(ValueError):
        await ledger.keep_volume(wrong, block)
    assert await ledger.volumes() == kept[-1:]


async def test_a_dispatch_brings_its_files_with_its_first_evidence(ledger: Opened) -> None:
    await ledger.commit(accepted(1))
    await ledger.commit(accepted(2))
    found = await ledger.covered(start=0, limit=100)
    logged = await ledger.logged(start=0, limit=100)
    assert [(one.index, one.content) for one in found] == [(one.index, one.content) for one in logged]
    bringing = [one for one in found if one.files]
    assert len(bringing) == 2
    assert bringing[0].index == 0
    assert bringing[0].files == tuple(one.sha256 for one in accepted(1).entry.parts if not one.inline)
    assert await ledger.covered(start=1, limit=1) == found[1:2]


async def test_what_was_disposed_of_brings_its_evidence_alone(ledger: Opened) -> None:
    await ledger.commit(accepted(1))
    order = replace(evidence(1, "order"), evidence_id="order", dispatch_id="", event="DisposalOrdered")
    disposal = Disposal(order_id="order", agency_id="A", dispatches=("dispatch-1",), accepted_at=at(20))
    await ledger.dispose(disposal, order, decided=0)
    found = await ledger.covered(start=0, limit=10)
    assert [bool(one.content) for one in found] == [True] * 3
    assert [one.files for one in found] == [()] * 3


async def test_what_is_of_no_dispatch_is_covered_too(ledger: Opened) -> None:
    statement = replace(evidence(1, "scrub"), dispatch_id="")
    ended = Round(number=1, started_at=at(0), size=0, ended_at=at(1), statement_id=statement.evidence_id)
    await ledger.keep_round(ended, statement)
    (found,) = await ledger.covered(start=0, limit=5)
    assert (found.content, found.files) == (statement.content, ())
