"""How long it takes to back up, to restore, to verify and to scrub."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.sizing.engines import Embedded, Engines, Shared
from benchmarks.sizing.offices import Country
from benchmarks.sizing.site import Figures, commanded


async def kept_up(engines: Engines, country: Country) -> Figures:
    """Seconds of each command over what is kept now, starting Python included."""
    config = ("--config", str(country.config))
    figures: Figures = {}
    with tempfile.TemporaryDirectory(prefix="kept-", ignore_cleanup_errors=True) as name:
        room = Path(name)
        match engines:
            case Embedded():
                copy, restored = str(room / "copy"), str(room / "restored")
                figures["backup"] = await commanded(engines, "backup", copy, *config)
                figures["restore"] = await commanded(engines, "restore", copy, "--into", restored)
                shutil.rmtree(copy)
                figures["verify"] = await commanded(engines, "verify-store", "--at", restored, *config)
            case Shared(server=server):
                room.chmod(0o755)
                (room / "data").mkdir()
                began = time.perf_counter()
                with server.standby(room / "data", synchronous=False):
                    figures["backup"] = time.perf_counter() - began
                figures["verify"] = await commanded(engines, "verify-store", *config)
    figures["scrub"] = await commanded(engines, "scrub", *config)
    return figures


def rates(empty: Figures, small: Figures, whole: Figures, dispatches: int, gib: float) -> Figures:
    """What 100,000 dispatches and what a GiB of files add to each command."""
    found: Figures = {}
    for name in empty:
        found[f"{name}_seconds_empty"] = empty[name]
        found[f"{name}_seconds_per_100000"] = max(0.0, small[name] - empty[name]) / dispatches * 100_000
        found[f"{name}_seconds_per_gib"] = max(0.0, whole[name] - small[name]) / gib
    return found
