"""`python -m benchmarks.soak`: runs a soak, prints what was kept and what was not, and writes it as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.soak.run import Outcome, Plan, soak
from benchmarks.subjects import ROOT

SHOWN = 20
"""Breaches that are printed; the file has a thousand."""
KEPT = ROOT / "benchmarks" / "results" / "soak.json"


def report(outcome: Outcome) -> str:
    lines = [f"{name:<45}{value:>14,.6g}" for name, value in outcome.figures.items()]
    lines += ["", "what clients were told"]
    lines += [f"  {name:<60}{often:>8,}" for name, often in sorted(outcome.account.tallies.items())]
    rules = Counter(breach.rule for breach in outcome.breaches)
    lines += ["", f"breaches: {len(outcome.breaches)}"]
    lines += [f"  {rule:<60}{often:>8,}" for rule, often in rules.most_common()]
    lines += [f"    {one.rule}: {one.where}: {one.what[:600]}" for one in outcome.breaches[:SHOWN]]
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="make soak", description=__doc__)
    arguments.add_argument("--moves", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--life", type=float, nargs=2, default=(2.0, 5.0), help="seconds between kills")
    arguments.add_argument("--kills", type=int, default=None, help="just so many; then fair weather")
    arguments.add_argument("--output", type=Path, default=KEPT)
    given = arguments.parse_args()
    plan = Plan(moves=given.moves, seed=given.seed, life=tuple(given.life), kills=given.kills)
    with tempfile.TemporaryDirectory() as name:
        outcome = asyncio.run(soak(Path(name), plan))
    result = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "seed": plan.seed,
        "figures": {name: round(value, 1) for name, value in outcome.figures.items()},
        "told": dict(sorted(outcome.account.tallies.items())),
        "breaches": [one._asdict() for one in outcome.breaches[:1000]],
    }
    given.output.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    print(report(outcome))
    sys.exit(bool(outcome.breaches))


if __name__ == "__main__":
    main()
