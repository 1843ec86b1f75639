"""Looking agencies and groups up: by name or identifier, by where they stand, and what changed.

Agencies are known to every caller, suspended ones too: who addresses one must learn why it is refused. A
group with an owner exists for its owner alone, and a suspended group for nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from axis_server.addressing.directory import DirectoryView, folded_category, in_force
from axis_server.addressing.routing import reached
from axis_server.addressing.search import LONGEST_QUERY, best
from axis_server.caller import Caller
from axis_server.errors import Declined, Detail
from axis_server.limits.tasks import in_worker
from axis_server.limits.turns import Turns
from axis_server.paging import page_items
from axis_server.reasons import Code
from axis_server.wording import no_agency
from edxml.agency_id import LONGEST
from storage.ledger.directory import Directory
from storage.ledger.pages import Page
from storage.ledger.registry import Agency, Group, Registered

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which agencies a caller looks for; what is empty leaves nobody out."""

    query: str = ""
    """Words of the name, or the beginning of an identifier."""
    category: str = ""
    below_id: str = ""
    """Only units below this agency."""
    direct: bool = False
    """Only those directly below it."""
    inactive: bool = False
    """Those too that are suspended or out of their dates."""

    def __post_init__(self) -> None:
        """Raises `Declined` (INVALID_ARGUMENT) for what is longer than anything that could be found."""
        _check_length("query", self.query, LONGEST_QUERY)
        _check_length("category", self.category, LONGEST)
        _check_length("identifier", self.below_id, LONGEST)


class Lookup:
    """Answers from the directory's newest view; places in lists are counts of what was passed, `limit` 0
    means the usual page."""

    def __init__(
        self,
        *,
        directory: Directory,
        view: Callable[[], DirectoryView],
        clock: Callable[[], datetime],
        workers: Executor,
        turns: Turns,
    ) -> None:
        self._directory = directory
        self._view = view
        self._clock = clock
        self._workers = workers
        self._turns = turns

    def agency(self, identifier: str) -> Agency:
        """Finds an agency by any identifier it has. Raises `Declined`: NOT_FOUND, INVALID_ARGUMENT."""
        return _agency(self._view(), identifier)

    def mailbox(self, agency: Agency) -> str:
        """Returns the agency whose systems take what is sent to one now; empty when there is none."""
        return self._view().mailbox(agency.agency_id, self._clock()) or ""

    async def search(self, caller: Caller, sought: Sought, after: int, limit: int) -> Page[Agency]:
        """Lists agencies and units, the best match first; by identifier, where no query is given.

        Raises `Declined`: INVALID_ARGUMENT; NOT_FOUND for an unknown `below_id`.
        """
        most = page_items(limit)
        async with self._turns.of(caller.actor_id):
            return await in_worker(
                self._workers, _search, self._view(), sought, self._clock(), after=after, limit=most
            )

    def groups(self, caller: Caller, after: int, limit: int) -> Page[Group]:
        """Lists the groups that the caller's agency may address, by identifier. Raises `Declined`."""
        shown = (group for group in self._view().groups(seen_by=caller.agency_id) if group.active)
        return _page(shown, after=after, limit=page_items(limit))

    async def expand(self, caller: Caller, group_id: str, after: int, limit: int) -> Page[str]:
        """Lists whom a group reaches now, in the order in which a submission would freeze them.

        Raises `Declined`: NOT_FOUND, also for a group of others; INVALID_ARGUMENT.
        """
        most = page_items(limit)
        _check_length("identifier", group_id, LONGEST)
        view = self._view()
        group = view.group(group_id, seen_by=caller.agency_id)
        if group is None or not group.active:
            raise Declined(
                Code.NOT_FOUND, Detail("no group has this identifier", "không có nhóm nào mang mã này")
            )
        async with self._turns.of(caller.actor_id):
            found = await in_worker(
                self._workers, reached, group, view, seen_by=caller.agency_id, at=self._clock()
            )
        return _page(iter(found), after=after, limit=most)

    async def changed(self, caller: Caller, after: int, limit: int) -> Page[Registered]:
        """Lists what was registered after a version, as it stands now; suspended groups too, and no group of
        others. Raises `Declined`."""
        return await self._directory.changed(after=after, limit=page_items(limit), viewer=caller.agency_id)


def _agency(view: DirectoryView, identifier: str) -> Agency:
    _check_length("identifier", identifier, LONGEST)
    agency = view.resolve(identifier)
    if agency is None:
        raise Declined(Code.NOT_FOUND, no_agency())
    return agency


def _search(view: DirectoryView, sought: Sought, at: datetime, *, after: int, limit: int) -> Page[Agency]:
    """Looks at everyone, in a worker thread: a tenth of a second for a hundred thousand."""
    wanted = folded_category(sought.category)
    listed = (
        agency
        for own in _candidates(view, sought)
        if (agency := view.resolve(own)) is not None
        and (not wanted or folded_category(agency.category) == wanted)
        and (sought.inactive or in_force(agency, at))
    )
    return _page(listed, after=after, limit=limit)


def _candidates(view: DirectoryView, sought: Sought) -> Iterator[str]:
    """Yields own identifiers in the order of the list."""
    texts = view.texts
    if sought.below_id:
        below = view.below(_agency(view, sought.below_id), direct=sought.direct)
        texts = {own: texts[own] for own in below}
    if not sought.query.strip():
        return iter(sorted(texts))
    return best(sought.query, texts)


def _page(found: Iterator[T], *, after: int, limit: int) -> Page[T]:
    items = tuple(islice(found, after, after + limit + 1))
    given = items[:limit]
    return Page(items=given, next=after + len(given), more=len(items) > limit)


def _check_length(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Declined(
            Code.INVALID_ARGUMENT,
            Detail(f"a {what} has at most {most} characters", f"mã hoặc tên có tối đa {most} ký tự"),
        )
