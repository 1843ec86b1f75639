"""The composition root: it alone knows every concrete thing, opens it, serves, and closes it backwards."""

from __future__ import annotations

import asyncio
import signal
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from axis_server.acts.acting import Acting
from axis_server.acts.effective import note_effective
from axis_server.acts.known import lacking
from axis_server.addressing.directory_watch import DirectoryWatch
from axis_server.admitting.admission import Admission
from axis_server.admitting.trust import TrustWatch, policy_of
from axis_server.archiving.monthly import keep_months
from axis_server.attest import Attestor
from axis_server.background import Work, going_on
from axis_server.boundary.interceptor import Boundary
from axis_server.boundary.server import Health, make_server
from axis_server.boundary.watches import Watches
from axis_server.changes import Changes
from axis_server.composition.growth import growth
from axis_server.composition.listening import door_of, exported, shown, traced
from axis_server.composition.renewal import renewal, trees_of
from axis_server.composition.retention import retaining
from axis_server.composition.revocation import opened_revoking
from axis_server.composition.services import Means, services, shares_of
from axis_server.composition.tending import tending
from axis_server.composition.vouching import vouching
from axis_server.cursors import KEY_NAME, Cursors
from axis_server.delivering.expiring import Expiring
from axis_server.delivering.moving import Mover
from axis_server.keyring import Keyring
from axis_server.limits.held_back import HeldBack
from axis_server.limits.tasks import OwnedTasks
from axis_server.limits.turns import Turns
from axis_server.limits.workers import MortalWorkers
from axis_server.material import MaterialError
from axis_server.metrics import Metrics
from axis_server.probe import Prober
from axis_server.revoking.expiry import LOOK_SECONDS, Expiry
from axis_server.settings import Address, Secrets, Settings
from axis_server.stores import opened
from axis_server.transparency.authorities import Judging
from axis_server.transparency.proofs import Proofs
from axis_server.transparency.publisher import Publisher
from signing.evidence import Party

log = structlog.get_logger()

DIRECTORY_SECONDS = 1.0
"""How soon a suspended agency is out."""
TRUST_SECONDS = 1.0
"""How soon a new revocation list holds."""
REVOCATION_SECONDS = 2.0
"""How soon what another node learned about revocation holds here, and a place is asked that is due."""
CLOCK_SLACK = timedelta(minutes=5)
"""By how much clocks of several nodes may differ before somebody has to look."""
LIMITS_SECONDS = 5.0
"""How often it is shown for how long an agency has been held back."""
DEADLINE_SECONDS = 5.0
"""How often deliveries are looked for whose deadline has passed."""


def now() -> datetime:
    """The axis's clock."""
    return datetime.now(UTC)


def new_id() -> str:
    """Identifiers of evidence and requests: random, so that they tell nothing."""
    return str(uuid.uuid4())


async def serve(
    settings: Settings,
    secrets: Secrets,
    *,
    ready: Callable[[Address], None],
    shared: bool = False,
    leash: int | None = None,
) -> None:
    """Runs the axis until SIGTERM or SIGINT; `ready` is told the address once calls are taken. SIGHUP has the
    trust files read anew. With `shared`, other processes of the same user may serve the port too. `leash` is
    a pipe whose other end the supervisor holds: when that is gone, it is as on SIGTERM.

    At the end, in this order: the lamp goes red, no new call is taken, calls in flight may end within the
    grace, work that must not be cut in two ends, and the stores close. Raises `MaterialError`, `UnusableKey`,
    `TrustError`, `StorageError`, `OSError` when it cannot start.
    """
    stop, reload = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    if leash is not None:
        loop.add_reader(leash, _let_go, loop, leash, stop)
    async with running(settings, secrets, reload=reload, shared=shared) as axis:
        ready(axis.address)
        log.info("axis.started", axis=settings.axis.id, address=str(axis.address))
        await axis.serve_until(stop)
        log.info("axis.stopping", grace=settings.server.shutdown_grace_seconds)
    log.info("axis.stopped")


def _let_go(loop: asyncio.AbstractEventLoop, leash: int, stop: asyncio.Event) -> None:
    loop.remove_reader(leash)
    stop.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """An axis that takes calls."""

    address: Address
    metrics_address: Address | None
    log_address: Address | None
    """Where the log is shown over plain HTTP."""
    background: frozenset[asyncio.Task[None]]
    """What goes on beside the calls; none of them ends by itself."""

    async def serve_until(self, stop: asyncio.Event) -> None:
        """Returns when `stop` is set. Raises what ended a background task: without it the axis misleads."""
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stopping, *self.background}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in self.background:
            if task.done():
                task.result()


