"""The log as everybody may read it: C2SP tlog-tiles over plain HTTP, and nothing else."""

from __future__ import annotations

import asyncio
import http.client
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from axis.v1 import submission_pb2, submission_pb2_grpc
from axis_server.boundary.plain_log import PlainLog
from axis_server.material import log_signer
from plainhttp import serving
from signing.log import (
    CompactRange,
    LogPolicy,
    NotProven,
    Tile,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    open_checkpoint,
    tile_reader,
    verify_consistency_proof,
    verify_inclusion_proof,
)
from storage.ledger.memory import MemoryLedger
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.served import served
from tests.axis_server.test_transparency import POLICY, shown
from tests.engines import require
from tests.storage.records import accepted

LISTENING = '# listen = "127.0.0.1:9465" => listen = "127.0.0.1:0"'


@dataclass(frozen=True, slots=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes


def get(port: int, path: str, method: str = "GET") -> Got:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, headers, answer.read())
    finally:
        connection.close()


async def got(port: int, path: str, method: str = "GET") -> Got:
    return await asyncio.to_thread(get, port, path, method)


def over_http(port: int) -> object:
    def source(tiles: Sequence[Tile]) -> Sequence[bytes]:
        return [get(port, f"/{tile.path}").body for tile in tiles]

    return source


@asynccontextmanager
async def grown(path: Path, commits: int) -> AsyncIterator[tuple[int, SqliteLedger]]:
    """A log with two leaves a commit, signed and shown."""
    ledger = await SqliteLedger.open(path)
    log = shown(ledger)
    await asyncio.gather(*(ledger.commit(accepted(number)) for number in range(1, commits + 1)))
    await log.publisher.publish()
    async with serving("127.0.0.1", 0, PlainLog(proofs=log.proofs)) as port:
        yield port, ledger
    await ledger.aclose()


async def test_a_client_reads_leaves_and_proofs_from_tiles_alone(tmp_path: Path) -> None:
    async with grown(tmp_path / "ledger.sqlite3", 260) as (port, ledger):
        note = (await got(port, "/checkpoint")).body
        head = open_checkpoint(note, POLICY).checkpoint
        assert head.size == await ledger.size() == 520
        fetch = tile_reader(head, over_http(port))  # type: ignore[arg-type]
        evidence = accepted(3).evidence[0]
        index = (await ledger.leaf(evidence.evidence_id)).index
        path = await asyncio.to_thread(inclusion_proof, index, head.size, fetch)
        verify_inclusion_proof(leaf_hash(evidence.content), index, head.size, head.root, path)
        leaves = [leaf.hash for leaf in await ledger.leaves(start=0, limit=520)]
        for old in (1, 255, 256, 257, 512):
            proof = await asyncio.to_thread(consistency_proof, old, head.size, fetch)
            root = CompactRange().append(leaves[:old])[0].root()
            verify_consistency_proof(old, root, head.size, head.root, proof)


async def test_kinds_and_caching_are_those_of_the_format(tmp_path: Path) -> None:
    async with grown(tmp_path / "ledger.sqlite3", 130) as (port, _):
        checkpoint = await got(port, "/checkpoint")
        assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
        assert checkpoint.headers["cache-control"] == "no-cache"
        full, partial = await got(port, "/tile/0/000"), await got(port, "/tile/0/001.p/4")
        for tile, size in ((full, 256), (partial, 4)):
            assert tile.headers["content-type"] == "application/octet-stream"
            assert len(tile.body) == size * 32
        assert "immutable" in full.headers["cache-control"]
        assert "immutable" not in partial.headers["cache-control"]
        assert (await got(port, "/tile/0/000.p/7")).body == full.body[: 7 * 32]
        head = await got(port, "/tile/0/000", "HEAD")
        assert (head.body, head.headers["content-length"]) == (b"", str(256 * 32))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//checkpoint",
        "/checkpoint/",
        "/checkpoint?x=1",
        "/tile/entries/000",
        "/tile/entries/000.p/1",
        "/tile/0/0",
        "/tile/0/001",
        "/tile/0/000.p/0",
        "/tile/0/000.p/256",
        "/tile/0/000.p/5",
        "/tile/0/x999/x999/x999/x999/x999/x999/999",
        "/tile/63/000",
        "/tile/64/000",
        "/tile/0/../../checkpoint",
        "/tile/0/%30%30%30",
        "/metrics",
        "tile/0/000.p/1",
    ],
)
async def test_nothing_but_the_log_is_there(path: str) -> None:
    log = shown(MemoryLedger())
    for number in (1, 2):
        await log.ledger.commit(accepted(number))
    await log.publisher.publish()
    async with serving("127.0.0.1", 0, PlainLog(proofs=log.proofs)) as port:
        assert (await got(port, "/tile/0/000.p/4")).status == 200
        assert (await got(port, path)).status in (400, 404)


async def test_nobody_writes_to_it() -> None:
    log = shown(MemoryLedger())
    async with serving("127.0.0.1", 0, PlainLog(proofs=log.proofs)) as port:
        assert (await got(port, "/checkpoint")).status == 404  # nothing was signed yet
        for method in ("POST", "PUT", "DELETE"):
            refused = await got(port, "/checkpoint", method)
            assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_an_altered_tile_does_not_pass_for_the_log(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    async with grown(path, 130) as (port, _):
        head = open_checkpoint((await got(port, "/checkpoint")).body, POLICY).checkpoint
        with sqlite3.connect(path) as thief:
            thief.execute("UPDATE leaves SET hash = zeroblob(32) WHERE leaf = 7")
        with pytest.raises(NotProven) as refused:
            await asyncio.to_thread(
                inclusion_proof,
                3,
                head.size,
                tile_reader(head, over_http(port)),  # type: ignore[arg-type]
            )
        assert refused.value.reason == "LOG_TILE_ALTERED"


async def test_a_running_axis_shows_its_log_to_curl(tmp_path: Path) -> None:
    require("curl")
    async with (
        served(tmp_path, settings=[LISTENING]) as axis,
        axis.ministry.channel(axis.address) as channel,
    ):
        sent = await submission_pb2_grpc.SubmissionServiceStub(channel).Submit(
            submission_pb2.SubmitRequest(package=axis.ministry.letter(axis.province.id))
        )
        key = log_signer(axis.settings.transparency.key).key

        def curl(path: str) -> bytes:
            command = ["curl", "--silent", "--fail", "--max-time", "30", f"http://{axis.log_address}{path}"]
            return subprocess.run(command, capture_output=True, check=True).stdout

        wanted = {leaf_hash(evidence.content) for evidence in sent.evidence}
        shown: set[bytes] = set()
        for _ in range(200):
            note = await asyncio.to_thread(curl, "/checkpoint")
            head = open_checkpoint(note, LogPolicy(origin=key.name, keys=(key,))).checkpoint
            hashes = await asyncio.to_thread(curl, f"/tile/0/000.p/{head.size}") if head.size else b""
            shown = {hashes[at : at + 32] for at in range(0, len(hashes), 32)}
            if wanted <= shown:  # what the axis itself did at its start is signed before
                break
            await asyncio.sleep(0.05)
        assert wanted <= shown
