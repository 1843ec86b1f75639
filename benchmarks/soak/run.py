"""One soak from beginning to end."""

from __future__ import annotations

import asyncio
import random
import resource
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.judging.account import Account
from benchmarks.judging.judge import Breach, judge
from benchmarks.judging.reading import answers, read, unsettled
from benchmarks.judging.served import Served
from benchmarks.judging.wire import Wire
from benchmarks.soak import country as countries
from benchmarks.soak.clerks import Desk
from benchmarks.soak.country import SECONDS_TO_ANSWER
from benchmarks.soak.following import Day, Follower
from benchmarks.soak.weather import OFFSETS, Axis, Line, Weather, faketime_library

SYSTEMS = 2
"""Of each agency, at work at the same time."""
BAD_LINES = 3
"""Every third agency is behind a line that is cut."""
ANSWERS_WITHIN = 60.0
"""Seconds after which an axis that has started and answers nobody ends the run."""
SETTLED_WITHIN = 300.0
"""Seconds within which the axis must have ended everything after the last deadline passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How hard a soak is."""

    moves: int
    seed: int = 1
    houses: int = 12
    units: int = 3
    life: tuple[float, float] = (2.0, 5.0)
    """Shortest and longest life of the axis, seconds."""
    kills: int | None = None
    """Just so many, and then fair weather; None: as many as come until the moves are made."""
    seals: int = 20
    """One evidence in so many has its seal checked a second time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a soak showed."""

    account: Account
    served: Served
    breaches: Sequence[Breach]
    figures: Mapping[str, float]


async def soak(directory: Path, plan: Plan) -> Outcome:
    """Runs a soak in an empty directory."""
    country = await countries.found(directory, houses=plan.houses, units=plan.units)
    axis = Axis(config=country.config, address=country.address, library=faketime_library())
    line, account, day = Line(country.address), Account(), Day(plan.moves)
    weather = Weather(axis=axis, line=line, dice=random.Random(plan.seed), life=plan.life)
    await axis.start()
    try:
        behind = await line.open()
        wires = {
            name: Wire(
                behind if number % BAD_LINES == 0 else country.address,
                house.profile,
                account,
                random.Random(f"{plan.seed} {name} wire"),
            )
            for number, (name, house) in enumerate(country.houses.items())
        }
        began, own = time.monotonic(), _own_cpu()
        followers = [
            Follower(house, country.mailboxes, wires[name], day, random.Random(f"{plan.seed} {name} events"))
            for name, house in country.houses.items()
        ]
        desks = [
            Desk(country, one, wires[name], day, random.Random(f"{plan.seed} {name}"))
            for name, one in zip(country.houses, followers, strict=True)
        ]
        following = [asyncio.create_task(one.follow()) for one in followers]
        try:
            await _work(desks, day, weather, plan.kills)
            worked = time.monotonic() - began
            weather_lives = axis.lives
            await _settle(axis, wires)
            served = await read(wires, country.config.parent / "ca" / "ca.pem", plan.seals)
            await _caught_up(followers, served)
            resident = axis.resident_bytes()
        finally:
            for task in following:
                task.cancel()
            await asyncio.wait(following)
            for wire in wires.values():
                await wire.close()
            await line.close()
    finally:
        axis.end()
    breaches = [Breach("no life ends by itself", "axis", f"exit status {one}") for one in axis.died]
    breaches += judge(account, served)
    figures = _figures(account, served) | {
        "kills": weather.kills,
        "lives with a clock behind the one before": axis.backward,
        "lines cut": line.cuts,
        "seconds of work": worked,
        "moves a second": account.moves / worked,
        "server CPU seconds": axis.cpu_seconds,
        "client CPU seconds": _own_cpu() - own,
        "server resident MiB": resident / (1 << 20),
        "lives": weather_lives,
        "lives that ended by themselves": len(axis.died),
    }
    return Outcome(account=account, served=served, breaches=breaches, figures=figures)


async def _work(desks: Sequence[Desk], day: Day, weather: Weather, kills: int | None) -> None:
    """A day's work in bad weather: until so many moves are made and so many kills done. The first failure
    ends it."""
    async with asyncio.TaskGroup() as tasks:
        for desk in desks:
            for _ in range(SYSTEMS):
                tasks.create_task(desk.work())
        raging = tasks.create_task(weather.rage(kills))
        await day.made.wait()
        if kills is None:
            weather.calm()
        await raging
        day.over.set()


async def _settle(axis: Axis, wires: Mapping[str, Wire]) -> None:
    """Kills the axis once more and lets it wake when every deadline has passed; returns when it has ended
    what was open. Raises `RuntimeError` when it answers nobody."""
    axis.end()
    await axis.start(max(OFFSETS) + max(SECONDS_TO_ANSWER) + 60)
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            for wire in wires.values():
                await answers(wire)
    except TimeoutError as silence:
        raise RuntimeError(f"the axis answers nobody: {await axis.condition()}") from silence
    last = time.monotonic() + SETTLED_WITHIN
    while await unsettled(wires):
        if time.monotonic() > last:
            return  # the judge will name what did not end
        await asyncio.sleep(0.5)


async def _caught_up(followers: Sequence[Follower], served: Served) -> None:
    """Waits until each follower has seen the last event, for a minute at most."""
    last = time.monotonic() + 60
    for one in followers:
        end = served.events[one.house.agency_id]
        while end and one.cursor != end[-1].cursor and time.monotonic() < last:
            await asyncio.sleep(0.2)


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _figures(account: Account, served: Served) -> dict[str, float]:
    outboxes = [sent for outbox in served.sent.values() for sent in outbox]
    own = {who: {sent.dispatch_id for sent in outbox} for who, outbox in served.sent.items()}
    kinds = Counter(
        one.kind for who, events in served.events.items() for one in events if one.dispatch_id in own[who]
    )
    figures: dict[str, float] = {
        "moves": account.moves,
        "documents and packages": len(outboxes),
        "deliveries": sum(len(sent.deliveries) for sent in outboxes),
        "evidence": sum(len(sent.proofs) for sent in outboxes),
        "evidence checked with libxmlsec1": served.verified,
        "statements": sum(len(sent.statements) for sent in outboxes),
        "events followed": sum(map(len, account.followed.values())),
        "events replayed": sum(map(len, served.events.values())),
    }
    return figures | {f"event {kind}": often for kind, often in sorted(kinds.items())}
