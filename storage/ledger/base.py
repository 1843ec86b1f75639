"""The ledger's promise, and the directory's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from storage.ledger.pages import Page
from storage.ledger.records import (
    Agency,
    Delivery,
    Entry,
    Event,
    Evidence,
    InboxItem,
    Kept,
    Leaf,
    Move,
    Moved,
    NewEvent,
    OutboxItem,
    Record,
    Refusal,
)


class Ledger(Protocol):
    """Keeps what happened.

    A write that returned is durable: it survives kill -9 and loss of power. A read that starts after a write
    returned sees it, from any process. Any number of calls may run at once; the backend commits many callers'
    writes in one transaction and one flush, and one caller's conflict never fails another's write. Cancelling
    a caller does not tell whether its write took effect. Every method raises `Unavailable` (or `StoreFull`)
    when the store cannot serve. Event cursors, inbox cursors and leaf indexes follow the order of commit.

    A record that could not be true (a naive time, a recipient named twice, an id that something else holds,
    text with U+0000 or a lone surrogate, a number beyond 63 bits) is the caller's mistake: `ValueError`, and
    nothing is kept.

    Lists are read by pages: `after` is 0 or the `next` of the page before, `limit` is at least 1, else
    `ValueError`. What is committed later stands behind what was read.
    """

    async def commit(
        self,
        entry: Entry,
        recipients: Sequence[str],
        evidence: Sequence[Evidence],
        events: Sequence[NewEvent],
    ) -> Kept:
        """Keeps a dispatch with its parts, its deliveries (state `consigned`, version 1), events, evidence
        and leaves, in one transaction. `recipients` are canonical agency ids, in the order of the evidence.

        Idempotent by `dispatch_id`: when it is kept already, nothing changes and what the first commit left
        is returned. Raises `DocumentIdTaken` when `kind` is 0 and another dispatch of kind 0 of the same
        sender holds `document_id` (an empty document id is never taken).
        """
        ...

    async def advance(self, move: Move) -> Moved:
        """Moves one delivery if its version is still `expected_version`, and keeps statement, evidence,
        events and leaves in the same transaction.

        Idempotent by statement: when `move.statement` is kept already for this delivery, nothing changes and
        what the first one left is returned. Raises `Conflict` when the version is another, `NotFound` when
        there is no such delivery, `StatementTaken` when the statement is kept for another dispatch.
        """
        ...

    async def refuse(self, refusal: Refusal) -> Evidence:
        """Keeps the evidence of a refusal with its leaf, and returns it; for the same sender, digest and
        reason the first one kept."""
        ...

    async def kept(self, dispatch_id: str) -> Kept:
        """Returns what `commit` kept. Raises `NotFound`."""
        ...

    async def entry(self, dispatch_id: str) -> Entry:
        """Returns the dispatch alone. Raises `NotFound`."""
        ...

    async def delivery(self, dispatch_id: str, recipient_id: str) -> Delivery:
        """Returns one delivery. Raises `NotFound`."""
        ...

    async def counts(self, dispatch_id: str) -> dict[str, int]:
        """Returns how many deliveries are in each state; empty when the dispatch is unknown."""
        ...

    async def deliveries(
        self, dispatch_id: str, *, after: int = 0, limit: int, states: Collection[str] = ()
    ) -> Page[Delivery]:
        """Returns deliveries in the order of the recipients at commit; no `states` means all."""
        ...

    async def moved(self, statement_id: str) -> Moved | None:
        """Returns what the move with this statement left, or None when there was none. Of several deliveries
        that it moved, the first in recipient order."""
        ...

    async def history(
        self, dispatch_id: str, *, recipient_id: str | None = None, after: int = 0, limit: int
    ) -> Page[Event]:
        """Returns the events of a dispatch, oldest first.

        With a recipient those that speak of it or of all, without one everything. `after` counts how many of
        these were read.
        """
        ...

    async def records(
        self,
        dispatch_id: str,
        *,
        recipient_id: str | None = None,
        events: Collection[str] = (),
        after: int = 0,
        limit: int,
    ) -> Page[Record]:
        """Returns evidence and statements about a kept dispatch, in order of commit.

        With a recipient what speaks of it or of all, and its own statements; without one everything. Where
        `events` are named, evidence of these alone, and no statement. A refusal is about no kept dispatch:
        its evidence is not among them.
        """
        ...

    async def inbox(
        self, recipient_id: str, *, after: int = 0, limit: int, states: Collection[str] = ()
    ) -> Page[InboxItem]:
        """Returns deliveries to a recipient in the order of commit; no `states` means all."""
        ...

    async def outbox(self, sender_id: str, *, after: int = 0, limit: int) -> Page[OutboxItem]:
        """Returns dispatches of a sender in the order of commit."""
        ...

    async def hold(self, owner: str, digest: str, size: int) -> None:
        """Notes that `owner` itself delivered the blob `digest` of `size` bytes, which is durable in the
        archive. Idempotent: the first note stands."""
        ...

    async def held(self, owner: str, digests: Collection[str]) -> dict[str, int]:
        """Returns the sizes of those of `digests` that `owner` delivered, by `hold` or as a part of a kept
        dispatch of its own that is stored apart."""
        ...

    async def holder(self, sender_id: str, document_id: str) -> str | None:
        """Returns the dispatch of kind 0 by which `sender_id` used `document_id`, or None.

        It says beforehand what `commit` would raise `DocumentIdTaken` for; only `commit` decides."""
        ...

    async def leaves(self, *, start: int, limit: int) -> tuple[Leaf, ...]:
        """Returns leaves of the log from index `start` on."""
        ...

    async def secret(self, name: str) -> bytes:
        """Returns 32 random bytes under a name, made and kept when first asked for; the same for every
        process."""
        ...

    async def probe(self) -> None:
        """Returns when the store serves: something small was really written and read back. Raises
        `Unavailable`."""
        ...


class Directory(Protocol):
    """Keeps the agencies. The same durability as the ledger; a few writes a day, read as a whole."""

    async def register(self, agency: Agency, *, replacing: Agency | None) -> None:
        """Adds an agency, or puts it in the place of `replacing`, which has the same identifier.

        Raises `Changed` when what is kept is not `replacing` (None: nothing is kept), so that of two who
        changed what they had read the second one reads again. Raises `ValueError` when one of its
        identifiers, aliases or certificates belongs to another agency.
        """
        ...

    async def agencies(self) -> tuple[Agency, ...]:
        """Returns all agencies, suspended ones too, by identifier."""
        ...

    async def version(self) -> int:
        """Returns a number that changes whenever `agencies` would."""
        ...
