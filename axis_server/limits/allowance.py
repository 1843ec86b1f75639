"""So many of something for each agency in a minute: a bucket that fills as time passes, and what an agency is
allowed by the directory instead.

allowance = Allowance(Rate(per_minute=600, burst=1000))
if wait := allowance.take(agency_id, now):
    raise Declined(code, wait_seconds=wait)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

NEARLY = 1 - 1e-6
"""Times have microseconds: who waited as long as it was told has enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How much in a minute, and how much at once after a while without any."""

    per_minute: float
    burst: float

    def __post_init__(self) -> None:
        if self.per_minute <= 0 or self.burst < 1:
            raise ValueError("a rate lets something through")

    def of(self, per_minute: float) -> Rate:
        """Returns another rate with a burst of the same duration."""
        return Rate(per_minute=per_minute, burst=max(1.0, self.burst * per_minute / self.per_minute))


class Allowance:
    """Gives each agency `burst` at once, and `per_minute` again in each minute."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._left: dict[str, tuple[float, datetime]] = {}
        """What was left for an agency, and when."""

    def take(
        self, agency_id: str, at: datetime, *, amount: float = 1, per_minute: float | None = None
    ) -> float:
        """Takes so much for an agency at the time `at` and returns 0; when it has not so much left, the
        seconds until it has. More than a whole burst is taken from a whole one, and paid off afterwards.
        `per_minute` is the agency's own, instead of everybody's."""
        rate = self.rate if per_minute is None else self.rate.of(per_minute)
        left, before = self._left.get(agency_id, (rate.burst, at))
        minutes = max(0.0, (at - before).total_seconds() / 60)
        left = min(rate.burst, left + minutes * rate.per_minute)
        needed = min(amount, rate.burst)
        taken = left >= needed * NEARLY
        self._left[agency_id] = (left - amount if taken else left, max(at, before))
        return 0.0 if taken else 60 * (needed - left) / rate.per_minute

    def give_back(self, agency_id: str, amount: float) -> None:
        """Returns what was taken and not used."""
        if agency_id in self._left:
            left, at = self._left[agency_id]
            self._left[agency_id] = (left + amount, at)
