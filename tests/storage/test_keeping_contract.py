"""How long dispatches are kept, over every ledger that keeps it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.errors import DecidedSince, Disposed, NotFound
from storage.ledger.keeping import HOLD, LIFT, TERM, Decision, in_force
from storage.ledger.tree import leaf_hash
from tests.storage.conftest import Opened
from tests.storage.records import SENDER, accepted, at, entry, part, recipients, sha256
from tests.storage.rulings import decision, disposal, statement


async def ruled(ledger: Opened, one: Decision) -> Decision:
    return await ledger.decide(one, statement(one.evidence_id))


async def test_what_was_decided_is_kept_in_order_each_with_a_leaf(ledger: Opened) -> None:
    await ledger.commit(accepted(1))
    await ledger.commit(accepted(2))
    assert await ledger.decided() == 0
    first = await ruled(
        ledger, decision(TERM, "t1", class_code="20", years=20, ended=2026, record="01/HS-VP", reason="lý do")
    )
    second = await ruled(ledger, decision(TERM, "t2", 2, class_code="permanent"))
    third = await ruled(ledger, decision(TERM, "t3", class_code="10", years=10, ended=2027))
    assert [one.number for one in (first, second, third)] == [1, 2, 3]
    assert await ledger.decisions(["dispatch-1"]) == (first, third)
    assert await ledger.decisions(["dispatch-2", "dispatch-1", "dispatch-9"]) == (first, second, third)
    assert await ledger.decisions([]) == ()
    page = await ledger.decisions_after(after=1, limit=1)
    assert (page.items, page.more) == ((second,), True)
    assert await ledger.decided() == 3
    assert (await ledger.leaf("t3")).hash == leaf_hash(statement("t3").content)
    assert await ledger.attested("t3") == statement("t3")
    assert await ledger.filed(SENDER, "01/HS-VP") == ("dispatch-1",)
    assert await ledger.filed("H90", "01/HS-VP") == await ledger.filed(SENDER, "") == ()


async def test_a_decision_is_about_what_is_kept_and_its_statement_is_new(ledger: Opened) -> None:
    await ledger.commit(accepted(1))
    with pytest.raises(NotFound):
        await ruled(ledger, decision(TERM, "t1", 9))
    with pytest.raises(ValueError):
        await ledger.decide(decision(TERM, "t1"), statement("another"))
    with pytest.raises(ValueError):
        await ruled(ledger, decision(TERM, "t1", years=0))
    await ruled(ledger, decision(TERM, "t1"))
    with pytest.raises(ValueError):
        await ruled(ledger, decision(HOLD, "t1"))
    assert await ledger.decided() == 1
    with pytest.raises(NotFound):
        await ledger.attested("evidence-1-submission-")


async def test_a_hold_is_in_force_until_it_is_lifted_once(ledger: Opened) -> None:
    await ledger.commit(accepted(1))
    await ledger.commit(accepted(2))
    one = await ruled(ledger, decision(HOLD, "h1", reason="thanh tra"))
    other = await ruled(ledger, decision(HOLD, "h2", 2))
    page = await ledger.holds(limit=1)
    assert (page.items, page.more) == ((one,), True)
    assert (await ledger.holds(after=page.next, limit=5)).items == (other,)
    with pytest.raises(NotFound):
        await ruled(ledger, decision(LIFT, "l0", 2, hold_id="h1"))
    lifted = await ruled(ledger, decision(LIFT, "l1", hold_id="h1"))
    with pytest.raises(NotFound):
        await ruled(ledger, decision(LIFT, "l2", hold_id="h1"))
    assert (await ledger.holds(limit=5)).items == (other,)
    assert in_force((one, other, lifted)) == (other,)


async def test_what_was_disposed_of_names_no_file_and_keeps_everything_else(ledger: Opened) -> None:
    await ledger.commit(accepted(1))
    await ledger.commit(accepted(2, entry=entry(2, parts=(part(2, 0), replace(part(1, 2), number=1)))))
    await ledger.hold("H90", part(1, 0).sha256, 1000)
    before = await ledger.kept("dispatch-1")
    kept = await ledger.dispose(disposal("order", 1), statement("order"), decided=0)
    assert kept == replace(disposal("order", 1), number=1)
    assert await ledger.disposed(["dispatch-1", "dispatch-2"]) == {"dispatch-1": "order"}
    assert await ledger.disposed([]) == {}
    shared, own, of_another = part(1, 2).sha256, part(1, 1).sha256, part(1, 0).sha256
    assert await ledger.known([shared, own, of_another]) == {shared, of_another}
    assert await ledger.held(SENDER, [of_another]) == {}
    assert await ledger.kept("dispatch-1") == before
    await ledger.dispose(disposal("order-2", 2), statement("order-2"), decided=0)
    assert await ledger.known([shared]) == frozenset()


async def test_an_order_disposes_of_all_or_nothing_once_and_of_what_it_was_judged_by(ledger: Opened) -> None:
    await ledger.commit(accepted(1))
    await ledger.commit(accepted(2))
    with pytest.raises(NotFound):
        await ledger.dispose(disposal("order", 1, 9), statement("order"), decided=0)
    await ruled(ledger, decision(HOLD, "h1", 2))
    with pytest.raises(DecidedSince):
        await ledger.dispose(disposal("order", 1), statement("order"), decided=0)
    kept = await ledger.dispose(disposal("order", 1), statement("order"), decided=1)
    assert await ledger.dispose(disposal("order", 1), statement("order"), decided=1) == kept
    with pytest.raises(Disposed) as refused:
        await ledger.dispose(disposal("order-2", 2, 1), statement("order-2"), decided=1)
    assert refused.value.order_id == "order"
    assert await ledger.disposed(["dispatch-2"]) == {}
    with pytest.raises(Disposed):
        await ruled(ledger, decision(TERM, "t1"))
    with pytest.raises(ValueError):
        await ledger.dispose(disposal("order-3"), statement("order-3"), decided=1)


async def test_a_disposal_ends_once_with_its_evidence(ledger: Opened) -> None:
    await ledger.commit(accepted(1, recipients=recipients("H90")))
    await ledger.commit(accepted(2))
    begun = await ledger.dispose(disposal("order", 1), statement("order"), decided=0)
    later = await ledger.dispose(disposal("order-2", 2), statement("order-2"), decided=0)
    assert await ledger.unended() == (begun, later)
    await ledger.note_waiting("order", "locked until 2030-01-01")
    waiting = replace(begun, waiting="locked until 2030-01-01")
    assert await ledger.disposal("order") == waiting
    ended = await ledger.end_disposal("order", at(30), statement("destroyed"))
    assert ended == replace(begun, ended_at=at(30), evidence_id="destroyed")
    assert await ledger.end_disposal("order", at(31), statement("destroyed again")) == ended
    assert await ledger.unended() == (later,)
    page = await ledger.disposals(limit=1)
    assert (page.items, page.more) == ((ended,), True)
    with pytest.raises(NotFound):
        await ledger.leaf("destroyed again")
    with pytest.raises(NotFound):
        await ledger.end_disposal("no order", at(30), statement("x"))
    assert (await ledger.leaf("destroyed")).hash == leaf_hash(statement("destroyed").content)


async def test_what_was_disposed_of_can_be_held_until_its_destruction_begins(ledger: Opened) -> None:
    await ledger.commit(accepted(1))
    await ledger.dispose(disposal("order", 1), statement("order"), decided=0)
    held = await ruled(ledger, decision(HOLD, "h1"))
    with pytest.raises(DecidedSince):
        await ledger.begin_destruction("order", at(21), decided=0)
    await ruled(ledger, decision(LIFT, "l1", hold_id=held.evidence_id))
    begun = await ledger.begin_destruction("order", at(22), decided=2)
    assert begun.begun_at == at(22)
    assert await ledger.begin_destruction("order", at(23), decided=0) == begun
    assert await ledger.unended() == (begun,)
    for late in (decision(HOLD, "h2"), decision(TERM, "t1", class_code="20", years=20)):
        with pytest.raises(Disposed):
            await ruled(ledger, late)
    assert await ledger.decided() == 2
    with pytest.raises(NotFound):
        await ledger.begin_destruction("no order", at(22), decided=2)


async def test_how_long_files_lay_hidden_only_grows_and_begins_anew_when_they_lie_otherwise(
    ledger: Opened,
) -> None:
    await ledger.commit(accepted(1))
    await ledger.dispose(disposal("order", 1), statement("order"), decided=0)
    assert await ledger.watch("order", "as they lie", 500) == 0
    assert await ledger.watch("order", "as they lie", 20) == 20
    assert await ledger.watch("order", "as they lie", 10) == 20
    assert (await ledger.disposal("order")).watched == 20
    assert await ledger.watch("order", "otherwise", 30) == 0
    assert (await ledger.disposal("order")).watched == 0
    with pytest.raises(NotFound):
        await ledger.watch("no order", "x", 1)


async def test_what_approves_an_order_is_kept_with_it(ledger: Opened) -> None:
    await ledger.commit(accepted(1))
    approved = replace(disposal("order", 1), approvals=("approval",))
    with pytest.raises(ValueError):
        await ledger.dispose(approved, statement("order"), decided=0)
    kept = await ledger.dispose(approved, statement("order"), [statement("approval")], decided=0)
    assert (await ledger.disposal("order")).approvals == kept.approvals == ("approval",)
    assert await ledger.attested("approval") == statement("approval")
    assert (await ledger.leaf("approval")).hash == leaf_hash(statement("approval").content)


async def test_what_nobody_submitted_is_forgotten_and_nothing_else(ledger: Opened) -> None:
    await ledger.commit(accepted(1))
    await ledger.hold("H90", part(1, 0).sha256, 1000)
    await ledger.hold("H90", sha256("never submitted"), 4)
    asked = [part(1, 0).sha256, sha256("never submitted"), sha256("orphan")]
    assert await ledger.submitted(asked) == {part(1, 0).sha256}
    await ledger.unhold(asked)
    assert await ledger.held("H90", asked) == {part(1, 0).sha256: 1000}
    assert await ledger.known(asked) == {part(1, 0).sha256}
