"""Uploads in progress: one file per owner and digest, appended under a file lock. Blocking, like `shelf`.

    root/staging/<hash of the owner>/<digest>             what is held of an upload
    root/staging/<hash of the owner>/<digest>.finished    this owner's upload became a blob; empty

An upload that starts anew is a new file, and a file only ever grows. So the same file with the same size has
the same content, and the hash of what was appended may be kept in memory between two appends as long as its
file stays open.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from storage.archive.base import CHUNK_BYTES
from storage.archive.names import owner_room
from storage.archive.shelf import Shelf, disk_errors, write_all
from storage.errors import DigestMismatch, NotFound, OffsetMismatch

_IDLE_UPLOADS = 64
"""Uploads whose file and running hash are kept between two appends; an upload pushed out is hashed from disk
again."""

_BLOB_MODE = 0o440
_UPLOAD_MODE = 0o600
_ROOM_MODE = 0o700


class Upload:
    """The open file of one upload and the running hash of its first `hashed` bytes."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.hashed = 0
        self._hash = hashlib.sha256()

    def write(self, content: bytes | bytearray) -> None:
        """Adds to the end; the caller holds the lock."""
        with disk_errors():
            follows = self.hashed == self.size()
            write_all(self.descriptor, content)
        if follows:
            self._hash.update(content)
            self.hashed += len(content)

    def size(self) -> int:
        """Returns how many bytes the file holds."""
        return os.fstat(self.descriptor).st_size

    def stands(self) -> bool:
        """Tells whether the file is still the one that its path names."""
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self.descriptor))
        except FileNotFoundError:
            return False

    def digest(self) -> str:
        """Returns the SHA-256 of the whole file, reading what was not hashed on its way in."""
        while content := os.pread(self.descriptor, CHUNK_BYTES, self.hashed):
            self._hash.update(content)
            self.hashed += len(content)
        return self._hash.hexdigest()

    def lock(self) -> None:
        """Takes the file for one append. Raises `OffsetMismatch` when someone else has it."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise OffsetMismatch(self.size()) from exc

    def close(self) -> None:
        """Closes the file, and with it the lock."""
        os.close(self.descriptor)


class Staging:
    """The uploads under one root."""

    def __init__(self, root: Path, shelf: Shelf) -> None:
        self._root = root / "staging"
        self._shelf = shelf
        self._idle: OrderedDict[Path, Upload] = OrderedDict()
        self._idle_lock = threading.Lock()
        with disk_errors():
            self._root.mkdir(mode=_ROOM_MODE, exist_ok=True)

    def uploaded(self, owner: str, digest: str) -> int:
        """Returns how many bytes are held, 0 when there is no upload."""
        with disk_errors(), suppress(FileNotFoundError):
            return self._path(owner, digest).stat().st_size
        return 0

    def begin(self, owner: str, digest: str, offset: int) -> Upload:
        """Takes an upload for one append at `offset`; the caller ends it with `end`."""
        path = self._path(owner, digest)
        with disk_errors():
            if offset == 0:
                return self._anew(path)
            upload = self._take(path)
            if upload is None:
                raise OffsetMismatch(0)
            held = upload.size()
            if held != offset:
                self._lay_aside(upload)
                raise OffsetMismatch(held)
            return upload

    def end(self, upload: Upload) -> int:
        """Lets go of an upload and returns the bytes held. Raises `OffsetMismatch` when it was discarded
        meanwhile."""
        with disk_errors():
            if not upload.stands():
                upload.close()
                raise OffsetMismatch(0)
            size = upload.size()
            self._lay_aside(upload)
            return size

    def finish(self, owner: str, digest: str) -> int:
        """Turns an upload into a blob and returns its size."""
        path = self._path(owner, digest)
        finished = path.with_name(f"{digest}.finished")
        with disk_errors():
            upload = self._take(path)
            if upload is None:
                # A process may have died between naming the blob and making its name durable.
                kept = self._shelf.durable_size(digest) if finished.exists() else None
                if kept is None:
                    raise NotFound(digest)
                return kept
            try:
                if upload.digest() != digest:
                    path.unlink()
                    raise DigestMismatch(digest)
                self._flush(upload)
                finished.touch()
                self._shelf.place(path.rename, digest)
                return upload.size()
            finally:
                upload.close()

    def _flush(self, upload: Upload) -> None:
        """Makes the content durable. A flush that failed is final: the pages it lost are lost, though the
        next flush would succeed, so the upload is dropped and begins anew."""
        os.fchmod(upload.descriptor, _BLOB_MODE)
        try:
            os.fsync(upload.descriptor)
        except OSError:
            upload.path.unlink()
            raise

    def discard(self, owner: str, digest: str) -> None:
        """Drops what is held of an upload."""
        path = self._path(owner, digest)
        with disk_errors():
            path.unlink(missing_ok=True)
            path.with_name(f"{digest}.finished").unlink(missing_ok=True)
        with self._idle_lock:
            idle = self._idle.pop(path, None)
        if idle is not None:
            idle.close()

    def unfinished(self, owner: str) -> dict[str, int]:
        """Returns what is held of each upload of an owner, by digest."""
        held: dict[str, int] = {}
        with disk_errors(), suppress(FileNotFoundError):
            for path in (self._root / owner_room(owner)).iterdir():
                with suppress(FileNotFoundError):
                    if not path.suffix:
                        held[path.name] = path.stat().st_size
        return held

    def expire(self, before: float) -> int:
        """Drops uploads and memories of finished ones that were last written before that time (seconds since
        1970), and returns how many uploads."""
        dropped = 0
        with disk_errors():
            for path in self._root.glob("*/*"):
                with suppress(FileNotFoundError, OffsetMismatch):
                    if path.stat().st_mtime < before:
                        dropped += self._drop(path)
        return dropped

    def _drop(self, path: Path) -> bool:
        """Removes an upload unless an append has it in hand, or the memory of a finished one; tells whether
        it was an upload."""
        if path.suffix:
            path.unlink()
            return False
        upload = self._take(path)
        if upload is None:
            return False
        try:
            path.unlink()
        finally:
            upload.close()
        return True

    def close(self) -> None:
        """Closes the files kept open between appends."""
        with self._idle_lock:
            while self._idle:
                self._idle.popitem()[1].close()

    def _path(self, owner: str, digest: str) -> Path:
        return self._root / owner_room(owner) / digest

    def _anew(self, path: Path) -> Upload:
        """Begins with a new, empty file. Raises `OffsetMismatch` when an append is under way."""
        old = self._take(path)
        if old is not None:
            path.unlink(missing_ok=True)
            old.close()
        path.parent.mkdir(mode=_ROOM_MODE, exist_ok=True)
        path.with_name(f"{path.name}.finished").unlink(missing_ok=True)
        try:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            upload = Upload(path, os.open(path, flags, _UPLOAD_MODE))
        except FileExistsError as exc:
            raise OffsetMismatch(0) from exc
        return self._locked(upload)

    def _take(self, path: Path) -> Upload | None:
        """Takes an upload that is there, locked, with its running hash if it was kept; None when there is
        none."""
        with self._idle_lock:
            upload = self._idle.pop(path, None)
        while True:
            if upload is None:
                try:
                    upload = Upload(path, os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC))
                except FileNotFoundError:
                    return None
            self._locked(upload)
            if upload.stands():
                return upload
            upload.close()
            upload = None

    def _locked(self, upload: Upload) -> Upload:
        try:
            upload.lock()
        except BaseException:
            upload.close()
            raise
        return upload

    def _lay_aside(self, upload: Upload) -> None:
        fcntl.flock(upload.descriptor, fcntl.LOCK_UN)
        with self._idle_lock:
            replaced = self._idle.pop(upload.path, None)
            self._idle[upload.path] = upload
            pushed_out = self._idle.popitem(last=False)[1] if len(self._idle) > _IDLE_UPLOADS else None
        for one in (replaced, pushed_out):
            if one is not None:
                one.close()
