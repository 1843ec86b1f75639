"""From a command to an open client, and back to an exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from axis_client.cli.terminal import Terminal
from axis_client.client import AsyncClient, Surroundings
from axis_client.patience import Patience
from axis_client.profile import Profile

CLERK_PATIENCE = Patience(attempts=5, first=0.4, longest=8.0)
"""A person waits: some seconds of trying, then a plain sentence."""


def with_axis(terminal: Terminal, profile: Path, act: Callable[[AsyncClient], Awaitable[int]]) -> int:
    """Opens the client of a profile, runs `act`, and returns its exit code. Raises `AxisError`."""
    loaded = Profile.load(profile, ask=terminal.ask_password)

    async def connected() -> int:
        async with AsyncClient(loaded, Surroundings(patience=CLERK_PATIENCE)) as client:
            return await act(client)

    return asyncio.run(connected())
