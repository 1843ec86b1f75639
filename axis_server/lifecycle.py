"""How a delivery moves: its states, and the one table of what may follow what. Pure.

    side = Side(entry=entry, delivery=delivery)
    take("03", side, Act.ACCEPT)     # Step(state=accepted, attests=ConsignmentAcceptance, ...)
    at_deadline(side, now)           # the steps that the axis itself takes, () when none is due

What a status code means is in `answers`; the drawing in docs/lifecycle.md, the rules in docs/decisions/0010.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from axis_server.errors import Declined, Detail
from axis_server.reasons import Code
from axis_server.wording import cannot_follow
from edxml.codes import Kind
from signing.evidence import EventId
from storage.ledger.records import Delivery, Entry, Question

_STATEMENT_ID_CHARACTERS = 64


class State(StrEnum):
    CONSIGNED = "consigned"
    FETCHED = "fetched"
    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    IN_PROCESS = "in_process"
    DONE = "done"
    EXPIRED = "expired"
    TAKEN_BACK = "taken_back"


OPEN = frozenset({State.CONSIGNED, State.FETCHED, State.HANDED_OVER})
"""No terminal evidence yet: a deadline runs."""
KEPT = frozenset({State.ACCEPTED, State.IN_PROCESS, State.DONE})
"""The recipient has it and has said so."""
ASKABLE = OPEN | KEPT
"""In these a question can be put to the recipient."""
ENDED_UNPROVED = frozenset({State.EXPIRED, State.REFUSED})
"""Ended, perhaps without a fetch, and the letter can still be read: a first fetch is noted here too."""
ASKABLE_KINDS = frozenset({Kind.NEW, Kind.REPLACE})
"""What can be asked about are documents; a revoke or an update is answered, not taken back."""
CONSENTED_KINDS = frozenset({Kind.REVOKE, Kind.UPDATE})
"""Their recipient may consent unread: a first fetch is noted also when they are kept."""
TERMINAL = frozenset(
    {
        EventId.CONSIGNMENT_ACCEPTANCE,
        EventId.CONSIGNMENT_REJECTION,
        EventId.CONTENT_HANDOVER_FAILURE,
        EventId.ACCEPTANCE_REJECTION_EXPIRY,
    }
)
"""Evidence that ends a delivery: each delivery leaves exactly one of these."""


class QuestionKind(StrEnum):
    """What a sender asks of a recipient."""

    RECALL = "recall"
    REMOVAL = "removal"
    REPLACEMENT = "replacement"


RECALL_REQUESTED = "RecallRequested"
REMOVAL_REQUESTED = "RemovalRequested"
REPLACEMENT_REQUESTED = "ReplacementRequested"
QUESTION_AGREED = "QuestionAgreed"
QUESTION_REFUSED = "QuestionRefused"
QUESTION_LAPSED = "QuestionLapsed"
STATUS_REPORT = "StatusReport"
"""Kinds of events beside the ERDS events; the last is what a processing state leaves."""

REQUESTED: Mapping[str, str] = MappingProxyType(
    {
        QuestionKind.RECALL: RECALL_REQUESTED,
        QuestionKind.REMOVAL: REMOVAL_REQUESTED,
        QuestionKind.REPLACEMENT: REPLACEMENT_REQUESTED,
    }
)
"""By kind of the question, the event that asking leaves."""


class Act(StrEnum):
    """What can happen to a delivery after it was committed."""

    FETCH = "fetch"
    HAND_OVER = "hand over"
    REFUSE = "refuse"
    ACCEPT = "accept"
    CONSENT = "consent"
    """A request (revoke, update) is accepted by its answer, handed over or not."""
    PROCESS = "process"
    FINISH = "finish"
    ASK = "ask"
    GIVE_BACK = "give back"
    KEEP = "keep"
    """The recipient says no to the question: the document stays with it."""
    NOTE = "note"
    """A replacement stands to be answered still, though the document was given back or kept."""
    LAPSE = "lapse"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: an act, from where to where, and what it leaves."""

    act: Act
    before: frozenset[State]
    after: State | None
    """None: the state stays."""
    attests: EventId | None
    """The evidence; None: none."""
    event: str = ""
    """As history tells it, where that is not the name of the evidence."""


