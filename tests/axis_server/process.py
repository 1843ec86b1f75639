"""An axis as a process of its own, as an operator runs it.

async with started(config) as axis:
    axis.address
    axis.process.send_signal(signal.SIGTERM)
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axis_server.settings import Address, parse_address

ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'proto'}"}
READY = "listening on "
PATIENCE = 60.0
"""Seconds for anything that a process must do: far more than a loaded machine needs."""


@dataclass(slots=True, kw_only=True)
class Running:
    """The process, where it listens, and what it logged."""

    process: asyncio.subprocess.Process
    address: Address
    log: list[str] = field(default_factory=list)

    async def ended(self) -> int:
        """Waits for its end and returns its exit code."""
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


@asynccontextmanager
async def started(config: Path, *options: str) -> AsyncIterator[Running]:
    """Runs `axis-server run` with `options` until the block ends; what still runs then is killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "axis_server", "run", "--config", str(config), *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
        cwd=ROOT,
    )
    assert process.stdout is not None
    log: list[str] = []
    reading = asyncio.create_task(_read(process, log))
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
        assert line.startswith(READY), "\n".join((line, *log))
        yield Running(process=process, address=parse_address(line.removeprefix(READY).strip()), log=log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


async def _read(process: asyncio.subprocess.Process, log: list[str]) -> None:
    assert process.stderr is not None
    async for line in process.stderr:
        log.append(line.decode())
