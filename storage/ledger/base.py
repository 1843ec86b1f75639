"""The ledger's promise, in the facets that its users ask for.

    Ledger = Dispatches + Deliveries + Histories + Boxes + Queues + Oversight + Holdings + Keeping + Log

A use case names the facets that it needs; a backend keeps them all, and `Directory` (in `directory`) beside
them. What all of them promise:

A write that returned is durable: it survives kill -9 and loss of power. A read that starts after a write
returned sees it, from any process. Any number of calls may run at once; the backend commits many callers'
writes in one transaction and one flush, and one caller's conflict never fails another's write. Cancelling
a caller does not tell whether its write took effect. Every method raises `Unavailable` (or `StoreFull`)
when the store cannot serve. Event cursors, inbox cursors and leaf indexes follow the order of commit.

A record that could not be true (a naive time, a recipient named twice, evidence or an event about who is no
recipient, an id that something else holds, text with U+0000 or a lone surrogate, a number beyond 63 bits) is
the caller's mistake: `ValueError`, and nothing is kept.

Lists are read by pages: `after` is 0 or the `next` of the page before, `limit` is at least 1, else
`ValueError`. What is committed later stands behind what was read.

A *viewer* is the agency that reads as a recipient: it sees what speaks of all, and of the deliveries whose
mailbox it is. `None` sees everything, as the sender does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from storage.ledger.keeping import Keeping
from storage.ledger.oversight import ASIDES_MOST, Aside, Concerns, Lease, Leased, Tally
from storage.ledger.pages import Page
from storage.ledger.records import (
    Delivery,
    Entry,
    Event,
    Evidence,
    InboxItem,
    Kept,
    Leaf,
    Link,
    Move,
    Moved,
    NewDispatch,
    OutboxItem,
    Record,
    Refusal,
    SignedCheckpoint,
    Stamp,
    Statement,
    StreamItem,
)
from storage.ledger.tree import Node


class Dispatches(Protocol):
    """Sealed packages that the axis took, and those it refused."""

    async def commit(self, new: NewDispatch) -> Kept:
        """Keeps a dispatch with its parts, its deliveries (state `consigned`, version 1, `due` =
        `handover_by`), links, events, evidence and leaves, and what it asks of earlier deliveries and whom it
        adds to earlier dispatches, in one transaction.

        Idempotent by `dispatch_id`: when it is kept already, nothing changes and what the first commit left
        is returned. Raises `DocumentIdTaken` when `kind` is 0 and another dispatch of kind 0 of the same
        sender holds `document_id` (an empty document id is never taken); else `NotFound` when a dispatch that
        it is about, asks about or adds to is not kept.
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

    async def holder(self, sender_id: str, document_id: str) -> str | None:
        """Returns the dispatch of kind 0 by which `sender_id` used `document_id`, or None.

        It says beforehand what `commit` would raise `DocumentIdTaken` for; only `commit` decides."""
        ...

    async def thread(self, sender_id: str, document_id: str) -> tuple[Entry, ...]:
        """Returns the dispatches, of any kind, by which `sender_id` used `document_id`, in order of commit,
        without parts; at most the last 100. Empty for an empty document id."""
        ...

    async def links(self, dispatch_id: str) -> tuple[Link, ...]:
        """Returns the dispatches that this one is about, then those that are about it, each in order of
        commit; of the latter at most the last 100. (Nothing is about more than 100 others.)"""
        ...

    async def alike(self, sender_id: str, code_number: str, code_notation: str) -> tuple[str, ...]:
        """Returns the dispatches of kind 0 of this sender with the same number and notation, at most the
        last 10, newest first. Empty when both are empty."""
        ...


class Deliveries(Protocol):
    """Where each recipient's copy stands."""

    async def advance(self, moves: Sequence[Move]) -> Moved:
        """Moves deliveries, all or none, each if its version is still `expected_version`, and keeps
        statement, evidence, events and leaves in the same transaction. Moves of one act all have its
        statement, or all have none, and may be of several dispatches, also without the one that the statement
        names, under which it is kept. Returns what the first move left.

        Idempotent by statement: when the statement is kept already and has moved the first move's delivery,
        nothing changes and what it left there is returned. Raises `NotFound` when there is no such delivery;
        else `StatementTaken` when the statement is kept for another dispatch, `NotFound` when the one that it
        names is not kept; else `Conflict` with the first delivery whose version is another; else `ValueError`
        when the statement has moved another of the deliveries before.
        """
        ...

    async def echo(self, statement: Statement, *, as_of: str) -> Moved:
        """Keeps a statement that says once more what the kept statement `as_of` said, with its leaf, in one
        transaction: no delivery moves, no event. From then on it is answered as `as_of` is, at every delivery
        that this one moved, of which that of which it speaks is the first. Returns what `as_of` left there.

        Idempotent: of an echo and a move with the same statement the first one stands, and what that left at
        the delivery is returned. Raises `NotFound` when there is no such delivery; else `StatementTaken` when
        the statement is kept for another dispatch; else `NotFound` when it is kept and has not moved the
        delivery, or when `as_of` has not.
        """
        ...

    async def delivery(self, dispatch_id: str, recipient_id: str) -> Delivery:
        """Returns one delivery. Raises `NotFound`."""
        ...

    async def deliveries(
        self,
        dispatch_id: str,
        *,
        viewer: str | None = None,
        after: int = 0,
        limit: int,
        states: Collection[str] = (),
    ) -> Page[Delivery]:
        """Returns deliveries in the order of the recipients at commit, those that joined later behind them;
        no `states` means all, a viewer those whose mailbox it is."""
        ...

    async def counts(self, dispatch_id: str, *, viewer: str | None = None) -> dict[str, int]:
        """Returns how many deliveries are in each state, for a viewer those whose mailbox it is; empty when
        the dispatch is unknown."""
        ...

    async def moved(self, statement_id: str, *, of: str | None = None) -> Moved | None:
        """Returns what the first of the moves with this statement, in the order in which they were given,
        left, or None when there was none; with `of` the first of those that moved a delivery of this
        dispatch."""
        ...

    async def due(self, *, at: datetime, limit: int) -> tuple[Delivery, ...]:
        """Returns deliveries whose `due` is `at` or earlier, taken in turn by sender: the earliest of each,
        the earliest first, then the next of each. So who sent thousands stands in nobody else's way."""
        ...


