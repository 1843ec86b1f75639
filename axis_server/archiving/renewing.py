"""Renewing the archive's proofs before what they rest on ends (RFC 4998), in the background.

    task = await renewing.due()         # the next thing to do, or None
    await renewing.do(task)
    await renewing.follow(...)          # for ever, beside the calls

What is new in the log becomes a volume: a hash tree over it, which is time-stamped. Before the authority's
certificate ends, the time-stamp is time-stamped; before the hash algorithm ends, everything is hashed again
by a stronger one. Each step is kept when it is done; a crash loses the block that was being made, and an
authority that is away holds nothing up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

import structlog

from axis_server.archiving.volumes import Paced, RenewedLedger, Trees, unhurried
from axis_server.background import Pause, stepping
from axis_server.metrics import Metrics
from axis_server.transparency.authorities import Authority, NotStamped, Requesting
from signing.renewal import ArchiveTimeStamp, ends, imprint_of, imprint_over
from signing.timestamps import Imprint
from storage.errors import NotFound
from storage.ledger.renewals import LEAVES_MOST, Block, ChainStamp, TreeChain, Volume

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0
"""Seconds after which authorities that were away are tried again."""
PATIENCE_SECONDS = 30.0
"""Between tries, while a store does not answer."""


class Act(StrEnum):
    """What can be due, the most urgent last."""

    COVER = "cover"
    """What is new in the log becomes a volume."""
    HASH_TREE = "hash-tree"
    """A volume is to be hashed again by another algorithm."""
    TIME_STAMP = "timestamp"
    """The last time-stamp of a volume ends."""
    GROW = "grow"
    """A tree is not complete."""
    STAMP = "stamp"
    """A tree is complete and has no time-stamp yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One step that is due."""

    act: Act
    volume: Volume
    """As it stands; for `COVER` as it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When what is due."""

    every: timedelta
    """After a volume began, what is new waits so long for the next one."""
    lead: timedelta
    """How long before its end a time-stamp or an algorithm is replaced."""
    digest: str
    """By which new trees are made."""
    trusted: Mapping[str, datetime]
    """Until when an algorithm is trusted."""


class NothingThere(Exception):
    """A tree has nothing in it that could be time-stamped: all that it covered is gone."""


class Renewing:
    """Does what is due, one step at a time. Any number of nodes may: who is overtaken goes on behind."""

    def __init__(
        self,
        *,
        ledger: RenewedLedger,
        trees: Trees,
        authorities: Sequence[Authority],
        rules: Rules,
        requesting: Requesting,
        metrics: Metrics,
    ) -> None:
        """`authorities` are asked in this order until one answers."""
        self._ledger = ledger
        self._trees = trees
        self._authorities = authorities
        self._rules = rules
        self._requesting = requesting
        self._clock = requesting.clock
        self._metrics = metrics
        self._pause = Pause(first=FIRST_PAUSE, longest=LONGEST_PAUSE)

    async def follow(self, *, paced: Paced, interval: float) -> None:
        """Does what is due, and looks every `interval` seconds, for ever."""
        away = partial(log.warning, "renewal.unavailable")
        patience = min(interval, PATIENCE_SECONDS)
        await stepping(partial(self.step, paced), interval, away=away, patience=patience)

    async def step(self, paced: Paced) -> bool:
        """Does what is due, and tells whether it did. Raises `Unavailable`."""
        try:
            task = await self.due()
            if task is None or not self._pause.over(self._clock()):
                return False
            await self.do(task, paced)
        except (NotStamped, NothingThere) as trouble:
            self._metrics.renewals_failed.inc()
            rest = self._pause.begin(self._clock())
            log.warning("renewal.failed", detail=str(trouble), pause=round(rest, 1))
            return False
        self._pause.end()
        return True

    async def due(self) -> Task | None:
        """Returns the most urgent step, and shows how things stand. Raises `Unavailable`."""
        volumes, now = await self._ledger.volumes(), self._clock()
        tasks = [task for volume in volumes if (task := self._of(volume, now)) is not None]
        self._show(volumes, tasks)
        if tasks:
            return max(tasks, key=lambda task: list(Act).index(task.act))
        last = volumes[-1] if volumes else None
        if last is not None and now < last.chains[0].begun_at + self._rules.every:
            return None
        new = await self.uncovered()
        return None if new is None else Task(act=Act.COVER, volume=new)

    async def uncovered(self) -> Volume | None:
        """Returns the next volume: what a checkpoint covers and no volume does; None when there is
        nothing."""
        volumes = await self._ledger.volumes()
        start = volumes[-1].end if volumes else 0
        try:
            size = (await self._ledger.checkpoint()).size
        except NotFound:
            return None  # nothing was signed yet
        if size <= start:
            return None
        chain = TreeChain(digest=self._rules.digest, begun_at=self._clock())
        end = min(size, start + LEAVES_MOST)
        return Volume(number=len(volumes) + 1, start=start, end=end, chains=(chain,))

    def _of(self, volume: Volume, now: datetime) -> Task | None:
        """What is due for one volume."""
        rules, chain = self._rules, volume.last
        if volume.is_growing:
            return Task(act=Act.GROW, volume=volume)
        if not chain.stamps:
            return Task(act=Act.STAMP, volume=volume)
        end = rules.trusted.get(chain.digest)
        if end is not None and end - now <= rules.lead and self._may_rehash(volume):
            return Task(act=Act.HASH_TREE, volume=volume)
        if chain.stamps[-1].ends_at - now <= rules.lead:
            return Task(act=Act.TIME_STAMP, volume=volume)
        return None

    def _may_rehash(self, volume: Volume) -> bool:
        return self._rules.digest not in {chain.digest for chain in volume.chains}

    async def do(self, task: Task, paced: Paced = unhurried) -> None:
        """Does a step and keeps it. Raises `NotStamped`, `NothingThere`, `Unavailable`; nothing has changed
        then."""
        volume = task.volume
        match task.act:
            case Act.COVER:
                await self._keep(volume)
                log.info("renewal.covered", volume=volume.number, leaves=volume.end - volume.start)
            case Act.HASH_TREE:
                await self.rehash(volume, self._rules.digest)
            case Act.GROW:
                await self._grow(volume, paced)
            case Act.STAMP:
                await self._stamp(volume)
            case Act.TIME_STAMP:
                await self.renew(volume)

    async def rehash(self, volume: Volume, digest: str) -> None:
        """Begins a new chain by another algorithm."""
        chain = TreeChain(digest=digest, begun_at=self._clock())
        await self._keep(replace(volume, chains=(*volume.chains, chain)))
        log.info("renewal.rehashing", volume=volume.number, digest=digest)

    async def _grow(self, volume: Volume, paced: Paced) -> None:
        chain = volume.last
        made = await self._trees.block(volume, chain.blocks, paced)
        grown = replace(
            chain,
            blocks=chain.blocks + 1,
            bytes=chain.bytes + made.bytes,
            troubled=chain.troubled + made.troubled,
        )
        self._metrics.renewal_troubled.inc(made.troubled)
        await self._keep(replace(volume, chains=(*volume.chains[:-1], grown)), made.block)

    async def _stamp(self, volume: Volume) -> None:
        """Has the tree of the last chain time-stamped."""
        top = await self._trees.root(volume)
        if top is None:
            raise NothingThere(f"nothing of volume {volume.number} is left")
        await self._ask(volume, imprint_of(top, volume.last.digest), volume.last.begun_at)

    async def renew(self, volume: Volume, *, anyway: bool = False) -> None:
        """Has the last time-stamp time-stamped; `anyway` also by an authority that ends no later."""
        last = volume.last.stamps[-1]
        before = ArchiveTimeStamp(digest=volume.last.digest, tree=(), token=last.token)
        await self._ask(volume, imprint_over(before), last.at, anyway)

    async def _ask(
        self, volume: Volume, imprint: Imprint, not_before: datetime, anyway: bool = False
    ) -> None:
        """Asks one authority after the other; what is kept ends later than what was there, unless it is
        wanted `anyway`. Raises `NotStamped`."""
        refused = ["no authority is named"]
        for authority in self._authorities:
            try:
                token, stamp = await self._requesting.stamped(authority, imprint, not_before=not_before)
            except NotStamped as trouble:
                refused.append(f"{authority.name}: {trouble}")
                continue
            ends_at = ends(token, stamp, self._rules.trusted)
            before = volume.last.stamps[-1].ends_at if volume.last.stamps and not anyway else stamp.at
            if ends_at <= before:
                refused.append(f"{authority.name}: its time-stamp would end at {ends_at:%Y-%m-%d}")
                continue
            kept = ChainStamp(authority=authority.name, token=token, at=stamp.at, ends_at=ends_at)
            stamped = replace(volume.last, stamps=(*volume.last.stamps, kept))
            await self._keep(replace(volume, chains=(*volume.chains[:-1], stamped)))
            self._metrics.renewals_kept.inc()
            log.info("renewal.kept", volume=volume.number, authority=authority.name, ends=str(ends_at))
            return
        raise NotStamped("; ".join(refused[1:] or refused))

    async def _keep(self, volume: Volume, block: Block | None = None) -> None:
        """Keeps a step. When another process has gone further, what it kept stands."""
        try:
            await self._ledger.keep_volume(volume, block)
        except ValueError as overtaken:
            log.info("renewal.overtaken", volume=volume.number, detail=str(overtaken))

    def _show(self, volumes: Sequence[Volume], tasks: Sequence[Task]) -> None:
        urgent = [task for task in tasks if task.act in (Act.HASH_TREE, Act.TIME_STAMP)]
        rehashing = [task for task in tasks if len(task.volume.chains) > 1 and not task.volume.last.stamps]
        self._metrics.renewal_due.set(len(urgent) + len(rehashing))
        end = min(
            (ends_at(volume, self._rules.trusted) for volume in volumes if proven(volume)), default=None
        )
        self._metrics.renewal_ends.set(0 if end is None else end.timestamp())


def proven(volume: Volume) -> bool:
    """Whether a volume has any time-stamp."""
    return bool(volume.chains[0].stamps)


def ends_at(volume: Volume, trusted: Mapping[str, datetime]) -> datetime:
    """When what proves a volume now ends: with its last time-stamp, or the algorithm of that chain."""
    chain = next(one for one in reversed(volume.chains) if one.stamps)
    end = chain.stamps[-1].ends_at
    return min(end, trusted.get(chain.digest, end))
