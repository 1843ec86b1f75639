"""Failing on purpose: what struck, when, and what it left."""

from __future__ import annotations

import asyncio

import pytest

from storage.archive.memory import MemoryArchive
from storage.errors import Unavailable
from storage.faults import Faults, FaultyArchive, FaultyLedger, When
from storage.ledger.base import Ledger
from storage.ledger.memory import MemoryLedger
from tests.storage import whole
from tests.storage.blobs import digest_of, read, stream
from tests.storage.records import RECIPIENTS, SENDER, accepted, asking, joining, move, recipients

CONTENT = b"an original"
DIGEST = digest_of(CONTENT)


async def walk(archive, ledger) -> bytes:
    """A small road over both stores; may be walked again."""
    await archive.put(DIGEST, stream(CONTENT))
    await ledger.commit(accepted(1))
    assert (await ledger.kept("dispatch-1")).entry == accepted(1).entry
    return await read(archive, DIGEST)


async def test_without_a_fault_every_call_passes_and_is_counted() -> None:
    counting = Faults()
    archive, ledger = FaultyArchive(MemoryArchive(), counting), FaultyLedger(MemoryLedger(), counting)
    assert await walk(archive, ledger) == CONTENT
    assert counting.calls == ["archive.put", "ledger.commit", "ledger.kept", "archive.get"]
    assert not counting.struck


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("number", range(4))
async def test_the_chosen_call_fails_once_with_or_without_its_effect(number: int, when: When) -> None:
    blobs, facts, faults = MemoryArchive(), MemoryLedger(), Faults(number, when)
    archive, ledger = FaultyArchive(blobs, faults), FaultyLedger(facts, faults)
    if when in (When.BEFORE, When.AFTER):
        with pytest.raises(Unavailable):
            await walk(archive, ledger)
    else:
        task = asyncio.create_task(walk(archive, ledger))
        await faults.hanging.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert faults.struck
    assert len(faults.calls) == number + 1
    took_effect = number + (when in (When.AFTER, When.HANG_AFTER))
    assert len(blobs.blobs) == min(1, took_effect)
    assert len(await whole.outbox(facts, SENDER)) == (1 if took_effect >= 2 else 0)
    assert await walk(archive, ledger) == CONTENT
    assert len(await whole.history(facts, "dispatch-1")) == 2


async def live(ledger: Ledger) -> None:
    """A document that is recalled from one recipient and goes to another one too; the recall is answered
    together with the package that asked. May be walked again."""
    await ledger.commit(accepted(1))
    await ledger.commit(
        accepted(
            2,
            about=("dispatch-1",),
            asks=(asking(2, 1, RECIPIENTS[0]),),
            joins=(joining(2, 1, *recipients("H99")),),
        )
    )
    answered = move(1, expected_version=2, state="taken_back")
    package = move(2, statement=answered.statement, evidence=(), events=())
    await ledger.advance([answered, package])


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
@pytest.mark.parametrize("number", range(3))
async def test_a_life_cut_at_any_call_is_walked_again_to_the_same_end(number: int, when: When) -> None:
    unbroken, facts = MemoryLedger(), MemoryLedger()
    await live(unbroken)
    with pytest.raises(Unavailable):
        await live(FaultyLedger(facts, Faults(number, when)))
    await live(facts)
    for agency in (SENDER, *RECIPIENTS, "H99"):
        assert await whole.stream(facts, agency) == await whole.stream(unbroken, agency)
        assert await whole.inbox(facts, agency) == await whole.inbox(unbroken, agency)
    assert await whole.leaves(facts) == await whole.leaves(unbroken)
    assert (await facts.delivery("dispatch-1", RECIPIENTS[0])).state == "taken_back"
