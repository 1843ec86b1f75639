"""How long somebody who failed is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True, kw_only=True)
class Pause:
    """Doubles with each failure in a row, up to `longest` seconds."""

    first: float
    longest: float
    failures: int = 0
    until: datetime | None = None

    def over(self, now: datetime) -> bool:
        """Whether it may be tried again."""
        return self.until is None or now >= self.until

    def begin(self, now: datetime) -> float:
        """Notes a failure and returns the seconds of rest."""
        seconds: float = min(self.longest, self.first * 2.0 ** min(self.failures, 30))
        self.failures += 1
        self.until = now + timedelta(seconds=seconds)
        return seconds

    def end(self) -> None:
        """Notes a success."""
        self.failures, self.until = 0, None
