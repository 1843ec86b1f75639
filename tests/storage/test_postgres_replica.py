"""Counting and searching at a standby, as long as it has what was written some seconds ago."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from storage.ledger.catalogue import Sought
from storage.ledger.postgres import PostgresCatalogue, PostgresLedger, Replica, replica
from tests.conftest import ON_POSTGRES
from tests.storage.postgres import Postgres
from tests.storage.records import SENDER, accepted, at

pytestmark = ON_POSTGRES
PATIENCE = 30.0
SECONDS = 1.0


@pytest.fixture(scope="module")
def servers(postgres: Postgres) -> Iterator[tuple[Postgres, Postgres]]:
    """A primary, and a standby that nobody waits for."""
    with ExitStack() as stack:
        where = {"dir": postgres.room.parent, "ignore_cleanup_errors": True}
        rooms = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-", **where))) for _ in "ab"]  # type: ignore[call-overload]
        primary = stack.enter_context(Postgres.started(rooms[0]))
        yield primary, stack.enter_context(primary.standby(rooms[1], synchronous=False))


@dataclass(slots=True, kw_only=True)
class Stand:
    """A ledger with its catalogue, read at a standby."""

    ledger: PostgresLedger
    catalogue: PostgresCatalogue
    passed_over: list[float]

    async def counted(self) -> int:
        tallies = await self.ledger.tally(
            sender_id=SENDER,
            mailbox_id=None,
            since=at(-1),
            until=at(86_400),
            at=at(0) + timedelta(days=1),
            by=(),
        )
        return sum(tally.dispatches for tally in tallies)

    async def found(self) -> int:
        hits = await self.catalogue.search(Sought(viewer=SENDER, sent=True), limit=100)
        return len(hits.items)

    async def at_the_standby(self) -> None:
        """Returns once neither is passed over any more."""
        async with asyncio.timeout(PATIENCE):
            while True:
                before = len(self.passed_over)
                await self.counted()
                await self.found()
                if len(self.passed_over) == before:
                    return
                await asyncio.sleep(0.05)


@pytest.fixture
async def stand(servers: tuple[Postgres, Postgres], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    monkeypatch.setattr(replica, "LOOK_SECONDS", 0.02)
    primary, standby = servers
    target = primary.ledger()
    passed_over: list[float] = []
    reading = Replica(
        target=standby.target(target.schema),
        seconds=SECONDS,
        passed_over=lambda: passed_over.append(time.monotonic()),
        clock=time.monotonic,
    )
    ledger = await PostgresLedger.open(target, replica=reading)
    catalogue = await PostgresCatalogue.open(target, replica=reading)
    yield Stand(ledger=ledger, catalogue=catalogue, passed_over=passed_over)
    await catalogue.aclose()
    await ledger.aclose()


async def test_a_standby_that_keeps_up_counts_and_searches(
    stand: Stand, servers: tuple[Postgres, Postgres]
) -> None:
    await stand.ledger.commit(accepted(1))
    await stand.catalogue.follow(limit=100)
    async with asyncio.timeout(PATIENCE):
        while (await stand.counted(), await stand.found()) != (1, 1):
            await asyncio.sleep(0.02)
    await stand.at_the_standby()
    asked = servers[1].execute("SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'axis'")
    assert asked == [(True,)]


async def test_a_standby_that_lags_is_passed_over_until_it_has_caught_up(
    stand: Stand, servers: tuple[Postgres, Postgres]
) -> None:
    await stand.at_the_standby()
    servers[1].execute("SELECT pg_wal_replay_pause()")
    try:
        await stand.ledger.commit(accepted(1))
        await stand.catalogue.follow(limit=100)
        await asyncio.sleep(SECONDS + 0.2)
        assert (await stand.counted(), await stand.found()) == (1, 1)  # from the primary
        assert not (await stand.catalogue.reached()).behind
        assert stand.passed_over
    finally:
        servers[1].execute("SELECT pg_wal_replay_resume()")
    await stand.at_the_standby()
    assert (await stand.counted(), await stand.found()) == (1, 1)


async def test_an_idle_primary_makes_no_standby_late(stand: Stand) -> None:
    await stand.at_the_standby()
    await asyncio.sleep(2 * SECONDS)
    await stand.at_the_standby()


async def test_a_standby_that_is_down_is_passed_over_and_used_again(
    stand: Stand, servers: tuple[Postgres, Postgres]
) -> None:
    await stand.ledger.commit(accepted(1))
    await stand.catalogue.follow(limit=100)
    await stand.at_the_standby()
    await asyncio.to_thread(servers[1].crash)
    stand.passed_over.clear()
    assert (await stand.counted(), await stand.found()) == (1, 1)
    assert len(stand.passed_over) == 2
    await asyncio.to_thread(servers[1].start)
    await stand.at_the_standby()
