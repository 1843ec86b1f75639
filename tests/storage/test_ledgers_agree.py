"""The same random history told to every ledger gets the same answers: what holds in memory holds on disk."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from storage.errors import StorageError
from storage.ledger.base import Ledger
from storage.ledger.memory import MemoryLedger
from tests.storage.conftest import Opened
from tests.storage.records import (
    RECIPIENTS,
    SENDER,
    accepted,
    agency,
    entry,
    evidence,
    move,
    refusal,
    sha256,
    statement,
)

Step = Callable[[Ledger], Awaitable[object]]


def a_commit(dice: random.Random, step: int) -> Step:
    number = dice.randrange(12)
    changes = {"document_id": dice.choice(["", "one", "two"]), "kind": dice.choice([0, 0, 1])}
    given = entry(number, **(changes if dice.random() < 0.5 else {}))
    new = accepted(number, salt=str(step), entry=given)
    return lambda ledger: ledger.commit(new)


def a_move(dice: random.Random, step: int) -> Step:
    number, recipient = dice.randrange(12), dice.choice((*RECIPIENTS, "H99"))
    moving = move(
        number,
        recipient_id=recipient,
        expected_version=dice.choice([1, 1, 2, 3]),
        state=dice.choice(["handed over", "accepted", "refused"]),
        statement=dice.choice([None, statement(number, dice.choice(["01", "03"]))]),
        evidence=tuple(evidence(number, f"step {step}", salt=str(n)) for n in range(dice.randrange(3))),
    )
    return lambda ledger: ledger.advance([moving])


def a_refusal(dice: random.Random, step: int) -> Step:
    refusing = refusal(dice.randrange(4), salt=str(step), reason=dice.choice(["EXPIRED", "REVOKED"]))
    return lambda ledger: ledger.refuse(refusing)


def a_holding(dice: random.Random, step: int) -> Step:
    digest, size = sha256(f"part {dice.randrange(12)}/0"), dice.randrange(9)
    return lambda ledger: ledger.hold(SENDER, digest, size)


def a_registration(dice: random.Random, step: int) -> Step:
    names = dice.sample(["A", "B", "C", "a", "D", "E"], k=dice.randrange(1, 4))
    registered = agency(*names, certificates=tuple(dice.sample("xyz", k=dice.randrange(3))))
    as_read = dice.random() < 0.8

    async def register(ledger: Any) -> None:
        kept = {one.agency_id: one for one in await ledger.agencies()}
        await ledger.register(registered, replacing=kept.get(registered.agency_id) if as_read else None)

    return register


async def answer(step: Step, ledger: Ledger) -> object:
    try:
        return await step(ledger)
    except (StorageError, ValueError) as exc:
        return type(exc), getattr(exc, "dispatch_id", None), getattr(exc, "current", None)


async def everything(ledger: Ledger) -> list[object]:
    facts: list[object] = [await ledger.leaves(start=0, limit=10_000), await ledger.agencies()]  # type: ignore[attr-defined]
    facts.append(await ledger.outbox(SENDER, limit=100))
    facts.append(await ledger.held(SENDER, [sha256(f"part {n}/{i}") for n in range(12) for i in range(3)]))
    for recipient in RECIPIENTS:
        facts.append(await ledger.inbox(recipient, after=2, limit=5, states=["accepted", "consigned"]))
    for number in range(12):
        name = f"dispatch-{number}"
        facts.append(await ledger.counts(name))
        facts.append(await ledger.deliveries(name, after=1, limit=5, states=["accepted", "consigned"]))
        for limit in (2, 100):
            facts.append(await ledger.deliveries(name, limit=limit))
            for recipient in (None, "", *RECIPIENTS):
                for after in (0, 3):
                    facts.append(await ledger.history(name, viewer=recipient, after=after, limit=limit))
                    facts.append(await ledger.records(name, recipient_id=recipient, after=after, limit=limit))
                facts.append(
                    await ledger.records(
                        name, recipient_id=recipient, events=["SubmissionAcceptance"], limit=limit
                    )
                )
        for code in ("01", "03"):
            facts.append(await ledger.moved(statement(number, code).statement_id))
    return facts


@pytest.mark.parametrize("seed", range(6))
async def test_every_ledger_gives_the_same_answers(
    tmp_path: Path, open_another: Callable[[Path], AbstractAsyncContextManager[Opened]], seed: int
) -> None:
    dice = random.Random(seed)
    kinds = [a_commit, a_commit, a_move, a_move, a_move, a_refusal, a_holding, a_registration]
    steps = [dice.choice(kinds)(dice, number) for number in range(150)]
    async with open_another(tmp_path) as another:
        ledgers: list[Ledger] = [MemoryLedger(), another]
        outcomes = set()
        for step in steps:
            first, *others = [await answer(step, ledger) for ledger in ledgers]
            assert others == [first] * len(others)
            outcomes.add(first[0] if isinstance(first, tuple) else type(first))
        assert len(outcomes) >= 7  # the history was worth telling: successes and each kind of refusal
        first_facts, *other_facts = [await everything(ledger) for ledger in ledgers]
        assert other_facts == [first_facts] * len(other_facts)
