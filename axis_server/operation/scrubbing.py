"""`axis-server scrub`: everything that is kept is read again, now; and what the last round found."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from axis_server import logs
from axis_server.app import new_id, now
from axis_server.archiving.scrub import ScrubbedLedger
from axis_server.composition.tending import scrub_of
from axis_server.keyring import Keyring
from axis_server.ledgers import opened_ledger
from axis_server.material import MaterialError
from axis_server.metrics import Metrics
from axis_server.operation.terminal import CONFIG, Refusal, acting, acts_of, loaded, occasion
from axis_server.settings import Secrets, Settings
from axis_server.stores import opened
from axis_server.transparency.patrol import LogBroken
from axis_server.transparency.publisher import Publisher
from signing.keys import UnusableKey
from storage.errors import StorageError
from storage.ledger.rounds import Round

PROGRESS_BYTES = 1 << 30
"""How often it says how far it is."""


@click.command()
@click.option("--status", is_flag=True, help="Only show what the last round found; reads nothing anew.")
@click.option(
    "--statement",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the axis's sealed statement about the last round that ended.",
)
@acting
@CONFIG
def scrub(status: bool, statement: Path | None, config: Path) -> None:
    """Reads again everything that is kept: goes on with the round that is going on, or begins one.

    Files are held against their digests, evidence and statements against the log, the log against its signed
    checkpoint. The axis may run meanwhile. Exit 0: everything is there, unchanged; 1: something is not.
    """
    settings = loaded(config)
    logs.configure(settings.log, sys.stderr)
    try:
        last = asyncio.run(_last(settings, statement) if status or statement else _round(settings))
    except (MaterialError, UnusableKey, OSError) as exc:
        raise Refusal(f"{config}: {exc}.") from exc
    except StorageError as exc:
        raise Refusal(f"{config}: the stores cannot serve: {exc}.") from exc
    if last is None:
        raise Refusal("Nothing was gone through yet.")
    _show(last)
    if last.troubled:
        raise Refusal(f"{last.troubled} damaged or lost; docs/operator.md says what to do.")


async def _round(settings: Settings) -> Round | None:
    """Goes through to the end of a round."""
    secrets = Secrets()
    keys = Keyring(settings, secrets, show=lambda _: None)
    async with opened(settings, secrets) as stores:
        await acts_of(settings, stores.acts).note(occasion())
        metrics = Metrics.make()
        try:  # so that what is not signed yet is gone through too
            await Publisher(
                ledger=stores.ledger, signers=keys.note_signers, clock=now, metrics=metrics
            ).publish()
        except LogBroken as broken:
            click.echo(f"The log was changed: {broken}.", err=True)
        scrubbing = scrub_of(settings, stores, keys, clock=now, new_id=new_id, metrics=metrics)
        read, told = await scrubbing.step(now=True) or 0, 0
        while (last := await stores.scrubbed.round()) is not None and last.ended_at is None:
            read += await scrubbing.step(now=True) or 0
            if read - told >= PROGRESS_BYTES:
                told = read
                click.echo(f"{last.leaves} leaves, {last.blobs} files, {last.bytes >> 20} MiB", err=True)
        return last


async def _last(settings: Settings, statement: Path | None) -> Round | None:
    async with opened_ledger(settings, upgrade=False) as ledger:
        last = await ledger.round()
        if statement is not None:
            await asyncio.to_thread(statement.write_bytes, await _statement(ledger, last))
        return last


async def _statement(ledger: ScrubbedLedger, last: Round | None) -> bytes:
    if last is None or not last.statement_id:
        raise Refusal("No round has ended yet.")
    leaf = await ledger.leaf(last.statement_id)
    (kept,) = await ledger.logged(start=leaf.index, limit=1)
    return kept.content or b""


def _show(last: Round) -> None:
    ended = f"ended {last.ended_at:%Y-%m-%d %H:%M} UTC" if last.ended_at else "going on"
    click.echo(f"Round {last.number}, begun {last.started_at:%Y-%m-%d %H:%M} UTC, {ended}:")
    click.echo(f"  files   {last.blobs}, {last.bytes} bytes, {last.repaired} repaired")
    click.echo(f"  log     {last.leaves} of {last.size} leaves")
    click.echo(f"  damaged {last.troubled}")
    for one in last.troubles:
        click.echo(f"    {one}")
    if last.statement_id:
        click.echo(f"  statement {last.statement_id}")
