"""Evidence that grows to XAdES-B-T: a real authority (`openssl ts`) behind HTTP, outages, several nodes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from axis.v1 import log_pb2, log_pb2_grpc, submission_pb2, submission_pb2_grpc
from axis_server.metrics import Metrics
from axis_server.transparency.authorities import Authority, Requesting
from axis_server.transparency.growing import BATCH, TURN, GrowingEvidence, Growth
from signing.evidence import EventId, write
from signing.timestamps import Grown, grow, ungrown, verify_grown
from storage.errors import NotFound
from storage.ledger.growing import Turn
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.process import PATIENCE
from tests.axis_server.served import served
from tests.axis_server.test_stamping import ASKED_FOR, Clock, tsa_at
from tests.signing import stage
from tests.signing.evidence_stage import axis, record
from tests.signing.interop.xmlsec1 import room, verifies
from tests.signing.timestamps.stage import root, trust
from tests.storage.records import accepted, evidence

__all__ = ["room"]

EVENTS = (EventId.SUBMISSION_ACCEPTANCE, EventId.CONTENT_CONSIGNMENT)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    opened = await SqliteLedger.open(tmp_path / "ledger.sqlite3")
    yield opened
    await opened.aclose()


@pytest.fixture
def workers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def anchors(tmp_path: Path) -> tuple[Path, ...]:
    path = tmp_path / "tsa-root.pem"
    path.write_bytes(root().certificate.public_bytes(Encoding.PEM))
    return (path,)


@dataclass(slots=True)
class Node:
    """One process that grows evidence."""

    ledger: SqliteLedger
    workers: ThreadPoolExecutor
    authorities: tuple[Authority, ...]
    kinds: frozenset[str] = frozenset()
    holder: str = "one"
    clock: Clock = field(default_factory=Clock)
    metrics: Metrics = field(default_factory=Metrics.make)
    rests: list[float] = field(default_factory=list)

    def growing(self) -> GrowingEvidence:
        nonces = count(1 << 100)
        return GrowingEvidence(
            ledger=self.ledger,
            growth=Growth(authorities=self.authorities, kinds=self.kinds, per_second=20),
            holder=self.holder,
            requesting=Requesting(workers=self.workers, clock=self.clock, nonce=lambda: next(nonces)),
            metrics=self.metrics,
            rest=self._rest,
        )

    async def _rest(self, seconds: float) -> None:
        self.rests.append(seconds)

    def metric(self, name: str) -> float:
        value = self.metrics.registry.get_sample_value(name)
        assert value is not None
        return value


def authority(url: str, anchors: tuple[Path, ...], name: str = "tsa") -> Authority:
    return Authority(name=name, url=url, anchors=anchors, crls=(), policy=None, every=timedelta(hours=1))


async def committed(ledger: SqliteLedger, number: int) -> list[str]:
    """Two sealed evidence documents of a dispatch, as the axis issues them."""
    issued = []
    for event in EVENTS:
        one = replace(evidence(number, event), event=event)
        said = record(evidence_id=one.evidence_id, event=event)
        issued.append(replace(one, content=write(said, signer=axis())))
    await ledger.commit(accepted(number, evidence=tuple(issued), events=()))
    return [one.evidence_id for one in issued]


async def grown(ledger: SqliteLedger, evidence_id: str) -> tuple[bytes, bytes]:
    """An evidence as issued, and grown."""
    issued = {one.evidence_id: one.content for one in await ledger.to_grow(start=0, limit=1000)}
    token = (await ledger.seal_stamp(evidence_id)).token
    return issued[evidence_id], grow(issued[evidence_id], [token])


async def test_evidence_grows_and_what_was_issued_stays(
    tmp_path: Path, room: Path, ledger: SqliteLedger, workers: ThreadPoolExecutor, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "tsa") as (tsa, there):
        node = Node(ledger, workers, (authority(there.url, anchors),))
        assert not await node.growing().step()
        ids = await committed(ledger, 1)
        leaves = await ledger.leaves(start=0, limit=10)
        assert await node.growing().step()
        assert not await node.growing().step()
    assert (tsa.asked, node.rests) == (2, [0.05, 0.05])
    assert await ledger.leaves(start=0, limit=10) == leaves
    for evidence_id in ids:
        issued, taller = await grown(ledger, evidence_id)
        assert ungrown(taller) == issued
        verdict = verify_grown(taller, trust=stage.trust(), authorities=trust(), at=node.clock())
        assert isinstance(verdict, Grown), verdict
        assert await asyncio.to_thread(verifies, room, taller)
        assert (await grown(ledger, evidence_id))[1] == taller


async def test_an_outage_holds_nothing_up_is_shown_and_is_filled_in_order(
    tmp_path: Path, ledger: SqliteLedger, workers: ThreadPoolExecutor, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "tsa", down=True) as (tsa, there):
        node = Node(ledger, workers, (authority(there.url, anchors),))
        growing = node.growing()
        ids = [each for number in (1, 2) for each in await committed(ledger, number)]
        for _ in range(40):
            assert not await growing.step()
            node.clock.ahead += timedelta(seconds=1)
        assert tsa.asked == 4  # after 0, 5, 15 and 35 seconds
        assert node.metric("axis_evidence_timestamps_failed_total") == 4
        assert node.metric("axis_evidence_timestamp_gap_seconds") > 40
        tsa.down = False
        node.clock.ahead += timedelta(seconds=60)
        while await growing.step():
            pass
    assert node.metric("axis_evidence_timestamp_gap_seconds") == 0
    assert node.metric("axis_evidence_timestamps_kept_total") == len(ids) == tsa.asked - 4
    times = [(await ledger.seal_stamp(each)).at for each in ids]
    assert times == sorted(times)


async def test_the_second_authority_is_asked_when_the_first_is_away(
    tmp_path: Path, ledger: SqliteLedger, workers: ThreadPoolExecutor, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "one", down=True) as (_, away), tsa_at(tmp_path / "two") as (_, there):
        both = (authority(away.url, anchors), authority(there.url, anchors, "second"))
        ids = await committed(ledger, 1)
        await Node(ledger, workers, both).growing().step()
    assert {(await ledger.seal_stamp(each)).authority for each in ids} == {"second"}


async def test_only_the_kinds_that_are_named_grow(
    tmp_path: Path, ledger: SqliteLedger, workers: ThreadPoolExecutor, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "tsa") as (tsa, there):
        wanted = frozenset({EVENTS[0]})
        node = Node(ledger, workers, (authority(there.url, anchors),), kinds=wanted)
        first, second = await committed(ledger, 1)
        while await node.growing().step():
            pass
        assert tsa.asked == 1
    await ledger.seal_stamp(first)
    with pytest.raises(NotFound):
        await ledger.seal_stamp(second)
    assert await ledger.grown_to() == await ledger.size()


async def test_what_cannot_grow_is_passed_over_and_told(
    tmp_path: Path, ledger: SqliteLedger, workers: ThreadPoolExecutor, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "tsa") as (_, there):
        node = Node(ledger, workers, (authority(there.url, anchors),))
        await ledger.commit(accepted(1))  # what no axis ever issued
        ids = await committed(ledger, 2)
        await node.growing().step()
    assert node.metric("axis_evidence_timestamps_failed_total") == 2
    for each in ids:
        await ledger.seal_stamp(each)


async def test_nodes_take_turns_and_nothing_is_asked_twice(
    tmp_path: Path, ledger: SqliteLedger, workers: ThreadPoolExecutor, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "tsa") as (tsa, there):
        nodes = [Node(ledger, workers, (authority(there.url, anchors),), holder=name) for name in ("a", "b")]
        ids = [each for number in (1, 2, 3) for each in await committed(ledger, number)]
        await asyncio.gather(*(node.growing().step() for node in nodes))
        assert tsa.asked == len(ids) <= BATCH


async def test_when_the_holder_of_the_turn_is_gone_another_goes_on(
    tmp_path: Path, ledger: SqliteLedger, workers: ThreadPoolExecutor, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "tsa") as (tsa, there):
        node = Node(ledger, workers, (authority(there.url, anchors),))
        ids = await committed(ledger, 1)
        now = node.clock()
        assert await ledger.take_turn(Turn(holder="gone", until=now + TURN), now=now)
        assert not await node.growing().step()
        assert tsa.asked == 0
        node.clock.ahead += TURN + timedelta(seconds=1)
        assert await node.growing().step()
        await ledger.seal_stamp(ids[-1])


async def test_a_running_axis_accepts_while_its_authority_hangs_and_its_evidence_grows_later(
    tmp_path: Path, anchors: tuple[Path, ...]
) -> None:
    with tsa_at(tmp_path / "tsa", down=True) as (tsa, there):
        table = f'[[timestamps]]\nname = "tsa"\nurl = "{there.url}"\nanchors = ["{anchors[0]}"]'
        grow_too = '[evidence] => [evidence]\ntimestamps = ["tsa"]'
        async with (
            served(tmp_path, settings=[f"{ASKED_FOR} => {table}", grow_too]) as axis,
            axis.ministry.channel(axis.address) as channel,
        ):
            stub = submission_pb2_grpc.SubmissionServiceStub(channel)
            letter = submission_pb2.SubmitRequest(package=axis.ministry.letter(axis.province.id))
            (issued, *_) = (await stub.Submit(letter)).evidence
            asked = log_pb2.GetSealTimestampRequest(evidence_id=issued.evidence_id)
            async with asyncio.timeout(PATIENCE):
                while not tsa.asked:
                    await asyncio.sleep(0.05)
                tsa.down = False
                while (token := await sought(log_pb2_grpc.LogServiceStub(channel), asked)) is None:
                    await asyncio.sleep(0.1)
            assert ungrown(grow(issued.content, [token])) == issued.content
            (again, *_) = (await stub.Submit(letter)).evidence
            assert again.content == issued.content


async def sought(
    stub: log_pb2_grpc.LogServiceAsyncStub, asked: log_pb2.GetSealTimestampRequest
) -> bytes | None:
    try:
        return (await stub.GetSealTimestamp(asked)).token
    except grpc.aio.AioRpcError as refusal:
        assert refusal.code() is grpc.StatusCode.NOT_FOUND
        return None
