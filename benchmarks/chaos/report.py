"""What is printed and committed of a run: counts, times and the verdict, all made from the record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from benchmarks.chaos.recorded import Line, Recorded, account, later
from benchmarks.judging.judge import Breach

KEPT_BREACHES = 100
Result = dict[str, Any]


def result(recorded: Recorded, breaches: Sequence[Breach], facts: Result) -> Result:
    """Everything, for the JSON file."""
    seen = account(recorded)
    calls = [call for _, call in recorded.lines("call")]
    packages = [given for given in seen.given.values() if given.kind is not None]
    dispatches = [sent for outbox in recorded.dump["sent"].values() for sent in outbox]
    events = recorded.dump["events"].values()
    shown = recorded.lines("checkpoint")
    return facts | {
        "figures": {
            "documents meant to be sent": len(packages),
            "submissions answered": sum(len(given.answers) for given in packages),
            "documents accepted": sum(bool(given.accepted) for given in packages),
            "deliveries": sum(len(sent[4]) for sent in dispatches),
            "moves (events of all agencies)": sum(map(len, events)),
            "evidence": sum(len(sent[5]) for sent in dispatches),
            "evidence whose seal libxmlsec1 checked": recorded.dump["verified"],
            "parts read back whole in the end": len(recorded.dump["fetched"]),
            "leaves of the log": len(recorded.leaves()),
            "checkpoints that clients were shown": len({one["note"] for _, one in shown}),
            "calls": len(calls),
            "calls answered": sum(call["code"] == "OK" for call in calls),
            "calls to be tried later": sum(call["code"] != "OK" and later(call) for call in calls),
        },
        "longest outage seen by a client, seconds": round(max(outages(recorded).values(), default=0.0), 1),
        "served again after the last fault, seconds": round(_again(recorded), 1),
        "faults": _faults(recorded.faults),
        "answers": dict(sorted(Counter(map(_answer, calls)).items())),
        "breaches": [one._asdict() for one in breaches[:KEPT_BREACHES]],
        "verdict": "kept its word" if not breaches else f"{len(breaches)} breaches",
    }


def outages(recorded: Recorded) -> dict[str, float]:
    """By agency: the longest time from the beginning of a call that failed to the next that was answered.
    Streams do not count: they end by themselves."""
    longest: dict[str, float] = {}
    for who, lines in recorded.histories.items():
        since: float | None = None
        ended = sorted(
            (line for line in lines if line["act"] == "call" and line["rpc"] not in ("WatchEvents",)),
            key=lambda line: line["ended"],
        )
        for call in ended:
            if call["code"] == "OK" and since is not None:
                longest[who] = max(longest.get(who, 0.0), call["ended"] - since)
                since = None
            elif call["code"] not in ("OK", "GAVE_UP") and later(call) and since is None:
                since = call["began"]
    return longest


def _again(recorded: Recorded) -> float:
    first = [
        min(
            (
                line["ended"] - recorded.calm
                for line in lines
                if line["act"] == "call"
                and line["rpc"] == "Submit"
                and line["code"] == "OK"
                and line["ended"] > recorded.calm
            ),
            default=float("inf"),
        )
        for lines in recorded.histories.values()
    ]
    return max(first, default=float("inf"))


def _faults(faults: Sequence[Line]) -> Result:
    by_kind: dict[str, list[Line]] = defaultdict(list)
    for fault in faults:
        by_kind[fault["kind"]].append(fault)
    return {
        kind: {
            "times": len(some),
            "longest, seconds": round(max(one["whole"] - one["began"] for one in some), 1),
            "what": sorted({one["where"] for one in some}),
        }
        for kind, some in sorted(by_kind.items())
    }


def _answer(call: Line) -> str:
    if call["code"] in ("OK", "GAVE_UP"):
        return str(call["code"])
    return f"{call['code']} {call['reason'] or '(no answer of the axis: the line broke)'}"


def page(told: Result) -> str:
    """The report for people, in Markdown."""
    lines = [
        "# Chaos: what the axis did while things broke",
        "",
        f"Made by `make chaos` at {told['measured_at']}: {told['minutes']:g} minutes of faults, seed"
        f" {told['seed']}, {told['nodes']} nodes, {told['agencies']} agencies. Every number here is its own.",
        "",
        f"**Verdict of the checker: {told['verdict']}.** Longest outage that a client saw:"
        f" {told['longest outage seen by a client, seconds']} s. All were served again"
        f" {told['served again after the last fault, seconds']} s after the last fault.",
        "",
        "| what | how often |",
        "|---|---:|",
        *(f"| {name} | {count:,} |" for name, count in told["figures"].items()),
        "",
        "| fault | times | longest until whole, s | where |",
        "|---|---:|---:|---|",
        *(
            f"| {kind} | {one['times']} | {one['longest, seconds']} | {', '.join(one['what'])} |"
            for kind, one in told["faults"].items()
        ),
        "",
        "| answer | calls |",
        "|---|---:|",
        *(f"| {answer} | {count:,} |" for answer, count in told["answers"].items()),
        "",
        "| packets between hosts | how many |",
        "|---|---:|",
        *(f"| {name} | {count:,} |" for name, count in told["packets"].items()),
    ]
    rules = Counter(one["rule"] for one in told["breaches"])
    if rules:
        lines += ["", "| breach | times |", "|---|---:|"]
        lines += [f"| {rule} | {count} |" for rule, count in rules.most_common()]
    return "\n".join(lines) + "\n"
