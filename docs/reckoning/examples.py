"""The worked examples: what is assumed, and each step of the computation as it stands on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from docs.reckoning.arithmetic import shown, worth
from docs.reckoning.measured import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Somebody who buys machines."""

    name: str
    mode: str
    assumed: Mapping[str, tuple[str, str]]
    """Name -> what it is, and its value as shown."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the computation; names in braces are figures, assumptions and earlier steps."""

    name: str
    label: str
    expression: str
    unit: str = ""


_DAY = ("seconds of a day", "86,400")
_LOADED = ("share of a processor that the busy hour may take", "50 %")
_SHARED = {
    "day": _DAY,
    "loaded": _LOADED,
    "seen": (
        "events that a dispatch leaves to each who sees all of it, and a delivery to each of its two",
        "2",
    ),
    "life_events": ("events of a delivery's life", "3"),
    "sides": ("agencies that see each of those", "2"),
    "life_commits": ("commits of a delivery's life", "3"),
    "scrub": ("read by the scrub of a process (`scrub.bytes_per_second`)", "16 MiB"),
    "round": ("days of its round (`scrub.round_days`)", "30"),
}


def _assumed(
    *, units: str, a_day: str, recipients: str, kept: str, watches: str, uploads: str
) -> dict[str, tuple[str, str]]:
    return {
        "units": ("agencies and units in the directory", units),
        "a_day": ("dispatches a day, each with a file of 1 MiB", a_day),
        "recipients": ("recipients of each", recipients),
        "days": ("working days a year", "250"),
        "kept": ("years that retention keeps files", kept),
        "busy": ("times the day's average in the busy hour", "10"),
        "watches": ("open watches", watches),
        "uploads": ("large uploads at the same time", uploads),
        "per_node": ("processes of a node, each with a core", "4"),
        **_SHARED,
    }


EXAMPLES: Sequence[Example] = (
    Example(
        name="One agency's pilot",
        mode="embedded",
        assumed=_assumed(units="1", a_day="200", recipients="2", kept="10", watches="20", uploads="2"),
    ),
    Example(
        name="A province with some 300 units",
        mode="embedded",
        assumed=_assumed(units="300", a_day="5,000", recipients="3", kept="20", watches="600", uploads="8"),
    ),
    Example(
        name="A country: 100 ministries and provinces, 20,000 units",
        mode="shared",
        assumed=_assumed(
            units="20,100", a_day="300,000", recipients="5", kept="20", watches="2,000", uploads="50"
        ),
    ),
)

