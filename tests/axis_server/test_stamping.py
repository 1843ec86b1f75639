"""Time-stamps over checkpoints: a real authority (`openssl ts`) behind HTTP, its outages, and what does not
hold."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from axis.v1 import log_pb2, log_pb2_grpc, submission_pb2, submission_pb2_grpc
from axis_server.transparency.authorities import Authority, Requesting
from axis_server.transparency.publisher import Publisher
from axis_server.transparency.stamping import Stamping
from signing.timestamps import Imprint, Timestamp, TimestampRequest, request, verify_token
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.fetching.outside import Outside, Reply, outside
from tests.axis_server.process import PATIENCE
from tests.axis_server.served import served
from tests.axis_server.test_transparency import SIGNER, Shown, shown
from tests.pki import authority as authority_of
from tests.signing.timestamps.stage import openssl_response, root, trust, tsa_of
from tests.storage.records import accepted

REPLY = "application/timestamp-reply"
AN_HOUR = timedelta(hours=1)
ASKED_FOR = "# [[timestamps]]                    # who time-stamps the log; one table each"


@dataclass(slots=True)
class Tsa:
    """An authority that can be down, late by its clock, or lie."""

    directory: Path
    down: bool = False
    replies: Callable[[bytes], bytes] | None = None
    asked: int = 0

    def __call__(self, path: str, body: bytes) -> Reply:
        self.asked += 1
        if self.down:
            return Reply(status=503)
        if self.replies is not None:
            return Reply(body=self.replies(body), kind=REPLY)
        return Reply(body=self.stamped(body), kind=REPLY)

    def stamped(self, body: bytes) -> bytes:
        query = TimestampRequest(imprint=Imprint.of(b""), nonce=1, policy=None, der=body)
        return openssl_response(self.directory, query)


@contextmanager
def tsa_at(directory: Path, **changes: object) -> Iterator[tuple[Tsa, Outside]]:
    directory.mkdir(exist_ok=True)
    one = Tsa(directory, **changes)  # type: ignore[arg-type]
    with outside(one) as there:
        yield one, there


@dataclass(slots=True)
class Clock:
    """The true time and what a test adds to it: the authority's clock is the machine's."""

    ahead: timedelta = field(default=timedelta(0))

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def anchors(tmp_path: Path) -> tuple[Path, ...]:
    path = tmp_path / "tsa-root.pem"
    path.write_bytes(root().certificate.public_bytes(Encoding.PEM))
    return (path,)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Shown]:
    ledger = await SqliteLedger.open(tmp_path / "ledger.sqlite3")
    yield shown(ledger)
    await ledger.aclose()


@dataclass(frozen=True, slots=True)
class Stamped:
    log: Shown
    clock: Clock
    stamping: Stamping
    name: str

    async def grow(self, number: int) -> None:
        await self.log.ledger.commit(accepted(number))
        await self.log.publisher.publish()

    def metric(self, name: str) -> float:
        value = self.log.metrics.registry.get_sample_value(name, {"authority": self.name})
        assert value is not None
        return value


def stamping(
    log: Shown, workers: ThreadPoolExecutor, url: str, anchors: tuple[Path, ...], **changes: object
) -> Stamped:
    clock, nonces = Clock(), count(1 << 100)
    fields: dict[str, object] = {"name": "tsa", "crls": (), "policy": None, "every": AN_HOUR} | changes
    one = Authority(url=url, anchors=anchors, **fields)  # type: ignore[arg-type]
    worker = Stamping(
        ledger=log.ledger,
        authority=one,
        requesting=Requesting(workers=workers, clock=clock, nonce=lambda: next(nonces)),
        metrics=log.metrics,
    )
    return Stamped(log, clock, worker, one.name)


@pytest.fixture
def workers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


async def test_a_checkpoint_is_stamped_as_the_log_signed_it_and_verified_before_it_is_kept(
    tmp_path: Path, log: Shown, workers: ThreadPoolExecutor, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "tsa") as (_, there):
        one = stamping(log, workers, there.url, anchors)
        await one.stamping.step()  # nothing is signed yet
        await one.grow(1)
        newest = await log.ledger.checkpoint()
        await log.ledger.cosign(newest.size, "w", b"\xe2\x80\x94 w AAAAAAAA\n")
        await one.stamping.step()
        (kept,) = await log.ledger.stamps(newest.size)
        verdict = verify_token(kept.token, content=newest.note, trust=trust(), at=datetime.now(UTC))
        assert isinstance(verdict, Timestamp)
        assert (kept.authority, kept.at) == ("tsa", verdict.at)
        # the literal command of docs/verify.md
        (tmp_path / "checkpoint.signed").write_bytes(newest.note)
        (tmp_path / "tsa.tst").write_bytes(kept.token)
        command = ["openssl", "ts", "-verify", "-token_in", "-in", "tsa.tst", "-data", "checkpoint.signed"]
        done = await asyncio.to_thread(
            partial(
                subprocess.run,
                [*command, "-CAfile", str(anchors[0])],
                cwd=tmp_path,
                capture_output=True,
                text=True,
            )
        )
        assert "Verification: OK" in done.stdout + done.stderr


async def test_an_authority_is_asked_when_there_is_something_new_and_its_time_has_come(
    tmp_path: Path, log: Shown, workers: ThreadPoolExecutor, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "tsa") as (tsa, there):
        one = stamping(log, workers, there.url, anchors)
        await one.grow(1)
        for _ in range(3):
            await one.stamping.step()
        assert tsa.asked == 1
        await one.grow(2)
        await one.stamping.step()
        assert tsa.asked == 1
        one.clock.ahead = timedelta(hours=2)
        await one.stamping.step()
        assert tsa.asked == 2
        assert await log.ledger.stamped("tsa") == await log.ledger.size()


async def test_an_outage_delays_nothing_is_shown_and_is_filled_later(
    tmp_path: Path, log: Shown, workers: ThreadPoolExecutor, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "one", down=True) as (broken, there), tsa_at(tmp_path / "two") as (_, other):
        one = stamping(log, workers, there.url, anchors)
        two = stamping(log, workers, other.url, anchors, name="second")
        for number in range(1, 4):
            await one.grow(number)
            await one.stamping.step()
            one.clock.ahead += timedelta(minutes=20)
        first = await log.ledger.checkpoint(over=1)
        await one.stamping.step()
        assert one.metric("axis_timestamp_gap_seconds") >= 3600
        assert one.metric("axis_timestamps_failed_total") == broken.asked == 4
        await two.stamping.step()
        assert two.metric("axis_timestamp_gap_seconds") == 0
        assert await log.ledger.stamped("second") == await log.ledger.size()

        broken.down = False
        one.clock.ahead += timedelta(minutes=20)
        await one.stamping.step()
        assert one.metric("axis_timestamp_gap_seconds") == 0
        # one time-stamp covers the checkpoints of the outage
        covering = await log.ledger.stamped("tsa", over=first.size)
        assert covering == await log.ledger.size()


async def test_an_authority_that_is_away_is_asked_less_and_less_often(
    tmp_path: Path, log: Shown, workers: ThreadPoolExecutor, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "tsa", down=True) as (tsa, there):
        one = stamping(log, workers, there.url, anchors)
        await one.grow(1)
        for _ in range(80):
            await one.stamping.step()
            one.clock.ahead += timedelta(seconds=1)
        assert tsa.asked == 5  # after 0, 5, 15, 35 and 75 seconds


def _of_another(tmp_path: Path, body: bytes) -> bytes:
    """By an authority that nobody named."""
    query = TimestampRequest(imprint=Imprint.of(b""), nonce=1, policy=None, der=body)
    return openssl_response(tmp_path, query, by=tsa_of(authority_of("Another Root")))


async def test_what_does_not_hold_is_not_kept(
    tmp_path: Path,
    log: Shown,
    workers: ThreadPoolExecutor,
    anchors: tuple[Path, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with tsa_at(tmp_path / "tsa") as (tsa, there):
        one = stamping(log, workers, there.url, anchors)
        await one.grow(1)
        note = (await log.ledger.checkpoint()).note
        replay = tsa.stamped(request(Imprint.of(note), nonce=7).der)
        of_another = tsa.stamped(request(Imprint.of(b"another checkpoint"), nonce=(1 << 100) + 3).der)
        cases: dict[str, Callable[[bytes], bytes]] = {
            "no time-stamp": lambda body: b"<html>",
            "TSA_UNTRUSTED": lambda body: _of_another(tmp_path / "tsa", body),
            "TIMESTAMP_NONCE_MISMATCH": lambda body: replay,
            "TIMESTAMP_IMPRINT_MISMATCH": lambda body: of_another,
        }
        for reason, replies in cases.items():
            tsa.replies = replies
            one.clock.ahead += timedelta(seconds=60)
            capsys.readouterr()
            await one.stamping.step()
            assert reason in capsys.readouterr().out, reason
            assert await log.ledger.stamped("tsa") is None


async def test_a_time_stamp_from_before_the_checkpoint_is_backdated_and_not_kept(
    tmp_path: Path,
    log: Shown,
    workers: ThreadPoolExecutor,
    anchors: tuple[Path, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with tsa_at(tmp_path / "tsa") as (_, there):
        one = stamping(log, workers, there.url, anchors)
        await log.ledger.commit(accepted(1))
        one.clock.ahead = timedelta(hours=3)
        late = Publisher(ledger=log.ledger, signers=lambda: (SIGNER,), clock=one.clock, metrics=log.metrics)
        await late.publish()
        await one.stamping.step()
        assert "TIMESTAMP_BACKDATED" in capsys.readouterr().out
        assert await log.ledger.stamped("tsa") is None


async def test_a_running_axis_accepts_while_its_authority_hangs_and_gives_the_time_stamp_later(
    tmp_path: Path, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "tsa", down=True) as (tsa, there):
        table = f'[[timestamps]]\nname = "tsa"\nurl = "{there.url}"\nanchors = ["{anchors[0]}"]'
        async with (
            served(tmp_path, settings=[f"{ASKED_FOR} => {table}"]) as axis,
            axis.ministry.channel(axis.address) as channel,
        ):
            sent = await submission_pb2_grpc.SubmissionServiceStub(channel).Submit(
                submission_pb2.SubmitRequest(package=axis.ministry.letter(axis.province.id))
            )
            assert sent.evidence
            async with asyncio.timeout(PATIENCE):
                while not tsa.asked:
                    await asyncio.sleep(0.05)
                tsa.down = False
                stub = log_pb2_grpc.LogServiceStub(channel)
                proven = log_pb2.GetInclusionProofRequest(content_id=sent.evidence[0].evidence_id)
                covering = (await stub.GetInclusionProof(proven)).index + 1
                asked = log_pb2.GetCheckpointRequest(min_size=covering, stamped=True)
                while True:
                    try:
                        newest = await stub.GetCheckpoint(asked)
                    except grpc.aio.AioRpcError as refusal:
                        assert refusal.code() is grpc.StatusCode.NOT_FOUND
                    else:
                        break
                    await asyncio.sleep(0.1)
            assert [one.authority for one in newest.stamps] == ["tsa"]
