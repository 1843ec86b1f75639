"""Answering and asking: a sealed statement moves deliveries, and the axis attests it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from datetime import datetime

from axis_server.addressing.directory import DirectoryView
from axis_server.caller import Caller, admit_actor
from axis_server.delivering.answers import answer, ask, said_before
from axis_server.delivering.deadlines import DeadlinePolicy
from axis_server.delivering.expiring import Expiring
from axis_server.delivering.moving import Cause, Mover
from axis_server.delivering.sides import asker_of, side_of
from axis_server.delivering.statements import (
    STATEMENT_BYTES,
    Report,
    check_document,
    check_handover,
    forbidden,
    judge_statement,
)
from axis_server.documents.judgement import Rules, digest
from axis_server.errors import Declined, Detail
from axis_server.knowing.records import standing_of
from axis_server.lifecycle import QuestionKind, Side, Step, overdue
from axis_server.limits.tasks import OwnedTasks, in_worker
from axis_server.limits.turns import Turns
from axis_server.paging import PAGE_ITEMS_MOST
from axis_server.reasons import Code
from axis_server.revoking.stapling import KeepAnswers, nothing_kept
from axis_server.revoking.waiting import LookUp, judged_again, nothing_to_ask
from axis_server.wording import at_most
from edxml import codes
from signing.policy import Policy
from signing.trust import TrustStore
from storage.errors import Conflict, NotFound, StatementTaken
from storage.ledger.base import Ledger
from storage.ledger.records import Delivery, Entry, Event, Moved, Question

ATTEMPTS = 5
"""How often a move that lost a race is judged again; every loss is another act on the same delivery."""


def nothing_spent(caller: Caller, size: int) -> None:
    """A `spend` where nothing is counted."""


class Exchange:
    """Takes statements of recipients and senders. The same statement gets the same answer."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        directory: Callable[[], DirectoryView],
        trust: Callable[[], TrustStore],
        policy: Policy,
        deadlines: DeadlinePolicy,
        clock: Callable[[], datetime],
        mover: Mover,
        expiring: Expiring,
        workers: Executor,
        turns: Turns,
        owned: OwnedTasks,
        look_up: LookUp = nothing_to_ask,
        keep_answers: KeepAnswers = nothing_kept,
        spend: Callable[[Caller, int], None] = nothing_spent,
    ) -> None:
        """`spend` takes a statement's bytes from what the caller's agency may have kept: the same may be said
        again and again, and each time is kept for ever."""
        self._ledger = ledger
        self._directory = directory
        self._rules = Rules.of(trust, policy, STATEMENT_BYTES)
        self._deadlines = deadlines
        self._clock = clock
        self._mover = mover
        self._expiring = expiring
        self._workers = workers
        self._turns = turns
        self._owned = owned
        self._look_up = look_up
        self._keep_answers = keep_answers
        self._spend = spend

    async def report(self, caller: Caller, dispatch_id: str, statement: bytes) -> Moved:
        """Moves a delivery by a sealed status package, with it what is asked about it, and returns what that
        left at the delivery that the package names.

        1. who calls, and whether the dispatch is anything to it: to anyone else it does not exist
        2. look whether this statement is kept: a retry ends here
        3. judge the seal, the signer, and of which delivery it speaks; one that is kept for the other side of
           the same act (the package, the document) has its answer there, and any other act none here
        4. judge the move by the table, attest, compare and swap; who lost a race judges again

        Step 4 is one owned task. Raises `Declined`.
        """
        admit_actor(caller)
        if len(statement) > STATEMENT_BYTES:
            raise Declined(Code.PACKAGE_TOO_LARGE, at_most(STATEMENT_BYTES, "a statement", "gói trạng thái"))
        entry = (await standing_of(self._ledger, caller, dispatch_id)).entry  # 1
        earlier = await self._ledger.moved(digest(statement))
        if earlier is not None and _answers(earlier.delivery, caller, entry):
            return earlier  # 2
        report = await judged_again(lambda: self._in_turn(caller, entry, statement), self._look_up)  # 3
        if earlier is not None:
            return await self._left_here(caller, entry, report)
        self._spend(caller, len(statement))
        return await self._owned.run(self._move(caller, entry, report))  # 4

    async def _in_turn(self, caller: Caller, entry: Entry, content: bytes) -> Report:
        async with self._turns.of(caller.actor_id):
            return await in_worker(self._workers, self._judge, caller, entry, content)

    def _judge(self, caller: Caller, entry: Entry, content: bytes) -> Report:
        """Step 3, in a worker thread."""
        return judge_statement(
            content,
            caller=caller,
            entry=entry,
            view=self._directory(),
            rules=self._rules,
            at=self._clock(),
        )

    async def _move(self, caller: Caller, entry: Entry, report: Report) -> Moved:
        """Step 4. A crash before the commit leaves nothing, and one after it is answered from step 2."""
        statement = report.statement
        cause = Cause(
            at=statement.received_at,
            actor_id=statement.agency_id,
            delegate=report.delegate,
            statement=statement,
            reason=report.reason,
        )
        if statement.status_code == codes.ARRIVED:
            check_handover(entry, report.sealed)
        await self._keep_answers(statement.dispatch_id, report.sources, statement.received_at)
        for _ in range(ATTEMPTS):
            named = await self._named(caller, entry, report)
            asker = await asker_of(self._ledger, named.delivery)
            around = _around(named, asker)
            check_document(report, [side.entry for side in around])
            late = [side for side in around if overdue(side.delivery, statement.received_at)]
            if late:  # its time is over, though the axis had not come to it yet
                await self._expiring.settle(late[0].delivery, statement.received_at)
                continue
            try:
                steps = self._planned(report, named, asker)
            except Declined:
                first = await self._said_before(report, named)
                if first is None:
                    raise
                act = self._ledger.echo(statement, as_of=first)
            else:
                act = self._mover.move(steps, cause)
            try:
                return await act
            except Conflict:
                continue
            except StatementTaken:
                return await self._left_here(caller, entry, report)
        raise Declined(
            Code.STORE_UNAVAILABLE,
            Detail(
                "other acts on this delivery keep coming first",
                "văn bản này đang có nhiều thao tác khác cùng lúc",
            ),
        )

    async def _named(self, caller: Caller, entry: Entry, report: Report) -> Side:
        """The delivery that the statement speaks of, as it stands now. Raises `Declined`."""
        statement = report.statement
        try:
            delivery = await self._ledger.delivery(statement.dispatch_id, statement.recipient_id)
        except NotFound as absent:
            raise _no_such_delivery(caller, entry, report) from absent
        if not report.asks and delivery.mailbox_id != caller.agency_id:
            raise _no_such_delivery(caller, entry, report)
        return await side_of(self._ledger, entry, delivery)

    def _planned(self, report: Report, named: Side, asker: Side | None) -> tuple[Step, ...]:
        """What the table says. Raises `Declined`."""
        statement = report.statement
        if not report.asks:
            return answer(statement.status_code, named, asker)
        question = Question(
            kind=QuestionKind.RECALL,
            by=statement.statement_id,
            reason=report.reason,
            asked_at=statement.received_at,
            until=self._deadlines.question_until(statement.received_at),
        )
        return (ask(named, question, self._deadlines.ask_again),)

    async def _said_before(self, report: Report, named: Side) -> str | None:
        """The earlier statement of the same meaning, if any: an agency that lost its bytes sealed again. The
        second one is kept, and answered like the first from then on, whatever is asked later."""
        said = report.statement
        history = [event async for event in self._history(named.delivery)]
        first = said_before(said.status_code, said.recipient_id, history)
        return None if first is None else first.statement_id

    async def _left_here(self, caller: Caller, entry: Entry, report: Report) -> Moved:
        """What a statement that is kept for another dispatch left at the delivery that it names here. Raises
        `Declined`: STATEMENT_MISMATCH when that is nothing."""
        said, named = report.statement, await self._named(caller, entry, report)
        left = await self._ledger.moved(said.statement_id, of=named.delivery.dispatch_id)
        if left is None or not left.evidence or left.delivery.recipient_id != said.recipient_id:
            raise Declined(
                Code.STATEMENT_MISMATCH,
                Detail(
                    "this statement was given for another dispatch",
                    "gói trạng thái này đã dùng cho văn bản khác",
                ),
            )
        return left

    async def _history(self, delivery: Delivery) -> AsyncIterator[Event]:
        """What its mailbox sees of the dispatch: not what thousands of others did."""
        after, more = 0, True
        while more:
            page = await self._ledger.history(
                delivery.dispatch_id, viewer=delivery.mailbox_id, after=after, limit=PAGE_ITEMS_MOST
            )
            for event in page.items:
                yield event
            after, more = page.next, page.more


