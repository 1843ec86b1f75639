"""What proves something: as it came, and as it was found sound."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signing.evidence import EvidenceRecord
from signing.log import LogPolicy, Succession, VerifiedCheckpoint


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
    policy: LogPolicy
    """Whom the client believes about the log now: the profile's keys, and those that took their place."""
    successions: tuple[Succession, ...] = ()
    """How these followed each other, the first before those behind it."""


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