@asynccontextmanager
async def running(
    settings: Settings, secrets: Secrets, *, reload: asyncio.Event | None = None, shared: bool = False
) -> AsyncIterator[Axis]:
    """Opens everything, serves, and closes it backwards; reads the trust files anew when `reload` is set.
    With `shared`, other processes may serve the port too.

    1. what is only read    keys, trust; a mistake there opens nothing
    2. stores               and the first view of the directory
    3. owned work           threads that verify; what must not be cut in two
    4. what all parts use   revocation, acts, the log's publisher, retention
    5. the door             made, and not open yet
    6. what goes on beside  each for ever
    7. the door opens       with its lamp: the first to close
    """
    async with AsyncExitStack() as stack:
        # 1.
        tracer = traced(settings, new_id(), stack)
        metrics = Metrics.make()
        keys = Keyring(settings, secrets, show=metrics.keys_current.set)
        trust = TrustWatch(settings.trust, client_ca=settings.tls.client_ca, show=metrics.trust_current.set)

        # 2.
        passed_over = metrics.ledger_replica_passed_over.inc
        stores = await stack.enter_async_context(opened(settings, secrets, passed_over=passed_over))
        if stores.monthly is not None:
            await keep_months(stores.monthly, now, metrics)
        watch = DirectoryWatch(stores.directory)
        await watch.refresh()

        # 3.
        workers = stack.enter_context(MortalWorkers(settings.server.workers))
        owned = OwnedTasks()
        stack.push_async_callback(owned.drain)
        changes = Changes()
        turns = Turns(settings.server.workers + 1)
        shares = shares_of(settings, now, metrics)
        attestor = Attestor(
            issuer=Party(agency_id=settings.axis.id, name=settings.axis.name),
            signer=keys.signer,
            new_id=new_id,
        )
        mover = Mover(
            ledger=stores.ledger,
            attestor=attestor,
            directory=watch.view,
            changes=changes,
            workers=workers,
            turns=turns,
        )
        expiring = Expiring(ledger=stores.ledger, mover=mover, clock=now, metrics=metrics)

        # 4.
        policy = policy_of(settings.trust, settings.revocation)
        asked = opened_revoking(
            settings,
            stack,
            ledger=stores.answers,
            trust=trust,
            directory=watch.view,
            evidence=keys.published,
            policy=policy,
            clock=now,
            metrics=metrics,
        )
        expiry = Expiry(settings, watch.view, own=lambda: keys.certificates, clock=now, metrics=metrics)
        judging = Judging(inform=trust.informed, rely=asked.relying.rely)
        await asked.known.refresh()

        lamp = Health()
        admission = Admission(directory=watch.view, trust=trust.clients, policy=policy, clock=now)
        acting = Acting(
            ledger=stores.acts, sealer=keys.sealer, issuer_id=settings.axis.id, clock=now, new_id=new_id
        )
        for one in await lacking(stores.acts, settings):
            if one.stops:
                raise MaterialError(one.sentence)
            log.warning("config.warning", detail=one.sentence)
        await note_effective(
            stores.acts, acting, settings, evidence=keys.signer().certificate, log=keys.note_signers()[0].key
        )
        cursors = Cursors(await stores.ledger.secret(KEY_NAME))
        publisher = Publisher(ledger=stores.ledger, signers=keys.note_signers, clock=now, metrics=metrics)
        if (ahead := await publisher.ahead()) > CLOCK_SLACK:
            log.critical("clock.behind", seconds=round(ahead.total_seconds()))
        authorities = tuple(one.name for one in settings.timestamps)
        proofs = Proofs(
            ledger=stores.ledger, publisher=publisher, authorities=authorities, successions=keys.successions
        )
        kept = retaining(
            settings,
            stores,
            keys.sealer,
            directory=watch.view,
            trust=trust.store,
            clock=now,
            running=time.monotonic,
            new_id=new_id,
            workers=workers,
            owned=owned,
            metrics=metrics,
        )
        means = Means(
            settings=settings,
            stores=stores,
            watch=watch,
            admission=admission,
            cursors=cursors,
            certificates=keys.published,
            trust=trust.store,
            policy=policy,
            revoking=asked,
            workers=workers,
            turns=turns,
            shares=shares,
            owned=owned,
            metrics=metrics,
            attestor=attestor,
            changes=changes,
            mover=mover,
            expiring=expiring,
            proofs=proofs,
            trees=trees_of(stores),
            retaining=kept,
            clock=now,
            new_id=new_id,
        )
        held_back = HeldBack(clock=now, metrics=metrics)

        # 5.
        watches = Watches(most=settings.server.watches, most_each=settings.server.watches_per_agency)
        boundary = Boundary(
            admission=admission,
            metrics=metrics,
            new_id=new_id,
            watches=watches,
            tracer=tracer,
            shares=shares,
            held_back=held_back,
        )
        server, port = make_server(
            door_of(settings, keys, shared), services(means), boundary=boundary, lamp=lamp
        )

        # 6.
        metrics_address = exported(metrics, settings.metrics.listen, stack)
        prober = Prober(
            stores=stores, show=lamp.show, metrics=metrics, certificates=keys.certificates, clock=now
        )
        await prober.probe()
        background = await stack.enter_async_context(
            going_on(
                (
                    Work("directory", partial(watch.follow, DIRECTORY_SECONDS)),
                    Work("keys", partial(keys.follow, TRUST_SECONDS)),
                    Work("trust", partial(trust.follow, TRUST_SECONDS, reload or asyncio.Event())),
                    Work("probe", partial(prober.follow, settings.server.probe_seconds)),
                    Work("limits", partial(held_back.follow, LIMITS_SECONDS)),
                    Work("deadlines", partial(expiring.follow, DEADLINE_SECONDS)),
                    Work("changes", lambda: changes.follow(stores.hints.news())),
                    Work("checkpoints", partial(publisher.follow, settings.transparency.publish_seconds)),
                    Work("revocation", partial(asked.asking.follow, REVOCATION_SECONDS)),
                    Work("certificates' ends", partial(expiry.follow, LOOK_SECONDS)),
                    *vouching(
                        settings, stores.ledger, clock=now, metrics=metrics, judging=judging, stack=stack
                    ),
                    *tending(settings, stores, keys, clock=now, new_id=new_id, metrics=metrics),
                    *kept.works,
                    *renewal(settings, stores, metrics, now, judging, stack),
                    *growth(settings, stores, metrics, now, judging, stack),
                )
            )
        )

        # 7.
        log_address = await shown(proofs, settings.transparency.listen, stack, shared=shared)
        await server.start()
        stack.push_async_callback(server.stop, settings.server.shutdown_grace_seconds)
        stack.callback(watches.end)
        stack.push_async_callback(lamp.shut)
        yield Axis(
            address=settings.server.listen._replace(port=port),
            metrics_address=metrics_address,
            log_address=log_address,
            background=background,
        )
