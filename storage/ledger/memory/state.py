"""All that a ledger in memory keeps, and how a thing is noted in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import TypeVar

from storage.errors import NotFound
from storage.ledger.acts import KeptAct
from storage.ledger.answers import Answer, Answered
from storage.ledger.growing import SealStamp, Turn
from storage.ledger.keeping import Decision, Disposal
from storage.ledger.oversight import Aside, Lease
from storage.ledger.pages import Page, page
from storage.ledger.records import (
    Delivery,
    Event,
    Evidence,
    Kept,
    Leaf,
    NewEvent,
    Record,
    SignedCheckpoint,
    Stamp,
    Statement,
)
from storage.ledger.registry import Registered
from storage.ledger.renewals import Block, Volume
from storage.ledger.rounds import Round
from storage.ledger.tree import leaf_hash
from storage.ledger.wellformed import check_page

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Dispatched:
    """A kept dispatch with all that is kept about it."""

    kept: Kept
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    """By recipient, in the order of the recipients."""
    places: dict[str, int] = field(default_factory=dict)
    """Each recipient's place among all deliveries."""
    events: list[Event] = field(default_factory=list)
    """As the sender counts them."""
    records: list[tuple[int, Record]] = field(default_factory=list)
    """Each with its place: one more than its leaf."""
    about: tuple[str, ...] = ()
    followers: list[str] = field(default_factory=list)
    """Dispatches that are about this one."""

    @property
    def dispatch_id(self) -> str:
        return self.kept.entry.dispatch_id

    @property
    def sender_id(self) -> str:
        return self.kept.entry.sender_id

    @property
    def counts(self) -> dict[str, int]:
        """How many of its deliveries are in each state."""
        return dict(Counter(delivery.state for delivery in self.deliveries.values()))

    def sees(self, viewer: str | None, recipient_id: str) -> bool:
        """Tells whether a viewer sees what speaks of a recipient, or of all (empty)."""
        return viewer is None or not recipient_id or self.deliveries[recipient_id].mailbox_id == viewer

    def events_for(self, viewer: str | None) -> list[Event]:
        """What a viewer sees happen."""
        return [event for event in self.events if self.sees(viewer, event.recipient_id)]

    def viewers(self, recipient_id: str) -> set[str]:
        """Agencies that see what speaks of a recipient, or of all (empty)."""
        about = [self.deliveries[recipient_id]] if recipient_id else self.deliveries.values()
        return {self.sender_id, *(delivery.mailbox_id for delivery in about)}


