"""Going round the tree that the ledger keeps, a tile at a time, holding every node to its children.

The publisher proves the tree's edge before it signs; what lies deeper is looked at here, so that a change
anywhere is found within one round: 256 leaves a step, so a million in about an hour at a step a second.
"""

from __future__ import annotations

from signing.log import Node, node_hash
from storage.errors import NotFound
from storage.ledger.base import Log

HEIGHT = 8
WIDTH = 1 << HEIGHT


class LogBroken(Exception):
    """The ledger no longer holds the log that was signed before: somebody changed it. Nothing is signed."""


class Patrol:
    """Remembers where it was; begins anew behind the last node."""

    def __init__(self, *, ledger: Log) -> None:
        self._ledger = ledger
        self._level = 0
        self._index = 0

    async def step(self, size: int) -> None:
        """Looks at one tile of the tree of `size` leaves, and moves on. Raises `LogBroken`, and looks at the
        same one again the next time; `Unavailable`."""
        width = min(WIDTH, (size >> self._level) - self._index * WIDTH)
        if width > 1:
            await self._look(width)
        if (self._index + 1) * WIDTH < size >> self._level:
            self._index += 1
        elif size >> self._level > WIDTH:
            self._level, self._index = self._level + HEIGHT, 0
        else:
            self._level, self._index = 0, 0

    async def _look(self, width: int) -> None:
        start = self._index * WIDTH
        rows: list[list[Node]] = [
            [(self._level + height, (start >> height) + place) for place in range(width >> height)]
            for height in range(HEIGHT + 1)
            if width >> height
        ]
        wanted = [node for row in rows for node in row]
        try:
            hashes = dict(zip(wanted, await self._ledger.nodes(wanted), strict=True))
        except NotFound as lost:
            raise LogBroken(f"the tree has a hole: {lost}") from lost
        for level, index in (node for row in rows[1:] for node in row):
            left, right = hashes[level - 1, 2 * index], hashes[level - 1, 2 * index + 1]
            if hashes[level, index] != node_hash(left, right):
                raise LogBroken(f"node {(level, index)} of the tree is not what its children make")
