"""What the operator does to the directory: one form of names, no change lost."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from axis_server.operation import registry
from axis_server.operation.registry import RegistryError
from storage.ledger.directory import Directory
from storage.ledger.memory import MemoryLedger
from storage.ledger.pages import Page
from storage.ledger.registry import Agency, Certificate, Group, Registered

OFFICE = "SỞ.01"


def certificate(sha256: str) -> Certificate:
    return Certificate(sha256=sha256 * 32, pem="", role="system", may_connect=True, may_seal=True)


AGENCY = Agency(agency_id="G22", name="Bộ", certificates=(certificate("aa"),))


class Interrupted:
    """A directory in which someone else acts between a reader's look and its write, `times` times."""

    def __init__(self, kept: Directory, between: Callable[[int], Awaitable[object]], times: int = 1) -> None:
        self._kept = kept
        self._between = between
        self._left = times

    async def register(self, registered: Registered, *, replacing: Registered | None) -> None:
        if self._left:
            self._left -= 1
            await self._between(self._left)
        await self._kept.register(registered, replacing=replacing)

    async def agencies(self) -> tuple[Agency, ...]:
        return await self._kept.agencies()

    async def groups(self) -> tuple[Group, ...]:
        return await self._kept.groups()

    async def version(self) -> int:
        return await self._kept.version()

    async def changed(self, *, after: int = 0, limit: int, viewer: str | None = None) -> Page[Registered]:
        return await self._kept.changed(after=after, limit=limit, viewer=viewer)


@pytest.mark.parametrize("written", ["NFC", "NFD"])
async def test_two_spellings_of_one_identifier_are_one_agency(written: str) -> None:
    ledger = MemoryLedger()
    spelled = unicodedata.normalize(written, OFFICE)  # type: ignore[arg-type]
    await registry.add(ledger, Agency(agency_id=registry.identifier(OFFICE), name=""))
    with pytest.raises(RegistryError, match="registered already"):
        await registry.add(ledger, Agency(agency_id=registry.identifier(spelled), name=""))
    assert await registry.find(ledger, f" {spelled} ") == (await ledger.agencies())[0]


async def test_letters_that_upper_case_to_ascii_name_other_agencies() -> None:
    ledger = MemoryLedger()
    for name in ("GS1", "Gſ1", "GI1", "Gı1"):
        await registry.add(ledger, Agency(agency_id=registry.identifier(name), name=""))
    assert len(await ledger.agencies()) == 4


async def test_a_suspension_survives_a_certificate_added_at_the_same_moment() -> None:
    ledger = MemoryLedger()
    await registry.add(ledger, AGENCY)
    busy = Interrupted(ledger, lambda _: registry.suspend(ledger, "G22"))
    changed = await registry.add_certificates(busy, "G22", [certificate("bb")])
    assert not changed.active
    assert await ledger.agencies() == (changed,)
    assert changed.certificates == (certificate("aa"), certificate("bb"))


async def test_a_certificate_removed_at_the_same_moment_stays_removed() -> None:
    ledger = MemoryLedger()
    await registry.add(ledger, AGENCY)
    busy = Interrupted(ledger, lambda _: registry.remove_certificate(ledger, "G22", "aa" * 4))
    assert await registry.suspend(busy, "G22") == replace(AGENCY, active=False, certificates=())


async def test_an_agency_registered_by_someone_else_meanwhile_is_registered_already() -> None:
    ledger = MemoryLedger()
    busy = Interrupted(ledger, lambda _: registry.add(ledger, AGENCY))
    with pytest.raises(RegistryError, match="registered already"):
        await registry.add(busy, replace(AGENCY, name="another"))
    assert await ledger.agencies() == (AGENCY,)


async def test_an_agency_that_never_rests_is_said_and_not_tried_for_ever() -> None:
    ledger = MemoryLedger()
    await registry.add(ledger, AGENCY)

    async def rename(left: int) -> None:
        (kept,) = await ledger.agencies()
        await ledger.register(replace(kept, name=f"name {left}"), replacing=kept)

    busy = Interrupted(ledger, rename, times=1000)
    async with asyncio.timeout(10):
        with pytest.raises(RegistryError, match="try again"):
            await registry.suspend(busy, "G22")
    assert (await ledger.agencies())[0].active
