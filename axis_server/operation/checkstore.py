"""`axis-server check-store`: whether an S3 store does all that the archive assumes, on the store itself."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from pydantic import SecretStr

from axis_server.operation.terminal import CONFIG, Refusal, loaded
from axis_server.settings import ArchiveSettings, Secrets, StoreSettings
from axis_server.stores import s3_target
from storage.archive.s3 import Lock, examined
from storage.errors import StorageError


@click.command("check-store")
@click.option("--replica", is_flag=True, help="Examine the replica's bucket.")
@CONFIG
def check_store(replica: bool, config: Path) -> None:
    """Tries on the archive's bucket everything that the axis assumes about S3.

    Writes a little under `probe/` and removes it again; takes some seconds. Run it before a new store, or a
    new version of one, is trusted with originals. Exit 0: all holds; 1: something does not.
    """
    section, settings, secret = _asked(loaded(config).archive, Secrets(), replica, config)
    if settings.kind != "s3":
        raise Refusal(f'{config}: `{section}.kind` is "{settings.kind}"; this command examines S3 stores.')
    failed = 0
    try:
        target = s3_target(settings, secret)
        for one in examined(target, Lock(settings.lock), clock=lambda: datetime.now(UTC)):
            click.echo(
                f"{'FAILED' if one.failure else 'ok':8}{one.assumption.name}: {one.assumption.meaning}"
            )
            if one.failure:
                failed += 1
                click.echo(f"        found: {one.failure}")
                click.echo(f"        next:  {one.assumption.next_step}")
    except StorageError as exc:
        raise Refusal(f"{config}: `{section}`: {exc}.") from exc
    if failed:
        raise Refusal(f"{config}: the bucket {target.bucket} is not fit for originals: {failed} failed.")
    click.echo(f"{config}: the bucket {target.bucket} is fit for originals.")


def _asked(
    archive: ArchiveSettings, secrets: Secrets, replica: bool, config: Path
) -> tuple[str, StoreSettings, SecretStr | None]:
    if not replica:
        return "archive", archive, secrets.archive_secret_key
    if archive.replica is None:
        raise Refusal(f"{config}: there is no section `[archive.replica]`.")
    return "archive.replica", archive.replica, secrets.archive_replica_secret_key
