"""How long documents are kept, and legal holds, as a use case over real seals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from axis_server.archiving.locking import Locking
from axis_server.settings import RetentionSettings, RuleSettings
from storage.archive.s3 import Lock, S3Archive
from tests.axis_server.retaining import LATER, Stand, declined
from tests.conftest import ON_CEPH
from tests.signing.interop.xmlsec1 import verifies
from tests.storage.blobs import stream
from tests.storage.ceph import Ceph


async def test_nobody_who_said_nothing_loses_anything(stand: Stand) -> None:
    entry = await stand.world.sent(stand.world.province)
    known = await stand.deciding.show(stand.world.ministry.caller("archivist"), entry.dispatch_id)
    assert (known.standing.term.class_code, known.standing.term.first_day) == ("permanent", None)


async def test_a_rule_of_the_settings_speaks_for_a_sender_who_said_nothing(stand: Stand) -> None:
    entry = await stand.world.sent(stand.world.province)
    rules = [RuleSettings(class_code="70", sender="H90"), RuleSettings(class_code="5", kinds=[0])]
    stand.settings = RetentionSettings(authority="K99", rules=rules)
    known = await stand.deciding.show(stand.world.province.caller(), entry.dispatch_id)
    assert known.standing.term.first_day == date(2032, 1, 1)
    await stand.classed(entry, "10")
    known = await stand.deciding.show(stand.world.province.caller(), entry.dispatch_id)
    assert (known.standing.term.class_code, known.standing.term.first_day) == ("10", date(2037, 1, 1))


async def test_the_years_begin_when_the_work_ended_and_a_recipient_may_keep_it_longer(stand: Stand) -> None:
    entry = await stand.world.sent(stand.world.province)
    stand.world.now += timedelta(days=730)
    await stand.classed(entry, "10", ended=2028)
    standing = (await stand.deciding.stand((entry,)))[entry.dispatch_id]
    assert standing.term.first_day == date(2039, 1, 1)
    await stand.classed(entry, "20", by=stand.world.province)
    standing = (await stand.deciding.stand((entry,)))[entry.dispatch_id]
    assert (standing.term.agency_id, standing.term.first_day) == ("H90", date(2047, 1, 1))
    for year in (2025, 2029):
        with declined("INVALID_ARGUMENT"):
            await stand.classed(entry, "10", ended=year)
    with declined("CLASS_UNKNOWN"):
        await stand.classed(entry, "7")


async def test_a_record_has_the_longest_class_of_its_documents(stand: Stand) -> None:
    one = await stand.world.sent(stand.world.province)
    other = await stand.world.sent(stand.world.province, document_id="G90,2026/03/03,2")
    await stand.classed(one, "2", record="01/HS")
    await stand.classed(other, "20", record="01/HS")
    for entry in (one, other):
        standing = (await stand.deciding.stand((entry,)))[entry.dispatch_id]
        assert (standing.term.class_code, standing.term.first_day) == ("20", date(2047, 1, 1))
    await stand.classed(other, "permanent", record="01/HS")
    assert (await stand.deciding.stand((one,)))[one.dispatch_id].term.first_day is None
    await stand.classed(other, "permanent", record="02/HS")
    assert (await stand.deciding.stand((one,)))[one.dispatch_id].term.first_day == date(2029, 1, 1)


async def test_a_decision_is_a_leaf_that_a_second_verifier_takes(stand: Stand, tmp_path: Path) -> None:
    entry = await stand.world.sent(stand.world.province)
    await stand.classed(entry, "20", record="01/HS & <khác>", reason="Thông tư 10/2022/TT-BNV")
    await stand.classed(entry, "20", record="01/HS & <khác>", reason="once more")
    (decision,) = await stand.ledger.decisions([entry.dispatch_id])
    statement = await stand.ledger.attested(decision.evidence_id)
    assert (await stand.ledger.leaf(decision.evidence_id)).kind == "evidence"
    assert entry.original.sha256.encode() in statement.content
    (tmp_path / "root.pem").write_bytes(stand.world.pki.root.certificate_pem)
    assert verifies(tmp_path, statement.content)


async def test_only_a_party_s_archivist_decides(stand: Stand) -> None:
    entry = await stand.world.sent(stand.world.province)
    for role in ("system", "clerk", "operator"):
        with declined("ROLE_FORBIDDEN"):
            caller = stand.world.ministry.caller(role)
            await stand.deciding.set_term(caller, entry.dispatch_id, class_code="2")
    for house in (stand.world.department, stand.world.stranger):
        with declined("NOT_FOUND"):
            await stand.classed(entry, by=house)
    with declined("NOT_FOUND"):
        await stand.deciding.show(stand.world.department.caller("archivist"), entry.dispatch_id)
    with declined("NOT_FOUND"):
        await stand.deciding.show(stand.world.stranger.caller("clerk"), entry.dispatch_id)
    with declined("ROLE_FORBIDDEN"):
        await stand.disposing.due(stand.world.ministry.caller("archivist"), 0, 0)


async def test_who_acts_for_an_agency_neither_shortens_a_term_nor_lifts_a_hold_of_it(stand: Stand) -> None:
    world = stand.world
    entry = await world.sent(world.province)
    own = world.ministry.caller("archivist")
    hold = await stand.deciding.put_hold(own, entry.dispatch_id, reason="Thanh tra số 5")
    acting = replace(own, delegate=world.department.agency)
    with declined("NOT_DELEGATED"):
        await stand.deciding.lift_hold(acting, entry.dispatch_id, hold.evidence_id, reason="xong")
    with declined("NOT_DELEGATED"):
        await stand.deciding.set_term(acting, entry.dispatch_id, class_code="2")
    with declined("NOT_DELEGATED"):
        await stand.deciding.put_hold(acting, entry.dispatch_id, reason="khác")
    assert (await stand.deciding.show(own, entry.dispatch_id)).decisions.items == (hold,)


async def test_a_recipient_is_told_nothing_of_what_another_one_decided(
    stand: Stand,
) -> None:
    world = stand.world
    entry = await world.sent(world.province, world.department)
    await stand.classed(entry, "20", by=world.ministry)
    await stand.classed(entry, "70", by=world.province, record="Vụ án 7", reason="Kết luận số 9")
    await stand.deciding.put_hold(
        world.province.caller("archivist"), entry.dispatch_id, reason="Kết luận số 9"
    )
    by_others = {}
    for house in (world.department, world.province, world.ministry):
        caller = house.caller("archivist")
        known = await stand.deciding.show(caller, entry.dispatch_id)
        assert known.standing.term.class_code == "70"
        by_others[house.agency.agency_id] = (
            len(known.decisions.items),
            len(known.standing.holds),
            known.standing.term.record,
            len((await stand.deciding.holds(caller, 0, 0)).items),
        )
        assert ("Kết luận" in repr(known)) == (house is not world.department)
    blind, seeing = (1, 0, "", 0), (3, 1, "Vụ án 7", 1)
    assert list(by_others.values()) == [blind, seeing, seeing]


async def test_nothing_held_is_disposed_of_until_who_held_it_lifts_it(stand: Stand) -> None:
    entry = await stand.world.sent(stand.world.province)
    await stand.classed(entry, "2")
    stand.world.now += LATER
    hold = await stand.deciding.put_hold(stand.authority, entry.dispatch_id, reason="Thanh tra số 5")
    assert await stand.deciding.put_hold(stand.authority, entry.dispatch_id, reason="Thanh tra số 5") == hold
    assert (await stand.disposing.due(stand.authority, 0, 0)).items == ()
    with declined("HELD"):
        await stand.disposed(entry)
    ministry = stand.world.ministry.caller("archivist")
    assert (await stand.deciding.holds(ministry, 0, 0)).items == (hold,)
    assert (await stand.deciding.holds(stand.world.department.caller("archivist"), 0, 0)).items == ()
    with declined("NOT_FOUND"):
        await stand.deciding.lift_hold(ministry, entry.dispatch_id, hold.evidence_id, reason="xong")
    with declined("REASON_REQUIRED"):
        await stand.deciding.lift_hold(stand.authority, entry.dispatch_id, hold.evidence_id, reason=" ")
    await stand.deciding.lift_hold(stand.authority, entry.dispatch_id, hold.evidence_id, reason="xong")
    (due,) = (await stand.disposing.due(stand.authority, 0, 0)).items
    assert due.entry.dispatch_id == entry.dispatch_id
    await stand.disposed(entry)


@ON_CEPH
async def test_the_store_locks_what_was_decided_and_not_what_is_presumed(stand: Stand, ceph: Ceph) -> None:
    entry = await stand.world.sent(stand.world.province)
    other = await stand.world.sent(stand.world.province, document_id="G90,2026/03/03,2")
    s3 = await S3Archive.open(ceph.bucket(), lock=Lock.GOVERNANCE)
    for one in (entry, other):
        digest = one.original.sha256
        await s3.put(digest, stream(stand.archive.blobs[digest]))
    locking = Locking(ledger=stand.ledger, deciding=stand.deciding, retention=s3.retention)
    await stand.classed(entry, "2", record="01/HS")
    hold = await stand.deciding.put_hold(stand.authority, entry.dispatch_id, reason="Thanh tra")
    assert not await locking.step()
    kept = await s3.retention.kept(entry.original.sha256)
    assert kept.held
    assert kept.until == datetime(2029, 1, 1, tzinfo=timezone(timedelta(hours=7)))
    assert (await s3.retention.kept(other.original.sha256)).until is None
    await stand.classed(other, "10", record="01/HS")
    await stand.deciding.lift_hold(stand.authority, entry.dispatch_id, hold.evidence_id, reason="xong")
    await locking.step()
    for one in (entry, other):
        kept = await s3.retention.kept(one.original.sha256)
        assert not kept.held
        assert kept.until == datetime(2037, 1, 1, tzinfo=timezone(timedelta(hours=7)))
    await s3.aclose()
