"""Measures what machines must have, prints it, and writes results/sizing.json; at most ten minutes.

python -m benchmarks.sizing [--mode embedded] [--short] [--into FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import grpc

from benchmarks.sizing import engines, machine
from benchmarks.sizing.plan import MODES, SHORT, WHOLE, Plan
from benchmarks.sizing.run import measured
from benchmarks.sizing.site import Figures
from benchmarks.subjects import ROOT

KEPT = ROOT / "benchmarks" / "results" / "sizing.json"
ATTEMPTS = 3


def run(modes: list[str], plans: Mapping[str, Plan], share: float) -> dict[str, object]:
    """Measures those modes that this machine can have; `share` is how much of the whole is done."""
    facts, before, began = machine.facts(), machine.load(), time.perf_counter()
    figures: dict[str, Mapping[str, float]] = {}
    absent: dict[str, list[str]] = {}
    again: dict[str, int] = {}
    for mode in modes:
        if missing := engines.lacking(mode):
            absent[mode] = missing
        else:
            figures[mode], again[mode] = _until_measured(mode, plans[mode])
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "share_of_the_whole": share,
        "seconds": round(time.perf_counter() - began),
        "machine": facts | {"load_at_the_start": before, "load_at_the_end": machine.load()},
        "absent": absent,
        "begun_again": again,
        "figures": {
            mode: {name: rounded(value) for name, value in of.items()} for mode, of in figures.items()
        },
    }


def _until_measured(mode: str, plan: Plan) -> tuple[Figures, int]:
    """Measures a mode; where the axis went away meanwhile, anew. Returns how often that was."""
    for again in range(ATTEMPTS - 1):
        try:
            return asyncio.run(measured(mode, plan)), again
        except (grpc.aio.AioRpcError, TimeoutError) as gone:
            print(f"{mode}: the axis went away ({gone!r}); once more", file=sys.stderr, flush=True)
    return asyncio.run(measured(mode, plan)), ATTEMPTS - 1


def rounded(value: float) -> float:
    """To four significant digits: a measurement has no more."""
    return float(f"{value:.4g}")


def table(result: dict[str, object]) -> str:
    figures: dict[str, dict[str, float]] = result["figures"]  # type: ignore[assignment]
    names = list(dict.fromkeys(name for of in figures.values() for name in of))
    lines = ["".join((f"{'figure':<40}", *(f"{mode:>14}" for mode in figures)))]
    for name in names:
        values = (f"{of[name]:>14,.4g}" if name in of else f"{'-':>14}" for of in figures.values())
        lines.append("".join((f"{name:<40}", *values)))
    absent: dict[str, list[str]] = result["absent"]  # type: ignore[assignment]
    lines += [f"not measured: {mode}, without {', '.join(missing)}" for mode, missing in absent.items()]
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.sizing", description=__doc__)
    arguments.add_argument("--mode", choices=MODES, action="append", help="only this one")
    arguments.add_argument("--short", action="store_true", help="only show that it runs; no figures")
    arguments.add_argument("--share", type=float, default=1.0, help="of the whole, for a quicker run")
    arguments.add_argument("--into", type=Path, default=KEPT, help="where to write the JSON")
    given = arguments.parse_args()
    plans = SHORT if given.short else {mode: plan.part(given.share) for mode, plan in WHOLE.items()}
    result = run(given.mode or list(MODES), plans, 0.0 if given.short else given.share)
    given.into.write_text(json.dumps(result, indent=2) + "\n")
    print(table(result))


if __name__ == "__main__":
    main()
