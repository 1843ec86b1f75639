"""What can go wrong, each with a beginning and an end.

A fault is drawn once, with all that is random about it, and then happens. Two kinds of storm go on at once:
what befalls nodes, and what befalls engines and lines.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.chaos.database import Pair
from benchmarks.chaos.network import Line, Network
from benchmarks.chaos.nodes import Node
from benchmarks.chaos.store import Store
from tests.storage.troubled import Trouble

STEPS = (
    "archive.put",
    "archive.append",
    "archive.finish",
    "ledger.commit",
    "ledger.advance",
    "ledger.take",
    "ledger.hold",
    "ledger.publish",
)
"""Calls of a store at which a node dies, before or after they took effect."""
REACHED_WITHIN = 10.0
"""Seconds for a node to come to its step; else it is killed where it stands."""
OFFSETS = (4, 30, 240, -120, -20)
"""Seconds by which a clock jumps; a seal may be five minutes ahead of a node, and evidence of a client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What faults befall."""

    network: Network
    pair: Pair
    store: Store | None
    """None where the archive is a directory that the nodes share."""
    nodes: Mapping[str, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One that was drawn. `end` returns when what it broke is whole again."""

    kind: str
    where: str
    seconds: float
    """How long it lasts."""
    begin: Callable[[], None]
    end: Callable[[], None]


Draw = Callable[[World, random.Random], Fault]


def killed(world: World, dice: random.Random) -> Fault:
    node = dice.choice(list(world.nodes.values()))
    return Fault(
        kind="node killed (-9)",
        where=node.name,
        seconds=dice.uniform(0.0, 3.0),
        begin=node.kill,
        end=node.await_serving,
    )


def killed_at_a_step(world: World, dice: random.Random) -> Fault:
    node, step = dice.choice(list(world.nodes.values())), dice.choice(STEPS)
    when = dice.choice(("before", "after"))

    def begin() -> None:
        node.orders.write_text(f"{step} {when}")
        end = time.monotonic() + REACHED_WITHIN
        while not node.ended() and time.monotonic() < end:
            time.sleep(0.05)
        node.kill()

    return Fault(
        kind="node killed at a step",
        where=f"{node.name} {when} {step}",
        seconds=dice.uniform(0.0, 1.0),
        begin=begin,
        end=node.await_serving,
    )


def clock_jumps(world: World, dice: random.Random) -> Fault:
    node, offset = dice.choice(list(world.nodes.values())), dice.choice(OFFSETS)
    return Fault(
        kind="clock jumps",
        where=f"{node.name} {offset:+d} s",
        seconds=dice.uniform(3.0, 8.0),
        begin=lambda: node.set_clock(offset),
        end=lambda: node.set_clock(0),
    )


def database_crashes(world: World, dice: random.Random) -> Fault:
    return Fault(
        kind="PostgreSQL killed (-9)",
        where="primary",
        seconds=dice.uniform(0.5, 4.0),
        begin=world.pair.crash,
        end=world.pair.recover,
    )


def database_fails_over(world: World, dice: random.Random) -> Fault:
    return Fault(
        kind="PostgreSQL fails over",
        where="primary, fenced",
        seconds=dice.uniform(1.0, 4.0),
        begin=world.pair.fail_over,
        end=world.pair.rebuild,
    )


def database_full(world: World, dice: random.Random) -> Fault:
    return Fault(
        kind="disk full",
        where="primary",
        seconds=dice.uniform(4.0, 8.0),
        begin=world.pair.fill,
        end=world.pair.clear,
    )


def _store(kind: str, trouble: Trouble) -> Draw:
    def draw(world: World, dice: random.Random) -> Fault:
        assert world.store is not None
        door = world.store.door
        method = dice.choice(("", "GET", "PUT")) if trouble is Trouble.HALF else ""
        return Fault(
            kind=kind,
            where=f"S3 {method}".strip(),
            seconds=dice.uniform(3.0, 8.0),
            begin=lambda: door.trouble(method, "", trouble, times=-1),
            end=door.heal,
        )

    return draw


def _lines(kind: str, where: str, lines: list[Line], seconds: float, bad: Line) -> Fault:
    def become(how: Line) -> None:
        for line in lines:
            line.loss, line.delay, line.cut = how.loss, how.delay, how.cut

    return Fault(
        kind=kind, where=where, seconds=seconds, begin=lambda: become(bad), end=lambda: become(Line())
    )


def lossy(world: World, dice: random.Random) -> Fault:
    host = dice.choice([name for name in world.network.hosts if name not in ("here", "clients")])
    bad = Line(loss=dice.uniform(0.01, 0.1), delay=dice.uniform(0.002, 0.03))
    return _lines(
        "packets lost and delayed",
        f"{host} {bad.loss:.1%} {1000 * bad.delay:.0f} ms",
        world.network.lines_of(host),
        dice.uniform(4.0, 10.0),
        bad,
    )


def parted_from_the_ledger(world: World, dice: random.Random) -> Fault:
    node = dice.choice(list(world.nodes))
    lines = [world.network.line(node, name) for name in world.pair.names]
    return _lines("node parted from the ledger", node, lines, dice.uniform(4.0, 25.0), Line(cut=True))


def parted_from_all(world: World, dice: random.Random) -> Fault:
    node = dice.choice(list(world.nodes))
    lines = world.network.lines_of(node)
    return _lines("node cut off from everybody", node, lines, dice.uniform(4.0, 12.0), Line(cut=True))


def parted_from_the_standby(world: World, dice: random.Random) -> Fault:
    line = world.network.line(*world.pair.names)
    bad = Line(cut=True)
    return _lines("primary parted from its standby", "primary", [line], dice.uniform(3.0, 10.0), bad)


OF_NODES: tuple[Draw, ...] = (killed, killed_at_a_step, killed_at_a_step, clock_jumps)
OF_ENGINES: tuple[Draw, ...] = (
    database_crashes,
    database_fails_over,
    database_full,
    lossy,
    parted_from_the_ledger,
    parted_from_all,
    parted_from_the_standby,
)
OF_STORE: tuple[Draw, ...] = (
    _store("S3 away", Trouble.GONE),
    _store("S3 slow", Trouble.SLOW),
    _store("S3 answers 503", Trouble.BUSY),
    _store("S3 answers half", Trouble.HALF),
    _store("S3 answers are lost", Trouble.LOST),
)
