"""What the operator's commands share: where the configuration is, how a command declines."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import click

from axis_server.settings import Settings, SettingsError, load

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
