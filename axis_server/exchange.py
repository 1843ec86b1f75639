"""Answering: a recipient's sealed statement moves its delivery, and the axis attests it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

from axis_server.attest import Attestor, Occasion
from axis_server.caller import Caller, admit_actor
from axis_server.changes import Changes
from axis_server.contents import bounded
from axis_server.directory import DirectoryView
from axis_server.errors import Declined
from axis_server.judgement import Rules, digest, judge, speaks_for
from axis_server.lifecycle import State, Step, stated_before, step
from axis_server.reasons import Code
from axis_server.records import PAGE_ITEMS_MOST
from axis_server.tasks import OwnedTasks, in_worker
from axis_server.turns import Turns
from edxml.model import Status
from signing.dispatch import ni_uri
from signing.evidence import EventId, Party
from signing.policy import Policy
from signing.trust import TrustStore
from storage.errors import Conflict, NotFound, StatementTaken
from storage.ledger.base import Ledger
from storage.ledger.records import Delivery, Entry, Evidence, Move, Moved, NewEvent, Statement

STATEMENT_BYTES = 1 << 20
"""A statement has no attachments; one that proves a thousand parts has some 300 kB."""
REASON_BYTES = 12_000
"""Longest reason of a refusal, in UTF-8: four pages. It stands in evidence and history."""
ATTEMPTS = 5
"""How often a move that lost a race is judged again; every loss is another statement of the same agency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """A statement that was judged: what it says, about which dispatch, in which names."""

    entry: Entry
    statement: Statement
    reason: str
    names: dict[str, str]


