"""The log's tree as every ledger keeps it (RFC 6962, section 2.1): each interior node once, when its right
half is there.

    edge, made = Edge().append(hashes)      # `made`: ((level, index), hash) of each new interior node

A node is named by `(level, index)`: the root over the leaves `index << level` up to, not including,
`(index + 1) << level`. Level 0 are the leaves themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

Node = tuple[int, int]
"""Level and index."""


def leaf_hash(content: bytes) -> bytes:
    """Returns SHA-256 over `0x00 || content`."""
    return hashlib.sha256(b"\x00" + content).digest()


@dataclass(frozen=True, slots=True)
class Edge:
    """What is needed of a tree to go on: the roots of its complete subtrees, the largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def append(self, leaves: Iterable[bytes]) -> tuple[Edge, list[tuple[Node, bytes]]]:
        """Returns the edge behind these leaf hashes, and the interior nodes that they completed."""
        size, stack = self.size, list(self.hashes)
        made: list[tuple[Node, bytes]] = []
        for value in leaves:
            level, index = 0, size
            while index & 1:
                level, index = level + 1, index >> 1
                value = hashlib.sha256(b"\x01" + stack.pop() + value).digest()
                made.append(((level, index), value))
            stack.append(value)
            size += 1
        return Edge(size, tuple(stack)), made


def edge_nodes(size: int) -> list[Node]:
    """Returns the nodes whose hashes make up the edge of a tree of `size` leaves, the largest first."""
    nodes, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            nodes.append((level, start >> level))
            start += 1 << level
    return nodes
