"""The directory's promise, over every backend."""

from __future__ import annotations

import asyncio
import unicodedata
from dataclasses import replace

import pytest

from storage.errors import Changed
from storage.ledger.directory import Directory
from storage.ledger.registry import Capabilities, Delegation, Group
from tests.storage.records import NOON, agency, at

FULL = agency("G22.01", "000.00.01.G22", "G22-01", certificates=("a", "b"))


async def test_an_agency_comes_back_as_it_was_registered(ledger: Directory) -> None:
    await ledger.register(FULL, replacing=None)
    await ledger.register(agency("G01"), replacing=None)
    assert await ledger.agencies() == (agency("G01"), FULL)


async def test_a_change_replaces_all_that_was_kept(ledger: Directory) -> None:
    await ledger.register(FULL, replacing=None)
    changed = replace(agency("G22.01", "G22-01", "NEW", certificates=("b", "c")), active=False, attributes={})
    await ledger.register(changed, replacing=FULL)
    assert await ledger.agencies() == (changed,)
    await ledger.register(agency("G02", "000.00.01.G22", certificates=("a",)), replacing=None)  # free again


async def test_of_two_changes_to_what_both_had_read_the_second_must_read_again(ledger: Directory) -> None:
    await ledger.register(FULL, replacing=None)
    suspended = replace(FULL, active=False)
    extended = replace(
        FULL, certificates=(*FULL.certificates, *agency("X", certificates=("c",)).certificates)
    )
    await ledger.register(suspended, replacing=FULL)
    version = await ledger.version()
    with pytest.raises(Changed):
        await ledger.register(extended, replacing=FULL)
    assert await ledger.agencies() == (suspended,)
    assert await ledger.version() == version


async def test_of_many_changes_at_once_one_wins(ledger: Directory) -> None:
    await ledger.register(FULL, replacing=None)
    given = [replace(FULL, name=f"name {number}") for number in range(8)]
    outcomes = await asyncio.gather(
        *(ledger.register(one, replacing=FULL) for one in given), return_exceptions=True
    )
    (winner,) = [one for one, outcome in zip(given, outcomes, strict=True) if outcome is None]
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [Changed] * 7
    assert await ledger.agencies() == (winner,)


@pytest.mark.parametrize("kept", [False, True])
async def test_a_new_agency_must_be_absent_and_a_changed_one_there(ledger: Directory, kept: bool) -> None:
    if kept:
        await ledger.register(FULL, replacing=None)
    with pytest.raises(Changed):
        await ledger.register(FULL, replacing=None if kept else FULL)
    assert await ledger.agencies() == ((FULL,) if kept else ())


async def test_identifiers_are_compared_exactly_as_they_are(ledger: Directory) -> None:
    for name in ("G22", "g22", " G22", "SỞ", unicodedata.normalize("NFD", "SỞ")):
        await ledger.register(agency(name), replacing=None)
    assert len(await ledger.agencies()) == 5


@pytest.mark.parametrize(
    "rival",
    [
        agency("G22-01"),
        agency("G02", "G22.01"),
        agency("G02", "000.00.01.G22"),
        agency("G02", certificates=("c", "b")),
    ],
)
async def test_what_belongs_to_another_agency_is_refused_and_nothing_changes(
    ledger: Directory, rival
) -> None:
    await ledger.register(FULL, replacing=None)
    version = await ledger.version()
    with pytest.raises(ValueError, match=r"belongs to G22\.01"):
        await ledger.register(rival, replacing=None)
    assert await ledger.agencies() == (FULL,)
    assert await ledger.version() == version


@pytest.mark.parametrize(
    "impossible",
    [
        agency(""),
        agency("G01", ""),
        agency("G01", "X", "X"),
        agency("G01", "G01"),
        agency("G01", certificates=("a", "a")),
    ],
)
async def test_an_agency_that_cannot_be_is_refused(ledger: Directory, impossible) -> None:
    with pytest.raises(ValueError):
        await ledger.register(impossible, replacing=None)
    assert await ledger.agencies() == ()