class Histories(Protocol):
    """What happened, and what proves it."""

    async def history(
        self, dispatch_id: str, *, viewer: str | None = None, after: int = 0, limit: int
    ) -> Page[Event]:
        """Returns the events of a dispatch, oldest first. `sequence` counts those that the viewer sees, from
        1; `after` is the `sequence` of the last one read."""
        ...

    async def stream(self, agency_id: str, *, after: int = 0, limit: int) -> Page[StreamItem]:
        """Returns the events that an agency sees, of all dispatches that it sent or whose mailbox it is, in
        order of commit; places are cursors. Who joined a dispatch later finds here what happened to it from
        then on, numbered as in `history`, which has the rest."""
        ...

    async def stream_end(self, agency_id: str) -> int:
        """Returns the place of the last event that an agency sees; 0 when there is none."""
        ...

    async def records(
        self,
        dispatch_id: str,
        *,
        viewer: str | None = None,
        recipient_id: str | None = None,
        events: Collection[str] = (),
        after: int = 0,
        limit: int,
    ) -> Page[Record]:
        """Returns evidence and statements about a kept dispatch, in order of commit.

        With a viewer what it sees: evidence of all and of its deliveries, statements about its deliveries
        (its own, and those by which the sender asked it). With a recipient what speaks of that one or of all.
        Where `events` are named, evidence of these alone, and no statement. A refusal is about no kept
        dispatch: its evidence is not among them.
        """
        ...


class Boxes(Protocol):
    """Lists of an agency."""

    async def inbox(
        self, mailbox_id: str, *, after: int = 0, limit: int, states: Collection[str] = ()
    ) -> Page[InboxItem]:
        """Returns deliveries of a mailbox in the order of commit; no `states` means all."""
        ...

    async def outbox(self, sender_id: str, *, after: int = 0, limit: int) -> Page[OutboxItem]:
        """Returns dispatches of a sender in the order of commit."""
        ...


class Queues(Protocol):
    """Several systems of one agency share one mailbox: who has what in hand, and what was set aside."""

    async def take(
        self,
        mailbox_id: str,
        *,
        holder: str,
        token: str,
        at: datetime,
        until: datetime,
        states: Collection[str],
        limit: int,
    ) -> tuple[Leased, ...]:
        """Leases deliveries in `states` (of `consigned` and `fetched`) that nobody has in hand at `at`, that
        the mailbox did not set aside and of which nothing is asked: highest priority first, then in order of
        commit; at most `limit`, about `PAGE_BYTES`, at least one if there is one. All get the same token,
        which no other lease has (else `ValueError`).

        Two callers never get the same delivery while a lease runs. It ends at its `until`, by `release` or
        `set_aside`, and when the delivery leaves those two states."""
        ...

    async def extend(self, mailbox_id: str, dispatch_id: str, recipient_id: str, lease: Lease) -> None:
        """Puts `lease.until` in the place of the lease with the same token, also when that ran out and nobody
        took the delivery since. Raises `LeaseLost` when it is not the last one or was ended, also when
        another mailbox or nobody has it."""
        ...

    async def release(self, mailbox_id: str, dispatch_id: str, recipient_id: str, token: str) -> None:
        """Ends a lease, so that it can be taken at once. Raises `LeaseLost`."""
        ...

    async def set_aside(self, agency_id: str, aside: Aside, *, most: int = ASIDES_MOST) -> None:
        """Keeps an aside of an agency that sees the delivery or event, and where it is a delivery (`sequence`
        0) of its mailbox, ends the lease on it. Idempotent by dispatch, recipient and sequence: the first
        reason stands. Raises `NotFound` for what the agency does not see; else `AsidesFull` when it has set
        `most` aside already; `ValueError` when neither a delivery nor an event is named."""
        ...

    async def asides(self, agency_id: str, *, after: int = 0, limit: int) -> Page[Aside]:
        """Returns what an agency set aside, in order of commit."""
        ...

    async def take_up(self, agency_id: str, dispatch_id: str, recipient_id: str, sequence: int) -> None:
        """Forgets an aside, so that the delivery can be taken again; where `sequence` names an event, that of
        the event, whoever it is about. A success when there is none."""
        ...


