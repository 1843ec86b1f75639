"""The hints' promise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol


class Hints(Protocol):
    """Says for whom there may be something new that another process committed. The ledger is the truth: a
    hint that is lost costs only time, and one too many a look."""

    def news(self) -> AsyncIterator[frozenset[str] | None]:
        """Yields the agencies that see something committed since; None for anybody, first of all and whenever
        hints may have been missed. It never ends by itself, and waits where the store does not answer."""
        ...
