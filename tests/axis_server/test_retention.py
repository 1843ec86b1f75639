"""How long documents are kept, legal holds, and disposal by a signed order, as a use case over real seals."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes

from axis_server.archiving.deciding import Deciding, Issuing
from axis_server.archiving.destruction import Destroying, files_of
from axis_server.archiving.disposal import ORDER_BYTES, Disposing
from axis_server.archiving.disposed import rightly_disposed
from axis_server.archiving.locking import Locking
from axis_server.archiving.sweeping import sweep
from axis_server.archiving.terms import Classes
from axis_server.caller import Caller
from axis_server.documents.judgement import Rules
from axis_server.errors import Declined
from axis_server.settings import RetentionSettings, RuleSettings
from signing.keys import MemorySigner
from signing.retention import Item, Order, read_destruction, write_order
from signing.seal import Sealer
from signing.verdict import Sound
from signing.verify import verify
from storage.archive.memory import MemoryArchive
from storage.archive.s3 import Lock, S3Archive
from storage.errors import Locked, NotFound, Unavailable
from storage.ledger.keeping import Disposal
from storage.ledger.memory import MemoryLedger
from storage.ledger.records import Entry
from storage.ledger.registry import Agency, Certificate
from tests.axis_server.world import House, World
from tests.conftest import ON_CEPH
from tests.pki import Identity
from tests.storage.blobs import stream
from tests.storage.ceph import Ceph

AXIS = "axis.test"
LATER = timedelta(days=3 * 366)


@dataclass(kw_only=True)
class Stand:
    """A world with an archive's authority, `stranger`, whose archivist seals orders."""

    world: World
    archive: MemoryArchive
    ledger: MemoryLedger
    archivist: Identity
    settings: RetentionSettings
    ids: int = 0
    grace: timedelta = timedelta(0)
    woken: list[bool] = field(default_factory=list)

    @property
    def issuing(self) -> Issuing:
        axis = self.world.pki.axis
        return Issuing(
            issuer_id=AXIS,
            sealer=lambda: Sealer(MemorySigner(axis.key, axis.certificate, axis.chain)),
            new_id=self.new_id,
            clock=lambda: self.world.now,
            workers=self.world.workers,
        )

    def new_id(self) -> str:
        self.ids += 1
        return f"id-{self.ids}"

    @property
    def deciding(self) -> Deciding:
        return Deciding(
            ledger=self.ledger,
            directory=lambda: self.world.view,
            classes=Classes.of(self.settings),
            authority_id=self.settings.authority,
            issuing=self.issuing,
            owned=self.world.owned,
        )

    @property
    def disposing(self) -> Disposing:
        return Disposing(
            ledger=self.ledger,
            deciding=self.deciding,
            directory=lambda: self.world.view,
            rules=Rules.of(lambda: self.world.trust, self.world.policy, ORDER_BYTES),
            issuing=self.issuing,
            owned=self.world.owned,
            wake=lambda: self.woken.append(True),
        )

    @property
    def destroying(self) -> Destroying:
        return Destroying(
            ledger=self.ledger,
            archive=self.archive,
            issuing=self.issuing,
            grace=self.grace,
            metrics=self.world.metrics,
        )

    @property
    def authority(self) -> Caller:
        return self.world.stranger.caller("archivist")

    async def classed(self, entry: Entry, code: str = "2", by: House | None = None, **more: Any) -> None:
        caller = (by or self.world.ministry).caller("archivist")
        await self.deciding.set_term(caller, entry.dispatch_id, class_code=code, **more)

    async def ordered(self, *entries: Entry, **changes: Any) -> bytes:
        """An order about documents as they stand, sealed by the authority's archivist."""
        standings = await self.deciding.stand(entries)
        items = []
        for entry in entries:
            term = standings[entry.dispatch_id].term
            due = term.first_day or date(9999, 1, 1)
            items.append(
                Item(
                    dispatch_id=entry.dispatch_id,
                    original=entry.original.sha256,
                    class_code=term.class_code,
                    due=due,
                )
            )
        return self.sealed(items=tuple(items), **changes)

    def sealed(self, by: Identity | None = None, **changes: Any) -> bytes:
        by = by or self.archivist
        order = Order(
            axis_id=AXIS,
            agency_id="K99",
            number="12/QĐ-LT",
            legal_basis="Luật Lưu trữ 2024",
            ordered_at=self.world.now,
            items=(),
        )
        sealer = Sealer(MemorySigner(by.key, by.certificate, by.chain))
        return write_order(replace(order, **changes), sealer)

    async def disposed(self, *entries: Entry) -> Disposal:
        return await self.disposing.submit(self.authority, await self.ordered(*entries))


