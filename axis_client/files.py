"""Files on this side: read within bounds, written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from axis_client.errors import LocalError, explain
from signing.reading import open_regular

CHUNK = 1 << 20
"""1 MiB: what one message of a stream carries (axis.v1 `UploadRequest`), and what is in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A file on disk, named by its digest."""

    path: Path
    sha256: str
    size: int


def read(path: Path, limit: int) -> bytes | None:
    """Returns the whole file, or None when it is larger than `limit` bytes (of which no more is read).
    Raises `LocalError`, also for a device or pipe."""
    try:
        with open_regular(path) as file:
            data = file.read(limit + 1)
    except OSError as exc:
        raise unreadable(path, exc) from exc
    return data if len(data) <= limit else None


def measure(path: Path) -> Blob:
    """Hashes a file of any size in constant memory. Raises `LocalError`, also for a device or pipe."""
    try:
        with open_regular(path) as file:
            digest = hashlib.file_digest(file, "sha256")
            return Blob(path=path, sha256=digest.hexdigest(), size=file.tell())
    except OSError as exc:
        raise unreadable(path, exc) from exc


def write(path: Path, content: bytes, *, force: bool = False) -> None:
    """Writes a file whole and durably, or not at all: a reader finds the old one, the new one, or none.

    The same content again is a success that changes nothing. Raises `LocalError`: `OUTPUT_EXISTS` when
    another content is there and `force` is not given.
    """
    with _draft(path, content) as draft:
        place(draft, path, force=force)


def swap(path: Path, content: bytes) -> None:
    """Puts `content` in the place of whatever is there, so that it has returned only when a loss of power
    cannot take it back. Raises `LocalError`."""
    with _draft(path, content) as draft:
        try:
            draft.replace(path)
            _sync_directory(path.parent)
        except OSError as exc:
            raise unwritable(path, exc) from exc


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """Writes `content` durably into a file beside `path`, which is gone at the end unless it was given
    another name."""
    draft = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            raise unwritable(path, exc) from exc
        yield draft
    finally:
        with suppress(OSError):
            draft.unlink()


def _sync_directory(path: Path) -> None:
    if os.name == "nt":
        return  # directories cannot be opened there
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def place(draft: Path, path: Path, *, force: bool = False) -> None:
    """Gives a finished file its name, atomically. Without `force`, never replaces another content
    (`OUTPUT_EXISTS`); the same content there already is left as it is. The draft may remain, and is the
    caller's to remove."""
    try:
        if force:
            draft.replace(path)
        else:
            _link(draft, path)
    except FileExistsError:
        check_free(path, measure(draft).sha256)
    except OSError as exc:
        raise unwritable(path, exc) from exc


def check_name(path: Path) -> None:
    """Raises `LocalError` (`FILE_UNWRITABLE`) when this system's file names cannot spell it."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError as exc:
        name = str(path)
        detail = f"{name}: file names here cannot hold it; set the locale to UTF-8"
        raise explain(LocalError, "FILE_UNWRITABLE", detail, file=name) from exc


def check_free(path: Path, sha256: str) -> None:
    """Raises `LocalError` (`OUTPUT_EXISTS`) when another content than `sha256` has this name."""
    if (path.exists() or path.is_symlink()) and not (path.is_file() and measure(path).sha256 == sha256):
        raise explain(LocalError, "OUTPUT_EXISTS", printable(path), file=printable(path))


def _link(draft: Path, path: Path) -> None:
    """Links where the file system can; elsewhere looks first and then moves."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError as exc:
        if exc.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from exc
        draft.replace(path)


def make_directory(path: Path) -> None:
    """Makes a directory and its parents. Raises `LocalError`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise unwritable(path, exc) from exc


def remove_directory(path: Path) -> None:
    """Removes a directory with all that is in it. Raises `LocalError`."""
    try:
        shutil.rmtree(path)
    except OSError as exc:
        raise unwritable(path, exc) from exc


def printable(path: Path) -> str:
    """Returns the path as text that any terminal takes: bytes that are not UTF-8 are shown as `\\xNN`."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def unreadable(path: Path, error: OSError) -> LocalError:
    name = printable(path)
    if isinstance(error, FileNotFoundError):
        return explain(LocalError, "FILE_MISSING", name, file=name)
    return explain(LocalError, "FILE_UNREADABLE", f"{name}: {error.strerror}", file=name)


def unwritable(path: Path, error: OSError) -> LocalError:
    name = printable(path)
    return explain(LocalError, "FILE_UNWRITABLE", f"{name}: {error.strerror}", file=name)
