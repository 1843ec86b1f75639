"""What befalls the axis and the lines to it: kill -9, another clock in the next life, connections cut."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.subjects import ROOT, Subject, await_address

OFFSETS = (0, 0, 0, 4, 30, 300, 1500, 9000, -120)
"""Seconds by which the axis's clock differs from the clients', by life: forward and back again. It may be
behind by less than what a seal may be ahead (five minutes)."""


def faketime_library() -> str:
    """The path of libfaketime, as the `faketime` command preloads it. Raises `RuntimeError` where it is not
    installed."""
    command = shutil.which("faketime")
    if command is None:
        raise RuntimeError("faketime is not installed (apt-get install faketime): no clock can jump")
    shown = subprocess.run([command, "-m", "-f", "+1s", "env"], capture_output=True, text=True, check=True)
    (preload,) = (line for line in shown.stdout.splitlines() if line.startswith("LD_PRELOAD="))
    return preload.removeprefix("LD_PRELOAD=")


@dataclass(slots=True, kw_only=True)
class Axis:
    """An axis process on a fixed port that is killed and started again, each time with the clock that it is
    given."""

    config: Path
    address: str
    library: str
    """libfaketime."""
    process: subprocess.Popen[str] | None = None
    offset: int = 0
    lives: int = 0
    backward: int = 0
    """Lives whose clock was behind the one before."""
    cpu_seconds: float = 0.0
    """Of all lives that are over."""
    died: list[int] = field(default_factory=list)
    """How each process ended that nobody killed: its exit status, or minus its signal."""

    async def start(self, offset: int = 0) -> None:
        """Starts it with a clock that is `offset` seconds ahead."""
        surroundings = dict(os.environ)
        if offset:
            surroundings |= {
                "LD_PRELOAD": self.library,
                "FAKETIME": f"{offset:+d}s",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "NO_FAKE_STAT": "1",
            }
        command = [sys.executable, "-m", "axis_server", "run", "--config", str(self.config)]
        with (self.config.parent / "axis.log").open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, env=surroundings
            )
        await asyncio.to_thread(await_address, self.process)
        self.lives += 1
        self.backward += offset < self.offset
        self.offset = offset

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process is None:
            return
        if self.process.returncode is None:  # else nothing is left to ask
            self.cpu_seconds += self._subject().cpu_seconds()
        if (status := self.process.poll()) is not None:
            self.died.append(status)
        self.process.send_signal(how)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None

    async def condition(self) -> str:
        """Says what the process does: how it ended, or where its threads are; and the last that it wrote."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGUSR1)
            await asyncio.sleep(2)
        said = (self.config.parent / "axis.log").read_text(errors="replace")
        return f"exit status {self.process.poll()}, a clock {self.offset} s ahead\n{said[-20_000:]}"

    def resident_bytes(self) -> int:
        return self._subject().resident_bytes()

    def _subject(self) -> Subject:
        assert self.process is not None
        return Subject(name="axis", address=self.address, pid=self.process.pid)


class Line:
    """A TCP line to the axis that can be cut, with everything that is on the way."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._ends: set[asyncio.StreamWriter] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.cuts = 0

    async def open(self) -> str:
        """Returns the address to call."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        return f"{host}:{port}"

    def cut(self) -> None:
        self.cuts += bool(self._ends)
        for end in self._ends:
            end.transport.abort()

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        if self._running:
            await asyncio.wait(self._running)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            there, back = await asyncio.open_connection(self._host, self._port)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, back}
        try:
            await asyncio.gather(_pass(reader, back), _pass(there, writer))
        finally:
            self._ends -= {writer, back}


async def _pass(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(1 << 16):
            sink.write(chunk)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.transport.abort()


@dataclass(slots=True, kw_only=True)
class Weather:
    """Troubles, one after the other."""

    axis: Axis
    line: Line
    dice: random.Random
    life: tuple[float, float]
    """Shortest and longest life of the axis, seconds."""
    kills: int = 0
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def rage(self, kills_most: int | None = None) -> None:
        """Goes on until `calm`, or until it has killed so often."""
        while not self._stop.is_set() and (kills_most is None or self.kills < kills_most):
            left = self.dice.uniform(*self.life)
            first = self.dice.uniform(0, left)
            if await self._stopped(first):
                return
            self.line.cut()
            if await self._stopped(left - first):
                return
            self.axis.end()
            self.kills += 1
            await self.axis.start(self.dice.choice(OFFSETS))

    def calm(self) -> None:
        self._stop.set()

    async def _stopped(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return False
        return True
