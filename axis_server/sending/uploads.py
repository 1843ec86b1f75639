"""Uploads: large blobs, streamed in, resumable at an offset, known to the agency that sent them and to nobody
else."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

from axis_server.caller import Caller, admit_actor
from axis_server.documents.blobs import check_digest
from axis_server.errors import Declined
from axis_server.limits.quota import Quota
from axis_server.limits.room import Promise, Room
from axis_server.limits.shares import Shares
from axis_server.reasons import Code
from axis_server.sending.examination import IntakeLimits
from axis_server.wording import too_large
from storage.archive.base import CHUNK_BYTES, Archive
from storage.errors import Corrupt, DigestMismatch, NotFound, OffsetMismatch
from storage.ledger.base import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadState:
    """How much of a blob the axis holds for the caller's agency."""

    offset: int
    """Bytes held; go on from here."""
    complete: bool
    """The whole blob is held, and its digest was right."""


class Uploads:
    """Takes blobs for an agency. That another one sent the same bytes changes no answer."""

    def __init__(
        self,
        *,
        archive: Archive,
        ledger: Ledger,
        limits: IntakeLimits,
        shares: Shares,
        reserve_bytes: int = 0,
    ) -> None:
        """`reserve_bytes` of the archive's disk are kept free of uploads."""
        self._archive = archive
        self._ledger = ledger
        self._shares = shares
        self._quota = Quota(archive, limits.uploads)
        self._room = Room(archive, reserve_bytes=reserve_bytes)
        self._most_bytes = limits.upload_bytes

    async def query(self, caller: Caller, sha256: str) -> UploadState:
        """Says from where an upload goes on. Raises `Declined`."""
        admit_actor(caller)
        check_digest(sha256)
        return await self._complete(caller, sha256) or UploadState(
            offset=await self._archive.uploaded(caller.agency_id, sha256), complete=False
        )

    async def upload(
        self, caller: Caller, sha256: str, size: int, offset: int, source: AsyncIterable[bytes]
    ) -> UploadState:
        """Takes the bytes of `source` from `offset` on, in chunks of at most `CHUNK_BYTES`, to the end of the
        blob.

        A crash before the blob is held for the agency costs a repetition: what was appended is found by
        `query`, and a blob that was finished but not yet noted is uploaded again, onto itself. Once it is
        noted, the archive forgets the upload.

        Raises `Declined`: INVALID_ARGUMENT, ATTACHMENT_TOO_LARGE, UPLOAD_QUOTA, TOO_MANY_BYTES,
        OFFSET_MISMATCH and STREAM_TRUNCATED (both with the `offset` to go on from), DIGEST_MISMATCH (all is
        dropped). Raises `StoreFull`: before the first byte when there is no room for all that is announced,
        and nothing of it stays when the disk fills all the same.
        """
        admit_actor(caller)
        check_digest(sha256)
        if not 0 <= offset <= size:
            raise Declined(Code.INVALID_ARGUMENT, f"offset {offset} is not within {size} bytes")
        if size > self._most_bytes:
            raise Declined(Code.ATTACHMENT_TOO_LARGE, too_large(size, self._most_bytes))
        if (complete := await self._complete(caller, sha256)) is not None:
            return complete
        async with self._quota.within(caller.agency_id, sha256, size):
            return await self._take(caller, sha256, size, offset, source)

    async def _complete(self, caller: Caller, sha256: str) -> UploadState | None:
        size = (await self._ledger.held(caller.agency_id, [sha256])).get(sha256)
        return None if size is None else UploadState(offset=size, complete=True)

    async def _take(
        self, caller: Caller, sha256: str, size: int, offset: int, source: AsyncIterable[bytes]
    ) -> UploadState:
        owner = caller.agency_id
        try:
            async with self._room.promised(size - offset) as promise:
                self._shares.spend(caller, size - offset)
                try:
                    held = await self._archive.append(owner, sha256, offset, _bounded(source, promise))
                finally:
                    self._shares.give_back(caller, promise.left)
            if held < size:
                raise Declined(
                    Code.STREAM_TRUNCATED, f"{held} of {size} bytes arrived", facts={"offset": str(held)}
                )
            if await self._archive.finish(owner, sha256) != size:
                raise Corrupt(sha256)
        except OffsetMismatch as mismatch:
            raise Declined(
                Code.OFFSET_MISMATCH,
                f"go on at byte {mismatch.offset}",
                facts={"offset": str(mismatch.offset)},
            ) from mismatch
        except NotFound as lost:
            raise Declined(Code.OFFSET_MISMATCH, "go on at byte 0", facts={"offset": "0"}) from lost
        except (DigestMismatch, _TooMuch) as mismatch:
            await self._archive.discard(owner, sha256)
            raise Declined(Code.DIGEST_MISMATCH, f"the {size} bytes announced are not these") from mismatch
        await self._ledger.hold(owner, sha256, size)
        await self._archive.discard(owner, sha256)
        return UploadState(offset=size, complete=True)


class _TooMuch(Exception):
    """A stream goes on past the size that was announced."""


async def _bounded(source: AsyncIterable[bytes], promise: Promise) -> AsyncIterator[bytes]:
    async for chunk in source:
        if len(chunk) > CHUNK_BYTES:
            raise Declined(Code.INVALID_ARGUMENT, f"a chunk has at most {CHUNK_BYTES} bytes")
        if len(chunk) > promise.left:
            raise _TooMuch
        yield chunk
        promise.keep(len(chunk))
