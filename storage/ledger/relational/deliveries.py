"""Where each recipient's copy stands, over SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from storage.errors import Conflict, NotFound, StatementTaken
from storage.ledger.pages import Page, delivery_bytes
from storage.ledger.records import Delivery, Move, Moved, Statement
from storage.ledger.relational.engine import Counted, Foresight, Transaction
from storage.ledger.relational.facet import Facet, wanted
from storage.ledger.relational.noting import Noting
from storage.ledger.relational.rows import (
    DELIVERY_COLUMNS,
    Row,
    delivery_from,
    evidence_from,
    maybe_microseconds,
    microseconds,
    place_from,
    question_row,
)
from storage.ledger.wellformed import check_moves, check_statement


class RelationalDeliveries(Facet):
    """`Deliveries` over SQL."""

    async def advance(self, moves: Sequence[Move]) -> Moved:
        moves = tuple(moves)
        check_moves(moves)
        statements = {move.statement.statement_id for move in moves if move.statement is not None}
        foresight: Foresight = {
            "find_deliveries": [(move.dispatch_id, move.recipient_id) for move in moves],
            "find_statements": [(statement_id,) for statement_id in sorted(statements)],
        }
        return await self._writer.write(
            lambda t: advance(t, moves), weight=8 * len(moves), foresight=foresight
        )

    async def echo(self, statement: Statement, *, as_of: str) -> Moved:
        check_statement(statement)
        return await self._writer.write(lambda t: echo(t, statement, as_of), weight=4)

    async def delivery(self, dispatch_id: str, recipient_id: str) -> Delivery:
        row = await self._readers.one("delivery", dispatch_id, recipient_id)
        if row is None:
            raise NotFound(f"{dispatch_id} to {recipient_id}")
        return delivery_from(row)

    async def deliveries(
        self,
        dispatch_id: str,
        *,
        viewer: str | None = None,
        after: int = 0,
        limit: int,
        states: Collection[str] = (),
    ) -> Page[Delivery]:
        name = "deliveries" if viewer is None else "deliveries_of_viewer"
        asked = {"dispatch_id": dispatch_id, "viewer": viewer, "states": wanted(states)}
        return await self._page(name, asked, _placed, delivery_bytes, after=after, limit=limit)

    async def counts(self, dispatch_id: str, *, viewer: str | None = None) -> dict[str, int]:
        if viewer is None:
            return dict(await self._readers.all("counts", (dispatch_id,)))
        return dict(await self._readers.all("counts_of_viewer", (dispatch_id, viewer)))

    async def moved(self, statement_id: str, *, of: str | None = None) -> Moved | None:
        asked = ("moved", statement_id) if of is None else ("moved_of", statement_id, of)
        row = await self._readers.one(*asked)
        if row is None:
            return None
        delivery, version = delivery_from(row), row[DELIVERY_COLUMNS]
        key = (delivery.dispatch_id, delivery.recipient_id, version)
        evidence = await self._readers.all("moved_evidence", key)
        return Moved(delivery=delivery, evidence=tuple(map(evidence_from, evidence)))

    async def due(self, *, at: datetime, limit: int) -> tuple[Delivery, ...]:
        asked = {"at": microseconds(at), "limit": max(0, limit)}
        return tuple(map(delivery_from, await self._readers.all("due", asked)))


@dataclass(frozen=True, slots=True)
class _Standing:
    """A delivery as it stands before a move."""

    delivery: Delivery
    place: int
    position: int
    sender_id: str


def advance(transaction: Transaction, moves: Sequence[Move]) -> Moved:
    """`Deliveries.advance`."""
    standing = [_standing(transaction, move.dispatch_id, move.recipient_id) for move in moves]
    first = standing[0].delivery
    statement = moves[0].statement
    leaf: int | None = None
    if statement is not None and (leaf := _leaf_of(transaction, statement)) is not None:
        earlier = transaction.one("find_move", leaf, standing[0].place)
        if earlier is not None:
            return _left(transaction, first, earlier[0])
    notings = _notings(transaction, standing)
    stated = _noting_of(transaction, statement.dispatch_id, notings) if statement is not None else None
    for move, stands in zip(moves, standing, strict=True):
        if stands.delivery.version != move.expected_version:
            raise Conflict(stands.delivery)
    if statement is not None and stated is not None and leaf is None:
        leaf = stated.statement(statement)
    for move, stands in zip(moves, standing, strict=True):
        _move(transaction, move, stands.place, leaf, notings[move.dispatch_id])
    return Moved(delivery=_moved(first, moves[0]), evidence=moves[0].evidence)


def echo(transaction: Transaction, statement: Statement, as_of: str) -> Moved:
    """`Deliveries.echo`: the moves of the first statement are noted as those of the second, too."""
    named = _standing(transaction, statement.dispatch_id, statement.recipient_id)
    leaf = _leaf_of(transaction, statement)
    if leaf is None:
        first = transaction.look_up("find_statements", (as_of,), again=True)
        if first is None or transaction.one("find_move", first[0], named.place) is None:
            raise NotFound(as_of)
        leaf = _notings(transaction, [named])[statement.dispatch_id].statement(statement)
        transaction.run("echo_moves", leaf, first[0], named.place)
    move = transaction.one("find_move", leaf, named.place)
    if move is None:
        raise NotFound(statement.statement_id)
    return _left(transaction, named.delivery, move[0])


def _left(transaction: Transaction, delivery: Delivery, version: int) -> Moved:
    """What the move to this version left at a delivery."""
    key = (delivery.dispatch_id, delivery.recipient_id, version)
    evidence = transaction.all("moved_evidence", *key)
    return Moved(delivery=delivery, evidence=tuple(map(evidence_from, evidence)))


def _standing(transaction: Transaction, *key: str) -> _Standing:
    """How the delivery of a dispatch to a recipient stands. Raises `NotFound`."""
    row = transaction.look_up("find_deliveries", key)
    if row is None or place_from(row)[1] in transaction.touched:
        row = transaction.look_up("find_deliveries", key, again=True)
    if row is None:
        raise NotFound(" to ".join(key))
    delivery, (place, position) = delivery_from(row), place_from(row)
    sender_id, sequence, of_mailbox, of_all = row[DELIVERY_COLUMNS:]
    counted = transaction.counted.setdefault(position, Counted(sequence))
    for mailbox_id, rank in ((delivery.mailbox_id, of_mailbox), ("", of_all)):
        counted.ranks.setdefault(mailbox_id, rank)
    return _Standing(delivery, place, position, sender_id)


def _leaf_of(transaction: Transaction, statement: Statement) -> int | None:
    """Returns the leaf of a statement that is kept for the dispatch it names, None when it is not kept at
    all."""
    name = statement.statement_id
    row = transaction.look_up("find_statements", (name,), again=name in transaction.touched)
    if row is None:
        return None
    leaf, dispatch_id = row
    if dispatch_id != statement.dispatch_id:
        raise StatementTaken(dispatch_id)
    found: int = leaf
    return found


def _notings(transaction: Transaction, standing: Sequence[_Standing]) -> dict[str, Noting]:
    """One for each dispatch of the moves."""
    mailboxes: dict[str, dict[str, str]] = {}
    for one in standing:
        delivery = one.delivery
        mailboxes.setdefault(delivery.dispatch_id, {})[delivery.recipient_id] = delivery.mailbox_id
    found = {one.delivery.dispatch_id: one for one in standing}
    return {
        name: Noting(transaction, one.position, one.sender_id, mailboxes=mailboxes[name])
        for name, one in found.items()
    }


def _noting_of(transaction: Transaction, dispatch_id: str, notings: dict[str, Noting]) -> Noting:
    """The one of a dispatch that may be none of those that move. Raises `NotFound`."""
    if dispatch_id in notings:
        return notings[dispatch_id]
    row = transaction.one_ahead("find_dispatch", dispatch_id)
    if row is None:
        raise NotFound(dispatch_id)
    position, sender_id, *_ = row
    return Noting(transaction, position, sender_id, mailboxes={})


def _move(transaction: Transaction, move: Move, place: int, leaf: int | None, noting: Noting) -> None:
    due = maybe_microseconds(move.due)
    after = (move.state, microseconds(move.at), due, move.reason, *question_row(move.question))
    transaction.run_many("move_delivery", [(*after, place, move.expected_version)])
    version = move.expected_version + 1
    if leaf is not None:
        transaction.run_many("add_move", [(leaf, place, version)])
    noting.evidence(move.evidence, moved=move.recipient_id, version=version)
    noting.events(move.events)


def _moved(before: Delivery, move: Move) -> Delivery:
    return replace(
        before,
        state=move.state,
        version=before.version + 1,
        updated_at=move.at,
        due=move.due,
        reason=move.reason,
        question=move.question,
    )


def _placed(found: Iterator[Row]) -> Iterator[tuple[int, Delivery]]:
    return ((place_from(row)[0], delivery_from(row)) for row in found)
