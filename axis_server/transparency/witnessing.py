"""Asking witnesses to cosign what the log signed: in the background, so that none of them holds us up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from axis_server.background import Pause, stepping
from axis_server.fetching import Declined, FetchError, http_witness
from axis_server.limits.tasks import in_worker
from axis_server.metrics import Metrics
from signing.log import (
    NotProven,
    SignedNote,
    VerifierKey,
    consistency_nodes,
    consistency_proof,
    read_answer,
    read_note,
    write_request,
)
from storage.errors import NotFound
from storage.ledger.base import Log
from storage.ledger.records import SignedCheckpoint

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds after which a witness that was away is tried again, at the least and at the most."""
_CONFLICT, _UNPROVEN = 409, 422


class Contradicted(Exception):
    """A witness has seen another history of the log than the ledger holds: an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One witness, and where it answers."""

    key: VerifierKey
    url: str


class Witnessing:
    """Has each new checkpoint cosigned by everybody who can be reached, and keeps what they sign."""

    def __init__(
        self,
        *,
        ledger: Log,
        witnesses: Sequence[Witness],
        workers: Executor,
        clock: Callable[[], datetime],
        metrics: Metrics,
    ) -> None:
        """`workers` are threads for waiting on witnesses alone."""
        self._ledger = ledger
        self._workers = workers
        self._metrics = metrics
        self._asked = [_Asked(witness, clock, metrics) for witness in witnesses]

    async def follow(self, interval: float) -> None:
        """Looks for a new checkpoint every `interval` seconds, for ever."""
        await stepping(self.round, interval, away=partial(log.warning, "log.unavailable"))

    async def round(self) -> None:
        """Asks every witness that has not cosigned the newest checkpoint and is not left alone for now, all
        at once, so that one checkpoint gathers them. Raises `Unavailable`."""
        try:
            newest = await self._ledger.checkpoint()
        except NotFound:
            return
        signed = {_signer(line) for line in newest.cosignatures}
        await asyncio.gather(*(self._ask(one, newest) for one in self._asked if one.wants(newest, signed)))

    async def _ask(self, asked: _Asked, newest: SignedCheckpoint) -> None:
        name = asked.witness.key.name
        try:
            for line in await self._cosigned(asked, newest):
                await self._ledger.cosign(newest.size, name, line.encode())
        except (FetchError, NotProven) as trouble:
            pause = asked.failed()
            log.warning("witness.failed", witness=name, detail=str(trouble), pause=round(pause, 1))
        except (Contradicted, NotFound) as alarm:
            asked.failed()
            self._metrics.witness_sound.labels(name).set(0)
            log.critical("witness.contradicts", witness=name, detail=str(alarm))
        else:
            asked.answered(newest)

    async def _cosigned(self, asked: _Asked, newest: SignedCheckpoint) -> list[str]:
        """Returns the witness's lines, checked. It says itself from which size it goes on.

        Raises `FetchError`, `NotProven`, `Contradicted`, and `NotFound` when the ledger has lost what was
        signed.
        """
        note = read_note(newest.note)
        try:
            answer = await self._post(asked, note, newest.size)
        except Declined as declined:
            if declined.status == _UNPROVEN:
                raise Contradicted(
                    f"{newest.size} leaves do not begin with the {asked.size} it cosigned"
                ) from declined
            asked.size = await self._size_told(declined, newest)
            try:
                answer = await self._post(asked, note, newest.size)
            except Declined as again:
                if again.status == _CONFLICT and _number(again.body) != asked.size:
                    raise  # somebody else, another node, was faster
                raise Contradicted(f"it refuses {newest.size} leaves ({again}) after {asked.size}") from again
        return [line.line() for line in read_answer(answer, note, [asked.witness.key])]

    async def _post(self, asked: _Asked, note: SignedNote, size: int) -> bytes:
        old = min(asked.size, size)
        hashes = await self._ledger.nodes(consistency_nodes(old, size))
        request = write_request(old, consistency_proof(old, size, lambda _: hashes), note)
        return await in_worker(self._workers, http_witness.cosignatures, asked.witness.url, request)

    async def _size_told(self, declined: Declined, newest: SignedCheckpoint) -> int:
        """Returns the size from which the witness goes on. Raises what it answered otherwise, `Contradicted`
        when it has cosigned more than the ledger holds, or something else of the same size."""
        size = _number(declined.body) if declined.status == _CONFLICT else None
        if size is None:
            raise declined
        if size > newest.size and size > (await self._ledger.checkpoint()).size:
            raise Contradicted(f"it cosigned {size} leaves, and the ledger shows {newest.size}")
        if size > newest.size:
            raise declined  # there is a newer one than we asked for
        return size


class _Asked:
    """What is known of a witness, in this process."""

    def __init__(self, witness: Witness, clock: Callable[[], datetime], metrics: Metrics) -> None:
        self.witness = witness
        self.size = 0
        """That it cosigned last, as far as we know; it corrects us."""
        self._clock = clock
        self._pause = Pause(first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        self._behind_since: datetime | None = None
        self._lag = metrics.witness_lag_seconds.labels(witness.key.name)
        self._sound = metrics.witness_sound.labels(witness.key.name)
        self._lag.set(0)
        self._sound.set(1)

    def wants(self, newest: SignedCheckpoint, signed: set[str]) -> bool:
        """Whether it is to be asked now; notes for how long it has been behind."""
        now = self._clock()
        if self.witness.key.name in signed:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = min(newest.at, now)
        since = self._behind_since
        self._lag.set(0 if since is None else (now - since).total_seconds())
        return since is not None and self._pause.over(now)

    def failed(self) -> float:
        """Leaves it alone for a while, each time longer; returns the seconds."""
        return self._pause.begin(self._clock())

    def answered(self, newest: SignedCheckpoint) -> None:
        self.size = newest.size
        self._behind_since = None
        self._lag.set(0)
        self._sound.set(1)
        self._pause.end()


def _number(body: bytes) -> int | None:
    """Reads the body of a 409: the size in one line."""
    text = body.decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= 19 else None


def _signer(line: bytes) -> str:
    """The name in a signature line."""
    return line.decode().split(" ")[1]
