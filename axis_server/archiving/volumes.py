"""Volumes of the log as hash trees of RFC 4998: making their blocks, and the archive record of one leaf.

block = await trees.block(volume, number)            # of the volume's last chain: reads what it covers
top = await trees.root(volume)
der = await trees.record(content_id)                 # an EvidenceRecord, through all chains
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Protocol

import structlog

from axis_server.limits.tasks import in_worker
from signing.algorithms import digest_of
from signing.renewal import (
    ArchiveRecord,
    ArchiveTimeStamp,
    Chain,
    group,
    path,
    rehashed,
    root,
    time_stamp_renewed,
    write_record,
)
from storage.archive.base import Archive
from storage.errors import Corrupt, NotFound
from storage.ledger.base import Log
from storage.ledger.inventory import Inventory
from storage.ledger.renewals import BLOCK, Block, Covered, Renewals, TreeChain, Volume

log = structlog.get_logger()

ARCHIVES_OWN = "sha256"
"""The algorithm by which the archive names its blobs: a tree by it takes their names, which the scrub holds
against the bytes."""
_COUNT = 4
"""Bytes of the number before each group."""
Paced = Callable[[int], Awaitable[None]]
"""Told of bytes that were read, waits as long as they may take."""


class RenewedLedger(Renewals, Log, Inventory, Protocol):
    """What volumes ask of the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A block, and what it took."""

    block: Block
    bytes: int
    troubled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Older:
    """A complete chain, as one of its blocks sees it."""

    chain: TreeChain
    groups: tuple[tuple[bytes, ...], ...]
    above: tuple[tuple[bytes, ...], ...]
    """From the block's root to the tree's."""

    def at(self, place: int) -> Chain | None:
        """The chain as the record of one leaf has it; None where the tree has nothing of it."""
        if not self.groups[place]:
            return None
        row = [group(self.chain.digest, one) for one in self.groups]
        tree = (self.groups[place], *path(self.chain.digest, row, place), *self.above)
        first, *later = self.chain.stamps
        chain: Chain = (ArchiveTimeStamp(digest=self.chain.digest, tree=tree, token=first.token),)
        for stamp in later:
            chain = time_stamp_renewed(chain, stamp.token)
        return chain


class Trees:
    """Makes and reads the trees of volumes."""

    def __init__(self, *, ledger: RenewedLedger, archive: Archive) -> None:
        self._ledger = ledger
        self._archive = archive

    async def block(self, volume: Volume, number: int, paced: Paced) -> Made:
        """Makes a block of the volume's last chain: every evidence, statement and file in it is hashed by the
        chain's algorithm, anew, together with all chains before. What is lost is told and left out: the rest
        is protected all the same. Raises `Unavailable`."""
        start = volume.start + number * BLOCK
        count = min(BLOCK, volume.end - start)
        found = {one.index: one for one in await self._ledger.covered(start=start, limit=count)}
        older = [await self._older(volume, chain, number) for chain in range(len(volume.chains) - 1)]
        digest, read, troubled = volume.last.digest, 0, 0
        hashes: list[list[bytes]] = []
        for index in range(start, start + count):
            one = found.get(index)
            objects, lost = ([], 1) if one is None else await self._objects(one, digest, paced)
            hashes.append(objects)
            read += len(one.content or b"") if one else 0
            troubled += lost
        block = await in_worker(None, _built, digest, hashes, older)
        return Made(block=block, bytes=read, troubled=troubled)

    async def _objects(self, one: Covered, digest: str, paced: Paced) -> tuple[list[bytes], int]:
        """Hashes what a leaf has; and counts what of it is lost."""
        if one.content is None:
            log.error("renewal.lost", what="an evidence or statement is gone", leaf=one.index)
            return [], 1
        hashes, lost = [digest_of(digest, one.content)], 0
        await paced(len(one.content))
        for name in one.files:
            try:
                hashes.append(await self._hashed(name, digest, paced))
            except (NotFound, Corrupt) as trouble:
                lost += 1
                log.error("renewal.lost", what="an archived file", digest=name, detail=str(trouble))
        return hashes, lost

    async def _hashed(self, name: str, digest: str, paced: Paced) -> bytes:
        if digest == ARCHIVES_OWN:
            return bytes.fromhex(name)
        hashing = hashlib.new(digest)
        async for chunk in self._archive.get(name):
            await asyncio.to_thread(hashing.update, chunk)
            await paced(len(chunk))
        return hashing.digest()

    async def _older(self, volume: Volume, chain: int, number: int) -> _Older:
        kept = volume.chains[chain]
        block = await self._ledger.block(volume.number, chain, number)
        row = _row(await self._ledger.roots(volume.number, chain))
        above = await in_worker(None, path, kept.digest, row, number)
        return _Older(chain=kept, groups=_read_groups(block.groups, kept.digest), above=above)

    async def root(self, volume: Volume) -> bytes | None:
        """Returns the root of the volume's last tree, which is complete; None when nothing is in it."""
        roots = await self._ledger.roots(volume.number, len(volume.chains) - 1)
        return await in_worker(None, root, volume.last.digest, _row(roots))

    async def record(self, content_id: str) -> bytes:
        """Returns the archive record of an evidence or a statement, with the files of its dispatch where it
        is the first: through all chains that have a time-stamp. Raises `NotFound` where no volume has it."""
        index = (await self._ledger.leaf(content_id)).index
        for volume in await self._ledger.volumes():
            if volume.start <= index < volume.end:
                number, place = divmod(index - volume.start, BLOCK)
                stamped = [one for one, chain in enumerate(volume.chains) if chain.stamps]
                older = [await self._older(volume, one, number) for one in stamped]
                chains = await in_worker(None, _chains, older, place)
                if chains:
                    return write_record(ArchiveRecord(chains=chains))
        raise NotFound(f"archive record of {content_id}")


def _chains(older: Sequence[_Older], place: int) -> tuple[Chain, ...]:
    """As far as they have the leaf: what was lost meanwhile is proven by those before."""
    found = takewhile(lambda chain: chain is not None, (one.at(place) for one in older))
    return tuple(chain for chain in found if chain is not None)


def _built(digest: str, hashes: Sequence[Sequence[bytes]], older: Sequence[_Older]) -> Block:
    groups: list[tuple[bytes, ...]] = []
    for place, objects in enumerate(hashes):
        groups.append(tuple(sorted(rehashed(digest, objects, _chains(older, place)))))
    top = root(digest, [group(digest, one) for one in groups])
    return Block(root=top or b"", groups=_write_groups(groups))


def _row(roots: Sequence[bytes]) -> list[bytes | None]:
    return [one or None for one in roots]


def _write_groups(groups: Sequence[Sequence[bytes]]) -> bytes:
    return b"".join(len(one).to_bytes(_COUNT, "big") + b"".join(one) for one in groups)


def _read_groups(content: bytes, digest: str) -> tuple[tuple[bytes, ...], ...]:
    size, at, groups = hashlib.new(digest).digest_size, 0, []
    while at < len(content):
        count = int.from_bytes(content[at : at + _COUNT], "big")
        at += _COUNT
        groups.append(tuple(content[at + size * n : at + size * (n + 1)] for n in range(count)))
        at += size * count
    return tuple(groups)


async def unhurried(_read: int) -> None:
    """Takes no notice of how much was read."""


def at_rate(bytes_per_second: int) -> Paced:
    """Reads no faster than this."""
    return partial(_rest, bytes_per_second)


async def _rest(bytes_per_second: int, read: int) -> None:
    await asyncio.sleep(read / bytes_per_second)
