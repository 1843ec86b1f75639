"""Disposing of documents: by a signed order, all that it names or nothing.

    due = await disposal.due(caller, after, limit)            # what need not be kept any more
    accepted = await disposal.submit(caller, sealed_order)    # from here on it is disposed of

1. judge     the seals, and that they are archivists' of the archive's authority (`warrant`)
2. hold up   each document against the ledger: kept, due, of that class, held by nobody
3. commit    the order as a leaf of the log, and each document marked: the point of no return. If anything was
             decided meanwhile, it is held up again
4. destroy   `destruction` removes the files, and attests it

A crash before 3 leaves nothing; after it, destruction goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from axis_server.archiving.deciding import Deciding, Issuing, KeepingLedger, admit_archivist
from axis_server.archiving.terms import Standing, Term
from axis_server.archiving.warrant import Warrants
from axis_server.caller import Caller
from axis_server.documents.judgement import digest
from axis_server.errors import Declined, Detail
from axis_server.knowing.records import standing_of
from axis_server.limits.tasks import OwnedTasks, in_worker
from axis_server.paging import page_items
from axis_server.reasons import Code
from axis_server.wording import (
    another_document,
    another_term,
    authority_alone,
    disposed_by,
    due_on,
    of_dispatch,
)
from signing.spelling import VIETNAM
from signing.statements.retention import Item, Order
from storage.errors import DecidedSince, Disposed, NotFound
from storage.ledger.keeping import Disposal
from storage.ledger.pages import Page
from storage.ledger.records import Entry, Evidence

EVENT, APPROVED = "DisposalOrdered", "DisposalApproved"
"""Kinds of the evidence that an order and its approvals are kept as."""
LOOKED_AT = 2000
"""Dispatches that one page of what is due looks at; it may then be empty and go on."""
_TRIES = 100
"""How often a commit is tried while others decide. What they decided about other documents costs it a look
alone: else who files all day would keep every large order out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A dispatch that may be disposed of."""

    entry: Entry
    term: Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A disposal with what proves it."""

    disposal: Disposal
    order: bytes
    """As it was sealed."""
    approvals: tuple[bytes, ...]
    """As they were sealed."""
    evidence: Evidence | None
    """Of destruction; None until the last file is gone."""


