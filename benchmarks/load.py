"""The one client: keeps a fixed number of submissions in flight, the same bytes and the same stub for every
server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import grpc

from axis.v1 import submission_pb2, submission_pb2_grpc
from edxml.model import HEADER_PLACE
from signing.keys import Signer
from signing.seal import seal

CHANNELS = 4
"""One HTTP/2 connection is one thread in the server's transport; a real axis has many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round showed."""

    seconds: float
    latencies: tuple[float, ...]
    """Seconds of each submission, in order of completion."""
    accepted: int


def packages(sample: bytes, signer: Signer, at: datetime, count: int, mark: str) -> list[bytes]:
    """Seals `count` packages that differ in their document number, so that each is a dispatch of its own."""
    return [
        seal(sample.replace(b"7816", f"{mark}{number}".encode()), signer=signer, place=HEADER_PLACE, at=at)
        for number in range(count)
    ]


def credentials(profile: Path) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        (profile / "ca.pem").read_bytes(),
        (profile / "system.key").read_bytes(),
        (profile / "system.pem").read_bytes(),
    )


async def drive(address: str, profile: Path, bodies: Sequence[bytes], in_flight: int) -> Round:
    """Submits every body once; any refusal ends the run."""
    options = [("grpc.max_receive_message_length", 64 << 20), ("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.aio.secure_channel(address, credentials(profile), options) for _ in range(CHANNELS)]
    try:
        stubs = [submission_pb2_grpc.SubmissionServiceStub(channel) for channel in channels]
        await asyncio.gather(*(channel.channel_ready() for channel in channels))
        pending = iter(bodies)
        latencies: list[float] = []

        async def worker(stub: submission_pb2_grpc.SubmissionServiceStub) -> None:
            for body in pending:
                started = time.perf_counter()
                answer = await stub.Submit(submission_pb2.SubmitRequest(package=body), timeout=60)
                latencies.append(time.perf_counter() - started)
                assert answer.dispatch.dispatch_id

        started = time.perf_counter()
        await asyncio.gather(*(worker(stubs[number % CHANNELS]) for number in range(in_flight)))
        return Round(
            seconds=time.perf_counter() - started, latencies=tuple(latencies), accepted=len(latencies)
        )
    finally:
        for channel in channels:
            await channel.close()
