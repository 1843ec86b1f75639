"""What stands between an order and the last byte, over a ledger in SQLite and an archive of files: nothing is
destroyed by a seal that fell, behind a hold, before its time, or by a clock that was set."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from axis_server.archiving import deciding
from axis_server.settings import RetentionSettings
from signing.trust import TrustStore
from storage.archive.files import FilesArchive
from storage.ledger.keeping import Disposal
from storage.ledger.records import Entry, SignedCheckpoint, Stamp
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.houses import Pki
from tests.axis_server.packages import DOCUMENT_ID
from tests.axis_server.retaining import LATER, Stage, declined, made
from tests.axis_server.world import World

GRACE = timedelta(hours=1)


class OnDisk(Stage):
    """Over stores of the kind that an axis has."""

    archive: FilesArchive
    ledger: SqliteLedger
    room: Path

    def bytes_of(self, entry: Entry) -> list[Path]:
        """The files of a document, wherever in the archive they lie."""
        return [*self.room.rglob(entry.original.sha256)]

    async def due(self, number: int = 0) -> Entry:
        """A document that was sent and whose time has come."""
        document_id = f"{DOCUMENT_ID}-{number}" if number else DOCUMENT_ID
        entry = await self.world.sent(self.world.province, document_id=document_id)
        await self.classed(entry, "2")
        return entry

    async def waiting(self, disposal: Disposal) -> str:
        return (await self.ledger.disposal(disposal.order_id)).waiting


@pytest.fixture
async def stand(pki: Pki, workers: ThreadPoolExecutor, tmp_path: Path) -> AsyncIterator[OnDisk]:
    ledger = await SqliteLedger.open(tmp_path / "ledger.sqlite3")
    archive = FilesArchive(tmp_path / "archive")
    world = World(archive=archive, ledger=ledger, pki=pki, workers=workers)
    stand = made(OnDisk, world, archive, ledger)
    stand.room = tmp_path / "archive"
    yield stand
    await archive.aclose()
    await ledger.aclose()


async def ordered(stand: OnDisk) -> tuple[Entry, Disposal]:
    """A document that an accepted order names, three years later."""
    entry = await stand.due()
    stand.world.now += LATER
    return entry, await stand.disposed(entry)


async def test_a_compromise_that_is_found_after_the_order_stops_it(stand: OnDisk) -> None:
    entry, disposal = await ordered(stand)
    root, now = stand.world.pki.root, stand.world.now
    found = root.crl(
        [stand.archivist],
        this_update=now,
        next_update=now + timedelta(days=7),
        revoked_at=now,
        reason=x509.ReasonFlags.key_compromise,
    )
    stand.world.trust = TrustStore.of([root.certificate], crls=[found])
    assert await stand.destroying.step() == 1
    assert await stand.waiting(disposal) == "NOT_UPHELD: CERTIFICATE_REVOKED"
    assert stand.bytes_of(entry)


async def test_who_left_after_the_order_was_taken_does_not_undo_it(stand: OnDisk) -> None:
    entry, _ = await ordered(stand)
    root, taken = stand.world.pki.root, stand.world.now
    now = stand.world.now = taken + timedelta(hours=1)
    before = root.crl(this_update=taken, next_update=now)
    left = root.crl(
        [stand.archivist],
        this_update=now,
        next_update=now + timedelta(days=7),
        revoked_at=now,
        reason=x509.ReasonFlags.affiliation_changed,
        number=2,
    )
    stand.world.trust = TrustStore.of([root.certificate], crls=[before, left])
    assert await stand.destroying.step() == 0
    assert not stand.bytes_of(entry)


async def test_a_certificate_that_the_directory_no_longer_has_destroys_nothing(stand: OnDisk) -> None:
    entry, disposal = await ordered(stand)
    stand.registers()
    assert await stand.destroying.step() == 1
    assert await stand.waiting(disposal) == "NOT_UPHELD: SIGNER_MISMATCH"
    assert stand.bytes_of(entry)
    stand.registers(stand.archivist)
    assert await stand.destroying.step() == 0
    assert not stand.bytes_of(entry)


async def test_an_order_that_was_changed_in_the_ledger_destroys_nothing(
    stand: OnDisk, tmp_path: Path
) -> None:
    entry, disposal = await ordered(stand)
    other = await stand.world.sent(stand.world.province, document_id="G90,2026/03/03,2")
    for altered in (
        stand.sealed(by=stand.world.stranger.identity),
        await stand.ordered(entry, other),
    ):
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as database, database:
            database.execute(
                "UPDATE evidence SET content = ? WHERE evidence_id = ?", (altered, disposal.order_id)
            )
        assert await stand.destroying.step() == 1
        assert await stand.waiting(disposal) == "UNFOUNDED"
        assert stand.bytes_of(entry)


async def test_who_holds_it_in_the_time_of_grace_stops_it_and_nobody_does_later(stand: OnDisk) -> None:
    stand.grace = GRACE
    entry, disposal = await ordered(stand)
    destroying = stand.destroying
    assert await destroying.step() == 1
    hold = await stand.deciding.put_hold(stand.authority, entry.dispatch_id, reason="Tòa án yêu cầu")
    stand.ran += 2 * GRACE.total_seconds()
    assert await destroying.step() == 1
    assert await stand.waiting(disposal) == f"HELD: {entry.dispatch_id} {hold.evidence_id}"
    assert stand.bytes_of(entry)
    with declined("DISPOSED"):
        await stand.classed(entry, "20")
    await stand.deciding.lift_hold(stand.authority, entry.dispatch_id, hold.evidence_id, reason="xong")
    assert await destroying.step() == 0
    assert not stand.bytes_of(entry)
    with declined("DISPOSED"):
        await stand.deciding.put_hold(stand.authority, entry.dispatch_id, reason="quá muộn")


async def test_what_its_record_makes_be_kept_longer_meanwhile_is_not_destroyed(stand: OnDisk) -> None:
    entry = await stand.world.sent(stand.world.province)
    other = await stand.world.sent(stand.world.province, document_id="G90,2026/03/03,2")
    await stand.classed(entry, "2", record="01/HS")
    stand.world.now += LATER
    disposal = await stand.disposed(entry)
    await stand.classed(other, "20", record="01/HS")
    assert await stand.destroying.step() == 1
    assert await stand.waiting(disposal) == f"NOT_DUE: {entry.dispatch_id} 2047-01-01"
    assert stand.bytes_of(entry)


async def test_grace_is_running_time_whatever_the_clock_says(stand: OnDisk) -> None:
    stand.grace = GRACE
    entry, disposal = await ordered(stand)
    destroying = stand.destroying
    for clock in (timedelta(days=400), -timedelta(days=800), timedelta(days=400)):
        stand.world.now += clock
        assert await destroying.step() == 1
        assert (await stand.waiting(disposal)).startswith(("GRACE: 60 min", "NOT_DUE"))
    stand.ran += GRACE.total_seconds() - 1
    assert await destroying.step() == 1
    stand.ran += 1
    assert await destroying.step() == 0
    assert not stand.bytes_of(entry)


async def test_grace_goes_on_after_a_restart_and_two_processes_do_not_count_it_twice(stand: OnDisk) -> None:
    stand.grace = GRACE
    entry, _ = await ordered(stand)
    one, other = stand.destroying, stand.destroying
    for _ in range(5):
        for destroying in (one, other):
            assert await destroying.step() == 1
        stand.ran += 600
    stand.ran += 5 * GRACE.total_seconds()  # nobody ran: the machine was off, or these two were
    restarted = stand.destroying
    assert await restarted.step() == 1
    stand.ran += 1199
    assert await restarted.step() == 1
    assert stand.bytes_of(entry)
    stand.ran += 1
    assert await restarted.step() == 0


async def test_a_file_that_is_hidden_anew_lies_for_the_whole_time(stand: OnDisk) -> None:
    stand.grace = GRACE
    entry, _ = await ordered(stand)
    (path,) = stand.bytes_of(entry)
    content, destroying = path.read_bytes(), stand.destroying
    assert await destroying.step() == 1
    stand.ran += 3599
    await stand.world.uploaded(stand.world.department, content)  # delivered, and then never submitted
    assert await destroying.step() == 1
    await stand.ledger.unhold([entry.original.sha256])
    assert await destroying.step() == 1
    stand.ran += 3599
    assert await destroying.step() == 1
    assert stand.bytes_of(entry)
    stand.ran += 1
    assert await destroying.step() == 0


async def test_where_the_log_is_time_stamped_the_day_is_the_authority_s_and_not_the_node_s(
    stand: OnDisk,
) -> None:
    stand.authorities = ("tsa", "other")
    entry, disposal = await ordered(stand)  # by a clock that jumped three years ahead
    assert await stand.destroying.step() == 1
    assert await stand.waiting(disposal) == "TIME_UNKNOWN"
    at = datetime(2026, 3, 2, tzinfo=UTC)
    await stamped(stand, "tsa", 1, at + LATER)
    await stamped(stand, "other", 2, at)
    assert await stand.destroying.step() == 1
    assert await stand.waiting(disposal) == f"NOT_DUE: {entry.dispatch_id} {date(2029, 1, 1)}"
    assert stand.bytes_of(entry)
    await stamped(stand, "other", 3, at + LATER)
    assert await stand.destroying.step() == 0


async def stamped(stand: OnDisk, authority: str, size: int, at: datetime) -> None:
    await stand.ledger.publish(SignedCheckpoint(size=size, note=b"note %d\n" % size, at=stand.world.now))
    await stand.ledger.stamp(Stamp(size=size, authority=authority, token=b"token", at=at))


async def test_an_order_that_lay_in_a_drawer_is_refused(stand: OnDisk) -> None:
    entry = await stand.due()
    stand.world.now += LATER
    order = await stand.ordered(entry)
    dated_ahead = await stand.ordered(entry, ordered_at=stand.world.now + timedelta(days=31))
    stand.world.now += timedelta(days=30, seconds=1)
    with declined("ORDER_EXPIRED"):
        await stand.disposing.submit(stand.authority, order)
    assert await stand.ledger.disposed([entry.dispatch_id]) == {}
    stand.settings = RetentionSettings(authority="K99", order_days=31)
    disposal = await stand.disposing.submit(stand.authority, order)
    stand.world.now += timedelta(days=40)
    assert await stand.disposing.submit(stand.authority, order) == disposal
    with declined("ORDER_EXPIRED"):
        await stand.disposing.submit(stand.authority, dated_ahead)


async def test_two_persons_where_the_settings_want_two(stand: OnDisk) -> None:
    stand.settings = RetentionSettings(authority="K99", approvals=2)
    second, stranger = (stand.world.pki.root.issue(name) for name in ("Chi cục trưởng", "Người lạ"))
    same_name = stand.world.pki.root.issue("Lưu trữ")
    stand.registers(stand.archivist, second, same_name)
    entry = await stand.due()
    stand.world.now += LATER
    order, another = await stand.ordered(entry), await stand.ordered(entry, number="13/QĐ-LT")
    refused: dict[str, list[bytes]] = {
        "APPROVAL_MISSING": [stand.approved(order, stand.archivist), stand.approved(order, same_name)],
        "SIGNER_MISMATCH": [stand.approved(order, stranger)],
        "ORDER_UNFIT": [
            stand.approved(another, second),
            stand.approved(order, second, axis_id="another axis"),
            stand.approved(order, second, agency_id="G90"),
            order,
        ],
        "DIGEST_MISMATCH": [stand.approved(order, second).replace(b"K99", b"K98")],
    }
    for code, approvals in refused.items():
        for approval in approvals:
            with declined(code):
                await stand.disposing.submit(stand.authority, order, [approval])
    with declined("APPROVAL_MISSING"):
        await stand.disposing.submit(stand.authority, order)
    assert await stand.ledger.disposed([entry.dispatch_id]) == {}
    approval = stand.approved(order, second)
    disposal = await stand.disposing.submit(stand.authority, order, [approval])
    told = await stand.disposing.show(stand.authority, disposal.order_id)
    assert told.approvals == (approval,)
    (leaf,) = disposal.approvals
    assert (await stand.ledger.leaf(leaf)).kind == "evidence"
    stand.registers(stand.archivist)
    assert await stand.destroying.step() == 1
    assert await stand.waiting(disposal) == "NOT_UPHELD: SIGNER_MISMATCH"
    stand.registers(stand.archivist, second)
    assert await stand.destroying.step() == 0


async def test_one_seal_is_not_enough_either_for_a_disposal_that_somebody_wrote_into_the_ledger(
    stand: OnDisk,
) -> None:
    entry, disposal = await ordered(stand)
    stand.settings = RetentionSettings(authority="K99", approvals=2)
    assert await stand.destroying.step() == 1
    assert await stand.waiting(disposal) == "NOT_UPHELD: APPROVAL_MISSING"
    assert stand.bytes_of(entry)


async def test_one_archivist_fills_no_ledger(stand: OnDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "DECISIONS_MOST", 3)
    entry = await stand.due()
    own = stand.world.ministry.caller("archivist")
    hold = await stand.deciding.put_hold(own, entry.dispatch_id, reason="một")
    await stand.classed(entry, "5")
    with declined("TOO_MANY_DECISIONS"):
        await stand.deciding.put_hold(own, entry.dispatch_id, reason="hai")
    with declined("TOO_MANY_DECISIONS"):
        await stand.classed(entry, "10")
    await stand.classed(entry, "20", by=stand.world.province)
    await stand.deciding.lift_hold(own, entry.dispatch_id, hold.evidence_id, reason="xong")
    first = await stand.deciding.show(own, entry.dispatch_id, 0, 3)
    rest = await stand.deciding.show(own, entry.dispatch_id, first.decisions.next, 3)
    assert [one.kind for one in (*first.decisions.items, *rest.decisions.items)] == [
        *("term", "hold", "term"),
        *("term", "lift"),
    ]
    assert (first.decisions.more, rest.decisions.more) == (True, False)


async def test_a_record_takes_so_many_documents_and_no_more(
    stand: OnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "RECORD_MOST", 2)
    entries = [
        await stand.world.sent(stand.world.province, document_id=f"{DOCUMENT_ID}-{n}") for n in range(3)
    ]
    for entry in entries[:2]:
        await stand.classed(entry, "2", record="01/HS")
    with declined("TOO_MANY_DECISIONS"):
        await stand.classed(entries[2], "2", record="01/HS")
    await stand.classed(entries[1], "5", record="01/HS")
    await stand.classed(entries[2], "2", record="02/HS")
