"""The stage of the tests about retention: an archive's authority with an archivist who decides and orders.

entry = await stand.world.sent(stand.world.province)
await stand.classed(entry, "2")
stand.world.now += LATER
disposal = await stand.disposed(entry)
await stand.destroying.step()
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes

from axis_server.archiving.deciding import Deciding, Issuing
from axis_server.archiving.destruction import Destroying
from axis_server.archiving.disposal import ORDER_BYTES, Disposing
from axis_server.archiving.terms import Classes
from axis_server.caller import Caller
from axis_server.documents.judgement import Rules
from axis_server.errors import Declined
from axis_server.settings import RetentionSettings
from signing.keys import MemorySigner
from signing.retention import Item, Order, write_order
from signing.seal import Sealer
from storage.archive.memory import MemoryArchive
from storage.ledger.keeping import Disposal
from storage.ledger.memory import MemoryLedger
from storage.ledger.records import Entry
from storage.ledger.registry import Agency, Certificate
from tests.axis_server.houses import House
from tests.axis_server.world import World
from tests.pki import Identity

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


def standing(world: World) -> Stand:
    """Registers an archivist of `stranger`, who seals and does not connect."""
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