class Disposing:
    """Takes orders of the archive's authority."""

    def __init__(
        self,
        *,
        ledger: KeepingLedger,
        deciding: Deciding,
        warrants: Warrants,
        issuing: Issuing,
        owned: OwnedTasks,
        wake: Callable[[], None],
    ) -> None:
        """`wake` is called when there is something to destroy."""
        self._ledger = ledger
        self._deciding = deciding
        self._warrants = warrants
        self._issuing = issuing
        self._owned = owned
        self._wake = wake

    async def due(self, caller: Caller, after: int, limit: int) -> Page[Due]:
        """Lists what may be disposed of, in order of commit. Raises `Declined`: ROLE_FORBIDDEN."""
        self._admit(caller)
        most = page_items(limit)
        page = await self._ledger.entries(after=after, limit=min(most, LOOKED_AT))
        gone = await self._ledger.disposed([one.dispatch_id for one in page.items])
        entries = tuple(one for one in page.items if one.dispatch_id not in gone)
        standings = await self._deciding.stand(entries)
        today = self._today()
        due = tuple(
            Due(entry=entry, term=standings[entry.dispatch_id].term)
            for entry in entries
            if standings[entry.dispatch_id].is_due(today)
        )
        return Page(items=due, next=page.next, more=page.more)

    async def submit(self, caller: Caller, content: bytes, approvals: Sequence[bytes] = ()) -> Disposal:
        """Takes an order, with the approvals of other persons where they are wanted. The same order gets the
        same answer.

        Raises `Declined`: the reason of the verdict on a seal, SIGNER_MISMATCH, ORDER_UNFIT, ORDER_EXPIRED,
        APPROVAL_MISSING, NOT_FOUND, NOT_DUE, HELD, DISPOSED, ROLE_FORBIDDEN.
        """
        self._admit(caller)
        order_id = digest(content)
        try:
            return await self._ledger.disposal(order_id)
        except NotFound:
            pass
        at = self._issuing.clock()
        order = await in_worker(
            self._issuing.workers, self._warrants.judged, content, approvals, caller.agency_id, at
        )
        return await self._owned.run(self._commit(order, content, approvals, caller, at))

    async def show(self, caller: Caller, order_id: str) -> Told:
        """Returns a disposal with its order and its evidence: to the authority's archivists, and to those of
        an agency that is party to every document of it. Raises `Declined`: NOT_FOUND, also for an order that
        names a document of others alone."""
        admit_archivist(caller)
        try:
            disposal = await self._ledger.disposal(order_id)
        except NotFound as absent:
            raise Declined(Code.NOT_FOUND) from absent
        if not self._deciding.is_authority(caller):
            for dispatch_id in disposal.dispatches:
                await standing_of(self._ledger, caller, dispatch_id)
        order = await self._ledger.attested(order_id)
        evidence = await self._ledger.attested(disposal.evidence_id) if disposal.evidence_id else None
        approvals = [(await self._ledger.attested(one)).content for one in disposal.approvals]
        return Told(disposal=disposal, order=order.content, approvals=tuple(approvals), evidence=evidence)

    async def list(self, caller: Caller, after: int, limit: int) -> Page[Disposal]:
        """Lists the disposals, in order. Raises `Declined`."""
        self._admit(caller)
        return await self._ledger.disposals(after=after, limit=page_items(limit))

    def _admit(self, caller: Caller) -> None:
        admit_archivist(caller)
        if not self._deciding.is_authority(caller):
            raise Declined(Code.ROLE_FORBIDDEN, authority_alone())

    async def _commit(
        self, order: Order, content: bytes, approvals: Sequence[bytes], caller: Caller, at: datetime
    ) -> Disposal:
        """Steps 2 and 3."""
        sealed = _evidence(EVENT, content, at)
        approved = tuple(_evidence(APPROVED, one, at) for one in dict.fromkeys(approvals))
        disposal = Disposal(
            order_id=sealed.evidence_id,
            agency_id=caller.agency_id,
            dispatches=tuple(item.dispatch_id for item in order.items),
            accepted_at=at,
            approvals=tuple(one.evidence_id for one in approved),
        )
        decided, concerned = 0, True
        for _ in range(_TRIES):
            if concerned:
                decided = await self._ledger.decided()
                await self._hold_up(order)
            try:
                kept = await self._ledger.dispose(disposal, sealed, approved, decided=decided)
            except DecidedSince:
                decided, concerned = await self._deciding.decided_since(disposal.dispatches, decided)
                continue
            except Disposed as gone:
                raise Declined(
                    Code.DISPOSED, disposed_by(gone.order_id), facts={"order": gone.order_id}
                ) from gone
            self._wake()
            return kept
        raise Declined(
            Code.STORE_UNAVAILABLE,
            Detail(
                "others decide about these documents all the time",
                "các văn bản này đang được người khác quyết định",
            ),
        )

    async def _hold_up(self, order: Order) -> None:
        """Step 2: holds each document against the ledger. Raises `Declined` for the first that is not as the
        order says."""
        try:
            entries = tuple([await self._ledger.entry(item.dispatch_id) for item in order.items])
        except NotFound as absent:
            raise Declined(
                Code.NOT_FOUND,
                Detail(
                    "the order names a document that is not kept here",
                    "quyết định nêu văn bản không được lưu tại đây",
                ),
            ) from absent
        gone = await self._ledger.disposed([one.dispatch_id for one in entries])
        standings = await self._deciding.stand(entries)
        for item, entry in zip(order.items, entries, strict=True):
            if entry.dispatch_id in gone:
                facts = {"dispatch_id": entry.dispatch_id, "order": gone[entry.dispatch_id]}
                raise Declined(Code.DISPOSED, of_dispatch(entry.dispatch_id), facts=facts)
            self._check_item(item, entry, standings[entry.dispatch_id])

    def _check_item(self, item: Item, entry: Entry, standing: Standing) -> None:
        facts = {"dispatch_id": entry.dispatch_id}
        if item.original != entry.original.sha256:
            raise Declined(Code.ORDER_UNFIT, another_document(entry.dispatch_id), facts=facts)
        if standing.holds:
            raise Declined(
                Code.HELD,
                of_dispatch(entry.dispatch_id),
                facts={**facts, "hold": standing.holds[0].evidence_id},
            )
        term = standing.term
        if not standing.is_due(self._today()):
            raise Declined(
                Code.NOT_DUE, due_on(entry.dispatch_id, term.class_code, term.first_day), facts=facts
            )
        if (item.class_code, item.due) != (term.class_code, term.first_day):
            raise Declined(
                Code.ORDER_UNFIT,
                another_term(entry.dispatch_id, term.class_code, term.first_day),
                facts=facts,
            )

    def _today(self) -> date:
        return self._issuing.clock().astimezone(VIETNAM).date()


def _evidence(event: str, content: bytes, at: datetime) -> Evidence:
    return Evidence(evidence_id=digest(content), dispatch_id="", event=event, issued_at=at, content=content)
