"""`axis-server`: set up, check, run. Exit codes: 0 done, 1 refused (a sentence says why), 2 wrong usage."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import click

from axis_server.acts.known import lacking
from axis_server.material import MaterialError, log_signer
from axis_server.operation.agency import agency
from axis_server.operation.auditing import audit
from axis_server.operation.backup import backup, restore
from axis_server.operation.checkconfig import Severity, check, problem
from axis_server.operation.checkstore import check_store
from axis_server.operation.doctor import doctor
from axis_server.operation.group import group
from axis_server.operation.limiting import limits
from axis_server.operation.overview import attention, stats
from axis_server.operation.provision import ProvisionError, new_log_key, provision, write_new
from axis_server.operation.renewing import renew
from axis_server.operation.rollover import rollover
from axis_server.operation.running import run, work
from axis_server.operation.scrubbing import scrub
from axis_server.operation.sweeping import sweep_archive
from axis_server.operation.terminal import CONFIG, Refusal, loaded, on_ledger
from axis_server.operation.verifystore import verify_store
from axis_server.settings import Address, Secrets, SettingsError, parse_address, readable


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
main.add_command(audit)
main.add_command(backup)
main.add_command(check_store)
main.add_command(doctor)
main.add_command(group)
main.add_command(limits)
main.add_command(restore)
main.add_command(rollover)
main.add_command(run)
main.add_command(verify_store)
main.add_command(work)
main.add_command(attention)
main.add_command(stats)
main.add_command(scrub)
main.add_command(renew)
main.add_command(sweep_archive)


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
        " ca/ca.key can be any agency; for real use, configure your own authority and delete ca/.",
        err=True,
    )


@main.command("log-key")
@click.argument("key", type=click.Path(path_type=Path))
@click.option("--origin", metavar="NAME", help="Name of a new log, such as axis.example.vn/log; for ever.")
def log_key(key: Path, origin: str | None) -> None:
    """Shows the public half of the transparency log's KEY; with --origin, makes the key first.

    Whoever verifies the log is given what this prints. A log's key is never replaced by overwriting it.
    """
    try:
        if origin is not None:
            write_new(key, new_log_key(origin), secret=True)
        click.echo(log_signer(key).key.vkey)
    except FileExistsError as exc:
        raise Refusal(f"{key} exists; nothing was written. A log keeps its key.") from exc
    except OSError as exc:
        raise Refusal(f"{key} cannot be written: {exc.strerror}.") from exc
    except (ProvisionError, MaterialError) as exc:
        raise Refusal(str(exc)) from exc


@main.command("check-config")
@click.option("--running", is_flag=True, help="The axis runs: that its addresses are taken is no problem.")
@CONFIG
def check_config(running: bool, config: Path) -> None:
    """Finds every problem of a configuration in one run. Changes nothing.

    Exit 0: none but warnings and notes; 1: problems.
    """
    try:
        found = readable(config)
    except SettingsError as exc:
        raise Refusal(str(exc)) from exc
    findings = (
        *map(problem, found.problems),
        *check(found, Secrets(), at=datetime.now(UTC), ports=not running),
    )
    for finding in findings:
        click.echo(f"{finding.severity}: {finding.sentence}", err=True)
    if any(finding.severity is Severity.PROBLEM for finding in findings) or _other_keys(config):
        raise Refusal(f"{config}: the axis would not run.")
    click.echo(f"{config}: ready to run.")


def _other_keys(config: Path) -> bool:
    """Tells of keys that the ledger's axis works with and that are not here; returns whether that stops the
    start. A ledger that is new, or that the next run upgrades, says nothing yet."""
    try:
        missing = on_ledger(config, lambda ledger: lacking(ledger, loaded(config)))
    except Refusal:
        return False
    for one in missing:
        click.echo(f"{'problem' if one.stops else 'warning'}: {one.sentence}.", err=True)
    return any(one.stops for one in missing)
