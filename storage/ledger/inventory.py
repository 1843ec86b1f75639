"""All that is kept, for who checks a store from one end to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from storage.ledger.pages import Page
from storage.ledger.records import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A leaf of the log and what it is the leaf of, each as it is kept."""

    index: int
    hash: bytes
    content: bytes | None
    """Of the evidence or statement; None where it is gone."""


class Inventory(Protocol):
    """Everything in order of commit, as it is kept: nothing is judged here."""

    async def logged(self, *, start: int, limit: int) -> tuple[Logged, ...]:
        """Returns leaves of the log from index `start` on, with their contents."""
        ...

    async def entries(self, *, after: int = 0, limit: int) -> Page[Entry]:
        """Returns dispatches of all senders, with their parts."""
        ...
