"""A machine that has openssl, xmlsec1 and coreutils and nothing else: no network, and a clock of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.engines import lacking, require

TOOLS = (
    *("openssl", "xmlsec1"),
    *("base64", "basenc", "cat", "head", "mktemp", "rm", "sha256sum", "sort", "tail", "tr"),
)
"""All but the first two are coreutils'."""
LATER = "2045-06-01 00:00:00"
"""Nineteen years on: every certificate of the tests has run out."""


def unpacked(package: Path, directory: Path) -> Path:
    """Unpacks a package with another program than ours."""
    with zipfile.ZipFile(package) as held:
        held.extractall(directory)
    return directory


def run(
    *arguments: str, cwd: Path, clock: str = LATER, given: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a POSIX shell with `arguments` in `cwd`, with no other program on its path."""
    path = cwd.parent / "only"
    if not path.exists():
        path.mkdir()
        for tool in TOOLS:
            (path / tool).symlink_to(require(tool))
    shell, faketime, unshare, mount = (require(command) for command in ("sh", "faketime", "unshare", "mount"))
    own_memory = f'{mount} -t tmpfs tmpfs /dev/shm && exec "$@"'
    if os.geteuid() != 0:
        lacking("only root can take a process off the network (unshare -n)")
    return subprocess.run(
        # faketime names a semaphore by its process, which a process that was killed may have left behind.
        [
            unshare,
            "--net",
            "--mount",
            shell,
            "-c",
            own_memory,
            shell,
            faketime,
            "-f",
            clock,
            shell,
            *arguments,
        ],
        cwd=cwd,
        env={"PATH": str(path), **(given or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


def copied(directory: Path, to: Path) -> Path:
    """A copy to tamper with, and what is to be trusted beside it."""
    shutil.copytree(directory, to / directory.name)
    for beside in directory.parent.glob("*.pem"):
        shutil.copy(beside, to)
    return to / directory.name