class Exchange:
    """Takes statements of recipients. The same statement gets the same answer."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        directory: Callable[[], DirectoryView],
        trust: Callable[[], TrustStore],
        policy: Policy,
        attestor: Attestor,
        clock: Callable[[], datetime],
        changes: Changes,
        workers: Executor,
        turns: Turns,
        owned: OwnedTasks,
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._rules = Rules.of(trust, policy, STATEMENT_BYTES)
        self._attestor = attestor
        self._clock = clock
        self._changes = changes
        self._workers = workers
        self._turns = turns
        self._owned = owned

    async def report(self, caller: Caller, dispatch_id: str, statement: bytes) -> Moved:
        """Moves the caller's delivery of a dispatch by a sealed status package, and returns what that left.

        1. who calls, and whether this is its delivery: to anyone else the dispatch does not exist
        2. look whether this statement is kept: a retry ends here
        3. judge the seal, the signer, and that it speaks of this dispatch
        4. judge the move by the table, attest, compare and swap; who lost a race judges again

        Step 4 is one owned task. Raises `Declined`.
        """
        admit_actor(caller)
        if len(statement) > STATEMENT_BYTES:
            raise Declined(Code.PACKAGE_TOO_LARGE, f"a statement has at most {STATEMENT_BYTES} bytes")
        delivery = await self._delivery(caller, dispatch_id)  # 1
        statement_id = digest(statement)
        earlier = await self._ledger.moved(statement_id)
        if earlier is not None and _is_of(earlier.delivery, delivery):
            return earlier  # 2
        entry = await self._ledger.entry(dispatch_id)
        async with self._turns.of(caller.agency_id):
            report = await in_worker(self._workers, self._judge, caller, entry, statement)  # 3
        if earlier is not None:
            raise _given_elsewhere()
        return await self._owned.run(self._move(report, delivery))  # 4

    async def _delivery(self, caller: Caller, dispatch_id: str) -> Delivery:
        try:
            return await self._ledger.delivery(dispatch_id, caller.agency_id)
        except NotFound as absent:
            raise Declined(Code.NOT_FOUND) from absent

    def _judge(self, caller: Caller, entry: Entry, content: bytes) -> _Report:
        """Step 3, in a worker thread."""
        view, now = self._directory(), self._clock()
        judged = judge(content, caller=caller, view=view, rules=self._rules, at=now)
        status = judged.model
        if not isinstance(status, Status):
            raise Declined(Code.NOT_A_STATUS)
        _check_subject(status, caller, entry, view)
        if status.status_code == "01":
            _check_handover(entry, judged.sound.detached)
        return _Report(
            entry=entry,
            statement=Statement(
                statement_id=digest(content),
                dispatch_id=entry.dispatch_id,
                agency_id=caller.agency_id,
                recipient_id=caller.agency_id,
                status_code=status.status_code,
                received_at=now,
                content=content,
            ),
            reason=_reason_of(status),
            names=view.names([caller.agency_id]),
        )

    async def _move(self, report: _Report, delivery: Delivery) -> Moved:
        """Step 4. A crash before `advance` leaves nothing, and one after it is answered from step 2."""
        for _ in range(ATTEMPTS):
            try:
                following = step(report.statement.status_code, delivery.state)
            except Declined:
                if (moved := await self._left_by_the_first(report)) is not None:
                    return moved
                raise
            evidence = await in_worker(self._workers, self._attest, report, following)
            try:
                moved = await self._ledger.advance([_move_of(report, delivery, following, evidence)])
            except Conflict as lost:
                delivery = lost.current
                continue
            except StatementTaken as taken:
                raise _given_elsewhere() from taken
            self._changes.notify((report.entry.sender_id, delivery.recipient_id))
            return moved
        raise Declined(Code.STORE_UNAVAILABLE, "other statements of this agency keep coming first")

    async def _left_by_the_first(self, report: _Report) -> Moved | None:
        """What an earlier statement of the same meaning left: an agency that lost its bytes sealed again."""
        statement = report.statement
        after, more = 0, True
        while more:
            page = await self._ledger.history(
                statement.dispatch_id, viewer=statement.agency_id, after=after, limit=PAGE_ITEMS_MOST
            )
            first = stated_before(statement.status_code, statement.agency_id, page.items)
            if first is not None:
                return await self._ledger.moved(first)
            after, more = page.next, page.more
        return None

    def _attest(self, report: _Report, following: Step) -> Evidence:
        statement = report.statement
        recipient = Party(agency_id=statement.recipient_id, name=report.names.get(statement.recipient_id, ""))
        of = Occasion(entry=report.entry, recipient=recipient, at=statement.received_at)
        match following.attests:
            case EventId.CONTENT_HANDOVER:
                return self._attestor.handed_over(of)
            case EventId.CONSIGNMENT_ACCEPTANCE:
                return self._attestor.consignment_accepted(of)
            case EventId.CONSIGNMENT_REJECTION:
                return self._attestor.consignment_rejected(of, reason=report.reason)
            case _:
                return self._attestor.statement_received(report.entry, statement, report.names)


def _given_elsewhere() -> Declined:
    return Declined(Code.STATEMENT_MISMATCH, "this statement was given for another dispatch")


def _is_of(moved: Delivery, delivery: Delivery) -> bool:
    return (moved.dispatch_id, moved.recipient_id) == (delivery.dispatch_id, delivery.recipient_id)


def _check_subject(status: Status, caller: Caller, entry: Entry, view: DirectoryView) -> None:
    """Raises `Declined` (STATEMENT_MISMATCH, FIELD_TOO_LONG) unless the caller's agency speaks of this very
    dispatch."""
    about = status.response_for
    if not speaks_for(status.sender.organ_id, caller.agency_id, view):
        raise Declined(Code.STATEMENT_MISMATCH, f"From/OrganId does not name {caller.agency_id}")
    if not speaks_for(about.organ_id, entry.sender_id, view):
        raise Declined(Code.STATEMENT_MISMATCH, "ResponseFor/OrganId does not name the sender")
    bounded(about.document_id, "ResponseFor/DocumentId")
    if _composed(about.document_id) != _composed(entry.document_id):
        raise Declined(Code.STATEMENT_MISMATCH, "ResponseFor/DocumentId is not that of the dispatch")


def _check_handover(entry: Entry, sealed: Mapping[str, str]) -> None:
    """Raises `Declined` (HANDOVER_INCOMPLETE) unless the statement seals the digest of every part, and
    nothing else."""
    wanted = {ni_uri(part.sha256): part.sha256 for part in entry.parts}
    missing = [str(part.number) for part in entry.parts if sealed.get(ni_uri(part.sha256)) != part.sha256]
    if missing:
        named = ", ".join(missing[:30])
        raise Declined(
            Code.HANDOVER_INCOMPLETE,
            f"{len(entry.parts) - len(missing)} of {len(entry.parts)} parts; missing: {named}",
            facts={"parts": named, "count": str(len(missing))},
        )
    if strays := set(sealed) - set(wanted):
        raise Declined(Code.HANDOVER_INCOMPLETE, f"{len(strays)} references name no part of the dispatch")


def _reason_of(status: Status) -> str:
    """Returns the reason of a refusal, empty for other statuses. Raises `Declined`: REASON_REQUIRED."""
    if status.status_code != "02":
        return ""
    if not status.description:
        raise Declined(Code.REASON_REQUIRED)
    return bounded(status.description, "Description", REASON_BYTES)


def _composed(text: str) -> str:
    """Takes time that grows with the square of the length: for bounded texts."""
    return unicodedata.normalize("NFC", text.strip())


def _move_of(report: _Report, delivery: Delivery, following: Step, evidence: Evidence) -> Move:
    statement = report.statement
    return Move(
        dispatch_id=delivery.dispatch_id,
        recipient_id=delivery.recipient_id,
        expected_version=delivery.version,
        state=following.state,
        at=statement.received_at,
        due=delivery.answer_by if following.state == State.HANDED_OVER else None,
        reason=report.reason,
        statement=statement,
        evidence=(evidence,),
        events=(
            NewEvent(
                kind=following.event,
                at=statement.received_at,
                recipient_id=delivery.recipient_id,
                actor_id=statement.agency_id,
                status_code=statement.status_code,
                reason=report.reason,
                evidence_id=evidence.evidence_id,
                statement_id=statement.statement_id,
            ),
        ),
    )
