"""What the operator did, in memory."""

from __future__ import annotations

import asyncio
from datetime import datetime

from storage.errors import Changed
from storage.ledger.acts import Act, Change, KeptAct, act_bytes, check_act, is_of
from storage.ledger.memory.directory import register
from storage.ledger.memory.state import Facet, State, paged
from storage.ledger.pages import Page


class MemoryActs(Facet):
    """`Acts` in memory."""

    async def keep_act(self, act: Act, *changes: Change, last: int | None = None) -> None:
        check_act(act, changes)
        await asyncio.sleep(0)
        newest = self._newest(act.kind)
        if last is not None and last != (newest.place if newest else 0):
            raise Changed(act.kind)
        self._state.refuse_known([act.statement])
        with self._state.directory_undone():
            for registered, replacing in changes:
                register(self._state, registered, replacing)
        note_act(self._state, act)
        await asyncio.sleep(0)

    async def acts(
        self,
        *,
        after: int = 0,
        limit: int,
        kind: str = "",
        about: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Page[KeptAct]:
        await asyncio.sleep(0)
        found = (
            (kept.place, kept)
            for kept in self._state.acts
            if is_of(kept.act.kind, kind)
            and (not about or about in kept.act.about)
            and (since is None or kept.act.statement.issued_at >= since)
            and (until is None or kept.act.statement.issued_at < until)
        )
        return paged(found, act_bytes, after=after, limit=limit)

    async def last_act(self, kind: str) -> KeptAct | None:
        await asyncio.sleep(0)
        return self._newest(kind)

    def _newest(self, kind: str) -> KeptAct | None:
        return next((one for one in reversed(self._state.acts) if one.act.kind == kind), None)


def note_act(state: State, act: Act) -> None:
    """Keeps an act, and its leaf, together with what the caller changes. Raises `ValueError` for an evidence
    id that something else holds; then nothing is kept of the act."""
    state.refuse_known([act.statement])
    state.attested.append(act.statement)
    place = state.add_leaf("evidence", act.statement.evidence_id, act.statement.content)
    state.acts.append(KeptAct(place=place, act=act))
