"""Files that people name, read within bounds: never a pipe, a device or a file without end."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

_AT_ONCE = getattr(os, "O_NONBLOCK", 0)
"""Opening a pipe must not wait for its writer."""


def open_regular(path: Path) -> BufferedReader:
    """Opens a file for reading. Raises `OSError`, also for what is no regular file."""
    return open(path, "rb", opener=_opener)


def read_bounded(path: Path, limit: int) -> bytes:
    """Returns the whole file. Raises `OSError`, also when it is no regular file or has more than `limit`
    bytes, of which no more is read."""
    with open_regular(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"more than {limit} bytes", str(path))
    return data


def _opener(path: str, flags: int) -> int:
    try:
        descriptor = os.open(path, flags | _AT_ONCE)
    except ValueError as exc:
        raise OSError(errno.EINVAL, "not a file name", path) from exc
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return descriptor
