"""The lists and OCSP answers by which a dispatch was judged, for whoever may see the dispatch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from axis_server.caller import Caller
from axis_server.knowing.records import standing_of
from storage.ledger.answers import Answer, Answers
from storage.ledger.base import Ledger


class JudgedBy:
    """Answers from the ledger, and with them what is known now about the axis's own seal and the caller's:
    evidence and package are younger than the dispatch."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        answers: Answers,
        current: Callable[[Caller], Awaitable[tuple[Answer, ...]]],
    ) -> None:
        self._ledger = ledger
        self._answers = answers
        self._current = current

    async def of(self, caller: Caller, dispatch_id: str) -> tuple[Answer, ...]:
        """Returns each answer once, by kind and digest. Raises `Declined`: NOT_FOUND, also for what is not
        the caller's."""
        await standing_of(self._ledger, caller, dispatch_id)
        found = (*await self._answers.judged_by(dispatch_id), *await self._current(caller))
        each = {(answer.kind, answer.sha256): answer for answer in found}
        return tuple(each[key] for key in sorted(each))
