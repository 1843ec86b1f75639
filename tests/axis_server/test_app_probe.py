"""Whether the axis can serve is found out by trying, and a store that hangs does not serve."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from axis_server.app import Axis
from axis_server.metrics import Metrics
from axis_server.probe import Prober
from axis_server.settings import Address
from axis_server.stores import Stores
from storage.archive.memory import MemoryArchive
from storage.errors import Unavailable
from storage.ledger.memory import MemoryLedger
from storage.ledger.memory.catalogue import MemoryCatalogue
from tests import pki

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Fickle(MemoryArchive):
    """An archive that hangs or fails when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()
        self.answers.set()
        self.fails = False
        self.tries = 0

    async def probe(self) -> None:
        self.tries += 1
        await self.answers.wait()
        if self.fails:
            raise Unavailable("the disk is gone")


class Lamp:
    def __init__(self) -> None:
        self.shown: list[bool] = []

    async def show(self, serving: bool) -> None:
        self.shown.append(serving)


def prober(archive: Fickle, lamp: Lamp, metrics: Metrics, **changes: Any) -> Prober:
    ledger = MemoryLedger()
    certificate = pki.self_signed().certificate
    return Prober(
        stores=Stores(
            archive=archive,
            ledger=ledger,
            directory=ledger,
            acts=ledger,
            hints=ledger,
            catalogue=MemoryCatalogue(ledger),
            scrubbed=ledger,
            renewed=ledger,
            growing=ledger,
            answers=ledger,
        ),
        show=lamp.show,
        metrics=metrics,
        certificates={"tls": certificate},
        clock=lambda: certificate.not_valid_after_utc - timedelta(days=12),
        **changes,
    )


async def test_a_store_that_fails_is_told_once_and_its_return_too() -> None:
    archive, lamp, metrics = Fickle(), Lamp(), Metrics.make()
    probing = prober(archive, lamp, metrics)
    with capture_logs() as events:
        assert await probing.probe()
        archive.fails = True
        assert not await probing.probe()
        assert not await probing.probe()
        assert metrics.registry.get_sample_value("axis_probe_up", {"store": "archive"}) == 0
        assert metrics.registry.get_sample_value("axis_probe_up", {"store": "ledger"}) == 1
        archive.fails = False
        assert await probing.probe()
    assert lamp.shown == [True, False, False, True]
    assert [event["event"] for event in events] == ["store.down", "store.up"]
    assert events[0]["detail"] == "the disk is gone"
    assert metrics.registry.get_sample_value("axis_probe_up", {"store": "archive"}) == 1
    left = metrics.registry.get_sample_value("axis_certificate_days_left", {"certificate": "tls"})
    assert left == pytest.approx(12)


async def test_a_store_that_hangs_is_down_and_is_not_tried_twice_at_once() -> None:
    archive, lamp = Fickle(), Lamp()
    probing = prober(archive, lamp, Metrics.make(), answer_seconds=0.01)
    archive.answers.clear()
    assert not await probing.probe()
    assert not await probing.probe()
    assert archive.tries == 1
    archive.answers.set()
    assert await probing.probe()
    assert lamp.shown == [False, False, True]


async def test_an_axis_whose_background_work_broke_does_not_go_on_as_if_nothing_happened() -> None:
    async def breaks() -> None:
        raise RuntimeError("a defect")

    axis = Axis(
        address=Address("127.0.0.1", 1),
        metrics_address=None,
        log_address=None,
        background=frozenset({asyncio.create_task(breaks())}),
    )
    with pytest.raises(RuntimeError, match="a defect"):
        await axis.serve_until(asyncio.Event())
