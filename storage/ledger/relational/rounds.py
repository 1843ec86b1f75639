"""Going through everything that is kept, over SQL."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

from storage.ledger.records import Evidence
from storage.ledger.relational.acts import add_attestation
from storage.ledger.relational.engine import Transaction
from storage.ledger.relational.facet import Facet
from storage.ledger.relational.rows import to_json
from storage.ledger.rounds import Round, check_round


class RelationalRounds(Facet):
    """`Rounds` over SQL."""

    async def known(self, digests: Collection[str]) -> frozenset[str]:
        rows = await self._readers.all("known", (to_json(list(digests)),))
        return frozenset(digest for (digest,) in rows)

    async def round(self) -> Round | None:
        row = await self._readers.one("last_round")
        return None if row is None else _round_from(row[0])

    async def keep_round(self, round: Round, statement: Evidence | None = None) -> None:
        await self._writer.write(lambda t: keep_round(t, round, statement))


def keep_round(transaction: Transaction, round: Round, statement: Evidence | None) -> None:
    """`Rounds.keep_round`."""
    row = transaction.one("last_round")
    check_round(round, None if row is None else _round_from(row[0]))
    if statement is not None:
        add_attestation(transaction, statement)
    transaction.run("keep_round", round.number, _round_text(round))


def _round_text(round: Round) -> str:
    return json.dumps(asdict(round), default=datetime.isoformat)


def _round_from(text: str) -> Round:
    shape = json.loads(text)
    ended_at = shape["ended_at"]
    return Round(
        **{
            **shape,
            "started_at": datetime.fromisoformat(shape["started_at"]),
            "ended_at": datetime.fromisoformat(ended_at) if ended_at else None,
            "troubles": tuple(shape["troubles"]),
        }
    )
