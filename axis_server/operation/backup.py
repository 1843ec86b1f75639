"""`axis-server backup` and `restore`: all moments of a store of one machine, side by side.

DIR/moments/20260302T081500000Z.sqlite3   a ledger as it was then; complete and durable once it has this name
DIR/archive/ab/cd/abcd…                   the originals of all moments
DIR/incoming/                             what a backup was writing that did not end

The ledger first, then the archive: every file that a ledger names was in the archive before the ledger named
it and nothing is ever removed there, so the later archive holds all of the earlier ledger. A moment gets its
name last, so a backup that was cut off is none.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from axis_server.ledgers import copy_ledger
from axis_server.operation.terminal import CONFIG, Refusal, acting, loaded, note
from axis_server.stores import copy_archive
from signing.statements.acts import Changed
from storage.errors import StorageError

_ROOM_MODE = 0o700


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@acting
@CONFIG
def backup(directory: Path, config: Path) -> None:
    """Adds this moment to the backup in DIRECTORY; the axis may run meanwhile.

    The ledger is copied in full, of the archive what the backup lacks; an act tells that it was. Keys and
    configuration are not in it: keep them apart. Exit 0: the moment is complete and on disk.
    """
    settings = loaded(config)
    if settings.archive.kind != "files" or settings.ledger.kind != "sqlite":
        raise Refusal(
            f"{config}: `backup` is for a ledger in a file with an archive in a directory; a database and a"
            " bucket have backups of their own."
        )
    try:
        with _alone(directory):
            at = datetime.now(UTC)
            moment = directory / "moments" / f"{_name(at)}.sqlite3"
            coming = directory / "incoming" / moment.name
            copy_ledger(settings.ledger, coming)
            copied = copy_archive(settings.archive.path, directory / "archive")
            coming.replace(moment)
            _synced(moment.parent)
    except (StorageError, OSError) as exc:
        raise Refusal(f"{directory}: no backup was made: {exc}.") from exc
    note(config, changed=(Changed(of="store", what="moment", before="", after=moment.stem),))
    click.echo(
        f"{moment.stem}: the ledger, and {copied.files} new files of the archive ({copied.bytes} bytes);"
        f" {copied.had} were there."
    )


@click.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--into", required=True, type=click.Path(path_type=Path), help="A directory that is not there or empty."
)
@click.option(
    "--moment",
    metavar="TIME|NAME",
    help="The last one up to then (2026-03-02T08:15:00Z), or one as `backup` named it.  [default: the last]",
)
@acting
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The configuration, whose keys sign in the restored ledger that it was restored.",
)
def restore(directory: Path, into: Path, moment: str | None, config: Path | None) -> None:
    """Writes a moment of the backup in DIRECTORY to `archive/` and `ledger/ledger.sqlite3` under INTO.

    These are the places that `init` gives them. Then `verify-store`, before the axis runs on it. With
    --config the restored ledger itself tells, as an act, that it was restored, and to which moment.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Refusal(f"{into} holds something; nothing was written. Name an empty directory.")
    found = _chosen(directory, moment)
    try:
        into.mkdir(mode=_ROOM_MODE, parents=True, exist_ok=True)
        copied = copy_archive(directory / "archive", into / "archive")
        (into / "ledger").mkdir(mode=_ROOM_MODE)
        target = into / "ledger" / "ledger.sqlite3"
        shutil.copyfile(found, target)
        target.chmod(0o600)
        _synced(target, target.parent, into)
    except (StorageError, OSError) as exc:
        raise Refusal(f"{into}: not restored: {exc}.") from exc
    if config is not None:
        told = Changed(of="store", what="moment", before="", after=found.stem)
        note(config, changed=(told,), restored=into)
    click.echo(f"{found.stem} is restored into {into}, with {copied.files} files. Next:")
    click.echo(f"  axis-server verify-store --at {into} --config axis.toml")


def _chosen(directory: Path, until: str | None) -> Path:
    every = moments = sorted(directory.glob("moments/*.sqlite3"))
    if named := [path for path in every if until in (path.stem, path.name)]:
        return named[0]
    if until is not None:
        try:
            last = datetime.fromisoformat(until)
        except ValueError as exc:
            raise click.BadParameter(f'"{until}" is not a time.', param_hint="--moment") from exc
        if last.tzinfo is None:
            raise click.BadParameter(f'"{until}" has no time zone; end it with Z.', param_hint="--moment")
        moments = [path for path in moments if path.stem <= _name(last.astimezone(UTC))]
    if not moments:
        first = f" The first is {every[0].stem}." if every else ""
        raise Refusal(f"{directory} holds no such moment; nothing was written.{first}")
    return moments[-1]


def _name(at: datetime) -> str:
    """Names a moment, to the millisecond, so that names are in the order of time."""
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03}Z"


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Makes the rooms of a backup, and lets one backup at a time into them."""
    for name in ("moments", "incoming"):
        (directory / name).mkdir(mode=_ROOM_MODE, parents=True, exist_ok=True)
    lock = os.open(directory / "incoming", os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise Refusal(f"{directory}: another backup is under way.") from exc
        for left in (directory / "incoming").iterdir():
            left.unlink()
        yield
    finally:
        os.close(lock)


def _synced(*paths: Path) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
