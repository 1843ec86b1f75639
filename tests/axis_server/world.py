"""A small world to test the axis in: agencies with certificates, an axis with every use case, real seals.

package = world.sealed(world.ministry, document(to=["H90"]))
kept = await world.intake.submit(world.ministry.caller(), package)
await world.report(world.province, kept.entry, "01")
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from axis_server.addressing.directory import DirectoryView
from axis_server.admitting.admission import Admission
from axis_server.attest import Attestor
from axis_server.changes import Changes
from axis_server.delivering.deadlines import DeadlinePolicy
from axis_server.delivering.exchange import Exchange
from axis_server.delivering.expiring import Expiring
from axis_server.delivering.inbox import Inbox
from axis_server.delivering.moving import Mover
from axis_server.delivering.opening import Opening
from axis_server.delivering.queue import Queue
from axis_server.errors import Declined
from axis_server.knowing.attention import Attention
from axis_server.knowing.events import Events
from axis_server.knowing.records import Records
from axis_server.knowing.statistics import Statistics
from axis_server.limits.allowance import Allowance, Rate
from axis_server.limits.quota import UploadLimits
from axis_server.limits.shares import Shares
from axis_server.limits.tasks import OwnedTasks
from axis_server.limits.turns import Lanes, Turns
from axis_server.metrics import Metrics
from axis_server.sending.examination import Examination, IntakeLimits
from axis_server.sending.intake import Intake
from axis_server.sending.preflight import Preflight
from axis_server.sending.uploads import Uploads
from edxml.model import HEADER_PLACE, Package, Status
from edxml.writer import write
from signing.dispatch import ni_uri
from signing.evidence import EvidenceRecord, Party, read
from signing.keys import MemorySigner
from signing.policy import DEFAULT_POLICY, Policy
from signing.seal import seal
from signing.trust import TrustStore
from signing.verdict import Sound
from signing.verify import verify
from storage.archive.base import CHUNK_BYTES, Archive
from storage.ledger.base import Ledger
from storage.ledger.oversight import ASIDES_MOST
from storage.ledger.records import Entry, Evidence
from tests.axis_server.houses import House, Pki
from tests.axis_server.packages import document, status
from tests.pki import AT

LIMITS = IntakeLimits(
    package_bytes=4 << 20,
    attachment_bytes=8 << 20,
    recipients=3000,
    uploads=UploadLimits(count=20, bytes=1 << 30),
    refusals_per_minute=1000,
)
DEADLINES = DeadlinePolicy(
    handover_hours=(72, 24, 8, 2, 2), answer_hours=(120, 48, 24, 8, 8), question_hours=120, ask_again_hours=24
)


@dataclass(slots=True, kw_only=True)
class World:
    """The axis and the agencies. `ministry` sends; `stranger` is registered and party to nothing."""

    archive: Archive
    ledger: Ledger
    pki: Pki
    workers: Executor
    now: datetime = AT
    policy: Policy = DEFAULT_POLICY
    trust: TrustStore = field(init=False)
    view: DirectoryView = field(init=False)
    changes: Changes = field(default_factory=Changes)
    owned: OwnedTasks = field(default_factory=OwnedTasks)
    turns: Turns = field(default_factory=lambda: Turns(3))
    shares: Shares = field(default_factory=lambda: Shares(calls=1000, rates={}, clock=lambda: AT))
    lanes: Lanes = field(default_factory=lambda: Lanes(light=64, heaviest=200))
    metrics: Metrics = field(default_factory=Metrics.make)
    asides_most: int = ASIDES_MOST

    def __post_init__(self) -> None:
        self.trust = TrustStore.of([self.pki.root.certificate])
        self.view = DirectoryView.of(one.agency for one in self.houses)

    @property
    def houses(self) -> tuple[House, ...]:
        return (self.pki.ministry, self.pki.province, self.pki.department, self.pki.stranger)

    @property
    def ministry(self) -> House:
        return self.pki.ministry

    @property
    def province(self) -> House:
        return self.pki.province

    @property
    def department(self) -> House:
        return self.pki.department

    @property
    def stranger(self) -> House:
        return self.pki.stranger

    def suspend(self, suspended: House) -> House:
        """Suspends an agency in the directory, and returns it as its next call would find it."""
        return self.register(replace(suspended, agency=replace(suspended.agency, active=False)))

    def register(self, changed: House) -> House:
        """Puts an agency in the directory in the place of what was kept of it."""
        self.view = DirectoryView.of(
            changed.agency if one.id == changed.id else one.agency for one in self.houses
        )
        return changed

    # The use cases, made anew over whatever stores are there now.

    @property
    def _attestor(self) -> Attestor:
        axis = self.pki.axis
        return Attestor(
            issuer=Party(agency_id="axis.test", name="Trục thử nghiệm"),
            signer=lambda: MemorySigner(axis.key, axis.certificate, axis.chain),
            new_id=lambda: str(uuid4()),
        )

    @property
    def intake(self) -> Intake:
        return self.intake_within(LIMITS)

    def intake_within(self, limits: IntakeLimits) -> Intake:
        return Intake(
            examination=self.examination_within(limits),
            archive=self.archive,
            ledger=self.ledger,
            attestor=self._attestor,
            clock=lambda: self.now,
            refusals=Allowance(Rate(per_minute=limits.refusals_per_minute, burst=limits.refusals_per_minute)),
            changes=self.changes,
            workers=self.workers,
            turns=self.turns,
            shares=self.shares,
            lanes=self.lanes,
            owned=self.owned,
        )

    @property
    def preflight(self) -> Preflight:
        return self.preflight_within(LIMITS)

    def preflight_within(self, limits: IntakeLimits) -> Preflight:
        examination = self.examination_within(limits)
        return Preflight(examination=examination, ledger=self.ledger, limits=limits)

    def examination_within(self, limits: IntakeLimits) -> Examination:
        return Examination(
            archive=self.archive,
            ledger=self.ledger,
            directory=lambda: self.view,
            trust=lambda: self.trust,
            policy=self.policy,
            deadlines=DEADLINES,
            clock=lambda: self.now,
            limits=limits,
            workers=self.workers,
            turns=self.turns,
        )

    @property
    def exchange(self) -> Exchange:
        return Exchange(
            ledger=self.ledger,
            directory=lambda: self.view,
            trust=lambda: self.trust,
            policy=self.policy,
            deadlines=DEADLINES,
            clock=lambda: self.now,
            mover=self._mover,
            expiring=self.expiring,
            workers=self.workers,
            turns=self.turns,
            owned=self.owned,
            spend=self.shares.spend,
        )

    @property
    def _mover(self) -> Mover:
        return Mover(
            ledger=self.ledger,
            attestor=self._attestor,
            directory=lambda: self.view,
            changes=self.changes,
            workers=self.workers,
            turns=self.turns,
        )

    @property
    def expiring(self) -> Expiring:
        return Expiring(ledger=self.ledger, mover=self._mover, clock=lambda: self.now, metrics=self.metrics)

    @property
    def uploads(self) -> Uploads:
        return Uploads(archive=self.archive, ledger=self.ledger, limits=LIMITS, shares=self.shares)

    @property
    def inbox(self) -> Inbox:
        return Inbox(
            archive=self.archive,
            ledger=self.ledger,
            still=self.admission.again,
            changes=self.changes,
            workers=self.workers,
            opening=Opening(
                ledger=self.ledger, mover=self._mover, expiring=self.expiring, clock=lambda: self.now
            ),
            owned=self.owned,
        )

    @property
    def admission(self) -> Admission:
        return Admission(
            directory=lambda: self.view,
            trust=lambda: self.trust,
            policy=self.policy,
            clock=lambda: self.now,
        )

    @property
    def records(self) -> Records:
        return Records(ledger=self.ledger)

    @property
    def events(self) -> Events:
        return Events(ledger=self.ledger, still=self.admission.again, changes=self.changes, turns=self.turns)

    @property
    def queue(self) -> Queue:
        return Queue(
            ledger=self.ledger,
            directory=lambda: self.view,
            clock=lambda: self.now,
            new_token=lambda: str(uuid4()),
            asides_most=self.asides_most,
        )

    @property
    def attention(self) -> Attention:
        return Attention(
            ledger=self.ledger, directory=lambda: self.view, clock=lambda: self.now, turns=self.turns
        )

    @property
    def statistics(self) -> Statistics:
        return Statistics(
            ledger=self.ledger, directory=lambda: self.view, clock=lambda: self.now, turns=self.turns
        )

    # What agencies do.

    def sealed(
        self, by: House, unsigned: Package | Status, detached: Mapping[str, str] | None = None
    ) -> bytes:
        """A package under the seal of `by`; `detached` is ContentId to SHA-256."""
        references = {f"cid:{content_id}": sha256 for content_id, sha256 in (detached or {}).items()}
        return self.sealed_bytes(by, write(unsigned), references)

    def sealed_bytes(self, by: House, unsigned: bytes, references: Mapping[str, str] | None = None) -> bytes:
        return seal(unsigned, signer=by.signer, at=self.now, place=HEADER_PLACE, detached=references or {})

    async def sent(self, *to: House, **changes: Any) -> Entry:
        """The ministry sends a document; returns what the ledger keeps of it."""
        package = document(to=[one.id for one in to], **changes)
        return (await self.intake.submit(self.ministry.caller(), self.sealed(self.ministry, package))).entry

    async def uploaded(self, by: House, content: bytes, limits: IntakeLimits = LIMITS) -> str:
        """Uploads a blob for an agency and returns its digest."""
        sha256 = hashlib.sha256(content).hexdigest()
        uploads = Uploads(archive=self.archive, ledger=self.ledger, limits=limits, shares=self.shares)
        state = await uploads.upload(by.caller(), sha256, len(content), 0, chunks(content))
        assert state.complete
        return sha256

    def statement(self, by: House, entry: Entry, code: str, description: str = "", **changes: Any) -> bytes:
        """A status package of a recipient about a dispatch, sealed."""
        return self.sealed(by, status(by, entry, code, description, **changes))

    def arrived(self, by: House, entry: Entry, digests: Iterable[str] | None = None) -> bytes:
        """Statement 01 that seals the digest of every part, or of those given."""
        digests = [part.sha256 for part in entry.parts] if digests is None else list(digests)
        references = {ni_uri(sha256): sha256 for sha256 in digests}
        return self.sealed_bytes(by, write(status(by, entry, "01")), references)

    async def report(self, by: House, entry: Entry, code: str, description: str = "") -> None:
        """A recipient reports one status, as its system would."""
        statement = self.arrived(by, entry) if code == "01" else self.statement(by, entry, code, description)
        await self.exchange.report(by.caller(), entry.dispatch_id, statement)

    def said(self, evidence: Evidence) -> EvidenceRecord:
        """What an evidence says, once its seal is verified."""
        verdict = verify(evidence.content, trust=self.trust, at=self.now)
        assert isinstance(verdict, Sound), verdict
        assert verdict.certificate == self.pki.axis.certificate
        return read(verdict)


async def chunks(content: bytes, size: int = CHUNK_BYTES) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def joined(source: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in source])


async def declined(act: Awaitable[object]) -> Declined:
    """Awaits what the axis declines, and returns the refusal."""
    with pytest.raises(Declined) as caught:
        await act
    return caught.value
