"""Who receives: the identifiers of a package, resolved against the directory and frozen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from axis_server.directory import DirectoryView
from axis_server.errors import Declined
from axis_server.reasons import Code
from edxml.agency_id import normalise
from storage.ledger.registry import Agency

NAMED_AT_MOST = 4
"""Wrong identifiers that a refusal names; it counts the rest."""
IDENTIFIER_SHOWN = 35
"""Characters of a wrong identifier that a refusal repeats."""


def resolve(identifiers: Iterable[str], view: DirectoryView, *, limit: int) -> tuple[Agency, ...]:
    """Returns the agencies that `identifiers` name, in that order, each once, however many of its names were
    used.

    One wrong recipient refuses all: a document that reached only some would look sent. The sender may be
    among its own recipients: it then receives like any other, because leaving it out silently would freeze
    another list than the one that was signed, and offices do address themselves.

    Raises `Declined`: NO_RECIPIENT, UNKNOWN_RECIPIENT, SUSPENDED_RECIPIENT, TOO_MANY_RECIPIENTS (more than
    `limit`).
    """
    recipients: dict[str, Agency] = {}
    unknown: dict[str, str] = {}
    for identifier in identifiers:
        members = _members(identifier, view)
        if not members:
            unknown.setdefault(normalise(identifier), identifier)
        for agency in members:
            recipients.setdefault(agency.agency_id, agency)
    if len(recipients) + len(unknown) > limit:
        raise Declined(Code.TOO_MANY_RECIPIENTS, f"more than {limit} recipients", facts={"limit": str(limit)})
    if unknown:
        raise _wrong(Code.UNKNOWN_RECIPIENT, list(unknown.values()))
    if suspended := [agency.agency_id for agency in recipients.values() if not agency.active]:
        raise _wrong(Code.SUSPENDED_RECIPIENT, suspended)
    if not recipients:
        raise Declined(Code.NO_RECIPIENT)
    return tuple(recipients.values())


def _members(identifier: str, view: DirectoryView) -> tuple[Agency, ...]:
    """Whom one identifier names: an agency. A unit names its agency, a group its members, once the directory
    has them."""
    agency = view.resolve(identifier)
    return (agency,) if agency is not None else ()


def _wrong(code: Code, identifiers: Sequence[str]) -> Declined:
    named = ", ".join(
        identifier[:IDENTIFIER_SHOWN] or "(empty)" for identifier in identifiers[:NAMED_AT_MOST]
    )
    rest = len(identifiers) - NAMED_AT_MOST
    return Declined(
        code,
        f"{named} and {rest} more" if rest > 0 else named,
        facts={"recipient": named, "count": str(len(identifiers))},
    )