def _answers(moved: Delivery, caller: Caller, entry: Entry) -> bool:
    """Tells whether what a statement left is the caller's to hear, of this dispatch."""
    return moved.dispatch_id == entry.dispatch_id and (
        caller.agency_id in (moved.mailbox_id, entry.sender_id)
    )


def _around(named: Side, asker: Side | None) -> tuple[Side, ...]:
    """All deliveries that an act may move, or whose document a statement may name."""
    return (named, *named.asks, *((asker, *asker.asks) if asker is not None else ()))


def _no_such_delivery(caller: Caller, entry: Entry, report: Report) -> Declined:
    """The caller is a party of the dispatch, and speaks of a delivery that is none or not its own."""
    if report.asks:
        return Declined(
            Code.STATEMENT_MISMATCH,
            Detail(
                "ResponseFor/OrganId does not name a recipient of the dispatch",
                "ResponseFor/OrganId không phải nơi nhận của văn bản",
            ),
        )
    if caller.agency_id == entry.sender_id and report.statement.recipient_id == caller.agency_id:
        return forbidden(report.statement.status_code)
    return Declined(
        Code.STATEMENT_MISMATCH,
        Detail(
            "From/OrganId does not name a recipient that takes its letters here",
            "From/OrganId không phải nơi nhận thuộc hộp thư này",
        ),
    )
