"""Sweeping the archive: files that nothing names, and uploads that nobody submitted.

    swept = await sweep(archive, ledger, older_than=now - timedelta(days=30), delete=False)

A crash between archive and ledger leaves a file that no document names; an agency uploads and never submits.
What is older than a safe age is hidden first; a later sweep, when it has lain hidden for that age, removes it
if still nothing names it. Nothing younger is touched; but what was hidden while a submission that names it
was under way is shown again, after a moment, and by the next sweep where a crash or a fault came between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from storage.archive.removing import Removing, Stored
from storage.errors import Locked, Unavailable
from storage.ledger.keeping import Keeping
from storage.ledger.rounds import Rounds

log = structlog.get_logger()

_BATCH = 500
SETTLE_SECONDS = 60.0
"""How long a submission that found a file standing takes at most to its commit."""


class SweptLedger(Keeping, Rounds, Protocol):
    """What a sweep asks of the ledger."""


@dataclass(slots=True, kw_only=True)
class Swept:
    """What a sweep found, and did where it was to; sizes are bytes."""

    looked_at: int = 0
    """Files."""
    hidden: int = 0
    """Files that nothing names: hidden, to be removed by a later sweep."""
    hidden_bytes: int = 0
    unsubmitted: int = 0
    """Of these, uploads that nobody submitted."""
    removed: int = 0
    """Files that lay hidden for the whole age."""
    removed_bytes: int = 0
    shown: int = 0
    """Hidden files that something names by now, shown again."""
    locked: int = 0
    """Files that the store keeps all the same."""


async def follow(
    archive: Removing,
    ledger: SweptLedger,
    *,
    clock: Callable[[], datetime],
    age: timedelta,
    every: timedelta,
) -> None:
    """Sweeps every so often, for ever; the first time once `every` has passed."""
    while True:
        await asyncio.sleep(every.total_seconds())
        try:
            swept = await sweep(archive, ledger, older_than=clock() - age, delete=True)
        except Unavailable as trouble:
            log.warning("sweep.unavailable", detail=str(trouble))
        else:
            log.info("sweep.done", removed=swept.removed, bytes=swept.removed_bytes, hidden=swept.hidden)


async def sweep(
    archive: Removing,
    ledger: SweptLedger,
    *,
    older_than: datetime,
    delete: bool,
    settle_seconds: float = SETTLE_SECONDS,
) -> Swept:
    """Sweeps what is older than `older_than` (aware); without `delete` it only counts. Raises `Unavailable`;
    what was done until then stands, and sweeping again is right."""
    swept, hidden = Swept(), list[str]()
    async for batch in _batches(archive):
        swept.looked_at += len(batch)
        old = [one for one in batch if one.since < older_than]
        digests = [one.digest for one in batch if one.hidden or one.since < older_than]
        submitted = await ledger.submitted(digests)
        known = await ledger.known(digests)
        orphans = [one for one in old if not one.hidden and one.digest not in submitted]
        swept.hidden += len(orphans)
        swept.hidden_bytes += sum(one.size for one in orphans)
        swept.unsubmitted += sum(one.digest in known for one in orphans)
        if delete:
            hidden += await _hide(archive, ledger, orphans)
        for one in batch:
            if one.hidden and (one.since < older_than or one.digest in known):
                await _end(archive, one, one.digest in known, swept, delete)
    if hidden:
        await asyncio.sleep(settle_seconds)
        await _reconsider(archive, ledger, hidden)
    return swept


async def _hide(archive: Removing, ledger: SweptLedger, orphans: Sequence[Stored]) -> list[str]:
    """Hides what nobody submitted, and returns the digests."""
    digests = [one.digest for one in orphans]
    if digests:
        await ledger.unhold(digests)
    for digest in digests:
        await archive.hide(digest)
    return digests


async def _reconsider(archive: Removing, ledger: SweptLedger, hidden: Sequence[str]) -> None:
    """Shows again what a submission named that was under way when it was hidden."""
    for start in range(0, len(hidden), _BATCH):
        for digest in await ledger.known(hidden[start : start + _BATCH]):
            await archive.show(digest)


async def _end(archive: Removing, one: Stored, named: bool, swept: Swept, delete: bool) -> None:
    """Ends what an earlier sweep began with a file."""
    if named:
        swept.shown += 1
        if delete:
            await archive.show(one.digest)
        return
    if delete:
        try:
            await archive.destroy(one.digest)
        except Locked:
            swept.locked += 1
            return
    swept.removed += 1
    swept.removed_bytes += one.size


async def _batches(archive: Removing) -> AsyncIterator[list[Stored]]:
    batch: list[Stored] = []
    async for one in archive.stored():
        batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
