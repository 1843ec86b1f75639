"""How long dispatches are kept, over SQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from storage.errors import DecidedSince, Disposed, NotFound
from storage.ledger.keeping import (
    HOLD,
    LIFT,
    TERM,
    Decision,
    Disposal,
    check_decision,
    check_disposal,
    decision_bytes,
    disposal_bytes,
)
from storage.ledger.pages import Page
from storage.ledger.records import Evidence
from storage.ledger.relational.acts import add_attestation
from storage.ledger.relational.engine import Transaction
from storage.ledger.relational.facet import Facet
from storage.ledger.relational.rows import Row, evidence_from, microseconds, moment, to_json


class RelationalKeeping(Facet):
    """`Keeping` over SQL."""

    async def decide(self, decision: Decision, statement: Evidence) -> Decision:
        check_decision(decision, statement)
        return await self._writer.write(lambda t: decide(t, decision, statement))

    async def decisions(self, dispatch_ids: Collection[str]) -> tuple[Decision, ...]:
        rows = await self._readers.all("decisions", (to_json(list(dispatch_ids)),))
        return tuple(map(_decision_from, rows))

    async def filed(self, agency_id: str, record: str) -> tuple[str, ...]:
        return tuple(name for (name,) in await self._readers.all("filed", (agency_id, record)))

    async def decisions_after(self, *, after: int = 0, limit: int) -> Page[Decision]:
        return await self._page("decisions_after", {}, _placed, decision_bytes, after=after, limit=limit)

    async def holds(self, *, after: int = 0, limit: int) -> Page[Decision]:
        return await self._page("holds", {}, _placed, decision_bytes, after=after, limit=limit)

    async def decided(self) -> int:
        row = await self._readers.one("last_decision")
        return int(row[0]) if row else 0

    async def dispose(
        self, disposal: Disposal, order: Evidence, approvals: Sequence[Evidence] = (), *, decided: int
    ) -> Disposal:
        check_disposal(disposal, order, approvals)
        weight = len(disposal.dispatches)
        return await self._writer.write(
            lambda t: dispose(t, disposal, (order, *approvals), decided), weight=weight
        )

    async def disposal(self, order_id: str) -> Disposal:
        return _found(await self._readers.one("disposal", order_id), order_id)

    async def disposals(self, *, after: int = 0, limit: int) -> Page[Disposal]:
        def placed(found: Iterator[Row]) -> Iterator[tuple[int, Disposal]]:
            return ((row[0], _disposal_from(row)) for row in found)

        return await self._page("disposals", {}, placed, disposal_bytes, after=after, limit=limit)

    async def unended(self) -> tuple[Disposal, ...]:
        return tuple(map(_disposal_from, await self._readers.all("unended", ())))

    async def disposed(self, dispatch_ids: Collection[str]) -> dict[str, str]:
        if not dispatch_ids:
            return {}
        return dict(await self._readers.all("disposed", (to_json(list(dispatch_ids)),)))

    async def note_waiting(self, order_id: str, waiting: str) -> None:
        await self._writer.write(lambda t: t.run("note_waiting", waiting, order_id))

    async def watch(self, order_id: str, mark: str, seconds: int) -> int:
        return await self._writer.write(lambda t: watch(t, order_id, mark, seconds))

    async def begin_destruction(self, order_id: str, at: datetime, *, decided: int) -> Disposal:
        return await self._writer.write(lambda t: begin_destruction(t, order_id, at, decided))

    async def end_disposal(self, order_id: str, at: datetime, evidence: Evidence) -> Disposal:
        return await self._writer.write(lambda t: end_disposal(t, order_id, at, evidence))

    async def submitted(self, digests: Collection[str]) -> frozenset[str]:
        rows = await self._readers.all("submitted", (to_json(list(digests)),))
        return frozenset(digest for (digest,) in rows)

    async def unhold(self, digests: Collection[str]) -> None:
        await self._writer.write(lambda t: t.run("unhold", to_json(list(digests))))

    async def attested(self, evidence_id: str) -> Evidence:
        row = await self._readers.one("attested", evidence_id)
        if row is None:
            raise NotFound(evidence_id)
        return evidence_from(row)


def decide(transaction: Transaction, decision: Decision, statement: Evidence) -> Decision:
    """`Keeping.decide`."""
    found = transaction.one("find_dispatch", decision.dispatch_id)
    if found is None:
        raise NotFound(decision.dispatch_id)
    position = found[0]
    _refuse(transaction, "disposed" if decision.kind == TERM else "destroyed", [decision.dispatch_id])
    hold_id = decision.evidence_id if decision.kind == HOLD else decision.hold_id
    if decision.kind == LIFT and transaction.one("find_hold", hold_id, position) is None:
        raise NotFound(decision.hold_id)
    kept = replace(decision, number=_last(transaction, "last_decision") + 1)
    add_attestation(transaction, statement)
    text = json.dumps(asdict(kept), default=datetime.isoformat, ensure_ascii=False)
    transaction.run(
        "add_decision",
        kept.number,
        position,
        decision.agency_id,
        decision.record,
        decision.kind,
        hold_id,
        text,
    )
    return kept


def dispose(
    transaction: Transaction, disposal: Disposal, sealed: Sequence[Evidence], decided: int
) -> Disposal:
    """`Keeping.dispose`."""
    if (row := transaction.one("disposal", disposal.order_id)) is not None:
        return _disposal_from(row)
    named = to_json(list(disposal.dispatches))
    counted = transaction.one("count_dispatches", named)
    if counted is None or counted[0] != len(disposal.dispatches):
        raise NotFound("a dispatch of the order")
    _refuse(transaction, "disposed", disposal.dispatches)
    _refuse_decided(transaction, decided)
    number = _last(transaction, "last_disposal") + 1
    for one in sealed:
        add_attestation(transaction, one)
    at, approvals = microseconds(disposal.accepted_at), to_json(list(disposal.approvals))
    transaction.run("add_disposal", number, disposal.order_id, disposal.agency_id, named, at, approvals)
    transaction.run("add_disposed", number, named)
    transaction.run("drop_holdings", named)
    return replace(disposal, number=number)


def watch(transaction: Transaction, order_id: str, mark: str, seconds: int) -> int:
    """`Keeping.watch`."""
    row = transaction.one("watched", order_id)
    if row is None:
        raise NotFound(order_id)
    counts = max(int(row[0]), seconds) if row[1] == mark else 0
    if (counts, mark) != tuple(row):
        transaction.run("watch", counts, mark, order_id)
    return counts


def begin_destruction(transaction: Transaction, order_id: str, at: datetime, decided: int) -> Disposal:
    """`Keeping.begin_destruction`."""
    kept = _found(transaction.one("disposal", order_id), order_id)
    if kept.begun_at is not None:
        return kept
    _refuse_decided(transaction, decided)
    transaction.run("begin_destruction", microseconds(at), order_id)
    return replace(kept, begun_at=at)


def end_disposal(transaction: Transaction, order_id: str, at: datetime, evidence: Evidence) -> Disposal:
    """`Keeping.end_disposal`."""
    kept = _found(transaction.one("disposal", order_id), order_id)
    if kept.ended_at is not None:
        return kept
    add_attestation(transaction, evidence)
    transaction.run("end_disposal", microseconds(at), evidence.evidence_id, order_id)
    return replace(kept, waiting="", ended_at=at, evidence_id=evidence.evidence_id)


def _refuse(transaction: Transaction, gone: str, dispatch_ids: Collection[str]) -> None:
    """Raises `Disposed` for the first that the query `gone` finds."""
    if (row := transaction.one(gone, to_json(list(dispatch_ids)))) is not None:
        raise Disposed(row[1])


def _refuse_decided(transaction: Transaction, decided: int) -> None:
    if (last := _last(transaction, "last_decision")) != decided:
        raise DecidedSince(f"there are {last} decisions")


def _last(transaction: Transaction, name: str) -> int:
    row = transaction.one(name)
    return int(row[0]) if row else 0


def _placed(found: Iterator[Row]) -> Iterator[tuple[int, Decision]]:
    return ((row[0], _decision_from(row)) for row in found)


def _decision_from(row: Row) -> Decision:
    shape = json.loads(row[1])
    return Decision(**{**shape, "at": datetime.fromisoformat(shape["at"])})


def _found(row: Row | None, order_id: str) -> Disposal:
    if row is None:
        raise NotFound(order_id)
    return _disposal_from(row)


def _disposal_from(row: Row) -> Disposal:
    number, order_id, agency_id, dispatches, accepted_at, waiting, ended_at, evidence_id, *steps = row
    approvals, begun_at, watched = steps
    return Disposal(
        order_id=order_id,
        agency_id=agency_id,
        dispatches=tuple(json.loads(dispatches)),
        accepted_at=moment(accepted_at),
        number=number,
        waiting=waiting,
        ended_at=None if ended_at is None else moment(ended_at),
        evidence_id=evidence_id,
        approvals=tuple(json.loads(approvals)),
        begun_at=None if begun_at is None else moment(begun_at),
        watched=watched,
    )
