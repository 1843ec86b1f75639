"""Whatever agencies do, in whatever order, with whatever failing: every delivery ends once.

A seeded walk over the real use cases: letters, packages of each kind, every status from either side, first
fetches, retries of what was said before, two deadline engines, clocks that jump, and a store that fails
before or after acting. At the end time passes, and the books are checked.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from datetime import timedelta
from pathlib import Path

import pytest

from axis_server.errors import Declined
from axis_server.lifecycle import OPEN, TERMINAL, State
from edxml.model import Bussiness, Package, Receiver, Replacement, ResponseFor
from storage.errors import Unavailable
from storage.faults import Faults, FaultyLedger, When
from storage.ledger.records import Entry
from tests.axis_server.houses import House, Pki
from tests.axis_server.packages import document, status
from tests.axis_server.test_crash_table import fresh_world, leaf_hash
from tests.axis_server.world import World
from tests.storage import whole

ACTS = 120
REFUSALS = {
    "WRONG_STATE",
    "QUESTION_OPEN",
    "STATUS_FORBIDDEN",
    "ASKED_LATELY",
    "WITHHELD",
    "NOT_FOUND",
    "STATEMENT_MISMATCH",
    "NOT_A_RECIPIENT",
    "RECIPIENT_ENDED",
    "DOCUMENT_RECALLED",
    "DOCUMENT_ID_TAKEN",
    "STORE_UNAVAILABLE",
    "SIGNED_IN_FUTURE",
}
"""What may be answered to somebody who does what cannot be done now."""


class Life:
    """The agencies, and what they did so far."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.sound = world.ledger
        self.chance = random.Random(seed)
        self.sent: list[Entry] = []
        self.said: list[Callable[[], Awaitable[object]]] = []
        self.met: Counter[str] = Counter()

    async def turn(self) -> None:
        """One act, which may fail in the middle."""
        acts: dict[Callable[[], Awaitable[object]], int] = {
            self.send: 3 if len(self.sent) < 12 else 0,
            self.speak: 3 if self.sent else 0,
            self.state: 12 if self.sent else 0,
            self.ask: 3 if self.sent else 0,
            self.fetch: 3 if self.sent else 0,
            self.again: 3 if self.said else 0,
            self.both: 2 if len(self.said) > 1 else 0,
            self.sweep: 2,
        }
        (act,) = self.chance.choices(list(acts), list(acts.values()))
        self.world.now += timedelta(minutes=self.chance.choice((-3, 0, 1, 5, 30, 150)))
        if self.chance.random() < 0.3:
            when = self.chance.choice((When.BEFORE, When.AFTER))
            self.world.ledger = FaultyLedger(self.sound, Faults(self.chance.randrange(8), when))
        try:
            await act()
            self.met["done"] += 1
        except Unavailable:
            self.met["failed"] += 1
        except Declined as declined:
            assert declined.code in REFUSALS, declined
            self.met[declined.code] += 1
        finally:
            self.world.ledger = self.sound

    async def send(self) -> None:
        await self._submitted(document(to=self._some(), document_id=f"G90,2026/03/02,{len(self.sent)}/BM"))

    async def speak(self) -> None:
        """A package about something that was sent before."""
        about, kind = self.chance.choice(self.sent).document_id, self.chance.choice("123")
        to = self._some()
        changed = tuple(
            Receiver(organ_id=one, receiver_type=self.chance.choice("01")) for one in ("H90", "H91.01")
        )
        bussiness = Bussiness(
            doc_type=kind,
            reason="Sai số liệu",
            receivers=changed if kind == "2" else (),
            replacements=(Replacement(document_id=about, organ_ids=()),) if kind == "3" else (),
        )
        new_id = f"G90,2026/03/02,{len(self.sent)}/TT" if kind == "3" else about
        await self._submitted(document(to=to, document_id=new_id, bussiness=bussiness))

    async def _submitted(self, unsigned: Package) -> None:
        package = self.world.sealed(self.world.ministry, unsigned)

        async def submit() -> object:
            kept = await self.world.intake.submit(self.world.ministry.caller(), package)
            if kept.entry not in self.sent:
                self.sent.append(kept.entry)
            return kept

        self.said.append(submit)
        await submit()

    async def state(self) -> None:
        by, entry = self._recipient(), self.chance.choice(self.sent)
        code = self.chance.choice(("01", "01", "02", "03", "03", "04", "06", "15", "15", "16"))
        reason = f"lần {len(self.said)}"
        if code == "01":
            statement = self.world.arrived(by, entry)
        else:
            statement = self.world.statement(by, entry, code, reason)
        await self._stated(by, entry, statement)

    async def ask(self) -> None:
        by, entry = self.world.ministry, self.chance.choice(self.sent)
        about = ResponseFor(organ_id=self._recipient().id, document_id=entry.document_id)
        unsigned = status(by, entry, "13", f"nhầm {len(self.said)}", response_for=about)
        await self._stated(by, entry, self.world.sealed(by, unsigned))

    async def _stated(self, by: House, entry: Entry, statement: bytes) -> None:
        async def report() -> object:
            return await self.world.exchange.report(by.caller(), entry.dispatch_id, statement)

        self.said.append(report)
        await report()

    async def fetch(self) -> None:
        entry = self.chance.choice(self.sent)
        await self.world.inbox.fetch(self._recipient().caller(), entry.dispatch_id, 0)

    async def again(self) -> None:
        """A retry, much later or at once."""
        await self.chance.choice(self.said)()

    async def both(self) -> None:
        """Two at the same time, and an engine beside them."""
        acts = [self.chance.choice(self.said)(), self.chance.choice(self.said)(), self.sweep()]
        for outcome in await asyncio.gather(*acts, return_exceptions=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, Declined | Unavailable):
                raise outcome

    async def sweep(self) -> None:
        await asyncio.gather(self.world.expiring.sweep(), self.world.expiring.sweep())

    def _recipient(self) -> House:
        return self.chance.choice((self.world.province, self.world.province, self.world.department))

    def _some(self) -> list[str]:
        return self.chance.choice((["H90"], ["H90", "H91.01"], ["H91.01", "H90"]))


