"""What may follow what."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from axis_server.errors import Declined
from axis_server.lifecycle import SERVED, STEPS, State, stated_before, step
from storage.ledger.records import Event

ROADS = {
    ("consigned", "01"): "handed_over",
    ("consigned", "02"): "refused",
    ("handed_over", "02"): "refused",
    ("handed_over", "03"): "accepted",
    ("accepted", "04"): "in_process",
    ("accepted", "05"): "in_process",
    ("accepted", "06"): "done",
    ("in_process", "04"): "in_process",
    ("in_process", "05"): "in_process",
    ("in_process", "06"): "done",
}
CODES = ("01", "02", "03", "04", "05", "06")


@pytest.mark.parametrize(("state", "code"), list(product(State, CODES)))
def test_only_the_roads_of_the_table_are_open(state: State, code: str) -> None:
    if (after := ROADS.get((state, code))) is not None:
        assert step(code, state).state == after
    else:
        with pytest.raises(Declined) as declined:
            step(code, state)
        assert (declined.value.code, declined.value.facts["state"]) == ("WRONG_STATE", state)


@pytest.mark.parametrize("code", ["13", "15", "16"])
@pytest.mark.parametrize("state", list(State))
def test_recall_statuses_are_not_served_yet(state: State, code: str) -> None:
    with pytest.raises(Declined, match="not served yet") as declined:
        step(code, state)
    assert declined.value.code == "STATUS_FORBIDDEN"


def test_refused_and_done_are_final() -> None:
    assert not [pair for pair in STEPS if pair[1] in (State.REFUSED, State.DONE)]


def test_every_state_but_the_first_can_be_reached() -> None:
    assert {taken.state for taken in STEPS.values()} == set(State) - {State.CONSIGNED}


@pytest.mark.parametrize(
    ("state", "code", "event", "attests"),
    [
        ("consigned", "01", "ContentHandover", "ContentHandover"),
        ("handed_over", "02", "ConsignmentRejection", "ConsignmentRejection"),
        ("handed_over", "03", "ConsignmentAcceptance", "ConsignmentAcceptance"),
        ("accepted", "05", "StatusReport", "SubmissionAcceptance"),
        ("in_process", "06", "StatusReport", "SubmissionAcceptance"),
    ],
)
def test_each_step_leaves_its_event_and_evidence(state: str, code: str, event: str, attests: str) -> None:
    taken = step(code, state)
    assert (taken.event, taken.attests) == (event, attests)


def event(sequence: int, recipient_id: str, status_code: str) -> Event:
    return Event(
        cursor=sequence,
        dispatch_id="d",
        sequence=sequence,
        kind="any",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        recipient_id=recipient_id,
        status_code=status_code,
        statement_id=f"statement-{sequence}",
    )


HISTORY = (event(1, "H90", "01"), event(2, "H91", "01"), event(3, "H90", "03"), event(4, "H90", "05"))


@pytest.mark.parametrize(
    ("code", "recipient", "first"), [("01", "H91", "statement-2"), ("03", "H90", "statement-3")]
)
def test_a_move_already_made_is_found_by_its_recipient_and_code(
    code: str, recipient: str, first: str
) -> None:
    assert stated_before(code, recipient, HISTORY) == first


@pytest.mark.parametrize(("code", "recipient"), [("03", "H91"), ("06", "H90"), ("01", "H92")])
def test_a_move_of_another_is_not_ones_own(code: str, recipient: str) -> None:
    assert stated_before(code, recipient, HISTORY) is None


def test_a_processing_state_is_news_each_time() -> None:
    assert stated_before("05", "H90", HISTORY) is None


@pytest.mark.parametrize("code", sorted(SERVED))
def test_a_state_that_a_later_version_wrote_is_moved_by_nothing(code: str) -> None:
    with pytest.raises(Declined) as declined:
        step(code, "recalled")
    assert (declined.value.code, declined.value.facts["state"]) == ("WRONG_STATE", "recalled")
