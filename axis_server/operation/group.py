"""`axis-server group`: names for many recipients. The commands work while the axis runs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from axis_server.addressing.directory import DirectoryView
from axis_server.addressing.routing import reached
from axis_server.operation import grouping, registry
from axis_server.operation.particulars import parse_category
from axis_server.operation.registry import RegistryError
from axis_server.operation.terminal import CONFIG, acting, on_directory, on_ledger
from storage.ledger.directory import Directory
from storage.ledger.registry import Group

SHOWN_MOST = 50
"""Recipients that `show` names; it counts the rest."""


@click.group()
def group() -> None:
    """Registers groups of agencies, which are addressed by one identifier."""


@group.command()
@click.argument("group_id", metavar="ID")
@click.option("--name", required=True, help="Name of the group.")
@click.option("--owner", default="", metavar="ID", help="The agency that alone sees it, for good.")
@click.option("--member", "members", multiple=True, metavar="ID", help="An agency or a group.")
@click.option("--category", "categories", multiple=True, help="All agencies of a category, not their units.")
@acting
@CONFIG
def add(
    *,
    group_id: str,
    name: str,
    owner: str,
    members: tuple[str, ...],
    categories: tuple[str, ...],
    config: Path,
) -> None:
    """Registers the group ID; --member and --category may be repeated."""

    async def register(directory: Directory) -> Group:
        kept = registry.identifier(group_id)
        new = Group(
            group_id=kept,
            name=name.strip() or kept,
            owner_id=owner,
            members=members,
            categories=tuple(map(_category, categories)),
        )
        return await grouping.add(directory, new)

    click.echo(f"{_told(on_directory(config, register))} is registered.")


@group.command()
@click.argument("group_id", metavar="ID")
@click.option("--name", help="Another name.")
@click.option("--add-member", "members", multiple=True, metavar="ID", help="An agency or a group.")
@click.option("--remove-member", "gone", multiple=True, metavar="ID", help="A member no longer.")
@click.option("--add-category", "categories", multiple=True, help="All agencies of a category.")
@click.option("--remove-category", "dropped", multiple=True, help="A category no longer.")
@acting
@CONFIG
def update(
    *,
    group_id: str,
    name: str | None,
    members: tuple[str, ...],
    gone: tuple[str, ...],
    categories: tuple[str, ...],
    dropped: tuple[str, ...],
    config: Path,
) -> None:
    """Changes the group ID; the options may be repeated. What was sent to it before stays as it was."""
    if name is None and not (members or gone or categories or dropped):
        raise click.UsageError("Say what to change; see --help.")

    async def change(directory: Directory) -> Group:
        _, view = await grouping.find(directory, group_id)
        left = {grouping.canonical(one, view) for one in gone}
        unnamed = {_category(one) for one in dropped}

        def changed(kept: Group) -> Group:
            if strays := sorted((left - set(kept.members)) | (unnamed - set(kept.categories))):
                raise RegistryError(f"{strays[0]} is not in {kept.group_id}.")
            return replace(
                kept,
                name=kept.name if name is None else name.strip() or kept.group_id,
                members=(*(one for one in kept.members if one not in left), *members),
                categories=(
                    *(one for one in kept.categories if one not in unnamed),
                    *map(_category, categories),
                ),
            )

        return await grouping.change(directory, group_id, changed)

    click.echo(f"{_told(on_directory(config, change))} is changed.")


@group.command()
@click.argument("group_id", metavar="ID")
@CONFIG
def show(*, group_id: str, config: Path) -> None:
    """Shows the group ID and whom it reaches now."""
    kept, view = on_ledger(config, lambda directory: grouping.find(directory, group_id))
    click.echo(f"{_told(kept)}{'' if kept.active else '  REMOVED'}")
    click.echo(f"    for {kept.owner_id} alone" if kept.owner_id else "    for everybody")
    for member in kept.members:
        click.echo(f"    member {member}  {_name(member, view)}")
    for category in kept.categories:
        click.echo(f"    every agency of category {category}")
    now = reached(kept, view, seen_by=kept.owner_id, at=datetime.now(UTC))
    click.echo(f"Reaches {len(now)} now:")
    for agency_id, name in view.names(now[:SHOWN_MOST]).items():
        click.echo(f"    {agency_id}  {name}")
    if len(now) > SHOWN_MOST:
        click.echo(f"    and {len(now) - SHOWN_MOST} more")


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@CONFIG
def list_groups(*, as_json: bool, config: Path) -> None:
    """Lists the groups, removed ones too."""

    async def groups(directory: Directory) -> tuple[Group, ...]:
        return await directory.groups()

    for each in on_ledger(config, groups):
        if as_json:
            facts = {name: getattr(each, name) for name in each.__slots__}
            click.echo(json.dumps(facts, ensure_ascii=False))
        else:
            owner = f"  for {each.owner_id} alone" if each.owner_id else ""
            click.echo(f"{_told(each)}{owner}{'' if each.active else '  REMOVED'}")


@group.command()
@click.argument("group_id", metavar="ID")
@acting
@CONFIG
def remove(*, group_id: str, config: Path) -> None:
    """Removes the group ID: nobody sees or reaches it until it is restored. Its identifier stays taken."""
    _set_active(config, group_id, active=False)


@group.command()
@click.argument("group_id", metavar="ID")
@acting
@CONFIG
def restore(*, group_id: str, config: Path) -> None:
    """Brings the removed group ID back."""
    _set_active(config, group_id, active=True)


def _set_active(config: Path, group_id: str, *, active: bool) -> None:

    async def change(directory: Directory) -> Group:
        return await grouping.change(directory, group_id, lambda kept: replace(kept, active=active))

    changed = on_directory(config, change)
    click.echo(f"{_told(changed)} is {'there again' if active else 'removed'}.")


def _category(text: str) -> str:
    try:
        category = parse_category(text)
    except ValueError as exc:
        raise RegistryError(f"{exc}.") from exc
    if not category:
        raise RegistryError("a category is not empty.")
    return category


def _told(group: Group) -> str:
    return f"{group.group_id} ({group.name})"


def _name(member: str, view: DirectoryView) -> str:
    found = view.resolve(member) or view.group(member)
    return found.name if found is not None else ""
