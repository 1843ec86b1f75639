"""Opens the stores that the settings name. Here and in `ledgers` alone it is known which kinds there are."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import SecretStr

from axis_server.archiving.deciding import KeepingLedger
from axis_server.archiving.scrub import ScrubbedLedger
from axis_server.archiving.volumes import RenewedLedger
from axis_server.ledgers import opened_catalogue, opened_ledger
from axis_server.settings import ArchiveSettings, ReplicaSettings, Secrets, Settings, StoreSettings
from storage.archive.base import Archive
from storage.archive.copying import Copied, copy_blobs
from storage.archive.files import FilesArchive
from storage.archive.removing import RemovingArchive
from storage.archive.replicated import ReplicatedArchive, RetentionInAll
from storage.archive.retention import Retention
from storage.archive.s3 import Lock, S3Archive, Target, look_at
from storage.errors import Misconfigured
from storage.ledger.acts import Acts
from storage.ledger.answers import Answers
from storage.ledger.base import Ledger
from storage.ledger.catalogue import Catalogue
from storage.ledger.directory import Directory
from storage.ledger.growing import Growing
from storage.ledger.hints import Hints
from storage.ledger.inventory import Inventory
from storage.ledger.months import Monthly

SECRETS: Mapping[type[StoreSettings], str] = MappingProxyType(
    {ArchiveSettings: "AXIS_ARCHIVE_SECRET_KEY", ReplicaSettings: "AXIS_ARCHIVE_REPLICA_SECRET_KEY"}
)
"""Where each place's secret key comes from."""


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
    growing: Growing
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
        kept = await stack.enter_async_context(_archive(settings.archive, secrets))
        catalogue = await stack.enter_async_context(
            opened_catalogue(settings, secrets, passed_over=passed_over)
        )
        yield Stores(
            archive=kept.archive,
            ledger=ledger,
            directory=ledger,
            acts=ledger,
            hints=ledger,
            catalogue=catalogue,
            scrubbed=ledger,
            renewed=ledger,
            growing=ledger,
            retention=kept.retention,
            monthly=ledger if isinstance(ledger, Monthly) else None,
            answers=ledger,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What is read of a store to examine it."""

    archive: Archive
    ledger: Ledger
    inventory: Inventory
    directory: Directory
    answers: Answers
    acts: Acts


@asynccontextmanager
async def opened_to_examine(settings: Settings, secrets: Secrets) -> AsyncIterator[Examined]:
    """Opens a store to read all of it; the axis may run meanwhile. Raises `StorageError`."""
    async with (
        opened_ledger(settings, secrets, upgrade=False) as ledger,
        _archive(settings.archive, secrets) as kept,
    ):
        yield Examined(
            archive=kept.archive,
            ledger=ledger,
            inventory=ledger,
            directory=ledger,
            answers=ledger,
            acts=ledger,
        )


def copy_archive(root: Path, to: Path) -> Copied:
    """Copies what another archive of files lacks. Raises `StorageError`."""
    return copy_blobs(root, to)


@asynccontextmanager
async def _archive(settings: ArchiveSettings, secrets: Secrets) -> AsyncIterator[_Opened]:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(_store(settings, secrets.archive_secret_key))
        if settings.replica is None:
            yield first
            return
        second = await stack.enter_async_context(_store(settings.replica, secrets.archive_replica_secret_key))
        locking = [one.retention for one in (first, second) if one.retention is not None]
        yield _Opened(
            archive=ReplicatedArchive(first.archive, second.archive),
            retention=RetentionInAll(locking) if locking else None,
        )


@asynccontextmanager
async def _store(settings: StoreSettings, secret: SecretStr | None) -> AsyncIterator[_Opened]:
    if settings.kind == "files":
        files = FilesArchive(settings.path)
        try:
            yield _Opened(archive=files)
        finally:
            await files.aclose()
        return
    lock = Lock(settings.lock)
    bucket = await S3Archive.open(s3_target(settings, secret), lock=lock)
    try:
        yield _Opened(archive=bucket, retention=None if lock is Lock.OFF else bucket.retention)
    finally:
        await bucket.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    archive: RemovingArchive
    retention: Retention | None = None


def look_at_bucket(settings: StoreSettings, secret: SecretStr | None) -> None:
    """Looks whether the archive's bucket is there and fit for originals, and changes nothing. Raises
    `StorageError` with a sentence that says what to do."""
    look_at(s3_target(settings, secret), Lock(settings.lock))


def s3_target(settings: StoreSettings, secret: SecretStr | None) -> Target:
    """Says where the archive's bucket is, and with which key. Raises `Misconfigured`."""
    if settings.ca is not None and not os.access(settings.ca, os.R_OK):
        raise Misconfigured(f"`ca` {settings.ca} cannot be read: correct the path, or its owner")
    return Target(
        endpoint=settings.endpoint,
        bucket=settings.bucket,
        region=settings.region,
        access_key=settings.access_key,
        secret_key=_secret_key(settings, secret),
        ca=settings.ca,
        connections=settings.connections,
    )


def _secret_key(settings: StoreSettings, secret: SecretStr | None) -> str:
    if secret is not None:
        return secret.get_secret_value()
    if settings.secret_key_file is None:
        raise Misconfigured(
            f"the secret key is missing: set {SECRETS[type(settings)]} in the environment,"
            " or `secret_key_file`"
        )
    try:
        return settings.secret_key_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(
            f"`secret_key_file` {settings.secret_key_file} cannot be read: correct the path, or its owner"
        ) from exc
