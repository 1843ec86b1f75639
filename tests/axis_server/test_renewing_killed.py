"""Whoever renews is killed in the midst of it (SIGKILL), again and again: the next goes on, and nothing is
there twice."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from axis_server.archiving.volumes import Trees
from signing.renewal import Proven, content, verify_record
from storage.archive.files import FilesArchive
from storage.ledger.renewals import Volume
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.fetching.outside import Outside, Reply, outside
from tests.axis_server.process import ENVIRONMENT, PATIENCE, ROOT
from tests.axis_server.test_renewing import Stand, part_of
from tests.axis_server.timely import TimelyTsa, save_root
from tests.signing.renewal.stage import trust
from tests.storage.records import accepted, entry, evidence

LETTERS = 140
"""More than one block of leaves."""
BEGUN, ENDING = datetime(2026, 6, 1, tzinfo=UTC), datetime(2033, 6, 1, tzinfo=UTC)
END = datetime(2034, 1, 1, tzinfo=UTC)
"""SHA-256 is trusted until then."""
IN_THE_SECOND = {"sha256": 260, "sha512": 390}
"""Reads to somewhere in the second block: a letter has two leaves, and a file that only SHA-512 reads."""
WHOLE = 1 << 30
FILE = b"a file beside every letter"


@dataclass(slots=True, kw_only=True)
class Room:
    """A ledger and an archive on disk, and processes that renew there one after the other."""

    base: Path
    there: Outside | None = None
    now: datetime = BEGUN
    digest: str = "sha256"
    child: asyncio.subprocess.Process | None = None
    deadly: bool = field(default=False)
    """Whoever asks for a time-stamp is killed before it has one."""

    def answer(self, path: str, body: bytes) -> Reply:
        if self.deadly:
            assert self.child is not None
            self.child.send_signal(signal.SIGKILL)
            return Reply(status=503)
        return TimelyTsa(lambda: self.now)(path, body)

    async def run(self, folder: Path, *, reads: int = WHOLE, deadly: bool = False) -> None:
        """Has another process renew, until it is done or, behind so many `reads`, is killed."""
        assert self.there is not None
        self.deadly = deadly
        self.child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.axis_server.renewing_child"),
            *(str(folder / "ledger.sqlite3"), str(folder / "archive"), self.there.url),
            *(str(self.base / "time-root.pem"), self.now.isoformat(), self.digest, END.isoformat()),
            str(reads),
            stdout=asyncio.subprocess.PIPE,
            env=ENVIRONMENT,
            cwd=ROOT,
        )
        async with asyncio.timeout(PATIENCE):
            assert self.child.stdout is not None
            said = await self.child.stdout.readline()
            if said:
                assert said == b"held\n"
                self.child.send_signal(signal.SIGKILL)
            code = await self.child.wait()
        killed = reads < WHOLE or deadly
        assert code == (-signal.SIGKILL if killed else 0)
        assert bool(said) == (reads < WHOLE)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    folder = tmp_path / "calm"
    folder.mkdir()
    ledger = await SqliteLedger.open(folder / "ledger.sqlite3")
    archive = FilesArchive(folder / "archive")
    one = Room(base=tmp_path)
    with outside(one.answer) as there:
        one.there = there
        root = save_root(tmp_path)
        stand = Stand(ledger=ledger, archive=archive, url=there.url, tsa=TimelyTsa(lambda: BEGUN), root=root)
        stand.now = BEGUN
        for number in range(2, LETTERS):
            parts = (part_of(FILE),)
            await ledger.commit(accepted(number, entry=replace(entry(number), parts=parts)))
        await stand.accept(1, FILE)
        await ledger.aclose()
        await archive.aclose()
        yield one


async def found(folder: Path) -> tuple[Volume, list[tuple[bytes, ...]]]:
    """The one volume, and the roots of the blocks of each chain."""
    ledger = await SqliteLedger.open(folder / "ledger.sqlite3")
    try:
        (volume,) = await ledger.volumes()
        return volume, [await ledger.roots(1, chain) for chain in range(len(volume.chains))]
    finally:
        await ledger.aclose()


def without_stamps(volume: Volume) -> Volume:
    """What must be the same however often it was begun: a time-stamp is another each time."""
    return replace(volume, chains=tuple(replace(chain, stamps=()) for chain in volume.chains))


async def both(room: Room) -> tuple[Path, Path]:
    """Renews in a folder in one go; and in a copy of it by processes that are killed: in the first block, in
    the second, and while they wait for the time-stamp."""
    calm = room.base / "calm"
    killed = shutil.copytree(calm, room.base / "killed", dirs_exist_ok=True)
    await room.run(calm)
    await room.run(killed, reads=3)
    assert (await found(killed))[0].last.blocks == 0
    await room.run(killed, reads=IN_THE_SECOND[room.digest])
    assert (await found(killed))[0].last.blocks == 1
    await room.run(killed, deadly=True)
    assert (await found(killed))[0].last.stamps == ()
    await room.run(killed)
    return calm, killed


async def test_killed_while_covering_and_while_hashing_anew_it_goes_on_to_the_same_result(room: Room) -> None:
    for digest, now in (("sha256", BEGUN), ("sha512", ENDING)):
        room.digest, room.now = digest, now
        calm, killed = await both(room)
        (expected, roots), (volume, others) = await found(calm), await found(killed)
        assert without_stamps(volume) == without_stamps(expected)
        assert [len(chain.stamps) for chain in volume.chains] == [1] * len(expected.chains)
        assert others == roots
        assert volume.last.digest == digest
        shutil.rmtree(calm)
        shutil.copytree(killed, calm)  # the next step rests on the very time-stamp before
    ledger = await SqliteLedger.open(killed / "ledger.sqlite3")
    archive = FilesArchive(killed / "archive")
    for number in (1, 139):
        one = evidence(number, "submission")
        verdict = verify_record(
            await Trees(ledger=ledger, archive=archive).record(one.evidence_id),
            [content(one.content), content(FILE)],
            trust=trust(),
            at=datetime(2035, 1, 1, tzinfo=UTC),
            trusted={"sha256": END},
        )
        assert isinstance(verdict, Proven), verdict
        assert verdict.digests == ("sha256", "sha512")
    await ledger.aclose()
    await archive.aclose()
