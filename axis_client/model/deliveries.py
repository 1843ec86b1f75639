"""Documents under way, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a delivery stands."""

    CONSIGNED = "consigned"
    """It waits in the recipient's inbox."""
    FETCHED = "fetched"
    """The recipient's system began to take it."""
    HANDED_OVER = "handed_over"
    """The recipient's system proved that it holds every byte (status 01)."""
    ACCEPTED = "accepted"
    """A clerk accepted it (status 03)."""
    REFUSED = "refused"
    """A clerk refused it, with a reason (status 02). Final."""
    IN_PROCESS = "in_process"
    """Assigned or being processed (status 04, 05)."""
    DONE = "done"
    """Processed (status 06). Final, unless it is taken back."""
    EXPIRED = "expired"
    """A deadline passed before it was handed over, or answered. Final."""
    TAKEN_BACK = "taken_back"
    """Recalled or replaced, with the recipient's consent (status 15). Final."""
    UNKNOWN = "unknown"
    """A state that this version does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a dispatch; number 0 is the sealed package."""

    number: int
    identifier: str
    name: str
    content_type: str
    sha256: str
    size: int
    inline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One sealed package on its way."""

    dispatch_id: str
    sender_id: str
    sender_name: str
    document_id: str
    kind: int
    code_number: str
    code_notation: str
    subject: str
    priority: int
    promulgation_date: str
    """`yyyy-MM-dd`, or empty."""
    due_date: str
    accepted_at: datetime
    parts: tuple[Part, ...]


class QuestionKind(StrEnum):
    """What a sender asks of a recipient."""

    RECALL = "recall"
    """Give the document back."""
    REMOVAL = "removal"
    """An update takes this recipient off the list."""
    REPLACEMENT = "replacement"
    """Another document stands in for it."""
    UNKNOWN = "unknown"
    """A question that this version does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the sender asks about a delivery; the recipient answers with `agree` or `decline`."""

    kind: QuestionKind
    asked_by_dispatch_id: str
    """The package that asks; empty when a status 13 did."""
    asked_by_statement_id: str
    reason: str
    asked_at: datetime
    until: datetime
    """When it lapses unanswered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Another dispatch of the same thread."""

    dispatch_id: str
    kind: int
    """BussinessDocType of the other one."""
    later: bool
    """True when the other one speaks about this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A dispatch and one of its recipients."""

    dispatch_id: str
    recipient_id: str
    mailbox_id: str
    """The agency whose systems take it."""
    state: State
    version: int
    updated_at: datetime
    handover_by: datetime
    answer_by: datetime
    reason: str = ""
    question: Question | None = None
    """While it is open, only its answer moves the delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    cursor: str
    """Pass as `after` to go on behind this item; keep it, compare it with nothing."""
    dispatch: Dispatch
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    cursor: str
    """Pass as `after` to go on behind this item; keep it, compare it with nothing."""
    dispatch: Dispatch
    counts: dict[State, int]
    """How many of its deliveries are in each state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a dispatch."""

    sequence: int
    """Among the events that the caller sees, from 1."""
    kind: str
    at: datetime
    recipient_id: str = ""
    actor_id: str = ""
    status_code: str = ""
    reason: str = ""
    evidence_id: str = ""
    statement_id: str = ""
    delegate_id: str = ""
    """Agency whose certificate acted for `actor_id`."""
    related_dispatch_id: str = ""
    dispatch_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a dispatch stands, as the axis says."""

    dispatch: Dispatch
    counts: dict[State, int]
    """How many deliveries are in each state, of those that the caller sees."""
    delivery: Delivery | None
    """The caller's own, when it is a recipient, or that of a unit whose mailbox it is."""
    links: tuple[Link, ...] = ()
    disposal_id: str = ""
    """The order that disposed of it; empty when its files are kept."""
