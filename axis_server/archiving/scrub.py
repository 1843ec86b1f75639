"""The archive proves itself: everything that is kept is read again, round after round.

    while (read := await scrub.step()) is not None: ...     # one round, as fast as it goes
    await scrub.follow(bytes_per_second=16 << 20)           # for ever, beside the calls

A round goes, in steps that are kept as they are done:

    1. begin       with the log's newest checkpoint
    2. the log     every evidence and statement is hashed anew and held against its leaf, and the leaves, 256
                   at a time, against the checkpoint's root, once its signature is verified
    3. the files   every archived file is read to its last byte; where there is a replica, both are, and what
                   one lacks is copied from the other
    4. the end     a sealed statement, "N of N", which is a leaf of the log itself

A crash loses one step. Damage is told at once and hinders nothing: the round goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from axis_server.archiving.disposed import rightly_disposed
from axis_server.limits.tasks import in_worker
from axis_server.metrics import Metrics
from signing.log import (
    EMPTY_ROOT,
    Checkpoint,
    LogPolicy,
    Node,
    NotProven,
    inclusion_nodes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    open_checkpoint,
    verify_inclusion_proof,
)
from signing.seal import Sealer
from signing.statements.archive import ArchiveStatement, write
from storage.archive.base import Archive
from storage.archive.replicated import Repaired, ReplicatedArchive
from storage.errors import Corrupt, NotFound, Unavailable
from storage.ledger.base import Log
from storage.ledger.inventory import Inventory, Logged
from storage.ledger.keeping import Keeping
from storage.ledger.records import Evidence, Part
from storage.ledger.rounds import Round, Rounds

log = structlog.get_logger()

EVENT = "ArchiveVerified"
"""Kind of the evidence that a statement is kept as."""
LEAVES = 256
"""Leaves of a step: a complete subtree of height 8."""
DISPATCHES = 8
"""Dispatches of a step."""
TROUBLES_MOST = 1000
"""Damaged things that a round remembers by name."""
PATIENCE_SECONDS = 30.0
"""Between tries, while a store does not answer."""
IDLE_SECONDS = 60.0
"""How often it is asked whether the next round is due."""

Repair = Callable[[str], Awaitable[bool]]
"""Reads a blob in every copy and mends what is lost; True when something was. Raises `NotFound`,
`Corrupt`."""


def mending(archive: ReplicatedArchive) -> Repair:
    """Mends from a replica."""

    async def mend(digest: str) -> bool:
        return await archive.repair(digest) is not Repaired.SOUND

    return mend


class ScrubbedLedger(Inventory, Rounds, Keeping, Log, Protocol):
    """What a scrub asks of the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attesting:
    """In whose name a round's statement is made."""

    issuer_id: str
    sealer: Callable[[], Sealer]
    policy: Callable[[], LogPolicy]
    """The log's own keys."""
    new_id: Callable[[], str]


