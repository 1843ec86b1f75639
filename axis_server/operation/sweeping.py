"""`axis-server sweep`: what lies in the archive and nothing names."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

import click

from axis_server import logs
from axis_server.app import now
from axis_server.archiving.sweeping import SETTLE_SECONDS, Swept, sweep
from axis_server.operation.terminal import CONFIG, Refusal, acting, acts_of, loaded, occasion
from axis_server.settings import Secrets, Settings
from axis_server.stores import opened
from storage.errors import StorageError


@click.command("sweep")
@click.option("--delete", is_flag=True, help="Hide what is found, and remove what an earlier sweep hid.")
@click.option(
    "--older-than",
    "days",
    type=click.FloatRange(min=1),
    metavar="DAYS",
    help="The safe age; nothing younger is touched.  [default: `sweep_days` of the settings]",
)
@acting
@CONFIG
def sweep_archive(delete: bool, days: float | None, config: Path) -> None:
    """Counts files of the archive that no document names, and uploads that nobody submitted.

    Without --delete nothing is changed. With it, what is found is hidden; a later sweep removes it, once it
    has lain hidden for the safe age and still nothing names it. The axis may run meanwhile.
    """
    settings = loaded(config)
    logs.configure(settings.log, sys.stderr)
    age = timedelta(days=days or settings.retention.sweep_days)
    try:
        swept = asyncio.run(_swept(settings, age, delete=delete))
    except StorageError as exc:
        raise Refusal(f"{config}: the stores cannot serve: {exc}.") from exc
    _show(swept, age, delete=delete)


async def _swept(settings: Settings, age: timedelta, *, delete: bool) -> Swept:
    async with opened(settings, Secrets()) as stores:
        if delete:
            await acts_of(settings, stores.acts).note(occasion())
            click.echo(f"At the end it waits {SETTLE_SECONDS:.0f} s for submissions under way.", err=True)
        return await sweep(stores.archive, stores.ledger, older_than=now() - age, delete=delete)


def _show(swept: Swept, age: timedelta, *, delete: bool) -> None:
    would = "" if delete else "would be "
    click.echo(f"{swept.looked_at} files looked at; older than {age.days} days and named by nothing:")
    click.echo(f"  {would}hidden   {swept.hidden}, {swept.hidden_bytes} bytes")
    click.echo(f"    of these, uploads never submitted: {swept.unsubmitted}")
    click.echo(f"  {would}removed  {swept.removed}, {swept.removed_bytes} bytes, hidden by an earlier sweep")
    click.echo(f"  {would}shown    {swept.shown}, named by now")
    if swept.locked:
        click.echo(f"  kept by the store: {swept.locked}, which are locked")
