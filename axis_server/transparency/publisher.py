"""Signing the log: a checkpoint over what the ledger holds, and never two that disagree."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from axis_server.metrics import Metrics
from axis_server.transparency.patrol import LogBroken, Patrol
from signing.log import (
    Checkpoint,
    CompactRange,
    NoteSigner,
    NotProven,
    consistency_nodes,
    consistency_proof,
    cover,
    read_checkpoint,
    read_note,
    sign_checkpoint,
    verify_consistency_proof,
)
from storage.errors import NotFound, Unavailable
from storage.ledger.base import Log
from storage.ledger.records import SignedCheckpoint

log = structlog.get_logger()

SPACING_SECONDS = 0.1
"""Between two checkpoints at least, however many wait for a proof: one signature serves them all."""


class Publisher:
    """Publishes checkpoints. Any number of nodes may run one: the ledger keeps one checkpoint for each
    size."""

    def __init__(
        self,
        *,
        ledger: Log,
        signers: Callable[[], Sequence[NoteSigner]],
        clock: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        """`signers` are the log's own key, and the next one once it is introduced: both sign."""
        self._ledger = ledger
        self._signers = signers
        self._clock = clock
        self._metrics = metrics
        self._grown = asyncio.Condition()
        self._wanted = asyncio.Event()
        """Somebody waits for a checkpoint."""
        self._seen: SignedCheckpoint | None = None
        """What this process signed or saw last, whatever becomes of the ledger."""
        self._patrol = Patrol(ledger=ledger)

    async def publish(self) -> SignedCheckpoint:
        """Signs the log as it stands, unless that was done, and returns the newest checkpoint.

        Before it signs it proves to itself that the last checkpoint's tree is how this one begins, and that
        of the last one that it remembers. Raises `LogBroken` when it is not, `Unavailable`.
        """
        newest = await self._publish()
        self._metrics.log_size.set(newest.size)
        async with self._grown:
            self._grown.notify_all()
        return newest

    async def _publish(self) -> SignedCheckpoint:
        last = await self._last()
        size = await self._ledger.size()
        known = [one for one in (last, self._seen) if one is not None]
        most = max((one.size for one in known), default=0)
        if size < most:
            raise LogBroken(f"the ledger has {size} leaves, and {most} were signed")
        if last is not None and size == last.size and self._seen is not None and last.note == self._seen.note:
            return last
        tree = await self._tree(size)
        for one in known:
            await self._check(one, tree)
        if last is not None and size == last.size:
            self._seen = last
            return last
        signers = self._signers()
        head = Checkpoint(origin=signers[0].key.name, size=size, root=tree.root())
        note = sign_checkpoint(head, *signers).content()
        newest = await self._ledger.publish(SignedCheckpoint(size=size, note=note, at=self._clock()))
        if newest.note == note:
            self._seen = newest
        return newest

    async def ahead(self) -> timedelta:
        """Returns by how much the newest checkpoint is later than this clock, at least nothing: then this
        clock is wrong, or the one that it was signed by was. Raises `Unavailable`."""
        last = await self._last()
        return max(timedelta(), last.at - self._clock()) if last is not None else timedelta()

    async def covering(self, index: int, seconds: float) -> SignedCheckpoint:
        """Returns the newest checkpoint once it covers the leaf `index`; has one published soon, and waits
        `seconds` at most for that. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds), self._grown:
            while True:
                last = await self._last()
                if last is not None and last.size > index:
                    return last
                self._wanted.set()
                await self._grown.wait()

    async def patrol(self) -> None:
        """Looks at the next piece of the signed tree. Raises `LogBroken`, `Unavailable`."""
        last = await self._last()
        if last is not None:
            await self._patrol.step(last.size)

    async def follow(self, interval: float) -> None:
        """Publishes and patrols every `interval` seconds, and sooner when somebody waits for a proof, for
        ever. What hinders it is an alarm and is tried again: a log that was changed stays unsigned."""
        while True:
            self._wanted.clear()
            try:
                await self.publish()
                await self.patrol()
                self._metrics.log_sound.set(1)
            except Unavailable as trouble:
                log.warning("log.unavailable", detail=str(trouble))
            except LogBroken as broken:
                self._metrics.log_sound.set(0)
                log.critical("log.broken", detail=str(broken))
            await asyncio.sleep(min(interval, SPACING_SECONDS))
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, interval - SPACING_SECONDS)):
                    await self._wanted.wait()

    async def _last(self) -> SignedCheckpoint | None:
        try:
            return await self._ledger.checkpoint()
        except NotFound:
            return None

    async def _tree(self, size: int) -> CompactRange:
        try:
            return CompactRange(size, await self._ledger.nodes(cover(0, size)))
        except NotFound as lost:
            raise LogBroken(f"the tree over {size} leaves has holes: {lost}") from lost

    async def _check(self, last: SignedCheckpoint, tree: CompactRange) -> None:
        """Raises `LogBroken` unless `tree` begins with what `last` says."""
        try:
            before = read_checkpoint(read_note(last.note).text)
            wanted = consistency_nodes(before.size, tree.size)
            hashes = await self._ledger.nodes(wanted)
            proof = consistency_proof(before.size, tree.size, lambda _: hashes)
            verify_consistency_proof(before.size, before.root, tree.size, tree.root(), proof)
        except (NotFound, NotProven) as broken:
            was = f"what was signed at {last.size} leaves is not how the log begins"
            raise LogBroken(f"{was}: {broken}") from broken
