"""What may follow what: the states of a delivery and the statements that move it. Pure.

    consigned ──01──► handed_over ──03──► accepted ──04,05──► in_process ──06──► done
        │                  │                 └───────────────06───────────────────▲
        └───────02─────────┴──► refused      (04 and 05 may be repeated in process)

Codes: QCVN 102:2016, the receiver's statuses. 13, 15 and 16 (recall and its answers) are not served yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from axis_server.errors import Declined
from axis_server.reasons import Code
from signing.evidence import EventId
from storage.ledger.records import Event, Question

STATEMENT_ID_CHARACTERS = 64


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
ASKABLE = OPEN | {State.ACCEPTED, State.IN_PROCESS, State.DONE}
"""In these a question can be put to the recipient."""


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

REQUESTED: Mapping[str, str] = {
    QuestionKind.RECALL: RECALL_REQUESTED,
    QuestionKind.REMOVAL: REMOVAL_REQUESTED,
    QuestionKind.REPLACEMENT: REPLACEMENT_REQUESTED,
}
"""By kind of the question, the event that asking leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a statement does to a delivery."""

    state: State
    """Afterwards."""
    event: str
    """As history tells it."""
    attests: EventId
    """The evidence that the axis issues."""


_HAND_OVER = Step(state=State.HANDED_OVER, event=EventId.CONTENT_HANDOVER, attests=EventId.CONTENT_HANDOVER)
_REFUSE = Step(
    state=State.REFUSED, event=EventId.CONSIGNMENT_REJECTION, attests=EventId.CONSIGNMENT_REJECTION
)
_ACCEPT = Step(
    state=State.ACCEPTED, event=EventId.CONSIGNMENT_ACCEPTANCE, attests=EventId.CONSIGNMENT_ACCEPTANCE
)
_PROCESS = Step(state=State.IN_PROCESS, event=STATUS_REPORT, attests=EventId.SUBMISSION_ACCEPTANCE)
_FINISH = Step(state=State.DONE, event=STATUS_REPORT, attests=EventId.SUBMISSION_ACCEPTANCE)

STEPS: Mapping[tuple[str, str], Step] = {
    ("01", State.CONSIGNED): _HAND_OVER,
    ("02", State.CONSIGNED): _REFUSE,
    ("02", State.HANDED_OVER): _REFUSE,
    ("03", State.HANDED_OVER): _ACCEPT,
    ("04", State.ACCEPTED): _PROCESS,
    ("04", State.IN_PROCESS): _PROCESS,
    ("05", State.ACCEPTED): _PROCESS,
    ("05", State.IN_PROCESS): _PROCESS,
    ("06", State.ACCEPTED): _FINISH,
    ("06", State.IN_PROCESS): _FINISH,
}
SERVED = frozenset(code for code, _ in STEPS)
ONCE = frozenset({"01", "02", "03", "06"})
"""Codes that a delivery takes at most once: to say one again is to ask what the first left."""


def asked_by_statement(question: Question) -> bool:
    """Tells whether a status 13 asks: a statement is named by its SHA-256, a package by its dispatch id."""
    return len(question.by) == STATEMENT_ID_CHARACTERS


def check_states(states: Collection[str]) -> None:
    """Raises `Declined` (INVALID_ARGUMENT) when a filter names what is no state."""
    if unknown := set(states) - set(State):
        raise Declined(Code.INVALID_ARGUMENT, f"no such state: {', '.join(sorted(unknown))}")


def step(status_code: str, state: str) -> Step:
    """Returns what `status_code` does to a delivery in `state`.

    Raises `Declined`: STATUS_FORBIDDEN for a code that recipients do not report here, WRONG_STATE with the
    state, also for one that a later version wrote.
    """
    if status_code not in SERVED:
        raise Declined(
            Code.STATUS_FORBIDDEN,
            f"status {status_code} is not served yet; recipients report {', '.join(sorted(SERVED))}",
            facts={"status": status_code},
        )
    found = STEPS.get((status_code, state))
    if found is None:
        raise Declined(
            Code.WRONG_STATE,
            f"status {status_code} cannot follow when the delivery is {state}",
            facts={"state": state, "status": status_code},
        )
    return found


def stated_before(status_code: str, recipient_id: str, history: Iterable[Event]) -> str | None:
    """Returns the statement by which this recipient already made the move of `status_code`, or None.

    This is how an agency that lost the reply and the sealed bytes, and sealed again, finds its answer.
    Processing states 04 and 05 are news each time, so they are never answered from the past.
    """
    if status_code not in ONCE:
        return None
    for event in history:
        if event.recipient_id == recipient_id and event.status_code == status_code and event.statement_id:
            return event.statement_id
    return None
