"""So many of something for each agency in a minute: a bucket that fills as time passes, and what an agency is
allowed by the directory instead.

allowance = Allowance(Rate(per_minute=600, burst=1000))
if wait := allowance.take(agency_id, now):
    raise Declined(code, wait_seconds=wait)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

NEARLY_ONE = 1 - 1e-6
"""Times have microseconds: who waited as long as it was told has one."""


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

    def take(self, agency_id: str, at: datetime, *, per_minute: float | None = None) -> float:
        """Takes one for an agency at the time `at` and returns 0; when it has none left, the seconds until it
        has. `per_minute` is the agency's own, instead of everybody's."""
        rate = self.rate if per_minute is None else self.rate.of(per_minute)
        left, before = self._left.get(agency_id, (rate.burst, at))
        minutes = max(0.0, (at - before).total_seconds() / 60)
        left = min(rate.burst, left + minutes * rate.per_minute)
        taken = left >= NEARLY_ONE
        self._left[agency_id] = (max(0.0, left - taken), max(at, before))
        return 0.0 if taken else 60 * (1 - left) / rate.per_minute
