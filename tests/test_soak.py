"""A short soak: a real axis, twelve agencies, kills, another clock in each life, cut lines: nothing breaks.
Then the account of that very run is doctored, one lie at a time, and the judge finds each."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import pytest
import xmlsec

from axis_server.operation.provision import provision
from axis_server.settings import Address
from benchmarks.judging.account import Account, Answer, Given, Seen
from benchmarks.judging.judge import judge
from benchmarks.judging.reading import holds
from benchmarks.judging.served import Proof, Sent, Served
from benchmarks.judging.table import ACCEPTED, DONE, ENDINGS, HANDED_OVER
from benchmarks.soak.crowd import gather_crowd
from benchmarks.soak.run import Outcome, Plan, soak
from benchmarks.soak.weather import Axis
from benchmarks.subjects import make_world
from signing.evidence import write
from signing.keys import load_pem
from tests.engines import require
from tests.signing.evidence_stage import record

MOVES, KILLS, UNITS = 300, 2, 100
pytestmark = pytest.mark.xdist_group("axis process")


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    require("faketime")
    plan = Plan(moves=MOVES, kills=KILLS, life=(1.0, 2.0), seed=20260302)
    return asyncio.run(soak(tmp_path_factory.mktemp("soak"), plan))


def test_every_accepted_delivery_ends_once_and_nothing_is_lost_whatever_befalls_the_axis(
    outcome: Outcome,
) -> None:
    assert list(outcome.breaches) == []
    assert outcome.figures["moves"] >= MOVES
    assert outcome.figures["kills"] == KILLS
    assert outcome.figures["deliveries"] > 50


async def test_a_life_that_ends_by_itself_is_noticed_behind_the_kill(tmp_path: Path) -> None:
    axis = Axis(config=make_world(tmp_path).config, address="", library="")
    await axis.start()
    assert axis.process is not None
    os.kill(axis.process.pid, signal.SIGSEGV)
    while "State:\tZ" not in Path(f"/proc/{axis.process.pid}/status").read_text():
        await asyncio.sleep(0.05)
    axis.end()
    await axis.start()
    axis.end()
    assert axis.died == [-signal.SIGSEGV]


def test_the_clock_ran_otherwise_in_one_life_than_in_another(outcome: Outcome) -> None:
    """The last life begins hours later: only so can what was never answered have ended here."""
    ends = [one.event for sent in everything(outcome.served) for one in sent.proofs]
    assert "ContentHandoverFailure" in ends


async def test_each_unit_behind_one_mailbox_ends_by_itself_and_one_that_fails_hinders_no_other(
    tmp_path: Path,
) -> None:
    require("faketime")
    figures, wrong = await gather_crowd(tmp_path, UNITS)
    assert wrong == []
    assert figures["ConsignmentAcceptance"] == UNITS - 2
    assert (figures["ConsignmentRejection"], figures["ContentHandoverFailure"]) == (1, 1)


def test_libxmlsec1_holds_an_evidence_and_refuses_it_altered(tmp_path: Path) -> None:
    at = datetime.now(UTC)
    anywhere = Address("127.0.0.1", 0)
    provision(tmp_path, listen=anywhere, hosts=(), metrics=None, axis_id="AXIS", axis_name="A", at=at)
    signer = load_pem(tmp_path / "evidence" / "axis.key", tmp_path / "evidence" / "axis.pem")
    evidence = write(record(at=at), signer=signer)
    keys = xmlsec.KeysManager()
    keys.load_cert(
        str(tmp_path / "ca" / "ca.pem"),
        xmlsec.constants.KeyDataFormatPem,
        xmlsec.constants.KeyDataTypeTrusted,
    )
    assert holds(evidence, keys)
    assert not holds(evidence.replace(b"G22.01.02", b"G22.01.03", 1), keys)


# What the judge must not believe


def everything(served: Served) -> Iterator[Sent]:
    return (sent for outbox in served.sent.values() for sent in outbox)


def accepted_package(account: Account) -> Given:
    return next(one for one in account.given.values() if one.kind == 0 and one.accepted)


def accepted_statement(account: Account) -> Given:
    return next(one for one in account.given.values() if one.code == "01" and one.accepted)


def ended(served: Served) -> tuple[Sent, Proof]:
    return next((sent, one) for sent in everything(served) for one in sent.proofs if one.event in ENDINGS)


def line_of(events: list[Seen], length: int) -> list[int]:
    """Where the first events of one dispatch stand."""
    for first in events:
        found = [number for number, one in enumerate(events) if one.dispatch_id == first.dispatch_id]
        if len(found) >= length:
            return found
    raise AssertionError("no dispatch has so many events")


def the_busiest(account: Account) -> list[Seen]:
    return max(account.followed.values(), key=len)


def another_answer(account: Account, served: Served) -> None:
    given = accepted_package(account)
    given.answers.append(given.accepted[0]._replace(evidence=("0" * 64, "1" * 64)))


def refused_afterwards(account: Account, served: Served) -> None:
    given = accepted_statement(account)
    late = given.accepted[0].ended + 1
    given.answers.append(Answer(late, late + 1, "WRONG_STATE", given.accepted[0].dispatch_id, ()))


def a_lost_dispatch(account: Account, served: Served) -> None:
    outbox = next(one for one in served.sent.values() if one)
    outbox.pop()


def a_doubled_document(account: Account, served: Served) -> None:
    outbox = next(one for one in served.sent.values() if any(sent.kind == 0 for sent in one))
    twin = deepcopy(next(sent for sent in outbox if sent.kind == 0))
    twin.dispatch_id = "another"
    outbox.append(twin)


def altered_bytes(account: Account, served: Served) -> None:
    sent = next(everything(served))
    sent.digests = ("0" * 64, *sent.digests[1:])


def altered_on_the_way_out(account: Account, served: Served) -> None:
    next(iter(account.fetched.values())).add("0" * 64)


def a_recipient_left_out(account: Account, served: Served) -> None:
    sent = next(everything(served))
    sent.deliveries = sent.deliveries[1:]


def a_lost_statement(account: Account, served: Served) -> None:
    sha256 = accepted_statement(account).sha256
    for sent in everything(served):
        sent.statements = tuple(one for one in sent.statements if one.sha256 != sha256)


def a_statement_that_nobody_made(account: Account, served: Served) -> None:
    sent = next(one for one in everything(served) if one.statements)
    sent.statements = (sent.statements[0]._replace(sha256="0" * 64), *sent.statements)


def an_event_that_the_follower_missed(account: Account, served: Served) -> None:
    events = the_busiest(account)
    missed = events[len(events) // 2]
    events[:] = [
        one for one in events if (one.dispatch_id, one.sequence) != (missed.dispatch_id, missed.sequence)
    ]


def events_in_another_order(account: Account, served: Served) -> None:
    events = the_busiest(account)
    first, second = line_of(events, 2)[:2]
    events[first], events[second] = events[second], events[first]


def an_event_told_in_two_ways(account: Account, served: Served) -> None:
    events = the_busiest(account)
    events.append(events[0]._replace(status_code="99"))


def a_gap_in_the_replay(account: Account, served: Served) -> None:
    events = max(served.events.values(), key=len)
    del events[line_of(events, 3)[1]]


def what_one_side_was_not_shown(account: Account, served: Served) -> None:
    senders = {sent.dispatch_id: who for who, outbox in served.sent.items() for sent in outbox}
    for who, events in served.events.items():
        for number, one in enumerate(events):
            if one.recipient_id and senders[one.dispatch_id] != who:
                events[number] = one._replace(evidence_id="another")
                return


def a_step_back(account: Account, served: Served) -> None:
    """It was shown as done, and stands as handed over in the end."""
    for sent in everything(served):
        for number, one in enumerate(sent.deliveries):
            if one.state in (ACCEPTED, DONE):
                back = one._replace(state=HANDED_OVER)
                sent.deliveries = (*sent.deliveries[:number], back, *sent.deliveries[number + 1 :])
                return
    raise AssertionError("nothing was accepted")


def two_states_of_one_version(account: Account, served: Served) -> None:
    versions = next(iter(account.stood.values()))
    next(iter(versions.values())).update({ACCEPTED, HANDED_OVER})


def no_ending(account: Account, served: Served) -> None:
    sent, proof = ended(served)
    sent.proofs = tuple(one for one in sent.proofs if one != proof)


def two_endings(account: Account, served: Served) -> None:
    sent, proof = ended(served)
    sent.proofs = (*sent.proofs, proof._replace(evidence_id="second", said_id="second"))


def evidence_that_says_something_else(account: Account, served: Served) -> None:
    sent, proof = ended(served)
    said = proof._replace(said_event="ContentHandover")
    sent.proofs = tuple(said if one == proof else one for one in sent.proofs)


def a_time_that_runs_backwards(account: Account, served: Served) -> None:
    for who, outbox in served.sent.items():
        own = {sent.dispatch_id for sent in outbox}
        for number, one in enumerate(served.events[who]):
            if one.dispatch_id in own and one.kind == "ContentHandover":
                served.events[who][number] = one._replace(at=one.at + 1e6)
                after = [
                    later
                    for later in served.events[who][number + 1 :]
                    if (later.dispatch_id, later.recipient_id) == (one.dispatch_id, one.recipient_id)
                ]
                if after:
                    return
    raise AssertionError("nothing followed a hand-over")


def an_axis_that_said_it_is_broken(account: Account, served: Served) -> None:
    account.troubles["INTERNAL"] += 1


def a_broken_seal(account: Account, served: Served) -> None:
    served.broken.append("evidence")


Lie = Callable[[Account, Served], None]
LIES: list[tuple[Lie, str]] = [
    (another_answer, "same bytes, same answer"),
    (refused_afterwards, "same bytes, same answer"),
    (a_lost_dispatch, "nothing lost"),
    (a_doubled_document, "nothing doubled"),
    (altered_bytes, "nothing altered"),
    (altered_on_the_way_out, "nothing altered"),
    (a_recipient_left_out, "frozen recipients"),
    (a_lost_statement, "nothing lost"),
    (a_statement_that_nobody_made, "nothing altered"),
    (an_event_that_the_follower_missed, "no event lost"),
    (events_in_another_order, "no event lost"),
    (an_event_told_in_two_ways, "same event, same words"),
    (a_gap_in_the_replay, "events in order"),
    (what_one_side_was_not_shown, "both sides see the same"),
    (a_step_back, "states by the table"),
    (two_states_of_one_version, "one state a version"),
    (no_ending, "one ending each"),
    (two_endings, "one ending each"),
    (evidence_that_says_something_else, "no evidence contradicts another"),
    (a_time_that_runs_backwards, "states by the table"),
    (an_axis_that_said_it_is_broken, "the axis is well"),
    (a_broken_seal, "seals hold"),
]


@pytest.mark.parametrize(("lie", "rule"), LIES, ids=[lie.__name__ for lie, _ in LIES])
def test_the_judge_finds(outcome: Outcome, lie: Lie, rule: str) -> None:
    account, served = deepcopy(outcome.account), deepcopy(outcome.served)
    lie(account, served)
    assert rule in {breach.rule for breach in judge(account, served)}
