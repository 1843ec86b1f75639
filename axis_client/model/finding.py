"""The nouns of finding dispatches in the archive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from axis_client.model.deliveries import Dispatch, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is looked for. What is empty or None filters nothing; everything else must hold at once. Words are
    found with and without diacritics, each is the beginning of a word."""

    text: str = ""
    """Words of the subject, the number and notation, the DocumentId or the sender's name; those in quotation
    marks stand side by side."""
    file_name: str = ""
    number: str = ""
    notation: str = ""
    """How it begins."""
    document_id: str = ""
    sender: str = ""
    recipient: str = ""
    promulgated_from: date | None = None
    promulgated_to: date | None = None
    accepted_from: date | None = None
    """Days in Viet Nam, first and last."""
    accepted_to: date | None = None
    kinds: tuple[int, ...] = ()
    priorities: tuple[int, ...] = ()
    states: tuple[State, ...] = ()
    sha256: str = ""
    """Of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A dispatch that was found."""

    cursor: str
    dispatch: Dispatch
    """Without parts: `status` has them."""
    counts: Mapping[State, int]
    """Of the deliveries that this agency sees."""
    sent: bool
    """This agency sent it."""
    disposal_id: str = ""
    """The order that disposed of it; empty when its files are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How many were found, by what they are."""

    total: int
    complete: bool
    """False when there were too many to count: the newest of them were."""
    years: Mapping[str, int]
    senders: Mapping[str, int]
    kinds: Mapping[int, int]
    priorities: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """A page of a search."""

    found: tuple[Found, ...]
    next: str
    more: bool
    facets: Facets | None
    current_to: datetime
    """What the axis took in until then is found; what came later may not be yet."""