async def test_an_agency_keeps_its_identifier(ledger: Directory) -> None:
    await ledger.register(FULL, replacing=None)
    with pytest.raises(ValueError, match="identifier"):
        await ledger.register(agency("G02"), replacing=FULL)
    assert await ledger.agencies() == (FULL,)


async def test_the_version_changes_with_the_agencies(ledger: Directory) -> None:
    versions = [await ledger.version()]
    for one, before in ((FULL, None), (agency("G01"), None), (replace(FULL, active=False), FULL)):
        await ledger.register(one, replacing=before)
        versions.append(await ledger.version())
    assert len(set(versions)) == 4
    assert await ledger.version() == versions[-1]


async def test_what_a_reader_does_to_its_copy_stays_with_the_reader(ledger: Directory) -> None:
    await ledger.register(FULL, replacing=None)
    (mine,) = await ledger.agencies()
    mine.attributes["level"] = "9"
    assert (await ledger.agencies())[0].attributes == {"cấp": "1"}


# Units, groups, and what changed.

RICH = replace(
    agency("H05.01", "UNIT"),
    parent_id="H05",
    category="department",
    capabilities=Capabilities(attachment_bytes=5, kinds=frozenset({0, 3})),
    delegations=(
        Delegation(agency_id="PROVIDER", may_send=True, may_receive=False, since=NOON),
        Delegation(agency_id="H05", may_send=False, may_receive=True, since=NOON, until=at(60)),
    ),
    since=NOON,
    until=at(3600),
)
GROUP = Group(
    group_id="ALL", name="Tất cả", owner_id="H05", members=("H05", "OTHERS"), categories=("province",)
)


async def test_units_and_groups_come_back_as_they_were_registered(ledger: Directory) -> None:
    await ledger.register(agency("H05"), replacing=None)
    await ledger.register(RICH, replacing=None)
    await ledger.register(GROUP, replacing=None)
    assert await ledger.agencies() == (agency("H05"), RICH)
    assert await ledger.groups() == (GROUP,)
    suspended = replace(GROUP, active=False, members=())
    await ledger.register(suspended, replacing=GROUP)
    assert await ledger.groups() == (suspended,)


@pytest.mark.parametrize("name", ["G22.01", "000.00.01.G22"])
async def test_a_group_and_an_agency_never_share_an_identifier(ledger: Directory, name: str) -> None:
    await ledger.register(FULL, replacing=None)
    with pytest.raises(ValueError, match=r"belongs to G22\.01"):
        await ledger.register(replace(GROUP, group_id=name), replacing=None)
    await ledger.register(GROUP, replacing=None)
    for rival in (agency("ALL"), agency("G09", "ALL")):
        with pytest.raises(ValueError, match="belongs to ALL"):
            await ledger.register(rival, replacing=None)
    assert (await ledger.agencies(), await ledger.groups()) == ((FULL,), (GROUP,))


async def test_of_two_changes_to_a_group_the_second_must_read_again(ledger: Directory) -> None:
    await ledger.register(GROUP, replacing=None)
    await ledger.register(replace(GROUP, name="A"), replacing=GROUP)
    with pytest.raises(Changed):
        await ledger.register(replace(GROUP, name="B"), replacing=GROUP)
    with pytest.raises(Changed):
        await ledger.register(GROUP, replacing=None)


@pytest.mark.parametrize(
    ("changed", "kept"),
    [(replace(GROUP, owner_id=""), GROUP), (agency("ALL"), GROUP), (replace(GROUP, group_id="G22.01"), FULL)],
)
async def test_a_group_keeps_its_owner_and_its_sort(ledger: Directory, changed, kept) -> None:
    await ledger.register(kept, replacing=None)
    version = await ledger.version()
    with pytest.raises(ValueError):
        await ledger.register(changed, replacing=kept)
    assert await ledger.version() == version