class Oversight(Protocol):
    """What needs attention, and how many there are."""

    async def concerns(
        self, agency_id: str | None, *, soon: datetime, since: datetime, limit: int
    ) -> Concerns:
        """Returns what an agency has to look after; None means all agencies.

        As a recipient (mailbox): `due_soon` deliveries with `due` up to `soon`, `question_open`, `set_aside`,
        and `expired` at or after `since`. As a sender: `due_soon` of its deliveries, and `refused`,
        `expired`, `question_refused` (16, unless it was given back after all) at or after `since`. Endings
        that it acknowledged are left out; of all agencies, those that their senders did. One delivery can be
        there for several reasons, and for each once.
        """
        ...

    async def acknowledge(self, agency_id: str, dispatch_id: str, recipient_id: str) -> None:
        """Notes that an agency, which sent or receives it, has seen how a delivery stands now; a later move
        makes it a concern again. Idempotent. Raises `NotFound`, also for a dispatch of others."""
        ...

    async def tally(
        self,
        *,
        sender_id: str | None,
        mailbox_id: str | None,
        since: datetime,
        until: datetime,
        at: datetime,
        by: Collection[str],
    ) -> tuple[Tally, ...]:
        """Counts deliveries of dispatches accepted by the axis from `since` to `until` (exclusive), sent by
        `sender_id` and to mailbox `mailbox_id` (None: any), as of `at`, ordered by key. `by` holds `day` or
        `month`, `agency` (the recipient, where a mailbox is named the sender) or `sender`, `priority`,
        `kind`; at most 10,000 keys, else `ValueError`."""
        ...


class Holdings(Protocol):
    """Which blobs an owner itself delivered."""

    async def hold(self, owner: str, digest: str, size: int) -> None:
        """Notes that `owner` itself delivered the blob `digest` of `size` bytes, which is durable in the
        archive. Idempotent: the first note stands."""
        ...

    async def held(self, owner: str, digests: Collection[str]) -> dict[str, int]:
        """Returns the sizes of those of `digests` that `owner` delivered, by `hold` or as a part of a kept
        dispatch of its own that is stored apart."""
        ...


class Log(Protocol):
    """The transparency log, and what every process of the axis shares.

    Each evidence and each statement is a leaf, numbered in order of commit, in the transaction that keeps it.
    """

    async def leaves(self, *, start: int, limit: int) -> tuple[Leaf, ...]:
        """Returns leaves of the log from index `start` on."""
        ...

    async def leaf(self, content_id: str) -> Leaf:
        """Returns the leaf of an evidence (`evidence_id`) or a statement (`statement_id`). Raises
        `NotFound`."""
        ...

    async def size(self) -> int:
        """Returns how many leaves the log has."""
        ...

    async def nodes(self, wanted: Sequence[Node]) -> tuple[bytes, ...]:
        """Returns the hashes of nodes of the tree, in that order; level 0 are the leaves. Every complete
        subtree over committed leaves is there. Raises `NotFound` for one that is not complete."""
        ...

    async def publish(self, checkpoint: SignedCheckpoint) -> SignedCheckpoint:
        """Keeps a signed checkpoint and returns the newest one kept, which is another when some process was
        faster: the first of a size stands, and none is kept below the newest."""
        ...

    async def checkpoint(self, *, over: int | None = None) -> SignedCheckpoint:
        """Returns the newest checkpoint, or the first one of at least `over` leaves; with the cosignatures
        that came since. Raises `NotFound`."""
        ...

    async def cosign(self, size: int, witness: str, line: bytes) -> None:
        """Keeps a witness's signature line under a kept checkpoint; its newest one stands. Raises
        `NotFound`."""
        ...

    async def stamp(self, stamp: Stamp) -> None:
        """Keeps a time-stamp over a kept checkpoint; the first one of an authority stands. Raises
        `NotFound`."""
        ...

    async def stamps(self, size: int) -> tuple[Stamp, ...]:
        """Returns the time-stamps over the checkpoint of this size, by authority."""
        ...

    async def stamped(self, authority: str, *, over: int | None = None) -> int | None:
        """Returns the size of the newest checkpoint that an authority stamped, or of the first one of at
        least `over` leaves; None when there is none."""
        ...

    async def secret(self, name: str) -> bytes:
        """Returns 32 random bytes under a name, made and kept when first asked for; the same for every
        process."""
        ...

    async def probe(self) -> None:
        """Returns when the store serves: something small was really written and read back. Raises
        `Unavailable`."""
        ...


class Ledger(Dispatches, Deliveries, Histories, Boxes, Queues, Oversight, Holdings, Keeping, Log, Protocol):
    """Keeps what happened: all facets over one store."""
