"""A primary that dies under load, the standby that takes over, and the primary that comes back."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen

import psycopg
import pytest

from storage.errors import Unavailable
from storage.ledger.postgres import PostgresLedger
from tests.conftest import ON_POSTGRES
from tests.storage import whole
from tests.storage.children import enduring
from tests.storage.postgres import Postgres
from tests.storage.records import SENDER, accepted, entry

pytestmark = ON_POSTGRES
NODES = 3
APART = 100_000
PATIENCE = 60.0


class Pair:
    """Two servers, the second of which has everything that the first has committed."""

    def __init__(self, primary: Postgres, standby: Postgres) -> None:
        self.primary, self.standby = primary, standby
        self.target = Postgres.either(primary.ledger(), primary, standby)

    def take_over(self) -> None:
        self.primary.crash()
        self.standby.promote()


@pytest.fixture
def pair(postgres: Postgres) -> Iterator[Pair]:
    with ExitStack() as stack:
        rooms = [
            Path(
                stack.enter_context(
                    tempfile.TemporaryDirectory(
                        prefix="pg-", dir=postgres.room.parent, ignore_cleanup_errors=True
                    )
                )
            )
            for _ in range(2)
        ]
        primary = stack.enter_context(Postgres.started(rooms[0]))
        yield Pair(primary, stack.enter_context(primary.standby(rooms[1])))


class Heard:
    """What a node has acknowledged."""

    def __init__(self, child: Popen[str]) -> None:
        self.child = child
        self.names: list[str] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.child.stdout is not None
        self.names.extend(line.strip() for line in self.child.stdout)

    def end(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.close()
        self._thread.join(PATIENCE)
        assert self.child.wait(PATIENCE) == 0
        assert self.child.stdout is not None
        self.child.stdout.close()


async def _until_more(heard: list[Heard], count: int) -> None:
    """Returns once each node has acknowledged so many more."""
    wanted = [len(one.names) + count for one in heard]
    async with asyncio.timeout(PATIENCE):
        while any(len(one.names) < least for one, least in zip(heard, wanted, strict=True)):
            await asyncio.sleep(0.02)


async def test_a_primary_that_dies_under_load_takes_nothing_with_it_that_was_acknowledged(
    pair: Pair,
) -> None:
    """Several node processes, none of which is started anew."""
    await (await PostgresLedger.open(pair.target)).aclose()
    heard = [Heard(enduring(pair.target, number * APART)) for number in range(NODES)]
    try:
        await _until_more(heard, 60)
        await asyncio.to_thread(pair.take_over)
        await _until_more(heard, 60)
    finally:
        for one in heard:
            one.end()
    ledger = await PostgresLedger.open(pair.target)
    log = await whole.leaves(ledger)
    kept = {leaf.content_id for leaf in log}
    for one in heard:
        dispatches = [name for name in one.names if name.startswith("dispatch-")]
        assert len(dispatches) > 60
        for name in dispatches:
            assert (await ledger.entry(name)).dispatch_id == name
        assert {name for name in one.names if name.startswith("evidence-")} <= kept
    await whole.check(ledger)  # every leaf once, without a gap
    cursors = [item.event.cursor for item in await whole.stream(ledger, SENDER)]
    assert cursors == list(range(1, len(cursors) + 1))
    await ledger.aclose()


async def test_a_node_that_met_the_new_primary_never_again_believes_the_old_one(pair: Pair) -> None:
    ledger = await PostgresLedger.open(pair.target)
    await ledger.commit(accepted(1))
    await asyncio.to_thread(pair.take_over)
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await ledger.commit(accepted(2))
                break
            except Unavailable:
                await asyncio.sleep(0.05)
    await asyncio.to_thread(
        pair.primary.start
    )  # nobody fenced it: it takes writes, and stands first in the dsn
    pair.primary.wait_for("")
    pair.standby.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'axis'"
    )
    assert [await ledger.entry("dispatch-2") for _ in range(20)] == [entry(2)] * 20
    await ledger.commit(accepted(3))
    assert pair.primary.execute(f"SELECT count(*) FROM {pair.target.schema}.dispatches") == [(1,)]
    assert pair.standby.execute(f"SELECT count(*) FROM {pair.target.schema}.dispatches") == [(3,)]
    await asyncio.to_thread(pair.standby.crash)
    with pytest.raises(Unavailable, match=r"another took over|does not answer"):
        await ledger.commit(accepted(4))
    await ledger.aclose()


async def test_a_ledger_that_went_back_is_written_no_further(postgres: Postgres) -> None:
    """As after a take-over by a standby that nobody waited for, or a restored backup."""
    with postgres.emptied() as target:
        ledger = await PostgresLedger.open(target)
        await ledger.commit(accepted(1))
        before = postgres.execute(f"SELECT dispatch, delivery, event, leaf FROM {target.schema}.heads")[0]
        await ledger.commit(accepted(2))
        kept = postgres.execute(f"SELECT dispatch, delivery, event, leaf FROM {target.schema}.heads")[0]
        setting = f"UPDATE {target.schema}.heads SET dispatch = %s, delivery = %s, event = %s, leaf = %s"
        postgres.execute(setting, *before)
        for _ in range(2):
            with pytest.raises(Unavailable, match="the ledger went back: it has 2 leaves, and 4 were"):
                await ledger.commit(accepted(3))
        with pytest.raises(Unavailable, match="went back"):
            await ledger.probe()  # the lamp goes red
        postgres.execute(setting, *kept)
        await ledger.commit(accepted(3))
        await ledger.aclose()


async def test_what_no_standby_has_is_neither_acknowledged_nor_seen(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the standby is away, and however impatient the session."""
    monkeypatch.setattr("storage.ledger.postgres.connecting.STATEMENT_MS", 300)
    monkeypatch.setattr("storage.ledger.postgres.connecting.LOCK_MS", 300)
    here, there = [await PostgresLedger.open(pair.target) for _ in range(2)]
    await here.commit(accepted(1))
    await asyncio.to_thread(pair.standby.crash)
    waiting = asyncio.create_task(here.commit(accepted(2)))
    await asyncio.sleep(1.0)
    assert not waiting.done()
    with pytest.raises(Unavailable):
        await there.commit(accepted(2))
    assert len((await there.outbox(SENDER, limit=9)).items) == 1
    await asyncio.to_thread(pair.standby.start)
    assert (await asyncio.wait_for(waiting, PATIENCE)).entry == entry(2)
    for ledger in (here, there):
        await ledger.aclose()


async def test_a_commit_of_which_the_server_warns_is_no_acknowledgement(pair: Pair) -> None:
    """An operator has the server stop waiting for its standby, for this one transaction."""
    ledger = await PostgresLedger.open(pair.target)
    await ledger.commit(accepted(1))
    await asyncio.to_thread(pair.standby.crash)
    waiting = asyncio.create_task(ledger.commit(accepted(2)))
    await asyncio.to_thread(
        pair.primary.until, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    )
    with psycopg.connect(pair.primary.dsn, password=pair.primary.password, autocommit=True) as operator:
        operator.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
    with pytest.raises(Unavailable, match="warning"):
        await asyncio.wait_for(waiting, PATIENCE)
    await asyncio.to_thread(pair.standby.start)
    assert (await ledger.commit(accepted(2))).entry == entry(2)
    await ledger.aclose()
