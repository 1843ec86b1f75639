"""From a command to an open client, and back to an exit code."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from axis_client import files
from axis_client.cli.terminal import Terminal
from axis_client.client import AsyncClient
from axis_client.connection import Surroundings
from axis_client.errors import LocalError, TryLater, explain
from axis_client.patience import Patience
from axis_client.profile import Profile

CLERK_PATIENCE = Patience(attempts=5, first=0.4, longest=8.0)
"""A person waits: some seconds of trying, then a plain sentence."""
NOTICEABLE = 1.0
"""Seconds that a person would wonder about."""
LONG = 10.0
"""Seconds that are worth a line where nobody looks on."""


def with_axis(terminal: Terminal, profile: Path, act: Callable[[AsyncClient], Awaitable[int]]) -> int:
    """Opens the client of a profile, runs `act`, and returns its exit code. Raises `AxisError`."""
    if not profile.exists():
        raise _no_profile(profile)
    loaded = Profile.load(profile, ask=terminal.ask_password)
    if terminal.acting_for:
        loaded = replace(loaded, acting_for=terminal.acting_for)

    async def connected() -> int:
        around = Surroundings(patience=CLERK_PATIENCE, waiting=partial(_tell, terminal))
        async with AsyncClient(loaded, around) as client:
            return await act(client)

    return asyncio.run(connected())


def _no_profile(profile: Path) -> LocalError:
    """Who runs the command elsewhere than where the profile lies needs to know what that file is."""
    name = files.printable(profile)
    missing = explain(LocalError, "FILE_MISSING", name, file=name)
    missing.hint = (
        "This file says who you are and how to reach the axis: run the command in its folder, or name it "
        "with --profile or AXIS_PROFILE."
    )
    missing.hint_vi = (
        "Đây là hồ sơ kết nối với trục: chạy lệnh trong thư mục có tệp này, hoặc nêu bằng --profile hay biến "
        "AXIS_PROFILE; nếu chưa có, hỏi cán bộ kỹ thuật."
    )
    return missing


def _tell(terminal: Terminal, error: TryLater, seconds: float) -> None:
    """Tells whoever looks at the screen, or reads what a script noted, why nothing happens."""
    if seconds < (NOTICEABLE if sys.stderr.isatty() else LONG):
        return
    why = terminal.text(error.message_vi, error.message)
    terminal.note(
        terminal.text(
            f"Thử lại sau {seconds:.0f} giây ... [{error.reason}] {why}",
            f"Trying again in {seconds:.0f} s ... [{error.reason}] {why}",
        )
    )
