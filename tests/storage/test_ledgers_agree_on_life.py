"""The same life of documents, told to every ledger, gets the same answers: what is asked, who joins, acts of
several moves, what is due, and what each agency sees of it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from storage.errors import NotFound, StorageError
from storage.ledger.base import Ledger
from storage.ledger.memory import MemoryLedger
from storage.ledger.records import NewDispatch, NewEvent, Question, Recipient
from tests.storage import whole
from tests.storage.conftest import Opened
from tests.storage.records import (
    SENDER,
    accepted,
    asking,
    at,
    entry,
    evidence,
    joining,
    move,
    question,
    recipients,
    statement,
)

CAST = (
    *recipients("A", "B", SENDER),
    *(Recipient(agency_id=name, mailbox_id="A") for name in ("A.1", "A.2")),
)
NAMES = [one.agency_id for one in CAST] + ["stranger"]
STATES = ["consigned", "fetched", "handed_over", "accepted", "refused"]
DISPATCHES = 5

numbers = st.integers(0, DISPATCHES - 1)
names = st.sampled_from(NAMES)
some_recipients = st.lists(st.sampled_from(CAST), unique=True, max_size=len(CAST)).map(tuple)
seconds = st.integers(0, 50)


@dataclass(frozen=True)
class Commit:
    number: int
    kind: int
    document_id: str
    to: tuple[Recipient, ...]
    about: tuple[int, ...]
    asks: tuple[tuple[int, tuple[str, ...], frozenset[str], int], ...]
    joins: tuple[tuple[int, tuple[Recipient, ...], str], ...]
    noted: tuple[str, ...]

    def new(self, salt: int) -> NewDispatch:
        return accepted(
            self.number,
            salt=str(salt),
            entry=entry(self.number, kind=self.kind, document_id=self.document_id, code_number="7"),
            recipients=self.to,
            handover_by=at(20 + self.number),
            answer_by=at(60),
            events=tuple(NewEvent(kind="noted", at=at(1), recipient_id=one) for one in self.noted),
            about=tuple(f"dispatch-{number}" for number in self.about),
            asks=tuple(
                asking(self.number, number, *(who or ("A",)), states=states, question=asked(until))
                for number, who, states, until in self.asks
            ),
            joins=tuple(
                joining(
                    self.number,
                    number,
                    *who,
                    evidence=(evidence(number, "joined", recipient_id=about, salt=f"{salt}/{place}"),),
                )
                for place, (number, who, about) in enumerate(self.joins)
            ),
        )

    async def told(self, ledger: Ledger, salt: int) -> object:
        return await ledger.commit(self.new(salt))


@dataclass(frozen=True)
class Act:
    moves: tuple[tuple[int, str], ...]
    version: int
    """0: as it stands."""
    state: str
    at: int
    due: int | None
    asks: bool
    stated: tuple[int, str, int] | None
    """The dispatch that the statement names, the delivery it speaks of, and which of several it is."""
    noted: tuple[str, ...]

    async def told(self, ledger: Ledger, salt: int) -> object:
        stands = {}
        for number, name in self.moves:
            try:
                stands[number, name] = (await ledger.delivery(f"dispatch-{number}", name)).version
            except NotFound:
                stands[number, name] = 1
        stated = None
        if self.stated is not None:
            number, name, which = self.stated
            content = statement(0, agency_id=name, salt=str(which))
            stated = replace(content, dispatch_id=f"dispatch-{number}")
        return await ledger.advance(
            [
                move(
                    number,
                    recipient_id=name,
                    expected_version=self.version or stands[number, name],
                    state=self.state,
                    at=at(self.at),
                    due=None if self.due is None else at(self.due),
                    question=asked(40) if self.asks else None,
                    statement=stated,
                    evidence=(evidence(number, "act", recipient_id=name, salt=str(salt)),),
                    events=tuple(NewEvent(kind="moved", at=at(2), recipient_id=one) for one in self.noted),
                )
                for number, name in self.moves
            ]
        )


@dataclass(frozen=True)
class Echo:
    number: int
    name: str
    which: int
    as_of: tuple[str, int]

    async def told(self, ledger: Ledger, salt: int) -> object:
        said = replace(
            statement(0, agency_id=self.name, salt=str(self.which)), dispatch_id=f"dispatch-{self.number}"
        )
        name, which = self.as_of
        return await ledger.echo(said, as_of=statement(0, agency_id=name, salt=str(which)).statement_id)


def asked(until: int) -> Question:
    return question(0, until=at(until), asked_at=at(until - 5))


commits = st.builds(
    Commit,
    number=numbers,
    kind=st.sampled_from([0, 0, 2]),
    document_id=st.sampled_from(["", "one", "two"]),
    to=some_recipients,
    about=st.lists(numbers, max_size=2, unique=True).map(tuple),
    asks=st.lists(
        st.tuples(
            numbers,
            st.lists(names, unique=True, max_size=4).map(tuple),
            st.frozensets(st.sampled_from(STATES), min_size=2),
            seconds,
        ),
        max_size=2,
    ).map(tuple),
    joins=st.lists(
        st.tuples(numbers, some_recipients, st.sampled_from(["", "", "A.1", "stranger"])), max_size=2
    ).map(tuple),
    noted=st.lists(st.sampled_from(["", "A", "A.1", ""]), max_size=3).map(tuple),
)
PLAIN = [
    Commit(number=n, kind=0, document_id="", to=CAST, about=(), asks=(), joins=(), noted=("", "A", "A.1"))
    for n in range(3)
]
mostly_known = st.sampled_from([*(one.agency_id for one in CAST)] * 4 + ["stranger"])
acts = st.builds(
    Act,
    moves=st.lists(
        st.tuples(st.sampled_from([0, 0, 1, 1, 2, 3, 4]), mostly_known), min_size=1, max_size=3, unique=True
    ).map(tuple),
    version=st.sampled_from([0, 0, 0, 0, 1, 2]),
    state=st.sampled_from(STATES),
    at=seconds,
    due=st.none() | seconds,
    asks=st.booleans(),
    stated=st.none()
    | st.tuples(
        st.sampled_from([0, 0, 1, 3]), st.sampled_from(["A", "A", "A.1", "stranger"]), st.integers(0, 3)
    ),
    noted=st.lists(st.sampled_from(["", "A", "A.2", "B", ""]), max_size=3).map(tuple),
)
some_names = st.sampled_from(["A", "A", "A.1", "stranger"])
some_dispatch = st.sampled_from([0, 0, 1, 3])
echoes = st.builds(
    Echo,
    number=some_dispatch,
    name=some_names,
    which=st.integers(0, 3),
    as_of=st.tuples(some_names, st.integers(0, 3)),
)
lives = st.lists(st.one_of(commits, acts, acts, echoes), min_size=5, max_size=30).map(
    lambda life: [*PLAIN, *life]
)


async def answer(step: Commit | Act | Echo, ledger: Ledger, salt: int) -> object:
    try:
        return await step.told(ledger, salt)
    except (StorageError, ValueError) as exc:
        return type(exc), getattr(exc, "dispatch_id", None), getattr(exc, "current", None)


async def everything(ledger: Ledger) -> list[object]:
    facts: list[object] = [await whole.leaves(ledger)]
    facts += [await ledger.due(at=at(moment), limit=limit) for moment in (0, 25, 99) for limit in (2, 99)]
    facts += [await ledger.thread(SENDER, one) for one in ("one", "two", "")]
    facts += [await ledger.alike(SENDER, "7", "BTTTT-VP")]
    facts += [
        await ledger.moved(statement(0, agency_id=n, salt=str(s)).statement_id)
        for n in "AB"
        for s in range(4)
    ]
    facts += [
        await ledger.moved(statement(0, agency_id="A", salt=str(s)).statement_id, of=f"dispatch-{number}")
        for s in range(4)
        for number in range(DISPATCHES)
    ]
    for agency in (SENDER, "A", "B", "A.1", "stranger"):
        facts += [await ledger.stream_end(agency), await ledger.outbox(agency, limit=99)]
        for after in (0, 5):
            facts += [await ledger.stream(agency, after=after, limit=limit) for limit in (3, 999)]
            facts.append(await ledger.inbox(agency, after=after, limit=4, states=["consigned", "refused"]))
    for number in range(DISPATCHES):
        name = f"dispatch-{number}"
        facts += [await ledger.links(name), await ledger.counts(name)]
        facts += [await ledger.counts(name, viewer=agency) for agency in ("A", "B", "stranger")]
        for viewer in (None, "", "A", "B", SENDER):
            for after, limit in ((0, 999), (2, 2)):
                asked_for = {"viewer": viewer, "after": after, "limit": limit}
                facts.append(await ledger.deliveries(name, **asked_for))  # type: ignore[arg-type]
                facts.append(await ledger.history(name, **asked_for))  # type: ignore[arg-type]
                for who in (None, "", "A", "A.1"):
                    facts.append(await ledger.records(name, recipient_id=who, **asked_for))  # type: ignore[arg-type]
    return facts


async def check_streams(ledger: Ledger) -> None:
    """Every event of a history is in the stream of who sees it, once, under the same number, but what was
    before its agency joined."""
    for agency in (SENDER, "A", "B"):
        streamed = [item.event for item in await whole.stream(ledger, agency)]
        for number in range(DISPATCHES):
            name = f"dispatch-{number}"
            viewer = None if agency == SENDER else agency
            history = (await ledger.history(name, viewer=viewer, limit=999)).items
            assert [event.sequence for event in history] == list(range(1, len(history) + 1))
            mine = [event for event in streamed if event.dispatch_id == name]
            assert mine == list(history[len(history) - len(mine) :])
            if viewer is None:
                assert len(mine) == len(history)


async def tell(
    life: list[Commit | Act | Echo], open_another: Callable[[Path], AbstractAsyncContextManager[Opened]]
) -> None:
    with tempfile.TemporaryDirectory() as room:
        async with open_another(Path(room)) as another:
            ledgers: list[Ledger] = [MemoryLedger(), another]
            for salt, step in enumerate(life):
                first, *others = [await answer(step, ledger, salt) for ledger in ledgers]
                event(first[0].__name__ if isinstance(first, tuple) else type(first).__name__)
                assert others == [first] * len(others)
            facts, *other_facts = [await everything(ledger) for ledger in ledgers]
            assert other_facts == [facts] * len(other_facts)
            for ledger in ledgers:
                await check_streams(ledger)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives)
def test_every_ledger_tells_the_same_life(
    open_another: Callable[[Path], AbstractAsyncContextManager[Opened]], life: list[Commit | Act | Echo]
) -> None:
    asyncio.run(tell(life, open_another))
