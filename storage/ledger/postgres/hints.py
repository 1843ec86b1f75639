"""Hints between nodes, by LISTEN and NOTIFY: for whom there may be something new. A hint that is lost costs
only time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Iterator
from typing import Any

import psycopg

from storage.ledger.postgres.connecting import TIMELINE, Fence, Target, conninfos
from storage.ledger.relational.rows import to_json

_BYTES = 7_000
"""Of one notification; PostgreSQL takes less than 8000."""
_NAMES_MOST = 2_000
"""With more it says only that there may be something for anybody."""
_RETRY_SECONDS = 1.0
"""Between attempts to listen again: soon enough for who waits, seldom enough for a server that starts."""


def written(node: str, agency_ids: Collection[str]) -> Iterator[str]:
    """Yields the notifications by which a node tells the others of agencies: JSON arrays, its own name first.
    One without agencies speaks of all."""
    if not agency_ids:
        return
    if len(agency_ids) > _NAMES_MOST:
        yield to_json([node])
        return
    names = [node]
    filled = 0
    for agency_id in sorted(agency_ids):
        filled += len(to_json(agency_id).encode()) + 1
        if filled > _BYTES and len(names) > 1:
            yield to_json(names)
            names, filled = [node], len(to_json(agency_id).encode()) + 1
        names.append(agency_id)
    yield to_json(names)


def read(node: str, notification: str) -> frozenset[str] | None:
    """Returns the agencies that another node tells of, None for all; nobody when it is this node's own."""
    teller, *agency_ids = json.loads(notification)
    if teller == node:
        return frozenset()
    return frozenset(agency_ids) or None


async def news(target: Target, node: str, fence: Fence) -> AsyncIterator[frozenset[str] | None]:
    """Yields for whom other nodes have committed something: agencies, or None for anybody, also whenever
    hints may have been missed. It never ends by itself."""
    while True:
        try:
            connection = await _connected(target, fence)
        except psycopg.OperationalError:
            connection = None
        if connection is None:
            await asyncio.sleep(_RETRY_SECONDS)
            continue
        try:
            await connection.execute(f'LISTEN "{target.schema}"')
            yield None
            async for notification in connection.notifies():
                agency_ids = read(node, notification.payload)
                if agency_ids is None or agency_ids:
                    yield agency_ids
        except psycopg.OperationalError:
            await asyncio.sleep(_RETRY_SECONDS)
        finally:
            await connection.close()


async def _connected(target: Target, fence: Fence) -> psycopg.AsyncConnection[tuple[Any, ...]] | None:
    """Opens a connection; None where another server has taken over from all that answer."""
    for known in conninfos(target):
        connection = await psycopg.AsyncConnection.connect(known, autocommit=True)
        row = await (await connection.execute(TIMELINE)).fetchone()
        if row is not None and fence.passes(row[0]):
            return connection
        await connection.close()
    return None
