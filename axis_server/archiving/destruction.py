"""Carrying out disposals: the files go, and the axis attests it.

Only for what an order in the log names: who can write the ledger alone destroys nothing by a row in it. For
each file of such an order, as often as it takes:

1. ask       whether another document names it, or an upload that is to be submitted: then it stays
2. hide      nobody reads it; who sends the same bytes writes them anew
3. wait      until every submission that may have found it standing has ended
4. ask again and destroy what still nobody names: every copy, every version
5. attest    once no file is left: evidence of destruction, a leaf of the log

Each step may be repeated: a crash anywhere is a repetition, and several processes get in nobody's way. What
the store keeps locked is waited for, and the disposal says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog

from axis_server.archiving.deciding import Issuing, KeepingLedger
from axis_server.archiving.disposed import rightly_disposed
from axis_server.limits.tasks import in_worker
from axis_server.metrics import Metrics
from signing.retention import Destroyed, Destruction, write_destruction
from storage.archive.removing import Removing
from storage.errors import Locked, Unavailable
from storage.ledger.keeping import Disposal
from storage.ledger.records import Entry, Evidence

log = structlog.get_logger()

EVENT = "DocumentsDestroyed"
"""Kind of the evidence of destruction."""
PATIENCE_SECONDS = 30.0
"""Between looks, where nobody wakes it: while files wait, or a store does not answer."""
UNFOUNDED = "no order in the log names all of its documents: nothing is destroyed"
_BATCH = 200
"""Files that the ledger is asked about at once."""


class Destroying:
    """Carries out the disposals that were accepted."""

    def __init__(
        self,
        *,
        ledger: KeepingLedger,
        archive: Removing,
        issuing: Issuing,
        grace: timedelta,
        metrics: Metrics,
    ) -> None:
        """`grace` is how long a file lies hidden first: longer than a submission takes."""
        self._ledger = ledger
        self._archive = archive
        self._issuing = issuing
        self._grace = grace
        self._metrics = metrics
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Has `follow` look at once."""
        self._woken.set()

    async def follow(self) -> None:
        """Carries out what there is, for ever."""
        while True:
            self._woken.clear()
            try:
                await self.step()
            except Unavailable as trouble:
                log.warning("disposal.unavailable", detail=str(trouble))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), PATIENCE_SECONDS)

    async def step(self) -> int:
        """Goes on with every disposal and returns how many are not ended. Raises `Unavailable`; what was done
        until then stands."""
        unended = await self._ledger.unended()
        left = 0
        for disposal in unended:
            waiting = await self._carry_out(disposal)
            left += bool(waiting)
            if waiting != disposal.waiting and waiting:
                await self._ledger.note_waiting(disposal.order_id, waiting)
                log.info("disposal.waiting", order=disposal.order_id, detail=waiting)
        self._metrics.disposals_open.set(left)
        return left

    async def _carry_out(self, disposal: Disposal) -> str:
        """Goes on with one disposal; returns what it waits for, empty once it has ended."""
        entries = [await self._ledger.entry(one) for one in disposal.dispatches]
        ordered = await rightly_disposed(self._ledger, entries)
        if len(ordered) != len(entries):
            log.critical("disposal.unfounded", order=disposal.order_id, documents=len(entries) - len(ordered))
            return UNFOUNDED
        digests = sorted({part for entry in entries for part in files_of(entry)})
        waiting, shared = "", set[str]()
        for batch in _batches(digests):
            named, why = await self._remove(batch)
            shared |= named
            waiting = why or waiting
        if not waiting:
            await self._end(disposal, entries, shared)
        return waiting

    async def _remove(self, digests: Sequence[str]) -> tuple[frozenset[str], str]:
        """Steps 1 to 4; returns which files are named elsewhere, and why others are not gone yet."""
        named = await self._ledger.known(digests)
        ripe, waiting = [], ""
        for digest in digests:
            if digest in named:
                await self._archive.show(digest)
                continue
            since = await self._archive.hide(digest)
            if since is None:
                continue
            if since + self._grace > self._issuing.clock():
                waiting = f"hidden, until {(since + self._grace).isoformat(timespec='seconds')}"
            else:
                ripe.append(digest)
        late = await self._ledger.known(ripe)
        for digest in ripe:
            if digest in late:
                await self._archive.show(digest)
            else:
                waiting = await self._destroy(digest) or waiting
        return named | late, waiting

    async def _destroy(self, digest: str) -> str:
        try:
            await self._archive.destroy(digest)
        except Locked as locked:
            return str(locked)
        return ""

    async def _end(self, disposal: Disposal, entries: Sequence[Entry], shared: set[str]) -> None:
        """Step 5."""
        issuing, at = self._issuing, self._issuing.clock()
        said = Destruction(
            identifier=issuing.new_id(),
            issuer_id=issuing.issuer_id,
            order=disposal.order_id,
            agency_id=disposal.agency_id,
            accepted_at=disposal.accepted_at,
            ended_at=at,
            documents=tuple(_destroyed(entry, shared) for entry in entries),
        )
        content = await in_worker(issuing.workers, write_destruction, said, issuing.sealer())
        evidence = Evidence(
            evidence_id=said.identifier, dispatch_id="", event=EVENT, issued_at=at, content=content
        )
        await self._ledger.end_disposal(disposal.order_id, at, evidence)
        log.info("disposal.ended", order=disposal.order_id, documents=len(entries))


def files_of(entry: Entry) -> frozenset[str]:
    """Returns the digests of a dispatch's files in the archive."""
    return frozenset(part.sha256 for part in entry.parts if not part.inline)


def _destroyed(entry: Entry, shared: set[str]) -> Destroyed:
    files = files_of(entry)
    return Destroyed(
        dispatch_id=entry.dispatch_id,
        original=entry.original.sha256,
        removed=len(files - shared),
        shared=len(files & shared),
    )


def _batches(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    return (digests[start : start + _BATCH] for start in range(0, len(digests), _BATCH))
