"""Queues and oversight after random histories: every ledger answers alike, and counts as one does by hand."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.errors import StorageError
from storage.ledger.base import Ledger
from storage.ledger.memory import MemoryLedger
from storage.ledger.oversight import Aside, Lease, Tally
from storage.ledger.records import Asking, Delivery, Entry, NewEvent, Question, Recipient
from tests.storage import whole
from tests.storage.conftest import Opened
from tests.storage.records import RECIPIENTS, SENDER, accepted, at, entry, move

Step = Callable[[Ledger], Awaitable[object]]

NUMBERS = 16
AGENCIES = (SENDER, *RECIPIENTS, "G99")
STATES = ("fetched", "handed_over", "accepted", "in_process", "done", "refused", "expired", "taken_back")
DAY = 86_400


def a_commit(dice: random.Random, step: int) -> Step:
    number = dice.randrange(NUMBERS)
    when = at(dice.randrange(-40, 40) * DAY // 3)
    given = entry(
        number,
        sender_id=dice.choice([SENDER, SENDER, "G99"]),
        priority=dice.randrange(3),
        kind=dice.randrange(4),
        due_date=dice.choice(["", (when + timedelta(days=dice.randrange(5))).date().isoformat()]),
        accepted_at=when,
        document_id="",
    )
    names = dice.sample([*RECIPIENTS, "U1", "U2", SENDER], k=dice.randrange(1, 5))
    to = tuple(
        Recipient(agency_id=name, mailbox_id=RECIPIENTS[0] if name[0] == "U" else name) for name in names
    )
    about = f"dispatch-{dice.randrange(NUMBERS)}"
    question = Question(
        kind="recall", by="x", reason="r", asked_at=at(step), until=at(dice.randrange(5) * DAY)
    )
    asking = Asking(
        dispatch_id=about,
        recipients=tuple(dice.sample(RECIPIENTS, k=2)),
        states=frozenset(STATES[:3]) | {"consigned"},
        question=question,
        event=NewEvent(kind="RecallRequested", at=at(step)),
    )
    new = accepted(
        number,
        salt=str(step),
        entry=given,
        recipients=to,
        handover_by=when + timedelta(days=dice.randrange(5)),
        asks=(asking,) if dice.random() < 0.3 else (),
        about=(about,) if about != f"dispatch-{number}" and dice.random() < 0.5 else (),
    )
    return lambda ledger: ledger.commit(new)


def a_move(dice: random.Random, step: int) -> Step:
    number, recipient = dice.randrange(NUMBERS), dice.choice((*RECIPIENTS, "U1", SENDER))
    when = at(dice.randrange(6) * DAY)
    event = NewEvent(
        kind=dice.choice(["QuestionRefused", "StatusReport"]),
        at=when,
        recipient_id=recipient,
        status_code=dice.choice(["", "06"]),
    )
    given = {
        "recipient_id": recipient,
        "state": dice.choice(STATES),
        "at": when,
        "due": dice.choice([None, None, at(dice.randrange(6) * DAY)]),
        "statement": None,
        "evidence": (),
        "events": (event,),
    }

    async def advance(ledger: Ledger) -> object:
        current = await ledger.delivery(f"dispatch-{number}", recipient)
        moving = move(number, expected_version=current.version, **given)
        back = moving.state == "fetched" and current.state not in ("consigned", "fetched")
        return await ledger.advance([replace(moving, state="handed_over") if back else moving])

    return advance


def a_take(dice: random.Random, step: int) -> Step:
    mailbox, now, limit = dice.choice(AGENCIES), at(step), dice.randrange(1, 5)
    token = f"token-{step - dice.choice([0, 0, 0, 40])}"
    states = dice.sample(["consigned", "fetched"], k=dice.randrange(1, 3))
    until = now + timedelta(seconds=dice.randrange(1, 40))
    return lambda ledger: ledger.take(
        mailbox, holder="h", token=token, at=now, until=until, states=states, limit=limit
    )


def a_settlement(dice: random.Random, step: int) -> Step:
    mailbox, name = dice.choice(RECIPIENTS), f"dispatch-{dice.randrange(NUMBERS)}"
    token, until = f"token-{step - dice.randrange(12)}", at(step + dice.randrange(50))
    lease = Lease(token=token, holder="h", until=until, attempts=0)
    if dice.random() < 0.5:
        return lambda ledger: ledger.extend(mailbox, name, mailbox, lease)
    return lambda ledger: ledger.release(mailbox, name, mailbox, token)


def an_aside(dice: random.Random, step: int) -> Step:
    agency_id, name = dice.choice(AGENCIES), f"dispatch-{dice.randrange(NUMBERS)}"
    recipient, sequence = dice.choice(["", *RECIPIENTS, "U1"]), dice.choice([0, 0, 1, 4, 9])
    if dice.random() < 0.3:
        return lambda ledger: ledger.take_up(agency_id, name, recipient, sequence)
    aside = Aside(
        dispatch_id=name, recipient_id=recipient, sequence=sequence, reason=f"r{step}", at=at(step), by="h"
    )
    most = dice.choice([3, 100])
    return lambda ledger: ledger.set_aside(agency_id, aside, most=most)


def an_acknowledgement(dice: random.Random, step: int) -> Step:
    sender, name = dice.choice([SENDER, "G99", *RECIPIENTS]), f"dispatch-{dice.randrange(NUMBERS)}"
    recipient = dice.choice(RECIPIENTS)
    return lambda ledger: ledger.acknowledge(sender, name, recipient)


KINDS = [a_commit, a_commit, a_move, a_move, a_take, a_take, a_settlement, an_aside, an_acknowledgement]


async def answer(step: Step, ledger: Ledger) -> object:
    try:
        return await step(ledger)
    except (StorageError, ValueError) as exc:
        return type(exc)


async def everything(ledger: Ledger) -> list[object]:
    facts: list[object] = []
    for agency_id in (*AGENCIES, None):
        for limit in (3, 100):
            for days in (0, 2, 5):
                soon, since = at(days * DAY), at((days - 2) * DAY)
                facts.append(await ledger.concerns(agency_id, soon=soon, since=since, limit=limit))
        if agency_id is not None:
            facts.append(await ledger.asides(agency_id, limit=100))
            facts.append(await ledger.asides(agency_id, after=2, limit=2))
        for by in BYS:
            facts.append(await counted(ledger, agency_id, None, by))
            facts.append(await counted(ledger, None, agency_id, by))
    return facts


BYS = [(), ("day",), ("month", "agency"), ("sender", "priority"), ("agency", "kind", "day")]
SINCE, UNTIL = at(-20 * DAY), at(3 * DAY)


async def counted(
    ledger: Ledger, sender_id: str | None, mailbox_id: str | None, by: tuple[str, ...]
) -> tuple[Tally, ...]:
    return await ledger.tally(
        sender_id=sender_id, mailbox_id=mailbox_id, since=SINCE, until=UNTIL, at=UNTIL, by=by
    )


@pytest.mark.parametrize("seed", range(6))
async def test_every_ledger_gives_the_same_answers(
    tmp_path: Path, open_another: Callable[[Path], AbstractAsyncContextManager[Opened]], seed: int
) -> None:
    dice = random.Random(seed)
    steps = [dice.choice(KINDS)(dice, number) for number in range(250)]
    async with open_another(tmp_path) as another:
        ledgers: list[Ledger] = [MemoryLedger(), another]
        outcomes = []
        for step in steps:
            first, *others = [await answer(step, ledger) for ledger in ledgers]
            assert others == [first] * len(others)
            outcomes.append(first if isinstance(first, type) else bool(first))
        assert len(set(outcomes)) >= 4, set(outcomes)  # the history was worth telling
        first_facts, *other_facts = [await everything(ledger) for ledger in ledgers]
        assert other_facts == [first_facts] * len(other_facts)


@pytest.mark.parametrize("seed", range(10, 13))
async def test_statistics_equal_a_count_by_hand(ledger: Ledger, seed: int) -> None:
    dice = random.Random(seed)
    for number in range(200):
        await answer(dice.choice([a_commit, a_move, a_move])(dice, number), ledger)
    pairs = [
        (item.entry, delivery)
        for sender_id in (SENDER, "G99")
        for item in await whole.outbox(ledger, sender_id)
        for delivery in await whole.deliveries(ledger, item.entry.dispatch_id)
    ]
    assert len(pairs) > 20
    for by in BYS:
        for agency_id in AGENCIES:
            sent = [(one, other) for one, other in pairs if one.sender_id == agency_id]
            received = [(one, other) for one, other in pairs if other.mailbox_id == agency_id]
            assert await plain(ledger, agency_id, None, by) == by_hand(sent, by, "recipient")
            assert await plain(ledger, None, agency_id, by) == by_hand(received, by, "sender")


async def plain(
    ledger: Ledger, sender_id: str | None, mailbox_id: str | None, by: tuple[str, ...]
) -> dict[object, tuple[int, int, dict[str, int]]]:
    return {
        (one.key.period, one.key.agency_id, one.key.priority, one.key.kind): (
            one.dispatches,
            one.deliveries,
            one.states,
        )
        for one in await counted(ledger, sender_id, mailbox_id, by)
    }


def by_hand(
    pairs: list[tuple[Entry, Delivery]], by: tuple[str, ...], other: str
) -> dict[object, tuple[int, int, dict[str, int]]]:
    heaps: dict[object, list[tuple[Entry, Delivery]]] = {}
    for given, delivery in pairs:
        if not SINCE <= given.accepted_at < UNTIL:
            continue
        there = datetime.fromtimestamp(given.accepted_at.timestamp(), UTC) + timedelta(hours=7)
        form = {"day": "%Y-%m-%d", "month": "%Y-%m"}.get(
            next((one for one in by if one in ("day", "month")), "")
        )
        is_sender = other == "sender" or "sender" in by
        key = (
            there.strftime(form) if form else "",
            (given.sender_id if is_sender else delivery.recipient_id)
            if {"agency", "sender"} & set(by)
            else "",
            given.priority if "priority" in by else -1,
            given.kind if "kind" in by else -1,
        )
        heaps.setdefault(key, []).append((given, delivery))
    return {
        key: (
            len({given.dispatch_id for given, _ in heap}),
            len(heap),
            dict(Counter(delivery.state for _, delivery in heap)),
        )
        for key, heap in heaps.items()
    }
