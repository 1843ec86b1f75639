"""Volumes and their chains, over SQL."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import asdict
from datetime import datetime
from typing import Any

from storage.errors import NotFound
from storage.ledger.relational.engine import Transaction
from storage.ledger.relational.facet import Facet
from storage.ledger.renewals import Block, ChainStamp, Covered, TreeChain, Volume, check_volume


class RelationalRenewals(Facet):
    """`Renewals` over SQL."""

    async def covered(self, *, start: int, limit: int) -> tuple[Covered, ...]:
        rows = await self._readers.all("covered", (start, max(0, limit)))
        return tuple(
            Covered(index=index, content=content, files=tuple(dict.fromkeys(json.loads(files or "[]"))))
            for index, content, files in rows
        )

    async def volumes(self) -> tuple[Volume, ...]:
        return tuple(_volume_from(text) for (text,) in await self._readers.all("volumes", ()))

    async def keep_volume(self, volume: Volume, block: Block | None = None) -> None:
        await self._writer.write(lambda t: keep_volume(t, volume, block))

    async def block(self, volume: int, chain: int, number: int) -> Block:
        row = await self._readers.one("volume_block", volume, chain, number)
        if row is None:
            raise NotFound(f"block {number} of chain {chain} of volume {volume}")
        return Block(root=row[0], groups=row[1])

    async def roots(self, volume: int, chain: int) -> tuple[bytes, ...]:
        return tuple(root for (root,) in await self._readers.all("volume_roots", (volume, chain)))


def keep_volume(transaction: Transaction, volume: Volume, block: Block | None) -> None:
    """`Renewals.keep_volume`."""
    row = transaction.one("volume", volume.number) or transaction.one("last_volume")
    check_volume(volume, None if row is None else _volume_from(row[0]), block)
    transaction.run("keep_volume", volume.number, _volume_text(volume))
    if block is not None:
        place = (volume.number, len(volume.chains) - 1, volume.last.blocks - 1)
        transaction.run("add_volume_block", *place, block.root, block.groups)


def _volume_text(volume: Volume) -> str:
    return json.dumps(asdict(volume), default=_plain)


def _plain(value: datetime | bytes) -> str:
    return b64encode(value).decode() if isinstance(value, bytes) else value.isoformat()


def _volume_from(text: str) -> Volume:
    shape = json.loads(text)
    return Volume(**{**shape, "chains": tuple(map(_chain_from, shape["chains"]))})


def _chain_from(shape: dict[str, Any]) -> TreeChain:
    begun_at, stamps = datetime.fromisoformat(shape["begun_at"]), tuple(map(_stamp_from, shape["stamps"]))
    return TreeChain(**{**shape, "begun_at": begun_at, "stamps": stamps})


def _stamp_from(shape: dict[str, Any]) -> ChainStamp:
    return ChainStamp(
        authority=shape["authority"],
        token=b64decode(shape["token"]),
        at=datetime.fromisoformat(shape["at"]),
        ends_at=datetime.fromisoformat(shape["ends_at"]),
    )
