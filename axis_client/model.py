"""The nouns that the SDK returns. What is here was said by the axis; what it proved is a `Proof`.

Digests are SHA-256 in 64 lower-case hexadecimal digits, times are aware datetimes in UTC, agencies are named
by their canonical identifier.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cryptography import x509

from signing.evidence import EvidenceRecord
from signing.log import VerifiedCheckpoint


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
class Capabilities:
    """What an agency's systems take."""

    attachment_bytes: int = 0
    """Largest file; 0 means no bound of its own."""
    kinds: tuple[int, ...] = (0, 1, 2, 3)
    """BussinessDocType."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An agency, or a unit below one."""

    agency_id: str
    name: str
    aliases: tuple[str, ...] = ()
    active: bool = True
    parent_id: str = ""
    category: str = ""
    capabilities: Capabilities = Capabilities()
    since: datetime | None = None
    until: datetime | None = None
    """Exclusive."""
    mailbox_id: str = ""
    """The agency whose systems take what is sent to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A name for many recipients: a package may name it in To."""

    group_id: str
    name: str
    owner_id: str = ""
    members: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGone:
    """A group that the caller sees no more."""

    group_id: str


DirectoryEntry = Agency | Group | GroupGone


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who the caller is to the axis, and what the axis is."""

    agency: Agency
    role: str
    """`system`, `clerk`, `archivist` or `operator`."""
    certificate_sha256: str
    axis_id: str
    axis_certificates: tuple[x509.Certificate, ...]
    """With these the axis signs evidence; the caller's own trust must vouch for them."""
    max_message_bytes: int
    max_attachment_bytes: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An evidence document as it came; not yet verified."""

    evidence_id: str
    dispatch_id: str
    event: str
    recipient_id: str
    issued_at: datetime
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointStamp:
    """A time-stamp over a checkpoint of the log as the log signed it; not yet verified."""

    authority: str
    token: bytes
    """RFC 3161, DER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCheckpoint:
    """A checkpoint of the log as it came; not yet verified."""

    note: bytes
    stamps: tuple[CheckpointStamp, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Where an evidence or statement verifiably stands in the axis's log. Only `AsyncClient.prove` makes
    one."""

    index: int
    head: VerifiedCheckpoint
    """Consistent with all that this client kept of the log before."""
    proof: bytes
    """The `.tlog-proof` file: keep it beside the evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """The log's newest checkpoint, consistent with what was kept before."""

    head: VerifiedCheckpoint
    before: VerifiedCheckpoint | None
    """What was kept until now; None at the first look."""
    stamps: tuple[CheckpointStamp, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """An evidence whose seal, issuer and contents held. Only `axis_client.proof` makes one."""

    evidence: Evidence
    record: EvidenceRecord
    warnings: tuple[str, ...] = ()
    logged: Logged | None = None
    """None when the profile names no log, or it was not asked."""

    @property
    def event(self) -> str:
        return str(self.record.event)

    @property
    def content(self) -> bytes:
        """The signed XML, byte for byte as the axis keeps it."""
        return self.evidence.content


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A status package under an agency's own seal."""

    statement_id: str
    dispatch_id: str
    agency_id: str
    status_code: str
    received_at: datetime
    content: bytes
    logged: Logged | None = None
    """None when the profile names no log, or it was not asked."""


Record = Proof | Statement
"""What proves something about a dispatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What the axis answered to a submission; nothing in it is verified yet."""

    dispatch: Dispatch
    evidence: tuple[Evidence, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What the axis answered to a statement; nothing in it is verified yet."""

    delivery: Delivery
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A document that the axis verifiably accepted: every evidence here was checked against what was sent."""

    dispatch: Dispatch
    recipients: tuple[str, ...]
    """As the SubmissionAcceptance names them."""
    evidence: tuple[Proof, ...]
    """SubmissionAcceptance first, then ContentConsignment."""
    warnings: tuple[str, ...]
    sealed: bytes
    """The very bytes that were sent. Keep them: sent again, they are the same dispatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFile:
    """One file on disk."""

    path: Path
    sha256: str
    size: int
    part: int
    """Number of the part it came from."""
    unwrapped: bool = False
    """It is the content of a one-file ZIP, which stands beside it as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A dispatch on disk, complete, every digest equal to the sender's seal and to the axis's evidence. Only
    `AsyncClient.fetch` makes one, and a hand-over asks for it."""

    dispatch: Dispatch
    directory: Path
    files: tuple[FetchedFile, ...]
    """The package first."""
    signer: x509.Certificate
    """Whose key sealed the package."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """The original and what lay beside it, byte for byte as the axis keeps them, equal to its evidence. The
    seal was not judged: `axis verify` does that, at any time that is asked for."""

    dispatch: Dispatch
    directory: Path
    files: tuple[FetchedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A statement that the axis verifiably took."""

    delivery: Delivery
    evidence: tuple[Proof, ...]
    statement: bytes
    """The sealed status package that was sent; empty when the delivery already stood there."""
    fetched: Fetched | None = None
    """What was taken to disk on the way, where that was still to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadState:
    offset: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a transfer is, in bytes."""

    name: str
    done: int
    total: int
