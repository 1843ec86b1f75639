"""The file beside the ledger that words are found in (SQLite FTS5).

It is made from the ledger and nothing is lost with it: one that is damaged, of another form or of another
ledger is thrown away and filled anew.

A dispatch is one row, numbered by its position. Words stand in columns of their own; everything that is
compared as a whole (an agency, a digest, a number) is a *mark*: one token that no text can hold. So a search,
its viewer included, is one expression over one index, and the newest of many are found without the others.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from storage.errors import Unavailable
from storage.ledger.catalogue import Described, Phrase, Sought, described
from storage.ledger.records import Entry
from storage.ledger.sqlite.database import BUSY_SECONDS
from storage.ledger.words import folded

FORM = 1
"""Of the file, in its header: another one is filled anew."""
_BREAK = "¦"
"""A token between two fields, so that no phrase reaches across. No text holds it: it is no letter."""
_AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_CANTOPEN", "SQLITE_READONLY")
"""What SQLite says about a file that may be sound."""
_TABLES = """
CREATE VIRTUAL TABLE documents USING fts5 (
    text, notation, files, marks, tokenize = 'ascii', prefix = '1 2 3'
);
CREATE TABLE reached (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    place INTEGER NOT NULL,
    dispatch_id TEXT NOT NULL,
    recipient_id TEXT NOT NULL,
    accepted_at INTEGER
) STRICT;
INSERT INTO reached VALUES (1, 0, '', '', NULL);
"""

Reached = tuple[int, str, str, int | None]
"""The place of the last delivery taken in, its dispatch and recipient, and when the newest dispatch was
accepted (microseconds)."""


def catalogue_path(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}-catalogue")


def open_index(path: Path) -> sqlite3.Connection:
    """Opens the file, made if absent; what cannot be used is thrown away. Raises `Unavailable`."""
    try:
        return _opened(path)
    except sqlite3.Error as exc:
        if exc.sqlite_errorname.startswith(_AWAY):
            raise Unavailable(f"the catalogue answers {exc.sqlite_errorname}") from exc
    for leftover in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        leftover.unlink(missing_ok=True)
    try:
        return _opened(path)
    except sqlite3.Error as exc:
        raise Unavailable(f"the catalogue answers {exc.sqlite_errorname}") from exc


def _opened(path: Path) -> sqlite3.Connection:
    try:
        path.touch(mode=0o600)
    except OSError as exc:
        raise Unavailable(f"the catalogue's file cannot be made: {exc.strerror}") from exc
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is taken in again
        connection.execute("BEGIN IMMEDIATE")
        (form,) = connection.execute("PRAGMA user_version").fetchone()
        if form != FORM:
            empty(connection)
            connection.execute(f"PRAGMA user_version = {FORM}")
        connection.execute("COMMIT")
        reached(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def empty(connection: sqlite3.Connection) -> None:
    """Throws everything away, in the open transaction."""
    for table in ("documents", "reached"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _TABLES.strip().split(";\n"):
        connection.execute(statement)


def reached(connection: sqlite3.Connection) -> Reached:
    """Says how far the catalogue has come."""
    row: Reached = connection.execute(
        "SELECT place, dispatch_id, recipient_id, accepted_at FROM reached"
    ).fetchone()
    return row


def take_in(
    connection: sqlite3.Connection,
    entries: Mapping[int, Entry],
    parties: Mapping[int, Sequence[tuple[str, str]]],
    new: Reached,
) -> None:
    """Writes dispatches by position, in the open transaction. `parties` are recipients and mailboxes."""
    rows = [(position, *_row(entry, parties[position])) for position, entry in entries.items()]
    connection.executemany(
        "INSERT OR REPLACE INTO documents (rowid, text, notation, files, marks) VALUES (?, ?, ?, ?, ?)", rows
    )
    connection.execute(
        "UPDATE reached SET place = ?, dispatch_id = ?, recipient_id = ?, accepted_at = ?", new
    )


def _row(entry: Entry, parties: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    one: Described = described(entry)
    recipients, mailboxes = {recipient for recipient, _ in parties}, {mailbox for _, mailbox in parties}
    marks = {
        _mark("number", one.code_number),
        _mark("document", one.document_id),
        _mark("sender", entry.sender_id),
        _mark("kind", str(entry.kind)),
        _mark("priority", str(entry.priority)),
        *(_mark("digest", part.sha256) for part in entry.parts),
        *(_mark("recipient", agency_id) for agency_id in recipients),
        *(_mark("mailbox", agency_id) for agency_id in mailboxes),
    }
    return _fields(one.text), _fields([one.notation]), _fields(one.files), " ".join(sorted(marks))


def _fields(fields: Iterable[Phrase]) -> str:
    return f" {_BREAK} ".join(" ".join(field) for field in fields)


def _mark(name: str, value: str) -> str:
    """A token that stands for a value. Two values with the same one are kept apart by nobody: 80 bits."""
    digest = hashlib.blake2s(f"{name}\0{value}".encode(), digest_size=10).hexdigest()
    return f"¦{name[0]}{digest}"


def expression(sought: Sought) -> str:
    """Returns what FTS5 is asked: quoted words and marks alone, whatever was typed."""
    viewer = [_mark("sender", sought.viewer)] if sought.sent else []
    viewer += [_mark("mailbox", sought.viewer)] if sought.received else []
    alternatives = [
        viewer or [_BREAK],  # who may find neither finds nothing: no mark is this token
        [_mark("number", folded(sought.code_number))] if sought.code_number else [],
        [_mark("document", folded(sought.document_id))] if sought.document_id else [],
        [_mark("sender", sought.sender_id)] if sought.sender_id else [],
        [_mark("recipient", sought.recipient_id)] if sought.recipient_id else [],
        [_mark("digest", sought.sha256)] if sought.sha256 else [],
        [_mark("kind", str(kind)) for kind in sorted(sought.kinds)],
        [_mark("priority", str(priority)) for priority in sorted(sought.priorities)],
    ]
    terms = [f"marks : ({' OR '.join(map(_quoted, some))})" for some in alternatives if some]
    terms += [f"text : {_beginning(phrase)}" for phrase in sought.phrases]
    terms += [f"files : {_beginning(phrase)}" for phrase in sought.files]
    if sought.code_notation:
        terms.append(f"notation : ^ {_beginning(sought.code_notation)}")
    return " AND ".join(terms)


def _beginning(phrase: Phrase) -> str:
    return f"{_quoted(' '.join(phrase))} *"


def _quoted(text: str) -> str:
    """Text of letters, digits and spaces as one string of FTS5's."""
    return f'"{text}"'


def undo(connection: sqlite3.Connection) -> None:
    """Ends a transaction that failed."""
    with suppress(sqlite3.Error):
        connection.execute("ROLLBACK")
