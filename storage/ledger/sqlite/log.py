"""The log, the blobs that owners delivered, and what processes share, in SQLite."""

from __future__ import annotations

from collections.abc import Collection
from secrets import token_bytes

from storage.errors import Unavailable
from storage.ledger.records import Leaf
from storage.ledger.sqlite.facet import Facet
from storage.ledger.sqlite.rows import Row, leaf_from, to_json
from storage.ledger.sqlite.writer import Transaction
from storage.ledger.wellformed import check_holding

SECRET_BYTES = 32


class SqliteHoldings(Facet):
    """`Holdings` in SQLite."""

    async def hold(self, owner: str, digest: str, size: int) -> None:
        check_holding(owner, digest, size)
        await self._writer.write(lambda t: t.run("add_holding", owner, digest, size))

    async def held(self, owner: str, digests: Collection[str]) -> dict[str, int]:
        return dict(await self._readers.all("held", (owner, to_json(list(digests)))))


class SqliteLog(Facet):
    """`Log` in SQLite."""

    async def leaves(self, *, start: int, limit: int) -> tuple[Leaf, ...]:
        return tuple(map(leaf_from, await self._readers.all("leaves", (start, max(0, limit)))))

    async def secret(self, name: str) -> bytes:
        row = await self._readers.one("secret", name)
        if row is None:
            made = token_bytes(SECRET_BYTES)
            row = await self._writer.write(lambda t: secret(t, name, made))
        value: bytes = row[0]
        return value

    async def probe(self) -> None:
        written = await self._writer.write(probe)
        row = await self._readers.one("counter", "probe")
        if row is None or row[0] < written:
            raise Unavailable("the ledger does not give back what was written")


def secret(transaction: Transaction, name: str, made: bytes) -> Row:
    """`Log.secret`: keeps `made` unless there is one, and returns a row with the one that is kept."""
    transaction.run("add_secret", name, made)
    row = transaction.one("secret", name)
    assert row is not None
    return row


def probe(transaction: Transaction) -> int:
    """Counts this probe and returns how many there were."""
    row = transaction.one("count", "probe")
    assert row is not None
    count: int = row[0]
    return count
