"""The archive proves itself: loss and alteration by another process are found, named, mended and stated."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from axis_server.archiving.scrub import EVENT, Attesting, Scrub, mending
from axis_server.metrics import Metrics
from axis_server.transparency.publisher import Publisher
from signing.keys import MemorySigner
from signing.log import LogPolicy, leaf_hash
from signing.seal import Sealer
from signing.statements import archive as archive_statement
from signing.trust import TrustStore
from signing.verdict import Sound
from signing.verify import verify
from storage.archive.files import FilesArchive
from storage.archive.memory import MemoryArchive
from storage.archive.replicated import ReplicatedArchive
from storage.ledger.records import Part
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.houses import Pki
from tests.signing.log.world import KEY
from tests.storage.records import NOON, accepted, at, entry, move, refusal, sha256

CONTENTS = [f"file {number}".encode() * (number + 1) for number in range(5)]


@dataclass(kw_only=True)
class Stand:
    """A ledger and an archive on disk, with five dispatches of one file each."""

    room: Path
    ledger: SqliteLedger
    archive: FilesArchive
    pki: Pki
    now: datetime = NOON

    def scrub(self, **changes: object) -> Scrub:
        axis = self.pki.axis
        signer = MemorySigner(axis.key, axis.certificate, axis.chain)
        log = KEY
        ids = iter(range(1000))
        facts: dict[str, object] = {
            "ledger": self.ledger,
            "archive": self.archive,
            "attesting": Attesting(
                issuer_id="axis.test",
                sealer=lambda: Sealer(signer),
                policy=lambda: LogPolicy(origin=log.key.name, keys=(log.key,)),
                new_id=lambda: f"statement-{self.now.timestamp()}-{next(ids)}",
            ),
            "clock": lambda: self.now,
            "metrics": Metrics.make(),
            "every": timedelta(days=30),
        }
        return Scrub(**facts | changes)  # type: ignore[arg-type]

    async def whole_round(self, **changes: object) -> archive_statement.ArchiveStatement:
        """Goes through everything once, with a new process at every step, and reads what was stated."""
        self.now += timedelta(days=31)
        await self.scrub(**changes).step()
        while (last := await self.ledger.round()) is not None and last.ended_at is None:
            await self.scrub(**changes).step()
        assert last is not None
        leaf = await self.ledger.leaf(last.statement_id)
        (kept,) = await self.ledger.logged(start=leaf.index, limit=1)
        assert kept.content is not None
        verdict = verify(kept.content, trust=TrustStore.of([self.pki.root.certificate]), at=self.now)
        assert isinstance(verdict, Sound)
        return archive_statement.read(verdict)

    def file_of(self, content: bytes) -> Path:
        digest = digest_of(content)
        return self.room / "archive" / digest[:2] / digest[2:4] / digest

    def tamper(self, statement: str, *values: object) -> None:
        """Changes the ledger as another process would, past all of its rules."""
        with closing(sqlite3.connect(self.room / "ledger.sqlite3", isolation_level=None)) as connection:
            assert connection.execute(statement, values).rowcount == 1


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def chunked(content: bytes) -> AsyncIterator[bytes]:
    yield content


def part_of(content: bytes) -> Part:
    return Part(
        number=0,
        identifier="original",
        name="",
        content_type="application/xml",
        sha256=digest_of(content),
        size=len(content),
        inline=False,
    )


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki.made()


@pytest.fixture
async def stand(tmp_path: Path, pki: Pki) -> AsyncIterator[Stand]:
    ledger = await SqliteLedger.open(tmp_path / "ledger.sqlite3")
    archive = FilesArchive(tmp_path / "archive")
    for number, content in enumerate(CONTENTS, start=1):
        await archive.put(digest_of(content), chunked(content))
        await ledger.commit(accepted(number, entry=entry(number, parts=(part_of(content),))))
    await ledger.advance([move(1)])
    await ledger.refuse(refusal(9))
    await published(ledger)
    yield Stand(room=tmp_path, ledger=ledger, archive=archive, pki=pki)
    await archive.aclose()
    await ledger.aclose()


async def published(ledger: SqliteLedger) -> None:
    await Publisher(
        ledger=ledger, signers=lambda: (KEY,), clock=lambda: at(0), metrics=Metrics.make()
    ).publish()


async def test_what_is_whole_is_stated_as_n_of_n_in_a_leaf_of_the_log(stand: Stand) -> None:
    size = await stand.ledger.size()
    stated = await stand.whole_round()
    assert (stated.blobs, stated.file_bytes) == (5, sum(map(len, CONTENTS)))
    assert (stated.size, stated.round, stated.is_whole) == (size, 1, True)
    last = (await stand.ledger.leaves(start=size, limit=10))[0]
    assert last.content_id == stated.identifier
    again = await stand.whole_round()
    assert (again.round, again.is_whole) == (2, True)


Tamper = Callable[[Stand], object]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    for path, content in ((one, second), (other, first)):
        path.chmod(0o600)
        path.write_bytes(content)


FILES: dict[str, tuple[Tamper, int]] = {
    "a flipped bit": (lambda s: flip(s.file_of(CONTENTS[2])), 1),
    "a file gone": (lambda s: s.file_of(CONTENTS[3]).unlink(), 1),
    "a file cut": (
        lambda s: (s.file_of(CONTENTS[3]).chmod(0o600), s.file_of(CONTENTS[3]).write_bytes(b"x")),
        1,
    ),
    "two files swapped": (lambda s: swap(s.file_of(CONTENTS[0]), s.file_of(CONTENTS[1])), 2),
}
_SOME = "(SELECT leaf FROM evidence ORDER BY leaf LIMIT 1 OFFSET 3)"
LEDGER: dict[str, Tamper] = {
    "evidence changed": lambda s: s.tamper(f"UPDATE evidence SET content = x'78' WHERE leaf = {_SOME}"),
    "evidence emptied": lambda s: s.tamper(f"UPDATE evidence SET content = x'' WHERE leaf = {_SOME}"),
    "a statement changed": lambda s: s.tamper("UPDATE statements SET content = CAST(content || 'x' AS BLOB)"),
    "the refusal changed": lambda s: s.tamper("UPDATE evidence SET content = x'78' WHERE dispatch IS NULL"),
    "a leaf changed": lambda s: s.tamper(f"UPDATE leaves SET hash = zeroblob(32) WHERE leaf = {_SOME}"),
    "both changed to fit": lambda s: s.tamper("UPDATE leaves SET hash = ? WHERE leaf = 3", forged(s)),
    "a node changed": lambda s: s.tamper("UPDATE nodes SET hash = zeroblob(32) WHERE level = 3 AND idx = 0"),
    "a checkpoint changed": lambda s: s.tamper("UPDATE checkpoints SET note = ?", b"another log\n1\n"),
    "the checkpoint's size changed": lambda s: s.tamper("UPDATE checkpoints SET size = size - 1"),
}


def forged(stand: Stand) -> bytes:
    """Forges an evidence, and gives the hash that its leaf would have."""
    stand.tamper("UPDATE evidence SET content = CAST('forged' AS BLOB) WHERE leaf = 3")
    return leaf_hash(b"forged")


@pytest.mark.parametrize("how", FILES)
async def test_a_damaged_file_is_found_named_and_told_once_a_round(stand: Stand, how: str) -> None:
    tamper, count = FILES[how]
    tamper(stand)
    metrics = Metrics.make()
    with capture_logs() as logs:
        stated = await stand.whole_round(metrics=metrics)
    assert (stated.blobs, stated.damaged_count, stated.is_whole) == (5, count, False)
    assert set(stated.damaged) <= {digest_of(content) for content in CONTENTS}
    told = [one for one in logs if one["event"] == "scrub.damaged"]
    assert [one["named"] for one in told] == list(stated.damaged)
    assert metrics.registry.get_sample_value("axis_archive_sound") == 0
    assert metrics.registry.get_sample_value("axis_scrub_damaged_total") == count


@pytest.mark.parametrize("how", LEDGER)
async def test_whatever_is_changed_in_the_ledgers_log_is_found(stand: Stand, how: str) -> None:
    LEDGER[how](stand)
    stated = await stand.whole_round()
    assert not stated.is_whole


async def test_damage_that_was_mended_is_gone_from_the_next_statement(stand: Stand) -> None:
    path = stand.file_of(CONTENTS[2])
    sound = path.read_bytes()
    flip(path)
    assert (await stand.whole_round()).damaged_count == 1
    path.write_bytes(sound)
    assert (await stand.whole_round()).is_whole


async def test_what_one_copy_lost_is_mended_from_the_other(stand: Stand) -> None:
    primary, replica = MemoryArchive(), MemoryArchive()
    for content in CONTENTS:
        for each in (primary, replica):
            await each.put(digest_of(content), chunked(content))
    del primary.blobs[digest_of(CONTENTS[1])]
    del replica.blobs[digest_of(CONTENTS[4])]
    primary.blobs[digest_of(CONTENTS[2])] = b"other bytes"
    both = ReplicatedArchive(primary, replica)
    stated = await stand.whole_round(archive=both, repair=mending(both))
    assert (stated.repaired, stated.damaged) == (2, (digest_of(CONTENTS[2]),))
    assert primary.blobs[digest_of(CONTENTS[1])] == CONTENTS[1]
    assert replica.blobs[digest_of(CONTENTS[4])] == CONTENTS[4]


async def test_a_round_goes_on_where_a_crash_left_it_and_reads_nothing_twice(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("axis_server.archiving.scrub.DISPATCHES", 2)
    monkeypatch.setattr("axis_server.archiving.scrub.LEAVES", 4)
    read: list[str] = []
    get = stand.archive.get

    def noted(digest: str, *, offset: int = 0) -> AsyncIterator[bytes]:
        read.append(digest)
        return get(digest, offset=offset)

    monkeypatch.setattr(stand.archive, "get", noted)
    stated = await stand.whole_round()  # every step by a process of its own
    assert stated.is_whole
    assert sorted(read) == sorted(digest_of(content) for content in CONTENTS)


async def test_the_next_round_begins_when_it_is_due(stand: Stand) -> None:
    await stand.whole_round()
    assert await stand.scrub().step() is None
    stand.now += timedelta(days=30)
    assert await stand.scrub().step() is not None
    last = await stand.ledger.round()
    assert last is not None
    assert (last.number, last.ended_at) == (2, None)


async def test_an_axis_that_has_nothing_yet_is_whole(tmp_path: Path, pki: Pki) -> None:
    ledger, archive = await SqliteLedger.open(tmp_path / "new.sqlite3"), FilesArchive(tmp_path / "archive")
    stated = await Stand(room=tmp_path, ledger=ledger, archive=archive, pki=pki).whole_round()
    assert (stated.blobs, stated.size, stated.is_whole) == (0, 0, True)
    await archive.aclose()
    await ledger.aclose()


def test_a_statement_comes_back_as_it_was_written(pki: Pki) -> None:
    axis = pki.axis
    one = archive_statement.ArchiveStatement(
        identifier="a<&>b",
        issuer_id="trục",
        round=3,
        started_at=at(0),
        ended_at=at(9),
        blobs=7,
        file_bytes=1 << 60,
        repaired=1,
        origin="axis.example/log",
        size=12,
        root=bytes(range(32)),
        damaged=(sha256("x"), "leaf:9"),
        damaged_count=2,
    )
    content = archive_statement.write(one, Sealer(MemorySigner(axis.key, axis.certificate, axis.chain)))
    verdict = verify(content, trust=TrustStore.of([pki.root.certificate]), at=at(10))
    assert isinstance(verdict, Sound)
    assert archive_statement.read(verdict) == replace(one, started_at=at(0), ended_at=at(9))
    assert EVENT == "ArchiveVerified"
    assert BytesIO(content).read(17) == b"<ArchiveStatement"
