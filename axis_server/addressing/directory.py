"""The directory as the axis uses it: one snapshot of agencies and groups, and what follows from it at a time.

    view = DirectoryView.of(entries)
    view = view.changed(entries)          # the same, with some registered anew
    view.mailbox("H05.01", at)            # "H05": whose systems take what goes to the unit

The rules stand in docs/decisions/0011-units-groups-and-acting-for-others.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from axis_server.addressing.claims import Claims, regrouped
from axis_server.addressing.search import searched_text
from axis_server.caller import Caller
from edxml.agency_id import LONGEST, normalise
from storage.ledger.registry import Agency, Certificate, Delegation, Group, Registered

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryView:
    """One snapshot; immutable. Identifiers are compared as `edxml.agency_id.normalise` says."""

    _entries: Mapping[str, Registered] = field(default_factory=dict)
    """By its own identifier, as the store has it."""
    _names: Claims = field(default_factory=Claims)
    """Every identifier, normalised."""
    _certificates: Claims = field(default_factory=Claims)
    """SHA-256 of every certificate."""
    _units: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Own identifiers of the units, by the identifier of the agency they stand below."""
    _categories: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Own identifiers of the agencies that are no units, by category."""
    _groups: frozenset[str] = frozenset()
    """Own identifiers of the groups."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """What a search looks at, by the own identifier of an agency."""

    @classmethod
    def of(cls, entries: Iterable[Registered]) -> DirectoryView:
        """Makes a view of all agencies and groups that share no identifier, alias or certificate with
        another one.

        Who is who must never be a guess, and one contradiction must not keep the others out: registration
        refuses it, and if it stands in the store all the same, those whom it touches are left out.
        """
        return cls().changed(entries)

    def changed(self, entries: Iterable[Registered]) -> DirectoryView:
        """Returns this view with `entries` in the place of those with the same identifiers."""
        after = {_own_id(entry): entry for entry in entries}
        before = {own: kept for own in after if (kept := self._entries.get(own)) is not None}
        return DirectoryView(
            _entries={**self._entries, **after},
            _names=self._names.changed(_each(before, _names_of), _each(after, _names_of)),
            _certificates=self._certificates.changed(
                _each(before, _certificates_of), _each(after, _certificates_of)
            ),
            _units=regrouped(self._units, _each(before, _parent_of), _each(after, _parent_of)),
            _categories=regrouped(self._categories, _each(before, _category_of), _each(after, _category_of)),
            _groups=self._groups | {own for own, one in after.items() if isinstance(one, Group)},
            texts={
                **self.texts,
                **{own: searched_text(one) for own, one in after.items() if isinstance(one, Agency)},
            },
        )

    def agencies(self) -> Iterator[Agency]:
        """Yields every agency, suspended ones too, contested ones not."""
        for own, entry in self._entries.items():
            if isinstance(entry, Agency) and self._found(own) is not None:
                yield entry

    @property
    def conflicts(self) -> tuple[str, ...]:
        """What two share, in sentences; none of the two is in this view."""
        return tuple(
            f"{' and '.join(holders)} share the {sort} {claim}"
            for sort, claims in (("identifier", self._names), ("certificate", self._certificates))
            for claim, holders in claims.rivals.items()
        )

    def _found(self, own: str | None) -> Registered | None:
        """Returns what has this own identifier, unless it contradicts another one."""
        if own is None or own in self._names.contested or own in self._certificates.contested:
            return None
        return self._entries.get(own)

    def _named(self, identifier: str) -> Registered | None:
        if len(identifier) > LONGEST:
            return None
        return self._found(self._names.holder(normalise(identifier)))

    def resolve(self, identifier: str) -> Agency | None:
        """Finds an agency by its canonical id or any alias; suspended ones too.

        What is longer than an identifier may be names nobody.
        """
        found = self._named(identifier)
        return found if isinstance(found, Agency) else None

    def canonical(self, identifier: str) -> str:
        """Returns the canonical id of the agency that an identifier names; else the identifier."""
        agency = self.resolve(identifier)
        return identifier if agency is None else agency.agency_id

    def group(self, identifier: str, *, seen_by: str | None = None) -> Group | None:
        """Finds a group, a suspended one too; with `seen_by`, only one that this agency may know of."""
        found = self._named(identifier)
        if not isinstance(found, Group):
            return None
        return found if seen_by is None or is_shown(found, seen_by) else None

    def caller(self, certificate_sha256: str) -> Caller | None:
        """Finds who may connect with this certificate; suspended agencies too."""
        found = self._certified(certificate_sha256)
        return Caller(agency=found[0], certificate=found[1]) if found and found[1].may_connect else None

    def sealer(self, certificate_sha256: str) -> tuple[Agency, Certificate] | None:
        """Finds whose certificate for sealing this is; suspended agencies too."""
        found = self._certified(certificate_sha256)
        return found if found and found[1].may_seal else None

    def _certified(self, certificate_sha256: str) -> tuple[Agency, Certificate] | None:
        wanted = certificate_sha256.lower()
        agency = self._found(self._certificates.holder(wanted))
        if not isinstance(agency, Agency):
            return None
        return agency, next(one for one in agency.certificates if one.sha256.lower() == wanted)

    def names(self, agency_ids: Iterable[str]) -> dict[str, str]:
        """Returns the display names of agencies, empty for one that is not here (any more)."""
        return {id: agency.name if (agency := self.resolve(id)) else "" for id in agency_ids}

    def groups(self, *, seen_by: str) -> Iterator[Group]:
        """Yields the groups that an agency may know of, suspended ones too, by identifier."""
        for own in sorted(self._groups):
            if (group := self.group(own, seen_by=seen_by)) is not None:
                yield group

    # The hierarchy.

    def above(self, agency: Agency) -> Iterator[Agency]:
        """Yields the agencies above, the nearest first; each once, whatever the directory says."""
        passed = {agency.agency_id}
        while agency.parent_id and (parent := self.resolve(agency.parent_id)) is not None:
            if parent.agency_id in passed:
                return
            passed.add(parent.agency_id)
            yield parent
            agency = parent

    def below(self, agency: Agency, *, direct: bool = False) -> frozenset[str]:
        """Returns the own identifiers of the units below an agency, at any depth or directly."""
        found: set[str] = set()
        names = _names_of(agency)
        while names:
            units = set().union(*(self._units.get(name, _NONE) for name in names)) - found
            found |= units
            if direct:
                break
            names = [name for own in units if (unit := self._found(own)) for name in _names_of(unit)]
        return frozenset(found - {agency.agency_id})

    def in_category(self, category: str) -> tuple[Agency, ...]:
        """Returns the agencies of a category that are no units, suspended ones too, by identifier."""
        found = (self._found(own) for own in sorted(self._categories.get(folded_category(category), _NONE)))
        return tuple(agency for agency in found if isinstance(agency, Agency))

    # Who takes what is sent, and who may act.

    def seat(self, agency: Agency, at: datetime) -> Agency | None:
        """Finds whose mailbox takes what is sent to an agency: its own, if a system of it or of one that may
        receive for it connects, else that of the nearest agency above of which this holds."""
        return next((one for one in (agency, *self.above(agency)) if self._is_served(one, at)), None)

    def mailbox(self, agency_id: str, at: datetime) -> str | None:
        """Returns the identifier of the `seat` of an agency; None when nobody has a system for it."""
        agency = self.resolve(agency_id)
        seat = self.seat(agency, at) if agency is not None else None
        return seat.agency_id if seat is not None else None

    def acts_for(self, actor: Agency, target_id: str, at: datetime, *, sending: bool) -> bool:
        """Tells whether `actor` may send (or receive) in the name of an agency: itself, a delegate of it, or
        the agency whose systems serve a unit that has none. Whether one is suspended is not looked at."""
        target = self.resolve(target_id)
        if target is None:
            return False
        if target.agency_id == actor.agency_id:
            return True
        if any(self._is_to(leave, actor, at, sending=sending) for leave in target.delegations):
            return True
        if connects(target):
            return False
        nearest = next((one for one in self.above(target) if connects(one)), None)
        return nearest is not None and nearest.agency_id == actor.agency_id

    def _is_served(self, agency: Agency, at: datetime) -> bool:
        if connects(agency):
            return True
        delegates = (self.resolve(leave.agency_id) for leave in agency.delegations if leave.may_receive)
        return any(
            connects(one) and in_force(one, at) and self.acts_for(one, agency.agency_id, at, sending=False)
            for one in delegates
            if one is not None
        )

    def _is_to(self, leave: Delegation, actor: Agency, at: datetime, *, sending: bool) -> bool:
        if not (leave.may_send if sending else leave.may_receive):
            return False
        delegate = self.resolve(leave.agency_id)
        return (
            delegate is not None
            and delegate.agency_id == actor.agency_id
            and leave.since <= at
            and (leave.until is None or at < leave.until)
        )


def in_force(agency: Agency, at: datetime) -> bool:
    """Tells whether an agency may call and be addressed: neither suspended nor out of its dates."""
    return (
        agency.active
        and (agency.since is None or agency.since <= at)
        and (agency.until is None or at < agency.until)
    )


def connects(agency: Agency) -> bool:
    """Tells whether an agency has a system of its own: a certificate that may connect."""
    return any(certificate.may_connect for certificate in agency.certificates)


def is_shown(group: Group, agency_id: str) -> bool:
    """Tells whether an agency may know of a group: everybody's, or its own."""
    return group.owner_id == "" or normalise(group.owner_id) == normalise(agency_id)


def folded_category(category: str) -> str:
    """Returns a category as it is compared."""
    return category.strip().lower()


def _own_id(entry: Registered) -> str:
    return entry.agency_id if isinstance(entry, Agency) else entry.group_id


def _each(
    entries: Mapping[str, Registered], keys: Callable[[Registered], Iterable[str]]
) -> list[tuple[str, str]]:
    """Pairs of a key and the own identifier of the entry that has it."""
    return [(key, own) for own, entry in entries.items() for key in keys(entry)]


def _names_of(entry: Registered) -> list[str]:
    names = (entry.agency_id, *entry.aliases) if isinstance(entry, Agency) else (entry.group_id,)
    return list(dict.fromkeys(map(normalise, names)))


def _certificates_of(entry: Registered) -> list[str]:
    if isinstance(entry, Group):
        return []
    return list(dict.fromkeys(one.sha256.lower() for one in entry.certificates))


def _parent_of(entry: Registered) -> list[str]:
    return [normalise(entry.parent_id)] if isinstance(entry, Agency) and entry.parent_id else []


def _category_of(entry: Registered) -> list[str]:
    if isinstance(entry, Group) or entry.parent_id or not entry.category:
        return []
    return [folded_category(entry.category)]
