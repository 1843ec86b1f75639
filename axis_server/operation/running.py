"""`axis-server run`: one process, or several on one port."""

from __future__ import annotations

import asyncio
import faulthandler
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
import structlog

from axis_server import logs
from axis_server.app import serve
from axis_server.material import MaterialError
from axis_server.operation.checkconfig import Severity, check
from axis_server.operation.terminal import CONFIG, Refusal, loaded
from axis_server.settings import Address, Secrets, Settings, SettingsError, load, parse_address
from axis_server.supervision import WorkerFailed, supervise
from signing.keys import UnusableKey
from signing.trust import TrustError
from storage.errors import StorageError

log = structlog.get_logger()

_CANNOT = (MaterialError, UnusableKey, TrustError, StorageError, WorkerFailed, OSError)


@click.command()
@CONFIG
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Serve with N processes under a supervisor, which SIGHUP has replace them one after the other.",
)
def run(config: Path, workers: int | None) -> None:
    """Runs the axis until SIGTERM or Ctrl-C. Prints `listening on HOST:PORT` when it serves."""
    settings = loaded(config)
    logs.configure(settings.log, sys.stderr)
    if problems := _problems(settings, ports=True):
        raise Refusal("\n".join(problems))
    try:
        if workers is None:
            _run(settings, ready=_say)
        else:
            if workers > settings.limits.processes:
                log.info("config.note", detail=_each_counts(workers, settings.limits.processes))
            asyncio.run(
                supervise(
                    settings,
                    command=lambda address: _command(config, address),
                    count=workers,
                    sound=lambda: _sound(config),
                    ready=_say,
                )
            )
    except _CANNOT as exc:
        raise Refusal(f"{config}: the axis cannot run: {exc}.") from exc


@click.command(hidden=True)
@CONFIG
@click.option("--on", required=True, metavar="HOST:PORT", help="Where the supervisor has it serve.")
def work(config: Path, on: str) -> None:
    """Serves as one of several processes on one port; `run --workers` starts it, with a pipe as its standard
    input that ends with the supervisor."""
    settings = loaded(config)
    logs.configure(settings.log, sys.stderr)
    here = settings.model_copy(
        update={
            "server": settings.server.model_copy(update={"listen": parse_address(on)}),
            "metrics": settings.metrics.model_copy(update={"listen": None}),
        }
    )
    try:
        _run(here, ready=_say, shared=True, leash=sys.stdin.fileno())
    except _CANNOT as exc:
        raise Refusal(f"{config}: the axis cannot run: {exc}.") from exc


def _run(
    settings: Settings, *, ready: Callable[[Address], None], shared: bool = False, leash: int | None = None
) -> None:
    if hasattr(faulthandler, "register"):  # not on Windows
        faulthandler.register(signal.SIGUSR1, file=2, all_threads=True)
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        runner.run(serve(settings, Secrets(), ready=ready, shared=shared, leash=leash))


def _command(config: Path, address: Address) -> tuple[str, ...]:
    """A fresh interpreter, so that each renewal runs the program as it is then installed; -P keeps the
    directory that the axis was started in out of its imports."""
    return (sys.executable, "-P", "-m", "axis_server", "work", "--config", str(config), "--on", str(address))


def _each_counts(workers: int, processes: int) -> str:
    return (
        f"each of {workers} workers counts `limits` for itself and `limits.processes` is {processes}: an"
        f" agency whose connections are spread over all has up to {workers / processes:g} times its rates;"
        " one with a single connection has what is set"
    )


def _say(address: Address) -> None:
    click.echo(f"listening on {address}")
    sys.stdout.flush()


def _sound(config: Path) -> bool:
    """Says whether a worker that reads the configuration now would run; the log tells what is wrong."""
    try:
        problems = _problems(load(config), ports=False)
    except SettingsError as exc:
        problems = list(exc.problems)
    for sentence in problems:
        log.error("config.problem", detail=sentence)
    return not problems


def _problems(settings: Settings, *, ports: bool) -> list[str]:
    """Returns what is wrong; logs what will be."""
    findings = check(settings, Secrets(), at=datetime.now(UTC), ports=ports)
    for finding in findings:
        if finding.severity is Severity.WARNING:
            log.warning("config.warning", detail=finding.sentence)
        elif finding.severity is Severity.NOTE:
            log.info("config.note", detail=finding.sentence)
    return [finding.sentence for finding in findings if finding.severity is Severity.PROBLEM]


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Finds uvloop, where the extra `fast` is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
