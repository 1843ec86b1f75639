"""What was measured, as tables. Each row ends with the name that the figure has in the JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs.reckoning.arithmetic import UNITS, shown

KEPT = Path(__file__).parents[2] / "benchmarks" / "results" / "sizing.json"
MODES = ("embedded", "shared")
_SUFFIXES: Mapping[str, tuple[str, float]] = {
    "_on_disk": ("B", 1),
    "_bytes": ("B", 1),
    "_cpu_ms": ("ms", UNITS["ms"]),
    "_cpu_ms_per_second": ("ms", UNITS["ms"]),
    "_ms": ("ms", UNITS["ms"]),
    "_mib": ("MiB", UNITS["MiB"]),
    "_kib": ("KiB", UNITS["KiB"]),
    "upload_mib_per_second": ("MiB", UNITS["MiB"]),
    "_seconds_per_100000": ("s", 1),
    "_seconds_per_gib": ("s", 1),
    "_seconds_empty": ("s", 1),
    "_seconds": ("s", 1),
}
"""How a figure is shown, and what it is worth in base units, by how its name ends."""

ROWS: Mapping[str, Sequence[tuple[str, str]]] = {
    "disk": (
        ("an accepted dispatch of 6 KB to one recipient: ledger", "accept_ledger_on_disk"),
        ("… log", "accept_log_on_disk"),
        ("… catalogue", "accept_catalogue_on_disk"),
        ("… archive", "accept_archive_on_disk"),
        ("… archive, in whole blocks of the file system", "accept_blocks_on_disk"),
        ("each further recipient: ledger", "recipient_ledger_on_disk"),
        ("… log", "recipient_log_on_disk"),
        ("… catalogue", "recipient_catalogue_on_disk"),
        ("… archive", "recipient_archive_on_disk"),
        ("a delivery's life (fetch, hand over, accept): ledger", "life_ledger_on_disk"),
        ("… log", "life_log_on_disk"),
        ("… catalogue", "life_catalogue_on_disk"),
        ("an accepted dispatch with a file of 1 MiB beside it: ledger", "large_ledger_on_disk"),
        ("… archive, all versions", "large_archive_on_disk"),
    ),
    "processor": (
        ("an accepted dispatch of 6 KB: axis", "accept_axis_cpu_ms"),
        ("… database", "accept_database_cpu_ms"),
        ("… S3 store", "accept_store_cpu_ms"),
        ("each further recipient: axis", "recipient_axis_cpu_ms"),
        ("… database", "recipient_database_cpu_ms"),
        ("a delivery's life: axis", "life_axis_cpu_ms"),
        ("… database", "life_database_cpu_ms"),
        ("… S3 store", "life_store_cpu_ms"),
        ("a dispatch with a file of 1 MiB, uploaded and accepted: axis", "large_axis_cpu_ms"),
        ("… database", "large_database_cpu_ms"),
        ("… S3 store", "large_store_cpu_ms"),
        ("the life of a delivery of it: axis", "large_life_axis_cpu_ms"),
        ("… database", "large_life_database_cpu_ms"),
        ("… S3 store", "large_life_store_cpu_ms"),
        ("an event that is watched: axis", "event_axis_cpu_ms"),
        ("a process that has nothing to do, each second", "idle_cpu_ms_per_second"),
        ("for comparison, the client: sending one of 6 KB that is sealed already", "accept_client_cpu_ms"),
        ("… sealing and sending what a delivery's life needs", "life_client_cpu_ms"),
    ),
    "rates": (
        ("dispatches of 6 KB accepted a second, one process", "accept_per_second"),
        ("… two workers", "workers_accept_per_second"),
        ("deliveries' lives a second, one process", "life_per_second"),
        ("… two workers", "workers_life_per_second"),
        ("the ledger alone: acceptances a second, filled through its contract", "filled_per_second"),
        ("… moves a second in the filled ledger", "moved_per_second"),
        ("uploaded a second by several at once", "upload_mib_per_second"),
    ),
    "memory": (
        ("a process that has just started", "idle_memory_mib"),
        ("supervisor and two workers, just started", "workers_idle_memory_mib"),
        ("each agency or unit in the directory", "agency_memory_kib"),
        ("each open watch", "watch_memory_kib"),
        ("each large upload in flight", "upload_memory_mib"),
        ("after so many dispatches", "through_dispatches"),
        ("… in all", "through_memory_mib"),
        ("… more than at the first of them", "through_memory_growth_mib"),
    ),
    "network": (
        ("a dispatch of 6 KB: agency to axis", "accept_received_bytes"),
        ("… axis to agency", "accept_sent_bytes"),
        ("… axis and database, both ways", "accept_database_network_bytes"),
        ("… axis and S3 store, both ways", "accept_store_network_bytes"),
        ("… write-ahead log of the database", "accept_wal_bytes"),
        ("… written to disks by all processes together", "accept_written_bytes"),
        ("each further recipient: write-ahead log", "recipient_wal_bytes"),
        ("a delivery's life: agency to axis", "life_received_bytes"),
        ("… axis to agency", "life_sent_bytes"),
        ("… axis and database, both ways", "life_database_network_bytes"),
        ("… write-ahead log of the database", "life_wal_bytes"),
        ("… written to disks by all processes together", "life_written_bytes"),
        ("a dispatch with 1 MiB: agency to axis", "large_received_bytes"),
        ("… axis and S3 store, both ways", "large_store_network_bytes"),
        ("the life of a delivery of it: axis to agency", "large_life_sent_bytes"),
        ("… axis and S3 store, both ways", "large_life_store_network_bytes"),
        ("an event that is watched: axis to agency", "event_sent_bytes"),
    ),
    "upkeep": (
        ("start, over a new store", "start_seconds"),
        ("start, over the filled ledger", "filled_start_seconds"),
        ("back up: an empty store", "backup_seconds_empty"),
        ("… each 100,000 dispatches of 6 KB", "backup_seconds_per_100000"),
        ("… each GiB of files", "backup_seconds_per_gib"),
        ("restore: each 100,000 dispatches", "restore_seconds_per_100000"),
        ("… each GiB of files", "restore_seconds_per_gib"),
        ("verify-store: each 100,000 dispatches", "verify_seconds_per_100000"),
        ("… each GiB of files", "verify_seconds_per_gib"),
        ("scrub: each 100,000 dispatches", "scrub_seconds_per_100000"),
        ("… each GiB of files", "scrub_seconds_per_gib"),
        ("the catalogue made anew, dispatches a second", "catalogued_per_second"),
    ),
}


@dataclass(frozen=True, slots=True)
class Result:
    """A run of `benchmarks.sizing`."""

    run: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path = KEPT) -> Result:
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def figures(self, mode: str) -> Mapping[str, float]:
        """Those of a mode; none when it was not measured."""
        found: Mapping[str, float] = self.run["figures"].get(mode, {})
        return found

    def texts(self, mode: str) -> dict[str, str]:
        """The figures of a mode, as they are shown."""
        return {name: text(name, value) for name, value in self.figures(mode).items()}


def base(name: str, value: float) -> tuple[float, str]:
    """What a figure is worth in base units, and its unit."""
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            unit, factor = _SUFFIXES[suffix]
            return value * factor, unit
    return value, ""


def text(name: str, value: float) -> str:
    """A figure as it is shown. A difference that noise made negative is nothing."""
    return shown(*base(name, max(0.0, value)))


def table(result: Result, name: str) -> str:
    """One of the tables; a figure that a mode has not, or that is nothing there, is a dash."""
    lines = [f"| {name} | embedded | shared | figure |", "|---|---|---|---|"]
    for label, figure in ROWS[name]:
        values = [result.figures(mode).get(figure) for mode in MODES]
        cells = [text(figure, value) if value and value > 0 else "–" for value in values]
        lines.append(f"| {label} | {' | '.join(cells)} | `{figure}` |")
    return "\n".join(lines)


def growth(result: Result) -> str:
    """How the ledger's operations cost more as it grows."""
    names = ("entries", "commit_ms", "inbox_ms", "status_ms")
    lines = ["| ledger | entries | commit | inbox page | status | figures |", "|---|---|---|---|---|---|"]
    for mode in MODES:
        figures, nth = result.figures(mode), 1
        while f"at_{nth}_entries" in figures:
            cells = [text(f"at_{nth}_{name}", figures[f"at_{nth}_{name}"]) for name in names]
            lines.append(f"| {mode} | {' | '.join(cells)} | `at_{nth}_` |")
            nth += 1
    return "\n".join(lines)
