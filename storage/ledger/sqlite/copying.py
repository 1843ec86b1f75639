"""A copy of a ledger as it is at one moment, while it is in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from storage.errors import Unavailable
from storage.ledger.sqlite.database import connect, database_errors, look


def copy(path: Path, to: Path) -> None:
    """Writes the ledger in `path` to the new file `to`, durable, with its mode 0600.

    It is copied in one step, from one snapshot: writers go on and are not in it. Raises `StorageError`;
    `to` is then worth nothing.
    """
    if look(path).found == 0:
        raise Unavailable(f"there is no ledger in {path}")
    try:
        to.touch(mode=0o600, exist_ok=False)
    except OSError as exc:
        raise Unavailable(f"{to} cannot be made: {exc.strerror}") from exc
    with (
        database_errors(),
        closing(connect(path, read_only=True)) as source,
        closing(sqlite3.connect(to)) as copied,
    ):
        source.backup(copied, pages=-1)
        copied.execute("PRAGMA journal_mode = DELETE").fetchone()
        copied.execute("PRAGMA synchronous = FULL")
