"""`axis-server renew`: archive records (RFC 4998) made and renewed by hand, and how they stand."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from axis_server import logs
from axis_server.app import now
from axis_server.archiving.renewing import Act, NothingThere, Renewing, Rules, Task, ends_at, proven
from axis_server.composition.renewal import renewing_of, rules_of
from axis_server.keyring import Keyring
from axis_server.ledgers import opened_ledger
from axis_server.material import MaterialError
from axis_server.metrics import Metrics
from axis_server.operation.terminal import CONFIG, Refusal, acting, acts_of, loaded, occasion
from axis_server.settings import Secrets, Settings
from axis_server.stores import opened
from axis_server.transparency.authorities import NotStamped
from axis_server.transparency.patrol import LogBroken
from axis_server.transparency.publisher import Publisher
from signing.keys import UnusableKey
from storage.errors import StorageError
from storage.ledger.renewals import BLOCK, Renewals, Volume

T = TypeVar("T")

DRY_RUN = click.option("--dry-run", is_flag=True, help="Only say what would be done.")
DIGESTS = ("sha256", "sha384", "sha512")
PROGRESS_BLOCKS = 16
"""How often it says how far it is."""


@click.group()
def renew() -> None:
    """Keeps what is archived provable when certificates and hash algorithms end (RFC 4998).

    The axis does so by itself while it runs, as `[renewal]` says; it may run meanwhile.
    """


@renew.command()
@CONFIG
def status(config: Path) -> None:
    """Shows every volume, by which algorithms it is proven, and when that ends.

    Exit 0: nothing is due; 1: something is.
    """
    settings = loaded(config)
    rules = rules_of(settings.renewal)
    volumes = _asked(_volumes(settings), config)
    for volume in volumes:
        click.echo(_line(volume, rules))
    if not volumes:
        click.echo("Nothing is in a volume yet.")
    due = [volume for volume in volumes if _is_due(volume, rules, now())]
    if due:
        raise Refusal(f"{len(due)} of {len(volumes)} volumes are due for renewal.")


@renew.command()
@DRY_RUN
@acting
@CONFIG
def cover(dry_run: bool, config: Path) -> None:
    """Makes volumes of what is new in the log, now, and has them time-stamped."""
    _asked(_worked(loaded(config), _cover, dry_run), config)


@renew.command()
@click.option("--all", "every", is_flag=True, help="Also of volumes whose time-stamp is not due yet.")
@DRY_RUN
@acting
@CONFIG
def timestamp(every: bool, dry_run: bool, config: Path) -> None:
    """Has the last time-stamps time-stamped: those that end within the lead time, or all."""

    async def renewed(work: Work) -> None:
        await work.finish()
        for volume in await work.ledger.volumes():
            due = ends_at(volume, {}) - now() <= work.rules.lead
            if volume.last.stamps and (every or due):
                work.say(f"volume {volume.number}: a new time-stamp")
                if not work.dry_run:
                    await work.renewing.renew(volume, anyway=every)

    _asked(_worked(loaded(config), renewed, dry_run), config)


@renew.command("hash-tree")
@click.option("--to", "digest", type=click.Choice(DIGESTS), required=True, help="The new algorithm.")
@DRY_RUN
@acting
@CONFIG
def hash_tree(digest: str, dry_run: bool, config: Path) -> None:
    """Hashes everything that is kept again, by another algorithm, and has that time-stamped.

    It reads every byte of the archive. Broken off, it goes on where it was when it is called again.
    """

    async def rehashed(work: Work) -> None:
        await work.finish()
        for volume in await work.ledger.volumes():
            if volume.last.stamps and digest not in {chain.digest for chain in volume.chains}:
                work.say(f"volume {volume.number}: {volume.end - volume.start} leaves again by {digest}")
                if not work.dry_run:
                    await work.renewing.rehash(volume, digest)
                    await work.finish()

    _asked(_worked(loaded(config), rehashed, dry_run), config)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a command works with."""

    renewing: Renewing
    ledger: Renewals
    rules: Rules
    dry_run: bool

    def say(self, line: str) -> None:
        click.echo(f"would be: {line}" if self.dry_run else line)

    async def finish(self) -> None:
        """Brings every tree that was begun to its time-stamp."""
        while task := await self._begun():
            volume = task.volume
            if self.dry_run:
                self.say(f"volume {volume.number}: block {volume.last.blocks} of {volume.blocks} goes on")
                return
            if task.act is Act.GROW and volume.last.blocks % PROGRESS_BLOCKS == 0:
                leaves = volume.last.blocks * BLOCK
                click.echo(
                    f"volume {volume.number}: {leaves} of {volume.end - volume.start} leaves", err=True
                )
            await self.renewing.do(task)

    async def _begun(self) -> Task | None:
        for volume in await self.ledger.volumes():
            if volume.is_growing or not volume.last.stamps:
                return Task(act=Act.GROW if volume.is_growing else Act.STAMP, volume=volume)
        return None


