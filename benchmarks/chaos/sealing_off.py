"""Nothing of a run is seen outside it or outlives it, however it ends.

A run makes its hosts inside process, mount and network namespaces of its own. When its first process ends, by
whatever signal, the kernel kills all others and takes down mounts, devices and networks with them: there is
nothing to clean up, and nothing that the next run could find.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

INSIDE = "AXIS_CHAOS_INSIDE"
"""Set for the process that is sealed off."""
_UNSHARE = ("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc")
_NAMES = Path("/run/netns")
_SHARED = Path("/dev/shm")
NEEDED = ("unshare", "nsenter", "ip", "setpriv", "mount", "faketime", "nginx", "radosgw", "pg_ctlcluster")


def lacking() -> str | None:
    """Says what this machine lacks for a run, None when it lacks nothing."""
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (run tests/install-engines.sh as root)"
    tried = subprocess.run(
        [*_UNSHARE, "ip", "tuntap", "add", "dev", "chaos", "mode", "tun"], capture_output=True, text=True
    )
    if tried.returncode != 0:
        return f"network namespaces are not allowed here: {tried.stderr.strip().splitlines()[-1:]}"
    return None


def sealed_off(module: str, arguments: Sequence[str]) -> int:
    """Runs a module in namespaces of its own and returns its exit code; it ends with this process."""
    command = ["setpriv", "--pdeathsig", "KILL", *_UNSHARE, sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env=os.environ | {INSIDE: "1"}, check=False).returncode


def is_inside() -> bool:
    return INSIDE in os.environ


def furnish(disk: Path) -> None:
    """Gives the run a place for the names of its networks, loopback, a disk of its own in memory, and shared
    memory of its own: libfaketime names its semaphores by process, and the numbers begin anew in here."""
    _NAMES.mkdir(exist_ok=True)
    _mount(_NAMES, 1)
    _mount(_SHARED, 1024)
    _SHARED.chmod(0o1777)
    _mount(disk, 4096)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def small_disk(at: Path, mebibytes: int) -> None:
    """Mounts a disk of a bounded size."""
    at.mkdir(parents=True)
    _mount(at, mebibytes)


def _mount(at: Path, mebibytes: int) -> None:
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=755", "axis-chaos", str(at)], check=True
    )
