"""What a status code means to the delivery that it names, and to what is asked with it. Pure.

    (step,) = answer("03", side)                      # Step(state=accepted, ...)
    document, package = answer("15", side, asker)     # taken_back and accepted, in one act

A statement names one delivery and may move others in the same act: the document, and the package that asks
for it back. Codes: QCVN 102:2016. Rules: docs/decisions/0010-the-life-cycle.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from axis_server.errors import Declined, Detail
from axis_server.lifecycle import (
    ASKABLE,
    ASKABLE_KINDS,
    OPEN,
    QUESTION_LAPSED,
    QUESTION_REFUSED,
    REQUESTED,
    Act,
    Side,
    Step,
    asker_id,
    due_after,
    lapsed,
    rests_until,
    take,
    wrong_state,
)
from axis_server.reasons import Code
from axis_server.wording import asked_again_at, nothing_asked, waits_for_answer
from edxml import codes
from edxml.codes import Kind
from storage.ledger.records import Event, Question

CODES: Mapping[str, Act] = MappingProxyType(
    {
        codes.ARRIVED: Act.HAND_OVER,
        codes.REFUSED: Act.REFUSE,
        codes.ACCEPTED: Act.ACCEPT,
        codes.ASSIGNED: Act.PROCESS,
        codes.PROCESSING: Act.PROCESS,
        codes.DONE: Act.FINISH,
    }
)
"""What a status code does to a delivery when nothing is asked."""
REQUESTS: Mapping[tuple[Kind, str], tuple[Act, Act]] = MappingProxyType(
    {
        (Kind.REVOKE, codes.REFUSED): (Act.REFUSE, Act.KEEP),
        (Kind.REVOKE, codes.AGREED): (Act.CONSENT, Act.GIVE_BACK),
        (Kind.REVOKE, codes.DECLINED): (Act.REFUSE, Act.KEEP),
        (Kind.UPDATE, codes.REFUSED): (Act.REFUSE, Act.KEEP),
        (Kind.UPDATE, codes.AGREED): (Act.CONSENT, Act.GIVE_BACK),
        (Kind.UPDATE, codes.DECLINED): (Act.REFUSE, Act.KEEP),
        (Kind.REPLACE, codes.REFUSED): (Act.REFUSE, Act.KEEP),
        (Kind.REPLACE, codes.ACCEPTED): (Act.ACCEPT, Act.GIVE_BACK),
        (Kind.REPLACE, codes.AGREED): (Act.NOTE, Act.GIVE_BACK),
        (Kind.REPLACE, codes.DECLINED): (Act.NOTE, Act.KEEP),
    }
)
"""What a status code does to a package that asks, and to what it asks about."""
_ANSWERS: Mapping[str, Act] = {codes.AGREED: Act.GIVE_BACK, codes.DECLINED: Act.KEEP}


def answer(code: str, named: Side, asker: Side | None = None) -> tuple[Step, ...]:
    """Returns what a recipient's status does; the delivery that it names moves first.

    `asker` is the package whose question `named` has, with all that it asks; None when nobody or a status 13
    asks. Raises `Declined`: QUESTION_OPEN, STATUS_FORBIDDEN, WRONG_STATE, with the state.
    """
    question = named.delivery.question
    if question is not None:
        return _answer_question(code, named, question, asker)
    if named.asks:
        return _answer_request(code, named)
    kind = named.entry.kind
    if kind in (Kind.REVOKE, Kind.UPDATE) and (alone := REQUESTS.get((Kind(kind), code))):
        return (take(code, named, alone[0]),)
    _check_answerable(code, kind)
    if code not in CODES:
        raise wrong_state(code, named, nothing_asked(named.delivery.state))
    return (take(code, named, CODES[code]),)


def ask(named: Side, question: Question, ask_again: timedelta) -> Step:
    """Returns what the sender's status 13 does. A recipient that said no is left alone for `ask_again`,
    unless it moves the delivery on. Raises `Declined`: ASKED_LATELY, QUESTION_OPEN, STATUS_FORBIDDEN,
    WRONG_STATE."""
    if named.entry.kind not in ASKABLE_KINDS:
        raise Declined(
            Code.STATUS_FORBIDDEN,
            Detail(
                "a revoke or update package is not taken back: its recipient answers it",
                "gói thu hồi, cập nhật không lấy lại được: bên nhận trả lời gói đó",
            ),
            facts={"status": codes.TAKE_BACK, "kind": str(named.entry.kind)},
        )
    if named.delivery.question is not None and named.delivery.state in ASKABLE:
        raise _question_open(codes.TAKE_BACK, named)
    rests = rests_until(named.delivery, ask_again)
    if rests is not None and question.asked_at < rests:
        raise Declined(
            Code.ASKED_LATELY,
            asked_again_at(rests),
            facts={"state": named.delivery.state, "until": rests.isoformat()},
        )
    step = take(codes.TAKE_BACK, named, Act.ASK)
    return replace(step, question=question, due=due_after(named.delivery, step.state, question))


def said_before(code: str, recipient_id: str, history: Iterable[Event]) -> Event | None:
    """Returns the event by which a statement of this code already did what it would do again, or None.

    This is how an agency that lost the reply and the sealed bytes, and sealed again, finds its answer.
    Processing states 04 and 05 are news each time. An answer (15, 16) is forgotten when a new question
    is asked, and a question (13) when it was refused or lapsed: then the code means something new.
    """
    if code in (codes.ASSIGNED, codes.PROCESSING):
        return None
    forgets: Collection[str] = ()
    if code in _ANSWERS:
        forgets = REQUESTED.values()
    elif code == codes.TAKE_BACK:
        forgets = (QUESTION_REFUSED, QUESTION_LAPSED)
    found = None
    for event in history:
        if event.recipient_id != recipient_id:
            continue
        if event.status_code == code and event.statement_id:
            found = event
        elif event.kind in forgets:
            found = None
    return found


def _answer_question(code: str, named: Side, question: Question, asker: Side | None) -> tuple[Step, ...]:
    """The delivery is asked about: 15 and 16 answer, anything else waits."""
    if (act := _ANSWERS.get(code)) is None:
        raise _question_open(code, named)
    if asker is None or asker.entry.kind == Kind.REPLACE or asker.delivery.state not in OPEN:
        return (take(code, named, act, related=asker_id(question)), *_freed(named, act))
    name = named.delivery.dispatch_id
    others = (one for one in asker.asks if one.delivery.dispatch_id != name)
    steps = _answer_request(code, replace(asker, asks=(named, *others)))
    return tuple(sorted(steps, key=lambda step: step.side is not named))


def _answer_request(code: str, package: Side) -> tuple[Step, ...]:
    """The package asks: its answer answers every question that it asks."""
    kind = Kind(package.entry.kind)
    acts = REQUESTS.get((kind, code))
    if acts is None:
        _check_answerable(code, kind, asks=True)
        return (take(code, package, CODES[code]),)
    own, of_each = acts
    related = package.asks[0].delivery.dispatch_id
    steps = [take(code, package, own, related=related)]
    for one in package.asks:
        steps.append(take(code, one, of_each, related=package.delivery.dispatch_id))
        steps += _freed(one, of_each)
    return tuple(steps)


def _freed(given: Side, act: Act) -> tuple[Step, ...]:
    return lapsed(given) if act == Act.GIVE_BACK else ()


def _check_answerable(code: str, kind: int, *, asks: bool = False) -> None:
    """A request is answered with 15 or 16; 03 would not say whether the document goes back."""
    if code == codes.ACCEPTED and (kind == Kind.REVOKE or (kind == Kind.UPDATE and asks)):
        raise Declined(
            Code.STATUS_FORBIDDEN,
            Detail(
                "a request to give a document back is answered with 15 or 16",
                "đề nghị lấy lại văn bản được trả lời bằng 15 hoặc 16",
            ),
            facts={"status": code, "kind": str(kind)},
        )


def _question_open(code: str, side: Side) -> Declined:
    asked = side.delivery.question.kind if side.delivery.question else ""
    return Declined(
        Code.QUESTION_OPEN,
        waits_for_answer(asked, code),
        facts={"state": side.delivery.state, "status": code, "question": asked},
    )
