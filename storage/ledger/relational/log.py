"""The log, the blobs that owners delivered, and what processes share, over SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from secrets import token_bytes

from storage.errors import NotFound, Unavailable
from storage.ledger.records import Leaf, SignedCheckpoint, Stamp
from storage.ledger.relational.engine import Transaction
from storage.ledger.relational.facet import Facet
from storage.ledger.relational.rows import Row, checkpoint_from, leaf_from, microseconds, stamp_from, to_json
from storage.ledger.tree import Node
from storage.ledger.wellformed import check_checkpoint, check_cosignature, check_holding, check_stamp

SECRET_BYTES = 32


class RelationalHoldings(Facet):
    """`Holdings` over SQL."""

    async def hold(self, owner: str, digest: str, size: int) -> None:
        check_holding(owner, digest, size)
        await self._writer.write(lambda t: t.run_many("add_holding", [(owner, digest, size)]))

    async def held(self, owner: str, digests: Collection[str]) -> dict[str, int]:
        return dict(await self._readers.all("held", (owner, to_json(list(digests)))))


class RelationalLog(Facet):
    """`Log` over SQL."""

    async def leaves(self, *, start: int, limit: int) -> tuple[Leaf, ...]:
        return tuple(map(leaf_from, await self._readers.all("leaves", (start, max(0, limit)))))

    async def leaf(self, content_id: str) -> Leaf:
        row = await self._readers.one("leaf", content_id)
        if row is None:
            raise NotFound(content_id)
        return leaf_from(row)

    async def size(self) -> int:
        row = await self._readers.one("log_size")
        return int(row[0]) if row else 0

    async def nodes(self, wanted: Sequence[Node]) -> tuple[bytes, ...]:
        rows = await self._readers.all("nodes", (to_json([list(node) for node in wanted]),))
        found = {(level, index): one for level, index, one in rows}
        if missing := set(wanted) - set(found):
            raise NotFound(f"node {min(missing)} of the log")
        return tuple(found[node] for node in wanted)

    async def publish(self, checkpoint: SignedCheckpoint) -> SignedCheckpoint:
        check_checkpoint(checkpoint)
        return await self._writer.write(lambda t: publish(t, checkpoint))

    async def checkpoint(self, *, over: int | None = None) -> SignedCheckpoint:
        asked = ("newest_checkpoint",) if over is None else ("checkpoint_over", over)
        row = await self._readers.one(*asked)
        if row is None:
            raise NotFound("checkpoint")
        lines = await self._readers.all("cosignatures", (row[0],))
        return checkpoint_from(row, [line for (line,) in lines])

    async def cosign(self, size: int, witness: str, line: bytes) -> None:
        check_cosignature(size, witness, line)
        await self._writer.write(lambda t: cosign(t, size, witness, line))

    async def stamp(self, stamp: Stamp) -> None:
        check_stamp(stamp)
        await self._writer.write(lambda t: keep_stamp(t, stamp))

    async def stamps(self, size: int) -> tuple[Stamp, ...]:
        rows = await self._readers.all("stamps", (size,))
        return tuple(stamp_from(size, row) for row in rows)

    async def stamped(self, authority: str, *, over: int | None = None) -> int | None:
        if over is None:
            row = await self._readers.one("newest_stamp", authority)
            return row[0] if row and row[0] >= 0 else None
        row = await self._readers.one("stamped_over", authority, over)
        return row[0] if row else None

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


def publish(transaction: Transaction, checkpoint: SignedCheckpoint) -> SignedCheckpoint:
    """`Log.publish`."""
    transaction.run("add_checkpoint", checkpoint.size, checkpoint.note, microseconds(checkpoint.at))
    row = transaction.one("newest_checkpoint")
    assert row is not None
    return checkpoint_from(row, [line for (line,) in transaction.all("cosignatures", row[0])])


def cosign(transaction: Transaction, size: int, witness: str, line: bytes) -> None:
    """`Log.cosign`."""
    _check_kept(transaction, size)
    transaction.run("add_cosignature", size, witness, line)


def keep_stamp(transaction: Transaction, stamp: Stamp) -> None:
    """`Log.stamp`."""
    _check_kept(transaction, stamp.size)
    transaction.run("add_stamp", stamp.size, stamp.authority, stamp.token, microseconds(stamp.at))


def _check_kept(transaction: Transaction, size: int) -> None:
    row = transaction.one("checkpoint_over", size)
    if row is None or row[0] != size:
        raise NotFound(f"checkpoint of size {size}")
