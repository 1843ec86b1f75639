"""The stage of the tests about retention: an archive's authority with an archivist who decides and orders.

entry = await stand.world.sent(stand.world.province)
await stand.classed(entry, "2")
stand.world.now += LATER
disposal = await stand.disposed(entry)
await stand.destroying.step()
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, TypeVar

import pytest
from cryptography.hazmat.primitives import hashes

from axis_server.archiving.deciding import Deciding, Issuing
from axis_server.archiving.destruction import Destroying
from axis_server.archiving.disposal import Disposing
from axis_server.archiving.terms import Classes
from axis_server.archiving.warrant import ORDER_BYTES, Warrants
from axis_server.caller import Caller
from axis_server.documents.judgement import Rules
from axis_server.errors import Declined
from axis_server.settings import RetentionSettings
from signing.keys import MemorySigner
from signing.seal import Sealer
from signing.statements.retention import Approval, Item, Order, write_approval, write_order
from storage.archive.memory import MemoryArchive
from storage.archive.removing import RemovingArchive
from storage.ledger.keeping import Disposal
from storage.ledger.memory import MemoryLedger
from storage.ledger.postgres import PostgresLedger
from storage.ledger.records import Entry
from storage.ledger.registry import Certificate
from storage.ledger.sqlite import SqliteLedger
from tests.axis_server.houses import House
from tests.axis_server.world import World
from tests.pki import Identity

Ledgers = MemoryLedger | SqliteLedger | PostgresLedger

AXIS = "axis.test"
LATER = timedelta(days=3 * 366)


@dataclass(kw_only=True)
class Stage:
    """A world with an archive's authority, `stranger`, whose archivist seals orders."""

    world: World
    archive: RemovingArchive
    ledger: Ledgers
    archivist: Identity
    settings: RetentionSettings
    ids: int = 0
    ran: float = 0.0
    """Seconds for which the axis has run."""
    authorities: tuple[str, ...] = ()
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
            warrants=self.warrants,
            issuing=self.issuing,
            owned=self.world.owned,
            wake=lambda: self.woken.append(True),
        )

    @property
    def warrants(self) -> Warrants:
        return Warrants(
            axis_id=AXIS,
            directory=lambda: self.world.view,
            rules=Rules.of(lambda: self.world.trust, self.world.policy, ORDER_BYTES),
            seals=self.settings.approvals,
            valid=timedelta(days=self.settings.order_days),
        )

    @property
    def destroying(self) -> Destroying:
        """As a process has it that was just started."""
        return Destroying(
            ledger=self.ledger,
            archive=self.archive,
            deciding=self.deciding,
            warrants=self.warrants,
            issuing=self.issuing,
            grace=self.grace,
            authorities=self.authorities,
            running=lambda: self.ran,
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

    def approved(self, order: bytes, by: Identity, **changes: Any) -> bytes:
        """An approval of an order."""
        approval = Approval(
            axis_id=AXIS,
            agency_id="K99",
            order=hashlib.sha256(order).hexdigest(),
            approved_at=self.world.now,
        )
        return write_approval(
            replace(approval, **changes), Sealer(MemorySigner(by.key, by.certificate, by.chain))
        )

    def registers(self, *archivists: Identity) -> None:
        """Has the directory know who may seal for the authority as its archivist, and nobody else."""
        certificates = tuple(
            Certificate(
                sha256=one.certificate.fingerprint(hashes.SHA256()).hex(),
                pem=one.certificate_pem.decode(),
                role="archivist",
                may_connect=False,
                may_seal=True,
            )
            for one in archivists
        )
        house = self.world.stranger
        agency = replace(house.agency, certificates=(*house.agency.certificates, *certificates))
        self.world.register(replace(house, agency=agency))

    async def disposed(self, *entries: Entry) -> Disposal:
        return await self.disposing.submit(self.authority, await self.ordered(*entries))


Made = TypeVar("Made", bound=Stage)


def made(kind: type[Made], world: World, archive: RemovingArchive, ledger: Ledgers) -> Made:
    """A stand over these stores, with one archivist who seals for the authority."""
    archivist = world.pki.root.issue("Lưu trữ")
    settings = RetentionSettings(authority="K99")
    stand = kind(world=world, archive=archive, ledger=ledger, archivist=archivist, settings=settings)
    stand.registers(archivist)
    return stand


class Stand(Stage):
    """Over stores that a test looks into."""

    archive: MemoryArchive
    ledger: MemoryLedger


def standing(world: World) -> Stand:
    """The stage over the stores of a world in memory."""
    assert isinstance(world.ledger, MemoryLedger)
    assert isinstance(world.archive, MemoryArchive)
    return made(Stand, world, world.archive, world.ledger)


def declined(code: str) -> Any:
    return pytest.raises(Declined, match=f"^{code}")
