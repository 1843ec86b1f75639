"""What is kept month by month, so that old months can move away: nearly all bytes of a large ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Months:
    """How far the months have been made."""

    ahead: int
    """Months that are ready behind the present one: an alarm below 1."""
    strays: int
    """Evidence and statements that lie in no month, `STRAYS_MOST` at most: none of them is lost, and a month
    takes them in when it is made. An alarm all the same: some clock is off, or no month was made."""


STRAYS_MOST = 1000


@runtime_checkable
class Monthly(Protocol):
    """Kept by ledgers that part what they keep by months."""

    async def make_months(self, at: datetime) -> Months:
        """Makes the months around `at` that are not there yet, while nodes serve; any number of them may.

        Raises `Unavailable` when it has to be tried again, having changed nothing.
        """
        ...
