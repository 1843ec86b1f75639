"""A list of agencies in a CSV file, held against the directory: all of it can be registered, or none is.

    id,name,aliases,parent,category
    H05,Ủy ban nhân dân tỉnh Bắc Ninh,000.00.00.H05,,province
    H05.01,Sở Nội vụ tỉnh Bắc Ninh,,H05,

The first line names the columns. `id` and `name` must be there; a column that is not there leaves what is
kept as it is, an empty cell takes it away. Parents may stand anywhere in the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from axis_server.addressing.directory import DirectoryView
from axis_server.operation.particulars import FIELDS, Particulars
from axis_server.operation.registry import RegistryError, identifier
from edxml.agency_id import normalise
from storage.ledger.registering import own_id
from storage.ledger.registry import Agency

COLUMNS = ("id", "name", "aliases", *FIELDS)
NAME_LONGEST = 500
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a line of the file makes of an agency."""

    line: int
    agency: Agency
    kept: Agency | None
    """As it is registered; None for a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a file makes of the directory."""

    waves: tuple[tuple[Planned, ...], ...]
    """To be registered one after the other: an agency stands in a later one than its parent. What stays as
    it is stands in none."""
    unchanged: int
    problems: tuple[str, ...]
    """Sentences with the number of the line; where there are any, nothing may be registered."""


def plan(lines: Iterable[str], view: DirectoryView) -> Plan:
    """Reads a file and says what it makes of the directory that `view` shows."""
    problems: list[str] = []
    planned: dict[str, Planned] = {}
    try:
        for line, cells in _rows(lines):
            try:
                one = _planned(line, cells, view)
            except (ValueError, RegistryError) as exc:
                problems.append(f"line {line}: {str(exc).rstrip('.')}.")
                continue
            first = planned.setdefault(one.agency.agency_id, one)
            if first is not one:
                problems.append(f"line {line}: {one.agency.agency_id} stands in line {first.line} already.")
    except (csv.Error, RegistryError) as exc:
        problems.append(str(exc))
    names = _claimed(planned, view, problems)
    placed = {own: _placed(one, names, view, problems) for own, one in planned.items()}
    waves = _waves(placed, view, problems)
    same = {own for own, one in placed.items() if one.agency == one.kept}
    moving = (tuple(one for one in wave if one.agency.agency_id not in same) for wave in waves)
    return Plan(waves=tuple(wave for wave in moving if wave), unchanged=len(same), problems=tuple(problems))


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yields each line of cells with its number. Raises `RegistryError`, `csv.Error`."""
    source = iter(lines)
    head = next(source, "").removeprefix("\ufeff")
    delimiter = ";" if ";" in head and "," not in head else ","
    reader = csv.reader([head, *source], delimiter=delimiter, strict=True)
    columns = [name.strip().lower() for name in next(reader, [])]
    known = f"columns are {', '.join(COLUMNS)}"
    if missing := [name for name in ("id", "name") if name not in columns]:
        raise RegistryError(f"line 1: there is no column `{missing[0]}`; {known}.")
    if strange := [name for name in columns if name not in COLUMNS or columns.count(name) > 1]:
        raise RegistryError(f"line 1: `{strange[0]}` is no column, or there twice; {known}.")
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            raise RegistryError(f"line {reader.line_num}: {len(cells)} cells, and {len(columns)} columns.")
        yield reader.line_num, dict(zip(columns, cells, strict=True))


def _planned(line: int, cells: Mapping[str, str], view: DirectoryView) -> Planned:
    """Raises `RegistryError`, `ValueError`."""
    own, name = identifier(cells["id"]), cells["name"].strip()
    if not name or len(name) > NAME_LONGEST or not name.isprintable():
        raise RegistryError(f"a name is one line of 1 to {NAME_LONGEST} characters")
    if view.group(own) is not None:
        raise RegistryError(f"{own} is a group")
    kept = view.resolve(own)
    agency = replace(kept or Agency(agency_id=own, name=name), name=name)
    if "aliases" in cells:
        others = dict.fromkeys(identifier(one) for one in cells["aliases"].replace("|", " ").split())
        agency = replace(agency, aliases=tuple(one for one in others if one != agency.agency_id))
    facts = Particulars(**{column: cells[column] for column in FIELDS if column in cells})
    return Planned(line=line, agency=facts.applied(agency), kept=kept)


def _claimed(planned: Mapping[str, Planned], view: DirectoryView, problems: list[str]) -> dict[str, str]:
    """Returns whose each identifier of the file will be, and notes those that are another's."""
    names: dict[str, str] = {}
    for own, one in planned.items():
        for name in (own, *one.agency.aliases):
            kept = view.resolve(name) or view.group(name)
            holder = own_id(kept) if kept is not None else own
            if holder == own:
                holder = names.setdefault(normalise(name), own)
            if holder != own:
                problems.append(f"line {one.line}: {name} belongs to {holder}.")
    return names


def _placed(one: Planned, names: Mapping[str, str], view: DirectoryView, problems: list[str]) -> Planned:
    """Names the parent by its own identifier."""
    written = one.agency.parent_id
    if not written:
        return one
    parent = names.get(normalise(written))
    if parent is None and (kept := view.resolve(written)) is not None:
        parent = kept.agency_id
    if parent is None:
        problems.append(f"line {one.line}: {written}, above it, is neither registered nor in the file.")
        return one
    return replace(one, agency=replace(one.agency, parent_id=parent))


def _waves(placed: Mapping[str, Planned], view: DirectoryView, problems: list[str]) -> list[list[Planned]]:
    """Puts each behind its parent, and notes those that would stand below themselves."""
    waves: dict[int, list[Planned]] = {}
    for own, one in placed.items():
        above = _above(own, placed, view)
        if own in above:
            problems.append(f"line {one.line}: {own} would stand below itself.")
        waves.setdefault(sum(name in placed for name in above), []).append(one)
    return [waves[depth] for depth in sorted(waves)]


def _above(own: str, placed: Mapping[str, Planned], view: DirectoryView) -> list[str]:
    """Returns who would stand above an agency; itself too, if it would stand below itself."""
    above: list[str] = []
    while True:
        agency = placed[own].agency if own in placed else view.resolve(own)
        if agency is None or not agency.parent_id or agency.parent_id in above:
            return above
        own = agency.parent_id
        above.append(own)
