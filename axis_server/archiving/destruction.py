"""Destroying the files of what was disposed of, and attesting it.

1. uphold    the order stands in the log and names each document; its seals are judged anew (`warrant`)
2. hide      each file that nobody else names: from now on it is not read, and who sends it writes it anew
3. wait      until all have lain hidden for the time of grace, in running time (`grace`)
4. check     for the last time: nothing is held, and all is due. The ledger keeps that it was checked, unless
             something was decided meanwhile; from then on nobody can hold it any more
5. destroy   what still nobody names: every copy, every version
6. attest    once no file is left: evidence of destruction, a leaf of the log

Each step may be repeated, and all of them are, from the first, after a crash and by every process: a crash
anywhere is a repetition. What is in the way is waited for, and the disposal says so (`Waiting`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from axis_server.archiving.deciding import Deciding, Issuing, KeepingLedger
from axis_server.archiving.disposed import rightly_disposed
from axis_server.archiving.grace import Grace, proven_now
from axis_server.archiving.warrant import Warrants
from axis_server.errors import Declined
from axis_server.limits.tasks import in_worker
from axis_server.metrics import Metrics
from signing.spelling import VIETNAM
from signing.statements.retention import Destroyed, Destruction, write_destruction
from storage.archive.removing import Removing
from storage.errors import DecidedSince, Locked, Unavailable
from storage.ledger.keeping import Disposal
from storage.ledger.records import Entry, Evidence

log = structlog.get_logger()

EVENT = "DocumentsDestroyed"
"""Kind of the evidence of destruction."""
PATIENCE_SECONDS = 30.0
"""Between looks, where nobody wakes it: while files wait, or a store does not answer."""
_BATCH = 200
"""Files that the ledger is asked about at once."""
_TRIES = 100
"""How often the last check is made while others decide."""


class Waiting(StrEnum):
    """What a disposal waits for: `Disposal.waiting` begins with it, and may say more behind a colon."""

    GRACE = "GRACE"
    """The time of grace: of how many minutes."""
    HELD = "HELD"
    """Somebody holds a document: which one, and the hold."""
    NOT_DUE = "NOT_DUE"
    """A document must be kept, as was decided since, or by the day that it surely is: until when."""
    LOCKED = "LOCKED"
    """The store keeps a file: until when, or `held`."""
    TIME_UNKNOWN = "TIME_UNKNOWN"
    """No time-stamp says yet what day it is."""
    NOT_UPHELD = "NOT_UPHELD"
    """A seal of the order does not hold any more, or too few persons sealed: the reason's code."""
    UNFOUNDED = "UNFOUNDED"
    """No order in the log names all of its documents."""


class _Waits(Exception):
    """Nothing more is done with a disposal for now."""

    def __init__(self, what: Waiting, detail: str = "") -> None:
        super().__init__(f"{what}: {detail}" if detail else str(what))


