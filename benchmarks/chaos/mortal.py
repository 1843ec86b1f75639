"""`python -m benchmarks.chaos.mortal run --config axis.toml`: `axis-server`, but it dies when told to.

A file beside the configuration says at which step: `ledger.commit after`. The step is a call of a store, as
`storage.faults` names them, and `before` and `after` are before and after it took effect. The process kills
itself there with SIGKILL: nothing is flushed, nobody is told.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from storage.faults import Faults, FaultyArchive, FaultyLedger

if TYPE_CHECKING:
    from axis_server.stores import Stores

ORDERS = "die"
"""The file's name."""


class Mortal(Faults):
    """Kills this process at the step that the file names, as soon as that is reached."""

    def __init__(self, orders: Path) -> None:
        super().__init__()
        self._orders = orders

    def begin(self, name: str) -> bool:
        """Notes no calls: there is no end of them."""
        try:
            step, when = self._orders.read_text().split()
        except (FileNotFoundError, ValueError):
            return False
        if step != name:
            return False
        if when == "before":
            self._die()
        return True

    async def before(self) -> None:
        return None

    async def after(self) -> None:
        self._die()

    def _die(self) -> None:
        self._orders.unlink(missing_ok=True)
        os.kill(os.getpid(), signal.SIGKILL)


@asynccontextmanager
async def mortal(*arguments: Any, **options: Any) -> AsyncIterator[Stores]:
    """Opens the stores as `axis_server.stores.opened` does; each call of them may be the last."""
    from axis_server.stores import opened

    faults = Mortal(Path(sys.argv[sys.argv.index("--config") + 1]).parent / ORDERS)
    async with opened(*arguments, **options) as stores:
        archive = cast("Any", FaultyArchive(stores.archive, faults))
        ledger = cast("Any", FaultyLedger(stores.ledger, faults))
        yield replace(stores, archive=archive, ledger=ledger)


def main() -> None:
    """Runs `axis-server`. Under libfaketime every `time.sleep` fails with EINVAL where the monotonic clock is
    left true, so threads sleep otherwise here; set before the axis is imported, which keeps the function."""
    vars(time)["sleep"] = lambda seconds: select.select([], [], [], seconds)
    from axis_server import app, cli

    vars(app)["opened"] = mortal
    cli.main()


if __name__ == "__main__":
    main()
