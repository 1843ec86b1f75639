"""The directory's promise, over every backend."""

from __future__ import annotations

import asyncio
import unicodedata
from dataclasses import replace

import pytest

from storage.errors import Changed
from storage.ledger.directory import Directory
from tests.storage.records import agency

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
