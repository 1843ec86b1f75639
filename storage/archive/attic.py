"""Where hidden blobs of an archive of files lie until they are removed. Blocking: for `files`, from threads.

root/hidden/abcd…      as it was, and touched when it was hidden

A crash leaves a blob in its place or here. Who reads it while it is hidden reads on to the end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from storage.archive.copying import blobs
from storage.archive.names import is_digest
from storage.archive.removing import Stored
from storage.archive.shelf import Shelf, disk_errors, sync_directory

_ROOM_MODE = 0o700


class Attic:
    """The hidden blobs under one root."""

    def __init__(self, root: Path, shelf: Shelf) -> None:
        self._root = root
        self._room = root / "hidden"
        self._shelf = shelf

    def hide(self, digest: str) -> datetime | None:
        """See `Removing.hide`."""
        seen, hidden = self._shelf.path(digest), self._room / digest
        with disk_errors():
            if seen.exists():
                if not self._room.exists():
                    self._room.mkdir(mode=_ROOM_MODE, exist_ok=True)
                    sync_directory(self._root)
                os.utime(seen)  # before it is moved: else a crash would leave it hidden for long at once
                seen.replace(hidden)
                sync_directory(self._room)
                sync_directory(seen.parent)
            return _since(hidden) if hidden.exists() else None

    def show(self, digest: str) -> None:
        """See `Removing.show`."""
        hidden = self._room / digest
        with disk_errors():
            if not hidden.exists():
                return
            if self._shelf.present_size(digest) is None:
                self._shelf.place(hidden.replace, digest)
            else:
                hidden.unlink()
            sync_directory(self._room)

    def destroy(self, digest: str) -> None:
        """See `Removing.destroy`."""
        hidden = self._room / digest
        with disk_errors():
            if hidden.exists():
                hidden.unlink()
                sync_directory(self._room)

    def stored(self) -> Iterator[Stored]:
        """See `Removing.stored`."""
        with disk_errors():
            for path in blobs(self._root):
                yield from _stored(path, hidden=False)
            if self._room.exists():
                for path in sorted(self._room.iterdir()):
                    if is_digest(path.name):
                        yield from _stored(path, hidden=True)


def _stored(path: Path, *, hidden: bool) -> Iterator[Stored]:
    try:
        size, since = path.stat().st_size, _since(path)
    except FileNotFoundError:  # hidden or removed meanwhile
        return
    yield Stored(digest=path.name, size=size, since=since, hidden=hidden)


def _since(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
