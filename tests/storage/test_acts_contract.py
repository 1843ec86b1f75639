"""What the operator did, over every ledger that keeps it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.errors import Changed, NotFound
from storage.ledger.acts import EVENT, Act
from storage.ledger.memory import MemoryLedger
from storage.ledger.postgres import PostgresLedger
from storage.ledger.records import Evidence
from storage.ledger.sqlite import SqliteLedger
from storage.ledger.tree import leaf_hash
from tests.storage.records import agency, at

Opened = MemoryLedger | SqliteLedger | PostgresLedger


def act(number: int, kind: str = "agency.add", about: tuple[str, ...] = ("G22",)) -> Act:
    statement = Evidence(
        evidence_id=f"act-{number}",
        dispatch_id="",
        event=EVENT,
        issued_at=at(number),
        content=b"act %d" % number,
    )
    return Act(statement=statement, kind=kind, about=about)


async def test_an_act_and_what_it_changed_are_kept_together_and_the_act_is_a_leaf(ledger: Opened) -> None:
    await ledger.keep_act(act(1), (agency("G22"), None))
    assert await ledger.agencies() == (agency("G22"),)
    (kept,) = (await ledger.acts(limit=9)).items
    leaf = await ledger.leaf("act-1")
    assert (kept.act, kept.place) == (act(1), leaf.index + 1)
    assert (leaf.hash, leaf.kind) == (leaf_hash(b"act 1"), "evidence")
    assert [one.content for one in await ledger.logged(start=0, limit=9)] == [b"act 1"]
    with pytest.raises(NotFound):
        await ledger.kept("")


async def test_of_an_act_that_cannot_be_nothing_is_kept(ledger: Opened) -> None:
    await ledger.keep_act(act(1), (agency("G22"), None))
    version = await ledger.version()
    with pytest.raises(Changed):
        await ledger.keep_act(act(2), (agency("G01"), None), (replace(agency("G22"), name="late"), None))
    with pytest.raises(ValueError):
        await ledger.keep_act(act(3), (agency("G01"), None), (replace(agency("G02"), aliases=("G22",)), None))
    with pytest.raises(ValueError):
        await ledger.keep_act(act(1), (agency("G01"), None))
    assert (await ledger.agencies(), await ledger.version()) == ((agency("G22"),), version)
    assert await ledger.size() == len((await ledger.acts(limit=9)).items) == 1


async def test_a_parent_and_its_unit_can_come_by_one_act(ledger: Opened) -> None:
    unit = replace(agency("G22.01"), parent_id="G22")
    await ledger.keep_act(act(1, "agency.import", ("G22", "G22.01")), (agency("G22"), None), (unit, None))
    assert await ledger.agencies() == (agency("G22"), unit)
    assert len((await ledger.acts(limit=9)).items) == 1


async def test_acts_are_found_by_kind_by_whom_and_by_time(ledger: Opened) -> None:
    kinds = ("agency.add", "agency.certificate.add", "agencyless", "settings")
    for number, kind in enumerate(kinds):
        await ledger.keep_act(act(number, kind, ("G22", f"G0{number}") if number else ()))

    async def found(**asked: object) -> list[str]:
        page = await ledger.acts(limit=9, **asked)  # type: ignore[arg-type]
        return [one.act.statement.evidence_id.removeprefix("act-") for one in page.items]

    assert await found() == ["0", "1", "2", "3"]
    assert await found(kind="agency") == ["0", "1"]
    assert await found(kind="agency.add") == ["0"]
    assert await found(about="G22") == ["1", "2", "3"]
    assert await found(about="G02", kind="settings") == []
    assert await found(since=at(1), until=at(3)) == ["1", "2"]
    first = await ledger.acts(limit=3)
    assert first.more
    rest = await ledger.acts(after=first.next, limit=3)
    assert ([one.act.kind for one in rest.items], rest.more) == (["settings"], False)


async def test_of_two_who_follow_on_the_same_act_the_second_reads_again(ledger: Opened) -> None:
    assert await ledger.last_act("settings") is None
    await ledger.keep_act(act(1, "settings", ()), last=0)
    with pytest.raises(Changed):
        await ledger.keep_act(act(2, "settings", ()), last=0)
    await ledger.keep_act(act(3, "other", ()))
    newest = await ledger.last_act("settings")
    assert newest is not None
    await ledger.keep_act(act(4, "settings", ()), last=newest.place)
    last = await ledger.last_act("settings")
    assert last is not None
    assert last.act == act(4, "settings", ())


@pytest.mark.parametrize(
    "impossible",
    [
        replace(act(1), kind=""),
        act(1, about=("G22", "G22")),
        act(1, about=("\0",)),
        replace(act(1), statement=replace(act(1).statement, event="ContentHandover")),
        replace(act(1), statement=replace(act(1).statement, dispatch_id="d")),
    ],
)
async def test_an_act_that_could_not_be_true_is_refused(ledger: Opened, impossible: Act) -> None:
    with pytest.raises(ValueError):
        await ledger.keep_act(impossible)
    assert await ledger.size() == 0
