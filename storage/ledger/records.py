"""The ledger's nouns.

Every record is data: digests are 64 lower-case hexadecimal digits, times are aware datetimes in UTC with
microseconds, `content` is bytes that the ledger returns exactly as given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    status_code: str
    received_at: datetime
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A dispatch and one of its recipients."""

    dispatch_id: str
    recipient_id: str
    state: str
    version: int
    """1 at commit; grows by one at each move."""
    updated_at: datetime
    reason: str = ""


Record = Evidence | Statement
"""What proves something about a dispatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event before the ledger gives it its place."""

    kind: str
    at: datetime
    recipient_id: str = ""
    actor_id: str = ""
    status_code: str = ""
    reason: str = ""
    evidence_id: str = ""
    statement_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(NewEvent):
    """One thing that happened, as history tells it."""

    cursor: int
    """Order of commit over the whole ledger: grows; a reader that has seen one never later finds a smaller
    new one."""
    dispatch_id: str
    sequence: int
    """From 1 within the dispatch, without gaps."""


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
class Certificate:
    """A certificate that acts or signs for an agency."""

    sha256: str
    """Of its DER form."""
    pem: str
    role: str
    """`system`, `clerk`, `archivist` or `operator`."""
    may_connect: bool
    """It may be a TLS client certificate of the agency."""
    may_seal: bool
    """It may seal documents and statements in the agency's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """One agency of the directory.

    Its identifiers come normalised (`edxml.agency_id.normalise`): the store compares them as they
    are.
    """

    agency_id: str
    name: str
    aliases: tuple[str, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    active: bool = True
    attributes: dict[str, str] = field(default_factory=dict)
    """Free facts for later needs (level, parent, capabilities)."""


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
