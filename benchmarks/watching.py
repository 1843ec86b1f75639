"""Figure 9: p95 from an event to a watcher seeing it, with 1,000 watchers: `python -m benchmarks.watching`.

Fifty agencies watch with twenty streams each. Every letter goes to all of them, so that each commit wakes all
watchers at once. What is measured is the time from the event (which the axis dates before it signs, archives
and commits) to the client's having read it, on the same clock; the client shares the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc

from axis.v1 import events_pb2, events_pb2_grpc, submission_pb2, submission_pb2_grpc
from axis_server.caller import Role
from axis_server.ledgers import opened_ledger
from axis_server.operation import registry
from axis_server.operation.provision import issue_profile, provision
from axis_server.operation.registry import Use, certificate_of
from axis_server.settings import Address, load
from benchmarks.load import credentials
from benchmarks.subjects import ROOT, Subject, World, axis, running
from edxml.model import HEADER_PLACE, Attachment, Code, Organ, Package
from edxml.writer import write
from signing.keys import Signer, load_pem
from signing.seal import seal
from storage.ledger.registry import Agency

SENDER = "G90"
GOAL_SECONDS = 0.1
READY_SECONDS = 60.0
"""Within which all watches must have begun, and all events of a letter be seen; else the run fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one run showed."""

    watchers: int
    events: int
    lags: tuple[float, ...]
    """Seconds from event to watcher, one for each watcher and event."""
    cpu_seconds: float
    resident_bytes: int


async def prepare(directory: Path, agencies: int) -> World:
    """Makes an axis with a sender and recipients."""
    at = datetime.now(UTC)
    base = directory / "axis"
    config = provision(
        base, listen=Address("127.0.0.1", 0), hosts=(), metrics=None, axis_id="AXIS", axis_name="A", at=at
    )
    recipients = tuple(f"H{number:02}" for number in range(agencies))
    async with opened_ledger(load(config)) as ledger:
        for name in (SENDER, *recipients):
            issued = issue_profile(base, directory / name, agency_id=name, axis="-", role=Role.SYSTEM, at=at)
            record = certificate_of(issued.certificate, role=Role.SYSTEM, use=Use.BOTH, at=at)
            await registry.add(ledger, Agency(agency_id=name, name=name, certificates=(record,)))
    return World(directory=directory, config=config, sender=directory / SENDER, recipients=recipients)


def letter(signer: Signer, to: Sequence[str], number: int, sender: str = SENDER) -> bytes:
    at = datetime.now(UTC)
    package = Package(
        sender=Organ(organ_id=sender, organ_name="Bộ Mẫu"),
        recipients=tuple(Organ(organ_id=one) for one in to),
        document_id=f"{sender},2026/03/02,{number}/BM-VP",
        code=Code(number=str(number), notation="BM-VP"),
        subject="V/v chuẩn bị số liệu",
        place="Hà Nội",
        promulgation_date="2026/03/02",
        steering_type="1",
        attachments=(
            Attachment(content_id="1", name="a.pdf", content_type="application/pdf", content=b"%PDF-1.4\n"),
        ),
    )
    return seal(write(package), signer=signer, at=at, place=HEADER_PLACE)


class Crowd:
    """Watchers, and what they saw."""

    def __init__(self) -> None:
        self.lags: list[float] = []
        self.began = 0
        self._news = asyncio.Event()

    async def watch(self, stub: events_pb2_grpc.EventServiceAsyncStub) -> None:
        """Watches until it is cancelled."""
        said = 0
        async for news in stub.WatchEvents(events_pb2.WatchEventsRequest(from_now=True, together=True)):
            now = datetime.now(UTC).timestamp()
            self.lags += [now - one.event.at.ToNanoseconds() / 1e9 for one in news.events.events]
            said += 1
            self.began += said == 1
            self._news.set()

    async def until(self, began: int, seen: int) -> None:
        """Returns when so many have begun and so many events were seen by all together."""
        async with asyncio.timeout(READY_SECONDS):
            while self.began < began or len(self.lags) < seen:
                self._news.clear()
                await self._news.wait()


async def drive(subject: Subject, world: World, each: int, letters: int, pause: float) -> Seen:
    options = [("grpc.use_local_subchannel_pool", 1)]
    signer = load_pem(world.sender / "system.key", world.sender / "system.pem")
    crowd, watchers = Crowd(), len(world.recipients) * each
    channels = [
        grpc.aio.secure_channel(subject.address, credentials(world.directory / name), options)
        for name in (SENDER, *world.recipients)
    ]
    sending = submission_pb2_grpc.SubmissionServiceStub(channels[0])
    watching = [
        asyncio.create_task(crowd.watch(events_pb2_grpc.EventServiceStub(channel)))
        for channel in channels[1:]
        for _ in range(each)
    ]
    try:
        await crowd.until(watchers, 0)
        before = subject.cpu_seconds()
        for number in range(letters):
            body = letter(signer, world.recipients, number)
            await sending.Submit(submission_pb2.SubmitRequest(package=body), timeout=60)
            await asyncio.sleep(pause)
            # Acceptance and consignment speak of all: each watcher sees both.
            await crowd.until(watchers, 2 * watchers * (number + 1))
        cpu = subject.cpu_seconds() - before
        return Seen(
            watchers=watchers,
            events=2 * letters,
            lags=tuple(crowd.lags),
            cpu_seconds=cpu,
            resident_bytes=subject.resident_bytes(),
        )
    finally:
        for task in watching:
            task.cancel()
        await asyncio.wait(watching)
        for channel in channels:
            await channel.close()


def figures(seen: Seen) -> dict[str, float]:
    cuts = statistics.quantiles(seen.lags, n=100)
    return {
        "watchers": seen.watchers,
        "events": seen.events,
        "p50_seconds": round(cuts[49], 3),
        "p95_seconds": round(cuts[94], 3),
        "p99_seconds": round(cuts[98], 3),
        "most_seconds": round(max(seen.lags), 3),
        "server_cpu_ms_per_event_and_watcher": round(1000 * seen.cpu_seconds / len(seen.lags), 4),
        "server_resident_mib": round(seen.resident_bytes / (1 << 20), 1),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.watching", description=__doc__)
    arguments.add_argument("--agencies", type=int, default=50)
    arguments.add_argument("--each", type=int, default=20, help="streams of an agency")
    arguments.add_argument("--letters", type=int, default=20)
    arguments.add_argument("--pause", type=float, default=1.0, help="seconds between letters")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        world = asyncio.run(prepare(Path(name), given.agencies))
        with running("axis", axis(world), world.directory / "axis.log") as subject:
            seen = asyncio.run(drive(subject, world, given.each, given.letters, given.pause))
    result = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "figures": figures(seen)}
    (ROOT / "benchmarks" / "results" / "watching.json").write_text(json.dumps(result, indent=2) + "\n")
    for label, value in figures(seen).items():
        print(f"{label:<40}{value:>12}")
    print(f"9  p95 from event to watcher, seconds: goal < {GOAL_SECONDS}")


if __name__ == "__main__":
    main()
