"""What must hold of a record before it is kept, whatever keeps it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from storage.ledger.records import Entry, Evidence, Move, NewEvent, Refusal
from storage.ledger.registry import Agency

SIZE_MOST = (1 << 63) - 1
"""Largest number that every store can note."""


def check_commit(
    entry: Entry, recipients: Sequence[str], evidence: Sequence[Evidence], events: Sequence[NewEvent]
) -> None:
    """Raises `ValueError` when a dispatch could not be true as given."""
    _require(bool(entry.dispatch_id), "a dispatch has an id")
    _require(
        [part.number for part in entry.parts] == list(range(len(entry.parts))), "parts are numbered from 0"
    )
    _require(bool(entry.parts), "a dispatch has its package as part 0")
    _require(max(abs(entry.kind), abs(entry.priority)) <= SIZE_MOST, "a code is a number of 63 bits")
    _require(len(set(recipients)) == len(recipients), "a recipient is named once")
    check_times([entry.accepted_at])
    check_text([entry.document_id, entry.sender_name, entry.code_number, entry.code_notation, entry.subject])
    check_text(recipients)
    check_text(entry.warnings)
    for part in entry.parts:
        check_text([part.identifier, part.name, part.content_type])
        check_blob(part.sha256, part.size)
    _check_leaves(entry.dispatch_id, evidence, events)


def check_move(move: Move) -> None:
    """Raises `ValueError` when a move could not be true as given."""
    check_times([move.at])
    check_text([move.reason])
    if move.statement is not None:
        _require(
            move.statement.dispatch_id == move.dispatch_id, "a statement speaks of the dispatch it moves"
        )
        _require(
            move.statement.statement_id == hashlib.sha256(move.statement.content).hexdigest(),
            "a statement is named by the SHA-256 of its content",
        )
        check_times([move.statement.received_at])
    _check_leaves(move.dispatch_id, move.evidence, move.events)


def check_refusal(refusal: Refusal) -> None:
    """Raises `ValueError` when a refusal could not be true as given."""
    _check_leaves(refusal.evidence.dispatch_id, [refusal.evidence], [])


def check_holding(owner: str, digest: str, size: int) -> None:
    """Raises `ValueError` when a note of a blob could not be true as given."""
    check_text([owner])
    check_blob(digest, size)


def check_blob(digest: str, size: int) -> None:
    """Raises `ValueError` unless it is a SHA-256 in 64 lower-case hexadecimal digits and a number of
    bytes."""
    _require(re.fullmatch(r"[0-9a-f]{64}", digest) is not None, "a blob is named by its SHA-256")
    _require(0 <= size <= SIZE_MOST, "a blob has a size")


def check_page(after: int, limit: int) -> None:
    """Raises `ValueError` unless a page is asked for from a place that there can be, with room for an
    item."""
    _require(0 <= after <= SIZE_MOST, "a page begins at a place")
    _require(limit >= 1, "a page has room for an item")


def check_agency(agency: Agency, replacing: Agency | None) -> None:
    """Raises `ValueError` when an agency could not be true as given."""
    _require(
        replacing is None or replacing.agency_id == agency.agency_id, "an agency keeps its own identifier"
    )
    names = (agency.agency_id, *agency.aliases)
    _require(all(names), "an identifier is not empty")
    check_text([*names, agency.name, *agency.attributes, *agency.attributes.values()])
    _require(len(set(names)) == len(names), "an identifier is named once")
    hashes = [certificate.sha256 for certificate in agency.certificates]
    _require(len(set(hashes)) == len(hashes), "a certificate is named once")


def check_times(times: Iterable[datetime]) -> None:
    """Raises `ValueError` unless each time knows its zone."""
    for time in times:
        _require(time.tzinfo is not None, "a time knows its zone")


def check_text(texts: Iterable[str]) -> None:
    """Raises `ValueError` for text that not every store can give back as it was: U+0000 and lone
    surrogates."""
    joined = "".join(texts)
    _require("\0" not in joined, "text holds no U+0000")
    joined.encode()  # UnicodeEncodeError is a ValueError


def _check_leaves(dispatch_id: str, evidence: Sequence[Evidence], events: Sequence[NewEvent]) -> None:
    for one in evidence:
        _require(one.dispatch_id == dispatch_id, "evidence speaks of its own dispatch")
        check_times([one.issued_at])
    for event in events:
        check_times([event.at])
        check_text([event.kind, event.reason, event.actor_id, event.status_code])


def _require(held: bool, rule: str) -> None:
    if not held:
        raise ValueError(rule)
