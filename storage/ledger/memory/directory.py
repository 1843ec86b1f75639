"""The agencies and groups, in memory."""

from __future__ import annotations

import asyncio
from copy import deepcopy

from storage.errors import Changed
from storage.ledger.memory.state import Facet, State, paged
from storage.ledger.pages import Page
from storage.ledger.registering import check_registered, identifiers, own_id, registered_bytes, shown_to
from storage.ledger.registry import Agency, Group, Registered


class MemoryDirectory(Facet):
    """`Directory` in memory."""

    async def register(self, registered: Registered, *, replacing: Registered | None) -> None:
        check_registered(registered, replacing)
        await asyncio.sleep(0)
        register(self._state, registered, replacing)
        await asyncio.sleep(0)

    async def agencies(self) -> tuple[Agency, ...]:
        await asyncio.sleep(0)
        found = (one for _, (_, one) in sorted(self._state.registered.items()))
        return tuple(deepcopy(one) for one in found if isinstance(one, Agency))

    async def groups(self) -> tuple[Group, ...]:
        await asyncio.sleep(0)
        found = (one for _, (_, one) in sorted(self._state.registered.items()))
        return tuple(one for one in found if isinstance(one, Group))

    async def version(self) -> int:
        await asyncio.sleep(0)
        return self._state.version

    async def changed(self, *, after: int = 0, limit: int, viewer: str | None = None) -> Page[Registered]:
        await asyncio.sleep(0)
        found = (
            (version, deepcopy(one))
            for version, one in sorted(self._state.registered.values(), key=lambda kept: kept[0])
            if shown_to(one, viewer)
        )
        return paged(found, registered_bytes, after=after, limit=limit)


def register(state: State, registered: Registered, replacing: Registered | None) -> None:
    """`Directory.register`."""
    own = own_id(registered)
    _, kept = state.registered.get(own, (0, None))
    if (kept if type(kept) is type(registered) else None) != replacing:
        raise Changed(own)
    for _, other in state.registered.values():
        _check_apart(registered, other)
    if isinstance(registered, Agency):
        _check_parents(state, registered)
    state.version += 1
    state.registered[own] = (state.version, deepcopy(registered))


def _check_parents(state: State, agency: Agency) -> None:
    above = agency.parent_id
    passed: set[str] = set()
    while above and above not in passed:
        passed.add(above)
        if above == agency.agency_id:
            raise ValueError(f"{agency.agency_id} would stand below itself")
        _, parent = state.registered.get(above, (0, None))
        if not isinstance(parent, Agency):
            raise ValueError(f"{above}, above {agency.agency_id}, is no agency")
        above = parent.parent_id


def _check_apart(registered: Registered, other: Registered) -> None:
    own = own_id(registered)
    if own_id(other) == own and type(other) is type(registered):
        return
    if set(identifiers(registered)) & set(identifiers(other)):
        raise ValueError(f"an identifier of {own} belongs to {own_id(other)}")
    if isinstance(registered, Agency) and isinstance(other, Agency):
        shared = {one.sha256 for one in registered.certificates}
        if shared & {one.sha256 for one in other.certificates}:
            raise ValueError(f"a certificate of {own} belongs to {own_id(other)}")
