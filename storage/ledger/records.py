"""The ledger's nouns.

Every record is data: digests are 64 lower-case hexadecimal digits, times are aware datetimes in UTC with
microseconds, `content` is bytes that the ledger returns exactly as given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a dispatch; number 0 is the package itself."""

    number: int
    identifier: str
    name: str
    content_type: str
    sha256: str
    size: int
    inline: bool
    """Its bytes stand inside the package and are not in the archive on their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One accepted dispatch. Its recipients are its deliveries: there may be thousands."""

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
    warnings: tuple[str, ...] = ()

    @property
    def original(self) -> Part:
        """The sealed package."""
        return self.parts[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A signed evidence document. One leaf of the log each."""

    evidence_id: str
    dispatch_id: str
    event: str
    """ERDS event name."""
    issued_at: datetime
    content: bytes
    recipient_id: str = ""
    """The recipient it is about; empty when it speaks of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What an agency states under its own seal. One leaf of the log each."""

    statement_id: str
    """SHA-256 of `content`."""
    dispatch_id: str
    agency_id: str
    """In whose name it was sealed: a recipient's, or for a status 13 the sender's."""
    recipient_id: str
    """The delivery that it speaks of."""
    status_code: str
    received_at: datetime
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the sender asks of a recipient about a delivery; it stands until it is answered or lapses."""

    kind: str
    """`recall`, `removal` (an update takes the recipient off the list) or `replacement`."""
    by: str
    """Who asks: `dispatch_id` of the asking package, or `statement_id` of a status 13."""
    reason: str
    asked_at: datetime
    until: datetime
    """When it lapses unanswered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """To whom a dispatch goes, and who takes it."""

    agency_id: str
    mailbox_id: str
    """The agency whose systems take it: itself, or for a unit without systems the agency above it. Whose
    inbox, queue and stream it stands in, frozen at commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A dispatch and one of its recipients."""

    dispatch_id: str
    recipient_id: str
    mailbox_id: str
    state: str
    version: int
    """1 at commit; grows by one at each move, and when a question is asked."""
    updated_at: datetime
    handover_by: datetime
    """Deadline of the hand-over."""
    answer_by: datetime
    """Deadline of the answer."""
    due: datetime | None
    """When the axis itself has to move it next; None when nothing is awaited."""
    reason: str = ""
    question: Question | None = None


Record = Evidence | Statement
"""What proves something about a dispatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event before the ledger gives it its place."""

    kind: str
    at: datetime
    recipient_id: str = ""
    actor_id: str = ""
    """Agency that acted; empty when the axis did."""
    delegate_id: str = ""
    """Agency whose certificate acted for `actor_id`, when it was another one."""
    status_code: str = ""
    reason: str = ""
    evidence_id: str = ""
    statement_id: str = ""
    related_id: str = ""
    """Another dispatch that it has to do with: the package that asks, the one that replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(NewEvent):
    """One thing that happened, as history tells it."""

    cursor: int
    """Order of commit over the whole ledger: grows; a reader that has seen one never later finds a smaller
    new one."""
    dispatch_id: str
    sequence: int
    """From 1, without gaps, among the events of this dispatch that the reader sees; the same in `history` and
    in `stream`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamItem:
    """An event in the stream of an agency, with the dispatch it is about."""

    event: Event
    """Its `cursor` is the place in the stream."""
    entry: Entry
    """Without parts, which may be many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A question that a dispatch puts to recipients of an earlier one, in its own commit.

    It reaches those deliveries of `recipients` that are in one of `states` and have no open question; the
    others stay as they are. Each that it reaches: version + 1, `question` set, `due` the earlier of its own
    and `question.until`, `updated_at` the later of its own and `question.asked_at`, and one event `event`
    with its recipient, not dated before that, in the order of `recipients`.
    """

    dispatch_id: str
    """The earlier dispatch."""
    recipients: tuple[str, ...]
    states: frozenset[str]
    question: Question
    event: NewEvent
    """Its `recipient_id` is filled in for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """Recipients that a dispatch adds to an earlier one, in its own commit; who is one already is left as it
    is. Each that joins: a delivery (consigned, version 1, after the others), and one event."""

    dispatch_id: str
    """The earlier dispatch."""
    recipients: tuple[Recipient, ...]
    at: datetime
    handover_by: datetime
    answer_by: datetime
    evidence: tuple[Evidence, ...]
    """Kept under the earlier dispatch, with its leaves, if anyone joins."""
    event: NewEvent
    """Its `recipient_id` is filled in for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDispatch:
    """What `commit` keeps, in one transaction."""

    entry: Entry
    recipients: tuple[Recipient, ...]
    """In the order of the evidence."""
    handover_by: datetime
    """Deadline of each delivery's hand-over, which is its first `due`."""
    answer_by: datetime
    evidence: tuple[Evidence, ...]
    events: tuple[NewEvent, ...]
    about: tuple[str, ...] = ()
    """Earlier dispatches that this one revokes, updates or replaces; kept as links, readable both ways."""
    asks: tuple[Asking, ...] = ()
    joins: tuple[Joining, ...] = ()
    judged_by: tuple[str, ...] = ()
    """Digests of the answers about revocation by which it was judged (`Answers`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Another dispatch of the same thread."""

    dispatch_id: str
    kind: int
    """BussinessDocType of the other one."""
    later: bool
    """True when the other one speaks about this one, False when this one speaks about the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the ledger keeps of a dispatch, as the first commit left it."""

    entry: Entry
    evidence: tuple[Evidence, ...]
    """In the order given to `commit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One step of one delivery, with all that it leaves."""

    dispatch_id: str
    recipient_id: str
    expected_version: int
    state: str
    """The state after the move."""
    at: datetime
    due: datetime | None
    """After the move; None when nothing is awaited."""
    question: Question | None = None
    """After the move."""
    reason: str = ""
    statement: Statement | None = None
    evidence: tuple[Evidence, ...] = ()
    events: tuple[NewEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a move left; the same for the same statement, however often it is sent."""

    delivery: Delivery
    """As it stands now, which may be later than this move."""
    evidence: tuple[Evidence, ...]
    """What was issued with this very move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A submission judged and refused. Only the evidence is kept, never the bytes."""

    sender_id: str
    sha256: str
    reason: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """A delivery with its dispatch, at its place in an inbox."""

    cursor: int
    entry: Entry
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A dispatch and where it stands, at its place in an outbox."""

    cursor: int
    entry: Entry
    counts: dict[str, int]
    """How many of its deliveries are in each state; states without any are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One leaf of the transparency log."""

    index: int
    """From 0, without gaps, in commit order."""
    hash: bytes
    """RFC 6962: SHA-256(0x00 || content), 32 bytes."""
    kind: str
    """`evidence` or `statement`."""
    content_id: str
    """`evidence_id` or `statement_id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """The log as it was shown at one size."""

    size: int
    note: bytes
    """The signed note (C2SP tlog-checkpoint) as the log signed it."""
    at: datetime
    cosignatures: tuple[bytes, ...] = ()
    """Signature lines of witnesses, each with its line end, by the witness's name."""

    @property
    def content(self) -> bytes:
        """The note with all its signatures."""
        return self.note + b"".join(self.cosignatures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time-stamp token (RFC 3161) over the note of a checkpoint, without cosignatures."""

    size: int
    authority: str
    token: bytes
    at: datetime
    """The time that the authority states."""