async def kept(world: World) -> list[Entry]:
    """All that was kept, also where nobody heard of it."""
    return [item.entry for item in await whole.outbox(world.ledger, world.ministry.id)]


async def assert_in_order(world: World) -> None:
    """The books: one ending each, exactly where there should be one, and nothing lost or out of order."""
    signed: list[bytes] = []
    for entry in await kept(world):
        evidence = await whole.evidence(world.ledger, entry.dispatch_id)
        statements = await whole.statements(world.ledger, entry.dispatch_id)
        history = await whole.history(world.ledger, entry.dispatch_id)
        ended = Counter(one.recipient_id for one in evidence if one.event in TERMINAL)
        for delivery in await whole.deliveries(world.ledger, entry.dispatch_id):
            opened = [one for one in evidence if one.event == "ContentAccessTracking"]
            assert sum(one.recipient_id == delivery.recipient_id for one in opened) <= 1
            own = [event for event in history if event.recipient_id == delivery.recipient_id]
            assert ended[delivery.recipient_id] == (State(delivery.state) not in OPEN)
            assert [one.at for one in own] == sorted(one.at for one in own)
            moves = [one for one in own if one.kind != "ContentConsignment"]
            assert delivery.version == 1 + len(moves), "each move and each question is one event"
        assert [one.sequence for one in history] == list(range(1, len(history) + 1))
        told = [one.evidence_id for one in history if one.evidence_id]
        assert {*told} == {one.evidence_id for one in evidence}
        signed += [one.content for one in evidence]
        signed += [one.content for one in statements]
    leaves = [leaf.hash for leaf in await world.ledger.leaves(start=0, limit=100_000)]
    assert set(map(leaf_hash, signed)) <= set(leaves)
    assert len(leaves) == len(set(leaves))


@pytest.mark.parametrize("kind", ["memory", "files and SQLite"])
@pytest.mark.parametrize("seed", range(5))
async def test_every_delivery_ends_once_whatever_happens(
    seed: int, kind: str, pki: Pki, workers: Executor, tmp_path: Path
) -> None:
    async with fresh_world(kind, tmp_path / "stores", pki, workers) as world:
        life = Life(world, seed)
        for _ in range(ACTS):
            await life.turn()
        await assert_in_order(world)
        world.now += timedelta(days=400)
        for _ in range(50):
            await world.expiring.sweep()
        await assert_in_order(world)
        for entry in await kept(world):
            for delivery in await whole.deliveries(world.ledger, entry.dispatch_id):
                assert State(delivery.state) not in OPEN
                assert (delivery.due, delivery.question) == (None, None)
        assert life.met["failed"] > 5
        assert life.met["done"] > 20
        assert life.met["WRONG_STATE"]
