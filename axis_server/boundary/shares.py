"""The calls in progress, by agency: none may take all places for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from axis_server.errors import Declined
from axis_server.reasons import Code


class Shares:
    """Gives an agency so many places at once, whichever certificates and connections it uses."""

    def __init__(self, most_each: int) -> None:
        self._most_each = most_each
        self._held: Counter[str] = Counter()

    @contextmanager
    def place(self, agency_id: str) -> Iterator[None]:
        """Holds a place until the block ends. Raises `Declined`: TOO_MANY_CALLS."""
        if self._held[agency_id] >= self._most_each:
            most = str(self._most_each)
            raise Declined(Code.TOO_MANY_CALLS, f"{most} are open", facts={"limit": most})
        self._held[agency_id] += 1
        try:
            yield
        finally:
            self._held[agency_id] -= 1
            if not self._held[agency_id]:
                del self._held[agency_id]
