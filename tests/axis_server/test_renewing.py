"""The archive's proofs are renewed before they end, and the oldest evidence is sound through all of them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from axis_server.archiving.renewing import Act, Renewing, Rules
from axis_server.archiving.volumes import Trees
from axis_server.metrics import Metrics
from axis_server.transparency.authorities import Authority, NotStamped, Requesting
from axis_server.transparency.publisher import Publisher
from signing.renewal import Proven, content, read_record, verify_record
from signing.verdict import Reason
from storage.archive.files import FilesArchive
from storage.errors import NotFound
from storage.ledger.keeping import Disposal
from storage.ledger.records import Part
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.fetching.outside import outside
from tests.axis_server.timely import TimelyTsa, save_root
from tests.signing.log.world import KEY
from tests.signing.renewal.stage import SHA256_ENDS, trust
from tests.storage.records import accepted, at, entry, evidence

FILES = [f"file {number}".encode() * (number + 1) for number in range(3)]
YEAR = timedelta(days=365)


def part_of(data: bytes, number: int = 0) -> Part:
    return Part(
        number=number,
        identifier=str(number),
        name="a.bin",
        content_type="application/octet-stream",
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        inline=False,
    )


@dataclass(kw_only=True)
class Stand:
    ledger: SqliteLedger
    archive: FilesArchive
    url: str
    tsa: TimelyTsa
    root: Path
    now: datetime = datetime(2026, 6, 1, tzinfo=UTC)
    metrics: Metrics = field(default_factory=Metrics.make)
    nonces: Iterator[int] = field(default_factory=lambda: count(1 << 100))

    def renewing(self, **changes: Any) -> Renewing:
        """Another process."""
        facts = {"every": timedelta(days=7), "lead": YEAR, "digest": "sha256", "trusted": {}} | changes
        one = Authority(name="tsa", url=self.url, anchors=(self.root,), crls=(), policy=None, every=YEAR)
        return Renewing(
            ledger=self.ledger,
            trees=Trees(ledger=self.ledger, archive=self.archive),
            authorities=(one,),
            rules=Rules(**facts),
            requesting=Requesting(workers=None, clock=lambda: self.now, nonce=lambda: next(self.nonces)),
            metrics=self.metrics,
        )

    async def accept(self, number: int, *files: bytes) -> None:
        for data in files:
            await self.archive.put(hashlib.sha256(data).hexdigest(), _source(data))
        parts = tuple(part_of(data, place) for place, data in enumerate(files))
        await self.ledger.commit(accepted(number, entry=replace(entry(number), parts=parts)))
        publisher = Publisher(
            ledger=self.ledger, signers=lambda: (KEY,), clock=lambda: self.now, metrics=self.metrics
        )
        await publisher.publish()

    async def all_due(self, **changes: Any) -> list[Act]:
        """Does all that is due, each step by a process of its own."""
        done = []
        while (task := await self.renewing(**changes).due()) is not None:
            await self.renewing(**changes).do(task)
            done.append(task.act)
        return done

    async def judged(self, name: str, *objects: bytes, **wanted: Any) -> Proven | Reason:
        der = await Trees(ledger=self.ledger, archive=self.archive).record(name)
        given = {"trust": trust(), "at": self.now, "trusted": SHA256_ENDS} | wanted
        verdict = verify_record(der, [content(one) for one in objects], **given)
        return verdict if isinstance(verdict, Proven) else verdict.reason

    def metric(self, name: str) -> float:
        return self.metrics.registry.get_sample_value(name) or 0.0


async def _source(data: bytes) -> AsyncIterator[bytes]:
    yield data


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    ledger = await SqliteLedger.open(tmp_path / "ledger.sqlite3")
    archive = FilesArchive(tmp_path / "archive")
    tsa = TimelyTsa(lambda: one.now)
    with outside(tsa) as there:
        one = Stand(ledger=ledger, archive=archive, url=there.url, tsa=tsa, root=save_root(tmp_path))
        for number, data in enumerate(FILES, 1):
            await one.accept(number, data)
        yield one
    await ledger.aclose()
    await archive.aclose()


OLDEST = evidence(1, "submission")


async def test_the_oldest_evidence_is_sound_through_the_chain_long_after_sha_256_ended(stand: Stand) -> None:
    until = {"digest": "sha512", "trusted": SHA256_ENDS}
    assert await stand.all_due() == [Act.COVER, Act.GROW, Act.STAMP]
    assert await stand.all_due() == []
    stand.now = datetime(2033, 6, 1, tzinfo=UTC)  # its certificate ends with the year
    assert await stand.all_due(**until | {"digest": "sha256"}) == [Act.TIME_STAMP]
    stand.now = datetime(2039, 6, 1, tzinfo=UTC)  # SHA-256 ends with the year
    assert await stand.all_due(**until) == [Act.HASH_TREE, Act.GROW, Act.STAMP]
    assert await stand.all_due(**until) == []
    stand.now = datetime(2050, 1, 1, tzinfo=UTC)
    proven = await stand.judged(OLDEST.evidence_id, OLDEST.content, FILES[0])
    assert isinstance(proven, Proven)
    assert proven.since.year == 2026
    assert proven.digests == ("sha256", "sha512")
    second = evidence(1, "consignment")
    assert isinstance(await stand.judged(second.evidence_id, second.content), Proven)
    assert await stand.judged(OLDEST.evidence_id, OLDEST.content, b"forged") is (
        Reason.RENEWAL_OBJECT_NOT_COVERED
    )
    assert await stand.judged(OLDEST.evidence_id, OLDEST.content) is Reason.RENEWAL_OBJECT_MISSING


async def test_without_renewal_it_is_not(stand: Stand) -> None:
    await stand.all_due()
    stand.now = datetime(2050, 1, 1, tzinfo=UTC)
    assert await stand.judged(OLDEST.evidence_id, OLDEST.content, FILES[0]) is Reason.RENEWAL_ENDED


async def test_re_hashing_reads_the_bytes_themselves(stand: Stand) -> None:
    """A file that a forger changed under its old name is left out, told, and not proven anew."""
    await stand.all_due()
    name = part_of(FILES[0]).sha256
    path = next(Path(stand.root.parent / "archive").rglob(name))
    path.chmod(0o640)
    path.write_bytes(b"forged" + FILES[0][6:])
    stand.now += timedelta(days=1)
    (volume,) = await stand.ledger.volumes()
    await stand.renewing().rehash(volume, "sha512")
    assert await stand.all_due() == [Act.GROW, Act.STAMP]
    (volume,) = await stand.ledger.volumes()
    assert volume.last.troubled == 1
    assert stand.metric("axis_renewal_troubled_total") == 1
    assert volume.last.bytes >= sum(map(len, FILES[1:]))
    assert isinstance(await stand.judged(OLDEST.evidence_id, OLDEST.content, whole=False), Proven)
    lost = await stand.judged(OLDEST.evidence_id, OLDEST.content, FILES[0], whole=False)
    assert lost is Reason.RENEWAL_SEQUENCE_BROKEN


async def test_what_is_new_becomes_the_next_volume_when_its_time_has_come(stand: Stand) -> None:
    await stand.all_due()
    await stand.accept(7, b"new")
    assert await stand.all_due() == []
    with pytest.raises(NotFound):
        await stand.judged(evidence(7, "submission").evidence_id, b"")
    stand.now += timedelta(days=8)
    assert await stand.all_due() == [Act.COVER, Act.GROW, Act.STAMP]
    newest = evidence(7, "submission")
    assert isinstance(await stand.judged(newest.evidence_id, newest.content, b"new"), Proven)
    first, second = await stand.ledger.volumes()
    assert (second.start, second.number) == (first.end, 2)


async def test_what_was_disposed_of_is_left_out_and_its_evidence_stays_proven(stand: Stand) -> None:
    await stand.all_due()
    order = replace(evidence(1, "order"), evidence_id="order", dispatch_id="", event="DisposalOrdered")
    gone = Disposal(order_id="order", agency_id="A", dispatches=("dispatch-1",), accepted_at=at(20))
    await stand.ledger.dispose(gone, order, decided=0)
    next((stand.root.parent / "archive").rglob(part_of(FILES[0]).sha256)).unlink()
    (volume,) = await stand.ledger.volumes()
    await stand.renewing().rehash(volume, "sha512")
    await stand.all_due()
    assert (await stand.ledger.volumes())[0].last.troubled == 0
    assert isinstance(await stand.judged(OLDEST.evidence_id, OLDEST.content, whole=False), Proven)


async def test_an_authority_that_is_away_changes_nothing_and_is_asked_again(stand: Stand) -> None:
    stand.tsa.down = True
    for _ in range(2):
        task = await stand.renewing().due()
        assert task is not None
        await stand.renewing().do(task)
    task = await stand.renewing().due()
    assert task is not None
    assert task.act is Act.STAMP
    with pytest.raises(NotStamped):
        await stand.renewing().do(task)
    stand.tsa.down = False
    assert await stand.all_due() == [Act.STAMP]


async def test_a_renewal_that_would_end_no_later_is_not_kept(stand: Stand) -> None:
    await stand.all_due()
    (volume,) = await stand.ledger.volumes()
    with pytest.raises(NotStamped, match="would end at 2034"):
        await stand.renewing().renew(volume)
    assert await stand.ledger.volumes() == (volume,)
    await stand.renewing().renew(volume, anyway=True)
    assert len((await stand.ledger.volumes())[0].last.stamps) == 2


async def test_who_was_overtaken_changes_nothing(stand: Stand) -> None:
    task = await stand.renewing().due()
    assert task is not None
    await stand.renewing().do(task)
    grow = await stand.renewing().due()
    assert grow is not None
    await stand.renewing().do(grow)
    kept = await stand.ledger.volumes()
    await stand.renewing().do(grow)
    await stand.renewing().do(task)
    assert await stand.ledger.volumes() == kept


async def test_what_is_due_is_shown(stand: Stand) -> None:
    await stand.all_due()
    assert stand.metric("axis_renewal_due") == 0
    assert stand.metric("axis_renewal_ends_timestamp_seconds") == datetime(2034, 1, 1, tzinfo=UTC).timestamp()
    stand.now = datetime(2033, 6, 1, tzinfo=UTC)
    await stand.renewing().due()
    assert stand.metric("axis_renewal_due") == 1
    await stand.renewing(trusted={"sha256": datetime(2033, 9, 1, tzinfo=UTC)}).due()
    assert stand.metric("axis_renewal_ends_timestamp_seconds") == datetime(2033, 9, 1, tzinfo=UTC).timestamp()


async def test_many_leaves_are_proven_across_blocks(stand: Stand) -> None:
    """Some hundred leaves: more than one block, the last not full."""
    for number in range(10, 150):
        await stand.ledger.commit(accepted(number, entry=replace(entry(number), parts=(part_of(FILES[1]),))))
    await stand.accept(200, b"last")
    assert await stand.all_due() == [Act.COVER, Act.GROW, Act.GROW, Act.STAMP]
    (volume,) = await stand.ledger.volumes()
    assert volume.end - volume.start > 256
    await stand.renewing().rehash(volume, "sha512")
    assert await stand.all_due() == [Act.GROW, Act.GROW, Act.STAMP]
    for number, data in ((1, FILES[0]), (77, FILES[1]), (200, b"last")):
        one = evidence(number, "submission")
        assert isinstance(await stand.judged(one.evidence_id, one.content, data), Proven)
    record = read_record(await Trees(ledger=stand.ledger, archive=stand.archive).record(OLDEST.evidence_id))
    assert [len(chain[0].tree) for chain in record.chains] == [10, 10]
