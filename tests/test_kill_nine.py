"""Nothing acknowledged is lost, nothing is doubled, nothing stands without evidence.

A real axis is killed with kill -9 again and again while it takes two thousand submissions, each sent until
it is answered; then all are sent once more.
"""

from __future__ import annotations

import asyncio
import random
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest

from axis.v1 import submission_pb2, submission_pb2_grpc
from benchmarks.load import credentials, packages
from benchmarks.subjects import RECIPIENTS, ROOT, SENDER, World, await_address, make_world
from signing.keys import load_pem
from storage.ledger.sqlite import SqliteLedger
from tests.storage import whole

SUBMISSIONS = 2_000
KILLS = 6
IN_FLIGHT = 32
ATTEMPTS = 200
EVENTS = ["SubmissionAcceptance", "ContentConsignment"]

pytestmark = pytest.mark.xdist_group("axis process")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass
class Axis:
    """An axis process on a fixed port that can be killed and started again."""

    world: World
    process: subprocess.Popen[str] | None = None
    kills: int = 0

    async def start(self) -> None:
        command = [sys.executable, "-m", "axis_server", "run", "--config", str(self.world.config)]
        with (self.world.directory / "axis.log").open("a") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        await asyncio.to_thread(await_address, self.process)

    def kill(self) -> None:
        assert self.process is not None and self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.kills += 1


@dataclass
class Answers:
    """What the client was told, by the number of the submission."""

    evidence: dict[int, list[bytes]] = field(default_factory=dict)
    changed: list[int] = field(default_factory=list)

    def note(self, number: int, answer: submission_pb2.SubmitResponse) -> None:
        assert [one.event for one in answer.evidence] == EVENTS
        told = [one.content for one in answer.evidence]
        if self.evidence.setdefault(number, told) != told:
            self.changed.append(number)


@asynccontextmanager
async def stub(address: str, profile: Path) -> AsyncIterator[submission_pb2_grpc.SubmissionServiceStub]:
    options = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 300)]
    async with grpc.aio.secure_channel(address, credentials(profile), options) as channel:
        yield submission_pb2_grpc.SubmissionServiceStub(channel)


async def send(
    stub: submission_pb2_grpc.SubmissionServiceStub, package: bytes
) -> submission_pb2.SubmitResponse:
    """Sends until there is an answer; only "no answer" is tried again, a refusal fails the test."""
    for _ in range(ATTEMPTS):
        try:
            answer: submission_pb2.SubmitResponse = await stub.Submit(
                submission_pb2.SubmitRequest(package=package), timeout=60
            )
            return answer
        except grpc.aio.AioRpcError as exc:
            assert exc.code() == grpc.StatusCode.UNAVAILABLE, exc
            await asyncio.sleep(0.2)
    raise AssertionError("no answer")


async def send_all(address: str, profile: Path, bodies: list[bytes], answers: Answers) -> None:
    async with stub(address, profile) as submission:
        pending = iter(enumerate(bodies))

        async def worker() -> None:
            for number, body in pending:
                answers.note(number, await send(submission, body))

        await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))


async def kill_often(axis: Axis, answers: Answers, dice: random.Random) -> None:
    """Kills whenever another share of the submissions was answered, so that each kill hits work in flight."""
    for count in range(1, KILLS + 1):
        mark = SUBMISSIONS * count // (KILLS + 1) + dice.randrange(50)
        while len(answers.evidence) < mark:
            await asyncio.sleep(0.005)
        axis.kill()
        await axis.start()


async def test_kill_nine_in_the_middle_of_two_thousand_submissions_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    world = make_world(tmp_path)
    address = f"127.0.0.1:{free_port()}"
    text = world.config.read_text().replace('"127.0.0.1:0"', f'"{address}"', 1)
    # Without the scrub, whose statements would be leaves as well.
    world.config.write_text(f"{text}\n[scrub]\nbytes_per_second = 0\n")
    signer = load_pem(world.sender / "system.key", world.sender / "system.pem")
    sample = (ROOT / "tests" / "samples" / "package-new.edxml").read_bytes()
    bodies = packages(sample, signer, datetime.now(UTC), SUBMISSIONS, "9")
    answers = Answers()
    axis = Axis(world)
    await axis.start()
    try:
        await asyncio.gather(
            send_all(address, world.sender, bodies, answers),
            kill_often(axis, answers, random.Random(20260302)),
        )
        assert axis.kills == KILLS
        assert len(answers.evidence) == SUBMISSIONS
        await send_all(address, world.sender, bodies, answers)
        assert not answers.changed, "a submission was answered twice with different evidence"
    finally:
        axis.kill()
    await check_ledger(world, answers)


async def check_ledger(world: World, answers: Answers) -> None:
    """Reads the store itself: each submission once, with its deliveries, and the very evidence that was
    told."""
    ledger = await SqliteLedger.open(world.directory / "axis" / "ledger" / "ledger.sqlite3")
    try:
        items = await whole.outbox(ledger, SENDER)
        assert len(items) == SUBMISSIONS
        assert len({item.entry.document_id for item in items}) == SUBMISSIONS
        told = {tuple(evidence) for evidence in answers.evidence.values()}
        kept = set()
        for item in items:
            deliveries = await whole.deliveries(ledger, item.entry.dispatch_id)
            assert [delivery.recipient_id for delivery in deliveries] == list(RECIPIENTS)
            evidence = await whole.evidence(ledger, item.entry.dispatch_id)
            assert [one.event for one in evidence] == EVENTS
            kept.add(tuple(one.content for one in evidence))
        assert kept == told
        leaves = 0
        while page := await ledger.leaves(start=leaves, limit=1_000):
            leaves += len(page)
        acts = await ledger.acts(limit=1_000)  # an axis that was begun and its starts are leaves too
        assert leaves == SUBMISSIONS * len(EVENTS) + len(acts.items)
    finally:
        await ledger.aclose()
