"""The two servers under measurement, each a process of its own over mutual TLS on loopback."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
START_SECONDS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A running server."""

    name: str
    address: str
    pid: int

    def cpu_seconds(self) -> float:
        """User and system time of the process so far, all threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self) -> int:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An axis that `axis-server init` made, with a sender, and two recipients that its packages name."""

    directory: Path
    config: Path
    sender: Path
    """Directory of the sender's profile."""
    recipients: tuple[str, ...]


SENDER = "000.00.00.G90"
RECIPIENTS = ("000.00.00.H90", "H91.01")


def operate(*arguments: str) -> None:
    """Runs one `axis-server` command."""
    subprocess.run(
        [sys.executable, "-m", "axis_server", *arguments], check=True, cwd=ROOT, stdout=subprocess.DEVNULL
    )


def make_world(directory: Path) -> World:
    axis = directory / "axis"
    config = axis / "axis.toml"
    operate("init", str(axis), "--listen", "127.0.0.1:0", "--metrics", "")
    for agency in (SENDER, *RECIPIENTS):
        issue = directory / agency
        operate("agency", "add", agency, "--name", agency, "--issue", str(issue), "--config", str(config))
    return World(directory=directory, config=config, sender=directory / SENDER, recipients=RECIPIENTS)


def await_address(process: subprocess.Popen[str]) -> str:
    """Reads the process's output until it says where it listens."""
    assert process.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < deadline and selector.select(deadline - time.monotonic()):
            line = process.stdout.readline()
            if not line:
                break
            if found := re.search(r"listening on (\S+:\d+)", line):
                return found[1]
    process.kill()
    raise RuntimeError(f"{process.args} did not start")


@contextmanager
def running(
    name: str, command: Sequence[str], log: Path, secrets: Mapping[str, str] | None = None
) -> Iterator[Subject]:
    with log.open("w") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | (secrets or {}),
        )
    try:
        yield Subject(name=name, address=await_address(process), pid=process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def axis(world: World) -> list[str]:
    return [sys.executable, "-m", "axis_server", "run", "--config", str(world.config)]


def floor(world: World) -> list[str]:
    tls = world.directory / "axis"
    return [
        sys.executable,
        "-m",
        "benchmarks.floor",
        *(
            "--certificate",
            str(tls / "tls" / "server.pem"),
            "--key",
            str(tls / "tls" / "server.key"),
            "--ca",
            str(tls / "ca" / "ca.pem"),
        ),
    ]
