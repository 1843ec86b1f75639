"""Small blobs to their places, many at once. Blocking: for `files`, from its placing thread.

    1. look     whether a blob stands already: then only its name is flushed
    2. write    each into a file of its own
    3. flush    every file; the first flush carries most of the others with it
    4. way      the directories that lack are made, and what names them is flushed
    5. name     each, by a move. A crash up to here leaves files that the next start removes
    6. flush    every directory that names one of them, once; only then is anyone answered

One blob's failure fails none of the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.archive.shelf import Incoming, Shelf, disk_errors, sync_directory
from storage.batching import Failed
from storage.errors import Corrupt, DigestMismatch, StorageError


@dataclass(frozen=True, slots=True)
class Blob:
    """A small blob on its way into the archive."""

    digest: str
    content: bytes | bytearray


def place_together(shelf: Shelf, blobs: Sequence[Blob]) -> list[int | Failed]:
    """Keeps `blobs` and returns the size or the failure of each, in their order."""
    placings = [_Placing(shelf, blob) for blob in blobs]
    ways, names = _Flushes(), _Flushes()
    try:
        _each(placings, _Placing.look)  # 1
        new = [one for one in placings if not one.stands]
        _each(new, _Placing.write)  # 2
        _each(new, _Placing.flush)  # 3
        _each(placings, lambda one: shelf.make_way(one.directory))  # 4
        _each(placings, lambda one: shelf.flush_way(one.directory, ways.flush))
        _each(new, _Placing.name)  # 5
        _each(placings, lambda one: names.flush(one.directory))  # 6
    finally:
        for one in placings:
            one.close()
    return [Failed(one.error) if one.error else len(one.content) for one in placings]


class _Placing:
    """One blob on that road, and what stopped it."""

    def __init__(self, shelf: Shelf, blob: Blob) -> None:
        self._shelf = shelf
        self._digest = blob.digest
        self.content = blob.content
        self.directory = shelf.directory(blob.digest)
        self.stands = False
        self.error: StorageError | None = None
        self._incoming: Incoming | None = None

    def look(self) -> None:
        present = self._shelf.present_size(self._digest)
        if present is None:
            return
        self.stands = True
        if hashlib.sha256(self.content).hexdigest() != self._digest:
            raise DigestMismatch(self._digest)
        if present != len(self.content):
            raise Corrupt(self._digest)

    def write(self) -> None:
        self._incoming = self._shelf.incoming()
        self._incoming.write(self.content)

    def flush(self) -> None:
        assert self._incoming is not None
        self._incoming.seal(self._digest)

    def name(self) -> None:
        assert self._incoming is not None
        self._incoming.move(self.directory / self._digest)

    def close(self) -> None:
        if self._incoming is not None:
            self._incoming.close()


class _Flushes:
    """Directories flushed once each; the failure of one is that of every blob it names."""

    def __init__(self) -> None:
        self._seen: dict[Path, OSError | None] = {}

    def flush(self, directory: Path) -> None:
        if directory not in self._seen:
            try:
                sync_directory(directory)
                self._seen[directory] = None
            except OSError as exc:
                self._seen[directory] = exc
        if (error := self._seen[directory]) is not None:
            raise error


def _each(placings: Iterable[_Placing], step: Callable[[_Placing], None]) -> None:
    """Takes those that have not failed one step on."""
    for one in placings:
        if one.error is None:
            try:
                with disk_errors():
                    step(one)
            except StorageError as exc:
                one.error = exc
