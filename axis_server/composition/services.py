"""The use cases over their means, and the servicers over those: pure composition, nothing is opened here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from axis_server.addressing.directory_watch import DirectoryWatch
from axis_server.addressing.lookup import Lookup
from axis_server.admitting.admission import Admission
from axis_server.archiving.volumes import Trees
from axis_server.attest import Attestor
from axis_server.boundary.archive import ArchiveServicer
from axis_server.boundary.directory import AxisFacts, DirectoryServicer
from axis_server.boundary.events import EventServicer
from axis_server.boundary.inbox import InboxServicer
from axis_server.boundary.log import LogServicer
from axis_server.boundary.overview import OverviewServicer
from axis_server.boundary.records import RecordServicer
from axis_server.boundary.server import Services
from axis_server.boundary.submission import SubmissionServicer
from axis_server.changes import Changes
from axis_server.composition.retention import Retaining
from axis_server.composition.revocation import Revoking
from axis_server.cursors import Cursors
from axis_server.delivering.deadlines import DeadlinePolicy
from axis_server.delivering.exchange import Exchange
from axis_server.delivering.expiring import Expiring
from axis_server.delivering.inbox import Inbox
from axis_server.delivering.moving import Mover
from axis_server.delivering.opening import Opening
from axis_server.delivering.queue import Queue
from axis_server.knowing.answers import JudgedBy
from axis_server.knowing.attention import Attention
from axis_server.knowing.events import Events
from axis_server.knowing.finding import Finding
from axis_server.knowing.records import Records
from axis_server.knowing.statistics import Statistics
from axis_server.limits.allowance import Allowance, Rate
from axis_server.limits.quota import UploadLimits
from axis_server.limits.shares import DAY, Limit, Shares
from axis_server.limits.tasks import OwnedTasks
from axis_server.limits.turns import Lanes, Turns
from axis_server.material import pem_of
from axis_server.metrics import Metrics
from axis_server.sending.examination import Examination, IntakeLimits
from axis_server.sending.intake import Intake
from axis_server.sending.preflight import Preflight
from axis_server.sending.uploads import Uploads
from axis_server.settings import DeadlineSettings, Settings
from axis_server.stores import Stores
from axis_server.transparency.proofs import Proofs
from signing.policy import Policy
from signing.trust import TrustStore

KEPT_AT_ONCE = 8
"""Dispatches archived and committed at once: one flush serves several, and nobody waits behind many."""
LIGHT_RECIPIENTS = 200
"""A dispatch to more of them takes the ledger's writer for long: they are committed one at a time."""
SEARCHES = 2
"""At once; the others wait in turn, agency after agency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the use cases share, opened and owned by the composition root."""

    settings: Settings
    stores: Stores
    watch: DirectoryWatch
    admission: Admission
    cursors: Cursors
    certificates: Callable[[], tuple[x509.Certificate, ...]]
    """With which the axis signs evidence, did, or will."""
    trust: Callable[[], TrustStore]
    policy: Policy
    revoking: Revoking
    workers: Executor
    turns: Turns
    """Of all who compute in `workers`."""
    shares: Shares
    owned: OwnedTasks
    metrics: Metrics
    attestor: Attestor
    changes: Changes
    mover: Mover
    expiring: Expiring
    proofs: Proofs
    trees: Trees
    retaining: Retaining
    clock: Callable[[], datetime]
    new_id: Callable[[], str]


