"""Where blobs stand on a disk, and how one gets there so that it stays. Blocking: for `files`, from threads.

root/ab/cd/abcd…          blobs, complete or absent, never written again
root/incoming/<random>/   files being written by one process; a dead process's go at the next start
root/staging/             uploads in progress (`storage.archive.staging`)
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import itertools
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

from storage.errors import DigestMismatch, NotFound, StoreFull, Unavailable

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BLOB_MODE = 0o440
_ROOM_MODE = 0o700


@contextmanager
def disk_errors() -> Iterator[None]:
    """Translates what the operating system says into what a caller of the archive acts on."""
    try:
        yield
    except OSError as exc:
        reason = errno.errorcode.get(exc.errno or 0, "OSError")
        raise (StoreFull if exc.errno in _NO_ROOM else Unavailable)(f"the disk answers {reason}") from exc


def write_all(descriptor: int, content: bytes | bytearray) -> None:
    """Writes every byte; `os.write` may stop short of the end."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_directory(path: Path) -> None:
    """Makes the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Incoming:
    """A file being written, hashed as it grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._placed = False
        self._hash = hashlib.sha256()
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _BLOB_MODE)

    def write(self, content: bytes | bytearray) -> None:
        """Adds to the end."""
        with disk_errors():
            write_all(self._descriptor, content)
        self._hash.update(content)
        self.size += len(content)

    def seal(self, digest: str) -> None:
        """Makes the content durable. Raises `DigestMismatch` when it is not what was announced."""
        if self._hash.hexdigest() != digest:
            raise DigestMismatch(digest)
        os.fsync(self._descriptor)

    def move(self, place: Path) -> None:
        """Moves the sealed file to its place."""
        self.path.rename(place)
        self._placed = True

    def close(self) -> None:
        """Closes the file, and removes it unless it has been moved to its place."""
        if not self._placed:
            self.path.unlink()
        os.close(self._descriptor)


class Shelf:
    """The blobs under one root."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming" / secrets.token_hex(16)
        self._numbers = itertools.count()
        self._durable_directories: set[Path] = set()
        with disk_errors():
            root.mkdir(mode=_ROOM_MODE, parents=True, exist_ok=True)
            self._incoming.parent.mkdir(mode=_ROOM_MODE, exist_ok=True)
            self._lock = self._enter()

    def close(self) -> None:
        """Removes what is left of this process's unfinished files."""
        with disk_errors():
            rmtree(self._incoming)
            os.close(self._lock)

    def directory(self, digest: str) -> Path:
        """Returns the directory in which a blob stands or would stand."""
        return self._root / digest[:2] / digest[2:4]

    def path(self, digest: str) -> Path:
        """Returns where a blob stands or would stand."""
        return self._root / digest[:2] / digest[2:4] / digest

    def size(self, digest: str) -> int:
        """Returns the size of a blob. Raises `NotFound`."""
        with disk_errors():
            size = self.present_size(digest)
        if size is None:
            raise NotFound(digest)
        return size

    def present_size(self, digest: str) -> int | None:
        """Returns the size of a blob, or None when absent; its name may not be durable yet."""
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def durable_size(self, digest: str) -> int | None:
        """Returns the size of a blob after making sure that its name is durable too, or None when absent.

        Another writer may have just moved it to its place and not have synchronised the directory yet.
        """
        with disk_errors():
            size = self.present_size(digest)
            if size is not None:
                directory = self.directory(digest)
                self.make_way(directory)
                self.flush_way(directory)
                sync_directory(directory)
            return size

    def incoming(self) -> Incoming:
        """Opens a file to be written and then kept; its owner closes it in any case."""
        with disk_errors():
            return Incoming(self._incoming / str(next(self._numbers)))

    def keep_incoming(self, digest: str, incoming: Incoming) -> int:
        """Keeps what was written and returns its size."""
        with disk_errors():
            incoming.seal(digest)
            self.place(incoming.move, digest)
        return incoming.size

    def place(self, move: Callable[[Path], object], digest: str) -> None:
        """Has a complete, synchronised file of the same file system moved to its place.

        A crash before the move leaves the file where it was, one after it a blob. Two writers of one digest
        move the same bytes: the second replaces the first by its equal.
        """
        directory = self.directory(digest)
        self.make_way(directory)
        self.flush_way(directory)
        move(directory / digest)
        sync_directory(directory)

    def make_way(self, directory: Path) -> None:
        """Makes `root/ab/cd` and the way to it where they lack; `flush_way` makes them durable."""
        if directory not in self._durable_directories:
            directory.mkdir(parents=True, exist_ok=True)

    def flush_way(self, directory: Path, flush: Callable[[Path], None] = sync_directory) -> None:
        """Makes the way to `root/ab/cd` durable, once per process; whoever made it may not have done so."""
        if directory in self._durable_directories or directory == self._root:
            return
        self.flush_way(directory.parent, flush)
        flush(directory.parent)
        self._durable_directories.add(directory)

    def free(self) -> int:
        """Returns how many bytes the disk still has for whom this process runs as."""
        with disk_errors():
            disk = os.statvfs(self._root)
        return disk.f_bavail * disk.f_frsize

    def probe(self) -> None:
        """Writes, synchronises, reads back and removes a small file."""
        content = secrets.token_bytes(64)
        incoming = self.incoming()
        try:
            incoming.write(content)
            with disk_errors():
                incoming.seal(hashlib.sha256(content).hexdigest())
                if incoming.path.read_bytes() != content:
                    raise Unavailable("the disk does not give back what was written")
        finally:
            incoming.close()

    def _make_durable(self, directory: Path) -> None:
        """Makes `root/ab/cd` and the way to it, once per process; whoever made it may not have synchronised
        it."""
        if directory in self._durable_directories or directory == self._root:
            return
        self._make_durable(directory.parent)
        directory.mkdir(exist_ok=True)
        sync_directory(directory.parent)
        self._durable_directories.add(directory)

    def _enter(self) -> int:
        """Makes this process's own directory for incoming files and returns the lock that says it lives.

        Those whose lock is free belonged to processes that died: they are removed. One process at a time does
        this, so none is removed between being made and being locked.
        """
        everyones = os.open(self._incoming.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(everyones, fcntl.LOCK_EX)
            for directory in self._incoming.parent.iterdir():
                with suppress(BlockingIOError):
                    os.close(_locked(directory))
                    rmtree(directory)
            self._incoming.mkdir(mode=_ROOM_MODE)
            return _locked(self._incoming)
        finally:
            os.close(everyones)


def _locked(directory: Path) -> int:
    """Opens a directory and locks it until it is closed or the process ends. Raises `BlockingIOError`."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
