"""`make bench`: figures 1 and 3 of the goals, printed as a table, written as JSON, held against the
baseline."""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc

from benchmarks.load import Round, drive, packages
from benchmarks.rsa import rsa_signer
from benchmarks.subjects import ROOT, SENDER, Subject, axis, floor, make_world, operate, running

SAMPLE = ROOT / "tests" / "samples" / "package-new.edxml"
RESULTS = ROOT / "benchmarks" / "results"
IN_FLIGHT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One server in one round."""

    cpu_ms: float
    """Server CPU milliseconds per submission."""
    rate: float
    """Accepted submissions per second."""
    p99_ms: float


def measure(subject: Subject, profile: Path, bodies: list[bytes]) -> Measured:
    before = subject.cpu_seconds()
    seen: Round = asyncio.run(drive(subject.address, profile, bodies, IN_FLIGHT))
    cpu = subject.cpu_seconds() - before
    return Measured(
        cpu_ms=1000 * cpu / seen.accepted,
        rate=seen.accepted / seen.seconds,
        p99_ms=1000 * statistics.quantiles(seen.latencies, n=100)[98],
    )


def median(rounds: list[Measured], figure: str) -> float:
    return statistics.median(getattr(one, figure) for one in rounds)


def run(rounds: int, count: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as name:
        world = make_world(Path(name))
        signer = rsa_signer(world.directory / "axis" / "ca", SENDER, world.sender)
        seal = ("--certificate", str(world.sender / "seal.pem"), "--seal-only", "--config", str(world.config))
        operate("agency", "certificate", "add", SENDER, *seal)
        sample = SAMPLE.read_bytes()
        seen: dict[str, list[Measured]] = {"floor": [], "axis": []}
        with (
            running("floor", floor(world), world.directory / "floor.log") as bare,
            running("axis", axis(world), world.directory / "axis.log") as real,
        ):
            for number in range(rounds + 1):  # the first warms both up and is not counted
                bodies = packages(sample, signer, datetime.now(UTC), count, f"{number}0")
                for subject in (bare, real) if number % 2 else (real, bare):
                    result = measure(subject, world.sender, bodies)
                    if number:
                        seen[subject.name].append(result)
        figures = {
            f"{who}_{figure}": median(seen[who], figure)
            for who in seen
            for figure in ("cpu_ms", "rate", "p99_ms")
        }
        figures["cpu_ratio"] = figures["axis_cpu_ms"] / figures["floor_cpu_ms"]
        figures["rate_ratio"] = figures["axis_rate"] / figures["floor_rate"]
        return {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "grpcio": grpc.__version__,
            "package_bytes": len(packages(sample, signer, datetime.now(UTC), 1, "1")[0]),
            "seal_algorithm": signer.algorithm.rsplit("#", 1)[-1],
            "rounds": rounds,
            "submissions_a_round": count,
            "in_flight": IN_FLIGHT,
            "figures": {name: round(value, 3) for name, value in figures.items()},
        }


def table(result: dict[str, object], baseline: dict[str, object] | None) -> str:
    figures: dict[str, float] = result["figures"]  # type: ignore[assignment]
    before: dict[str, float] = baseline["figures"] if baseline else {}  # type: ignore[assignment]
    rows = [
        ("1  server CPU per dispatch / floor", "cpu_ratio", "<= 1.5"),
        ("3  dispatches per second / floor, 64 in flight", "rate_ratio", ">= 0.6"),
        ("   axis: CPU ms per dispatch", "axis_cpu_ms", ""),
        ("   floor: CPU ms per dispatch", "floor_cpu_ms", ""),
        ("   axis: dispatches per second", "axis_rate", ""),
        ("   floor: answers per second", "floor_rate", ""),
        ("   axis: p99 at full load, ms", "axis_p99_ms", ""),
    ]
    lines = [f"{'figure':<50}{'now':>10}{'baseline':>10}  goal"]
    for label, name, goal in rows:
        earlier = f"{before[name]:.2f}" if name in before else "-"
        lines.append(f"{label:<50}{figures[name]:>10.2f}{earlier:>10}  {goal}")
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="make bench", description=__doc__)
    arguments.add_argument(
        "--rounds", type=int, default=5, help="alternating rounds that count (at least 5 for a figure)"
    )
    arguments.add_argument("--count", type=int, default=1000, help="submissions a round")
    arguments.add_argument("--baseline", action="store_true", help="keep this run as the committed baseline")
    given = arguments.parse_args()
    kept = RESULTS / "baseline.json"
    baseline = json.loads(kept.read_text()) if kept.exists() else None
    result = run(given.rounds, given.count)
    RESULTS.mkdir(exist_ok=True)
    (kept if given.baseline else RESULTS / "latest.json").write_text(json.dumps(result, indent=2) + "\n")
    print(table(result, baseline))


if __name__ == "__main__":
    main()
