"""What the operator's commands share: where the configuration is, how a command declines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar

import click

from axis_server.ledgers import ledger_name, opened_ledger
from axis_server.operation.provision import ProvisionError
from axis_server.operation.registry import RegistryError
from axis_server.settings import Settings, SettingsError, load
from storage.errors import StorageError
from storage.ledger.base import Oversight
from storage.ledger.directory import Directory

T = TypeVar("T")

CONFIG = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("axis.toml"),
    show_default=True,
    help="The configuration file.",
)


class Refusal(click.ClickException):
    """The command did not do what was asked: a sentence on standard error, exit code 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.format_message(), file=file, err=True)


def loaded(config: Path) -> Settings:
    """Reads the configuration, or declines with every problem of it."""
    try:
        return load(config)
    except SettingsError as exc:
        raise Refusal("\n".join(exc.problems)) from exc


class OperatorLedger(Directory, Oversight, Protocol):
    """What the operator's commands ask of a ledger."""


def on_directory(config: Path, act: Callable[[Directory], Awaitable[T]], *, upgrade: bool = True) -> T:
    """Opens the directory, acts, closes it; every foreseen failure becomes a sentence. Who only reads does
    not `upgrade` the ledger."""
    return _on_ledger(config, act, upgrade=upgrade)


def on_ledger(config: Path, read: Callable[[OperatorLedger], Awaitable[T]]) -> T:
    """Opens the ledger to read, and closes it; every foreseen failure becomes a sentence."""
    return _on_ledger(config, read, upgrade=False)


def _on_ledger(config: Path, act: Callable[[OperatorLedger], Awaitable[T]], *, upgrade: bool) -> T:
    settings = loaded(config)

    async def acting() -> T:
        async with opened_ledger(settings, upgrade=upgrade) as ledger:
            return await act(ledger)

    try:
        return asyncio.run(acting())
    except (RegistryError, ProvisionError) as exc:
        raise Refusal(str(exc)) from exc
    except StorageError as exc:
        raise Refusal(f"{ledger_name(settings.ledger)}: the ledger cannot serve: {exc}.") from exc
