"""Who receives: the identifiers of a package, resolved against the directory and frozen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from axis_server.addressing.directory import DirectoryView, in_force, is_shown
from axis_server.errors import Declined
from axis_server.reasons import Code
from axis_server.wording import more_than, named
from edxml.agency_id import normalise
from storage.ledger.records import Recipient
from storage.ledger.registry import Agency, Group

NAMED_AT_MOST = 4
"""Wrong identifiers that a refusal or warning names; it counts the rest."""
IDENTIFIER_SHOWN = 35
"""Characters of a wrong identifier that a refusal repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Whom a package reaches, frozen."""

    recipients: tuple[Recipient, ...]
    """In the order of the package, a group's members in the group's order; each once."""
    names: Mapping[str, str]
    """Display names of the recipients, in the same order."""
    warnings: tuple[str, ...]
    """Members of groups that were left out, as code and detail."""
    agencies: tuple[Agency, ...]
    """The recipients as the directory has them, in the same order."""


def resolve(
    identifiers: Iterable[str], view: DirectoryView, *, sender_id: str, at: datetime, limit: int
) -> Resolved:
    """Returns whom `identifiers` (of agencies, units and groups) name for the agency that sends, each once,
    however many of its names were used.

    One wrong recipient refuses all: a document that reached only some would look sent. A member of a group
    that cannot be addressed is left out, with a warning: nobody named it. A group of another agency is
    unknown. The sender may be among its own recipients: it then receives like any other, because leaving it
    out silently would freeze another list than the one that was signed, and offices do address themselves.

    Raises `Declined`: NO_RECIPIENT, UNKNOWN_RECIPIENT (also for one that nobody has a system for),
    SUSPENDED_RECIPIENT, TOO_MANY_RECIPIENTS (more than `limit`).
    """
    seats = _Seats(view=view, at=at)
    unknown: dict[str, str] = {}
    suspended: dict[str, None] = {}
    warnings: list[str] = []
    for identifier in once(identifiers):
        if (agency := view.resolve(identifier)) is not None:
            match seats.take(agency):
                case Code.UNKNOWN_RECIPIENT:
                    unknown.setdefault(agency.agency_id, f"{agency.agency_id} (has no system)")
                case Code.SUSPENDED_RECIPIENT:
                    suspended.setdefault(agency.agency_id)
        elif (group := view.group(identifier, seen_by=sender_id)) is not None:
            if group.active:
                warnings += _take_members(group, seats, sender_id)
            else:
                suspended.setdefault(group.group_id)
        else:
            unknown.setdefault(normalise(identifier), identifier[:IDENTIFIER_SHOWN])
    if len(seats.taken) + len(unknown) + len(suspended) > limit:
        raise Declined(Code.TOO_MANY_RECIPIENTS, more_than(limit), facts={"limit": str(limit)})
    if unknown:
        raise _wrong(Code.UNKNOWN_RECIPIENT, list(unknown.values()))
    if suspended:
        raise _wrong(Code.SUSPENDED_RECIPIENT, list(suspended))
    if not seats.taken:
        raise Declined(Code.NO_RECIPIENT, "; ".join(warnings))
    return Resolved(
        recipients=tuple(
            Recipient(agency_id=agency.agency_id, mailbox_id=mailbox)
            for agency, mailbox in seats.taken.values()
        ),
        names={agency.agency_id: agency.name for agency, _ in seats.taken.values()},
        warnings=tuple(warnings),
        agencies=tuple(agency for agency, _ in seats.taken.values()),
    )


def once(identifiers: Iterable[str]) -> tuple[str, ...]:
    """Returns identifiers, each once, as it is written first. To name a group a million times is to name it
    once."""
    found: dict[str, str] = {}
    for identifier in identifiers:
        found.setdefault(normalise(identifier), identifier)
    return tuple(found.values())


def members(group: Group, view: DirectoryView, *, seen_by: str) -> Iterator[Agency | str]:
    """Yields the agencies of a group, its own before those of its categories, nested groups where they stand;
    an identifier where there is nobody to be reached by it.

    An agency may come several times. Circles are harmless, and a nested group that `seen_by` may not know of
    is passed over.
    """
    passed: set[str] = set()
    waiting: list[Agency | str | Group] = [group]
    while waiting:
        match waiting.pop():
            case Group() as nested:
                if nested.group_id in passed or not is_shown(nested, seen_by):
                    continue
                passed.add(nested.group_id)
                if not nested.active:
                    yield nested.group_id
                    continue
                own = [view.resolve(name) or view.group(name) or name for name in nested.members]
                by_category = [one for name in nested.categories for one in view.in_category(name)]
                waiting += reversed([*own, *by_category])
            case reached:
                yield reached


def reached(group: Group, view: DirectoryView, *, seen_by: str, at: datetime) -> tuple[str, ...]:
    """Returns whom a group reaches, by identifier, in the order in which `resolve` would freeze them."""
    seats = _Seats(view=view, at=at)
    for member in members(group, view, seen_by=seen_by):
        if not isinstance(member, str):
            seats.take(member)
    return tuple(seats.taken)


@dataclass(slots=True, kw_only=True)
class _Seats:
    """Recipients as they are found."""

    view: DirectoryView
    at: datetime
    taken: dict[str, tuple[Agency, str]] = field(default_factory=dict)
    """By identifier, with the mailbox."""

    def take(self, agency: Agency) -> Code | None:
        """Adds a recipient, or says what it would be refused for."""
        if agency.agency_id in self.taken:
            return None
        if not in_force(agency, self.at):
            return Code.SUSPENDED_RECIPIENT
        seat = self.view.seat(agency, self.at)
        if seat is None:
            return Code.UNKNOWN_RECIPIENT
        if not in_force(seat, self.at):
            return Code.SUSPENDED_RECIPIENT
        self.taken[agency.agency_id] = (agency, seat.agency_id)
        return None


def _take_members(group: Group, seats: _Seats, sender_id: str) -> Iterator[str]:
    """Adds the members of a group, and yields a warning of those left out."""
    left_out: dict[str, None] = {}
    for member in members(group, seats.view, seen_by=sender_id):
        if isinstance(member, str):
            left_out.setdefault(member)
        elif seats.take(member) is not None:
            left_out.setdefault(member.agency_id)
    if left_out:
        yield f"RECIPIENT_LEFT_OUT: {_counted(list(left_out))}, of group {group.group_id}"


def _wrong(code: Code, identifiers: Sequence[str]) -> Declined:
    first = ", ".join(identifier or "(empty)" for identifier in identifiers[:NAMED_AT_MOST])
    return Declined(
        code, named(identifiers, NAMED_AT_MOST), facts={"recipient": first, "count": str(len(identifiers))}
    )


def _counted(identifiers: Sequence[str]) -> str:
    return named(identifiers, NAMED_AT_MOST).english
