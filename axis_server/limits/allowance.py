"""So many of something for each agency in a minute: a bucket that fills as time passes."""

from __future__ import annotations

from datetime import datetime


class Allowance:
    """Gives each agency `per_minute` at once, and as many again in each minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._left: dict[str, tuple[float, datetime]] = {}
        """What was left for an agency, and when."""

    def take(self, agency_id: str, at: datetime) -> bool:
        """Takes one for an agency at the time `at`; False when it has none left."""
        left, before = self._left.get(agency_id, (self._per_minute, at))
        minutes = max(0.0, (at - before).total_seconds() / 60)
        left = min(self._per_minute, left + minutes * self._per_minute)
        taken = left >= 1
        self._left[agency_id] = (left - taken, max(at, before))
        return taken
