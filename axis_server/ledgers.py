"""Opens the ledger that the settings name, with its directory, its hints and its catalogue."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

from axis_server.settings import LedgerSettings, Secrets, Settings
from storage.errors import Misconfigured
from storage.ledger.acts import Acts
from storage.ledger.answers import Answers
from storage.ledger.base import Ledger
from storage.ledger.catalogue import Catalogue
from storage.ledger.directory import Directory
from storage.ledger.growing import Growing
from storage.ledger.hints import Hints
from storage.ledger.inventory import Inventory
from storage.ledger.relational.texts import Schema
from storage.ledger.renewals import Renewals
from storage.ledger.rounds import Rounds
from storage.ledger.sqlite import SqliteCatalogue, SqliteLedger, look
from storage.ledger.sqlite.copying import copy

if TYPE_CHECKING:
    from storage.ledger.postgres import PostgresCatalogue, PostgresLedger, Replica, Target

CONNECTIONS_BESIDE = 5
"""Of one process, beside those that read: one writes, one hears hints, three are the catalogue's."""


class OpenLedger(Ledger, Directory, Hints, Inventory, Rounds, Renewals, Growing, Answers, Acts, Protocol):
    """What a ledger keeps that is opened here."""


def ledger_schema(settings: LedgerSettings, secrets: Secrets) -> Schema:
    """Looks how far the ledger's schema has come, and changes nothing. Raises `StorageError`."""
    if settings.kind == "sqlite":
        return look(settings.path)
    found: Schema = _postgres().look(_target(settings, secrets))
    return found


def copy_ledger(settings: LedgerSettings, to: Path) -> None:
    """Copies a ledger of one file, as it is now, to a new file. Raises `StorageError`."""
    copy(settings.path, to)


def ledger_name(settings: LedgerSettings) -> str:
    """Says which ledger it is, for people."""
    return str(settings.path) if settings.kind == "sqlite" else f"schema {settings.database_schema}"


@asynccontextmanager
async def opened_ledger(
    settings: Settings,
    secrets: Secrets | None = None,
    *,
    upgrade: bool = True,
    passed_over: Callable[[], None] | None = None,
) -> AsyncIterator[OpenLedger]:
    """Opens the ledger alone, with the directory; the axis may run meanwhile. Who only reads opens it without
    `upgrade` and changes nothing about it. A replica is used where its being passed over is told. Raises
    `StorageError`."""
    ledger = await _ledger(settings.ledger, secrets or Secrets(), upgrade, passed_over)
    try:
        yield ledger
    finally:
        await ledger.aclose()


async def _ledger(
    settings: LedgerSettings, secrets: Secrets, upgrade: bool, passed_over: Callable[[], None] | None
) -> SqliteLedger | PostgresLedger:
    if settings.kind == "sqlite":
        return await SqliteLedger.open(settings.path, upgrade=upgrade)
    reads = settings.connections - CONNECTIONS_BESIDE
    opened: PostgresLedger = await _postgres().PostgresLedger.open(
        _target(settings, secrets),
        upgrade=upgrade,
        reads=reads,
        replica=_replica(settings, secrets, passed_over),
    )
    return opened


@asynccontextmanager
async def opened_catalogue(
    settings: Settings, secrets: Secrets, *, passed_over: Callable[[], None] | None = None
) -> AsyncIterator[Catalogue]:
    """Opens the catalogue of a ledger that was opened. Raises `StorageError`."""
    catalogue: SqliteCatalogue | PostgresCatalogue
    if settings.ledger.kind == "sqlite":
        catalogue = await SqliteCatalogue.open(settings.ledger.path)
    else:
        catalogue = await _postgres().PostgresCatalogue.open(
            _target(settings.ledger, secrets), replica=_replica(settings.ledger, secrets, passed_over)
        )
    try:
        yield catalogue
    finally:
        await catalogue.aclose()


def _postgres() -> ModuleType:
    """Finds the backend, whose driver is an extra."""
    try:
        from storage.ledger import postgres
    except ModuleNotFoundError as exc:
        raise Misconfigured(
            'kind "postgres" needs its driver: pip install "national-axis[postgres]"'
        ) from exc
    return postgres


def _target(settings: LedgerSettings, secrets: Secrets) -> Target:
    password = _password(settings, secrets)
    target: Target = _postgres().Target(dsn=settings.dsn, password=password, schema=settings.database_schema)
    return target


def _replica(
    settings: LedgerSettings, secrets: Secrets, passed_over: Callable[[], None] | None
) -> Replica | None:
    if not settings.replica or passed_over is None:
        return None
    replica: Replica = _postgres().Replica(
        target=replace(_target(settings, secrets), dsn=settings.replica),
        seconds=settings.replica_seconds,
        passed_over=passed_over,
        clock=time.monotonic,
    )
    return replica


def _password(settings: LedgerSettings, secrets: Secrets) -> str | None:
    """None where the server knows the axis otherwise: by its user, or by a client certificate."""
    if secrets.ledger_password is not None:
        return secrets.ledger_password.get_secret_value()
    if settings.password_file is None:
        return None
    try:
        return settings.password_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(
            f"`password_file` {settings.password_file} cannot be read: correct the path, or its owner"
        ) from exc
