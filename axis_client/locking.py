"""One process at a time, by a lock on a file that the system gives back when the process ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axis_client.files import unwritable

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, wait: bool) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int, wait: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


class Taken(Exception):
    """Another process holds the lock."""


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Holds the lock named by `path` until the block ends. Raises `Taken` when another holds it and `wait` is
    false, `LocalError` when the file cannot be made."""
    try:
        file = path.open("ab")
    except OSError as exc:
        raise unwritable(path, exc) from exc
    with file:
        try:
            _lock(file.fileno(), wait)
        except OSError as exc:
            raise Taken(str(path)) from exc
        yield
