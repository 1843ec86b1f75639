"""The log as the axis shows it: checkpoints that agree, proofs that hold, and an alarm when the ledger was
changed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from axis.v1 import log_pb2, log_pb2_grpc, submission_pb2, submission_pb2_grpc
from axis_server.errors import Declined
from axis_server.material import log_signer
from axis_server.metrics import Metrics
from axis_server.transparency.proofs import Proofs
from axis_server.transparency.publisher import LogBroken, Publisher
from signing.log import (
    Consistent,
    Included,
    LogPolicy,
    MemoryNoteSigner,
    Tile,
    compare,
    open_checkpoint,
    verify_inclusion,
)
from storage.errors import Unavailable
from storage.ledger.base import Ledger
from storage.ledger.memory import MemoryLedger
from storage.ledger.records import Stamp
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.served import served
from tests.storage.records import accepted, refusal

ORIGIN = "axis.test/log"
SIGNER = MemoryNoteSigner(ORIGIN, Ed25519PrivateKey.generate())
POLICY = LogPolicy(origin=ORIGIN, keys=(SIGNER.key,))


@dataclass(frozen=True, kw_only=True)
class Shown:
    ledger: Ledger
    publisher: Publisher
    proofs: Proofs
    metrics: Metrics


def shown(ledger: Ledger, covered_seconds: float = 5.0) -> Shown:
    metrics = Metrics.make()
    publisher = Publisher(
        ledger=ledger, signers=lambda: (SIGNER,), clock=lambda: datetime.now(UTC), metrics=metrics
    )
    proofs = Proofs(ledger=ledger, publisher=publisher, covered_seconds=covered_seconds)
    return Shown(ledger=ledger, publisher=publisher, proofs=proofs, metrics=metrics)


@pytest.fixture(params=["memory", "sqlite"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shown]:
    if request.param == "memory":
        yield shown(MemoryLedger())
        return
    ledger = await SqliteLedger.open(tmp_path / "ledger.sqlite3")
    yield shown(ledger)
    await ledger.aclose()


async def test_an_empty_log_is_signed_too(log: Shown) -> None:
    newest = await log.publisher.publish()
    assert open_checkpoint(newest.content, POLICY).checkpoint.size == 0


async def test_every_evidence_is_proved_under_the_newest_checkpoint(log: Shown) -> None:
    for number in range(1, 9):
        await log.ledger.commit(accepted(number))
        if number % 3 == 0:
            await log.publisher.publish()
    await log.publisher.publish()
    for number in range(1, 9):
        for evidence in accepted(number).evidence:
            proven = await log.proofs.inclusion(evidence.evidence_id)
            verdict = verify_inclusion(evidence.content, proven.proof, POLICY)
            assert isinstance(verdict, Included)
            assert verdict.index == proven.index
            assert verdict.head.checkpoint.size == await log.ledger.size()


async def test_each_checkpoint_continues_the_one_before(log: Shown) -> None:
    heads = []
    for number in range(1, 8):
        await log.ledger.commit(accepted(number))
        heads.append(open_checkpoint((await log.publisher.publish()).content, POLICY))
    for place, old in enumerate(heads):
        for new in heads[place:]:
            continued = await log.proofs.consistency(old.checkpoint.size, new.checkpoint.size)
            assert continued.checkpoint.size == new.checkpoint.size
            assert isinstance(compare(old, new, continued.hashes), Consistent)


async def test_nothing_new_is_not_signed_again(log: Shown) -> None:
    await log.ledger.commit(accepted(1))
    first = await log.publisher.publish()
    assert await log.publisher.publish() == first


async def test_two_nodes_show_one_log(log: Shown) -> None:
    other = shown(log.ledger)
    for number in range(1, 20):
        await log.ledger.commit(accepted(number))
        one, two = await asyncio.gather(log.publisher.publish(), other.publisher.publish())
        assert one.content == two.content


async def test_what_is_not_covered_yet_is_waited_for(log: Shown) -> None:
    await log.publisher.publish()
    new = accepted(1)
    await log.ledger.commit(new)
    asked = asyncio.create_task(log.proofs.inclusion(new.evidence[0].evidence_id))
    await asyncio.sleep(0.01)
    assert not asked.done()
    await log.publisher.publish()
    assert isinstance(verify_inclusion(new.evidence[0].content, (await asked).proof, POLICY), Included)


async def test_who_waits_for_a_proof_need_not_wait_for_the_interval(log: Shown) -> None:
    following = asyncio.create_task(log.publisher.follow(3600))
    await log.publisher.covering(-1, 10)
    for number in (1, 2):
        new = accepted(number)
        await log.ledger.commit(new)
        proven = await log.proofs.inclusion(new.evidence[0].evidence_id)
        assert isinstance(verify_inclusion(new.evidence[0].content, proven.proof, POLICY), Included)
    following.cancel()


async def test_what_another_node_published_ends_the_wait(log: Shown) -> None:
    other = shown(log.ledger)
    await log.publisher.publish()
    new = accepted(1)
    await log.ledger.commit(new)
    asked = asyncio.create_task(log.proofs.inclusion(new.evidence[0].evidence_id))
    await asyncio.sleep(0.01)
    await other.publisher.publish()
    await log.publisher.publish()
    assert isinstance(verify_inclusion(new.evidence[0].content, (await asked).proof, POLICY), Included)


async def test_a_log_that_is_not_signed_says_so(log: Shown) -> None:
    hurried = shown(log.ledger, covered_seconds=0.01)
    await log.ledger.commit(accepted(1))
    with pytest.raises(Declined) as declined:
        await hurried.proofs.inclusion(accepted(1).evidence[0].evidence_id)
    assert declined.value.code == "LOG_LAGS"


async def test_what_is_not_in_the_log_is_not_found(log: Shown) -> None:
    await log.publisher.publish()
    tile = Tile(level=0, index=0, width=1)
    for ask in (
        lambda: log.proofs.inclusion("nothing"),
        lambda: log.proofs.consistency(0, 7),
        lambda: log.proofs.checkpoint(7),
        lambda: log.proofs.tile(tile),
    ):
        with pytest.raises(Declined) as declined:
            await ask()
        assert declined.value.code == "NOT_FOUND"


async def test_tiles_hold_what_the_checkpoint_covers_and_no_more(log: Shown) -> None:
    await log.ledger.commit(accepted(1))
    await log.publisher.publish()
    size = await log.ledger.size()
    await log.ledger.commit(accepted(2))
    leaves = await log.ledger.leaves(start=0, limit=size)
    assert await log.proofs.tile(Tile(level=0, index=0, width=size)) == b"".join(one.hash for one in leaves)
    with pytest.raises(Declined):
        await log.proofs.tile(Tile(level=0, index=0, width=size + 1))


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND idx = 0",
        "UPDATE leaves SET hash = zeroblob(32) WHERE leaf = 2",
    ],
)
async def test_a_ledger_that_was_changed_is_not_signed_and_an_alarm(tmp_path: Path, tampering: str) -> None:
    path = tmp_path / "ledger.sqlite3"
    ledger = await SqliteLedger.open(path)
    log = shown(ledger)
    await ledger.commit(accepted(1))
    await ledger.refuse(refusal(1))
    signed = await log.publisher.publish()
    await ledger.aclose()
    with sqlite3.connect(path) as thief:
        thief.execute(tampering)
    ledger = await SqliteLedger.open(path)
    log = shown(ledger)
    await ledger.commit(accepted(2))
    with pytest.raises(LogBroken):
        await log.publisher.publish()
    assert await ledger.checkpoint() == signed
    log.metrics.log_sound.set(1)
    with suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            await log.publisher.follow(0.01)
    assert log.metrics.registry.get_sample_value("axis_log_sound") == 0
    await ledger.aclose()


async def test_nothing_is_added_to_a_log_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    ledger = await SqliteLedger.open(path)
    await ledger.commit(accepted(1))
    await ledger.aclose()
    with sqlite3.connect(path) as thief:
        thief.execute("DELETE FROM nodes")
    ledger = await SqliteLedger.open(path)
    with pytest.raises(Unavailable):
        await ledger.commit(accepted(2))
    assert await ledger.size() == 2
    await ledger.aclose()


async def test_agencies_prove_their_evidence_over_the_wire(tmp_path: Path) -> None:
    async with served(tmp_path) as axis, axis.ministry.channel(axis.address) as channel:
        sent = await submission_pb2_grpc.SubmissionServiceStub(channel).Submit(
            submission_pb2.SubmitRequest(package=axis.ministry.letter(axis.province.id))
        )
        stub = log_pb2_grpc.LogServiceStub(channel)
        first = await stub.GetCheckpoint(log_pb2.GetCheckpointRequest())
        key = log_signer(axis.settings.transparency.key).key
        policy = LogPolicy(origin=key.name, keys=(key,))
        for evidence in sent.evidence:
            proven = await stub.GetInclusionProof(
                log_pb2.GetInclusionProofRequest(content_id=evidence.evidence_id)
            )
            assert isinstance(verify_inclusion(evidence.content, proven.proof, policy), Included)
        old = open_checkpoint(first.checkpoint, policy)
        continued = await stub.GetConsistencyProof(
            log_pb2.GetConsistencyProofRequest(old_size=old.checkpoint.size)
        )
        new = open_checkpoint(continued.checkpoint, policy)
        assert isinstance(compare(old, new, tuple(continued.hashes)), Consistent)
        tile = await stub.GetTile(log_pb2.GetTileRequest(level=0, index=0, width=1))
        assert len(tile.hashes) == 32


async def test_a_proof_under_an_older_checkpoint_is_given_and_stays_the_same(log: Shown) -> None:
    await log.ledger.commit(accepted(1))
    old = await log.publisher.publish()
    first = accepted(1).evidence[0]
    before = await log.proofs.inclusion(first.evidence_id)
    await log.ledger.commit(accepted(2))
    await log.publisher.publish()
    assert (await log.proofs.inclusion(first.evidence_id, old.size)).proof == before.proof
    assert (await log.proofs.inclusion(first.evidence_id)).proof != before.proof
    for content, size, code in (
        (first, old.size + 1, "NOT_FOUND"),
        (first, 1 << 40, "NOT_FOUND"),
        (accepted(2).evidence[0], old.size, "INVALID_ARGUMENT"),
    ):
        with pytest.raises(Declined) as declined:
            await log.proofs.inclusion(content.evidence_id, size)
        assert declined.value.code == code


async def test_stamped_checkpoints_are_found_by_any_authority(log: Shown) -> None:
    proofs = Proofs(ledger=log.ledger, publisher=log.publisher, authorities=("one", "two"))
    sizes = []
    for number in range(1, 6):
        await log.ledger.commit(accepted(number))
        sizes.append((await log.publisher.publish()).size)
    with pytest.raises(Declined) as declined:
        await proofs.checkpoint(stamped=True)
    assert declined.value.code == "NOT_FOUND"
    for authority, size in (("one", sizes[1]), ("two", sizes[3]), ("nobody", sizes[4])):
        at = datetime.now(UTC)
        await log.ledger.stamp(Stamp(size=size, authority=authority, token=b"token", at=at))
    assert (await proofs.checkpoint(stamped=True))[0].size == sizes[3]
    assert (await proofs.checkpoint(sizes[0], stamped=True))[0].size == sizes[1]
    found, stamps = await proofs.checkpoint(sizes[2], stamped=True)
    assert (found.size, [one.authority for one in stamps]) == (sizes[3], ["two"])
