"""What one agency may take of the axis: places at once, documents and statements a minute, bytes a day.

Counted for the agency whose certificate it is, whichever connections it uses and in whose name it acts, by
each process for itself. The directory may allow an agency more or less than everybody (`own`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from axis_server.caller import Caller
from axis_server.errors import Declined, Detail
from axis_server.limits.allowance import Allowance, Rate
from axis_server.reasons import Code
from axis_server.wording import most_in, most_open
from storage.ledger.registry import Agency


class Limit(StrEnum):
    """What is limited for each agency; the names of the metric and, behind `limit.`, of the directory."""

    CALLS = "calls"
    DOCUMENTS = "documents"
    STATEMENTS = "statements"
    BYTES = "bytes"


RATED: Mapping[str, Limit] = MappingProxyType(
    {
        "SubmissionService/Submit": Limit.DOCUMENTS,
        "SubmissionService/Check": Limit.DOCUMENTS,  # it costs as much as to send
        "InboxService/Report": Limit.STATEMENTS,
        "ArchiveService/SetRetention": Limit.STATEMENTS,  # each is sealed, and a leaf for ever
        "ArchiveService/PutHold": Limit.STATEMENTS,
        "ArchiveService/LiftHold": Limit.STATEMENTS,
        "ArchiveService/SubmitDisposal": Limit.STATEMENTS,
    }
)
CODES: Mapping[Limit, Code] = MappingProxyType(
    {
        Limit.CALLS: Code.TOO_MANY_CALLS,
        Limit.DOCUMENTS: Code.TOO_MANY_DOCUMENTS,
        Limit.STATEMENTS: Code.TOO_MANY_STATEMENTS,
        Limit.BYTES: Code.TOO_MANY_BYTES,
    }
)
SHORTEST_SECONDS = 1.0
"""What a caller is told to wait at least: a place comes back sooner, but not for all who ask."""
DAY = 24 * 60
"""Minutes."""
OWN = "limit."
"""Before the name of a limit, in the attributes that the directory keeps of an agency."""


def own(agency: Agency, limit: Limit) -> int | None:
    """Returns what the directory allows an agency instead of what everybody has; None when it says nothing
    that is a number from 1."""
    said = agency.attributes.get(OWN + limit, "")
    return int(said) or None if said.isascii() and said.isdecimal() else None


def _who(caller: Caller) -> Agency:
    """The agency whose certificate it is."""
    return caller.agency if caller.delegate is None else caller.delegate


class Shares:
    """Gives each agency its share, and no more."""

    def __init__(
        self,
        *,
        calls: int,
        rates: Mapping[Limit, Rate],
        clock: Callable[[], datetime],
        processes: int = 1,
        turned_away: Callable[[Limit, str], None] = lambda limit, agency_id: None,
    ) -> None:
        """`calls` at once for each agency; `rates` and what the directory says of them are of the whole axis,
        divided by `processes`. `turned_away` is told of each call that had too much."""
        self._calls = calls
        self._allowances = {
            limit: Allowance(Rate(per_minute=rate.per_minute / processes, burst=rate.burst / processes))
            for limit, rate in rates.items()
        }
        self._clock = clock
        self._processes = processes
        self._turned_away = turned_away
        self._held: Counter[str] = Counter()

    @contextmanager
    def place(self, caller: Caller, method: str) -> Iterator[None]:
        """Holds a place until the block ends. Raises `Declined`: TOO_MANY_CALLS, TOO_MANY_DOCUMENTS,
        TOO_MANY_STATEMENTS."""
        agency = _who(caller)
        most = own(agency, Limit.CALLS) or self._calls
        if self._held[agency.agency_id] >= most:
            raise self._declined(Limit.CALLS, agency, most_open(most), most, SHORTEST_SECONDS)
        if (limit := RATED.get(method)) is not None:
            self._take(agency, limit)
        self._held[agency.agency_id] += 1
        try:
            yield
        finally:
            self._held[agency.agency_id] -= 1
            if not self._held[agency.agency_id]:
                del self._held[agency.agency_id]

    def spend(self, caller: Caller, size: int) -> None:
        """Takes bytes that are to be kept. Raises `Declined`: TOO_MANY_BYTES."""
        self._take(_who(caller), Limit.BYTES, size)

    def give_back(self, caller: Caller, size: int) -> None:
        """Returns bytes that were not kept after all."""
        if Limit.BYTES in self._allowances:
            self._allowances[Limit.BYTES].give_back(_who(caller).agency_id, size)

    def _take(self, agency: Agency, limit: Limit, amount: int = 1) -> None:
        """Takes from an allowance, where there is one."""
        if (allowance := self._allowances.get(limit)) is None:
            return
        minutes, period = (DAY, "day") if limit is Limit.BYTES else (1, "minute")
        said = own(agency, limit)
        per_minute = None if said is None else said / minutes / self._processes
        wait = allowance.take(agency.agency_id, self._clock(), amount=amount, per_minute=per_minute)
        if wait:
            most = said or round(allowance.rate.per_minute * minutes * self._processes)
            raise self._declined(limit, agency, most_in(most, period), most, wait)

    def _declined(self, limit: Limit, agency: Agency, what: Detail, most: int, wait: float) -> Declined:
        self._turned_away(limit, agency.agency_id)
        return Declined(
            CODES[limit], what, facts={"limit": str(most)}, wait_seconds=max(wait, SHORTEST_SECONDS)
        )
