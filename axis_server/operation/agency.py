"""`axis-server agency`: the operator's commands on the directory. They work while the axis runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from axis_server.caller import Role
from axis_server.material import MaterialError, log_signer
from axis_server.operation import registry
from axis_server.operation.delegating import delegate, undelegate
from axis_server.operation.doubts import certificates, tell_doubts, tell_ended, unserved
from axis_server.operation.importing import import_agencies
from axis_server.operation.listing import list_agencies
from axis_server.operation.particulars import (
    Particulars,
    particulars_of,
    particulars_options,
)
from axis_server.operation.provision import issue_profile
from axis_server.operation.registry import RegistryError, Use
from axis_server.operation.terminal import CONFIG, Refusal, acting, loaded, on_directory
from axis_server.settings import Settings
from storage.ledger.directory import Directory
from storage.ledger.registry import Agency, Certificate

T = TypeVar("T")


@click.group()
def agency() -> None:
    """Registers agencies and their certificates, suspends and resumes them."""


agency.add_command(list_agencies)
agency.add_command(delegate)
agency.add_command(undelegate)
agency.add_command(import_agencies)


@agency.group()
def certificate() -> None:
    """Adds and removes certificates of a registered agency; old and new may overlap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """The certificates that a command line names or asks to be issued."""

    files: tuple[Path, ...]
    roles: tuple[str, ...]
    """None: all system; one: all that; else one for each file, then for the issued one."""
    connect_only: bool
    seal_only: bool
    issue: Path | None
    axis: str

    def checked(self) -> _Offer:
        """Raises `click.UsageError` for options that contradict each other."""
        if self.connect_only and self.seal_only:
            raise click.UsageError("--connect-only and --seal-only exclude each other.")
        if len(self.roles) > 1 and len(self.roles) != len(self.files) + (self.issue is not None):
            raise click.UsageError("Give one --role for all certificates, or one for each in the same order.")
        return self

    def read(self, at: datetime) -> tuple[Certificate, ...]:
        """Reads the certificates in files."""
        return tuple(
            registry.read_certificate(path, role=self._role(number), use=self._use(), at=at)
            for number, path in enumerate(self.files)
        )

    def issued(self, config: Path, agency_id: str, at: datetime) -> tuple[Certificate, ...]:
        """Issues what `--issue` asked for, and writes its profile."""
        if self.issue is None:
            return ()
        role = self._role(len(self.files))
        settings = loaded(config)
        try:
            log = log_signer(settings.transparency.key).key.vkey
        except MaterialError as exc:
            raise Refusal(str(exc)) from exc
        new = issue_profile(
            config.parent,
            self.issue,
            agency_id=agency_id,
            axis=self.axis or _reachable(settings),
            role=role,
            at=at,
            log=log,
        )
        return (registry.certificate_of(new.certificate, role=role, use=self._use(), at=at),)

    def _role(self, number: int) -> Role:
        if len(self.roles) > 1:
            return Role(self.roles[number])
        return Role(self.roles[0]) if self.roles else Role.SYSTEM

    def _use(self) -> Use:
        return Use.CONNECT if self.connect_only else Use.SEAL if self.seal_only else Use.BOTH


