"""What may follow what, and that the drawing says the same."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from axis_server.delivering.answers import CODES, REQUESTS, answer, ask, said_before
from axis_server.errors import Declined
from axis_server.lifecycle import (
    ASKABLE,
    OPEN,
    TABLE,
    Act,
    QuestionKind,
    State,
    at_deadline,
    fetch,
    withheld,
)
from edxml import codes
from edxml.codes import RECEIVER_STATUSES, Kind
from tests.axis_server.deliveries import (
    AGAIN,
    ANSWER_BY,
    ASKS,
    HANDOVER_BY,
    START,
    STATEMENT,
    event_of,
    question_of,
    side_of,
)

ROADS = {
    ("consigned", "01"): "handed_over",
    ("fetched", "01"): "handed_over",
    ("consigned", "02"): "refused",
    ("fetched", "02"): "refused",
    ("handed_over", "02"): "refused",
    ("handed_over", "03"): "accepted",
    ("accepted", "04"): "in_process",
    ("accepted", "05"): "in_process",
    ("accepted", "06"): "done",
    ("in_process", "04"): "in_process",
    ("in_process", "05"): "in_process",
    ("in_process", "06"): "done",
}
PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"


@pytest.mark.parametrize(("state", "code"), list(product(State, sorted(RECEIVER_STATUSES))))
def test_when_nothing_is_asked_only_the_roads_of_the_table_are_open(state: State, code: str) -> None:
    if (after := ROADS.get((state, code))) is not None:
        (step,) = answer(code, side_of(state))
        assert step.state == after
    else:
        with pytest.raises(Declined) as declined:
            answer(code, side_of(state))
        assert (declined.value.code, declined.value.facts["state"]) == ("WRONG_STATE", state)


@pytest.mark.parametrize(
    ("state", "code", "event", "attests"),
    [
        ("fetched", "01", "ContentHandover", "ContentHandover"),
        ("handed_over", "02", "ConsignmentRejection", "ConsignmentRejection"),
        ("handed_over", "03", "ConsignmentAcceptance", "ConsignmentAcceptance"),
        ("accepted", "05", "StatusReport", "SubmissionAcceptance"),
        ("in_process", "06", "StatusReport", "SubmissionAcceptance"),
    ],
)
def test_each_step_leaves_its_event_and_evidence(state: str, code: str, event: str, attests: str) -> None:
    (step,) = answer(code, side_of(state))
    assert (step.event, step.attests) == (event, attests)


@pytest.mark.parametrize("code", sorted(RECEIVER_STATUSES))
def test_a_state_that_a_later_version_wrote_is_moved_by_nothing(code: str) -> None:
    with pytest.raises(Declined) as declined:
        answer(code, side_of("relayed"))
    assert (declined.value.code, declined.value.facts["state"]) == ("WRONG_STATE", "relayed")


# Fetching.


def test_the_first_fetch_moves_a_delivery_and_later_ones_do_not() -> None:
    step = fetch(side_of("consigned"))
    assert step is not None
    assert (step.state, step.attests, step.due) == ("fetched", "ContentAccessTracking", HANDOVER_BY)
    others = set(State) - {State.CONSIGNED, State.EXPIRED, State.REFUSED, State.TAKEN_BACK}
    assert [fetch(side_of(state)) for state in others] == [None] * 5


@pytest.mark.parametrize("state", ["expired", "refused"])
def test_a_first_fetch_after_the_ending_is_attested_and_changes_nothing_else(state: str) -> None:
    step = fetch(side_of(state))
    assert step is not None
    assert (step.state, step.attests, step.due) == (state, "ContentAccessTracking", None)
    assert fetch(side_of(state), noted=True) is None


@pytest.mark.parametrize("state", ["accepted", "in_process", "done"])
@pytest.mark.parametrize("kind", [Kind.REVOKE, Kind.UPDATE])
def test_a_first_fetch_of_a_request_that_was_consented_to_unread_is_attested(state: str, kind: Kind) -> None:
    step = fetch(side_of(state, kind=kind))
    assert step is not None
    assert (step.state, step.attests, step.due) == (state, "ContentAccessTracking", None)
    assert fetch(side_of(state, kind=kind), noted=True) is None
    assert fetch(side_of(state, kind=Kind.REPLACE)) is None, "a document is accepted by who holds it"


def test_what_was_taken_back_or_is_asked_back_unfetched_is_withheld() -> None:
    for side in (side_of("taken_back"), side_of("consigned", question=question_of(STATEMENT))):
        assert withheld(side.delivery)
        with pytest.raises(Declined, match="WITHHELD"):
            fetch(side)
    assert not withheld(side_of("fetched", question=question_of(STATEMENT)).delivery)
    assert not withheld(side_of("expired").delivery), "the letter was sent to them"


# Asking.


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("kind", [Kind.NEW, Kind.REPLACE])
def test_a_document_can_be_asked_back_until_it_has_ended_without_being_kept(state: State, kind: Kind) -> None:
    question = question_of(STATEMENT, until=START + timedelta(hours=1))
    if state in ASKABLE:
        step = ask(side_of(state, kind=kind), question, AGAIN)
        assert (step.state, step.question, step.due) == (state, question, question.until)
        assert (step.event, step.attests) == ("RecallRequested", "SubmissionAcceptance")
    else:
        with pytest.raises(Declined) as declined:
            ask(side_of(state, kind=kind), question, AGAIN)
        assert (declined.value.code, declined.value.facts["state"]) == ("WRONG_STATE", state)


@pytest.mark.parametrize("kind", [Kind.REVOKE, Kind.UPDATE])
def test_a_request_is_answered_and_not_taken_back(kind: Kind) -> None:
    with pytest.raises(Declined, match="STATUS_FORBIDDEN"):
        ask(side_of("consigned", kind=kind), question_of(STATEMENT), AGAIN)


def test_the_due_time_while_asked_is_the_earlier_of_the_two() -> None:
    early, late = START + timedelta(hours=1), ANSWER_BY + timedelta(hours=1)
    for state, own in (("consigned", HANDOVER_BY), ("handed_over", ANSWER_BY)):
        assert ask(side_of(state), question_of(STATEMENT, until=early), AGAIN).due == early
        assert ask(side_of(state), question_of(STATEMENT, until=late), AGAIN).due == own
    assert ask(side_of("done"), question_of(STATEMENT, until=late), AGAIN).due == late


@pytest.mark.parametrize("state", sorted(ASKABLE))
def test_while_asked_only_15_and_16_move_a_delivery(state: State) -> None:
    asked = side_of(state, question=question_of(STATEMENT))
    for code in sorted(RECEIVER_STATUSES - {"15", "16"}):
        with pytest.raises(Declined) as declined:
            answer(code, asked)
        assert declined.value.code == "QUESTION_OPEN"
        assert declined.value.facts["question"] == "recall"
    with pytest.raises(Declined, match="QUESTION_OPEN"):
        ask(asked, question_of("6" * 64), AGAIN)
    (agreed,) = answer("15", asked)
    ended = "ConsignmentRejection" if state in OPEN else "SubmissionAcceptance"
    assert (agreed.state, agreed.attests, agreed.due) == ("taken_back", ended, None)
    (kept,) = answer("16", asked)
    assert (kept.state, kept.question, kept.event) == (state, None, "QuestionRefused")


# The table of decision 0010: a package asks, and both are answered in one act.

STAYS = "stays"
ANSWERS = {
    (Kind.REVOKE, "02"): ("refused", STAYS),
    (Kind.REVOKE, "15"): ("accepted", "taken_back"),
    (Kind.REVOKE, "16"): ("refused", STAYS),
    (Kind.UPDATE, "02"): ("refused", STAYS),
    (Kind.UPDATE, "15"): ("accepted", "taken_back"),
    (Kind.UPDATE, "16"): ("refused", STAYS),
    (Kind.REPLACE, "02"): ("refused", STAYS),
    (Kind.REPLACE, "03"): ("accepted", "taken_back"),
    (Kind.REPLACE, "15"): (STAYS, "taken_back"),
    (Kind.REPLACE, "16"): (STAYS, STAYS),
}


@pytest.mark.parametrize("state", sorted(ASKABLE))
@pytest.mark.parametrize("kind", sorted(ASKS))
@pytest.mark.parametrize("code", ["02", "03", "15", "16"])
def test_an_answer_to_the_package_answers_what_it_asks(code: str, kind: Kind, state: State) -> None:
    asked = side_of(state, question=question_of("package", ASKS[kind]))
    package = side_of("handed_over", name="package", kind=kind, asks=(asked,))
    if (kind, code) not in ANSWERS:
        with pytest.raises(Declined, match="STATUS_FORBIDDEN"):
            answer(code, package)
        return
    own, document = answer(code, package)
    wanted = ANSWERS[kind, code]
    assert own.state == ("handed_over" if wanted[0] == STAYS else wanted[0])
    assert document.state == (state if wanted[1] == STAYS else wanted[1])
    assert document.question is None
    assert (own.related_id, document.related_id) == ("document", "package")


@pytest.mark.parametrize("kind", sorted(ASKS))
@pytest.mark.parametrize("code", ["15", "16"])
def test_an_answer_that_names_the_document_answers_the_package_too(code: str, kind: Kind) -> None:
    asked = side_of("fetched", question=question_of("package", ASKS[kind]))
    package = side_of("consigned", name="package", kind=kind, asks=(asked,))
    first, *rest = answer(code, asked, package)
    assert first.side is asked
    assert first.state == ("taken_back" if code == "15" else "fetched")
    if kind == Kind.REPLACE:
        assert rest == [], "a replacement is still to be answered"
    else:
        assert [step.state for step in rest] == ["accepted" if code == "15" else "refused"]


def test_a_package_that_asks_about_two_documents_is_answered_for_both() -> None:
    asked = tuple(side_of("consigned", name=one, question=question_of("package")) for one in ("one", "two"))
    package = side_of("consigned", name="package", kind=1, asks=asked)
    steps = answer("15", asked[1], package)
    assert [(step.side.delivery.dispatch_id, step.state) for step in steps] == [
        ("two", "taken_back"),
        ("package", "accepted"),
        ("one", "taken_back"),
    ]


@pytest.mark.parametrize("kind", [Kind.REVOKE, Kind.UPDATE])
@pytest.mark.parametrize(("code", "after"), [("15", "accepted"), ("16", "refused"), ("02", "refused")])
def test_a_request_that_asks_nothing_any_more_is_answered_alone(kind: Kind, code: str, after: str) -> None:
    (step,) = answer(code, side_of("consigned", kind=kind))
    assert step.state == after


def test_an_update_that_asks_nothing_is_accepted_like_a_document_and_a_revoke_is_not() -> None:
    (step,) = answer("03", side_of("handed_over", kind=Kind.UPDATE))
    assert step.state == "accepted"
    with pytest.raises(Declined, match="STATUS_FORBIDDEN"):
        answer("03", side_of("handed_over", kind=Kind.REVOKE))


def test_a_question_whose_package_went_elsewhere_is_answered_alone() -> None:
    asked = side_of("fetched", question=question_of("package"))
    (step,) = answer("15", asked, None)
    assert (step.state, step.related_id) == ("taken_back", "package")


def test_what_a_package_asks_ends_with_the_package() -> None:
    old = side_of("accepted", name="old", question=question_of("newer", QuestionKind.REPLACEMENT))
    newer = side_of("consigned", name="newer", kind=3, question=question_of(STATEMENT), asks=(old,))
    taken, freed = answer("15", newer)
    assert (taken.state, freed.act, freed.question, freed.state) == (
        "taken_back",
        Act.LAPSE,
        None,
        "accepted",
    )
    expired, freed = at_deadline(newer, HANDOVER_BY)
    assert (expired.state, freed.side, freed.event) == ("expired", old, "QuestionLapsed")


# Time.


@pytest.mark.parametrize("state", list(State))
def test_time_ends_what_is_open_and_nothing_else(state: State) -> None:
    ends = {
        "consigned": (HANDOVER_BY, "ContentHandoverFailure"),
        "fetched": (HANDOVER_BY, "ContentHandoverFailure"),
        "handed_over": (ANSWER_BY, "AcceptanceRejectionExpiry"),
    }.get(state)
    if ends is None:
        assert at_deadline(side_of(state), ANSWER_BY + timedelta(days=10_000)) == ()
        return
    deadline, evidence = ends
    assert at_deadline(side_of(state), deadline - timedelta(microseconds=1)) == ()
    (step,) = at_deadline(side_of(state), deadline)
    assert (step.state, step.attests, step.event, step.due) == ("expired", evidence, evidence, None)


@pytest.mark.parametrize("state", sorted(ASKABLE))
def test_a_question_lapses_and_the_delivery_goes_on(state: State) -> None:
    until = START + timedelta(hours=1)
    asked = side_of(state, question=question_of(STATEMENT, until=until))
    assert at_deadline(asked, until - timedelta(microseconds=1)) == ()
    (step,) = at_deadline(asked, until)
    assert (step.state, step.question, step.event, step.attests) == (state, None, "QuestionLapsed", None)
    assert step.due == side_of(state).delivery.due


def test_a_delivery_that_expires_while_asked_closes_its_question() -> None:
    (step,) = at_deadline(side_of("fetched", question=question_of(STATEMENT)), HANDOVER_BY)
    assert (step.state, step.question) == ("expired", None)


# Said before.

HISTORY = (
    event_of(1, "H90", "01"),
    event_of(2, "H91", "01"),
    event_of(3, "H90", "03"),
    event_of(4, "H90", "05"),
)


@pytest.mark.parametrize(
    ("code", "recipient", "first"), [("01", "H91", "statement-2"), ("03", "H90", "statement-3")]
)
def test_a_move_already_made_is_found_by_its_recipient_and_code(
    code: str, recipient: str, first: str
) -> None:
    found = said_before(code, recipient, HISTORY)
    assert found is not None
    assert found.statement_id == first


@pytest.mark.parametrize(("code", "recipient"), [("03", "H91"), ("06", "H90"), ("01", "H92"), ("05", "H90")])
def test_a_move_of_another_or_news_of_processing_is_not_found(code: str, recipient: str) -> None:
    assert said_before(code, recipient, HISTORY) is None


def test_an_answer_counts_for_its_own_question_only() -> None:
    asked = event_of(1, "H90", "13", "RecallRequested")
    kept = event_of(2, "H90", "16", "QuestionRefused")
    assert said_before("16", "H90", (asked, kept)) == kept
    assert said_before("13", "H90", (asked, kept)) is None, "after a 16 the sender may ask anew"
    again = event_of(3, "H90", "13", "RecallRequested")
    assert said_before("16", "H90", (asked, kept, again)) is None
    assert said_before("13", "H90", (asked, kept, again)) == again


# The drawing.


def drawn() -> set[tuple[str, str, str]]:
    """(before, after, act) of each arrow of the Mermaid drawing."""
    arrows = re.findall(r"^    (\w+) --> (\w+): (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        (before, after, act.strip())
        for before, after, acts in arrows
        for act in re.sub(r"\(.*?\)", "", acts).split(",")
    }


def tabled() -> set[tuple[str, str, str, str]]:
    """(act, before, after, evidence) of each line of the page's table, one for each state before."""
    page = PAGE.read_text(encoding="utf-8").split("## The table")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([\w ]+) \|.*\| ([\w, ]+) \| (\w+) \| (\w+) \|$", page, re.MULTILINE)
    return {
        (act, before.strip(), after, evidence)
        for act, befores, after, evidence in rows
        for before in befores.split(",")
        if act != "act"
    }


def test_the_drawing_shows_every_move_of_the_table_and_no_other() -> None:
    moves = {
        (str(before), str(row.after), str(row.act))
        for row in TABLE
        for before in row.before
        if row.after is not None
    }
    assert drawn() == moves


def test_the_pages_table_is_the_codes_table() -> None:
    assert tabled() == {
        (str(row.act), str(before), str(row.after or STAYS), str(row.attests or "none"))
        for row in TABLE
        for before in row.before
    }


def test_every_status_of_a_recipient_and_the_senders_13_have_an_act() -> None:
    acts = {*CODES, *(code for _, code in REQUESTS)}
    assert acts == set(RECEIVER_STATUSES)
    assert {"13"} == codes.SENDER_STATUSES
