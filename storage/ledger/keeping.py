"""How long dispatches are kept: what was decided about them, and what was disposed of.

Decisions stand in order of commit, and none is ever changed or removed; how a dispatch stands is what they
say together. A dispatch that was disposed of keeps its entry, its evidence and its place in the log; only
its files are no longer named.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storage.ledger.pages import Page
from storage.ledger.records import Evidence
from storage.ledger.wellformed import check_text, check_times

TERM, HOLD, LIFT = "term", "hold", "lift"
YEARS_MOST = 200
ITEMS_MOST = 2_000
"""Dispatches of one disposal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision about how long a dispatch is kept."""

    kind: str
    """`term`: how long an agency needs it; `hold`: it is not to be disposed of; `lift`: that hold ends."""
    dispatch_id: str
    agency_id: str
    """In whose name."""
    certificate: str
    """SHA-256 of the certificate that decided."""
    at: datetime
    evidence_id: str
    """The axis's statement that it was decided, a leaf of the log. A hold is named by it."""
    reason: str = ""
    class_code: str = ""
    """Of a term."""
    years: int | None = None
    """Of a term, as the class had them then; None keeps for ever."""
    ended: int = 0
    """Of a term: the year in which the work ended, at whose end the years begin."""
    record: str = ""
    """Of a term: the agency's own name of the record (hồ sơ) that the dispatch is filed in."""
    hold_id: str = ""
    """Of a lift: the hold that it ends."""
    number: int = 0
    """Place among all decisions, from 1, which the ledger gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """Dispatches whose files go by one order, and how far that is."""

    order_id: str
    """SHA-256 of the sealed order, which is an evidence and a leaf under this very id."""
    agency_id: str
    """Who ordered it."""
    dispatches: tuple[str, ...]
    accepted_at: datetime
    number: int = 0
    """Place among all disposals, from 1, which the ledger gives."""
    waiting: str = ""
    """Why its files are not gone yet, where more than time is wanting."""
    ended_at: datetime | None = None
    """When no file of it was left."""
    evidence_id: str = ""
    """The evidence of destruction."""
    approvals: tuple[str, ...] = ()
    """SHA-256 of each sealed approval of the order, which is an evidence and a leaf under this very id."""
    begun_at: datetime | None = None
    """When the last check was made: from then on nobody can hold its dispatches."""
    watched: int = 0
    """Seconds for which its files were seen to lie hidden, all of them, by processes that ran meanwhile."""


class Keeping(Protocol):
    """How long dispatches are kept. Every method raises `Unavailable` when the store cannot serve."""

    async def decide(self, decision: Decision, statement: Evidence) -> Decision:
        """Keeps a decision with the statement about it and its leaf, and returns it with its number. What was
        disposed of can be held, and a hold lifted, until its destruction begins. Raises `NotFound` when the
        dispatch or the hold to lift is not kept (nor held still), `Disposed` when it comes too late."""
        ...

    async def decisions(self, dispatch_ids: Collection[str]) -> tuple[Decision, ...]:
        """Returns all decisions about these dispatches, in order of commit."""
        ...

    async def decisions_after(self, *, after: int = 0, limit: int) -> Page[Decision]:
        """Returns decisions about all dispatches, in order of commit."""
        ...

    async def filed(self, agency_id: str, record: str) -> tuple[str, ...]:
        """Returns the dispatches that a decision of this agency ever filed in this record."""
        ...

    async def holds(self, *, after: int = 0, limit: int) -> Page[Decision]:
        """Returns the holds that are in force, in order of commit."""
        ...

    async def decided(self) -> int:
        """Returns the number of the last decision; 0 when there is none."""
        ...

    async def dispose(
        self, disposal: Disposal, order: Evidence, approvals: Sequence[Evidence] = (), *, decided: int
    ) -> Disposal:
        """Marks dispatches as disposed of, all or none, and keeps the order and what approves it, each with
        its leaf. From then on they name no file (`Rounds.known`), nor does what their senders uploaded for
        them.

        Idempotent by `order_id`: what was kept first is returned. Raises `NotFound` for a dispatch that is
        not kept; `Disposed` for one of another order; `DecidedSince` when there are decisions
        behind `decided`, which the order was not judged by."""
        ...

    async def disposal(self, order_id: str) -> Disposal:
        """Returns one disposal. Raises `NotFound`."""
        ...

    async def disposals(self, *, after: int = 0, limit: int) -> Page[Disposal]:
        """Returns the disposals, in order of commit."""
        ...

    async def unended(self) -> tuple[Disposal, ...]:
        """Returns the disposals whose files are not all gone yet, in order of commit."""
        ...

    async def disposed(self, dispatch_ids: Collection[str]) -> dict[str, str]:
        """Returns the order of each of these dispatches that was disposed of."""
        ...

    async def note_waiting(self, order_id: str, waiting: str) -> None:
        """Notes why a disposal has not ended."""
        ...

    async def watch(self, order_id: str, mark: str, seconds: int) -> int:
        """Notes that the files of a disposal were seen to lie hidden for so long, as `mark` says, and returns
        what counts: the most that was noted for this mark. Another mark begins anew, at 0. Raises
        `NotFound`."""
        ...

    async def begin_destruction(self, order_id: str, at: datetime, *, decided: int) -> Disposal:
        """Notes that the last check was made: nobody can hold its dispatches from now on. Idempotent: the
        first time stands. Raises `NotFound`; `DecidedSince` when there are decisions behind `decided`, which
        that check did not see."""
        ...

    async def end_disposal(self, order_id: str, at: datetime, evidence: Evidence) -> Disposal:
        """Keeps the evidence of destruction with its leaf, and returns the disposal. Idempotent: the first
        evidence stands. Raises `NotFound`."""
        ...

    async def submitted(self, digests: Collection[str]) -> frozenset[str]:
        """Returns those of `digests` that a part of a dispatch names which was not disposed of."""
        ...

    async def unhold(self, digests: Collection[str]) -> None:
        """Forgets, for every owner, that it delivered those of `digests` that nobody has submitted."""
        ...

    async def attested(self, evidence_id: str) -> Evidence:
        """Returns an evidence that is about no dispatch, by its id. Raises `NotFound`."""
        ...


def in_force(decisions: Collection[Decision]) -> tuple[Decision, ...]:
    """Returns the holds among `decisions` that no later decision lifts."""
    lifted = {decision.hold_id for decision in decisions if decision.kind == LIFT}
    return tuple(
        decision for decision in decisions if decision.kind == HOLD and decision.evidence_id not in lifted
    )


def decision_bytes(decision: Decision) -> int:
    """How much of a page it takes."""
    return 512 + 3 * (len(decision.reason) + len(decision.record))


def disposal_bytes(disposal: Disposal) -> int:
    """How much of a page it takes."""
    return 512 + sum(map(len, disposal.dispatches))


def check_decision(decision: Decision, statement: Evidence) -> None:
    """Raises `ValueError` when a decision could not be true as given."""
    check_times([decision.at, statement.issued_at])
    check_text(
        [
            decision.dispatch_id,
            decision.agency_id,
            decision.certificate,
            decision.reason,
            decision.class_code,
            decision.record,
        ]
    )
    check_text([decision.evidence_id, decision.hold_id, statement.event])
    if decision.kind not in (TERM, HOLD, LIFT) or decision.number:
        raise ValueError("a decision is a term, a hold or a lift, and gets its number here")
    if decision.evidence_id != statement.evidence_id or statement.dispatch_id:
        raise ValueError("a decision names the statement about it, which is an evidence of no dispatch")
    if decision.years is not None and not 0 < decision.years <= YEARS_MOST:
        raise ValueError(f"a term has 1 to {YEARS_MOST} years, or none at all")


def check_disposal(disposal: Disposal, order: Evidence, approvals: Sequence[Evidence]) -> None:
    """Raises `ValueError` when a disposal could not be true as given."""
    check_times([disposal.accepted_at, order.issued_at, *(one.issued_at for one in approvals)])
    check_text([disposal.order_id, disposal.agency_id, *disposal.dispatches, order.event])
    if disposal.approvals != tuple(one.evidence_id for one in approvals):
        raise ValueError("a disposal names what approves it")
    if any(one.dispatch_id for one in approvals):
        raise ValueError("an approval is an evidence of no dispatch")
    if not 0 < len(set(disposal.dispatches)) == len(disposal.dispatches) <= ITEMS_MOST:
        raise ValueError(f"a disposal has 1 to {ITEMS_MOST} dispatches, each once")
    if order.evidence_id != disposal.order_id or order.dispatch_id:
        raise ValueError("an order is an evidence of no dispatch, under its own id")
    if disposal.number or disposal.waiting or disposal.begun_at or disposal.ended_at or disposal.evidence_id:
        raise ValueError("a disposal begins at its beginning")
