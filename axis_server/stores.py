"""Opens the stores that the settings name. Here and in `ledgers` alone it is known which kinds there are."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from axis_server.archiving.deciding import KeepingLedger
from axis_server.archiving.scrub import ScrubbedLedger
from axis_server.archiving.volumes import RenewedLedger
from axis_server.ledgers import opened_catalogue, opened_ledger
from axis_server.settings import ArchiveSettings, Secrets, Settings
from storage.archive.base import Archive
from storage.archive.copying import Copied, copy_blobs
from storage.archive.files import FilesArchive
from storage.archive.removing import RemovingArchive
from storage.archive.retention import Retention
from storage.archive.s3 import Lock, S3Archive, Target, look_at
from storage.errors import Misconfigured
from storage.ledger.acts import Acts
from storage.ledger.answers import Answers
from storage.ledger.base import Ledger
from storage.ledger.catalogue import Catalogue
from storage.ledger.directory import Directory
from storage.ledger.hints import Hints
from storage.ledger.inventory import Inventory
from storage.ledger.months import Monthly


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What an axis keeps things in."""

    archive: RemovingArchive
    ledger: KeepingLedger
    directory: Directory
    acts: Acts
    hints: Hints
    catalogue: Catalogue
    scrubbed: ScrubbedLedger
    renewed: RenewedLedger
    answers: Answers
    retention: Retention | None = None
    """Where the archive's store can lock blobs, and is to."""
    monthly: Monthly | None = None
    """The ledger, where it parts what it keeps by months."""


@asynccontextmanager
async def opened(
    settings: Settings, secrets: Secrets, *, passed_over: Callable[[], None] | None = None
) -> AsyncIterator[Stores]:
    """Opens archive and ledger, and closes them at the end; `passed_over` is called whenever the ledger's
    replica is. Raises `StorageError`."""
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(opened_ledger(settings, secrets, passed_over=passed_over))
        archive = await _archive(settings.archive, secrets)
        stack.push_async_callback(archive.aclose)
        catalogue = await stack.enter_async_context(
            opened_catalogue(settings, secrets, passed_over=passed_over)
        )
        yield Stores(
            archive=archive,
            ledger=ledger,
            directory=ledger,
            acts=ledger,
            hints=ledger,
            catalogue=catalogue,
            scrubbed=ledger,
            renewed=ledger,
            retention=_retention(archive, settings.archive),
            monthly=ledger if isinstance(ledger, Monthly) else None,
            answers=ledger,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What is read of a store to examine it."""

    archive: Archive
    ledger: Ledger
    inventory: Inventory


@asynccontextmanager
async def opened_to_examine(settings: Settings, secrets: Secrets) -> AsyncIterator[Examined]:
    """Opens a store to read all of it; the axis may run meanwhile. Raises `StorageError`."""
    async with opened_ledger(settings, secrets, upgrade=False) as ledger:
        archive = await _archive(settings.archive, secrets)
        try:
            yield Examined(archive=archive, ledger=ledger, inventory=ledger)
        finally:
            await archive.aclose()


def copy_archive(root: Path, to: Path) -> Copied:
    """Copies what another archive of files lacks. Raises `StorageError`."""
    return copy_blobs(root, to)


async def _archive(settings: ArchiveSettings, secrets: Secrets) -> FilesArchive | S3Archive:
    if settings.kind == "files":
        return FilesArchive(settings.path)
    return await S3Archive.open(s3_target(settings, secrets), lock=Lock(settings.lock))


def _retention(archive: FilesArchive | S3Archive, settings: ArchiveSettings) -> Retention | None:
    return archive.retention if isinstance(archive, S3Archive) and settings.lock != "off" else None


def look_at_bucket(settings: ArchiveSettings, secrets: Secrets) -> None:
    """Looks whether the archive's bucket is there and fit for originals, and changes nothing. Raises
    `StorageError` with a sentence that says what to do."""
    look_at(s3_target(settings, secrets), Lock(settings.lock))


def s3_target(settings: ArchiveSettings, secrets: Secrets) -> Target:
    """Says where the archive's bucket is, and with which key. Raises `Misconfigured`."""
    if settings.ca is not None and not os.access(settings.ca, os.R_OK):
        raise Misconfigured(f"`ca` {settings.ca} cannot be read: correct the path, or its owner")
    return Target(
        endpoint=settings.endpoint,
        bucket=settings.bucket,
        region=settings.region,
        access_key=settings.access_key,
        secret_key=_secret_key(settings, secrets),
        ca=settings.ca,
        connections=settings.connections,
    )


def _secret_key(settings: ArchiveSettings, secrets: Secrets) -> str:
    if secrets.archive_secret_key is not None:
        return secrets.archive_secret_key.get_secret_value()
    if settings.secret_key_file is None:
        raise Misconfigured(
            "the secret key is missing: set AXIS_ARCHIVE_SECRET_KEY in the environment, or `secret_key_file`"
        )
    try:
        return settings.secret_key_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(
            f"`secret_key_file` {settings.secret_key_file} cannot be read: correct the path, or its owner"
        ) from exc
