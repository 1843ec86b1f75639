"""The directory's promise, over every backend."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.ledger.base import Directory
from tests.storage.records import agency

FULL = agency("G22.01", "000.00.01.G22", "G22-01", certificates=("a", "b"))


async def test_an_agency_comes_back_as_it_was_registered(ledger: Directory) -> None:
    await ledger.register(FULL)
    await ledger.register(agency("G01"))
    assert await ledger.agencies() == (agency("G01"), FULL)


async def test_registering_again_replaces_all_that_was_kept(ledger: Directory) -> None:
    await ledger.register(FULL)
    changed = replace(agency("G22.01", "G22-01", "NEW", certificates=("b", "c")), active=False, attributes={})
    await ledger.register(changed)
    assert await ledger.agencies() == (changed,)
    await ledger.register(agency("G02", "000.00.01.G22", certificates=("a",)))  # free again


@pytest.mark.parametrize(
    "rival",
    [
        agency("G22-01"),
        agency(" g22-01 "),
        agency("G02", "G22.01"),
        agency("G02", "g22.01"),
        agency("G02", "000.00.01.g22 "),
        agency("G02", certificates=("c", "b")),
    ],
)
async def test_what_belongs_to_another_agency_is_refused_and_nothing_changes(
    ledger: Directory, rival
) -> None:
    await ledger.register(FULL)
    version = await ledger.version()
    with pytest.raises(ValueError, match=r"belongs to G22\.01"):
        await ledger.register(rival)
    assert await ledger.agencies() == (FULL,)
    assert await ledger.version() == version


@pytest.mark.parametrize(
    "impossible",
    [agency(" "), agency("G01", "X", "x "), agency("G01", "g01"), agency("G01", certificates=("a", "a"))],
)
async def test_an_agency_that_cannot_be_is_refused(ledger: Directory, impossible) -> None:
    with pytest.raises(ValueError):
        await ledger.register(impossible)
    assert await ledger.agencies() == ()


async def test_the_version_changes_with_the_agencies(ledger: Directory) -> None:
    versions = [await ledger.version()]
    for one in (FULL, agency("G01"), replace(FULL, active=False)):
        await ledger.register(one)
        versions.append(await ledger.version())
    assert len(set(versions)) == 4
    assert await ledger.version() == versions[-1]


async def test_what_a_reader_does_to_its_copy_stays_with_the_reader(ledger: Directory) -> None:
    await ledger.register(FULL)
    (mine,) = await ledger.agencies()
    mine.attributes["level"] = "9"
    assert (await ledger.agencies())[0].attributes == {"cấp": "1"}
