"""`axis-server`: set up, check, run. Exit codes: 0 done, 1 refused (a sentence says why), 2 wrong usage."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import click

from axis_server.agency_cli import agency
from axis_server.provision import ProvisionError, provision
from axis_server.settings import Address, parse_address
from axis_server.terminal import Refusal


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="national-axis")
def main() -> None:
    """The axis: takes sealed documents in, delivers them, and signs evidence of it.

    \b
    axis-server init axis                            a ready axis with a test authority
    axis-server agency add G22 --name "..." --config axis/axis.toml --issue g22
    axis-server run --config axis/axis.toml
    """


main.add_command(agency)


def _address(context: click.Context, parameter: click.Parameter, value: str) -> Address | None:
    if value == "" and parameter.name == "metrics":
        return None
    try:
        return parse_address(value)
    except ValueError as exc:
        raise click.BadParameter(f"{exc}.") from exc


def _hosts(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for host in value:
        if not re.fullmatch(r"[0-9A-Za-z.:-]{1,253}", host):
            raise click.BadParameter(f'"{host}" is neither a host name nor an IP address.')
    return value


@main.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--listen", callback=_address, default="127.0.0.1:7443", show_default=True, help="Where agencies connect."
)
@click.option("--host", "hosts", callback=_hosts, multiple=True, help="A further name or IP of the server.")
@click.option(
    "--metrics", callback=_address, default="127.0.0.1:9464", show_default=True, help="Empty turns them off."
)
@click.option("--id", "axis_id", default="AXIS.TEST", show_default=True, help="Identifier in evidence.")
@click.option("--name", default="National axis (test)", show_default=True, help="Name in evidence.")
def init(
    directory: Path,
    listen: Address,
    hosts: tuple[str, ...],
    metrics: Address | None,
    axis_id: str,
    name: str,
) -> None:
    """Makes a ready axis in DIRECTORY: configuration, a TEST authority, keys, stores. Overwrites nothing."""
    at = datetime.now(UTC)
    try:
        config = provision(
            directory, listen=listen, hosts=hosts, metrics=metrics, axis_id=axis_id, axis_name=name, at=at
        )
    except ProvisionError as exc:
        raise Refusal(str(exc)) from exc
    click.echo(f"{config} is ready. Next:")
    click.echo(f"  axis-server agency add ID --name NAME --config {config} --issue DIR")
    click.echo(f"  axis-server run --config {config}")
    click.echo(
        f"Warning: {directory / 'ca'} holds a certificate authority FOR TEST USE ONLY. Whoever reads"
        " ca/ca.key can be any agency; for real use, name your own authority in the configuration and delete ca/.",
        err=True,
    )
