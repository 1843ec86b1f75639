"""What the operator's commands share: where the configuration is, how a command declines."""

from __future__ import annotations

import asyncio
import os
import pwd
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar

import click

from axis_server.acts.acting import Acting, Occasion, Registrar
from axis_server.ledgers import ledger_name, opened_ledger
from axis_server.material import MaterialError, evidence_signer
from axis_server.operation.provision import ProvisionError
from axis_server.operation.registry import RegistryError
from axis_server.settings import Secrets, Settings, SettingsError, load
from signing.keys import UnusableKey
from signing.seal import Sealer
from signing.statements.acts import Changed
from storage.errors import StorageError
from storage.ledger.acts import Acts
from storage.ledger.base import Log, Oversight
from storage.ledger.directory import Directory
from storage.ledger.inventory import Inventory

T = TypeVar("T")

_OCCASION = "axis_server.occasion"
_NOBODY = (1 << 32) - 1
"""The login of a process that nobody's login began (Linux)."""

CONFIG = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("axis.toml"),
    show_default=True,
    help="The configuration file.",
)


class Refusal(click.ClickException):
    """The command did not do what was asked: a sentence on standard error, exit code 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.format_message(), file=file, err=True)


def loaded(config: Path) -> Settings:
    """Reads the configuration, or declines with every problem of it."""
    try:
        return load(config)
    except SettingsError as exc:
        raise Refusal("\n".join(exc.problems)) from exc


def acting(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that say who does it and why, for every command that changes something."""

    def told(context: click.Context, parameter: click.Parameter, value: str) -> None:
        context.meta.setdefault(_OCCASION, {})[parameter.name] = " ".join(value.split())

    for option in (
        click.option(
            "--reason",
            default="",
            callback=told,
            expose_value=False,
            metavar="TEXT",
            help="Why; kept for good.",
        ),
        click.option(
            "--operator",
            default="",
            envvar="AXIS_OPERATOR",
            callback=told,
            expose_value=False,
            metavar="NAME",
            help="Who does it, beside the system's account; kept for good.  [env: AXIS_OPERATOR]",
        ),
    ):
        command = option(command)
    return command


def occasion() -> Occasion:
    """Says who runs the command that is running, and why. It must have the options of `acting`."""
    context = click.get_current_context()
    names, told = [], context.meta[_OCCASION]
    while context.parent is not None:
        names.append(context.info_name or "")
        context = context.parent
    return Occasion(kind=".".join(reversed(names)), account=account(), **told)


def account() -> str:
    """Names the account that this process runs as, and the one that logged in, when that is another."""
    own = _user(os.geteuid())
    try:
        login = int(Path("/proc/self/loginuid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return own
    return own if login in (_NOBODY, os.geteuid()) else f"{own} (login {_user(login)})"


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"


class OperatorLedger(Directory, Oversight, Acts, Log, Inventory, Protocol):
    """What the operator's commands ask of a ledger."""


def acts_of(settings: Settings, ledger: Acts) -> Acting:
    """Signs and keeps acts with the axis's key. Declines when that cannot be read."""
    try:
        signer = evidence_signer(settings.evidence, Secrets().evidence_key_password)
    except (MaterialError, UnusableKey, OSError) as exc:
        raise Refusal(f"Nothing was changed: what is changed is signed with the axis's key. {exc}") from exc
    sealer = Sealer(signer)
    return Acting(
        ledger=ledger,
        sealer=lambda: sealer,
        issuer_id=settings.axis.id,
        clock=lambda: datetime.now(UTC),
        new_id=lambda: str(uuid.uuid4()),
    )


def on_directory(config: Path, act: Callable[[Registrar], Awaitable[T]]) -> T:
    """Opens the directory, acts, closes it; every foreseen failure becomes a sentence. What the command
    changes is kept with its act."""
    settings, doing = loaded(config), occasion()

    async def changing(ledger: OperatorLedger) -> T:
        return await act(Registrar(ledger, acts_of(settings, ledger), doing))

    return _on_ledger(settings, changing, upgrade=True)


def on_ledger(config: Path, read: Callable[[OperatorLedger], Awaitable[T]]) -> T:
    """Opens the ledger to read, and closes it; every foreseen failure becomes a sentence."""
    return _on_ledger(loaded(config), read, upgrade=False)


def note(
    config: Path,
    *,
    about: tuple[str, ...] = (),
    changed: tuple[Changed, ...] = (),
    restored: Path | None = None,
) -> None:
    """Keeps what the running command did where that is no change of the ledger; in a `restored` store in
    place of the configured one, if that is given."""
    settings, doing = loaded(config), occasion()
    if restored is not None:
        settings = moved(settings, restored)

    async def noting(ledger: OperatorLedger) -> None:
        await acts_of(settings, ledger).note(doing, *changed, about=about)

    _on_ledger(settings, noting, upgrade=True)


def _on_ledger(settings: Settings, act: Callable[[OperatorLedger], Awaitable[T]], *, upgrade: bool) -> T:
    async def on_open() -> T:
        async with opened_ledger(settings, upgrade=upgrade) as ledger:
            return await act(ledger)

    try:
        return asyncio.run(on_open())
    except (RegistryError, ProvisionError) as exc:
        raise Refusal(str(exc)) from exc
    except StorageError as exc:
        raise Refusal(f"{ledger_name(settings.ledger)}: the ledger cannot serve: {exc}.") from exc


def moved(settings: Settings, restored: Path) -> Settings:
    """The same settings, with the stores where `restore` puts them."""
    return settings.model_copy(
        update={
            "archive": settings.archive.model_copy(update={"kind": "files", "path": restored / "archive"}),
            "ledger": settings.ledger.model_copy(
                update={"kind": "sqlite", "path": restored / "ledger" / "ledger.sqlite3"}
            ),
        }
    )
