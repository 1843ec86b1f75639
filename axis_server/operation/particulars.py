"""What the directory says of an agency beside its names and certificates, as an operator writes it.

parse_size("50 MB")          # 50000000
parse_moment("2026-03-01")   # midnight in Vietnam
Particulars(category="province").applied(agency)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import click

from axis_server.addressing.directory import folded_category
from axis_server.limits.shares import OWN, Limit
from edxml.agency_id import LONGEST
from edxml.codes import Kind
from signing.spelling import VIETNAM
from storage.ledger.registry import Agency, Capabilities

_UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_SIZE = re.compile(r"([0-9]{1,15})\s*([A-Za-z]*)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

KINDS = frozenset(int(kind) for kind in Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """Some facts of an agency: None leaves one as it is; empty text takes it away."""

    parent: str | None = None
    """Any identifier of the agency above."""
    category: str | None = None
    accepts_up_to: str | None = None
    accepts_kinds: str | None = None
    limits: str | None = None
    """What it may take instead of what everybody may: `documents=100,calls=10`."""
    since: str | None = None
    until: str | None = None

    def applied(self, agency: Agency) -> Agency:
        """Returns the agency with these facts; its parent as it is written. Raises `ValueError` with a
        sentence."""
        can = agency.capabilities
        changed = replace(
            agency,
            parent_id=agency.parent_id if self.parent is None else self.parent.strip(),
            category=agency.category if self.category is None else parse_category(self.category),
            capabilities=Capabilities(
                attachment_bytes=(
                    can.attachment_bytes if self.accepts_up_to is None else parse_size(self.accepts_up_to)
                ),
                kinds=can.kinds if self.accepts_kinds is None else parse_kinds(self.accepts_kinds),
            ),
            attributes=agency.attributes if self.limits is None else limited(agency, self.limits),
            since=agency.since if self.since is None else parse_moment(self.since),
            until=agency.until if self.until is None else parse_moment(self.until),
        )
        if changed.since is not None and changed.until is not None and changed.until <= changed.since:
            raise ValueError("the end (until) does not come after the beginning (since)")
        return changed


FIELDS = tuple(one.name for one in fields(Particulars))


def particulars_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options whose values make `Particulars`."""
    for name, metavar, text in (
        ("--until", "TIME", "To when, exclusive; written like --since."),
        (
            "--since",
            "TIME",
            "From when it can send and be addressed: 2026-03-01, or ISO 8601.",
        ),
        (
            "--limits",
            "LIMITS",
            "Its own limits: documents=100,statements=200 (a minute), bytes=5000000 (a day), calls=10.",
        ),
        ("--accepts-kinds", "KINDS", "BussinessDocType that its systems take: 0,1,2,3."),
        ("--accepts-up-to", "SIZE", "Largest file that its systems take: 50MB, 2GiB; 0 for no bound."),
        ("--category", "TEXT", "What groups may name it by: ministry, province, ..."),
        ("--parent", "ID", "The agency that it is a unit of."),
    ):
        command = click.option(name, metavar=metavar, help=text)(command)
    return command


def particulars_of(options: dict[str, Any]) -> Particulars:
    """Takes the values of `particulars_options` out of a command's options."""
    return Particulars(**{name: options.pop(name) for name in FIELDS})


def parse_size(text: str) -> int:
    """Reads a number of bytes; empty is 0. Raises `ValueError` with a sentence."""
    found = _SIZE.fullmatch(text.strip() or "0")
    if found is None or found[2].upper() not in _UNITS:
        raise ValueError(f'"{text}" is no size; write it like 50MB, 2GiB or 1048576')
    return int(found[1]) * _UNITS[found[2].upper()]


def parse_kinds(text: str) -> frozenset[int]:
    """Reads kinds of packages; empty means all. Raises `ValueError` with a sentence."""
    words = text.replace(",", " ").split()
    if any(word not in {str(kind) for kind in KINDS} for word in words):
        known = ",".join(str(kind) for kind in sorted(KINDS))
        raise ValueError(f'"{text}" does not name kinds of packages; write some of {known}')
    return frozenset(map(int, words)) or KINDS


def limited(agency: Agency, text: str) -> dict[str, str]:
    """Returns the attributes of an agency with the limits that are named (`documents=100,calls=10`); a number
    left out (`calls=`) gives it what everybody has, and empty text all of that. Raises `ValueError` with a
    sentence."""
    kept = dict(agency.attributes)
    if not text.strip():
        return {name: value for name, value in kept.items() if not name.startswith(OWN)}
    for word in text.replace(",", " ").split():
        name, _, number = word.partition("=")
        if name not in [str(one) for one in Limit] or not re.fullmatch("[0-9]{0,15}", number):
            known = ",".join(f"{one}=100" for one in Limit)
            raise ValueError(f'"{word}" is no limit; write some of {known}')
        kept[OWN + name] = number
    return {name: value for name, value in kept.items() if value or not name.startswith(OWN)}


def parse_moment(text: str) -> datetime | None:
    """Reads a day (its beginning in Vietnam) or a time; empty is None. Raises `ValueError` with a
    sentence."""
    text = text.strip()
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=VIETNAM).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or VIETNAM).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise ValueError(f'"{text}" is no time; write 2026-03-01 or 2026-03-01T08:00+07:00') from exc


def parse_category(text: str) -> str:
    """Reads a category, as it is kept. Raises `ValueError` with a sentence."""
    category = folded_category(text)
    if len(category) > LONGEST or not category.isprintable():
        raise ValueError(f"a category is one line of at most {LONGEST} characters")
    return category


def shown(moment: datetime) -> str:
    """Shows a time as people here read it."""
    return moment.astimezone(VIETNAM).isoformat(sep=" ", timespec="minutes")


def span(since: datetime | None, until: datetime | None) -> str:
    """Shows from when to when, empty for ever."""
    words: Iterable[str] = (
        f"{word} {shown(moment)}" for word, moment in (("from", since), ("until", until)) if moment
    )
    return " ".join(words)
