"""Deciding how long documents are kept: retention classes, and legal holds.

    kept = await deciding.set_term(caller, dispatch_id, class_code="20", ended=2026, record="01/HS-VP")
    hold = await deciding.put_hold(caller, dispatch_id, reason="Kết luận thanh tra số 5")

An archivist decides for its agency, about what that sent or received; one of the archive's authority holds
any document. Every decision is a signed statement of the axis, and a leaf of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from axis_server.addressing.directory import DirectoryView
from axis_server.archiving.terms import (
    Classes,
    Records,
    Standing,
    Term,
    accepted_year,
    decided_terms,
    latest,
    longest,
    stand,
)
from axis_server.caller import Caller, Role, admit_reader
from axis_server.documents.contents import bounded
from axis_server.errors import Declined, Detail
from axis_server.knowing.records import standing_of
from axis_server.limits.tasks import OwnedTasks, in_worker
from axis_server.paging import page_items
from axis_server.reasons import Code
from axis_server.wording import (
    archivists_alone,
    classes,
    disposed_by,
    ended_within,
    lifted_already,
    most_decisions,
    most_in_record,
    no_hold,
)
from signing.seal import Sealer
from signing.spelling import VIETNAM
from signing.statements.retention import DecisionStatement, write_decision
from storage.errors import Disposed, NotFound
from storage.ledger.base import Ledger
from storage.ledger.inventory import Inventory
from storage.ledger.keeping import HOLD, LIFT, TERM, Decision, in_force
from storage.ledger.pages import Page
from storage.ledger.records import Entry, Evidence
from storage.ledger.rounds import Rounds

EVENT = "RetentionDecided"
"""Kind of the evidence that a decision is kept as."""
REASON_BYTES = 2000
RECORD_BYTES = 500
DECISIONS_MOST = 200
"""Of one agency about one dispatch, lifts aside: whatever is held can be lifted."""
RECORD_MOST = 5_000
"""Dispatches of one record: each is looked at when it is asked how one of them stands."""
HOLDS_SHOWN = 1_000
"""Of one dispatch at once."""
LOOKED_AT = 2000
"""Decisions looked at at once."""


class KeepingLedger(Ledger, Inventory, Rounds, Protocol):
    """What is asked of a ledger here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """In whose name the axis states what was decided and done."""

    issuer_id: str
    sealer: Callable[[], Sealer]
    new_id: Callable[[], str]
    clock: Callable[[], datetime]
    workers: Executor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """How long a dispatch is kept, and why."""

    entry: Entry
    standing: Standing
    decisions: Page[Decision]
    """Of all that was ever decided, in order, as far as who asked is told."""
    disposal: str
    """The order that disposed of it; empty when there is none."""


