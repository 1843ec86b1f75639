"""The nouns of how long documents are kept, and how they go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long a document is kept."""

    class_code: str
    class_name: str
    years: int
    """0 keeps for ever."""
    ended: int
    """The year in which the work ended."""
    due: date | None
    """The first day on which it need not be kept any more."""
    agency_id: str
    """Who decided it; empty where the axis's settings did."""
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision about how long a document is kept."""

    evidence_id: str
    """The axis's statement about it, in its log; a hold is named by it."""
    kind: str
    """`term`, `hold` or `lift`."""
    dispatch_id: str
    agency_id: str
    certificate: str
    at: datetime
    reason: str
    class_code: str
    years: int
    ended: int
    record: str
    hold_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long a document is kept, and why."""

    term: Term
    holds: tuple[Decision, ...]
    """Those in force."""
    decisions: tuple[Decision, ...]
    """All, in order."""
    disposal_id: str
    """The order that disposed of it; empty when its files are kept."""
    original: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A document that may be disposed of."""

    dispatch_id: str
    original: str
    sender_id: str
    code_number: str
    code_notation: str
    accepted_at: datetime
    term: Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """An order that is being carried out, or was."""

    order_id: str
    agency_id: str
    accepted_at: datetime
    dispatch_ids: tuple[str, ...]
    waiting: str
    """A word for what it waits for, and behind a colon more about it; empty when it waits for nothing."""
    ended_at: datetime | None
    evidence_id: str
    begun_at: datetime | None = None
    """When the last check was made; from then on nobody can hold its documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A disposal with what proves it."""

    disposal: Disposal
    order: bytes
    evidence: bytes
    """Of destruction, verified; empty until the last file is gone."""
    approvals: tuple[bytes, ...] = ()
