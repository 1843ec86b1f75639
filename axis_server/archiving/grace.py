"""How long hidden files have lain, and what day it surely is, for what cannot be taken back.

    if await grace.lain(order_id, since) < wanted: ...    # seconds of running time, over restarts and nodes
    now = await proven_now(ledger, authorities, clock)    # None: nobody can say

No clock that can be set counts here. Running time is what processes saw pass; the ledger keeps the most that
one saw, so that a restart loses what came after the last look, and time without any process does not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.ledger.base import Log
from storage.ledger.keeping import Keeping


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    mark: str
    base: int
    """Seconds that counted at `at`."""
    at: float
    """Of the running clock."""


class Grace:
    """Counts for how long the files of a disposal have lain hidden, all of them, as they lie now."""

    def __init__(self, *, ledger: Keeping, running: Callable[[], float]) -> None:
        """`running` is seconds of a clock that never goes back and is not set (`time.monotonic`)."""
        self._ledger = ledger
        self._running = running
        self._seen: dict[str, _Seen] = {}

    async def lain(self, order_id: str, since: Mapping[str, datetime]) -> int:
        """Returns the seconds; 0 when a file was hidden anew. `since` is of each hidden file when the store
        says that it was hidden: a name of how it lies, and no time that is compared with anything."""
        mark, at = _mark(since), self._running()
        seen = self._seen.get(order_id)
        offered = int(seen.base + at - seen.at) if seen is not None and seen.mark == mark else 0
        counts = await self._ledger.watch(order_id, mark, offered)
        if seen is None or offered == 0 or counts != offered:
            self._seen[order_id] = _Seen(mark=mark, base=counts, at=at)
        return counts

    def forget(self, order_id: str) -> None:
        """Forgets a disposal that has ended."""
        self._seen.pop(order_id, None)


async def proven_now(
    ledger: Log, authorities: Sequence[str], clock: Callable[[], datetime]
) -> datetime | None:
    """Returns a time that has surely come: where authorities stamp the log, the newest time-stamp of the one
    that is furthest behind; else the node's own time. None while none of them has stamped."""
    if not authorities:
        return clock()
    newest = []
    for authority in authorities:
        size = await ledger.stamped(authority)
        if size is not None:
            newest += [one.at for one in await ledger.stamps(size) if one.authority == authority]
    return min(newest, default=None)


def _mark(since: Mapping[str, datetime]) -> str:
    lines = (f"{digest} {when.timestamp()!r}\n" for digest, when in sorted(since.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
