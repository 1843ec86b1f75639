"""A witness (C2SP tlog-witness): cosigns that a log only ever grew, and remembers what it cosigned last.

    with opened(directory) as kept:
        witness = Witness(signer=signer, logs=[policy], kept=kept, clock=now, tell=print)
        async with serving("127.0.0.1", 9466, witness.answer, bounds=BOUNDS) as port: ...

What it last cosigned of each log is on disk before a cosignature leaves. Losing that would let a log begin a
second history before this witness's eyes, so it is never lost silently: a file that cannot be used stops it.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from axis_client import files
from axis_client.errors import LocalError, explain
from axis_client.locking import Taken, locked
from plainhttp import Bounds, Reply, Request
from signing.log import (
    AddCheckpoint,
    Checkpoint,
    Cosigned,
    LogPolicy,
    NoteSigner,
    NotProven,
    decide,
    read_checkpoint,
    read_note,
    read_request,
    signatures_by,
)
from signing.log.note import LARGEST_NOTE
from signing.log.witness import LARGEST_REQUEST
from signing.verdict import Reason

PATH = "/add-checkpoint"
SIZE_KIND = "text/x.tlog.size"
BOUNDS = Bounds(connections=64, body=LARGEST_REQUEST)
_CONFLICT = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was cosigned last, one file for each log: the note as the log signed it."""

    directory: Path

    def read(self, log: LogPolicy) -> Checkpoint | None:
        """Returns what was cosigned last of a log, None when nothing. Raises `LocalError`
        (`LOG_STATE_UNUSABLE`)."""
        path = self.path(log.origin)
        if not path.exists():
            return None
        content = files.read(path, LARGEST_NOTE)
        try:
            note = read_note(content or b"")
            signatures_by(note, log.keys)
            return read_checkpoint(note.text)
        except NotProven as exc:
            name = files.printable(path)
            raise explain(LocalError, "LOG_STATE_UNUSABLE", f"{name}: {exc.detail}", file=name) from exc

    def swap(self, request: AddCheckpoint) -> None:
        """Puts a checkpoint in the place of the last one, durably. Raises `LocalError`."""
        files.swap(self.path(request.origin), request.note.content())

    def keep_fork(self, request: AddCheckpoint) -> Path:
        """Keeps a note that the log signed beside another of the same size: what it takes to prove that the
        log told two histories. Returns its path. Raises `LocalError`."""
        content = request.note.content()
        digest = hashlib.sha256(request.note.text.encode()).hexdigest()[:16]
        path = self.path(request.origin).with_suffix(f".fork-{request.checkpoint.size}-{digest}")
        files.swap(path, content)
        return path

    def path(self, origin: str) -> Path:
        """Names the file of a log. An origin is anything, so its name is a digest."""
        return self.directory / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.checkpoint"


@contextmanager
def opened(directory: Path) -> Iterator[Kept]:
    """Opens a witness's state for this process alone. Raises `LocalError` (`WITNESS_STATE_IN_USE`)."""
    files.make_directory(directory)
    try:
        with locked(directory / "lock", wait=False):
            yield Kept(directory=directory)
    except Taken as exc:
        raise explain(LocalError, "WITNESS_STATE_IN_USE", files.printable(directory)) from exc


class Witness:
    """Answers `add-checkpoint`."""

    def __init__(
        self,
        *,
        signer: NoteSigner,
        logs: Iterable[LogPolicy],
        kept: Kept,
        clock: Callable[[], datetime],
        tell: Callable[[str], None],
    ) -> None:
        """`tell` is told, in a sentence, when a log told two histories. Raises `LocalError`
        (`LOG_STATE_UNUSABLE`) rather than begin anew."""
        self._signer = signer
        self._logs = {log.origin: log for log in logs}
        self._kept = kept
        self._clock = clock
        self._tell = tell
        self._one = threading.Lock()
        for log in self._logs.values():
            kept.read(log)

    async def answer(self, request: Request) -> Reply:
        """Answers one request over HTTP."""
        if request.path != PATH:
            return Reply(status=404)
        if request.method != "POST":
            return Reply(status=405, headers=(("Allow", "POST"),))
        try:
            asked = read_request(request.body)
        except NotProven as wrong:
            return _refusal(400, wrong.reason, wrong.detail)
        try:
            return await asyncio.to_thread(self.cosign, asked)
        except LocalError as trouble:
            self._tell(str(trouble))
            return Reply(status=500)

    def cosign(self, asked: AddCheckpoint) -> Reply:
        """Decides, one request after the other, and keeps what was decided before it returns. Raises
        `LocalError`, and has cosigned nothing then."""
        with self._one:
            log = self._logs.get(asked.origin)
            latest = self._kept.read(log) if log is not None else None
            at = int(self._clock().timestamp())
            decision = decide(asked, log=log, latest=latest, signer=self._signer, at=at)
            if isinstance(decision, Cosigned):
                if decision.checkpoint != latest:
                    self._kept.swap(asked)
                return Reply(body=decision.signature.line().encode())
            if decision.reason is Reason.LOG_SPLIT_VIEW and decision.status == _CONFLICT:
                fork = self._kept.keep_fork(asked)
                self._tell(
                    f"{decision.reason}: {asked.origin}: {decision.detail}; kept in {files.printable(fork)}"
                )
        if decision.size is not None:
            return Reply(status=decision.status, body=f"{decision.size}\n".encode(), kind=SIZE_KIND)
        return _refusal(decision.status, decision.reason, decision.detail)


def _refusal(status: int, reason: Reason, detail: str) -> Reply:
    return Reply(status=status, body=f"{reason}: {detail}\n".encode())