class Scrub:
    """Goes through everything that is kept."""

    def __init__(
        self,
        *,
        ledger: ScrubbedLedger,
        archive: Archive,
        attesting: Attesting,
        clock: Callable[[], datetime],
        metrics: Metrics,
        every: timedelta,
        repair: Repair | None = None,
        workers: Executor | None = None,
    ) -> None:
        """`every` is how long after the beginning of one round the next one begins."""
        self._ledger = ledger
        self._archive = archive
        self._attesting = attesting
        self._clock = clock
        self._metrics = metrics
        self._every = every
        self._repair = repair
        self._workers = workers
        metrics.archive_sound.set(1)  # until something is found, in the first round too

    async def follow(self, *, bytes_per_second: int) -> None:
        """Goes through everything at this rate, for ever. A store that does not answer is asked again."""
        while True:
            try:
                read = await self.step()
                pause = IDLE_SECONDS if read is None else read / bytes_per_second
            except Unavailable as trouble:
                pause = PATIENCE_SECONDS
                log.warning("scrub.unavailable", detail=str(trouble))
            await asyncio.sleep(pause)

    async def step(self, *, now: bool = False) -> int | None:
        """Does the next step and returns how many bytes it read; None when no round is due, or with `now`
        once a round has ended. Raises `Unavailable`; the step is done again then."""
        last = await self._ledger.round()
        self._show(last)
        if last is None or last.ended_at is not None:
            if not now and last is not None and self._clock() < last.started_at + self._every:
                return None
            return await self._begin(last)
        if last.leaves_after < last.size:
            return await self._leaves(last)
        return await self._blobs(last)

    async def _begin(self, last: Round | None) -> int:
        try:
            size = (await self._ledger.checkpoint()).size
        except NotFound:
            size = 0  # nothing was signed yet
        number = 1 if last is None else last.number + 1
        begun = Round(number=number, started_at=self._clock(), size=size)
        await self._keep(begun)
        log.info("scrub.begun", round=number, leaves=begun.size)
        return 0

    async def _leaves(self, round: Round) -> int:
        """Step 2: holds some leaves against what they stand for and against the signed root."""
        start = round.leaves_after
        count = min(LEAVES - start % LEAVES, round.size - start)
        contents = await self._ledger.logged(start=start, limit=count)
        changed = await in_worker(self._workers, _damaged_leaves, contents, start, count)
        damaged = [await self._named(index) for index in changed]
        head = await self._head(round.size)
        if not damaged and (head is None or not await self._is_signed(contents, head)):
            damaged = [f"log:{start}-{start + count - 1}"]
        for one in damaged:
            self._tell("the log or what a leaf of it stands for was changed or lost", one)
        done = replace(round, leaves_after=start + count, leaves=round.leaves + count)
        await self._keep(_troubled(done, damaged))
        return sum(len(one.content or b"") for one in contents)

    async def _named(self, index: int) -> str:
        """Names a leaf by the evidence or statement that it is of, where that is known still."""
        found = await self._ledger.leaves(start=index, limit=1)
        known = found[0].content_id if found and found[0].index == index else None
        return known or f"leaf:{index}"

    async def _is_signed(self, contents: Sequence[Logged], head: Checkpoint) -> bool:
        """Tells whether these leaves, hashed anew, lead to the signed root. The nodes between them are made
        from them, and those that the ledger keeps must be the same; only what lies beside comes from the
        ledger alone, and a wrong one leads elsewhere."""
        start = contents[0].index
        made = _subtrees(start, [one.hash for one in contents])
        wanted = [node for node in inclusion_nodes(start, head.size) if node not in made]
        try:
            if list(await self._ledger.nodes(list(made))) != list(made.values()):
                return False
            beside = dict(zip(wanted, await self._ledger.nodes(wanted), strict=True)) if wanted else {}
            path = inclusion_proof(start, head.size, lambda nodes: [(beside | made)[node] for node in nodes])
            verify_inclusion_proof(contents[0].hash, start, head.size, head.root, path)
        except (NotFound, NotProven):
            return False
        return True

    async def _head(self, size: int) -> Checkpoint | None:
        """Returns the checkpoint of `size` leaves once its signature is verified; None when that is gone or
        not right."""
        try:
            kept = await self._ledger.checkpoint(over=size)
            head = open_checkpoint(kept.note, self._attesting.policy()).checkpoint
        except (NotFound, NotProven):
            return None
        return head if size == head.size == kept.size else None

    async def _blobs(self, round: Round) -> int:
        """Steps 3 and 4: reads the files of some dispatches; after the last ones, ends the round."""
        found = await self._ledger.entries(after=round.blobs_after, limit=DISPATCHES)
        disposed = await rightly_disposed(self._ledger, found.items)
        parts = [
            (entry.dispatch_id, part)
            for entry in found.items
            if entry.dispatch_id not in disposed
            for part in entry.parts
            if not part.inline
        ]
        repaired, damaged, read = 0, [], 0
        for dispatch_id, part in parts:
            mended = await self._read(dispatch_id, part)
            if mended is None:
                damaged.append(part.sha256)
            repaired += bool(mended)
            read += part.size
        done = replace(
            round,
            blobs_after=found.next,
            blobs=round.blobs + len(parts),
            bytes=round.bytes + read,
            repaired=round.repaired + repaired,
        )
        done = _troubled(done, damaged)
        await (self._keep(done) if found.more else self._end(done))
        return read

    async def _read(self, dispatch_id: str, part: Part) -> bool | None:
        """Reads a file to its end. True when it was mended, None when it is damaged or gone."""
        try:
            if self._repair is not None:
                if mended := await self._repair(part.sha256):
                    log.warning("scrub.repaired", digest=part.sha256, dispatch_id=dispatch_id)
                return mended
            size = 0
            async for chunk in self._archive.get(part.sha256):
                size += len(chunk)
            if size == part.size:
                return False
        except (NotFound, Corrupt):
            self._metrics.archive_corrupt.inc()
        self._tell("an archived file was changed or lost", part.sha256, dispatch_id=dispatch_id)
        return None

    async def _end(self, round: Round) -> None:
        """Step 4."""
        head = await self._head(round.size) if round.size else None
        ended = replace(round, ended_at=self._clock(), statement_id=self._attesting.new_id())
        content = await in_worker(self._workers, self._statement, ended, head)
        assert ended.ended_at is not None
        statement = Evidence(
            evidence_id=ended.statement_id,
            dispatch_id="",
            event=EVENT,
            issued_at=ended.ended_at,
            content=content,
        )
        await self._keep(ended, statement)
        self._show(ended)
        log.info("scrub.ended", round=ended.number, files=ended.blobs, damaged=ended.troubled)

    def _statement(self, round: Round, head: Checkpoint | None) -> bytes:
        assert round.ended_at is not None
        attesting = self._attesting
        statement = ArchiveStatement(
            identifier=round.statement_id,
            issuer_id=attesting.issuer_id,
            round=round.number,
            started_at=round.started_at,
            ended_at=round.ended_at,
            blobs=round.blobs,
            file_bytes=round.bytes,
            repaired=round.repaired,
            origin=attesting.policy().origin,
            size=round.size,
            root=EMPTY_ROOT if head is None else head.root,
            damaged=round.troubles,
            damaged_count=round.troubled,
        )
        return write(statement, attesting.sealer())

    async def _keep(self, round: Round, statement: Evidence | None = None) -> None:
        """Keeps how far it has come. When another process has gone further, what it kept stands."""
        try:
            await self._ledger.keep_round(round, statement)
        except ValueError as overtaken:
            log.info("scrub.overtaken", round=round.number, detail=str(overtaken))

    def _tell(self, what: str, named: str, **more: str) -> None:
        self._metrics.scrub_damaged.inc()
        self._metrics.archive_sound.set(0)
        log.error("scrub.damaged", what=what, named=named, **more)

    def _show(self, last: Round | None) -> None:
        if last is None:
            return
        if last.troubled or last.ended_at is not None:
            self._metrics.archive_sound.set(not last.troubled)
        self._metrics.scrub_round_seconds.set((self._clock() - last.started_at).total_seconds())


def _damaged_leaves(contents: Sequence[Logged], start: int, count: int) -> tuple[int, ...]:
    """Returns the leaves that are missing, or do not hash to what the log says."""
    there = {one.index: one for one in contents}
    sound = {
        index
        for index, one in there.items()
        if one.content is not None and leaf_hash(one.content) == one.hash
    }
    return tuple(index for index in range(start, start + count) if index not in sound)


def _subtrees(start: int, hashes: Sequence[bytes]) -> dict[Node, bytes]:
    """Makes every complete subtree over leaves that begin at `start`, a multiple of `LEAVES`."""
    made: dict[Node, bytes] = {}
    level, first, row = 0, start, list(hashes)
    while row:
        made |= {(level, first + place): one for place, one in enumerate(row)}
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=False)]
        level, first = level + 1, first // 2
    return made


def _troubled(round: Round, damaged: Sequence[str]) -> Round:
    new = [one for one in dict.fromkeys(damaged) if one not in round.troubles]
    return replace(
        round, troubles=(*round.troubles, *new)[:TROUBLES_MOST], troubled=round.troubled + len(new)
    )