_LOAD = (
    Step("rate", "dispatches a second in the busy hour", "{a_day} ÷ {day} × {busy}"),
    Step("lives", "deliveries a second in it", "{rate} × {recipients}"),
    Step(
        "events",
        "events of a dispatch, over all who watch",
        "{seen} × (1 + {recipients}) + {life_events} × {sides} × {recipients}",
    ),
    Step(
        "work",
        "processor time of a dispatch and all that follows: axis",
        "{large_axis_cpu_ms} + ({recipients} − 1) × {recipient_axis_cpu_ms} +"
        " {recipients} × {large_life_axis_cpu_ms} + {events} × {event_axis_cpu_ms}",
        "s",
    ),
    Step("cores", "processor cores of the axis", "{rate} × {work} ÷ {loaded}"),
    Step("processes", "processes (`--workers`, over all nodes)", "⌈ {cores} ⌉"),
)
_NODES = (Step("nodes", "nodes, so that one may be away", "⌈ {processes} ÷ {per_node} ⌉ + 1"),)
_ENGINES = (
    Step(
        "database_work",
        "processor time of the same: database",
        "{large_database_cpu_ms} + ({recipients} − 1) × {recipient_database_cpu_ms} +"
        " {recipients} × {large_life_database_cpu_ms}",
        "s",
    ),
    Step("database_cores", "processor cores of the database", "{rate} × {database_work} ÷ {loaded}"),
    Step(
        "store_work",
        "processor time of the same: S3 store, one copy",
        "{large_store_cpu_ms} + {recipients} × {large_life_store_cpu_ms}",
        "s",
    ),
    Step("store_cores", "processor cores of the S3 store", "{rate} × {store_work} ÷ {loaded}"),
)
_WRITES = (
    Step(
        "writes", "commits a second that the one ledger takes", "{rate} × (1 + {life_commits} × {recipients})"
    ),
    Step("against", "… against the moves a second that were measured", "{writes} ÷ {moved_per_second}"),
)
_DISK = (
    Step(
        "ledger",
        "ledger and log, of one dispatch",
        "{large_ledger_on_disk} + {accept_log_on_disk} + ({recipients} − 1) ×"
        " {recipient_ledger_on_disk} + {recipients} × ({life_ledger_on_disk} + {life_log_on_disk})",
        "B",
    ),
    Step("ledger_year", "ledger and log, a year", "{a_day} × {days} × {ledger}", "B"),
    Step("ledger_month", "… a month, which is one partition", "{ledger_year} ÷ 12", "B"),
    Step(
        "catalogue_year",
        "catalogue, a year",
        "{a_day} × {days} × ({accept_catalogue_on_disk} + ({recipients} − 1) ×"
        " {recipient_catalogue_on_disk})",
        "B",
    ),
    Step("archive_year", "archive, a year, one copy", "{a_day} × {days} × {large_archive_on_disk}", "B"),
    Step("archive_both", "… with its replica", "2 × {archive_year}", "B"),
    Step("kept_archive", "… once as much is disposed of as comes", "{kept} × {archive_both}", "B"),
    Step(
        "kept_ledger",
        "ledger and log by then, of which nothing is disposed of",
        "{kept} × {ledger_year}",
        "B",
    ),
    Step(
        "scrubbed",
        "bytes that the scrub goes through in its round, all processes",
        "{scrub} × {day} × {round} × {processes}",
        "B",
    ),
    Step("outgrown", "years until the archive outgrows that", "{scrubbed} ÷ {archive_year}"),
)
_NETWORK = (
    Step(
        "agencies_network",
        "network to and from agencies in the busy hour, a second",
        "8 × {rate} × ({large_received_bytes} + {recipients} × {large_life_sent_bytes})",
        "Mbit/s",
    ),
)
_STORES_NETWORK = (
    Step(
        "stores_network",
        "network to and from database and S3 store, a second",
        "8 × {rate} × ({large_database_network_bytes} + {large_store_network_bytes} + {recipients} ×"
        " ({large_life_database_network_bytes} + {large_life_store_network_bytes}))",
        "Mbit/s",
    ),
    Step(
        "wal_day",
        "write-ahead log, a day (to archive, and to each standby)",
        "{a_day} × ({accept_wal_bytes} + ({recipients} − 1) × {recipient_wal_bytes} +"
        " {recipients} × {life_wal_bytes})",
        "B",
    ),
)
_MEMORY = (
    Step(
        "memory",
        "memory of all processes of the axis",
        "{processes} × ({through_memory_mib} + {units} × {agency_memory_kib}) +"
        " {watches} × {watch_memory_kib} + {uploads} ×"
        " {upload_memory_mib}",
        "MiB",
    ),
)
_NODE_MEMORY = (Step("node_memory", "… of each node, one being away", "{memory} ÷ ({nodes} − 1)", "MiB"),)


def steps(mode: str) -> Sequence[Step]:
    """What is computed in a mode."""
    if mode == "embedded":
        return (*_LOAD, *_WRITES, *_DISK, *_NETWORK, *_MEMORY)
    return (
        *_LOAD,
        *_NODES,
        *_ENGINES,
        *_WRITES,
        *_DISK,
        *_NETWORK,
        *_STORES_NETWORK,
        *_MEMORY,
        *_NODE_MEMORY,
    )


@dataclass(frozen=True, slots=True)
class Worked:
    """A step with its numbers in place."""

    step: Step
    expression: str
    result: str


def worked(example: Example, result: Result) -> list[Worked]:
    """Computes an example, each step with the numbers that are shown."""
    known = result.texts(example.mode) | {name: value for name, (_, value) in example.assumed.items()}
    done = []
    for step in steps(example.mode):
        expression = step.expression.format_map(known)
        known[step.name] = shown(worth(expression), step.unit)
        done.append(Worked(step, expression, known[step.name]))
    return done


def written(example: Example, result: Result) -> str:
    """An example as it stands on the page."""
    lines = [f"### {example.name}", "", "| assumed | |", "|---|---|"]
    lines += [f"| {label} | {value} |" for label, value in example.assumed.values()]
    if not result.figures(example.mode):
        return "\n".join((*lines, "", f"Not computed: the mode `{example.mode}` was not measured."))
    lines += ["", "| computed | from | result |", "|---|---|---|"]
    lines += [
        f"| {one.step.label} | {one.expression} | **{one.result}** |" for one in worked(example, result)
    ]
    return "\n".join(lines)
