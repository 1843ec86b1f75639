"""Failing on purpose: what struck, when, and what it left."""

from __future__ import annotations

import asyncio

import pytest

from storage.archive.memory import MemoryArchive
from storage.errors import Unavailable
from storage.faults import Faults, FaultyArchive, FaultyLedger, When
from storage.ledger.memory import MemoryLedger
from tests.storage import whole
from tests.storage.blobs import digest_of, read, stream
from tests.storage.records import SENDER, accepted

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