def _row(
    act: Act, before: Collection[State], after: State | None, attests: EventId | None, event: str = ""
) -> Row:
    return Row(act=act, before=frozenset(before), after=after, attests=attests, event=event or str(attests))


_UNPROVED = (State.CONSIGNED, State.FETCHED)
_PROVED = (State.HANDED_OVER,)
_IN_HAND = (State.ACCEPTED, State.IN_PROCESS)

TABLE: tuple[Row, ...] = (
    _row(Act.FETCH, (State.CONSIGNED,), State.FETCHED, EventId.CONTENT_ACCESS_TRACKING),
    _row(Act.FETCH, ENDED_UNPROVED | KEPT, None, EventId.CONTENT_ACCESS_TRACKING),
    _row(Act.HAND_OVER, _UNPROVED, State.HANDED_OVER, EventId.CONTENT_HANDOVER),
    _row(Act.REFUSE, OPEN, State.REFUSED, EventId.CONSIGNMENT_REJECTION),
    _row(Act.ACCEPT, _PROVED, State.ACCEPTED, EventId.CONSIGNMENT_ACCEPTANCE),
    _row(Act.CONSENT, OPEN, State.ACCEPTED, EventId.CONSIGNMENT_ACCEPTANCE),
    _row(Act.PROCESS, _IN_HAND, State.IN_PROCESS, EventId.SUBMISSION_ACCEPTANCE, STATUS_REPORT),
    _row(Act.FINISH, _IN_HAND, State.DONE, EventId.SUBMISSION_ACCEPTANCE, STATUS_REPORT),
    _row(Act.EXPIRE, _UNPROVED, State.EXPIRED, EventId.CONTENT_HANDOVER_FAILURE),
    _row(Act.EXPIRE, _PROVED, State.EXPIRED, EventId.ACCEPTANCE_REJECTION_EXPIRY),
    _row(Act.GIVE_BACK, OPEN, State.TAKEN_BACK, EventId.CONSIGNMENT_REJECTION, QUESTION_AGREED),
    _row(Act.GIVE_BACK, KEPT, State.TAKEN_BACK, EventId.SUBMISSION_ACCEPTANCE, QUESTION_AGREED),
    _row(Act.ASK, ASKABLE, None, EventId.SUBMISSION_ACCEPTANCE, RECALL_REQUESTED),
    _row(Act.KEEP, ASKABLE, None, EventId.SUBMISSION_ACCEPTANCE, QUESTION_REFUSED),
    _row(Act.NOTE, OPEN, None, EventId.SUBMISSION_ACCEPTANCE, STATUS_REPORT),
    _row(Act.LAPSE, ASKABLE, None, None, QUESTION_LAPSED),
)
"""The table. `ASK` is the sender's status 13; a package asks in its own commit, without another evidence."""
_BY_ACT: Mapping[tuple[Act, str], Row] = {(row.act, state): row for row in TABLE for state in row.before}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A delivery with its dispatch, and what it asks of the same recipient."""

    entry: Entry
    delivery: Delivery
    asks: tuple[Side, ...] = ()
    """Deliveries whose open question this package asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What an act does to one delivery."""

    side: Side
    """Before."""
    act: Act
    state: State
    """Afterwards."""
    question: Question | None
    """Afterwards."""
    due: datetime | None
    """Afterwards."""
    event: str
    attests: EventId | None
    related_id: str = ""
    """The other dispatch that the act is about."""


def asked_by_statement(question: Question) -> bool:
    """Tells whether a status 13 asks: a statement is named by its SHA-256, a package by its dispatch id."""
    return len(question.by) == _STATEMENT_ID_CHARACTERS


def own_deadline(delivery: Delivery) -> datetime | None:
    """Returns when the delivery itself ends unless it moves on; None when it has ended or was accepted."""
    if delivery.state in _UNPROVED:
        return delivery.handover_by
    return delivery.answer_by if delivery.state in _PROVED else None


def overdue(delivery: Delivery, now: datetime) -> bool:
    """Tells whether the axis itself has to move a delivery before anyone else may."""
    return delivery.due is not None and delivery.due <= now


def rests_until(delivery: Delivery, ask_again: timedelta) -> datetime | None:
    """Returns until when its recipient, which said no to a question and has not moved it on since, is not
    asked again; None when it can be asked at once.

    Among what can be asked only that no (`Act.KEEP`) leaves a reason and no question.
    """
    refused = delivery.question is None and delivery.state in ASKABLE and delivery.reason
    return delivery.updated_at + ask_again if refused else None


def check_states(states: Collection[str]) -> None:
    """Raises `Declined` (INVALID_ARGUMENT) when a filter names what is no state."""
    if unknown := set(states) - set(State):
        raise Declined(
            Code.INVALID_ARGUMENT,
            Detail(
                f"no such state: {', '.join(sorted(unknown))}",
                f"không có trạng thái: {', '.join(sorted(unknown))}",
            ),
        )


def fetch(named: Side, *, noted: bool = False) -> Step | None:
    """Returns what handing out the first byte does; None when that leaves nothing. `noted`: its
    ContentAccessTracking stands already, which the state alone does not tell after an ending or a consent.

    Raises `Declined`: WITHHELD when it was taken back, or is asked back before it was fetched.
    """
    delivery = named.delivery
    if withheld(delivery):
        raise Declined(Code.WITHHELD, facts={"state": delivery.state})
    if noted or delivery.state not in unnoted(named.entry.kind):
        return None
    return take("", named, Act.FETCH)


def unnoted(kind: int) -> frozenset[State]:
    """In these a first fetch of a dispatch of this kind may be still to note."""
    ended = ENDED_UNPROVED | {State.CONSIGNED}
    return ended | KEPT if kind in CONSENTED_KINDS else ended


def withheld(delivery: Delivery) -> bool:
    """Tells whether the axis hands out nothing for this delivery."""
    unfetched = delivery.state == State.CONSIGNED
    return delivery.state == State.TAKEN_BACK or (unfetched and delivery.question is not None)


def at_deadline(named: Side, now: datetime) -> tuple[Step, ...]:
    """Returns what time alone does to a delivery and to what it asks; () when nothing is due."""
    delivery = named.delivery
    ends = own_deadline(delivery)
    if ends is not None and ends <= now:
        return (take("", named, Act.EXPIRE), *lapsed(named))
    if delivery.question is not None and delivery.question.until <= now:
        return (take("", named, Act.LAPSE, related=asker_id(delivery.question)),)
    return ()


def lapsed(ended: Side) -> tuple[Step, ...]:
    """What a package asks ends with the package."""
    return tuple(take("", one, Act.LAPSE, related=ended.delivery.dispatch_id) for one in ended.asks)


def take(code: str, side: Side, act: Act, *, related: str = "") -> Step:
    """Looks the act up in the table. Whatever moves a delivery by its recipient, or ends it, closes its
    question. Raises `Declined`: WRONG_STATE, also for a state that a later version wrote."""
    row = _BY_ACT.get((act, side.delivery.state))
    if row is None:
        raise wrong_state(code, side)
    state = row.after or State(side.delivery.state)
    return Step(
        side=side,
        act=act,
        state=state,
        question=None,
        due=due_after(side.delivery, state, None),
        event=row.event,
        attests=row.attests,
        related_id=related,
    )


def due_after(delivery: Delivery, state: State, question: Question | None) -> datetime | None:
    """When the axis itself has to move it next: the earlier of its own deadline and the question's."""
    own = own_deadline(replace(delivery, state=state))
    if question is None:
        return own
    return question.until if own is None else min(own, question.until)


def asker_id(question: Question) -> str:
    return "" if asked_by_statement(question) else question.by


def wrong_state(code: str, side: Side, why: Detail | None = None) -> Declined:
    state = side.delivery.state
    return Declined(
        Code.WRONG_STATE, why or cannot_follow(code, state), facts={"state": state, "status": code}
    )
