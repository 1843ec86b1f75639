"""A clock that is behind what was signed before is told at the start."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from axis_server import app
from axis_server.ledgers import opened_ledger
from axis_server.settings import Secrets
from storage.errors import NotFound
from tests.axis_server.process import PATIENCE
from tests.axis_server.served import Prepared, prepared


async def signed(axis: Prepared) -> None:
    """Returns when the log has a checkpoint."""
    async with opened_ledger(axis.settings) as ledger, asyncio.timeout(PATIENCE):
        while True:
            try:
                await ledger.checkpoint()
            except NotFound:
                await asyncio.sleep(0.05)
            else:
                return


@pytest.mark.parametrize(("off", "told"), [(timedelta(days=1), True), (timedelta(minutes=1), False)])
async def test_a_clock_behind_what_was_signed_is_an_alarm_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off: timedelta, told: bool
) -> None:
    axis = await prepared(tmp_path)
    async with app.running(axis.settings, Secrets()):
        await signed(axis)
    monkeypatch.setattr(app, "now", lambda: datetime.now(UTC) - off)
    with structlog.testing.capture_logs() as events:
        async with app.running(axis.settings, Secrets()):
            pass
    (*alarm,) = (one for one in events if one["event"] == "clock.behind")
    assert bool(alarm) is told
    if told:
        assert 86_000 < alarm[0]["seconds"] <= 86_400
