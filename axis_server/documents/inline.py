"""Attachments that stand inside their package: decoded again when somebody fetches them.

A package is up to 64 MiB and may hold many of them, so one decoding serves for all its parts and for all who
fetch the same, and no two packages are decoded at once: what a fetch costs does not grow with the fetchers.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from axis_server.documents.blobs import whole
from axis_server.documents.judgement import digest
from axis_server.limits.tasks import in_worker
from axis_server.limits.turns import Turns
from edxml.model import Package
from edxml.reader import read
from signing.parser import Limits, parse
from signing.structure import Breach, take_out, the_signature
from storage.archive.base import Archive
from storage.errors import Corrupt
from storage.ledger.records import Part

REMEMBERED_BYTES = 64 << 20
"""Of decoded attachments, for who goes on at an offset or takes the next part: about one large package."""
TAKEN_AT_ONCE = 4
"""Decoded attachments on their way to one agency, which may be slow; more of its calls wait."""


class InlineParts:
    """Gives the bytes of inline attachments, and remembers the last ones."""

    def __init__(
        self, *, archive: Archive, workers: Executor, remembered_bytes: int = REMEMBERED_BYTES
    ) -> None:
        self._archive = archive
        self._workers = workers
        self._most = remembered_bytes
        self._remembered: OrderedDict[str, bytes] = OrderedDict()
        """By digest, the one used last at the end."""
        self._bytes = 0
        self._decoding = Turns(1)
        self._taken: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def taken(self, original: Part, part: Part, agency_id: str) -> AsyncIterator[bytes]:
        """Gives the bytes of `part` for as long as the block lasts, to an agency that takes them at its own
        pace: `TAKEN_AT_ONCE` at a time. Raises as `content`."""
        taken = self._taken.get(agency_id) or asyncio.Semaphore(TAKEN_AT_ONCE)
        self._taken[agency_id] = taken
        async with taken:
            yield await self.content(original, part, agency_id)

    async def content(self, original: Part, part: Part, agency_id: str) -> bytes:
        """Returns the bytes of `part`, which stands inside the package `original`, when it is this agency's
        turn.

        Raises `Corrupt` when they are not what the ledger says, `StorageError` when the package cannot be
        read.
        """
        async with self._decoding.of(agency_id):
            content = self._remembered.get(part.sha256)
            if content is None:
                package = await whole(self._archive, original.sha256)
                found = await in_worker(self._workers, _decoded, package)
                content = found.get(part.sha256)
                if content is None:
                    raise Corrupt(original.sha256, f"part {part.number} is not what was accepted")
                for sha256, other in found.items():
                    self._remember(sha256, other)
            self._remember(part.sha256, content)
            return content

    def _remember(self, sha256: str, content: bytes) -> None:
        self._bytes += len(content) - len(self._remembered.pop(sha256, b""))
        self._remembered[sha256] = content
        while self._bytes > self._most:
            self._bytes -= len(self._remembered.popitem(last=False)[1])


def _decoded(package: bytes) -> dict[str, bytes]:
    """Decodes the attachments of a package as intake did, without its seal, by their digests. Raises
    `Corrupt`."""
    root = parse(package, Limits(bytes=len(package), text=len(package)))
    try:
        take_out(the_signature(root))
    except Breach as unsealed:
        raise Corrupt(digest(package), "it bears no seal") from unsealed
    model = read(root)
    if not isinstance(model, Package):
        return {}
    contents = (attachment.content for attachment in model.attachments)
    return {digest(content): content for content in contents if content is not None}
