"""What clients handed in and saw, noted as it happened: one half of what is judged."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple


class Seen(NamedTuple):
    """An event as an agency was shown it."""

    dispatch_id: str
    sequence: int
    kind: str
    recipient_id: str
    actor_id: str
    at: float
    """Seconds since 1970."""
    status_code: str
    evidence_id: str
    statement_id: str
    related_id: str
    cursor: str


class Answer(NamedTuple):
    """How the axis answered once to some bytes."""

    began: float
    ended: float
    """Seconds of the client's own steady clock."""
    refused: str
    """The reason; empty when it accepted."""
    dispatch_id: str
    evidence: tuple[str, ...]
    """SHA-256 of each."""


@dataclass(slots=True, kw_only=True)
class Given:
    """Sealed bytes that a client handed in, once or more often."""

    sha256: str
    agency_id: str
    """Whose seal it bears."""
    document_id: str
    kind: int | None
    """Of a package; None for a statement."""
    code: str = ""
    """Of a statement."""
    speaker_id: str = ""
    """In whose name a statement speaks: the agency, or a unit below it."""
    recipients: tuple[str, ...] = ()
    """Of a package: all whom it names, groups resolved by what the client knows of them."""
    adds: tuple[str, ...] = ()
    """Of an update: whom it adds to the document of the same DocumentId."""
    answers: list[Answer] = field(default_factory=list)

    @property
    def accepted(self) -> list[Answer]:
        return [one for one in self.answers if not one.refused]


@dataclass(slots=True)
class Account:
    """All that clients know."""

    given: dict[str, Given] = field(default_factory=dict)
    """By SHA-256."""
    followed: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    """By agency, what its follower was shown, in that order, repetitions included."""
    stood: dict[tuple[str, str], dict[int, set[int]]] = field(default_factory=lambda: defaultdict(dict))
    """By dispatch and recipient, the states in which a version was shown: one each, or they contradict."""
    fetched: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    """By dispatch and number of the part: SHA-256 of what the axis handed out."""
    troubles: Counter[str] = field(default_factory=Counter)
    """What a client must never hear: the axis said that it is broken."""
    tallies: Counter[str] = field(default_factory=Counter)
    """What clients did, for the report."""
    moves: int = 0
    """Changes of a delivery that senders were shown, and accepted dispatches."""

    def note_delivery(self, dispatch_id: str, recipient_id: str, version: int, state: int) -> None:
        self.stood[dispatch_id, recipient_id].setdefault(version, set()).add(state)
