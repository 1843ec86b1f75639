"""Who is limited now: an operator sees which agency is held back, from what and since when; who is held back
is told when to try again."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from axis_server.cli import main
from axis_server.limits.allowance import Allowance, Rate
from axis_server.limits.held_back import MOST_NAMED, OTHERS, QUIET, HeldBack
from axis_server.metrics import Metrics
from axis_server.settings import Address
from tests.axis_client.harness import Ran, free_port
from tests.axis_client.harness import axis as run_axis
from tests.axis_server.process import started
from tests.axis_server.served import prepared

AT = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


class Watched:
    """What the metrics show of who is held back, by a clock that is set."""

    def __init__(self) -> None:
        self.now = AT
        self.metrics = Metrics.make()
        self.held = HeldBack(clock=lambda: self.now, metrics=self.metrics)

    def seconds(self, agency: str, reason: str = "TOO_MANY_DOCUMENTS") -> float | None:
        labels = {"agency": agency, "reason": reason}
        return self.metrics.registry.get_sample_value("axis_held_back_seconds", labels)

    def calls(self, agency: str, reason: str = "TOO_MANY_DOCUMENTS") -> float | None:
        labels = {"agency": agency, "reason": reason}
        return self.metrics.registry.get_sample_value("axis_held_back_calls_total", labels)

    def later(self, by: timedelta) -> None:
        self.now += by
        self.held.look()


def test_it_is_shown_for_how_long_an_agency_has_been_held_back_and_that_it_is_over() -> None:
    watched = Watched()
    watched.held.noted("G22", "TOO_MANY_DOCUMENTS", wait_seconds=2.0)
    assert (watched.seconds("G22"), watched.calls("G22")) == (1, 1)
    for _ in range(10):
        watched.later(QUIET / 2)
        watched.held.noted("G22", "TOO_MANY_DOCUMENTS", wait_seconds=2.0)
    assert (watched.seconds("G22"), watched.calls("G22")) == (300, 11)
    watched.later(QUIET)
    assert (watched.seconds("G22"), watched.calls("G22")) == (0, 11)
    watched.held.noted("G22", "TOO_MANY_DOCUMENTS", wait_seconds=2.0)
    assert watched.seconds("G22") == 1, "another time"


def test_who_was_told_to_wait_for_hours_is_held_back_until_it_had_time_to_come_back() -> None:
    watched = Watched()
    watched.held.noted("G22", "TOO_MANY_BYTES", wait_seconds=3600.0)
    watched.held.noted("G22", "TOO_MANY_CALLS", wait_seconds=1.0)
    watched.later(timedelta(minutes=75))
    assert watched.seconds("G22", "TOO_MANY_BYTES") == 4500
    assert watched.seconds("G22", "TOO_MANY_CALLS") == 0
    watched.later(timedelta(minutes=15))
    assert watched.seconds("G22", "TOO_MANY_BYTES") == 0


def test_so_many_agencies_are_named_and_no_more() -> None:
    watched = Watched()
    for number in range(MOST_NAMED + 50):
        watched.held.noted(f"A{number}", "TOO_MANY_CALLS", wait_seconds=1.0)
    text = {
        sample.labels["agency"]
        for family in watched.metrics.registry.collect()
        for sample in family.samples
        if sample.name == "axis_held_back_calls_total"
    }
    assert len(text) == MOST_NAMED + 1
    assert watched.calls(OTHERS, "TOO_MANY_CALLS") == 50
    watched.held.noted("A0", "TOO_MANY_CALLS", wait_seconds=1.0)
    assert watched.calls("A0", "TOO_MANY_CALLS") == 2


@pytest.mark.parametrize("size", [1, 7, 40])
def test_in_any_day_a_process_lets_twice_a_days_bytes_through_at_most_and_what_was_last(size: int) -> None:
    most = 1000
    allowance = Allowance(Rate(per_minute=most / (24 * 60), burst=most))
    kept: list[tuple[datetime, int]] = []
    for minute in range(4 * 24 * 60):
        at = AT + timedelta(minutes=minute)
        while not allowance.take("A", at, amount=size):
            kept.append((at, size))
    worst = max(sum(each for at, each in kept if begun <= at < begun + DAY) for begun, _ in kept[::200])
    assert most < worst <= 2 * most + size
    settled = sum(each for at, each in kept if AT + 2 * DAY <= at < AT + 3 * DAY)
    assert settled <= most + size, "who never pauses has a day's share a day"


@pytest.mark.xdist_group("axis process")
async def test_the_operator_is_shown_who_is_held_back_and_the_clerk_when_to_try_again(tmp_path: Path) -> None:
    metrics = Address("127.0.0.1", free_port())
    axis = await prepared(tmp_path, metrics=metrics)
    with axis.config.open("a", encoding="utf-8") as file:
        file.write('\n[limits]\nbytes_per_day = "6 KiB"\n')

    async def shown(*options: str) -> str:
        command = ["limits", *options, "--config", str(axis.config)]
        done = await asyncio.to_thread(CliRunner().invoke, main, command)
        assert done.exit_code == 0, done.output
        return done.output

    async def sent(number: int, *options: str) -> Ran:
        package = tmp_path / f"{number}.edxml"
        package.write_bytes(axis.ministry.letter("H90", number=number))
        profile = axis.ministry.profile / "profile.toml"
        return await asyncio.to_thread(run_axis, "send", package, "--profile", profile, *options)

    async with started(axis.config, "--workers", "2") as running:
        assert any(
            "an agency whose connections are spread over all has up to 2 times its rates" in line
            for line in running.log
        )
        assert "Nobody is held back." in await shown()
        axis.ministry.client(running.address)  # which writes the address into the profile
        answers = [await sent(number) for number in range(3)]  # a worker takes one a day
        refused = next(answer for answer in answers if answer.code == 3)
        assert "[TOO_MANY_BYTES]" in refused.err
        assert re.search(r"^    Try again in: 1\d h \d+ min$", refused.err, re.MULTILINE), refused.err
        assert re.search(r"^    Thử lại sau: 1\d giờ \d+ phút$", refused.err, re.MULTILINE), refused.err
        more = [await sent(number, "--json") for number in (3, 4)]
        told = next(answer.error for answer in more if answer.code == 3)
        assert told["error"] == "TOO_MANY_BYTES" and 10 * 3600 < told["retry_after"] < 20 * 3600

        said = await shown()
        assert re.search(
            r"^G22  TOO_MANY_BYTES  since \d{4}-.*\+0700 \(.*\), \d+ calls turned away$", said, re.M
        )
        assert "2 processes serve and `limits.processes` is 1" in said
        (one,) = map(json.loads, (await shown("--json")).splitlines())
        assert (one["agency"], one["reason"], one["held_back"]) == ("G22", "TOO_MANY_BYTES", True)
        assert one["calls"] >= 2
    done = CliRunner().invoke(main, ["limits", "--config", str(axis.config)])
    assert (done.exit_code, "Does the axis run?" in done.output) == (1, True)
