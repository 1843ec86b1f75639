"""`python -m benchmarks.chaos`: runs chaos, has the checker judge it, and writes the report."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.chaos import sealing_off
from benchmarks.chaos.checking import check
from benchmarks.chaos.recorded import Recorded
from benchmarks.chaos.report import page, result
from benchmarks.subjects import ROOT

RESULTS = ROOT / "benchmarks" / "results"
SHOWN = 20
"""Breaches that are printed; the file has a hundred."""


def main() -> None:
    given = _arguments()
    if sealing_off.is_inside():
        from benchmarks.chaos.run import Plan, brief, run

        plan = (brief if given.brief else Plan)(minutes=given.minutes, seed=given.seed)
        run(given.disk, given.record, plan)
        os._exit(0)  # the kernel ends the rest; threads that carry packets wait for nothing else
    if (reason := sealing_off.lacking()) is not None:
        sys.exit(f"no chaos here: {reason}")
    with ExitStack() as stack:
        disk = stack.enter_context(tempfile.TemporaryDirectory(prefix="axc-"))
        record = given.record or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        record.mkdir(exist_ok=True)
        options = ["--minutes", str(given.minutes), "--seed", str(given.seed), "--disk", disk]
        options += ["--record", str(record), *(["--brief"] if given.brief else [])]
        if (code := sealing_off.sealed_off("benchmarks.chaos", options)) != 0:
            sys.exit(code)
        sys.exit(_judge(given, record))


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    arguments.add_argument(
        "--minutes", type=float, default=8.0, help="of faults; starting and reading beside"
    )
    arguments.add_argument("--seed", type=int, default=1, help="draws the faults and what agencies do")
    arguments.add_argument("--brief", action="store_true", help="two nodes, no S3 store, short deadlines")
    arguments.add_argument("--record", type=Path, help="an empty directory that keeps what is judged")
    arguments.add_argument("--results", type=Path, default=RESULTS, help="where the report is written")
    arguments.add_argument("--disk", type=Path, help=argparse.SUPPRESS)
    return arguments.parse_args()


def _judge(given: argparse.Namespace, record: Path) -> int:
    """Judges, prints and writes; returns the exit code."""
    recorded = Recorded.load(record)
    breaches = list(check(recorded))
    facts = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "minutes": given.minutes,
        "seed": given.seed,
        **json.loads((record / "scale.json").read_text()),
    }
    told = result(recorded, breaches, facts)
    (given.results / "chaos.json").write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    (given.results / "chaos.md").write_text(page(told))
    print(page(told))
    for one in breaches[:SHOWN]:
        print(f"  {one.rule}: {one.where}: {one.what[:600]}")
    return bool(breaches)


if __name__ == "__main__":
    main()
