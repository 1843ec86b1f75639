"""The agencies that drive the axis over its wire: they send, watch, take letters and upload."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import grpc

from axis.v1 import (
    events_pb2,
    events_pb2_grpc,
    inbox_pb2,
    inbox_pb2_grpc,
    records_pb2_grpc,
    submission_pb2,
    submission_pb2_grpc,
    types_pb2,
)
from axis_server.caller import Role
from axis_server.ledgers import opened_ledger
from axis_server.operation import registry
from axis_server.operation.provision import issue_profile, provision
from axis_server.operation.registry import Use, certificate_of
from axis_server.settings import Address, Secrets, load
from benchmarks.load import credentials
from benchmarks.sizing.engines import SCHEMA, Engines
from benchmarks.sizing.plan import MIB
from benchmarks.soak import letters
from demo.over_engines import replaced
from edxml.model import HEADER_PLACE, Attachment
from edxml.writer import write
from signing.dispatch import ni_uri
from signing.keys import Signer, load_pem
from signing.seal import seal
from storage.ledger.registry import Agency

SENDER = "G90"
PACKAGE_BYTES = 6 * 1024
CHANNELS = 4
CALL_SECONDS = 60.0
_OPTIONS = [("grpc.max_receive_message_length", 64 << 20), ("grpc.use_local_subchannel_pool", 1)]
_FREE = """
[limits]
documents_per_minute = 1000000
documents_burst = 1000000
statements_per_minute = 1000000
statements_burst = 1000000
"""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """An axis that is set up, and the agencies that it knows."""

    config: Path
    profiles: Path
    recipients: tuple[str, ...]

    @property
    def base(self) -> Path:
        return self.config.parent

    def signer(self, agency_id: str) -> Signer:
        profile = self.profiles / agency_id
        return load_pem(profile / "system.key", profile / "system.pem")


async def found(directory: Path, engines: Engines, recipients: int, schema: str = SCHEMA) -> Country:
    """Sets an axis up over these stores, with a sender and recipients, and no rates in its limits."""
    at, base = datetime.now(UTC), directory / "axis"
    config = provision(
        base, listen=Address("127.0.0.1", 0), hosts=(), metrics=None, axis_id="AXIS", axis_name="A", at=at
    )
    text = config.read_text("utf-8").replace('level = "info"', 'level = "warning"')
    config.write_text(replaced(text, f"{_FREE}{engines.sections(schema)}"), "utf-8")
    names = tuple(f"H{number:02}" for number in range(recipients))
    async with opened_ledger(load(config), secrets_of(engines)) as ledger:
        for name in (SENDER, *names):
            issued = issue_profile(base, directory / name, agency_id=name, axis="-", role=Role.SYSTEM, at=at)
            record = certificate_of(issued.certificate, role=Role.SYSTEM, use=Use.BOTH, at=at)
            await registry.add(ledger, Agency(agency_id=name, name=name, certificates=(record,)))
    return Country(config=config, profiles=directory, recipients=names)


def secrets_of(engines: Engines) -> Secrets:
    names = {name.removeprefix("AXIS_").lower(): value for name, value in engines.secrets.items()}
    return Secrets.model_validate(names)


class Office:
    """One agency's systems, over several connections."""

    def __init__(self, country: Country, agency_id: str, address: str, channels: int = CHANNELS) -> None:
        self.agency_id = agency_id
        self.signer = country.signer(agency_id)
        self._numbers = count(1)
        known = credentials(country.profiles / agency_id)
        self.channels = [grpc.aio.secure_channel(address, known, _OPTIONS) for _ in range(channels)]
        self._submitting = [submission_pb2_grpc.SubmissionServiceStub(one) for one in self.channels]
        self._receiving = [inbox_pb2_grpc.InboxServiceStub(one) for one in self.channels]
        self.events = events_pb2_grpc.EventServiceStub(self.channels[0])
        self.inbox = self._receiving[0]
        self.records = records_pb2_grpc.RecordServiceStub(self.channels[0])

    def letter(
        self, to: Sequence[str], content: bytes | None = None, *, beside: str = "", mark: int = 0
    ) -> bytes:
        """Seals a document with one file: its bytes inside, or its digest when it lies `beside`. Without
        either, the sealed package has about `PACKAGE_BYTES`. `mark` keeps numbers of several runs apart."""
        document = letters.document(self.agency_id, mark + next(self._numbers), to, priority=0)
        if content is None and not beside:
            content = b"%PDF-1.4\n" + os.urandom(_FILLING)
        file = Attachment(content_id="1", name="a.pdf", content_type="application/pdf", content=content)
        return seal(
            write(replace(document, attachments=(file,))),
            signer=self.signer,
            at=datetime.now(UTC),
            place=HEADER_PLACE,
            detached={"cid:1": beside} if beside else {},
        )

    async def send(self, package: bytes, lane: int = 0) -> types_pb2.Dispatch:
        stub = self._submitting[lane % CHANNELS]
        answer = await stub.Submit(submission_pb2.SubmitRequest(package=package), timeout=CALL_SECONDS)
        dispatch: types_pb2.Dispatch = answer.dispatch
        return dispatch

    async def live(self, dispatch: types_pb2.Dispatch, lane: int = 0) -> None:
        """Fetches, hands over and accepts: a delivery's whole life."""
        stub = self._receiving[lane % CHANNELS]
        for part in dispatch.parts:
            request = inbox_pb2.FetchPartRequest(dispatch_id=dispatch.dispatch_id, number=part.number)
            if not part.number or not part.inline:
                async for _ in stub.FetchPart(request, timeout=CALL_SECONDS):
                    pass
        for code in ("01", "03"):
            stated = self._statement(code, dispatch)
            await stub.Report(
                inbox_pb2.ReportRequest(dispatch_id=dispatch.dispatch_id, statement=stated),
                timeout=CALL_SECONDS,
            )

    def _statement(self, code: str, dispatch: types_pb2.Dispatch) -> bytes:
        held = {ni_uri(part.sha256): part.sha256 for part in dispatch.parts} if code == "01" else {}
        return letters.statement(
            code,
            dispatch,
            speaker=self.agency_id,
            addressee=dispatch.sender_id,
            signer=self.signer,
            at=datetime.now(UTC),
            held=held,
        )

    async def upload(self, blob: Blob, lane: int = 0) -> None:
        answer = await self._submitting[lane % CHANNELS].Upload(blob.requests(), timeout=10 * CALL_SECONDS)
        assert answer.complete

    async def watch(self, began: Callable[[], None], seen: Callable[[int], None]) -> None:
        """Watches until it is cancelled."""
        request = events_pb2.WatchEventsRequest(from_now=True, together=True)
        first = True
        async for news in self.events.WatchEvents(request):
            if first:
                began()
            first = False
            seen(len(news.events.events))

    async def close(self) -> None:
        for channel in self.channels:
            await channel.close()


