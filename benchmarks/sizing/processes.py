"""What the kernel counts of processes and their connections (Linux)."""

from __future__ import annotations

import os
import re
import resource
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = defaultdict(list)
    for one in _all():
        if fields := _fields(one):
            children[int(fields[1])].append(one)
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children[one]
    return found


def named(*commands: str) -> list[int]:
    """Those that descend from this process and run one of `commands`."""
    return [one for one in family(os.getpid()) if _text(f"/proc/{one}/comm").strip() in commands]


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time so far, that of children that ended included."""
    return sum(sum(map(int, fields[11:15])) for one in pids if (fields := _fields(one))) / _TICKS


def own_cpu_seconds() -> float:
    """Of this process, which is the client."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_bytes(pids: Iterable[int]) -> int:
    """Memory held; what several share is counted once (proportional set size)."""
    rolled = (_text(f"/proc/{one}/smaps_rollup") for one in pids)
    return sum(
        int(size) << 10 for text in rolled for size in re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)
    )


def written_bytes(pids: Iterable[int]) -> int:
    """Bytes handed to the disk so far."""
    counted = (_text(f"/proc/{one}/io") for one in pids)
    return sum(
        int(size) for text in counted for size in re.findall(r"^write_bytes: (\d+)", text, re.MULTILINE)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Bytes that connections of a port carried, as TCP counts them: TLS included, headers not."""

    received: int
    sent: int


def traffic(port: int) -> Traffic:
    """What the connections carried that are open at a port of this machine, seen from who listens there."""
    shown = subprocess.run(
        ["ss", "-tinH", "state", "established", f"( sport = :{port} )"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    received, sent = (
        sum(map(int, re.findall(rf"\b{name}:(\d+)", shown))) for name in ("bytes_received", "bytes_acked")
    )
    return Traffic(received=received, sent=sent)


def _all() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _fields(pid: int) -> list[str]:
    """The fields of `stat` behind the command; none when the process has ended."""
    return _text(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
