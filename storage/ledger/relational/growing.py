"""Time-stamps over the seals of evidence, over SQL."""

from __future__ import annotations

from datetime import datetime

from storage.errors import NotFound
from storage.ledger.growing import SealStamp, Turn, Ungrown, check_seal_stamp
from storage.ledger.relational.engine import Transaction
from storage.ledger.relational.facet import Facet
from storage.ledger.relational.rows import microseconds, moment
from storage.ledger.wellformed import check_times


class RelationalGrowing(Facet):
    """`Growing` over SQL."""

    async def grown_to(self) -> int:
        row = await self._readers.one("grown_to")
        return 0 if row is None else int(row[0])

    async def to_grow(self, *, start: int, limit: int) -> tuple[Ungrown, ...]:
        rows = await self._readers.all("to_grow", (start, max(0, limit)))
        return tuple(
            Ungrown(
                index=index,
                evidence_id=evidence_id,
                event=event,
                issued_at=moment(issued_at),
                content=bytes(content),
            )
            for index, evidence_id, event, issued_at, content in rows
        )

    async def take_turn(self, turn: Turn, *, now: datetime) -> bool:
        check_times([turn.until, now])
        return await self._writer.write(lambda t: take_turn(t, turn, now))

    async def keep_grown(self, start: int, stamp: SealStamp | None = None) -> None:
        check_seal_stamp(start, stamp)
        await self._writer.write(lambda t: keep_grown(t, start, stamp))

    async def seal_stamp(self, evidence_id: str) -> SealStamp:
        row = await self._readers.one("seal_stamp", evidence_id)
        if row is None:
            raise NotFound(evidence_id)
        authority, token, at = row
        return SealStamp(evidence_id=evidence_id, authority=authority, token=bytes(token), at=moment(at))


def take_turn(transaction: Transaction, turn: Turn, now: datetime) -> bool:
    """`Growing.take_turn`."""
    row = transaction.one("take_turn", turn.holder, microseconds(turn.until), microseconds(now))
    return row is not None


def keep_grown(transaction: Transaction, start: int, stamp: SealStamp | None) -> None:
    """`Growing.keep_grown`."""
    if stamp is not None:
        if transaction.one("leaf", stamp.evidence_id) is None:
            raise NotFound(stamp.evidence_id)
        transaction.run(
            "add_seal_stamp", stamp.evidence_id, stamp.authority, stamp.token, microseconds(stamp.at)
        )
    transaction.run("keep_grown_to", start)