class Deciding:
    """Decides, and says what was decided."""

    def __init__(
        self,
        *,
        ledger: KeepingLedger,
        directory: Callable[[], DirectoryView],
        classes: Classes,
        authority_id: str,
        issuing: Issuing,
        owned: OwnedTasks,
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self.classes = classes
        self._authority_id = authority_id
        self._issuing = issuing
        self._owned = owned

    async def show(self, caller: Caller, dispatch_id: str, after: int = 0, limit: int = 0) -> Known:
        """Says how long a dispatch is kept, to its parties and the authority's archivists: to a recipient
        nothing of what another one decided, and why. Raises `Declined`: NOT_FOUND, also for what is not the
        caller's."""
        return await self._known(caller, await self._entry(caller, dispatch_id), after, limit)

    async def set_term(
        self,
        caller: Caller,
        dispatch_id: str,
        *,
        class_code: str,
        ended: int = 0,
        record: str = "",
        reason: str = "",
    ) -> Known:
        """Says how long the caller's agency needs a dispatch. `ended` is the year in which the work ended; 0
        means the one in which the axis accepted it. The same word again changes nothing.

        Raises `Declined`: NOT_FOUND, CLASS_UNKNOWN, INVALID_ARGUMENT, DISPOSED, TOO_MANY_DECISIONS,
        ROLE_FORBIDDEN.
        """
        admit_archivist(caller)
        entry = (await standing_of(self._ledger, caller, dispatch_id)).entry
        chosen = self.classes.by_code.get(class_code)
        if chosen is None:
            raise Declined(Code.CLASS_UNKNOWN, classes(list(self.classes.by_code)))
        first, year = accepted_year(entry), self._issuing.clock().astimezone(VIETNAM).year
        if ended and not first <= ended <= year:
            raise Declined(Code.INVALID_ARGUMENT, ended_within(first, year))
        decision = self._decision(
            TERM,
            caller,
            entry,
            reason,
            class_code=chosen.code,
            years=chosen.years,
            ended=ended or first,
            record=bounded(record.strip(), "record", RECORD_BYTES),
        )
        decisions = await self._ledger.decisions([dispatch_id])
        own = [one for one in latest(decisions) if one.agency_id == caller.agency_id]
        if not any(_says_the_same(one, decision) for one in own):
            _bound(decisions, caller)
            await self._bound_record(decision, own)
            await self._owned.run(self._decide(decision, entry))
        return await self._known(caller, entry)

    async def put_hold(self, caller: Caller, dispatch_id: str, *, reason: str) -> Decision:
        """Holds a dispatch: it is not disposed of until the hold is lifted, and not destroyed where it was
        disposed of already and its destruction has not begun. The same hold again is the one that is in
        force. Raises `Declined`: NOT_FOUND, REASON_REQUIRED, DISPOSED, TOO_MANY_DECISIONS,
        ROLE_FORBIDDEN."""
        admit_archivist(caller)
        entry = await self._entry(caller, dispatch_id)
        if not reason.strip():
            raise Declined(Code.REASON_REQUIRED)
        decision = self._decision(HOLD, caller, entry, reason)
        decisions = await self._ledger.decisions([dispatch_id])
        for one in in_force(decisions):
            if (one.agency_id, one.reason) == (decision.agency_id, decision.reason):
                return one
        _bound(decisions, caller)
        return await self._owned.run(self._decide(decision, entry))

    async def lift_hold(self, caller: Caller, dispatch_id: str, hold_id: str, *, reason: str) -> Decision:
        """Lifts a hold of the caller's own agency. Raises `Declined`: NOT_FOUND, also for a hold of another
        one; REASON_REQUIRED, ROLE_FORBIDDEN."""
        admit_archivist(caller)
        entry = await self._entry(caller, dispatch_id)
        if not reason.strip():
            raise Declined(Code.REASON_REQUIRED)
        held = {one.evidence_id: one for one in in_force(await self._ledger.decisions([dispatch_id]))}
        if hold_id not in held or held[hold_id].agency_id != caller.agency_id:
            raise Declined(Code.NOT_FOUND, no_hold())
        decision = self._decision(LIFT, caller, entry, reason, hold_id=hold_id)
        return await self._owned.run(self._decide(decision, entry))

    async def holds(self, caller: Caller, after: int, limit: int) -> Page[Decision]:
        """Lists the holds in force, in order: all to the authority's archivists, to others those on their
        own documents, of which a page may have few. Raises `Declined`."""
        admit_archivist(caller)
        page = await self._ledger.holds(after=after, limit=page_items(limit))
        if self.is_authority(caller):
            return page
        seen = [one for one in page.items if await self._is_told(caller, one)]
        return replace(page, items=tuple(seen))

    def is_authority(self, caller: Caller) -> bool:
        """Whether the caller acts for the archive's authority, with its own certificate."""
        agency = self._directory().resolve(self._authority_id) if self._authority_id else None
        return agency is not None and caller.delegate is None and agency.agency_id == caller.agency_id

    async def stand(self, entries: tuple[Entry, ...]) -> dict[str, Standing]:
        """Says how dispatches stand, by their ids."""
        decisions = await self._ledger.decisions([one.dispatch_id for one in entries])
        records = await self._records(decisions)
        return {
            entry.dispatch_id: stand(
                entry,
                [one for one in decisions if one.dispatch_id == entry.dispatch_id],
                records,
                self.classes,
            )
            for entry in entries
        }

    async def decided(self, entry: Entry) -> Term | None:
        """Returns the longest term that agencies decided for a dispatch; None where none has."""
        decisions = await self._ledger.decisions([entry.dispatch_id])
        return longest(decided_terms(latest(decisions), await self._records(decisions)))

    async def decided_since(self, dispatch_ids: Collection[str], decided: int) -> tuple[int, bool]:
        """Returns the number of the last decision, and whether one behind `decided` is about one of these
        dispatches, or about a record that one is filed in."""
        named = set(dispatch_ids)
        spoken = await self._ledger.decisions(sorted(named))
        records = {(one.agency_id, one.record) for one in spoken if one.record}
        more = True
        while more:
            page = await self._ledger.decisions_after(after=decided, limit=LOOKED_AT)
            for one in page.items:
                decided = one.number
                if one.dispatch_id in named or (one.agency_id, one.record) in records:
                    return decided, True
            more = page.more
        return decided, False

    async def _bound_record(self, decision: Decision, own: Sequence[Decision]) -> None:
        """Raises `Declined`: TOO_MANY_DECISIONS, when it would join a record that is full."""
        if not decision.record or any(one.record == decision.record for one in own):
            return
        if len(await self._ledger.filed(decision.agency_id, decision.record)) >= RECORD_MOST:
            raise Declined(Code.TOO_MANY_DECISIONS, most_in_record(RECORD_MOST))

    async def _records(self, decisions: tuple[Decision, ...]) -> Records:
        named = {(one.agency_id, one.record) for one in latest(decisions) if one.record}
        found: dict[tuple[str, str], tuple[Decision, ...]] = {}
        for agency_id, record in named:
            members = await self._ledger.filed(agency_id, record)
            terms = latest(await self._ledger.decisions(members))
            found[agency_id, record] = tuple(
                one for one in terms if (one.agency_id, one.record) == (agency_id, record)
            )
        return found

    async def _known(self, caller: Caller, entry: Entry, after: int = 0, limit: int = 0) -> Known:
        dispatch_id = entry.dispatch_id
        standing = (await self.stand((entry,)))[dispatch_id]
        term = standing.term
        if not self._may_know(caller, entry, term.agency_id):
            term = replace(term, agency_id="", record="")

        def knows(one: Decision) -> bool:
            return self._may_know(caller, entry, one.agency_id)

        holds = tuple(filter(knows, standing.holds))[:HOLDS_SHOWN]
        decisions = await self._ledger.decisions([dispatch_id])
        return Known(
            entry=entry,
            standing=replace(standing, term=term, holds=holds),
            decisions=_paged([one for one in decisions if one.number > after and knows(one)], limit),
            disposal=(await self._ledger.disposed([dispatch_id])).get(dispatch_id, ""),
        )

    def _may_know(self, caller: Caller, entry: Entry, agency_id: str) -> bool:
        """Whether a party is told what this agency decided. As with answers, the sender is told of each
        recipient's, and a recipient not of another's."""
        if caller.agency_id == entry.sender_id or self.is_authority(caller):
            return True
        authority = self._directory().resolve(self._authority_id) if self._authority_id else None
        public = {"", caller.agency_id, entry.sender_id, authority.agency_id if authority else ""}
        return agency_id in public

    async def _entry(self, caller: Caller, dispatch_id: str) -> Entry:
        """Returns a dispatch to its parties and the authority's archivists. Raises `Declined`: NOT_FOUND."""
        if self.is_authority(caller) and caller.role is Role.ARCHIVIST:
            admit_reader(caller)
            try:
                return await self._ledger.entry(dispatch_id)
            except NotFound as absent:
                raise Declined(Code.NOT_FOUND) from absent
        return (await standing_of(self._ledger, caller, dispatch_id)).entry

    async def _is_told(self, caller: Caller, decision: Decision) -> bool:
        try:
            entry = (await standing_of(self._ledger, caller, decision.dispatch_id)).entry
        except Declined as declined:
            if declined.code != Code.NOT_FOUND:
                raise
            return False
        return self._may_know(caller, entry, decision.agency_id)

    def _decision(self, kind: str, caller: Caller, entry: Entry, reason: str, **more: object) -> Decision:
        return Decision(
            kind=kind,
            dispatch_id=entry.dispatch_id,
            agency_id=caller.agency_id,
            certificate=caller.certificate.sha256,
            at=self._issuing.clock(),
            evidence_id=self._issuing.new_id(),
            reason=bounded(reason.strip(), "reason", REASON_BYTES),
            **more,  # type: ignore[arg-type]
        )

    async def _decide(self, decision: Decision, entry: Entry) -> Decision:
        """Keeps a decision with the axis's statement about it."""
        content = await in_worker(self._issuing.workers, self._statement, decision, entry)
        statement = Evidence(
            evidence_id=decision.evidence_id,
            dispatch_id="",
            event=EVENT,
            issued_at=decision.at,
            content=content,
        )
        try:
            return await self._ledger.decide(decision, statement)
        except Disposed as gone:
            raise Declined(
                Code.DISPOSED, disposed_by(gone.order_id), facts={"order": gone.order_id}
            ) from gone
        except NotFound as lifted:
            raise Declined(Code.NOT_FOUND, lifted_already()) from lifted

    def _statement(self, decision: Decision, entry: Entry) -> bytes:
        statement = DecisionStatement(
            identifier=decision.evidence_id,
            issuer_id=self._issuing.issuer_id,
            kind=decision.kind,
            decided_at=decision.at,
            dispatch_id=decision.dispatch_id,
            original=entry.original.sha256,
            agency_id=decision.agency_id,
            certificate=decision.certificate,
            reason=decision.reason,
            class_code=decision.class_code,
            years=decision.years,
            ended=decision.ended,
            record=decision.record,
            hold_id=decision.hold_id,
        )
        return write_decision(statement, self._issuing.sealer())


def admit_archivist(caller: Caller) -> None:
    """Lets an archivist of an agency in good standing decide: its own, since who sends and receives for an
    agency does not thereby say how long it keeps. Raises `Declined`: ROLE_FORBIDDEN, NOT_DELEGATED,
    AGENCY_SUSPENDED."""
    admit_reader(caller)
    if caller.role is not Role.ARCHIVIST:
        raise Declined(Code.ROLE_FORBIDDEN, archivists_alone(caller.role))
    if caller.delegate is not None:
        raise Declined(
            Code.NOT_DELEGATED,
            Detail(
                "an agency's own archivists alone decide about retention",
                "chỉ lưu trữ của chính cơ quan được quyết định về thời hạn lưu trữ",
            ),
        )


def _paged(decisions: Sequence[Decision], limit: int) -> Page[Decision]:
    most = page_items(limit)
    shown = tuple(decisions[:most])
    return Page(items=shown, next=shown[-1].number if shown else 0, more=len(decisions) > most)


def _bound(decisions: Collection[Decision], caller: Caller) -> None:
    """Raises `Declined`: TOO_MANY_DECISIONS, when the caller's agency has decided as often as it may."""
    own = [one for one in decisions if one.agency_id == caller.agency_id and one.kind != LIFT]
    if len(own) >= DECISIONS_MOST:
        raise Declined(Code.TOO_MANY_DECISIONS, most_decisions(DECISIONS_MOST))


def _says_the_same(one: Decision, other: Decision) -> bool:
    said = [(each.class_code, each.years, each.ended, each.record) for each in (one, other)]
    return said[0] == said[1]
