"""A dispatch as a tsvector, and what is sought as a tsquery: words that nothing stems, and marks.

A lexeme begins with a letter that says where it stands: `t` in the text, `n` in the notation, `f` in a file's
name, `m` for a mark, which stands for a whole value (an agency, a digest, a number). So a search, its viewer
included, is one expression over one index.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from storage.ledger.catalogue import Described, Phrase, Sought, described
from storage.ledger.records import Entry
from storage.ledger.words import folded

FORM = 1
"""Of what is written: with another one the catalogue is filled anew."""
_POSITIONS_MOST = 16_000
"""PostgreSQL counts positions to 16383: of longer texts the beginning is found."""
_LETTERS_MOST = 400
"""Of a word: a lexeme takes less than 2047 bytes."""
_BYTES_MOST = 900_000
"""Of all: a tsvector takes less than 1 MiB."""
_START = "n^"
"""Stands before a notation, so that its beginning can be asked for. No word is this lexeme."""
_NOBODY = "m^"
"""What nothing holds."""


def vector(entry: Entry, parties: Iterable[tuple[str, str]]) -> str:
    """Returns what a dispatch is found by. `entry` has its parts, `parties` are recipients and mailboxes."""
    one = described(entry)
    placed = [
        *_placed("t", one.text),
        f"'{_START}':1",
        *_placed("n", [one.notation], start=2),
        *_placed("f", one.files),
    ]
    marks = [f"'{mark}'" for mark in sorted(_marks(one, entry, parties))]
    return " ".join([*marks, *_within(_BYTES_MOST - 30 * len(marks), placed)])


def _marks(one: Described, entry: Entry, parties: Iterable[tuple[str, str]]) -> set[str]:
    marks = {
        _mark("number", one.code_number),
        _mark("document", one.document_id),
        _mark("sender", entry.sender_id),
        _mark("kind", str(entry.kind)),
        _mark("priority", str(entry.priority)),
        *(_mark("digest", part.sha256) for part in entry.parts),
    }
    for recipient_id, mailbox_id in parties:
        marks |= {_mark("recipient", recipient_id), _mark("mailbox", mailbox_id)}
    return marks


def _placed(letter: str, fields: Sequence[Phrase], *, start: int = 1) -> Iterator[str]:
    """Lexemes with their positions; between two fields one stays empty, so that no phrase reaches across."""
    position = start
    for field in fields:
        for word in field:
            if position <= _POSITIONS_MOST:
                yield f"{_lexeme(letter, word)}:{position}"
            position += 1
        position += 1


def _within(most: int, placed: Iterable[str]) -> Iterator[str]:
    """As many as there is room for."""
    filled = 0
    for one in placed:
        filled += len(one.encode())
        if filled > most:
            return
        yield one


def _lexeme(letter: str, word: str) -> str:
    """A word has letters and digits alone, so there is nothing to escape."""
    return f"'{letter}{word[:_LETTERS_MOST]}'"


def _mark(name: str, value: str) -> str:
    """A lexeme that stands for a value. Two values with the same one are kept apart by nobody: 80 bits."""
    digest = hashlib.blake2s(f"{name}\0{value}".encode(), digest_size=10).hexdigest()
    return f"m{name[0]}{digest}"


def expression(sought: Sought) -> str:
    """Returns what PostgreSQL is asked: quoted words and marks alone, whatever was typed."""
    viewer = [_mark("sender", sought.viewer)] if sought.sent else []
    viewer += [_mark("mailbox", sought.viewer)] if sought.received else []
    alternatives = [
        viewer or [_NOBODY],
        [_mark("number", folded(sought.code_number))] if sought.code_number else [],
        [_mark("document", folded(sought.document_id))] if sought.document_id else [],
        [_mark("sender", sought.sender_id)] if sought.sender_id else [],
        [_mark("recipient", sought.recipient_id)] if sought.recipient_id else [],
        [_mark("digest", sought.sha256)] if sought.sha256 else [],
        [_mark("kind", str(kind)) for kind in sorted(sought.kinds)],
        [_mark("priority", str(priority)) for priority in sorted(sought.priorities)],
    ]
    terms = [" | ".join(f"'{mark}'" for mark in some) for some in alternatives if some]
    terms += [_beginning("t", phrase) for phrase in sought.phrases]
    terms += [_beginning("f", phrase) for phrase in sought.files]
    if sought.code_notation:
        terms.append(f"'{_START}' <-> {_beginning('n', sought.code_notation)}")
    return " & ".join(f"({term})" for term in terms)


def _beginning(letter: str, phrase: Phrase) -> str:
    return " <-> ".join(_lexeme(letter, word) for word in phrase) + ":*"