def services(means: Means) -> Services:
    """Makes everything that is served."""
    archive, ledger = means.stores.archive, means.stores.ledger
    turns = means.turns
    limits = IntakeLimits(
        package_bytes=means.settings.limits.package_bytes,
        attachment_bytes=means.settings.limits.attachment_bytes,
        recipients=means.settings.limits.recipients,
        uploads=UploadLimits(count=means.settings.limits.uploads, bytes=means.settings.limits.upload_bytes),
        refusals_per_minute=means.settings.limits.refusals_per_minute,
    )
    policy, revoking = means.policy, means.revoking
    deadlines = deadline_policy(means.settings.deadlines)
    examination = Examination(
        archive=archive,
        ledger=ledger,
        directory=means.watch.view,
        trust=means.trust,
        policy=policy,
        deadlines=deadlines,
        clock=means.clock,
        limits=limits,
        workers=means.workers,
        turns=turns,
        look_up=revoking.asking.look_up,
    )
    intake = Intake(
        examination=examination,
        archive=archive,
        ledger=ledger,
        attestor=means.attestor,
        clock=means.clock,
        refusals=Allowance(Rate(per_minute=limits.refusals_per_minute, burst=limits.refusals_per_minute)),
        changes=means.changes,
        workers=means.workers,
        turns=turns,
        shares=means.shares,
        lanes=Lanes(light=KEPT_AT_ONCE, heaviest=LIGHT_RECIPIENTS),
        owned=means.owned,
        staple=revoking.stapling.staple,
    )
    exchange = Exchange(
        ledger=ledger,
        directory=means.watch.view,
        trust=means.trust,
        policy=policy,
        deadlines=deadlines,
        clock=means.clock,
        mover=means.mover,
        expiring=means.expiring,
        workers=means.workers,
        turns=turns,
        owned=means.owned,
        look_up=revoking.asking.look_up,
        keep_answers=revoking.stapling.keep,
        spend=means.shares.spend,
    )
    # One reader of the ledger at a time: a count over years takes seconds, and others read meanwhile.
    overseeing = Turns(1)
    queue = Queue(ledger=ledger, directory=means.watch.view, clock=means.clock, new_token=means.new_id)
    facts = AxisFacts(
        axis_id=means.settings.axis.id,
        certificates=lambda: tuple(pem_of([one]).decode() for one in means.certificates()),
        max_message_bytes=means.settings.limits.message_bytes,
        max_attachment_bytes=means.settings.limits.attachment_bytes,
    )
    return Services(
        submission=SubmissionServicer(
            intake=intake,
            preflight=Preflight(examination=examination, ledger=ledger, limits=limits),
            uploads=Uploads(
                archive=archive,
                ledger=ledger,
                limits=limits,
                shares=means.shares,
                reserve_bytes=means.settings.archive.reserve_bytes,
            ),
            message_bytes=means.settings.limits.message_bytes,
        ),
        inbox=InboxServicer(
            inbox=Inbox(
                archive=archive,
                ledger=ledger,
                still=means.admission.again,
                changes=means.changes,
                workers=means.workers,
                opening=Opening(ledger=ledger, mover=means.mover, expiring=means.expiring, clock=means.clock),
                owned=means.owned,
            ),
            queue=queue,
            exchange=exchange,
            cursors=means.cursors,
        ),
        events=EventServicer(
            events=Events(
                ledger=ledger, still=means.admission.again, changes=means.changes, turns=overseeing
            ),
            queue=queue,
            cursors=means.cursors,
            metrics=means.metrics,
            clock=means.clock,
        ),
        records=RecordServicer(
            records=Records(ledger=ledger),
            judged_by=JudgedBy(
                ledger=ledger, answers=means.stores.answers, current=revoking.stapling.current
            ),
            cursors=means.cursors,
        ),
        overview=OverviewServicer(
            attention=Attention(
                ledger=ledger, directory=means.watch.view, clock=means.clock, turns=overseeing
            ),
            statistics=Statistics(
                ledger=ledger, directory=means.watch.view, clock=means.clock, turns=overseeing
            ),
        ),
        archive=ArchiveServicer(
            finding=Finding(
                catalogue=means.stores.catalogue,
                keeping=ledger,
                directory=means.watch.view,
                clock=means.clock,
                turns=Turns(SEARCHES),
            ),
            deciding=means.retaining.deciding,
            disposing=means.retaining.disposing,
            cursors=means.cursors,
        ),
        directory=DirectoryServicer(
            lookup=Lookup(
                directory=means.stores.directory,
                view=means.watch.view,
                clock=means.clock,
                workers=means.workers,
                turns=turns,
            ),
            facts=facts,
            cursors=means.cursors,
        ),
        log=LogServicer(proofs=means.proofs, records=means.trees, growing=means.stores.growing),
    )


def shares_of(settings: Settings, clock: Callable[[], datetime], metrics: Metrics) -> Shares:
    """Makes what one agency may take of the axis."""
    limits = settings.limits
    return Shares(
        calls=settings.server.calls_per_agency,
        rates={
            Limit.DOCUMENTS: Rate(per_minute=limits.documents_per_minute, burst=limits.documents_burst),
            Limit.STATEMENTS: Rate(per_minute=limits.statements_per_minute, burst=limits.statements_burst),
            Limit.BYTES: Rate(per_minute=limits.bytes_per_day / DAY, burst=limits.bytes_per_day),
        },
        clock=clock,
        processes=limits.processes,
        turned_away=lambda limit, _: metrics.turned_away.labels(limit).inc(),
    )


def deadline_policy(settings: DeadlineSettings) -> DeadlinePolicy:
    return DeadlinePolicy(
        handover_hours=settings.handover_hours,
        answer_hours=settings.answer_hours,
        question_hours=settings.question_hours,
        ask_again_hours=settings.ask_again_hours,
    )
