"""Every state that a document, a package that asks for it, and a package that asks for that one can be in
together: all of them are visited, by every act in every order, and the promises hold in each.

The model is small because the table is: the pure functions that the axis uses, over deliveries in a tuple.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

import pytest

from axis_server.delivering.answers import answer, ask
from axis_server.errors import Declined
from axis_server.lifecycle import (
    ASKABLE,
    OPEN,
    TERMINAL,
    QuestionKind,
    Side,
    State,
    Step,
    at_deadline,
    due_after,
    fetch,
    withheld,
)
from edxml.codes import RECEIVER_STATUSES, Kind
from signing.evidence import EventId
from storage.ledger.records import Delivery
from tests.axis_server.deliveries import (
    AGAIN,
    ANSWER_BY,
    ASKS,
    START,
    STATEMENT,
    entry_of,
    moved,
    question_of,
    side_of,
)

FINAL = {State.REFUSED, State.EXPIRED, State.TAKEN_BACK}
FORWARD = {
    (State.ACCEPTED, State.IN_PROCESS),
    (State.ACCEPTED, State.DONE),
    (State.IN_PROCESS, State.DONE),
    *((state, State.TAKEN_BACK) for state in (State.ACCEPTED, State.IN_PROCESS, State.DONE)),
}
"""The only changes of state after an ending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Which dispatches there can be, each asking about the one before it."""

    kinds: tuple[Kind, ...]
    """Of the dispatches, the document first."""
    asks: bool = True
    """False: the packages ask nothing, as an update that removes nobody."""
    until: datetime
    """When questions lapse: before all deadlines, or after them."""

    def names(self) -> tuple[str, ...]:
        return ("document", "package", "second")[: len(self.kinds)]


@dataclass(frozen=True, slots=True)
class Node:
    """Where everything stands: deliveries by name, how many endings each left, and which were fetched."""

    deliveries: Mapping[str, Delivery]
    endings: Mapping[str, int]
    noted: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[object, ...]:
        """What tells nodes apart; that the document was fetched, only among two, or there were too many."""
        noted = len(self.deliveries) < 3 and "document" in self.noted
        return noted, *(
            (name, one.state, one.question.by if one.question else "", self.endings[name])
            for name, one in self.deliveries.items()
        )


Act = tuple[str, str]
"""What is done (a status code, `fetch`, `13`, `time`, `commit`), and to which dispatch."""


class Lost(Exception):
    """The compare-and-swap lost."""


def begin() -> Node:
    return Node({"document": side_of(State.CONSIGNED).delivery}, {"document": 0})


def acts(thread: Thread, node: Node) -> Iterator[Act]:
    for name in thread.names():
        if name not in node.deliveries:
            yield "commit", name
            return
        for code in (*sorted(RECEIVER_STATUSES), "13", "fetch", "time"):
            yield code, name


def side(thread: Thread, node: Node, name: str) -> Side:
    asks = tuple(
        side(thread, node, other)
        for other, one in node.deliveries.items()
        if one.question is not None and one.question.by == name
    )
    return Side(
        entry=entry_of(name, thread.kinds[thread.names().index(name)]),
        delivery=node.deliveries[name],
        asks=asks,
    )


def planned(thread: Thread, node: Node, act: Act) -> tuple[Step, ...]:
    """What the axis would commit. Raises `Declined`."""
    code, name = act
    named = side(thread, node, name)
    match code:
        case "13":
            return (ask(named, question_of(STATEMENT, until=thread.until), AGAIN),)
        case "fetch":
            step = fetch(named, noted=name in node.noted)
            return () if step is None else (step,)
        case "time":
            due = named.delivery.due
            return () if due is None else at_deadline(named, due)
        case _:
            asker = named.delivery.question.by if named.delivery.question else ""
            return answer(code, named, side(thread, node, asker) if asker in node.deliveries else None)


def swapped(node: Node, steps: tuple[Step, ...]) -> Node:
    """What stands after the commit of all steps or none. Raises `Lost`."""
    deliveries, endings, noted = dict(node.deliveries), dict(node.endings), node.noted
    for step in steps:
        name = step.side.delivery.dispatch_id
        if deliveries[name].version != step.side.delivery.version:
            raise Lost
        deliveries[name] = moved(step)
        endings[name] += step.attests in TERMINAL
        if step.attests == EventId.CONTENT_ACCESS_TRACKING:
            assert name not in noted, "a first fetch is noted once"
            noted |= {name}
    return Node(deliveries, endings, noted)


def committed(thread: Thread, node: Node, name: str) -> Node:
    """A package comes in: it asks about the one before it, if that can be asked now (`Asking`)."""
    deliveries = dict(node.deliveries)
    asked = thread.names()[thread.names().index(name) - 1]
    kind = thread.kinds[thread.names().index(name)]
    before = deliveries[asked]
    if thread.asks and before.state in ASKABLE and before.question is None:
        question = question_of(name, ASKS[kind], until=thread.until)
        due = due_after(before, State(before.state), question)
        deliveries[asked] = replace(before, question=question, due=due, version=before.version + 1)
    deliveries[name] = side_of(State.CONSIGNED, name=name, kind=kind).delivery
    return Node(deliveries, {**node.endings, name: 0}, node.noted)


def done(thread: Thread, node: Node, act: Act) -> Node:
    """What stands after an act. Raises `Declined`."""
    if act[0] == "commit":
        return committed(thread, node, act[1])
    return swapped(node, planned(thread, node, act))


@cache
def explored(thread: Thread) -> list[tuple[Node, dict[Act, Node]]]:
    """Every reachable node, with what each possible act makes of it."""
    first = begin()
    found = {first.key: first}
    waiting, all_of_them = deque([first]), []
    while waiting:
        node = waiting.popleft()
        following = {}
        for act in acts(thread, node):
            try:
                after = done(thread, node, act)
            except Declined:
                continue
            following[act] = after
            if after.key not in found:
                found[after.key] = after
                waiting.append(after)
        all_of_them.append((node, following))
    return all_of_them


EARLY, LATE = START + timedelta(hours=1), ANSWER_BY + timedelta(hours=1)
THREADS = {
    f"{'+'.join(kind.name.lower() for kind in kinds)}{' asks nothing' * (not asks)}, {when}": Thread(
        kinds=kinds, asks=asks, until=until
    )
    for kinds, asks in (
        ((Kind.NEW,), True),
        ((Kind.NEW, Kind.REVOKE), True),
        ((Kind.NEW, Kind.UPDATE), True),
        ((Kind.NEW, Kind.UPDATE), False),
        ((Kind.NEW, Kind.REPLACE), True),
        ((Kind.NEW, Kind.REPLACE, Kind.REVOKE), True),
        ((Kind.NEW, Kind.REPLACE, Kind.REPLACE), True),
    )
    for when, until in (("questions lapse early", EARLY), ("questions lapse late", LATE))
    if len(kinds) < 3 or until == LATE
}
every_thread = pytest.mark.parametrize("thread", THREADS.values(), ids=THREADS)


def assert_promises(thread: Thread, node: Node) -> None:
    for name, one in node.deliveries.items():
        state = State(one.state)
        assert node.endings[name] == (state not in OPEN), "one ending, exactly when it has ended"
        assert (one.due is not None) == (state in OPEN or one.question is not None), "time moves what waits"
        if one.question is not None:
            assert state in ASKABLE, "no question outlives the delivery"
            asker = node.deliveries.get(one.question.by)
            assert asker is None or asker.state in OPEN, "no question outlives the package that asks"


@every_thread
def test_every_reachable_state_keeps_the_promises(thread: Thread) -> None:
    nodes = explored(thread)
    for node, _ in nodes:
        assert_promises(thread, node)
    reached = {one.state for node, _ in nodes for one in node.deliveries.values()}
    assert reached == {str(state) for state in State}


@every_thread
def test_nothing_leaves_an_ending_but_processing_and_giving_back(thread: Thread) -> None:
    for node, following in explored(thread):
        for after in following.values():
            for name, one in node.deliveries.items():
                was, state = State(one.state), State(after.deliveries[name].state)
                if was != state and was not in OPEN:
                    assert (was, state) in FORWARD
                assert after.endings[name] >= node.endings[name]
                still = replace(one, version=one.version + (name in after.noted - node.noted))
                assert was not in FINAL or after.deliveries[name] == still


@every_thread
def test_time_alone_ends_everything_from_everywhere(thread: Thread) -> None:
    for node, _ in explored(thread):
        standing, moves = node, 0
        while waiting := [one for one in standing.deliveries.values() if one.due is not None]:
            standing = done(thread, standing, ("time", waiting[0].dispatch_id))
            moves += 1
            assert moves <= 2 * len(thread.kinds), "each delivery lapses and expires at most once"
        assert all(State(one.state) not in OPEN for one in standing.deliveries.values())
        assert set(standing.endings.values()) == {1}


@every_thread
def test_of_two_acts_on_one_delivery_the_first_commit_wins_and_the_other_is_judged_again(
    thread: Thread,
) -> None:
    raced = 0
    for node, following in explored(thread):
        plans = {act: planned(thread, node, act) for act in following if act[0] != "commit"}
        for late, plan in plans.items():
            touched = {step.side.delivery.dispatch_id for step in plan}
            for first, after in following.items():
                changed = {name for name in touched if after.deliveries[name] != node.deliveries[name]}
                if changed:
                    raced += 1
                    with pytest.raises(Lost):
                        swapped(after, plan)
                    try:
                        assert_promises(thread, done(thread, after, late))
                    except Declined as declined:
                        assert declined.code in {
                            "WRONG_STATE",
                            "QUESTION_OPEN",
                            "WITHHELD",
                            "STATUS_FORBIDDEN",
                        }, (first, late)
                else:
                    assert_promises(thread, swapped(after, plan))
    assert raced


@every_thread
def test_the_same_status_again_changes_nothing_but_processing_is_news(thread: Thread) -> None:
    for _, following in explored(thread):
        for (code, name), after in following.items():
            if code not in RECEIVER_STATUSES - {"04", "05"}:
                continue
            try:
                again = done(thread, after, (code, name))
            except Declined:
                continue
            assert (code, name) != (code, "document"), "a document's status is said once"
            assert again.endings == after.endings


@pytest.mark.parametrize("thread", [one for one in THREADS.values() if len(one.kinds) == 2 and one.asks])
def test_a_recall_before_the_fetch_withholds_and_one_after_it_asks(thread: Thread) -> None:
    recalled_first = done(thread, begin(), ("commit", "package"))
    with pytest.raises(Declined, match="WITHHELD"):
        done(thread, recalled_first, ("fetch", "document"))
    fetched_first = done(thread, done(thread, begin(), ("fetch", "document")), ("commit", "package"))
    document = fetched_first.deliveries["document"]
    assert (document.state, document.question is not None) == ("fetched", True)
    assert not withheld(document)


@pytest.mark.parametrize("thread", [one for one in THREADS.values() if len(one.kinds) == 2 and one.asks])
def test_a_recall_before_the_acceptance_stops_it_and_one_after_it_asks_what_was_accepted(
    thread: Thread,
) -> None:
    handed_over = done(thread, begin(), ("01", "document"))
    recalled_first = done(thread, handed_over, ("commit", "package"))
    with pytest.raises(Declined, match="QUESTION_OPEN"):
        done(thread, recalled_first, ("03", "document"))
    accepted_first = done(thread, done(thread, handed_over, ("03", "document")), ("commit", "package"))
    document = accepted_first.deliveries["document"]
    assert (document.state, accepted_first.endings["document"]) == ("accepted", 1)
    assert document.question is not None
    given_back = done(thread, accepted_first, ("15", "document"))
    assert (given_back.deliveries["document"].state, given_back.endings["document"]) == ("taken_back", 1)


def test_the_kinds_of_questions_are_those_that_packages_ask() -> None:
    assert set(ASKS.values()) == set(QuestionKind)
