"""A copy of an archive of files, grown by what it lacks."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storage.archive.names import is_digest
from storage.archive.shelf import disk_errors, sync_directory

_ROOM_MODE = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a copy took."""

    files: int
    bytes: int
    had: int
    """Files that were there already."""


def copy_blobs(root: Path, to: Path) -> Copied:
    """Copies every blob of the archive in `root` that the one in `to` lacks, each durable under its name
    when it is seen there. Blobs are never written again, so one that is there with its size is taken as it
    is. Raises `Unavailable`, `StoreFull`: what was copied stays, and the next copy goes on.

    They are copied and not linked: a link would share the very bytes that a failing disk takes.
    """
    files = size = had = 0
    made: set[Path] = set()
    with disk_errors():
        to.mkdir(mode=_ROOM_MODE, parents=True, exist_ok=True)
        for blob in blobs(root):
            target = to / blob.relative_to(root)
            length = blob.stat().st_size
            if target.exists() and target.stat().st_size == length:
                had += 1
                continue
            target.parent.mkdir(mode=_ROOM_MODE, parents=True, exist_ok=True)
            _place(blob, target)
            made |= {target.parent, target.parent.parent, to}
            files, size = files + 1, size + length
        for directory in sorted(made, reverse=True):
            sync_directory(directory)
    return Copied(files=files, bytes=size, had=had)


def blobs(root: Path) -> Iterator[Path]:
    """Yields the files of an archive that are blobs, and nothing that is still being written."""
    for first in sorted(root.glob("[0-9a-f][0-9a-f]")):
        for second in sorted(first.glob("[0-9a-f][0-9a-f]")):
            yield from (path for path in sorted(second.iterdir()) if is_digest(path.name))


def _place(blob: Path, target: Path) -> None:
    coming = target.with_name(f"coming-{secrets.token_hex(8)}")
    try:
        with blob.open("rb") as source, coming.open("xb") as copied:
            shutil.copyfileobj(source, copied, 1 << 20)
            copied.flush()
            os.fsync(copied.fileno())
        coming.chmod(0o440)
        coming.replace(target)
    except BaseException:
        coming.unlink(missing_ok=True)
        raise
