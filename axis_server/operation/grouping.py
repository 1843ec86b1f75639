"""What the operator does to groups. Each change is one write; a running axis sees it.

    await add(directory, Group(group_id="PROVINCES", name="Các tỉnh", categories=("province",)))
    await change(directory, "PROVINCES", lambda group: replace(group, name="..."))

Members and owner may be given by any identifier; they are kept by their own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from axis_server.addressing.directory import DirectoryView, is_shown
from axis_server.operation.registry import ATTEMPTS, RegistryError, snapshot
from storage.errors import Changed
from storage.ledger.directory import Directory
from storage.ledger.registry import Group


async def find(directory: Directory, group_id: str) -> tuple[Group, DirectoryView]:
    """Finds a group, and the directory in which it stands. Raises `RegistryError` when there is none."""
    view = await snapshot(directory)
    group = view.group(group_id)
    if group is None:
        raise RegistryError(f"{group_id} is no group; `axis-server group list` shows those there are.")
    return group, view


async def add(directory: Directory, group: Group) -> Group:
    """Registers a new group, and returns it as it is kept. Raises `RegistryError`."""
    view = await snapshot(directory)
    taken = view.resolve(group.group_id) or view.group(group.group_id)
    if taken is not None:
        raise RegistryError(f"{group.group_id} is registered already ({taken.name}).")
    settled = _settled(_owned(group, view), view)
    try:
        await directory.register(settled, replacing=None)
    except (Changed, ValueError) as exc:
        raise RegistryError(f"{group.group_id} was not registered: {exc}.") from exc
    return settled


async def change(directory: Directory, group_id: str, how: Callable[[Group], Group]) -> Group:
    """Changes a group; reads again when someone else wrote in between. Raises `RegistryError`."""
    for _ in range(ATTEMPTS):
        kept, view = await find(directory, group_id)
        changed = _settled(how(kept), view)
        with suppress(Changed):
            await directory.register(changed, replacing=kept)
            return changed
    raise RegistryError(f"{group_id} is being changed by others all the time; try again.")


def canonical(name: str, view: DirectoryView) -> str:
    """Returns the own identifier of an agency or a group. Raises `RegistryError` when there is none."""
    if (agency := view.resolve(name)) is not None:
        return agency.agency_id
    if (group := view.group(name)) is not None:
        return group.group_id
    raise RegistryError(f"{name} is neither a registered agency nor a group.")


def _owned(group: Group, view: DirectoryView) -> Group:
    if not group.owner_id:
        return group
    owner = view.resolve(group.owner_id)
    if owner is None:
        raise RegistryError(f"{group.owner_id} is no registered agency, and so no owner.")
    return replace(group, owner_id=owner.agency_id)


def _settled(group: Group, view: DirectoryView) -> Group:
    """Names members by their own identifiers. Raises `RegistryError` for a circle, and for a member that not
    everybody who sees the group may see."""
    members = tuple(dict.fromkeys(canonical(name, view) for name in group.members))
    settled = replace(group, members=members, categories=tuple(dict.fromkeys(group.categories)))
    inside, waiting = set[str](), [settled]
    while waiting:
        outer = waiting.pop()
        for nested in filter(None, map(view.group, outer.members)):
            if nested.group_id == group.group_id:
                raise RegistryError(f"{group.group_id} would hold itself, by way of {outer.group_id}.")
            if nested.owner_id and not is_shown(nested, group.owner_id):
                seen = f"{nested.group_id} is for {nested.owner_id} alone"
                raise RegistryError(f"{seen}, and {group.group_id} is seen by others.")
            if nested.group_id not in inside:
                inside.add(nested.group_id)
                waiting.append(nested)
    return settled
