"""Several processes on one port: who sends or watches does not notice that one dies, or all are replaced."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import signal
import urllib.request
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from axis_server.knowing import events as events_module
from axis_server.ledgers import opened_ledger
from axis_server.settings import Address
from tests.axis_client.harness import free_port
from tests.axis_server.process import PATIENCE, Running, started
from tests.axis_server.served import Prepared, prepared
from tests.storage import whole

WORKERS = 2
SENDERS = 6

pytestmark = pytest.mark.xdist_group("axis process")


@pytest.fixture
async def axis(tmp_path: Path) -> Prepared:
    return await prepared(tmp_path, metrics=Address("127.0.0.1", free_port()))


def logged(running: Running, event: str) -> list[dict[str, object]]:
    return [one for one in map(json.loads, running.log) if one["event"] == event]


def workers(running: Running) -> list[int]:
    """The pids of the workers, in the order in which they began to serve, the dead too."""
    return [int(str(one["pid"])) for one in logged(running, "worker.serves")]


async def until_logged(running: Running, event: str, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(logged(running, event)) < count:
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Exchange:
    """Agencies that send all the time, and one that watches what comes."""

    def __init__(self, axis: Prepared, address: Address) -> None:
        self._axis = axis
        self._address = address
        self._over = asyncio.Event()
        self.sent: list[str] = []
        self.seen: list[str] = []

    async def send(self, sender: int) -> None:
        """Sends one document after the other; the SDK's own patience is all that stands between it and an
        error."""
        ministry = self._axis.ministry
        async with ministry.client(self._address) as client:
            for number in itertools.count(sender, SENDERS):
                if self._over.is_set():
                    return
                sent = await client.send(ministry.letter(self._axis.province.id, number=number))
                self.sent.append(sent.dispatch.dispatch_id)

    async def watch(self) -> None:
        async with (
            self._axis.province.client(self._address) as client,
            aclosing(client.watch()) as watch,
        ):
            async for item in watch:
                self.seen.append(item.dispatch.dispatch_id)

    async def more(self, count: int) -> None:
        """Waits until so many more documents were sent."""
        mark = len(self.sent) + count
        async with asyncio.timeout(PATIENCE):
            while len(self.sent) < mark:
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Ends when all that was sent was seen; raises what any sender or watcher met."""
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self.watch())
            sending = [group.create_task(self.send(number)) for number in range(SENDERS)]
            yield
            self._over.set()
            await asyncio.wait(sending)
            async with asyncio.timeout(PATIENCE):
                while not set(self.sent) <= set(self.seen):
                    await asyncio.sleep(0.02)
            watching.cancel()


async def nothing_lost_or_doubled(axis: Prepared, sent: list[str]) -> None:
    async with opened_ledger(axis.settings) as ledger:
        items = await whole.outbox(ledger, axis.ministry.id)
        assert sorted(item.entry.dispatch_id for item in items) == sorted(sent)
        assert len({item.entry.document_id for item in items}) == len(items)
        for item in items:
            evidence = await whole.evidence(ledger, item.entry.dispatch_id)
            assert [one.event for one in evidence] == ["SubmissionAcceptance", "ContentConsignment"]


async def test_clients_go_on_while_workers_are_killed_and_while_all_are_replaced(axis: Prepared) -> None:
    async with started(axis.config, "--workers", str(WORKERS)) as running:
        exchange = Exchange(axis, running.address)
        assert len(workers(running)) == WORKERS
        async with exchange.going_on():
            await exchange.more(10)
            for count, victim in enumerate(workers(running), start=1):
                os.kill(victim, signal.SIGKILL)
                await until_logged(running, "worker.serves", WORKERS + count)
                await exchange.more(10)
            before = workers(running)[WORKERS:]
            running.process.send_signal(signal.SIGHUP)
            await until_logged(running, "workers.renewed", 1)
            assert not any(alive(pid) for pid in before)
            await exchange.more(10)
        running.process.send_signal(signal.SIGTERM)
        assert await running.ended() == 0
        assert not any(alive(pid) for pid in workers(running))
    assert len(logged(running, "worker.died")) == WORKERS
    await nothing_lost_or_doubled(axis, exchange.sent)


async def test_what_one_worker_takes_a_watcher_at_another_hears_within_a_second_and_one_page_counts(
    axis: Prepared,
) -> None:
    listen = axis.settings.metrics.listen

    def shown(name: str) -> float:
        with urllib.request.urlopen(f"http://{listen}/metrics") as page:
            (line,) = re.findall(rf"^{re.escape(name)} (\S+)$", page.read().decode(), re.MULTILINE)
        return float(line)

    async with started(axis.config, "--workers", "2") as running:
        lags = []
        for number in range(8):  # each over new connections: they meet the same worker as often as not
            async with (
                axis.ministry.client(running.address) as ministry,
                axis.province.client(running.address) as province,
                aclosing(province.events(from_now=True)) as events,
            ):
                coming = asyncio.ensure_future(anext(events))
                while not await asyncio.to_thread(shown, "axis_watches_open"):
                    await asyncio.sleep(0.05)
                await ministry.send(axis.ministry.letter("H90", number=number))
                since = asyncio.get_running_loop().time()
                await asyncio.wait_for(coming, PATIENCE)
                lags.append(asyncio.get_running_loop().time() - since)
            while await asyncio.to_thread(shown, "axis_watches_open"):
                await asyncio.sleep(0.05)
        assert sorted(lags)[len(lags) // 2] < 1, lags
        assert max(lags) < events_module.LOOK_SECONDS / 2, lags

        assert await asyncio.to_thread(shown, "axis_submissions_accepted_total") == 8
        assert await asyncio.to_thread(shown, "axis_workers") == 2
        assert await asyncio.to_thread(shown, 'axis_probe_up{store="ledger"}') == 1
        os.kill(workers(running)[0], signal.SIGKILL)
        await until_logged(running, "worker.serves", 3)
        assert await asyncio.to_thread(shown, "axis_submissions_accepted_total") == 8
        assert await asyncio.to_thread(shown, "axis_workers_died_total") == 1


async def test_what_cannot_run_leaves_the_workers_that_there_are_and_none_outlives_the_supervisor(
    axis: Prepared,
) -> None:
    async with started(axis.config, "--workers", "1") as running:
        good = axis.config.read_text()
        axis.config.write_text(good.replace("[tls]", "[tls]\nnonsense = 1"))
        running.process.send_signal(signal.SIGHUP)
        await until_logged(running, "workers.kept", 1)
        (first,) = workers(running)
        assert alive(first)
        axis.config.write_text(good)
        running.process.send_signal(signal.SIGHUP)
        await until_logged(running, "workers.renewed", 1)
        assert not alive(first)

        with pytest.raises(AssertionError, match="cannot listen"):
            async with started(axis.config, "--workers", "1"):
                pass  # the port is taken

        running.process.kill()
        async with asyncio.timeout(PATIENCE):
            while any(map(alive, workers(running))):
                await asyncio.sleep(0.05)