@asynccontextmanager
async def open_offices(country: Country, address: str, *names: str) -> AsyncIterator[list[Office]]:
    async with AsyncExitStack() as stack:
        offices = [Office(country, name, address) for name in names]
        for one in offices:
            stack.push_async_callback(one.close)
            async with asyncio.timeout(CALL_SECONDS):
                await asyncio.gather(*(channel.channel_ready() for channel in one.channels))
        yield offices


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of which only one MiB is in the client's memory."""

    block: bytes
    last: bytes
    """Another than the block, so that no two blobs are the same."""
    size: int
    sha256: str

    @classmethod
    def of(cls, size: int) -> Blob:
        """Makes one of whole MiB."""
        block, last, digest = os.urandom(MIB), os.urandom(MIB), hashlib.sha256()
        for chunk in _chunks(block, last, size):
            digest.update(chunk)
        return cls(block, last, size, digest.hexdigest())

    def chunks(self) -> Iterable[bytes]:
        return _chunks(self.block, self.last, self.size)

    async def requests(self) -> AsyncIterator[submission_pb2.UploadRequest]:
        header = submission_pb2.UploadHeader(sha256=self.sha256, size=self.size)
        yield submission_pb2.UploadRequest(header=header)
        for chunk in self.chunks():
            yield submission_pb2.UploadRequest(chunk=chunk)


def _chunks(block: bytes, last: bytes, size: int) -> Iterable[bytes]:
    for _ in range(size // MIB - 1):
        yield block
    yield last


async def in_flight(work: Callable[[Any, int], Awaitable[T]], items: Iterable[Any], how_many: int) -> list[T]:
    """Does `work` with each item, so many at a time, each in a lane of its own."""
    waiting, done = iter(items), []

    async def lane(number: int) -> None:
        for item in waiting:
            done.append(await work(item, number))

    await asyncio.gather(*(lane(number) for number in range(how_many)))
    return done


_FILLING = 1040
"""Bytes of the file in a package of `PACKAGE_BYTES`; the seal and its certificate are most of the rest."""
