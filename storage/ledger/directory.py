"""The directory's promise."""

from __future__ import annotations

from typing import Protocol

from storage.ledger.pages import Page
from storage.ledger.registry import Agency, Group, Registered


class Directory(Protocol):
    """Keeps the agencies and groups. The same durability as the ledger; a few writes a day."""

    async def register(self, registered: Registered, *, replacing: Registered | None) -> None:
        """Adds an agency or a group, or puts it in the place of `replacing`, which has the same identifier
        and is of the same sort; a group keeps its owner.

        Raises `Changed` when what is kept is not `replacing` (None: nothing is kept), so that of two who
        changed what they had read the second one reads again. Raises `ValueError` when one of its
        identifiers, aliases or certificates belongs to another one, when its parent is no agency that is
        kept, and when it would stand below itself.
        """
        ...

    async def agencies(self) -> tuple[Agency, ...]:
        """Returns all agencies, suspended ones too, by identifier."""
        ...

    async def groups(self) -> tuple[Group, ...]:
        """Returns all groups, by identifier."""
        ...

    async def version(self) -> int:
        """Returns a number that grows whenever anything is registered."""
        ...

    async def changed(self, *, after: int = 0, limit: int, viewer: str | None = None) -> Page[Registered]:
        """Returns what was registered after version `after`, each as it stands now, in the order of its
        newest version; places are versions. Read to the end from 0 on, it is the whole directory.

        With a viewer, an agency, without the groups of other owners: nothing in the page tells of them.
        """
        ...