@dataclass(slots=True, kw_only=True)
class State:
    """What a ledger in memory keeps."""

    dispatches: dict[str, Dispatched] = field(default_factory=dict)
    """In order of commit."""
    documents: dict[tuple[str, str], str] = field(default_factory=dict)
    deliveries: list[tuple[str, str]] = field(default_factory=list)
    """Dispatch and recipient of each delivery, in order of commit; its place is one more than its index."""
    moves: dict[str, dict[tuple[str, str], tuple[Evidence, ...]]] = field(default_factory=dict)
    """Statement to the deliveries that it moved, in order, and the evidence issued with each move."""
    statements: dict[str, Statement] = field(default_factory=dict)
    inboxes: dict[str, list[int]] = field(default_factory=dict)
    """Mailbox to the places of its deliveries, in order of commit."""
    streams: dict[str, list[tuple[int, str, int]]] = field(default_factory=dict)
    """Agency to the events that it sees, in order of commit: each one's cursor, its dispatch, and its index
    among the events of that."""
    leases: dict[tuple[str, str], Lease] = field(default_factory=dict)
    """By dispatch and recipient, the last one; those that were ended have no token."""
    asides: dict[tuple[str, str, str, int], tuple[int, Aside]] = field(default_factory=dict)
    """By agency, dispatch, recipient and sequence, each with its place, in order of commit."""
    aside_count: int = 0
    acknowledged: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Dispatch and recipient to the version that the sender has looked at."""
    refusals: dict[tuple[str, str, str], Evidence] = field(default_factory=dict)
    holdings: dict[tuple[str, str], int] = field(default_factory=dict)
    leaves: list[Leaf] = field(default_factory=list)
    content_ids: set[tuple[str, str]] = field(default_factory=set)
    checkpoints: dict[int, SignedCheckpoint] = field(default_factory=dict)
    """By size."""
    cosignatures: dict[tuple[int, str], bytes] = field(default_factory=dict)
    """By size and witness."""
    stamps: dict[tuple[int, str], Stamp] = field(default_factory=dict)
    """By size and authority."""
    event_count: int = 0
    attested: list[Evidence] = field(default_factory=list)
    """Of no dispatch."""
    acts: list[KeptAct] = field(default_factory=list)
    round: Round | None = None
    volumes: list[Volume] = field(default_factory=list)
    grown_to: int = 0
    turn: Turn | None = None
    seal_stamps: dict[str, SealStamp] = field(default_factory=dict)
    volume_blocks: dict[tuple[int, int, int], Block] = field(default_factory=dict)
    """By volume, chain and number."""
    decisions: list[Decision] = field(default_factory=list)
    disposals: dict[str, Disposal] = field(default_factory=dict)
    """By order."""
    marks: dict[str, str] = field(default_factory=dict)
    """Of each order: how its files were seen to lie."""
    disposed: dict[str, str] = field(default_factory=dict)
    """Dispatch to the order that disposed of it."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """By digest."""
    answered: dict[str, Answered] = field(default_factory=dict)
    """By place."""
    superseded: dict[str, datetime] = field(default_factory=dict)
    """Digest of an answer to when a newer one took its place."""
    answer_version: int = 0
    judged_by: dict[str, set[str]] = field(default_factory=dict)
    """Dispatch to the digests of answers."""
    secrets: dict[str, bytes] = field(default_factory=dict)
    registered: dict[str, tuple[int, Registered]] = field(default_factory=dict)
    """Agencies and groups by their own identifier, each with the version at which it was registered."""
    version: int = 0

    def dispatched(self, dispatch_id: str) -> Dispatched:
        """Returns a kept dispatch. Raises `NotFound`."""
        if dispatch_id not in self.dispatches:
            raise NotFound(dispatch_id)
        return self.dispatches[dispatch_id]

    def delivery(self, dispatch_id: str, recipient_id: str) -> Delivery:
        """Returns a delivery as it stands. Raises `NotFound`."""
        dispatched = self.dispatches.get(dispatch_id)
        if dispatched is None or recipient_id not in dispatched.deliveries:
            raise NotFound(f"{dispatch_id} to {recipient_id}")
        return dispatched.deliveries[recipient_id]

    def deliver(self, dispatched: Dispatched, delivery: Delivery) -> None:
        """Adds a delivery behind all the others."""
        self.deliveries.append((delivery.dispatch_id, delivery.recipient_id))
        dispatched.places[delivery.recipient_id] = len(self.deliveries)
        self.inboxes.setdefault(delivery.mailbox_id, []).append(len(self.deliveries))
        dispatched.deliveries[delivery.recipient_id] = delivery

    def end_lease(self, key: tuple[str, str]) -> None:
        """Lets a delivery be taken at once; how often it was taken stays known."""
        if key in self.leases:
            self.leases[key] = replace(self.leases[key], token="", until=datetime.min.replace(tzinfo=UTC))

    def note(self, dispatched: Dispatched, evidence: Sequence[Evidence], events: Iterable[NewEvent]) -> None:
        """Keeps evidence and events of a dispatch, each where those who see it find it."""
        for one in evidence:
            dispatched.records.append((self.add_leaf("evidence", one.evidence_id, one.content), one))
        for event in events:
            self.event_count += 1
            dispatched.events.append(
                Event(
                    cursor=self.event_count,
                    dispatch_id=dispatched.dispatch_id,
                    sequence=len(dispatched.events) + 1,
                    **{one.name: getattr(event, one.name) for one in fields(NewEvent)},
                )
            )
            seen = (self.event_count, dispatched.dispatch_id, len(dispatched.events) - 1)
            for viewer in dispatched.viewers(event.recipient_id):
                self.streams.setdefault(viewer, []).append(seen)

    @contextmanager
    def directory_undone(self) -> Iterator[None]:
        """Puts the directory back when what is done inside fails."""
        registered, version = dict(self.registered), self.version
        try:
            yield
        except Exception:
            self.registered, self.version = registered, version
            raise

    def add_leaf(self, kind: str, content_id: str, content: bytes) -> int:
        """Adds the next leaf and returns its place."""
        place = len(self.leaves)
        self.leaves.append(Leaf(index=place, hash=leaf_hash(content), kind=kind, content_id=content_id))
        self.content_ids.add((kind, content_id))
        return len(self.leaves)

    def refuse_known(self, evidence: Iterable[Evidence]) -> None:
        """Raises `ValueError` when an evidence id names something else already."""
        ids = [("evidence", one.evidence_id) for one in evidence]
        if len(set(ids)) != len(ids) or not self.content_ids.isdisjoint(ids):
            raise ValueError("an evidence id names one evidence")


class Facet:
    """One facet of the ledger over its state."""

    def __init__(self, state: State) -> None:
        self._state = state


def refuse_strangers(recipients: Iterable[str], spoken_of: Iterable[Evidence | Statement | NewEvent]) -> None:
    """Raises `ValueError` when something speaks of who is no recipient of its dispatch."""
    strangers = {one.recipient_id for one in spoken_of} - {"", *recipients}
    if strangers:
        raise ValueError(f"{min(strangers)} is no recipient of the dispatch")


def paged(found: Iterable[tuple[int, T]], size: Callable[[T], int], *, after: int, limit: int) -> Page[T]:
    """Takes a page of items with their places."""
    check_page(after, limit)
    return page(((place, item) for place, item in found if place > after), size, after=after, limit=limit)
