"""The life of a delivery, written a second time: from docs/decisions/0010, not from the axis's own table.

What the axis calls its table is what is judged here, so nothing of it is imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.judging.account import Seen

CONSIGNED, HANDED_OVER, ACCEPTED, REFUSED = 1, 2, 3, 4
IN_PROCESS, DONE, FETCHED, EXPIRED, TAKEN_BACK = 5, 6, 7, 8, 9
"""As the wire numbers them (DeliveryState)."""
NAMES = {
    CONSIGNED: "consigned",
    HANDED_OVER: "handed over",
    ACCEPTED: "accepted",
    REFUSED: "refused",
    IN_PROCESS: "in process",
    DONE: "done",
    FETCHED: "fetched",
    EXPIRED: "expired",
    TAKEN_BACK: "taken back",
}
NOT_ENDED = {CONSIGNED, FETCHED, HANDED_OVER}
HAD = {ACCEPTED, IN_PROCESS, DONE}

ACCEPTANCE, REJECTION = "ConsignmentAcceptance", "ConsignmentRejection"
NOT_HANDED_OVER, NOT_ANSWERED = "ContentHandoverFailure", "AcceptanceRejectionExpiry"
ENDINGS = {ACCEPTANCE, REJECTION, NOT_HANDED_OVER, NOT_ANSWERED}
QUESTIONS = {"RecallRequested", "RemovalRequested", "ReplacementRequested"}


class Impossible(Exception):
    """An event that cannot follow."""


@dataclass(slots=True)
class Life:
    """Where a delivery stands after the events so far."""

    kind: int
    """Of the package that was delivered: 0 to 3."""
    state: int = CONSIGNED
    asked: bool = False
    version: int = 1
    tracked: bool = False
    """Its ContentAccessTracking stands: there is one, before the ending or after it."""
    endings: int = 0
    at: float = 0.0


def lived(kind: int, events: Iterable[Seen]) -> Life:
    """Walks the events of one delivery in order. Raises `Impossible`."""
    life = Life(kind)
    for number, event in enumerate(events):
        if not number and event.kind == "ContentConsignment":  # an update brought it here later
            life.at = event.at
            continue
        if event.at < life.at:
            raise Impossible(f"{event.kind} is dated before what it follows")
        before = life.state
        life.state = _next(life, event)
        life.at = event.at
        life.version += 1
        life.tracked = life.tracked or event.kind == "ContentAccessTracking"
        if event.kind in ENDINGS or (event.kind == "QuestionAgreed" and before in NOT_ENDED):
            life.endings += 1
        if event.kind in QUESTIONS:
            life.asked = True
        elif event.kind != "StatusReport":
            life.asked = False
    return life


def _next(life: Life, event: Seen) -> int:
    """The state after an event. The question, where one is open, lets nothing through but its answer and
    time."""
    state, code = life.state, event.status_code

    def after(allowed: set[int], then: int, codes: set[str]) -> int:
        if state not in allowed or code not in codes:
            asked = " and asked" if life.asked else ""
            raise Impossible(f"{event.kind} ({code or 'no code'}) when {NAMES[state]}{asked}")
        return then

    def unasked() -> None:
        if life.asked:
            raise Impossible(f"{event.kind} ({code or 'no code'}) while a question is open")

    request = life.kind in (1, 2)
    match event.kind:
        case "ContentAccessTracking":
            unasked()
            if life.tracked:
                raise Impossible("a second ContentAccessTracking")
            readable = {CONSIGNED, EXPIRED, REFUSED} | ({ACCEPTED, IN_PROCESS, DONE} if request else set())
            return after(readable, FETCHED if state == CONSIGNED else state, {""})
        case "ContentHandover":
            unasked()
            return after({CONSIGNED, FETCHED}, HANDED_OVER, {"01"})
        case "ConsignmentAcceptance":
            unasked()
            if request and code in ("15", "03"):
                return after(NOT_ENDED if code == "15" else {HANDED_OVER}, ACCEPTED, {"03", "15"})
            return after({HANDED_OVER}, ACCEPTED, {"03"})
        case "ConsignmentRejection":
            unasked()
            return after(NOT_ENDED, REFUSED, {"02", "16"} if request else {"02"})
        case "StatusReport":
            if code in ("15", "16"):  # a replacement is told what became of the document, and stays
                if life.kind != 3:
                    raise Impossible(f"status {code} is no report on a package of kind {life.kind}")
                return after(NOT_ENDED, state, {"15", "16"})
            unasked()
            return after({ACCEPTED, IN_PROCESS}, DONE if code == "06" else IN_PROCESS, {"04", "05", "06"})
        case "ContentHandoverFailure":
            return after({CONSIGNED, FETCHED}, EXPIRED, {""})
        case "AcceptanceRejectionExpiry":
            return after({HANDED_OVER}, EXPIRED, {""})
        case "RecallRequested" | "RemovalRequested" | "ReplacementRequested":
            unasked()
            return after(NOT_ENDED | HAD, state, {"", "13"})
        case "QuestionAgreed" | "QuestionRefused" | "QuestionLapsed":
            if not life.asked:
                raise Impossible(f"{event.kind}, and nothing was asked")
            if event.kind == "QuestionAgreed":
                return after(NOT_ENDED | HAD, TAKEN_BACK, {"15", "03"})
            return after(NOT_ENDED | HAD, state, {"16", "02"} if event.kind == "QuestionRefused" else {""})
        case _:
            raise Impossible(f"nobody knows {event.kind}")
