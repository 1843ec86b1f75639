"""How long a quiet agency waits while another one floods: `python -m benchmarks.fairness`.

A quiet agency sends a letter now and then, one at a time; in every other round another agency has 64 letters
in flight all the while. What is measured is the time from sending a letter to having its evidence, with and
without the flood; the client shares the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path

import grpc

from axis.v1 import submission_pb2, submission_pb2_grpc
from benchmarks.load import credentials
from benchmarks.subjects import ROOT, Subject, World, axis, running
from benchmarks.watching import SENDER, letter, prepare
from signing.keys import Signer, load_pem

FLOODING = "H00"
IN_FLIGHT = 64
FLOOD_LETTERS = 1000
"""Ready at the beginning of a round; when they are used up, the flood is over."""
SECONDS = 60.0
"""Within which a letter must have its evidence; else the run fails."""


@dataclass(slots=True)
class Waits:
    """Seconds that each letter of the quiet agency took."""

    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    """While another one flooded."""
    flooded: int = 0
    """Letters of the other one that were accepted."""
    flood_seconds: float = 0.0


class Sender:
    """An agency that sends, each letter a new one."""

    def __init__(self, subject: Subject, world: World, name: str) -> None:
        self._name = name
        profile = world.directory / name
        self._signer: Signer = load_pem(profile / "system.key", profile / "system.pem")
        self.channel = grpc.aio.secure_channel(
            subject.address, credentials(profile), [("grpc.use_local_subchannel_pool", 1)]
        )
        self._stub = submission_pb2_grpc.SubmissionServiceStub(self.channel)
        self._numbers = count()
        self.letters: list[bytes] = []
        """Sealed and not yet sent."""

    def write(self, how_many: int) -> None:
        """Seals letters beforehand: the client is not to be what is waited for."""
        numbers = islice(self._numbers, how_many)
        self.letters += [letter(self._signer, ["H01"], number, self._name) for number in numbers]

    async def send(self) -> float:
        """Sends a letter, and returns how many seconds it took."""
        body = self.letters.pop()
        began = time.perf_counter()
        await self._stub.Submit(submission_pb2.SubmitRequest(package=body), timeout=SECONDS)
        return time.perf_counter() - began


@asynccontextmanager
async def flood(sender: Sender, waits: Waits) -> AsyncIterator[None]:
    """Has letters in flight until the block ends."""

    async def on_and_on() -> None:
        while sender.letters:
            await sender.send()
            waits.flooded += 1

    began = time.perf_counter()
    tasks = [asyncio.create_task(on_and_on()) for _ in range(IN_FLIGHT)]
    try:
        await asyncio.sleep(1.0)  # until it is a flood
        yield
    finally:
        waits.flood_seconds += time.perf_counter() - began
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def drive(subject: Subject, world: World, rounds: int, letters: int, pause: float) -> Waits:
    waits = Waits()
    quiet, loud = Sender(subject, world, SENDER), Sender(subject, world, FLOODING)

    async def some(kept: list[float]) -> None:
        for _ in range(letters):
            kept.append(await quiet.send())
            await asyncio.sleep(pause)

    try:
        quiet.write(letters)
        await some([])  # warms up
        for _ in range(rounds):
            quiet.write(2 * letters)
            loud.write(FLOOD_LETTERS - len(loud.letters))
            await some(waits.alone)
            async with flood(loud, waits):
                await some(waits.beside)
    finally:
        for one in (quiet, loud):
            await one.channel.close()
    return waits


def figures(waits: Waits) -> dict[str, float]:
    alone, beside = (statistics.quantiles(one, n=100) for one in (waits.alone, waits.beside))
    return {
        "letters_each": len(waits.alone),
        "alone_p50_seconds": round(alone[49], 3),
        "alone_p95_seconds": round(alone[94], 3),
        "beside_a_flood_p50_seconds": round(beside[49], 3),
        "beside_a_flood_p95_seconds": round(beside[94], 3),
        "flood_in_flight": IN_FLIGHT,
        "flood_accepted_per_second": round(waits.flooded / waits.flood_seconds, 1),
        "seconds_if_it_stood_behind_all": round(IN_FLIGHT * waits.flood_seconds / waits.flooded, 3),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.fairness", description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument(
        "--letters", type=int, default=20, help="of the quiet agency, each round, each way"
    )
    arguments.add_argument("--pause", type=float, default=0.2, help="seconds between its letters")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        world = asyncio.run(prepare(Path(name), 2))
        with running("axis", axis(world), world.directory / "axis.log") as subject:
            waits = asyncio.run(drive(subject, world, given.rounds, given.letters, given.pause))
    result = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "figures": figures(waits)}
    (ROOT / "benchmarks" / "results" / "fairness.json").write_text(json.dumps(result, indent=2) + "\n")
    for label, value in figures(waits).items():
        print(f"{label:<40}{value:>12}")


if __name__ == "__main__":
    main()