async def test_a_unit_stands_below_an_agency_that_is_there(ledger: Directory) -> None:
    await ledger.register(GROUP, replacing=None)
    for parent in ("H05", "ALL", "UNIT"):
        with pytest.raises(ValueError, match="is no agency"):
            await ledger.register(replace(RICH, parent_id=parent), replacing=None)
    assert await ledger.agencies() == ()


async def test_nobody_stands_below_itself(ledger: Directory) -> None:
    first, second, third = (
        agency("A"),
        replace(agency("B"), parent_id="A"),
        replace(agency("C"), parent_id="B"),
    )
    for one in (first, second, third):
        await ledger.register(one, replacing=None)
    for parent in ("A", "B", "C"):
        with pytest.raises(ValueError, match="below itself"):
            await ledger.register(replace(first, parent_id=parent), replacing=first)
    assert await ledger.agencies() == (first, second, third)


async def test_the_end_of_a_span_comes_after_its_beginning(ledger: Directory) -> None:
    wrong = Delegation(agency_id="X", may_send=True, may_receive=True, since=NOON, until=NOON)
    for impossible in (
        replace(agency("A"), since=NOON, until=NOON),
        replace(agency("A"), since=NOON.replace(tzinfo=None)),
        replace(agency("A"), delegations=(wrong,)),
    ):
        with pytest.raises(ValueError):
            await ledger.register(impossible, replacing=None)


async def everything(ledger: Directory, *, after: int = 0, viewer: str | None = None, limit: int = 2):
    """What changed after a version, and up to which."""
    found, more = [], True
    while more:
        page = await ledger.changed(after=after, limit=limit, viewer=viewer)
        found += page.items
        after, more = page.next, page.more
    return found, after


async def test_what_changed_is_each_once_as_it_stands_now(ledger: Directory) -> None:
    for one in (agency("H05"), RICH, GROUP, FULL):
        await ledger.register(one, replacing=None)
    found, version = await everything(ledger)
    assert found == [agency("H05"), RICH, GROUP, FULL]
    assert version == await ledger.version()
    assert await everything(ledger, after=version) == ([], version)
    await ledger.register(replace(RICH, active=False), replacing=RICH)
    await ledger.register(replace(GROUP, active=False), replacing=GROUP)
    await ledger.register(replace(RICH, name="new"), replacing=replace(RICH, active=False))
    found, last = await everything(ledger, after=version)
    assert found == [replace(GROUP, active=False), replace(RICH, name="new")]
    assert last == await ledger.version()
    assert {one.name for one in (await everything(ledger))[0]} == {
        "Cơ quan H05",
        "new",
        "Tất cả",
        "Cơ quan G22.01",
    }


async def test_a_viewer_learns_nothing_of_the_groups_of_others(ledger: Directory) -> None:
    public = replace(GROUP, group_id="PUBLIC", owner_id="")
    await ledger.register(public, replacing=None)
    before = await ledger.changed(limit=1, viewer="G01")
    await ledger.register(GROUP, replacing=None)
    assert await ledger.changed(limit=1, viewer="G01") == before
    assert await ledger.changed(after=before.next, limit=1, viewer="G01") == replace(before, items=())
    assert (await everything(ledger, viewer="H05"))[0] == [public, GROUP]
    assert (await everything(ledger))[0] == [public, GROUP]


async def test_a_page_of_changes_is_bounded_in_bytes(ledger: Directory) -> None:
    heavy = [
        replace(one, certificates=(replace(one.certificates[0], pem="x" * (1 << 20)),))
        for one in (agency(f"G{number}", certificates=(f"{number}",)) for number in range(4))
    ]
    for one in heavy:
        await ledger.register(one, replacing=None)
    page = await ledger.changed(limit=1000)
    assert page.more
    assert list(page.items) == heavy[: len(page.items)]
    assert (await everything(ledger, limit=1000))[0] == heavy


@pytest.mark.parametrize(("after", "limit"), [(-1, 1), (0, 0)])
async def test_a_page_of_changes_begins_somewhere_and_has_room(
    ledger: Directory, after: int, limit: int
) -> None:
    with pytest.raises(ValueError):
        await ledger.changed(after=after, limit=limit)
