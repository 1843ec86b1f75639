"""What the operator did: each administrative act is a signed statement of the axis, and a leaf of the log.

    act = Act(statement=evidence, kind="agency.add", about=("G22",))
    await ledger.keep_act(act, (agency, None))          # the act and the change: both or neither

Whoever has a change of another sort (a hold, a disposal) keeps its act in the transaction of that change:
over SQL by `relational.acts.note_act`, in memory by `memory.acts.note_act`, after all that may be refused was
checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storage.ledger.pages import Page
from storage.ledger.records import Evidence
from storage.ledger.registering import check_registered, own_id
from storage.ledger.registry import Registered
from storage.ledger.wellformed import check_text, check_times

EVENT = "AdministrativeAct"
"""Kind of the evidence that an act's statement is kept as; it is about no dispatch."""
_FACTS = 256

Change = tuple[Registered, Registered | None]
"""What is registered, and what it replaces; as in `Directory.register`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that an operator, or the start of the axis, did."""

    statement: Evidence
    """The sealed document that says who did what, when and why; `issued_at` is when. Its event is `EVENT`."""
    kind: str
    """What was done, such as `agency.add`: small words with dots."""
    about: tuple[str, ...] = ()
    """Identifiers of the agencies and groups (or whatever else can be asked for) that it changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAct:
    """An act with its place among all."""

    place: int
    """One more than its leaf: acts are in the order of commit."""
    act: Act


class Acts(Protocol):
    """Keeps what was done, for ever. Nothing here is ever changed."""

    async def keep_act(self, act: Act, *changes: Change, last: int | None = None) -> None:
        """Keeps an act with its leaf, and registers what it changed in the directory, in one transaction.

        Raises `Changed` when something is kept otherwise than a change replaces, or, where `last` is given,
        when the newest act of the kind stands at another place (0: there is none); `ValueError` as
        `Directory.register` does, for an evidence id that something else holds, and for a statement of
        another event or about a dispatch.
        """
        ...

    async def acts(
        self,
        *,
        after: int = 0,
        limit: int,
        kind: str = "",
        about: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Page[KeptAct]:
        """Returns acts in order of commit: of a kind or those below it (`agency` means `agency.add` too),
        about an identifier, issued at or after `since` and before `until`."""
        ...

    async def last_act(self, kind: str) -> KeptAct | None:
        """Returns the newest act of exactly this kind, or None."""
        ...


def check_act(act: Act, changes: Sequence[Change]) -> None:
    """Raises `ValueError` for what could not be kept as given."""
    statement = act.statement
    check_times([statement.issued_at])
    check_text([statement.evidence_id, act.kind, *act.about])
    if (
        statement.event != EVENT
        or statement.dispatch_id
        or statement.recipient_id
        or not statement.evidence_id
    ):
        raise ValueError("an act's statement is about no dispatch")
    if not act.kind:
        raise ValueError("an act has a kind")
    if len(set(act.about)) != len(act.about):
        raise ValueError("an act names what it is about once")
    if len({own_id(registered) for registered, _ in changes}) != len(changes):
        raise ValueError("an act changes one agency or group once")
    for registered, replacing in changes:
        check_registered(registered, replacing)


def act_bytes(kept: KeptAct) -> int:
    """About how many bytes an act takes."""
    about = sum(3 * len(one) for one in kept.act.about)
    return _FACTS + len(kept.act.statement.content) + about


def is_of(kind: str, asked: str) -> bool:
    """Tells whether a kind is the one asked for, or below it; every kind is below none."""
    return not asked or kind == asked or kind.startswith(f"{asked}.")
