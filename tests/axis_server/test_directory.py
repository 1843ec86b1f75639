"""The directory as the axis uses it, and who is who in it."""

from __future__ import annotations

import asyncio
import unicodedata
from contextlib import suppress
from dataclasses import replace

import pytest

from axis_server.addressing.directory import DirectoryView
from axis_server.addressing.directory_watch import DirectoryWatch
from storage.errors import Unavailable
from storage.faults import Faults, FaultyLedger, When
from storage.ledger.memory import MemoryLedger
from storage.ledger.pages import Page
from storage.ledger.registry import Agency, Certificate, Registered


def certificate(sha256: str, *, connect: bool = True, seal: bool = True) -> Certificate:
    return Certificate(sha256=sha256, pem="", role="system", may_connect=connect, may_seal=seal)


AGENCY = Agency(
    agency_id="G90",
    name="Bộ Mẫu",
    aliases=("000.00.00.G90",),
    certificates=(
        certificate("aa" * 32),
        certificate("bb" * 32, seal=False),
        certificate("cc" * 32, connect=False),
    ),
)


def test_an_agency_is_found_by_every_name_however_it_is_spelled() -> None:
    view = DirectoryView.of([AGENCY])
    assert view.resolve("G90") == view.resolve(" 000.00.00.g90\t") == AGENCY
    assert view.resolve("G91") is None
    assert view.resolve("") is None


def test_what_is_longer_than_an_identifier_names_nobody_even_if_it_is_kept() -> None:
    long = Agency(agency_id="\u0301\u0323" * 60, name="")
    assert DirectoryView.of([long]).resolve(long.agency_id) is None


def test_suspended_agencies_are_found_too() -> None:
    suspended = Agency(agency_id="H1", name="", active=False, certificates=(certificate("dd" * 32),))
    view = DirectoryView.of([suspended])
    assert view.resolve("H1") == suspended
    caller = view.caller("dd" * 32)
    assert caller is not None
    assert not caller.agency.active


def test_a_certificate_does_what_it_is_registered_for() -> None:
    view = DirectoryView.of([AGENCY])
    assert [view.caller(sha * 32) is not None for sha in ("aa", "bb", "cc", "dd")] == [
        True,
        True,
        False,
        False,
    ]
    assert [view.sealer(sha * 32) is not None for sha in ("aa", "bb", "cc", "dd")] == [
        True,
        False,
        True,
        False,
    ]
    assert view.caller("AA" * 32) is not None


@pytest.mark.parametrize(
    "other",
    [
        Agency(agency_id="g90 ", name=""),
        Agency(agency_id="H1", name="", aliases=("000.00.00.G90",)),
        Agency(agency_id="H1", name="", certificates=(certificate("aa" * 32),)),
        Agency(agency_id="H1", name="", certificates=(certificate("AA" * 32),)),
    ],
    ids=["identifier", "alias", "certificate", "certificate in capitals"],
)
def test_who_shares_something_with_another_agency_is_nobody_and_the_others_stay(other: Agency) -> None:
    third = Agency(agency_id="H90", name="", certificates=(certificate("ee" * 32),))
    view = DirectoryView.of([AGENCY, third, other])
    assert view.resolve("H90") == third
    assert view.caller("ee" * 32) is not None
    for name in (AGENCY.agency_id, *AGENCY.aliases, other.agency_id):
        assert view.resolve(name) is None
    assert view.caller("aa" * 32) is view.sealer("aa" * 32) is None
    (conflict,) = view.conflicts
    assert conflict.startswith(f"G90 and {other.agency_id} share the ")


async def test_a_contradiction_is_told_at_each_refresh_and_does_not_hold_up_suspensions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(
        "axis_server.addressing.directory_watch.log.critical", lambda event, **facts: told.append(event)
    )
    ledger = MemoryLedger()
    third = Agency(agency_id="H90", name="")
    for one in (AGENCY, third, Agency(agency_id="SỞ", name="")):
        await ledger.register(one, replacing=None)
    await ledger.register(Agency(agency_id=unicodedata.normalize("NFD", "SỞ"), name=""), replacing=None)
    watch = DirectoryWatch(ledger)
    await watch.refresh()
    assert watch.view().resolve("SỞ") is None
    await ledger.register(replace(third, active=False), replacing=third)
    await watch.refresh()
    suspended = watch.view().resolve("H90")
    assert suspended is not None
    assert not suspended.active
    assert told == ["directory.inconsistent"] * 2


async def test_nobody_is_there_before_the_first_refresh() -> None:
    ledger = MemoryLedger()
    await ledger.register(AGENCY, replacing=None)
    watch = DirectoryWatch(ledger)
    assert watch.view().resolve("G90") is None
    await watch.refresh()
    assert watch.view().resolve("G90") == AGENCY


async def test_a_directory_that_did_not_change_is_not_read_again() -> None:
    ledger = MemoryLedger()
    faults = Faults()
    watch = DirectoryWatch(FaultyLedger(ledger, faults))
    await watch.refresh()
    await watch.refresh()
    assert faults.calls == ["ledger.version", "ledger.changed", "ledger.version"]
    await ledger.register(AGENCY, replacing=None)
    await watch.refresh()
    assert watch.view().resolve("G90") == AGENCY


@pytest.mark.parametrize("number", [2, 3])
async def test_a_store_that_does_not_answer_leaves_the_last_view_in_force(number: int) -> None:
    ledger = MemoryLedger()
    await ledger.register(AGENCY, replacing=None)
    watch = DirectoryWatch(FaultyLedger(ledger, Faults(number, When.BEFORE)))
    await watch.refresh()
    await ledger.register(Agency(agency_id="H1", name=""), replacing=None)
    with pytest.raises(Unavailable):
        await watch.refresh()
    assert watch.view().resolve("G90") == AGENCY
    await watch.refresh()
    assert watch.view().resolve("H1") is not None


async def test_following_goes_on_after_a_failure() -> None:
    ledger = MemoryLedger()
    faults = Faults(0, When.BEFORE)
    watch = DirectoryWatch(FaultyLedger(ledger, faults))
    await ledger.register(AGENCY, replacing=None)
    following = asyncio.create_task(watch.follow(0.001))
    async with asyncio.timeout(5):
        while watch.view().resolve("G90") is None:
            await asyncio.sleep(0.001)
    assert faults.struck
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


async def test_a_change_is_read_alone_and_takes_the_place_of_what_was() -> None:
    ledger = MemoryLedger()
    for number in range(5):
        await ledger.register(Agency(agency_id=f"H{number}", name=f"H{number}"), replacing=None)
    asked: list[int] = []

    class Listening(FaultyLedger):
        async def changed(self, *, after: int = 0, limit: int) -> Page[Registered]:
            found = await ledger.changed(after=after, limit=limit)
            asked.append(len(found.items))
            return found

    h3 = Agency(agency_id="H3", name="H3")
    watch = DirectoryWatch(Listening(ledger, Faults()))
    await watch.refresh()
    await ledger.register(replace(h3, name="new"), replacing=h3)
    await watch.refresh()
    assert asked == [5, 1]
    assert watch.view().names(["H3", "H4"]) == {"H3": "new", "H4": "H4"}