def _offers(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that make an `_Offer`."""
    for option in (
        click.option("--axis", default="", metavar="HOST:PORT", help="The address for the issued profile."),
        click.option(
            "--issue",
            type=click.Path(file_okay=False, path_type=Path),
            metavar="DIR",
            help="Issue key and certificate by the TEST authority; write a client profile to DIR.",
        ),
        click.option("--connect-only", is_flag=True, help="The certificates may connect, not seal."),
        click.option("--seal-only", is_flag=True, help="The certificates may seal, not connect."),
        click.option(
            "--role",
            "roles",
            type=click.Choice([role.value for role in Role]),
            multiple=True,
            help="One for all certificates, or one for each in order.  [default: system]",
        ),
        click.option(
            "--certificate",
            "files",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            multiple=True,
            metavar="FILE",
            help="A certificate, PEM or DER. May be repeated.",
        ),
    ):
        command = option(command)
    return command


@agency.command()
@click.argument("agency_id", metavar="ID")
@click.option("--name", required=True, help="Name of the agency.")
@click.option("--alias", "aliases", multiple=True, help="A further identifier. May be repeated.")
@_offers
@particulars_options
@acting
@CONFIG
def add(*, agency_id: str, name: str, aliases: tuple[str, ...], config: Path, **options: Any) -> None:
    """Registers the agency ID (or a unit, below its --parent) with its certificates."""
    particulars = particulars_of(options)
    offer, at = _Offer(**options).checked(), datetime.now(UTC)

    async def register(directory: Directory) -> tuple[Agency, Agency | None]:
        kept = registry.identifier(agency_id)
        others = dict.fromkeys(registry.identifier(alias) for alias in aliases)
        named = await registry.drafted(
            directory,
            Agency(
                agency_id=kept,
                name=name.strip() or kept,
                aliases=tuple(alias for alias in others if alias != kept),
                certificates=offer.read(at),
            ),
            particulars.applied,
        )
        await registry.check_new(directory, named)
        issued = offer.issued(config, kept, at)
        whole = replace(named, certificates=(*named.certificates, *issued))
        await registry.add(directory, whole)
        return whole, (await registry.snapshot(directory)).seat(whole, at)

    added, seat = on_directory(config, register)
    known = certificates(len(added.certificates)) if added.certificates else unserved(added, seat)
    click.echo(f"{added.agency_id} ({added.name}) is registered{known}.")
    _tell_profile(offer)
    tell_ended(added, at)
    tell_doubts(loaded(config), added.certificates, at)


@agency.command()
@click.argument("agency_id", metavar="ID")
@click.option("--name", help="Another name.")
@click.option("--add-alias", "added", multiple=True, metavar="ID", help="A further identifier.")
@click.option("--remove-alias", "removed", multiple=True, metavar="ID", help="An identifier no longer used.")
@particulars_options
@acting
@CONFIG
def update(
    *,
    agency_id: str,
    name: str | None,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    config: Path,
    **options: Any,
) -> None:
    """Changes what the directory says of the agency ID. What is not named stays; "" takes it away."""
    particulars = particulars_of(options)
    if name is None and not added and not removed and particulars == Particulars():
        raise click.UsageError("Say what to change; see --help.")

    def change(kept: Agency) -> Agency:
        gone = {registry.identifier(alias) for alias in removed}
        if strays := sorted(gone - set(kept.aliases)):
            raise RegistryError(f"{kept.agency_id} has no alias {strays[0]}.")
        others = dict.fromkeys([*kept.aliases, *map(registry.identifier, added)])
        return particulars.applied(
            replace(
                kept,
                name=kept.name if name is None else name.strip() or kept.agency_id,
                aliases=tuple(one for one in others if one not in gone | {kept.agency_id}),
            )
        )

    changed = on_directory(config, lambda directory: registry.update(directory, agency_id, change))
    click.echo(f"{changed.agency_id} ({changed.name}) is changed.")
    tell_ended(changed, datetime.now(UTC))


@agency.command()
@click.argument("agency_id", metavar="ID")
@acting
@CONFIG
def suspend(*, agency_id: str, config: Path) -> None:
    """Suspends an agency: it can neither call nor be addressed until it is resumed."""
    changed = on_directory(config, lambda directory: registry.suspend(directory, agency_id))
    click.echo(f"{changed.agency_id} ({changed.name}) is suspended.")


@agency.command()
@click.argument("agency_id", metavar="ID")
@acting
@CONFIG
def resume(*, agency_id: str, config: Path) -> None:
    """Ends the suspension of an agency."""
    changed = on_directory(config, lambda directory: registry.resume(directory, agency_id))
    click.echo(f"{changed.agency_id} ({changed.name}) is active.")


@certificate.command("add")
@click.argument("agency_id", metavar="ID")
@_offers
@acting
@CONFIG
def add_certificate(*, agency_id: str, config: Path, **options: Any) -> None:
    """Adds certificates to the agency ID; those it has stay."""
    offer, at = _Offer(**options).checked(), datetime.now(UTC)
    if not offer.files and offer.issue is None:
        raise click.UsageError("Give --certificate FILE or --issue DIR.")

    async def extend(directory: Directory) -> Agency:
        kept = await registry.find(directory, agency_id)
        added = (*offer.read(at), *offer.issued(config, kept.agency_id, at))
        return await registry.add_certificates(directory, kept.agency_id, added)

    changed = on_directory(config, extend)
    click.echo(f"{changed.agency_id} is known{certificates(len(changed.certificates))}.")
    _tell_profile(offer)
    tell_doubts(loaded(config), changed.certificates, at)


@certificate.command("remove")
@click.argument("agency_id", metavar="ID")
@click.argument("sha256", metavar="SHA256")
@acting
@CONFIG
def remove_certificate(*, agency_id: str, sha256: str, config: Path) -> None:
    """Removes the certificate whose SHA-256 begins with SHA256 (see `agency list`)."""
    changed = on_directory(
        config, lambda directory: registry.remove_certificate(directory, agency_id, sha256)
    )
    click.echo(f"{changed.agency_id} is known{certificates(len(changed.certificates))}.")


def _reachable(settings: Settings) -> str:
    """Where a client on this machine finds the axis."""
    listen = settings.server.listen
    return str(listen._replace(host="localhost")) if listen.host in ("0.0.0.0", "::") else str(listen)  # noqa: S104


def _tell_profile(offer: _Offer) -> None:
    if offer.issue is not None:
        click.echo(f"Its profile, for test use, is {offer.issue / 'profile.toml'}.")
