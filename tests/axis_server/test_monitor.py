"""A monitor follows the log over HTTP in a process of its own while another process changes the ledger: it is
found by the follower, by the axis itself, or by both."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from axis_server.boundary.plain_log import PlainLog
from axis_server.transparency.publisher import LogBroken
from plainhttp import serving
from storage.errors import Unavailable
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.process import ENVIRONMENT, PATIENCE, ROOT
from tests.axis_server.test_transparency import SIGNER, Shown, shown
from tests.storage.records import accepted

FOLLOWER = Path(__file__).with_name("following_child.py")
THIEF = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=30) as ledger:
    ledger.executescript(sys.argv[2])
"""
REBUILT = """
import sqlite3, sys
from storage.ledger.tree import Edge, leaf_hash
with sqlite3.connect(sys.argv[1], timeout=30) as ledger:
    ledger.execute("DELETE FROM nodes")
    ledger.execute("UPDATE leaves SET hash = ? WHERE leaf = 4", (leaf_hash(b"another evidence"),))
    hashes = [one for (one,) in ledger.execute("SELECT hash FROM leaves ORDER BY leaf")]
    edge, made = Edge().append(hashes)
    ledger.executemany("INSERT INTO nodes VALUES (?, ?, ?)", [(l, i, h) for (l, i), h in made])
    if sys.argv[2] == "forget":
        ledger.executescript("DELETE FROM cosignatures; DELETE FROM stamps; DELETE FROM checkpoints")
"""


@dataclass(frozen=True, slots=True)
class Follower:
    process: asyncio.subprocess.Process

    async def look(self) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(b"\n")
        await self.process.stdin.drain()
        return (await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)).decode().strip()


@asynccontextmanager
async def following(port: int) -> AsyncIterator[Follower]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(FOLLOWER), f"http://127.0.0.1:{port}", SIGNER.key.vkey),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
        cwd=ROOT,
    )
    try:
        yield Follower(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), PATIENCE)


async def thief(path: Path, script: str, *arguments: str) -> None:
    """Changes the ledger from a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(path), *arguments), env=ENVIRONMENT, cwd=ROOT
    )
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


async def noticed_by_the_axis(log: Shown, number: int) -> bool:
    """Whether the axis itself raises its alarm: at once, or when the log grows."""
    for work in (log.publisher.publish, log.publisher.patrol, log.publisher.publish, log.publisher.patrol):
        try:
            await work()
            if number:
                await log.ledger.commit(accepted(number))
                number = 0
        except (LogBroken, Unavailable):
            return True
    return False


@asynccontextmanager
async def watched(path: Path) -> AsyncIterator[tuple[Shown, Follower]]:
    """A log of six leaves, signed, shown and followed."""
    ledger = await SqliteLedger.open(path)
    log = shown(ledger)
    for number in (1, 2, 3):
        await ledger.commit(accepted(number))
        await log.publisher.publish()
    async with (
        serving("127.0.0.1", 0, PlainLog(proofs=log.proofs)) as port,
        following(port) as follower,
    ):
        assert await follower.look() == "sound 6"
        yield log, follower
    await ledger.aclose()


BOTH = {
    "a leaf was changed": "UPDATE leaves SET hash = zeroblob(32) WHERE leaf = 1",
    "the last leaf was changed": "UPDATE leaves SET hash = zeroblob(32) WHERE leaf = 5",
    "a leaf was removed": "DELETE FROM leaves WHERE leaf = 1",
    "the last leaf was removed": "DELETE FROM leaves WHERE leaf = 5",
    "the last leaves were removed": "DELETE FROM leaves WHERE leaf >= 3; DELETE FROM nodes",
    "two leaves were exchanged": (
        "CREATE TEMP TABLE one AS SELECT hash FROM leaves WHERE leaf = 1;"
        "UPDATE leaves SET hash = (SELECT hash FROM leaves WHERE leaf = 2) WHERE leaf = 1;"
        "UPDATE leaves SET hash = (SELECT hash FROM one) WHERE leaf = 2"
    ),
    "the checkpoint was replaced": "UPDATE checkpoints SET note = CAST('x' || char(10) AS BLOB)",
}
THE_AXIS = {
    "a node at the edge was changed": "UPDATE nodes SET hash = zeroblob(32) WHERE level = 2",
    "a node inside was changed": "UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND idx = 0",
    "a node was removed": "DELETE FROM nodes WHERE level = 1 AND idx = 1",
}


@pytest.mark.parametrize("name", BOTH)
async def test_the_follower_and_the_axis_both_notice_that(tmp_path: Path, name: str) -> None:
    async with watched(tmp_path / "ledger.sqlite3") as (log, follower):
        await thief(tmp_path / "ledger.sqlite3", THIEF, BOTH[name])
        assert (await follower.look()).startswith("alarm")
        assert await noticed_by_the_axis(log, 4)


@pytest.mark.parametrize("name", THE_AXIS)
async def test_the_axis_notices_what_tiles_do_not_show_that(tmp_path: Path, name: str) -> None:
    """Nodes between the levels of tiles: nobody outside sees them, and nothing is signed over them."""
    async with watched(tmp_path / "ledger.sqlite3") as (log, follower):
        await thief(tmp_path / "ledger.sqlite3", THIEF, THE_AXIS[name])
        assert await noticed_by_the_axis(log, 4)
        assert (await follower.look()).startswith("sound")


async def test_both_notice_a_tree_rebuilt_to_be_right_in_itself(tmp_path: Path) -> None:
    async with watched(tmp_path / "ledger.sqlite3") as (log, follower):
        await thief(tmp_path / "ledger.sqlite3", REBUILT, "keep")
        assert await follower.look() == "alarm LOG_TILE_ALTERED"
        assert await noticed_by_the_axis(log, 4)


async def test_both_notice_a_tree_rebuilt_with_the_checkpoints_gone_while_the_axis_runs(
    tmp_path: Path,
) -> None:
    async with watched(tmp_path / "ledger.sqlite3") as (log, follower):
        await thief(tmp_path / "ledger.sqlite3", REBUILT, "forget")
        assert await follower.look() == "alarm 404"
        assert await noticed_by_the_axis(log, 4)


async def test_the_follower_alone_notices_a_tree_rebuilt_with_the_checkpoints_gone_and_the_axis_restarted(
    tmp_path: Path,
) -> None:
    """Nothing in the ledger is left to tell it by, so the axis signs the second history itself: for this
    there are followers, clients that remember, and witnesses."""
    path = tmp_path / "ledger.sqlite3"
    async with watched(path) as (_, follower):
        await thief(path, REBUILT, "forget")
        restarted = await SqliteLedger.open(path)
        assert not await noticed_by_the_axis(shown(restarted), 4)
        assert await follower.look() == "alarm LOG_SPLIT_VIEW"
        await restarted.aclose()
