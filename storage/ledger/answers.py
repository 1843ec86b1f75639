"""What authorities answered about certificates' revocation (CRLs, OCSP responses), and which dispatches were
judged by which answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from storage.ledger.wellformed import check_times

SUPERSEDED = timedelta(days=1)
"""How long an answer is kept after a newer one took its place, unless something was judged by it."""
LONGEST_PLACE = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: the very bytes that came."""

    kind: str
    """`crl` or `ocsp`."""
    content: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The last answer of one place, such as an address."""

    place: str
    asked_at: datetime
    """When it was asked last: the same answer may have come before."""
    answer: Answer
    version: int = 0
    """Grows with everything that is kept, of any place."""


class Answers(Protocol):
    """Answers by their digest, once each, and the last one of each place; shared by all nodes. Every method
    raises `Unavailable` when the store cannot serve."""

    async def keep_answer(self, answered: Answered) -> None:
        """Keeps the last answer of a place; `version` is given here. What took its place more than
        `SUPERSEDED` ago is dropped, unless a dispatch was judged by it."""
        ...

    async def answered(self, *, after: int) -> tuple[Answered, ...]:
        """Returns the last answers of the places that were asked since `version` was `after`, in that
        order."""
        ...

    async def judged_by(self, dispatch_id: str) -> tuple[Answer, ...]:
        """Returns the answers by which a dispatch and the statements about it were judged, by kind and
        digest; of those alone that are kept."""
        ...

    async def note_judged(self, dispatch_id: str, digests: Collection[str]) -> None:
        """Notes that a statement about a dispatch was judged by these answers. Raises `NotFound` when there
        is no such dispatch."""
        ...


def check_answered(answered: Answered) -> None:
    """Raises `ValueError` for what is no answer of a place."""
    check_times([answered.asked_at])
    if answered.answer.kind not in ("crl", "ocsp"):
        raise ValueError("an answer is a `crl` or an `ocsp`")
    if not 0 < len(answered.place) <= LONGEST_PLACE:
        raise ValueError(f"a place has 1 to {LONGEST_PLACE} characters")
