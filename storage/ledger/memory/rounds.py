"""Going through everything that is kept, in memory: how far it has come."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from storage.ledger.memory.state import Facet
from storage.ledger.records import Evidence
from storage.ledger.rounds import Round, check_round


class MemoryRounds(Facet):
    """`Rounds` in memory."""

    async def known(self, digests: Collection[str]) -> frozenset[str]:
        await asyncio.sleep(0)
        state = self._state
        entries = [one.kept.entry for id, one in state.dispatches.items() if id not in state.disposed]
        named = {part.sha256 for entry in entries for part in entry.parts}
        return frozenset(digests) & (named | {digest for _, digest in self._state.holdings})

    async def round(self) -> Round | None:
        await asyncio.sleep(0)
        return self._state.round

    async def keep_round(self, round: Round, statement: Evidence | None = None) -> None:
        await asyncio.sleep(0)
        check_round(round, self._state.round)
        if statement is not None:
            self._state.refuse_known([statement])
            self._state.attested.append(statement)
            self._state.add_leaf("evidence", statement.evidence_id, statement.content)
        self._state.round = round
        await asyncio.sleep(0)