async def _cover(work: Work) -> None:
    await work.finish()
    while (new := await work.renewing.uncovered()) is not None:
        work.say(f"volume {new.number}: leaves {new.start} to {new.end - 1} by {new.last.digest}")
        if work.dry_run:
            return
        await work.renewing.do(Task(act=Act.COVER, volume=new))
        await work.finish()


async def _worked(settings: Settings, act: Callable[[Work], Awaitable[None]], dry_run: bool) -> None:
    async with _work(settings, dry_run) as work:
        await act(work)


@asynccontextmanager
async def _work(settings: Settings, dry_run: bool) -> AsyncIterator[Work]:
    logs.configure(settings.log, sys.stderr)
    if not settings.timestamps:
        raise Refusal("No [[timestamps]] is configured: somebody must be asked for time-stamps.")
    secrets = Secrets()
    keys = Keyring(settings, secrets, show=lambda _: None)
    async with opened(settings, secrets) as stores:
        metrics = Metrics.make()
        if not dry_run:
            await acts_of(settings, stores.acts).note(occasion())
            await Publisher(
                ledger=stores.ledger, signers=keys.note_signers, clock=now, metrics=metrics
            ).publish()
        yield Work(
            renewing=renewing_of(settings, stores, metrics, now),
            ledger=stores.renewed,
            rules=rules_of(settings.renewal),
            dry_run=dry_run,
        )


def _asked(work: Coroutine[Any, Any, T], config: Path) -> T:
    """Runs it, and says in a sentence what stood in its way."""
    try:
        return asyncio.run(work)
    except LogBroken as broken:
        raise Refusal(f"The log was changed: {broken}.") from broken
    except (NotStamped, NothingThere) as exc:
        raise Refusal(f"No time-stamp: {exc}. What was done before is kept; call again.") from exc
    except (MaterialError, UnusableKey, OSError) as exc:
        raise Refusal(f"{config}: {exc}.") from exc
    except StorageError as exc:
        raise Refusal(f"{config}: the stores cannot serve: {exc}.") from exc


async def _volumes(settings: Settings) -> tuple[Volume, ...]:
    async with opened_ledger(settings, upgrade=False) as ledger:
        return await ledger.volumes()


def _is_due(volume: Volume, rules: Rules, at: datetime) -> bool:
    return not proven(volume) or ends_at(volume, rules.trusted) - at <= rules.lead


def _line(volume: Volume, rules: Rules) -> str:
    chains = ", ".join(f"{chain.digest} ({len(chain.stamps)} time-stamps)" for chain in volume.chains)
    line = f"volume {volume.number}  leaves {volume.start} to {volume.end - 1}  {chains}"
    if volume.is_growing:
        line += f"  block {volume.last.blocks} of {volume.blocks}"
    if troubled := sum(chain.troubled for chain in volume.chains):
        line += f"  {troubled} lost"
    return (
        f"{line}  ends {ends_at(volume, rules.trusted):%Y-%m-%d}" if proven(volume) else f"{line}  not proven"
    )
