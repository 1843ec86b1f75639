"""The archive's promise."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime
from typing import Protocol

CHUNK_BYTES = 1 << 20
"""Size of the chunks that `Archive.get` yields, and the most a caller should hand to `put` or `append` at
once."""


class Archive(Protocol):
    """Keeps blobs under their SHA-256 (64 lower-case hexadecimal digits), for ever.

    There is no delete: retention and removing are other seams. Any number of calls may run at once, for the
    same digest too, from several processes. Every method raises `Unavailable` (or its child `StoreFull`) when
    the store cannot serve; after that nothing is known, and the same call may be made again.
    """

    async def put(self, digest: str, source: AsyncIterable[bytes]) -> int:
        """Keeps the bytes of `source` under `digest` and returns their size, when they are durable on disk.

        The same digest again is a success that changes nothing (`source` may then be left unread), and the
        size is that of the blob on disk: a caller who gave more or fewer bytes has found a damaged blob, and
        `Corrupt` is raised where the store itself sees that.
        Raises `DigestMismatch`, and keeps nothing, when the bytes do not hash to `digest`.
        """
        ...

    def get(self, digest: str, *, offset: int = 0) -> AsyncIterator[bytes]:
        """Yields the blob from `offset` on, in chunks of at most `CHUNK_BYTES`.

        Raises `NotFound` before the first chunk when absent (an offset at the end yields nothing; one past it
        raises `OffsetMismatch`). The bytes are hashed on the way, those before `offset` too: when they do not
        hash to their name, `Corrupt` is raised instead of yielding the last chunk, so that no reader ever
        holds a complete wrong blob.
        """
        ...

    async def size(self, digest: str) -> int:
        """Returns the size of a durable blob. Raises `NotFound`."""
        ...

    async def uploaded(self, owner: str, digest: str) -> int:
        """Returns how many bytes of an upload in progress are held for `owner`; 0 when there is none.

        Uploads of different owners never meet: nobody learns from an offset what another one sent.
        """
        ...

    async def append(self, owner: str, digest: str, offset: int, source: AsyncIterable[bytes]) -> int:
        """Adds `source` to an upload at `offset` and returns the bytes then held.

        `offset` 0 starts anew and drops what was held. Raises `OffsetMismatch` when `offset` is neither 0 nor
        the end of what is held. When `source` fails in the middle, what came before may be kept, and
        `uploaded` tells how much; when the store is full, all of this upload is dropped, so that its room
        returns to others. One append per owner and digest at a time; a second one raises
        `OffsetMismatch`.
        """
        ...

    async def finish(self, owner: str, digest: str) -> int:
        """Turns a complete upload into a blob, durable when it returns, and returns its size.

        Raises `DigestMismatch` and drops the upload when the bytes do not hash to `digest`; `NotFound` when
        nothing was uploaded by this owner, even if the blob is there; `OffsetMismatch` while an append is
        under way; `Unavailable` when the disk fails, which may cost the upload: `uploaded` tells. A crash in
        between leaves either the upload or the blob: calling again is right, until `discard` or a new upload.
        """
        ...

    async def discard(self, owner: str, digest: str) -> None:
        """Drops an upload in progress, and the memory of a finished one; a success when there is none.

        An append under way then ends in `OffsetMismatch`. The blob itself is never touched.
        """
        ...

    async def unfinished(self, owner: str) -> dict[str, int]:
        """Returns the digests of all uploads in progress of `owner`, with the bytes held of each."""
        ...

    async def expire(self, before: datetime) -> int:
        """Drops all uploads in progress, of any owner, to which nothing was added since `before` (aware), and
        returns how many. One that an append has in hand stays; blobs are never touched."""
        ...

    async def free(self) -> int:
        """Returns how many bytes the store can still take, as far as it can tell."""
        ...

    async def probe(self) -> None:
        """Returns when the store serves: something small was really written and read back. Raises
        `Unavailable`."""
        ...
