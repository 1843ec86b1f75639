"""Disposal by a signed order, and what is destroyed by it, as a use case over real seals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from axis_server.archiving.disposed import rightly_disposed
from axis_server.errors import Declined
from signing.statements.retention import Order, read_destruction, read_order
from signing.verdict import Sound
from signing.verify import verify
from storage.errors import Locked, NotFound, Unavailable
from storage.ledger.keeping import Disposal
from storage.ledger.records import Entry
from tests.axis_server.retaining import LATER, Stand, declined
from tests.signing.interop.xmlsec1 import verifies


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
    (tmp_path / "root.pem").write_bytes(world.pki.root.certificate_pem)
    assert verifies(tmp_path, told.evidence.content)
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
    assert (await stand.ledger.disposal(disposal.order_id)).waiting == "UNFOUNDED"


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
    assert (await stand.ledger.disposal(disposal.order_id)).waiting.startswith("GRACE")
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
    assert (await stand.ledger.disposal(disposal.order_id)).waiting.startswith("LOCKED: 20")
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
    content = await stand.ordered(*entries)
    verdict = verify(content, trust=stand.world.trust, at=stand.world.now)
    assert isinstance(verdict, Sound)
    return read_order(verdict)
