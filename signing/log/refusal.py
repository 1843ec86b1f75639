"""The one error of this package: something does not hold, and why."""

from __future__ import annotations

from signing.reasons import Reason


class NotProven(Exception):
    """What was given is not what the log's formats, keys or hashes demand.

    Verdict functions turn it into `Refused`; everything else here raises it.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        """English; holds nothing of a leaf's content and no key material."""
