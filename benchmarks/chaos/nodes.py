"""The axis: nodes without state, each on its host with a clock of its own, and nginx in front of them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos.mortal import ORDERS
from benchmarks.chaos.network import Host
from benchmarks.subjects import ROOT

PORT, LOG_PORT = 7443, 9465
READY_WITHIN = 90.0
"""Seconds for a node to serve, when its engines do."""
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
_CLOCK = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", "FAKETIME_CACHE_DURATION": "1"}


@dataclass(slots=True)
class Node:
    """An axis process that is killed and started again."""

    host: Host
    config: Path
    library: str
    """libfaketime."""
    secrets: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    lives: int = 0

    @property
    def name(self) -> str:
        return self.host.name

    @property
    def orders(self) -> Path:
        return self.config.parent / ORDERS

    @property
    def log(self) -> Path:
        """What it said, in all its lives."""
        return self.config.parent / "node.log"

    def set_clock(self, offset: int) -> None:
        """Has its clock jump, also while it runs: `offset` seconds from the true time."""
        new = self.config.parent / "clock.new"
        new.write_text(f"{offset:+d}s\n")
        new.replace(self._clock)

    def start(self) -> None:
        """Starts it; returns at once."""
        clock = _CLOCK | {"LD_PRELOAD": self.library, "FAKETIME_TIMESTAMP_FILE": str(self._clock)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *self.host.inside,
                    *("env", *(f"{name}={value}" for name, value in clock.items())),
                    *(sys.executable, "-m", "benchmarks.chaos.mortal", "run", "--config", str(self.config)),
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                env=os.environ | self.secrets,
            )
        self.lives += 1

    def ended(self) -> bool:
        """Raises `RuntimeError` when it died of a signal that no fault of ours is: it crashed."""
        if self.process is None:
            return True
        status = self.process.poll()
        if status is not None and -status in _CRASHES:
            raise RuntimeError(f"{self.name} crashed, {signal.strsignal(-status)}:\n{self.said()}")
        return status is not None

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.ended()
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None
        self.orders.unlink(missing_ok=True)

    def await_serving(self) -> None:
        """Waits until it takes connections, and starts it again when it ended, as systemd does. Raises
        `RuntimeError`."""
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end:
            if self.ended():
                self.start()
            if self.listens():
                return
            time.sleep(0.2)
        raise RuntimeError(f"{self.name} does not serve:\n{self.said()}")

    def listens(self) -> bool:
        """Looks at what the kernel of its host has listening."""
        shown = subprocess.run(
            [*self.host.inside, "cat", "/proc/self/net/tcp", "/proc/self/net/tcp6"],
            capture_output=True,
            text=True,
            check=True,
        )
        return any(re.search(rf":{PORT:04X} 0+:0000 0A", line) for line in shown.stdout.splitlines())

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3000:]

    @property
    def _clock(self) -> Path:
        return self.config.parent / "clock"


def front(directory: Path, host: Host, nodes: list[Node]) -> subprocess.Popen[bytes]:
    """Starts nginx as deploy/nginx.conf has it, with these addresses."""
    directory.mkdir()
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    line = re.compile(r"^ *server 10\.0\.0\.\d+:7443 (.*)$", re.MULTILINE)
    options = line.findall(text)[0]
    servers = "\n".join(f"server {node.host.address}:{PORT} {options}" for node in nodes)
    text = line.sub("", line.sub(servers.replace("\\", ""), text, count=1))
    text = text.replace("listen 7443", f"listen {host.address}:{PORT}")
    text = text.replace("/run/nginx.pid", str(directory / "pid"))
    text = text.replace("/var/log/nginx", str(directory)).replace(
        "worker_processes auto", "worker_processes 1"
    )
    (directory / "nginx.conf").write_text("user root;\n" + text)
    program = shutil.which("nginx")
    assert program is not None
    command = [program, "-c", str(directory / "nginx.conf"), "-e", str(directory / "error.log")]
    return subprocess.Popen([*host.inside, *command, "-g", "daemon off;"])
