"""One part, streamed to disk: constant memory, goes on where it was cut, and is what its digest says."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import aclosing
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from axis_client import files
from axis_client.errors import NotTrusted, TryLater, explain
from axis_client.model import Dispatch, Part, Progress
from axis_client.patience import Persistence
from axis_client.sending import Report

if TYPE_CHECKING:
    from axis_client.wire import Wire


async def download(
    wire: Wire, persist: Persistence, dispatch: Dispatch, part: Part, path: Path, report: Report
) -> None:
    """Streams a part to `path`, after what an earlier run left there. Durable and right when it returns.

    Raises `NotTrusted` when the bytes are not those that the digest names, and leaves nothing then.
    """
    landing = await asyncio.to_thread(_Landing, part, path)
    resumed = landing.done > 0
    await _fill(wire, persist, dispatch, landing, report)
    if resumed and not landing.is_right:
        await asyncio.to_thread(path.unlink)
        landing = await asyncio.to_thread(_Landing, part, path)
        await _fill(wire, persist, dispatch, landing, report)
    if not landing.is_right:
        await asyncio.to_thread(path.unlink)
        raise explain(NotTrusted, "CONTENT_MISMATCH", f"{part.name or part.identifier} ({part.sha256})")


async def _fill(
    wire: Wire, persist: Persistence, dispatch: Dispatch, landing: _Landing, report: Report
) -> None:
    part = landing.part

    async def attempt() -> None:
        stream = wire.fetch_part(dispatch.dispatch_id, part.number, landing.done)
        with landing:
            async with aclosing(stream) as chunks:
                async for chunk in chunks:
                    await asyncio.to_thread(landing.take, chunk)
                    report(Progress(name=part.name or part.identifier, done=landing.done, total=part.size))
        if landing.done < part.size:
            raise explain(TryLater, "UNREACHABLE", f"{landing.done} of {part.size} bytes arrived")

    await persist(attempt, lambda: landing.done)


class _Landing:
    """A file that is filled from the front and hashed on the way."""

    def __init__(self, part: Part, path: Path) -> None:
        self.part = part
        self.path = path
        self.done = 0
        self._hash = hashlib.sha256()
        self._file: FileIO
        try:
            self._take_up()
        except OSError as exc:
            raise files.unreadable(path, exc) from exc

    def _take_up(self) -> None:
        """Goes on after what an earlier run left; more than the part has is not of this part."""
        if not self.path.exists():
            return
        if self.path.stat().st_size > self.part.size:
            self.path.unlink()
            return
        with self.path.open("rb") as file:
            while chunk := file.read(files.CHUNK):
                self._hash.update(chunk)
                self.done += len(chunk)

    @property
    def is_right(self) -> bool:
        return self._hash.hexdigest() == self.part.sha256

    def __enter__(self) -> None:
        try:
            self._file = self.path.open("ab", buffering=0)
        except OSError as exc:
            raise files.unwritable(self.path, exc) from exc

    def __exit__(self, *_: object) -> None:
        try:
            with self._file:
                os.fsync(self._file.fileno())
        except OSError as exc:
            raise files.unwritable(self.path, exc) from exc

    def take(self, chunk: bytes) -> None:
        """Writes and hashes a chunk. Raises `NotTrusted` when more comes than the part has, `LocalError`."""
        if self.done + len(chunk) > self.part.size:
            raise explain(NotTrusted, "CONTENT_MISMATCH", f"more than {self.part.size} bytes arrived")
        view = memoryview(chunk)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as exc:
            raise files.unwritable(self.path, exc) from exc
        self._hash.update(chunk)
        self.done += len(chunk)