class Destroying:
    """Carries out the disposals that were accepted."""

    def __init__(
        self,
        *,
        ledger: KeepingLedger,
        archive: Removing,
        deciding: Deciding,
        warrants: Warrants,
        issuing: Issuing,
        grace: timedelta,
        authorities: Sequence[str],
        running: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        """`grace` is how long a file lies hidden first, in seconds of `running`: longer than a submission
        takes. `authorities` stamp the log."""
        self._ledger = ledger
        self._archive = archive
        self._issuing = issuing
        self._deciding = deciding
        self._warrants = warrants
        self._seconds = int(grace.total_seconds())
        self._grace = Grace(ledger=ledger, running=running)
        self._authorities = authorities
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
        try:
            await self._uphold(disposal, entries)  # 1
            since = await self._hide(entries)  # 2
            await self._check(disposal, entries, since)  # 3, 4
            shared = await self._destroy(entries, since)  # 5
        except _Waits as waits:
            return str(waits)
        await self._end(disposal, entries, shared)  # 6
        return ""

    async def _uphold(self, disposal: Disposal, entries: Sequence[Entry]) -> None:
        """Step 1. Raises `_Waits`."""
        if len(await rightly_disposed(self._ledger, entries)) != len(entries):
            log.critical("disposal.unfounded", order=disposal.order_id)
            raise _Waits(Waiting.UNFOUNDED)
        order = await self._ledger.attested(disposal.order_id)
        approvals = [(await self._ledger.attested(one)).content for one in disposal.approvals]
        given = order.content, approvals, disposal.agency_id, disposal.accepted_at, self._issuing.clock()
        try:
            await in_worker(self._issuing.workers, self._warrants.uphold, *given)
        except Declined as declined:
            log.critical("disposal.not_upheld", order=disposal.order_id, detail=str(declined))
            raise _Waits(Waiting.NOT_UPHELD, declined.code) from declined

    async def _hide(self, entries: Sequence[Entry]) -> dict[str, datetime]:
        """Step 2; returns since when each file is hidden that is there still and nobody else names."""
        since: dict[str, datetime] = {}
        for batch in _batches(_digests(entries)):
            named = await self._ledger.known(batch)
            for digest in batch:
                if digest in named:
                    await self._archive.show(digest)
                elif (hidden := await self._archive.hide(digest)) is not None:
                    since[digest] = hidden
        return since

    async def _check(
        self, disposal: Disposal, entries: Sequence[Entry], since: Mapping[str, datetime]
    ) -> None:
        """Steps 3 and 4. A file that was hidden anew lies for the whole time, also behind the last check.
        Raises `_Waits`."""
        decided = await self._ledger.decided()
        for _ in range(_TRIES):
            if disposal.begun_at is None:
                await self._judge(entries)
            if await self._grace.lain(disposal.order_id, since) < self._seconds:
                raise _Waits(Waiting.GRACE, f"{self._seconds / 60:g} min")
            try:
                at = self._issuing.clock()
                await self._ledger.begin_destruction(disposal.order_id, at, decided=decided)
                return
            except DecidedSince:
                decided, _ = await self._deciding.decided_since(disposal.dispatches, decided)
        raise _Waits(Waiting.GRACE, "others decide all the time")

    async def _judge(self, entries: Sequence[Entry]) -> None:
        """Raises `_Waits` while a document is held, or must be kept by the day that it surely is."""
        now = await proven_now(self._ledger, self._authorities, self._issuing.clock)
        if now is None:
            raise _Waits(Waiting.TIME_UNKNOWN)
        today = now.astimezone(VIETNAM).date()
        standings = await self._deciding.stand(tuple(entries))
        for dispatch_id, standing in standings.items():
            if standing.holds:
                raise _Waits(Waiting.HELD, f"{dispatch_id} {standing.holds[0].evidence_id}")
            if not standing.is_due(today):
                first_day = standing.term.first_day
                raise _Waits(Waiting.NOT_DUE, f"{dispatch_id} {first_day.isoformat() if first_day else ''}")

    async def _destroy(self, entries: Sequence[Entry], since: Mapping[str, datetime]) -> frozenset[str]:
        """Step 5; returns which files stay because others name them. Raises `_Waits` while the store keeps
        one of them."""
        shared: set[str] = set()
        kept = ""
        for batch in _batches(_digests(entries)):
            named = await self._ledger.known(batch)
            shared |= named
            for digest in batch:
                if digest in named:
                    await self._archive.show(digest)
                elif digest in since:
                    try:
                        await self._archive.destroy(digest)
                    except Locked as locked:
                        kept = locked.until.isoformat(timespec="seconds") if locked.until else "held"
        if kept:
            raise _Waits(Waiting.LOCKED, kept)
        return frozenset(shared)

    async def _end(self, disposal: Disposal, entries: Sequence[Entry], shared: frozenset[str]) -> None:
        """Step 6."""
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
        self._grace.forget(disposal.order_id)
        log.info("disposal.ended", order=disposal.order_id, documents=len(entries))


def files_of(entry: Entry) -> frozenset[str]:
    """Returns the digests of a dispatch's files in the archive."""
    return frozenset(part.sha256 for part in entry.parts if not part.inline)


def _destroyed(entry: Entry, shared: frozenset[str]) -> Destroyed:
    files = files_of(entry)
    return Destroyed(
        dispatch_id=entry.dispatch_id,
        original=entry.original.sha256,
        removed=len(files - shared),
        shared=len(files & shared),
    )


def _digests(entries: Sequence[Entry]) -> list[str]:
    return sorted({part for entry in entries for part in files_of(entry)})


def _batches(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    return (digests[start : start + _BATCH] for start in range(0, len(digests), _BATCH))
