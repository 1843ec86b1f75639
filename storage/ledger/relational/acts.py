"""What the operator did, over SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from storage.errors import Changed
from storage.ledger.acts import Act, Change, KeptAct, act_bytes, check_act
from storage.ledger.pages import Page
from storage.ledger.records import Evidence
from storage.ledger.relational.directory import register
from storage.ledger.relational.engine import Transaction
from storage.ledger.relational.facet import Facet
from storage.ledger.relational.rows import Row, microseconds, moment
from storage.ledger.tree import leaf_hash


class RelationalActs(Facet):
    """`Acts` over SQL."""

    async def keep_act(self, act: Act, *changes: Change, last: int | None = None) -> None:
        check_act(act, changes)
        await self._writer.write(lambda t: keep_act(t, act, changes, last), weight=1 + 4 * len(changes))

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
        asked = {
            "kind": kind,
            "about": about,
            "since": None if since is None else microseconds(since),
            "until": None if until is None else microseconds(until),
        }
        return await self._page("acts", asked, _placed, act_bytes, after=after, limit=limit)

    async def last_act(self, kind: str) -> KeptAct | None:
        row = await self._readers.one("last_act", kind)
        return None if row is None else _act_from(row)


def keep_act(transaction: Transaction, act: Act, changes: Sequence[Change], last: int | None) -> None:
    """`Acts.keep_act`."""
    if last is not None:
        row = transaction.one("last_act", act.kind)
        if last != (row[0] if row else 0):
            raise Changed(act.kind)
    for registered, replacing in changes:
        register(transaction, registered, replacing)
    note_act(transaction, act)


def note_act(transaction: Transaction, act: Act) -> None:
    """Keeps an act, and its leaf, in the transaction of what it changes."""
    leaf = add_attestation(transaction, act.statement)
    place, at = leaf + 1, microseconds(act.statement.issued_at)
    transaction.run_many("add_act", [(place, at, act.kind)])
    transaction.run_many("add_act_about", [(one, place, number) for number, one in enumerate(act.about)])


def add_attestation(transaction: Transaction, statement: Evidence) -> int:
    """Adds a signed statement of the axis that is about no dispatch, with its leaf, and returns its index."""
    leaf = transaction.add_leaf("evidence", leaf_hash(statement.content))
    at = microseconds(statement.issued_at)
    of_none = (None, "", "", statement.event, at, None, None, statement.content)
    transaction.run_many("add_evidence", [(leaf, statement.evidence_id, *of_none)])
    return leaf


def _placed(found: Iterator[Row]) -> Iterator[tuple[int, KeptAct]]:
    for row in found:
        yield row[0], _act_from(row)


def _act_from(row: Row) -> KeptAct:
    place, kind, evidence_id, event, issued_at, content, about = row
    statement = Evidence(
        evidence_id=evidence_id, dispatch_id="", event=event, issued_at=moment(issued_at), content=content
    )
    return KeptAct(place=place, act=Act(statement=statement, kind=kind, about=tuple(json.loads(about))))
