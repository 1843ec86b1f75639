"""`axis-server verify-store`: whether a store holds all that it says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from axis_server.archiving.soundness import Soundness, examine
from axis_server.material import MaterialError, log_policy
from axis_server.operation.terminal import CONFIG, Refusal, loaded, moved
from axis_server.settings import Secrets
from axis_server.stores import opened_to_examine
from storage.errors import StorageError

SHOWN = 50
"""Problems written out; all are counted."""


@click.command("verify-store")
@click.option(
    "--at",
    "restored",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A directory that `restore` wrote, in place of the configured stores.",
)
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint kept elsewhere, by a witness or an agency: the store must hold all that it covers.",
)
@CONFIG
def verify_store(restored: Path | None, checkpoints: tuple[Path, ...], config: Path) -> None:
    """Proves that the store is complete: all evidence against the log, all files against all dispatches.

    Reads everything once and changes nothing; the axis may run meanwhile. Exit 0: all is there; 1: it is not.
    """
    settings = loaded(config)
    if restored is not None:
        settings = moved(settings, restored)
    try:
        policy = log_policy(settings.transparency)
        witnessed = [path.read_bytes() for path in checkpoints]

        async def examining() -> Soundness:
            async with opened_to_examine(settings, Secrets()) as stores:
                return await examine(
                    stores.ledger, stores.inventory, stores.archive, policy=policy, witnessed=witnessed
                )

        found = asyncio.run(examining())
    except (StorageError, MaterialError, OSError) as exc:
        raise Refusal(f"{config}: the store cannot be examined: {exc}.") from exc
    for problem in found.problems[:SHOWN]:
        click.echo(f"problem: {problem}.", err=True)
    counts = (
        f"{found.leaves} leaves of the log, {found.signed} of them signed; {found.dispatches} dispatches with"
        f" {found.files} files, {found.bytes} bytes"
    )
    if found.problems:
        raise Refusal(
            f"{counts}: {len(found.problems)} problems. Keep the store as it is, and see docs/operator.md."
        )
    click.echo(f"{counts}: all there, and as it was accepted.")
