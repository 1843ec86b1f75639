"""What authorities answered about revocation, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from storage.ledger.answers import SUPERSEDED, Answer, Answered, check_answered
from storage.ledger.memory.state import Facet


class MemoryAnswers(Facet):
    """`Answers` in memory."""

    async def keep_answer(self, answered: Answered) -> None:
        check_answered(answered)
        await asyncio.sleep(0)
        state, digest = self._state, answered.answer.sha256
        state.answer_version += 1
        before = state.answered.get(answered.place)
        state.answers[digest] = answered.answer
        state.superseded.pop(digest, None)
        state.answered[answered.place] = replace(answered, version=state.answer_version)
        if before is not None:
            state.superseded[before.answer.sha256] = answered.asked_at
        self._drop(answered.asked_at)
        await asyncio.sleep(0)

    def _drop(self, now: datetime) -> None:
        state = self._state
        used = {digest for digests in state.judged_by.values() for digest in digests}
        last = {answered.answer.sha256 for answered in state.answered.values()}
        for digest, at in list(state.superseded.items()):
            if now - at > SUPERSEDED and digest not in used | last:
                del state.superseded[digest], state.answers[digest]

    async def answered(self, *, after: int) -> tuple[Answered, ...]:
        await asyncio.sleep(0)
        found = [one for one in self._state.answered.values() if one.version > after]
        return tuple(sorted(found, key=lambda one: one.version))

    async def judged_by(self, dispatch_id: str) -> tuple[Answer, ...]:
        await asyncio.sleep(0)
        named = self._state.judged_by.get(dispatch_id, set())
        found = [self._state.answers[digest] for digest in named if digest in self._state.answers]
        return tuple(sorted(found, key=lambda one: (one.kind, one.sha256)))

    async def note_judged(self, dispatch_id: str, digests: Collection[str]) -> None:
        await asyncio.sleep(0)
        self._state.dispatched(dispatch_id)
        self._state.judged_by.setdefault(dispatch_id, set()).update(digests)