@pytest.fixture
def stand(world: World) -> Stand:
    assert isinstance(world.ledger, MemoryLedger)
    assert isinstance(world.archive, MemoryArchive)
    archivist = world.pki.root.issue("Lưu trữ")
    certificate = Certificate(
        sha256=archivist.certificate.fingerprint(hashes.SHA256()).hex(),
        pem=archivist.certificate_pem.decode(),
        role="archivist",
        may_connect=False,
        may_seal=True,
    )
    agency: Agency = world.stranger.agency
    world.register(
        replace(world.stranger, agency=replace(agency, certificates=(*agency.certificates, certificate)))
    )
    return Stand(
        world=world,
        archive=world.archive,
        ledger=world.ledger,
        archivist=archivist,
        settings=RetentionSettings(authority="K99"),
    )


def declined(code: str) -> Any:
    return pytest.raises(Declined, match=f"^{code}")


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
    check_with_xmlsec(stand, statement.content, tmp_path)


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
    assert (await stand.deciding.show(own, entry.dispatch_id)).decisions == (hold,)


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
            len(known.decisions),
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


async def test_who_decides_about_other_documents_all_the_time_keeps_no_order_out(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await stand.world.sent(stand.world.province)
    other = await stand.world.sent(stand.world.province, document_id="G90,2026/03/03,2")
    await stand.classed(entry, "2")
    stand.world.now += LATER
    order = await stand.ordered(entry)
    dispose, tried = stand.ledger.dispose, 0

    async def meanwhile(*given: Any, **more: Any) -> Disposal:
        nonlocal tried
        tried += 1
        if tried <= 20:
            await stand.classed(other, ("20", "30")[tried % 2])
        return await dispose(*given, **more)

    monkeypatch.setattr(stand.ledger, "dispose", meanwhile)
    disposal = await stand.disposing.submit(stand.authority, order)
    assert (tried, disposal.dispatches) == (21, (entry.dispatch_id,))


@pytest.mark.parametrize("how", ["hold", "record"])
async def test_what_is_decided_at_the_moment_of_the_commit_counts(
    stand: Stand, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await stand.world.sent(stand.world.province)
    other = await stand.world.sent(stand.world.province, document_id="G90,2026/03/03,2")
    await stand.classed(entry, "2", record="01/HS")
    stand.world.now += LATER
    order = await stand.ordered(entry)
    dispose = stand.ledger.dispose

    async def meanwhile(*given: Any, **more: Any) -> Disposal:
        if how == "hold":
            await stand.deciding.put_hold(stand.authority, entry.dispatch_id, reason="Thanh tra số 5")
        else:
            await stand.classed(other, "20", record="01/HS")
        return await dispose(*given, **more)

    monkeypatch.setattr(stand.ledger, "dispose", meanwhile)
    with declined("HELD" if how == "hold" else "NOT_DUE"):
        await stand.disposing.submit(stand.authority, order)
    assert await stand.ledger.disposed([entry.dispatch_id]) == {}


async def test_an_order_is_carried_out_and_leaves_everything_but_the_files(
    stand: Stand, tmp_path: Path
) -> None:
    world = stand.world
    sha256 = await world.uploaded(world.ministry, b"a large attachment")
    entry = await world.sent(world.province)
    kept = await world.sent(world.province, document_id="G90,2026/03/03,2")
    await stand.classed(entry, "2")
    world.now += LATER
    order = await stand.ordered(entry)
    disposal = await stand.disposing.submit(stand.authority, order)
    assert stand.woken == [True]
    with declined("DISPOSED") as refused:
        await world.inbox.fetch(world.ministry.caller(), entry.dispatch_id, 0)
    assert refused.value.facts["order"] == disposal.order_id
    assert await stand.destroying.step() == 0
    assert entry.original.sha256 not in stand.archive.blobs
    assert not stand.archive.hidden
    assert {kept.original.sha256, sha256} <= set(stand.archive.blobs)
    told = await stand.disposing.show(stand.authority, disposal.order_id)
    assert told.order == order
    assert told.evidence is not None
    verdict = verify(told.evidence.content, trust=world.trust, at=world.now)
    assert isinstance(verdict, Sound)
    said = read_destruction(verdict)
    assert (said.order, said.documents[0].original) == (disposal.order_id, entry.original.sha256)
    assert (said.documents[0].removed, said.documents[0].shared) == (1, 0)
    check_with_xmlsec(stand, told.evidence.content, tmp_path)
    for leaf in (disposal.order_id, told.disposal.evidence_id):
        assert (await stand.ledger.leaf(leaf)).kind == "evidence"
    assert (await world.records.status(world.province.caller(), entry.dispatch_id)).disposal_id
    assert (await world.records.evidence(world.province.caller(), entry.dispatch_id, 0, 0)).items
    assert await rightly_disposed(stand.ledger, [entry, kept]) == {entry.dispatch_id}
    again = await stand.disposing.submit(stand.authority, order)
    assert again == told.disposal
    with declined("DISPOSED"):
        await stand.classed(entry, "20")


async def test_a_mark_without_an_order_in_the_log_excuses_nothing(stand: Stand) -> None:
    entry = await stand.world.sent(stand.world.province)
    stand.ledger._state.disposed[entry.dispatch_id] = "no-such-order"
    assert await rightly_disposed(stand.ledger, [entry]) == frozenset()


async def test_a_decision_in_the_log_is_no_order_and_excuses_no_missing_file(stand: Stand) -> None:
    entry = await stand.world.sent(stand.world.province)
    hold = await stand.deciding.put_hold(stand.authority, entry.dispatch_id, reason="Thanh tra số 5")
    stand.ledger._state.disposed[entry.dispatch_id] = hold.evidence_id
    assert await rightly_disposed(stand.ledger, [entry]) == frozenset()


async def test_a_disposal_that_is_written_into_the_ledger_without_its_order_destroys_nothing(
    stand: Stand,
) -> None:
    world = stand.world
    entry = await world.sent(world.province)
    other = await world.sent(world.province, document_id="G90,2026/03/03,2")
    await stand.classed(entry, "2")
    world.now += LATER
    disposal = await stand.disposed(entry)
    state = stand.ledger._state
    state.disposals[disposal.order_id] = replace(disposal, dispatches=(entry.dispatch_id, other.dispatch_id))
    state.disposed[other.dispatch_id] = disposal.order_id
    assert await stand.destroying.step() == 1
    assert {entry.original.sha256, other.original.sha256} <= set(stand.archive.blobs)
    assert (await stand.ledger.disposal(disposal.order_id)).waiting.startswith("no order in the log")


async def test_a_file_of_several_documents_stays_until_the_last_one_goes(stand: Stand) -> None:
    one = await stand.world.sent(stand.world.province)
    other = await stand.world.sent(stand.world.province, document_id="G90,2026/03/03,2")
    state = stand.ledger._state
    shared = replace(other, parts=(*other.parts[:1], replace(one.parts[0], number=1)))
    kept = state.dispatches[other.dispatch_id]
    kept.kept = replace(kept.kept, entry=shared)
    for entry in (one, other):
        await stand.classed(entry, "2")
    stand.world.now += LATER
    first = await stand.disposed(one)
    await stand.destroying.step()
    assert one.original.sha256 in stand.archive.blobs
    ended = await stand.ledger.disposal(first.order_id)
    evidence = await stand.ledger.attested(ended.evidence_id)
    assert b"<FilesShared>1</FilesShared>" in evidence.content
    await stand.disposed(shared)
    await stand.destroying.step()
    assert stand.archive.blobs == {}


async def test_who_sends_the_same_bytes_in_the_time_of_grace_keeps_them(stand: Stand) -> None:
    entry = await stand.world.sent(stand.world.province)
    content = stand.archive.blobs[entry.original.sha256]
    await stand.classed(entry, "2")
    stand.world.now = max(stand.world.now + LATER, datetime.now(stand.world.now.tzinfo))
    stand.grace = timedelta(days=9000)
    disposal = await stand.disposed(entry)
    assert await stand.destroying.step() == 1
    assert (await stand.ledger.disposal(disposal.order_id)).waiting.startswith("hidden, until")
    assert list(stand.archive.hidden) == [entry.original.sha256]
    await stand.world.uploaded(stand.world.department, content)
    stand.grace = timedelta(0)
    assert await stand.destroying.step() == 0
    assert stand.archive.blobs == {entry.original.sha256: content}


@pytest.mark.parametrize("broken", ["hide", "destroy"])
async def test_a_crash_in_the_middle_ends_the_same(stand: Stand, broken: str) -> None:
    entries = [
        await stand.world.sent(stand.world.province, document_id=f"G90,2026/03/03,{number}")
        for number in range(3)
    ]
    for entry in entries:
        await stand.classed(entry, "2")
    stand.world.now += LATER
    disposal = await stand.disposed(*entries)
    whole: Callable[[str], Any] = getattr(stand.archive, broken)
    calls = 0

    async def breaks(digest: str) -> Any:
        nonlocal calls
        calls += 1
        found = await whole(digest)
        if calls == 2:
            raise Unavailable("the machine stops")
        return found

    setattr(stand.archive, broken, breaks)
    with pytest.raises(Unavailable):
        await stand.destroying.step()
    assert (await stand.ledger.disposal(disposal.order_id)).ended_at is None
    assert await stand.destroying.step() == 0
    assert not stand.archive.blobs
    assert not stand.archive.hidden
    assert (await stand.ledger.disposal(disposal.order_id)).evidence_id


async def test_what_the_store_locks_is_waited_for_and_the_disposal_says_so(stand: Stand) -> None:
    entry = await stand.world.sent(stand.world.province)
    await stand.classed(entry, "2")
    stand.world.now += LATER
    disposal = await stand.disposed(entry)
    whole = stand.archive.destroy

    async def locked(digest: str) -> None:
        raise Locked(digest, stand.world.now)

    stand.archive.destroy = locked  # type: ignore[method-assign]
    assert await stand.destroying.step() == 1
    assert "locked by the store" in (await stand.ledger.disposal(disposal.order_id)).waiting
    stand.archive.destroy = whole  # type: ignore[method-assign]
    assert await stand.destroying.step() == 0


async def test_an_order_that_is_wrong_in_any_way_disposes_of_nothing(stand: Stand) -> None:
    world = stand.world
    early = await world.sent(world.province)
    late = await world.sent(world.province, document_id="G90,2026/03/03,2")
    await stand.classed(early, "2")
    await stand.classed(late, "70")
    world.now += LATER
    (item,) = (await read_items(stand, early)).items
    orders = {
        "NOT_DUE": await stand.ordered(early, late),
        "NOT_FOUND": stand.sealed(items=(replace(item, dispatch_id="never was"),)),
        "SIGNER_MISMATCH": stand.sealed(by=world.stranger.identity, items=(item,)),
        "DIGEST_MISMATCH": (await stand.ordered(early)).replace(b"12/Q", b"13/Q"),
        "ORDER_UNFIT": stand.sealed(items=(item,), axis_id="another axis"),
    }
    unfit: list[dict[str, Any]] = [
        {"items": ()},
        {"items": (item, item)},
        {"items": (item,), "legal_basis": " "},
        {"items": (item,), "agency_id": "G90"},
        {"items": (item,), "ordered_at": world.now + timedelta(days=1)},
        {"items": (replace(item, due=date(2028, 1, 1)),)},
        {"items": (replace(item, class_code="5"),)},
        {"items": (replace(item, original="0" * 64),)},
    ]
    for code, order in orders.items():
        with declined(code):
            await stand.disposing.submit(stand.authority, order)
    for changes in unfit:
        with pytest.raises(Declined, match=r"^(ORDER_UNFIT|SIGNED_IN_FUTURE)"):
            await stand.disposing.submit(stand.authority, stand.sealed(**changes))
    package = stand.archive.blobs[early.original.sha256]
    with declined("SIGNER_MISMATCH"):
        await stand.disposing.submit(stand.authority, package)
    with pytest.raises(Declined):
        await stand.disposing.submit(stand.authority, b"no XML")
    assert await stand.ledger.disposed([early.dispatch_id, late.dispatch_id]) == {}
    with pytest.raises(NotFound):
        await stand.ledger.disposal("0" * 64)


async def read_items(stand: Stand, *entries: Entry) -> Order:
    from signing.retention import read_order

    content = await stand.ordered(*entries)
    verdict = verify(content, trust=stand.world.trust, at=stand.world.now)
    assert isinstance(verdict, Sound)
    return read_order(verdict)


async def test_a_sweep_removes_what_nothing_names_in_two_steps_and_nothing_younger(stand: Stand) -> None:
    world = stand.world
    entry = await world.sent(world.province)
    unsubmitted = await world.uploaded(world.province, b"never submitted")
    orphan = await world.uploaded(world.province, b"an orphan")
    await stand.ledger.unhold([orphan])
    past, soon = world.now.replace(year=1990), datetime.now(world.now.tzinfo) + timedelta(seconds=1)
    whole = dict(stand.archive.blobs)
    nothing = await sweep(stand.archive, stand.ledger, older_than=past, delete=True, settle_seconds=0)
    assert (nothing.looked_at, nothing.hidden) == (3, 0)
    counted = await sweep(stand.archive, stand.ledger, older_than=soon, delete=False, settle_seconds=0)
    assert (counted.hidden, counted.unsubmitted) == (2, 1)
    assert stand.archive.blobs == whole
    await sweep(stand.archive, stand.ledger, older_than=soon, delete=True, settle_seconds=0)
    assert set(stand.archive.blobs) == files_of(entry)
    assert set(stand.archive.hidden) == {orphan, unsubmitted}
    again = await world.uploaded(world.province, b"an orphan")
    ended = await sweep(
        stand.archive, stand.ledger, older_than=soon + timedelta(seconds=1), delete=True, settle_seconds=0
    )
    assert ended.removed >= 1
    assert again in stand.archive.blobs or again in stand.archive.hidden
    assert unsubmitted not in stand.archive.hidden


async def test_a_file_that_a_sweep_hid_before_it_crashed_is_shown_by_the_next_one_at_once(
    stand: Stand,
) -> None:
    world = stand.world
    entry = await world.sent(world.province)
    (digest,) = files_of(entry)
    await stand.archive.hide(digest)  # while the submission was under way; the sweep's process ended then
    past = world.now.replace(year=1990)
    swept = await sweep(stand.archive, stand.ledger, older_than=past, delete=True, settle_seconds=0)
    assert (swept.shown, swept.removed) == (1, 0)
    assert digest in stand.archive.blobs


def check_with_xmlsec(stand: Stand, content: bytes, room: Path) -> None:
    """Has a second implementation verify a seal."""
    document, root = room / "document.xml", room / "root.pem"
    document.write_bytes(content)
    root.write_bytes(stand.world.pki.root.certificate_pem)
    id_attribute = "--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"
    command = ["xmlsec1", "--verify", "--trusted-pem", str(root), *id_attribute]
    when = ["--verification-gmt-time", "2026-03-02 06:00:00"]
    done = subprocess.run([*command, *when, str(document)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


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
