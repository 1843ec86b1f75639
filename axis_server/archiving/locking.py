"""Having the store enforce what the ledger says: object lock, after each decision, never before its commit.

A store without locks (an archive of files) enforces nothing: there the ledger alone decides. After a start
all decisions are gone through once; each call may be repeated.
"""

from __future__ import annotations

from datetime import datetime, time
from functools import partial

import structlog

from axis_server.archiving.deciding import Deciding, KeepingLedger
from axis_server.archiving.destruction import files_of
from axis_server.archiving.terms import Term
from axis_server.background import stepping
from signing.spelling import VIETNAM
from storage.archive.retention import Retention
from storage.errors import NotFound
from storage.ledger.keeping import HOLD, LIFT, Decision
from storage.ledger.records import Entry

log = structlog.get_logger()

FOR_EVER_YEARS = 100
"""How long the store locks what is kept for ever: stores want a date."""
PATIENCE_SECONDS = 30.0
_PAGE = 100


class Locking:
    """Follows the decisions."""

    def __init__(self, *, ledger: KeepingLedger, deciding: Deciding, retention: Retention) -> None:
        self._ledger = ledger
        self._deciding = deciding
        self._retention = retention
        self._after = 0

    async def follow(self, interval: float) -> None:
        """Locks as decisions are made, for ever."""
        away = partial(log.warning, "locking.unavailable")
        await stepping(self.step, interval, away=away, patience=PATIENCE_SECONDS)

    async def step(self) -> bool:
        """Goes through some decisions, and tells whether there are more. Raises `Unavailable`; it is done
        again then."""
        page = await self._ledger.decisions_after(after=self._after, limit=_PAGE)
        for decision in page.items:
            await self._enforce(decision)
            self._after = decision.number
        return page.more

    async def _enforce(self, decision: Decision) -> None:
        entry = await self._ledger.entry(decision.dispatch_id)
        if decision.kind == HOLD:
            held = await self._ledger.decisions([entry.dispatch_id])
            if decision.evidence_id not in {one.hold_id for one in held}:
                await self._hold(entry, files_of(entry), on=True)
        elif decision.kind == LIFT:
            await self._hold(entry, files_of(entry) - await self._held(), on=False)
        else:
            await self._retain(entry)
            for dispatch_id in await self._ledger.filed(decision.agency_id, decision.record):
                await self._retain(await self._ledger.entry(dispatch_id))

    async def _retain(self, entry: Entry) -> None:
        """Locks for as long as was decided, not for as long as is presumed: a lock is never shortened."""
        term = await self._deciding.decided(entry)
        if term is None or await self._ledger.disposed([entry.dispatch_id]):
            return
        for digest in files_of(entry):
            try:
                await self._retention.retain(digest, _until(term, entry))
            except NotFound:
                log.error("locking.lost", digest=digest, dispatch_id=entry.dispatch_id)

    async def _hold(self, entry: Entry, digests: frozenset[str], *, on: bool) -> None:
        if await self._ledger.disposed([entry.dispatch_id]):
            return
        for digest in digests:
            try:
                await self._retention.hold(digest, on)
            except NotFound:
                log.error("locking.lost", digest=digest, dispatch_id=entry.dispatch_id)

    async def _held(self) -> frozenset[str]:
        """Files of all documents that are held."""
        files: set[str] = set()
        after, more = 0, True
        while more:
            page = await self._ledger.holds(after=after, limit=_PAGE)
            for one in page.items:
                files |= files_of(await self._ledger.entry(one.dispatch_id))
            after, more = page.next, page.more
        return frozenset(files)


def _until(term: Term, entry: Entry) -> datetime:
    if term.first_day is None:
        return entry.accepted_at.replace(year=entry.accepted_at.year + FOR_EVER_YEARS, day=1)
    return datetime.combine(term.first_day, time.min, VIETNAM)
