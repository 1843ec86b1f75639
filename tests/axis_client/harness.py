"""A real axis in a process of its own, agencies with profiles, and commands as a user runs them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from axis_client.cli import main
from edxml.model import Organ, Package
from edxml.reader import read
from edxml.writer import write
from signing.parser import parse

SAMPLES = Path(__file__).parent.parent / "samples"
MINISTRY, PROVINCE, DEPARTMENT = "000.00.00.G90", "000.00.00.H90", "H91.01"
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Standard output, one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> dict[str, Any]:
        """The JSON object that stands alone on standard error."""
        (line,) = self.err.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found


Act = Callable[..., Ran]
"""A command of one agency, as JSON."""


def axis(
    *arguments: str | Path | bytes, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Ran:
    """Runs `axis` as its entry point does, nobody sitting at the terminal; quickly, in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        contextlib.chdir(cwd or Path.cwd()),
        mock.patch.dict(os.environ, {**_plain_environment(), **(env or {})}, clear=True),
        Path(os.devnull).open() as nobody,
        mock.patch.multiple(sys, stdin=nobody, stdout=out, stderr=err),
        mock.patch.object(sys, "argv", ["axis", *(os.fsdecode(argument) for argument in arguments)]),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert isinstance(ended.value.code, int)
    return Ran(code=ended.value.code, out=_written(out), err=_written(err))


def axis_process(
    *arguments: str | Path | bytes, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Ran:
    """The same in a process of its own."""
    done = subprocess.run(
        [BIN / "axis", *arguments],
        cwd=cwd,
        env={**_plain_environment(), **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
    ran = Ran(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())
    assert "Traceback" not in ran.err, ran.err
    return ran


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


def _plain_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True, kw_only=True)
class RunningAxis:
    """An axis made by `axis-server init`, with three agencies."""

    base: Path
    port: int
    process: subprocess.Popen[str] | None = field(default=None)

    @classmethod
    def make(cls, base: Path) -> RunningAxis:
        axis = cls(base=base, port=free_port())
        axis.server("init", base / "axis", "--listen", f"127.0.0.1:{axis.port}", "--metrics", "")
        for agency_id, name, alias in (
            (MINISTRY, "Bộ Mẫu", "G90"),
            (PROVINCE, "UBND tỉnh Ví Dụ", "H90"),
            (DEPARTMENT, "Sở Nội vụ", "000.00.91.H91"),
        ):
            options = ("--name", name, "--alias", alias, "--issue", base / agency_id)
            axis.server("agency", "add", agency_id, *options, "--config", axis.config)
        return axis

    @property
    def config(self) -> Path:
        return self.base / "axis" / "axis.toml"

    def profile(self, agency_id: str) -> Path:
        return self.base / agency_id / "profile.toml"

    def start(self) -> None:
        with (self.base / "axis.log").open("a") as log:
            self.process = subprocess.Popen(
                [BIN / "axis-server", "run", "--config", self.config],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "listening" in line, (self.base / "axis.log").read_text()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=40)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def server(self, *arguments: str | Path) -> None:
        """Runs a command of the operator."""
        done = subprocess.run([BIN / "axis-server", *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


def letter(document_id: str, to: Sequence[str] = (PROVINCE, DEPARTMENT), sender: str = MINISTRY) -> bytes:
    """A package of the samples with another DocumentId and other recipients."""
    package = read(parse((SAMPLES / "package-new.edxml").read_bytes()))
    assert isinstance(package, Package)
    recipients = tuple(Organ(organ_id=agency_id) for agency_id in to)
    assert package.bussiness is not None
    return write(
        replace(
            package,
            sender=replace(package.sender, organ_id=sender),
            document_id=document_id,
            recipients=recipients,
            bussiness=replace(package.bussiness, document_id=document_id),
        )
    )
