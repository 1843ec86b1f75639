"""A place that a worker holds: filled when it serves, filled again when it dies, changed without a gap."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

log = structlog.get_logger()

START_SECONDS = 120.0
"""A worker that does not serve by then does not start: an upgrade of the ledger is the longest of it."""
PAUSE_SECONDS = 0.1
"""Before a worker is started again; doubled each time it dies young."""
PAUSE_SECONDS_MOST = 30.0
GROWN_UP_SECONDS = 60.0
"""A worker that lived so long died of something else than its start."""
SERVES = b"listening on "
"""How a worker's only line on standard output begins."""


class WorkerFailed(Exception):
    """A worker ended, or said nothing, before it served. What it had to say stands in the log."""


class Worker:
    """A process that serves, or is about to."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    async def started(cls, command: Sequence[str], environment: Mapping[str, str]) -> Worker:
        """Starts a worker and returns it when it serves. Raises `WorkerFailed`.

        Its standard input is a leash: when the supervisor is gone, however it went, the worker sees it end
        and stops as on SIGTERM. It has a process group of its own, so Ctrl-C reaches the supervisor alone.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            process_group=0,
        )
        worker = cls(process)
        try:
            assert process.stdout is not None
            async with asyncio.timeout(START_SECONDS):
                line = await process.stdout.readline()
            if not line.startswith(SERVES):
                raise WorkerFailed("a worker ended before it served")
        except BaseException as exc:
            await worker.end(0)
            if isinstance(exc, TimeoutError):
                raise WorkerFailed(f"a worker did not serve within {START_SECONDS:g} s") from exc
            raise
        return worker

    async def ended(self) -> int:
        """Waits for its end and returns its exit code; minus the signal that killed it."""
        return await self._process.wait()

    async def end(self, grace: float) -> None:
        """Has it stop, and returns when it is gone; what does not stop within `grace` seconds is killed."""
        with suppress(ProcessLookupError):
            self._process.terminate() if grace else self._process.kill()
        try:
            async with asyncio.timeout(grace or None):
                await self._process.wait()
        except TimeoutError:
            log.error("worker.killed", pid=self.pid, grace=grace)
            self._process.kill()
            await self._process.wait()


class Gone(Protocol):
    """Is told that a worker ended, and whether it died or was asked to."""

    def __call__(self, pid: int, *, died: bool) -> object: ...


class Place:
    """Holds one worker at any time; two while one follows the other."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        grace: float,
        gone: Gone,
    ) -> None:
        """`gone` is told of each worker that ended; `grace` is how long one may take to stop."""
        self._command = command
        self._environment = {**os.environ, **environment}
        self._grace = grace
        self._gone = gone
        self._changing = asyncio.Lock()
        self._worker: Worker | None = None

    @property
    def pid(self) -> int | None:
        """Of the worker that serves; None while there is none."""
        return self._worker.pid if self._worker else None

    async def fill(self) -> None:
        """Starts the first worker. Raises `WorkerFailed`."""
        self._worker = await self._started()

    async def keep(self) -> None:
        """Starts a worker again whenever it dies, for ever: at once, and later and later while they die
        young."""
        loop = asyncio.get_running_loop()
        young, since = 0, loop.time()
        while True:
            worker = self._worker
            code = await worker.ended() if worker else None
            async with self._changing:
                replaced = worker is not self._worker
                if worker is not None:
                    self._gone(worker.pid, died=not replaced)
                if replaced:
                    since = loop.time()
                    continue
                self._worker = None
                young = 0 if loop.time() - since > GROWN_UP_SECONDS else young + 1
                pause = min(PAUSE_SECONDS_MOST, PAUSE_SECONDS * 2.0 ** (young - 1)) if young else 0.0
                log.error("worker.died", pid=worker.pid if worker else None, code=code, pause=pause)
                await asyncio.sleep(pause)
                since = loop.time()
                with suppress(WorkerFailed):
                    self._worker = await self._started()

    async def renew(self) -> None:
        """Has a new worker serve, and then the old one stop. Raises `WorkerFailed`: the old one goes on."""
        async with self._changing:
            fresh = await self._started()
            old, self._worker = self._worker, fresh
        if old is not None:
            await old.end(self._grace)

    async def clear(self) -> None:
        """Has the worker stop; `keep` must have ended."""
        if self._worker is not None:
            await self._worker.end(self._grace)
            self._gone(self._worker.pid, died=False)
            self._worker = None

    async def _started(self) -> Worker:
        worker = await Worker.started(self._command, self._environment)
        log.info("worker.serves", pid=worker.pid)
        return worker
